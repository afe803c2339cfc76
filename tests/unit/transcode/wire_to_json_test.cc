// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Bytes as serializers write them, the switches, and errors.

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>
#include <pthread.h>

#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "transcode/wire_to_json_fixture.h"

namespace pygrpc::transcode {
namespace {

using testing::HasSubstr;

TEST_F(WireToJsonTest, EveryScalarType) {
  const std::string wire = Double(1, 1.5) + Fixed32(2, 0x3DCCCCCD) + Int(3, -3) + Int(4, -4) +
                           Int(5, 4294967295) + Int(6, -1) + Int(7, 13) + Int(8, 15) +
                           Fixed32(9, 9) + Fixed64(10, 10) + Fixed32(11, 0xFFFFFFF5) +
                           Fixed64(12, -12) + Int(13, 1) + Bytes(14, "a\"b") + Bytes(15, "\1\2") +
                           Int(16, 2) + Int(17, 0);
  EXPECT_EQ(Json("three.Scalars", wire),
            R"({"aDouble":1.5,"aFloat":0.1,"anInt32":-3,"anInt64":"-4","aUint32":4294967295,)"
            R"("aUint64":"18446744073709551615","aSint32":-7,"aSint64":"-8","aFixed32":9,)"
            R"("aFixed64":"10","anSfixed32":-11,"anSfixed64":"-12","aBool":true,)"
            R"("aString":"a\"b","someBytes":"AQI=","aColor":"GREEN"})");
}

TEST_F(WireToJsonTest, AgreesWithProtobuf) {
  const char* const kTexts[] = {
      "", "name: 'x' children { name: 'y' } children { } maybe: 0 packed: [1, -2, 3] loose: [4, 5]",
      "by_name { key: 'k' value { big: 5 } } by_name { key: '' value { } } hue: GREEN",
      "colors { key: -1 value: RED } texts: ['', 'a', 'b'] child_node { first: 0 }"};
  for (const char* text : kTexts) {
    auto message = schema_.New("three.Node");
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, message.get())) << text;
    std::string theirs;
    ASSERT_TRUE(google::protobuf::util::MessageToJsonString(*message, &theirs).ok());
    auto back = schema_.New("three.Node");
    const std::string ours = Json("three.Node", message->SerializeAsString());
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(ours, back.get()).ok()) << ours;
    EXPECT_EQ(message->DebugString(), back->DebugString()) << ours;
    // Protobuf sorts by number as well, and has no maps of two entries in an order of their own.
    if (std::string(text).find("by_name") == std::string::npos) EXPECT_EQ(ours, theirs);
  }
}

TEST_F(WireToJsonTest, DefaultsWithoutPresenceAreLeftOut) {
  EXPECT_EQ(Json("three.Scalars", Double(1, 0) + Int(3, 0) + Bytes(14, "") + Bytes(15, "") +
                                      Int(16, 0) + Int(17, 0) + Bytes(18, "") + Fixed32(9, 0)),
            "{}");
  EXPECT_EQ(Json("three.Scalars", Double(1, -0.0)), R"({"aDouble":-0.0})");
  EXPECT_EQ(Json("three.Scalars", Int(22, 0) + Bytes(21, "")),
            R"({"anOptional":false,"message":{}})");
  EXPECT_EQ(Json("three.Node", Int(4, 0)), R"({"first":0})");
  EXPECT_EQ(Json("three.Node", Bytes(5, "")), R"({"second":""})");
}

