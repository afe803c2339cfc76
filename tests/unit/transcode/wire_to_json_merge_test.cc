// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Bytes that serializers do not write but parsers take: fields in pieces, repeated, out of place.

#include <google/protobuf/util/json_util.h>

#include <random>
#include <string>

#include "transcode/wire_to_json_fixture.h"

namespace pygrpc::transcode {
namespace {

class WireToJsonMergeTest : public WireToJsonTest {
 protected:
  // What protobuf's parser makes of the bytes, written anew, is the same JSON. (But DynamicMessage
  // keeps entries of a map that have the same key.)
  void ExpectAsParsed(const std::string& type, const std::string& wire) {
    auto message = schema_.New(type);
    ASSERT_TRUE(message->ParsePartialFromString(wire));
    auto back = schema_.New(type);
    const std::string json = Json(type, wire);
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, back.get()).ok()) << json;
    message->DiscardUnknownFields();
    EXPECT_EQ(message->DebugString(), back->DebugString()) << json;
  }
};

TEST_F(WireToJsonMergeTest, TheLastScalarCounts) {
  EXPECT_EQ(Json("three.Node", Int(8, 1) + Bytes(1, "a") + Int(8, 2)), R"({"name":"a","maybe":2})");
  EXPECT_EQ(Json("three.Node", Bytes(1, "a") + Bytes(1, "")), "{}");
  EXPECT_EQ(Json("three.Node", Int(12, 5) + Int(12, 0)), "{}");
  EXPECT_EQ(Json("three.Node", Int(12, 0) + Int(12, 5)), R"({"big":"5"})");
}

TEST_F(WireToJsonMergeTest, ScatteredRepeatedFieldsAreCollected) {
  EXPECT_EQ(Json("three.Node", Bytes(14, "a") + Int(8, 1) + Bytes(14, "b")),
            R"({"maybe":1,"texts":["a","b"]})");
  // Packed and not packed, next to each other and not.
  EXPECT_EQ(Json("three.Node", Bytes(9, "\1\2") + Int(9, 3) + Bytes(9, "\4")),
            R"({"packed":[1,2,3,4]})");
  EXPECT_EQ(Json("three.Node", Int(10, 1) + Int(8, 1) + Bytes(10, "\2\3") + Int(10, 4)),
            R"({"maybe":1,"loose":[1,2,3,4]})");
  EXPECT_EQ(Json("three.Node", Bytes(2, Int(8, 1)) + Int(8, 7) + Bytes(2, Int(8, 2))),
            R"({"children":[{"maybe":1},{"maybe":2}],"maybe":7})");
  EXPECT_EQ(Json("two.Base", Group(5, Int(1, 1)) + Bytes(8, "x") + Group(5, Int(1, 2))),
            R"({"parts":[{"number":1},{"number":2}],"text":"x"})");
  EXPECT_EQ(Json("two.Base", Int(2, 9) + Bytes(8, "x") + Int(2, 8)), R"({"text":"x"})");
}

TEST_F(WireToJsonMergeTest, MessagesInPiecesAreMerged) {
  EXPECT_EQ(Json("three.Node", Bytes(11, Int(8, 1) + Bytes(14, "a")) + Bytes(1, "n") +
                                   Bytes(11, Bytes(14, "b") + Int(8, 2))),
            R"({"name":"n","childNode":{"maybe":2,"texts":["a","b"]}})");
  EXPECT_EQ(
      Json("three.Node", Bytes(11, Bytes(11, Int(8, 1))) + Bytes(11, Bytes(11, Bytes(1, "x")))),
      R"({"childNode":{"childNode":{"name":"x","maybe":1}}})");
  EXPECT_EQ(Json("two.Base", Group(4, Int(1, 1)) + Group(4, Bytes(2, Bytes(8, "t")))),
            R"({"part":{"number":1,"base":{"text":"t"}}})");
  // Within a group, what follows it stays where it is.
  EXPECT_EQ(Json("two.Base", Group(4, Int(1, 1) + Int(1, 2)) + Bytes(8, "t")),
            R"({"part":{"number":2},"text":"t"})");
}

TEST_F(WireToJsonMergeTest, OfAOneofTheLastMemberCounts) {
  EXPECT_EQ(Json("three.Node", Int(4, 1) + Bytes(5, "s")), R"({"second":"s"})");
  EXPECT_EQ(Json("three.Node", Bytes(6, Int(8, 1)) + Bytes(6, Bytes(1, "n"))),
            R"({"node":{"name":"n","maybe":1}})");
  EXPECT_EQ(Json("three.Node", Bytes(6, Int(8, 1)) + Int(4, 2) + Bytes(6, Bytes(1, "n"))),
            R"({"node":{"name":"n"}})");
  // A number that a closed enum lacks does not touch the oneof.
  EXPECT_EQ(Json("two.Base", Int(7, 5) + Int(6, 9)), R"({"other":5})");
  EXPECT_EQ(Json("two.Base", Int(6, 9) + Int(7, 5)), R"({"other":5})");
  EXPECT_EQ(Json("two.Base", Int(1, 2) + Int(1, 9)), R"({"season":"SUMMER"})");
}

