// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include <gmock/gmock.h>
#include <google/protobuf/util/time_util.h>

#include <random>
#include <string>

#include "transcode/wire_to_json_fixture.h"

namespace pygrpc::transcode {
namespace {

using testing::HasSubstr;

class WireToJsonWellKnownTest : public WireToJsonTest {
 protected:
  // The JSON of field `number` of WellKnown alone.
  std::string Field(uint32_t number, const std::string& payload) {
    const std::string json = Json("three.WellKnown", Bytes(number, payload));
    if (json[0] != '{') return json;
    const size_t colon = json.find(':');
    return json.substr(colon + 1, json.size() - colon - 2);
  }
  std::string Timestamp(int64_t seconds, int64_t nanos) {
    return Field(2, Int(1, seconds) + Int(2, nanos));
  }
  std::string Duration(int64_t seconds, int64_t nanos) {
    return Field(3, Int(1, seconds) + Int(2, nanos));
  }
};

TEST_F(WireToJsonWellKnownTest, Timestamps) {
  EXPECT_EQ(Field(2, ""), "\"1970-01-01T00:00:00Z\"");
  EXPECT_EQ(Timestamp(-62135596800, 0), "\"0001-01-01T00:00:00Z\"");
  EXPECT_EQ(Timestamp(253402300799, 999999999), "\"9999-12-31T23:59:59.999999999Z\"");
  EXPECT_EQ(Timestamp(951782400, 10000000), "\"2000-02-29T00:00:00.010Z\"");
  EXPECT_EQ(Timestamp(-1, 1000), "\"1969-12-31T23:59:59.000001Z\"");
  EXPECT_EQ(Timestamp(0, 1), "\"1970-01-01T00:00:00.000000001Z\"");
  for (auto [seconds, nanos] : {std::pair<int64_t, int64_t>{-62135596801, 0},
                                {253402300800, 0},
                                {0, -1},
                                {0, 1000000000}}) {
    Error error = Fault("three.WellKnown", Bytes(2, Int(1, seconds) + Int(2, nanos)));
    EXPECT_EQ(error.code, Code::kJson);
    EXPECT_EQ(error.json_path, "$.timestamp");
  }
}

TEST_F(WireToJsonWellKnownTest, TimestampsOfEveryMonthAgreeWithProtobuf) {
  for (int64_t seconds = -62135596800; seconds <= 253402300799; seconds += 86400 * 29 + 12345) {
    const std::string expected = google::protobuf::util::TimeUtil::ToString(
        google::protobuf::util::TimeUtil::SecondsToTimestamp(seconds));
    ASSERT_EQ(Timestamp(seconds, 0), "\"" + expected + "\"");
  }
  // Around the ends of February.
  for (int64_t year = 1600; year <= 2400; year += 1) {
    google::protobuf::Timestamp march;
    ASSERT_TRUE(google::protobuf::util::TimeUtil::FromString(
        std::to_string(year) + "-03-01T00:00:00Z", &march));
    for (int64_t day = -2; day <= 1; ++day) {
      march.set_seconds(march.seconds() + day * 86400);
      ASSERT_EQ(Timestamp(march.seconds(), 0),
                "\"" + google::protobuf::util::TimeUtil::ToString(march) + "\"");
    }
  }
}

TEST_F(WireToJsonWellKnownTest, Durations) {
  EXPECT_EQ(Field(3, ""), "\"0s\"");
  EXPECT_EQ(Duration(1, 500000000), "\"1.500s\"");
  EXPECT_EQ(Duration(-1, -500000), "\"-1.000500s\"");
  EXPECT_EQ(Duration(0, -1), "\"-0.000000001s\"");
  EXPECT_EQ(Duration(315576000000, 999999999), "\"315576000000.999999999s\"");
  EXPECT_EQ(Duration(-315576000000, 0), "\"-315576000000s\"");
  for (auto [seconds, nanos] : {std::pair<int64_t, int64_t>{315576000001, 0},
                                {-315576000001, 0},
                                {1, -1},
                                {-1, 1},
                                {0, 1000000000},
                                {0, -1000000000},
                                {INT64_MIN, 0}}) {
    Error error = Fault("three.WellKnown", Bytes(3, Int(1, seconds) + Int(2, nanos)));
    EXPECT_EQ(error.code, Code::kJson);
    EXPECT_EQ(error.json_path, "$.duration");
  }
}

TEST_F(WireToJsonWellKnownTest, FieldMasks) {
  EXPECT_EQ(Field(4, ""), "\"\"");
  EXPECT_EQ(Field(4, Bytes(1, "user.display_name") + Bytes(1, "photo2")),
            "\"user.displayName,photo2\"");
  for (const char* path : {"fooBar", "foo__bar", "foo_3_bar", "foo_", "a,b", ""}) {
    Error error = Fault("three.WellKnown", Bytes(4, Bytes(1, path)));
    EXPECT_EQ(error.code, Code::kJson) << path;
    EXPECT_EQ(error.json_path, "$.mask");
  }
}

TEST_F(WireToJsonWellKnownTest, Wrappers) {
  EXPECT_EQ(Field(8, Double(1, 2.5)), "2.5");
  EXPECT_EQ(Field(8, ""), "0");
  EXPECT_EQ(Field(9, Fixed32(1, 0x7F800000)), "\"Infinity\"");
  EXPECT_EQ(Field(10, Int(1, -7)), "\"-7\"");
  EXPECT_EQ(Field(10, ""), "\"0\"");
  EXPECT_EQ(Field(11, Int(1, -1)), "\"18446744073709551615\"");
  EXPECT_EQ(Field(12, Int(1, -1)), "-1");
  EXPECT_EQ(Field(13, Int(1, -1)), "4294967295");
  EXPECT_EQ(Field(14, Int(1, 1)), "true");
  EXPECT_EQ(Field(14, ""), "false");
  EXPECT_EQ(Field(15, Bytes(1, "x\ty")), "\"x\\ty\"");
  EXPECT_EQ(Field(16, Bytes(1, "\xFF")), "\"/w==\"");
  EXPECT_EQ(Json("google.protobuf.Int32Value", Int(1, 5)), "5");
  EXPECT_EQ(Json("google.protobuf.StringValue", ""), "\"\"");
}

TEST_F(WireToJsonWellKnownTest, StructsAndValues) {
  const std::string list = Bytes(6, Bytes(1, Double(2, 1)) + Bytes(1, Bytes(6, "")));
  const std::string object = Bytes(5, Bytes(1, Bytes(1, "l") + Bytes(2, list)) +
                                          Bytes(1, Bytes(1, "e") + Bytes(2, Bytes(5, ""))));
  EXPECT_EQ(Json("google.protobuf.Value", object), R"({"l":[1,[]],"e":{}})");
  EXPECT_EQ(Json("google.protobuf.Struct", ""), "{}");
  EXPECT_EQ(Json("google.protobuf.ListValue", ""), "[]");
  EXPECT_EQ(Field(6, Int(1, 0)), "null");
  EXPECT_EQ(Field(6, Int(4, 0)), "false");
  EXPECT_EQ(Field(6, Bytes(3, "")), "\"\"");
  EXPECT_EQ(Field(6, Double(2, -0.0)), "-0.0");
  EXPECT_EQ(Json("three.WellKnown", Bytes(17, Int(1, 0)) + Bytes(17, Bytes(3, "s"))),
            R"({"values":[null,"s"]})");
  EXPECT_EQ(Json("three.WellKnown", Bytes(19, Int(1, 0))), R"({"oneValue":null})");
}

TEST_F(WireToJsonWellKnownTest, ValuesWithoutJsonForm) {
  for (double number : {HUGE_VAL, -HUGE_VAL, std::nan("")}) {
    Error error = Fault("three.WellKnown", Bytes(17, Int(1, 0)) + Bytes(17, Double(2, number)));
    EXPECT_EQ(error.code, Code::kJson);
    EXPECT_EQ(error.json_path, "$.values[1]");
  }
  Error error = Fault("three.WellKnown", Bytes(6, ""));
  EXPECT_EQ(error.code, Code::kJson);
  EXPECT_EQ(error.json_path, "$.value");
  EXPECT_THAT(error.message, HasSubstr("without a kind"));
  error = Fault("three.WellKnown",
                Bytes(5, Bytes(1, Bytes(1, "a") + Bytes(2, Bytes(6, Bytes(1, ""))))));
  EXPECT_EQ(error.json_path, "$.struct.a[0]");
  EXPECT_EQ(Fault("three.WellKnown", Bytes(5, Bytes(1, Bytes(1, "a")))).code, Code::kJson);
}

std::string AnyOf(const std::string& url, const std::string& value) {
  return Bytes(1, url) + Bytes(2, value);
}

TEST_F(WireToJsonWellKnownTest, Any) {
  EXPECT_EQ(Field(1, AnyOf("type.googleapis.com/three.Node", Int(8, 1))),
            R"({"@type":"type.googleapis.com/three.Node","maybe":1})");
  EXPECT_EQ(Field(1, Bytes(1, "x/three.Node")), R"({"@type":"x/three.Node"})");
  EXPECT_EQ(Field(1, Bytes(2, Int(8, 1)) + Bytes(1, "x/three.Node")),
            R"({"@type":"x/three.Node","maybe":1})");
  EXPECT_EQ(Field(1, AnyOf("x/google.protobuf.Duration", Int(1, 3))),
            R"({"@type":"x/google.protobuf.Duration","value":"3s"})");
  EXPECT_EQ(Field(1, Bytes(1, "x/google.protobuf.Struct")),
            R"({"@type":"x/google.protobuf.Struct","value":{}})");
  EXPECT_EQ(Field(1, AnyOf("x/google.protobuf.Any", AnyOf("y/three.Node", Bytes(1, "n")))),
            R"({"@type":"x/google.protobuf.Any","value":{"@type":"y/three.Node","name":"n"}})");
  EXPECT_EQ(Field(1, ""), "{}");
}

TEST_F(WireToJsonWellKnownTest, AnyOfUnknownTypeKeepsItsBytes) {
  EXPECT_EQ(Field(1, AnyOf("x/unknown.Type", "\1\2\3")),
            R"({"@type":"x/unknown.Type","value":"AQID"})");
  EXPECT_EQ(Field(1, Bytes(1, "x/unknown.Type")), R"({"@type":"x/unknown.Type","value":""})");
  EXPECT_EQ(Field(1, AnyOf("three.Node", "\1")), R"({"@type":"three.Node","value":"AQ=="})");
  EXPECT_EQ(Field(1, Bytes(2, "\1")), R"({"@type":"","value":"AQ=="})");
}

TEST_F(WireToJsonWellKnownTest, FaultsWithinAny) {
  Error error = Fault("three.WellKnown", Bytes(1, AnyOf("x/three.Node", Bytes(11, Tag(8, 0)))));
  EXPECT_EQ(error.code, Code::kWire);
  EXPECT_EQ(error.json_path, "$.any.childNode.maybe");
  error =
      Fault("three.WellKnown", Bytes(1, AnyOf("x/google.protobuf.Duration", Int(2, -1000000000))));
  EXPECT_EQ(error.code, Code::kJson);
  EXPECT_EQ(error.json_path, "$.any.value");
  error = Fault("three.WellKnown", Bytes(1, AnyOf("\xFF/three.Node", "")));
  EXPECT_EQ(error.code, Code::kWire);
  EXPECT_EQ(error.json_path, "$.any[\"@type\"]");
  // A type URL in vain must be UTF-8 too.
  error = Fault("three.WellKnown", Bytes(1, AnyOf("\xFF/three.Node", "") + Bytes(1, "x/y.Z")));
  EXPECT_EQ(error.code, Code::kWire);
  EXPECT_EQ(error.json_path, "$.any[\"@type\"]");
  // Bytes in vain: the second value takes the place of the first.
  EXPECT_EQ(Field(1, AnyOf("x/three.Node", "\xFF") + Bytes(2, Int(8, 1))),
            R"({"@type":"x/three.Node","maybe":1})");
}

TEST_F(WireToJsonWellKnownTest, NestedAnyIsLimited) {
  std::string any;
  for (int i = 0; i < 99; ++i) any = AnyOf("x/google.protobuf.Any", any);
  EXPECT_EQ(Json("google.protobuf.Any", any)[0], '{');
  any = AnyOf("x/google.protobuf.Any", any);
  any = AnyOf("x/google.protobuf.Any", any);
  EXPECT_EQ(Fault("google.protobuf.Any", any).code, Code::kWire);
}

}  // namespace
}  // namespace pygrpc::transcode