TEST_F(WireToJsonTest, PrintDefaults) {
  JsonOptions options;
  options.print_defaults = true;
  EXPECT_EQ(Json("three.Scalars", Int(3, 7) + Int(4, 0), options),
            R"({"anInt32":7,"anInt64":"0","aDouble":0,"aFloat":0,"aUint32":0,"aUint64":"0",)"
            R"("aSint32":0,"aSint64":"0","aFixed32":0,"aFixed64":"0","anSfixed32":0,)"
            R"("anSfixed64":"0","aBool":false,"aString":"","someBytes":"","aColor":"NONE",)"
            R"("aNull":null,"colors":[],"bools":{},"doubles":[],"nulls":[]})");
  EXPECT_EQ(Json("two.Base", "", options),
            R"({"seasons":[],"byName":{},"parts":[],"packedSeasons":[]})");
  options.int64_numbers = true;
  EXPECT_THAT(Json("three.Scalars", "", options), HasSubstr(R"("anInt64":0,)"));
}

TEST_F(WireToJsonTest, OtherSwitches) {
  JsonOptions options;
  options.proto_names = true;
  options.enum_numbers = true;
  options.int64_numbers = true;
  EXPECT_EQ(Json("three.Scalars",
                 Int(4, -4) + Int(6, -1) + Int(16, 2) + Bytes(18, "\1\2") + Bytes(23, Varint(0)),
                 options),
            R"({"an_int64":-4,"a_uint64":18446744073709551615,"a_color":2,"colors":[1,2],)"
            R"("nulls":[null]})");
}

TEST_F(WireToJsonTest, EnumsKnownAndUnknown) {
  EXPECT_EQ(Json("three.Scalars", Bytes(18, Varint(1) + Varint(1000) + Varint(7)) + Int(16, -1)),
            R"({"colors":["RED","FAR",7],"aColor":"BELOW"})");
  EXPECT_EQ(Json("three.Scalars", Int(16, -5)), R"({"aColor":-5})");
  // Closed: an unknown number is an unknown field, wherever it stands.
  EXPECT_EQ(Json("two.Base", Int(1, 9) + Int(2, 9) + Int(2, 1) + Int(2, 8) + Bytes(9, "\7\2")),
            R"({"seasons":["SPRING"],"packedSeasons":["SUMMER"]})");
  EXPECT_EQ(Json("two.Base", Int(2, 9) + Bytes(9, "\7")), "{}");
  EXPECT_EQ(
      Json("two.Base", Bytes(3, Bytes(1, "a") + Int(2, 2)) + Bytes(3, Bytes(1, "b") + Int(2, 9))),
      R"({"byName":{"a":"HOT"}})");
  EXPECT_EQ(Json("two.Base", Bytes(3, Bytes(1, "b") + Int(2, 9))), "{}");
}

TEST_F(WireToJsonTest, MapKeysOfEveryType) {
  std::string wire;
  for (uint32_t number = 1; number <= 6; ++number) {
    wire += Bytes(number, Int(1, 1) + Int(2, 3)) + Bytes(number, Int(2, -1));
  }
  for (uint32_t number : {7, 9}) wire += Bytes(number, Fixed32(1, -1) + Fixed32(2, 2));
  for (uint32_t number : {8, 10}) wire += Bytes(number, Fixed64(1, -1) + Fixed64(2, 2));
  wire += Bytes(11, Int(1, 5) + Int(2, 1)) + Bytes(11, "");
  wire += Bytes(12, Bytes(1, "\n") + Bytes(2, "v")) + Bytes(12, Bytes(1, "k")) + Bytes(12, "");
  wire += Bytes(13, Bytes(1, "t"));
  EXPECT_EQ(Json("three.Keys", wire),
            R"({"a":{"1":3,"0":-1},"b":{"1":"3","0":"-1"},"c":{"1":3,"0":4294967295},)"
            R"("d":{"1":"3","0":"18446744073709551615"},"e":{"-1":-2,"0":-2147483648},)"
            R"("f":{"-1":"-2","0":"-9223372036854775808"},"g":{"4294967295":2},"i":{"-1":2},)"
            R"("h":{"18446744073709551615":"2"},"j":{"-1":"2"},"k":{"true":true,"false":false},)"
            R"("l":{"\n":"v","k":"","":""},"m":{"t":"1970-01-01T00:00:00Z"}})");
}