TEST_F(WireToJsonMergeTest, OfMapEntriesWithOneKeyTheLastCounts) {
  auto entry = [](const std::string& key, const std::string& value) {
    return Bytes(3, Bytes(1, key) + Bytes(2, value));
  };
  EXPECT_EQ(Json("three.Node", entry("a", Int(8, 1)) + entry("b", "") + entry("a", Int(12, 2))),
            R"({"byName":{"a":{"big":"2"},"b":{}}})");
  EXPECT_EQ(Json("three.Node", entry("a", "") + Bytes(1, "n") + entry("b", "")),
            R"({"name":"n","byName":{"a":{},"b":{}}})");
  // Value before key, the key twice, the value in pieces, and fields that no entry has.
  EXPECT_EQ(Json("three.Node", Bytes(3, Bytes(2, Int(8, 1)) + Bytes(1, "a"))),
            R"({"byName":{"a":{"maybe":1}}})");
  EXPECT_EQ(Json("three.Node", Bytes(3, Bytes(1, "a") + Bytes(1, "b"))), R"({"byName":{"b":{}}})");
  EXPECT_EQ(
      Json("three.Node", Bytes(3, Bytes(1, "a") + Bytes(2, Int(8, 1)) + Bytes(2, Int(12, 2)))),
      R"({"byName":{"a":{"maybe":1,"big":"2"}}})");
  EXPECT_EQ(Json("three.Node", Bytes(3, Int(7, 1) + Bytes(1, "a") + Int(9, 1))),
            R"({"byName":{"a":{}}})");
  EXPECT_EQ(Json("three.Node", Bytes(13, Int(1, 1) + Int(2, 1)) + Bytes(13, Int(1, 1) + Int(2, 5))),
            R"({"colors":{"1":5}})");
  EXPECT_EQ(Json("three.Node", Bytes(13, "") + Bytes(13, Int(1, 0) + Int(2, 1))),
            R"({"colors":{"0":"RED"}})");
  // Truncated to 32 bits, the keys are equal.
  EXPECT_EQ(Json("three.Node", Bytes(13, Int(1, 7)) + Bytes(13, Int(1, 7 + (int64_t{1} << 40)))),
            R"({"colors":{"7":"NONE"}})");
  EXPECT_EQ(Json("two.Base", Bytes(3, Bytes(1, "a") + Int(2, 1)) + Bytes(8, "x") +
                                 Bytes(3, Bytes(1, "a") + Int(2, 9))),
            R"({"byName":{"a":"WET"},"text":"x"})");
}

TEST_F(WireToJsonMergeTest, WellKnownTypesInPieces) {
  auto json = [&](const std::string& wire) { return Json("three.WellKnown", wire); };
  EXPECT_EQ(json(Bytes(2, Int(1, 1)) + Bytes(2, Int(2, 500000000))),
            R"({"timestamp":"1970-01-01T00:00:01.500Z"})");
  // A part out of range that does not count in the end.
  EXPECT_EQ(json(Bytes(2, Int(2, -1)) + Bytes(2, Int(2, 0))),
            R"({"timestamp":"1970-01-01T00:00:00Z"})");
  EXPECT_EQ(json(Bytes(4, Bytes(1, "a_b")) + Bytes(4, Bytes(1, "c"))), R"({"mask":"aB,c"})");
  EXPECT_EQ(json(Bytes(10, Int(1, 1)) + Bytes(10, "")), R"({"anInt64":"1"})");
  auto field = [](const std::string& key, const std::string& value) {
    return Bytes(1, Bytes(1, key) + Bytes(2, value));
  };
  EXPECT_EQ(json(Bytes(5, field("a", Int(4, 1))) + Bytes(5, field("b", Int(1, 0))) +
                 Bytes(5, field("a", Bytes(3, "x")))),
            R"({"struct":{"a":"x","b":null}})");
  EXPECT_EQ(json(Bytes(7, Bytes(1, Int(1, 0))) + Bytes(7, Bytes(1, Int(4, 1)))),
            R"({"list":[null,true]})");
  EXPECT_EQ(json(Bytes(6, "") + Bytes(6, Int(4, 1))), R"({"value":true})");
  EXPECT_EQ(json(Bytes(6, Double(2, 1) + Bytes(3, "s"))), R"({"value":"s"})");
  EXPECT_EQ(json(Bytes(6, Bytes(5, field("a", Int(1, 0))) + Bytes(5, field("b", Int(1, 0))))),
            R"({"value":{"a":null,"b":null}})");
  EXPECT_EQ(json(Bytes(6, Bytes(6, Bytes(1, Int(1, 0))) + Int(9, 9))), R"({"value":[null]})");
  EXPECT_EQ(json(Bytes(5, Int(9, 9) + field("a", Int(1, 0)))), R"({"struct":{"a":null}})");
  EXPECT_EQ(json(Bytes(7, Int(9, 9)) + Bytes(5, Int(9, 9))), R"({"list":[],"struct":{}})");
  EXPECT_EQ(json(Bytes(1, Bytes(1, "x/three.Node")) + Bytes(1, Bytes(2, Int(8, 1) + Int(8, 2)))),
            R"({"any":{"@type":"x/three.Node","maybe":2}})");
}