TEST_F(WireToJsonTest, GroupsAndExtensions) {
  EXPECT_EQ(Json("two.Base", Group(4, Int(1, 5) + Bytes(2, Group(4, ""))) + Group(5, Int(1, 1)) +
                                 Group(5, "") + Bytes(100, "n") + Int(101, 1) + Int(101, 2)),
            R"({"part":{"number":5,"base":{"part":{}}},"parts":[{"number":1},{}],)"
            R"("[two.note]":"n","[two.numbers]":[1,2]})");
}

TEST_F(WireToJsonTest, MessageSets) {
  const std::string item = Bytes(3, Int(1, 7));
  EXPECT_EQ(Json("two.Set", Group(1, Int(2, 1000) + item)), R"({"[two.Item.item]":{"number":7}})");
  EXPECT_EQ(Json("two.Set", Group(1, item + Int(2, 1000))), R"({"[two.Item.item]":{"number":7}})");
  EXPECT_EQ(Json("two.Set", Group(1, Int(2, 1001) + item) + Group(1, Int(2, 1000))), "{}");
}

TEST_F(WireToJsonTest, UnknownFieldsAreSkipped) {
  const std::string unknown = Int(500, 1) + Fixed64(501, 1) + Bytes(502, "abc") + Fixed32(503, 1) +
                              Group(504, Int(1, 1) + Group(505, Bytes(2, "x")));
  EXPECT_EQ(Json("three.Node", unknown + Bytes(1, "a") + unknown), R"({"name":"a"})");
  // Another wire type than the declared one makes a field unknown.
  EXPECT_EQ(Json("three.Node", Int(1, 5) + Bytes(12, "x") + Fixed32(8, 1) + Group(11, "")), "{}");
}

TEST_F(WireToJsonTest, UnknownFieldsAreKeptIfAsked) {
  JsonOptions options;
  options.keep_unknown = true;
  const std::string one = Int(500, 1);
  const std::string other = Group(504, Int(1, 1)) + Bytes(12, "x");
  EXPECT_EQ(Json("three.Node", one + Bytes(1, "a") + other, options),
            R"({"name":"a","@unknown":")" + Base64Encode(one + other) + "\"}");
  // Each message has its own.
  const std::string child = Int(501, 2);
  EXPECT_EQ(Json("three.Node", Bytes(2, child) + one + Bytes(2, Bytes(1, "b")), options),
            R"({"children":[{"@unknown":")" + Base64Encode(child) +
                R"("},{"name":"b"}],"@unknown":")" + Base64Encode(one) + "\"}");
  EXPECT_EQ(Json("three.Node", one), "{}");
}

// Entries of maps, and what is a value or a list in JSON, have no place for them; they are not
// those of what is around.
TEST_F(WireToJsonTest, UnknownFieldsWithoutAPlaceAreDropped) {
  JsonOptions options;
  options.keep_unknown = true;
  const std::string lost = Int(500, 1);
  EXPECT_EQ(Json("three.Node", Bytes(13, Int(1, 7) + Int(2, 1) + lost), options),
            Json("three.Node", Bytes(13, Int(1, 7) + Int(2, 1)), options));
  const std::string one = Int(501, 2);
  EXPECT_EQ(Json("three.Node", Bytes(13, lost + Int(1, 7) + Int(2, 1)) + one, options),
            Json("three.Node", Bytes(13, Int(1, 7) + Int(2, 1)) + one, options));
  for (const std::string& value : {Int(4, 1), Bytes(5, Bytes(1, Bytes(1, "k"))), Bytes(6, "")}) {
    EXPECT_EQ(Json("google.protobuf.ListValue", Bytes(1, value + lost) + lost, options),
              Json("google.protobuf.ListValue", Bytes(1, value), options));
  }
}

TEST_F(WireToJsonTest, MoreThan64Fields) {
  std::string wire;
  std::string json;
  for (uint32_t i = 1; i <= 200; ++i) {
    wire += Int(i, i);
    json += "\"f" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  }
  json.pop_back();
  EXPECT_EQ(Json("wide.Wide", wire), "{" + json + "}");
  EXPECT_EQ(Json("wide.Wide", wire + Bytes(1000, wire)), "{" + json + ",\"inner\":{" + json + "}}");
  EXPECT_EQ(Json("wide.Wide", Int(150, 1) + Int(3, 1) + Int(150, 2)), R"({"f3":1,"f150":2})");
  EXPECT_EQ(Json("wide.Wide", Bytes(1000, Int(150, 1)) + Int(150, 3)),
            R"({"inner":{"f150":1},"f150":3})");
}

TEST_F(WireToJsonTest, OutputIsAppendedAndSpansAreJoined) {
  const std::string wire = Bytes(1, "hello") + Bytes(2, Bytes(1, "child")) + Int(12, 77);
  const std::string json = R"({"name":"hello","children":[{"name":"child"}],"big":"77"})";
  for (size_t size = 1; size <= wire.size(); ++size) {
    std::vector<std::string_view> spans{""};
    for (size_t at = 0; at < wire.size(); at += size) {
      spans.push_back(std::string_view(wire).substr(at, size));
    }
    Buffer out;
    out.Append("[");
    transcoder_.WireToJson(Plan("three.Node"), spans.data(), spans.size(), JsonOptions(), &out);
    EXPECT_EQ(out.view(), "[" + json);
  }
  Buffer out;
  transcoder_.WireToJson(Plan("three.Node"), nullptr, 0, JsonOptions(), &out);
  EXPECT_EQ(out.view(), "{}");
}

TEST_F(WireToJsonTest, MalformedBytesNameTheField) {
  struct Case {
    std::string wire;
    std::string path;
    int64_t offset;
    std::string text;
  };
  const Case cases[] = {
      {Tag(1, 2), "$.name", 1, "length"},
      {Tag(1, 2) + "\5abc", "$.name", 1, "length"},
      {Bytes(1, "abc\xFFz"), "$.name", 5, "UTF-8"},
      {Bytes(14, "ok") + Bytes(14, "\xC3"), "$.texts[1]", 6, "UTF-8"},
      {Int(8, 1) + Tag(12, 0), "$.big", 3, "varint"},
      {Tag(12, 0) + std::string(10, '\xFF') + "\1", "$.big", 1, "varint"},
      {Bytes(2, "") + Bytes(2, Bytes(11, Tag(1, 2) + "\7")), "$.children[1].childNode.name", 7,
       "length"},
      {Bytes(3, Bytes(1, "a b") + Bytes(2, Tag(8, 0))), "$.byName[\"a b\"].maybe", 10, "varint"},
      {Bytes(3, Bytes(1, "k") + Bytes(2, Tag(8, 0))), "$.byName.k.maybe", 8, "varint"},
      {Bytes(9, std::string("\1\2\xFF")), "$.packed[2]", 4, "varint"},
      {std::string(1, '\0'), "$", 0, "tag"},
      {Bytes(11, std::string(1, '\0')), "$.childNode", 2, "tag"},
      {Tag(1, 6), "$", 0, "tag"},
      {Tag(1, 4), "$", 0, "tag"},
      {std::string(6, '\xFF'), "$", 0, "tag"},
      {Bytes(600, "abc").substr(0, 4), "$", 2, "600"},
      {Tag(600, 3) + Int(1, 1), "$", 2, "600"},
      {Tag(600, 3) + Tag(601, 4), "$", 2, "600"},
  };
  for (const Case& c : cases) {
    Error error = Fault("three.Node", c.wire);
    EXPECT_EQ(error.code, Code::kWire) << error.message;
    EXPECT_EQ(error.json_path, c.path) << error.message;
    EXPECT_EQ(error.byte_offset, c.offset) << error.message;
    EXPECT_THAT(error.message, HasSubstr(c.text));
    EXPECT_THAT(error.message, HasSubstr(c.path));
  }
  Error error = Fault("two.Base", Tag(4, 3) + Int(1, 1));
  EXPECT_EQ(error.json_path, "$.part");
  error = Fault("two.Base", Group(5, "") + Tag(5, 3) + Tag(4, 4));
  EXPECT_EQ(error.json_path, "$.parts[1]");
}