TEST_F(WireToJsonMergeTest, MessageSetsInPieces) {
  auto item = [](const std::string& message) { return Group(1, Int(2, 1000) + Bytes(3, message)); };
  EXPECT_EQ(Json("two.Set", item(Int(1, 7)) + item("") + item(Int(1, 8))),
            R"({"[two.Item.item]":{"number":8}})");
}

TEST_F(WireToJsonMergeTest, PrintDefaultsAndNamesHoldForMergedMessages) {
  JsonOptions options;
  options.print_defaults = true;
  options.proto_names = true;
  EXPECT_EQ(Json("three.Node", Int(12, 5) + Bytes(1, "") + Int(12, 0) + Bytes(9, ""), options),
            R"({"name":"","big":"0","children":[],"by_name":{},"packed":[],"loose":[],"colors":{},)"
            R"("texts":[]})");
}

// Values that do not count must be well-formed all the same.
TEST_F(WireToJsonMergeTest, WhatDoesNotCountIsValidated) {
  EXPECT_EQ(Fault("three.Node", Bytes(6, Tag(8, 0)) + Int(4, 1)).code, Code::kWire);
  EXPECT_EQ(Fault("three.Node", Int(4, 1) + Bytes(6, Tag(8, 0)) + Int(4, 1)).code, Code::kWire);
  Error error = Fault("three.Node", Bytes(1, "\xFF") + Int(8, 1) + Bytes(1, "a"));
  EXPECT_EQ(error.code, Code::kWire);
  EXPECT_EQ(error.json_path, "$.name");
  error = Fault("three.Node", Int(8, 1) + Bytes(1, "b") + Bytes(1, "\xFF") + Bytes(1, "a"));
  EXPECT_EQ(error.json_path, "$.name");
  error = Fault("three.Node", Bytes(9, "\1") + Int(8, 1) + Bytes(9, "\xFF"));
  EXPECT_EQ(error.json_path, "$.packed[1]");
  // In proto2 strings may hold anything, as long as they need not be printed.
  EXPECT_EQ(Json("two.Base", Bytes(8, "\xFF") + Bytes(8, "a")), R"({"text":"a"})");
  EXPECT_EQ(Fault("two.Base", Group(4, "") + Tag(4, 3) + Tag(5, 4)).code, Code::kWire);
}

TEST_F(WireToJsonMergeTest, AgreesWithProtobufOnRandomFieldsInRandomOrder) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string wire;
    for (uint32_t fields = random() % 12; fields > 0; --fields) {
      const std::string inner = Int(8, random() % 3) + Bytes(14, "i") + Int(4, 1);
      switch (random() % 10) {
        case 0:
          wire += Bytes(1, std::string(random() % 3, 'n'));
          break;
        case 1:
          wire += Bytes(2, inner);
          break;
        case 2:
          wire += Bytes(3, Bytes(1, std::to_string(fields)) + Bytes(2, inner));
          break;
        case 3:
          wire += Int(4, random() % 5);
          break;
        case 4:
          wire += Bytes(5, "s");
          break;
        case 5:
          wire += Bytes(6, inner);
          break;
        case 6:
          wire += Int(9, random() % 300) + Bytes(9, "\1\2");
          break;
        case 7:
          wire += Bytes(11, inner);
          break;
        case 8:
          wire += Int(12, random() % 2);
          break;
        default:
          wire += Int(700, 1);
          break;
      }
    }
    ExpectAsParsed("three.Node", wire);
  }
}

}  // namespace
}  // namespace pygrpc::transcode