// As protobuf's own parser has it.
TEST_F(WireToJsonTest, NumbersMayBeLongerThanNeeded) {
  const std::string long_tag = {'\xC0', '\x80', '\x80', '\x80',
                                '\x70'};  // of field 8, and bits beyond
  EXPECT_EQ(Json("three.Node", long_tag + "\1"), R"({"maybe":1})");
  EXPECT_EQ(Json("three.Node", Tag(8, 0) + std::string(9, '\xFF') + "\x7F"), R"({"maybe":-1})");
  EXPECT_EQ(Json("three.Node", Tag(1, 2) + "\x81\x80\x80\x80" + std::string(1, '\0') + "a"),
            R"({"name":"a"})");
  // The elements of one field, whose tags are not the same bytes.
  const std::string again = {'\xF2', '\x80', '\0', '\1', 'b'};
  EXPECT_EQ(Json("three.Node", Bytes(14, "a") + again), R"({"texts":["a","b"]})");
}

TEST_F(WireToJsonTest, EveryTruncationIsAnErrorOrAMessage) {
  const std::string wire = Bytes(1, "hello") + Bytes(3, Bytes(1, "k") + Bytes(2, Bytes(1, "v"))) +
                           Bytes(9, "\1\2\3") + Int(12, 1 << 20);
  for (size_t size = 0; size < wire.size(); ++size) {
    // Memory of just that size, so that reading too far is seen.
    const std::vector<char> part(wire.begin(), wire.begin() + static_cast<ptrdiff_t>(size));
    auto message = schema_.New("three.Node");
    const bool good = message->ParseFromArray(part.data(), static_cast<int>(size));
    const std::string json = Json("three.Node", {part.data(), size});
    EXPECT_EQ(json[0] == '{', good) << size << ": " << json;
  }
}

TEST_F(WireToJsonTest, InvalidUtf8InProto2HasNoJsonForm) {
  Error error = Fault("two.Base", Bytes(8, "\xFF"));
  EXPECT_EQ(error.code, Code::kJson);
  EXPECT_EQ(error.json_path, "$.text");
}

std::string Nested(int levels, const std::string& innermost, uint32_t number) {
  std::string wire = innermost;
  for (int i = 0; i < levels; ++i) wire = Bytes(number, wire);
  return wire;
}

TEST_F(WireToJsonTest, DepthCountsObjectsAndArrays) {
  JsonOptions options;
  options.max_depth = 5;
  EXPECT_EQ(Json("three.Node", Nested(4, "", 11), options)[0], '{');
  Error error = Fault("three.Node", Nested(5, "", 11), options);
  EXPECT_EQ(error.code, Code::kWire);
  EXPECT_THAT(error.message, HasSubstr("nested deeper than 5"));
  EXPECT_EQ(error.json_path, "$.childNode.childNode.childNode.childNode.childNode");
  EXPECT_EQ(Json("three.Node", Nested(2, "", 2), options), R"({"children":[{"children":[{}]}]})");
  EXPECT_EQ(Fault("three.Node", Nested(3, "", 2), options).code, Code::kWire);
  EXPECT_EQ(
      Json("three.Node", Nested(2, Bytes(9, "\1") + Bytes(9, "\2"), 2), options),
      R"(E_WIRE $.children[0].children[0].packed[0]: nested deeper than 5 levels, the option )"
      R"("max_depth" (byte 6 of a three.Node message))");
  // Groups that nobody knows count too.
  EXPECT_EQ(Json("three.Node", Group(50, Group(50, Group(50, Group(50, "")))), options), "{}");
  EXPECT_EQ(
      Fault("three.Node", Group(50, Group(50, Group(50, Group(50, Group(50, ""))))), options).code,
      Code::kWire);
}

// Runs on a thread with a stack of 256 KiB.
template <typename Work>
void RunOnSmallStack(Work work) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
  pthread_t thread;
  auto run = [](void* argument) -> void* {
    (*static_cast<Work*>(argument))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &work), 0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  pthread_attr_destroy(&attributes);
}

TEST_F(WireToJsonTest, DeepNestingFitsASmallStack) {
  RunOnSmallStack([&] {
    // As deep as allowed, the direct way and merging; and much deeper.
    EXPECT_EQ(Json("three.Node", Nested(99, "", 11))[0], '{');
    EXPECT_EQ(Json("three.Node", Nested(99, Int(8, 1) + Int(8, 2), 11) + Bytes(11, ""))[0], '{');
    std::string entries = "";
    for (int i = 0; i < 49; ++i) entries = Bytes(3, Bytes(2, entries));
    EXPECT_EQ(Json("three.Node", entries)[0], '{');
    EXPECT_EQ(Json("three.Node", Bytes(1, "a") + entries + Bytes(1, "b"))[0], '{');
    std::string value = Int(1, 0);
    for (int i = 0; i < 99; ++i) value = Bytes(6, Bytes(1, value));
    EXPECT_EQ(Json("google.protobuf.Value", value)[0], '[');
    EXPECT_EQ(Json("google.protobuf.Value", Bytes(3, "x") + value)[0], '[');
    // What is longer than its length prefix can say is cut short: 100,000 groups need no lengths.
    std::string groups;
    for (int i = 0; i < 100000; ++i) groups += Tag(4, 3) + Tag(2, 2) + "\x7F";
    EXPECT_EQ(Fault("two.Base", groups).code, Code::kWire);
    EXPECT_EQ(Fault("two.Base", std::string(100000, Tag(5, 3)[0])).code, Code::kWire);
    EXPECT_EQ(Fault("three.Node", Nested(20000, "", 11)).code, Code::kWire);
  });
}

// Of this process, whatever else the machine does.
double CpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

TEST_F(WireToJsonTest, HostileBytesTakeLinearTime) {
  // Each must be merged, and each is nested in others that must be merged: were each level done
  // again from scratch, 2^99 steps would be needed; 99 if its bytes were written anew each time.
  std::string filler;
  for (int i = 0; i < 50000; ++i) filler += Bytes(14, "");
  std::string wire = Bytes(14, "") + Int(8, 1) + filler;
  for (int i = 0; i < 98; ++i) wire = Int(8, 1) + Bytes(11, wire) + Int(8, 2);
  double begin = CpuSeconds();
  EXPECT_EQ(Json("three.Node", wire)[0], '{');
  EXPECT_LT(CpuSeconds() - begin, 5);

  // Many pieces, many keys, and the same key many times.
  std::string pieces;
  for (int i = 0; i < 200000; ++i) pieces += Bytes(11, Int(8, i)) + Bytes(1, "");
  std::string keys;
  for (int i = 0; i < 200000; ++i) keys += Bytes(3, Bytes(1, std::to_string(i)) + Bytes(2, ""));
  begin = CpuSeconds();
  EXPECT_EQ(Json("three.Node", pieces), R"({"childNode":{"maybe":199999}})");
  EXPECT_EQ(Json("three.Node", keys).size(), 12 + 6 * 200000 + 1088890);
  EXPECT_EQ(Json("three.Node", keys + keys).size(), 12 + 6 * 200000 + 1088890);
  EXPECT_LT(CpuSeconds() - begin, 5);
}

}  // namespace
}  // namespace pygrpc::transcode
