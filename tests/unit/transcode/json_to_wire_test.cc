// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/buffer.h"
#include "base/error.h"
#include "transcode/plan.h"
#include "transcode/text_schema.h"
#include "transcode/transcoder.h"

namespace pygrpc::transcode {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kProto3[] = R"(
  syntax = "proto3";
  package test;
  import "google/protobuf/any.proto";
  import "google/protobuf/duration.proto";
  import "google/protobuf/field_mask.proto";
  import "google/protobuf/struct.proto";
  import "google/protobuf/timestamp.proto";
  import "google/protobuf/wrappers.proto";
  enum Color { RED = 0; GREEN = 1; BLUE = 2; NEGATIVE = -1; }
  message Scalars {
    double a_double = 1;
    float a_float = 2;
    int64 an_int64 = 3;
    uint64 a_uint64 = 4;
    int32 an_int32 = 5;
    fixed64 a_fixed64 = 6;
    fixed32 a_fixed32 = 7;
    bool a_bool = 8;
    string a_string = 9;
    bytes a_bytes = 12;
    uint32 a_uint32 = 13;
    Color a_color = 14;
    sfixed32 an_sfixed32 = 15;
    sfixed64 an_sfixed64 = 16;
    sint32 an_sint32 = 17;
    sint64 an_sint64 = 18;
  }
  message Lists {
    repeated double doubles = 1;
    repeated string strings = 2;
    repeated int32 ints = 3;
    repeated int32 loose = 4 [packed = false];
    repeated Color colors = 5;
    repeated Tree trees = 6;
    repeated bytes blobs = 7;
  }
  message Maps {
    map<string, int32> by_string = 1;
    map<int32, string> by_int32 = 2;
    map<int64, string> by_int64 = 3;
    map<uint32, string> by_uint32 = 4;
    map<uint64, string> by_uint64 = 5;
    map<sint32, string> by_sint32 = 6;
    map<sint64, string> by_sint64 = 7;
    map<fixed32, string> by_fixed32 = 8;
    map<fixed64, string> by_fixed64 = 9;
    map<sfixed32, string> by_sfixed32 = 10;
    map<sfixed64, string> by_sfixed64 = 11;
    map<bool, string> by_bool = 12;
    map<string, Tree> trees = 13;
    map<string, Color> colors = 14;
    map<string, google.protobuf.Value> values = 15;
  }
  message Tree {
    string name = 1;
    Tree left = 2;
    Tree right = 3;
    int32 value = 4;
    repeated Tree more = 5;
  }
  message Choice {
    oneof choice {
      int32 number = 1;
      string text = 2;
      Tree tree = 3;
      google.protobuf.NullValue nothing = 4;
    }
    string other = 5;
  }
  message WellKnowns {
    google.protobuf.Any any = 1;
    google.protobuf.Timestamp time = 2;
    google.protobuf.Duration duration = 3;
    google.protobuf.FieldMask mask = 4;
    google.protobuf.Struct object = 5;
    google.protobuf.Value value = 6;
    google.protobuf.ListValue list = 7;
    google.protobuf.DoubleValue a_double = 8;
    google.protobuf.Int64Value an_int64 = 9;
    google.protobuf.StringValue a_string = 10;
    google.protobuf.BytesValue a_bytes = 11;
    google.protobuf.BoolValue a_bool = 12;
    repeated google.protobuf.Value values = 13;
    repeated google.protobuf.Int64Value numbers = 14;
    google.protobuf.NullValue nothing = 15;
    repeated google.protobuf.Any anys = 16;
  }
  message Odd { string odd = 1 [json_name = "a\\b"]; string quoted = 2 [json_name = "q\"q"]; }
)";

constexpr char kProto2[] = R"(
  syntax = "proto2";
  package test2;
  enum Closed { ONE = 1; TWO = 2; }
  message Base {
    required int32 needed = 1;
    optional group Part = 2 { optional int32 inner = 1; }
    repeated group Parts = 3 { optional string text = 1; }
    optional Closed closed = 4;
    repeated int32 loose = 5;
    repeated int32 packed = 6 [packed = true];
    extensions 100 to 199;
  }
  message Set {
    option message_set_wire_format = true;
    extensions 4 to max;
  }
  message Item {
    extend Set { optional Item item = 1000; }
    optional string text = 1;
  }
  extend Base { optional string extra = 101; optional Base nested = 102; }
)";

// The processor's time that this thread has had.
double ProcessorSeconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// The shortest of three runs.
double Seconds(const std::function<void()>& work) {
  double shortest = HUGE_VAL;
  for (int i = 0; i < 3; ++i) {
    const double begin = ProcessorSeconds();
    work();
    shortest = std::min(shortest, ProcessorSeconds() - begin);
  }
  return shortest;
}

class JsonToWireTest : public ::testing::Test {
 protected:
  JsonToWireTest() {
    schema_.Add("test.proto", kProto3);
    schema_.Add("test2.proto", kProto2);
  }

  std::string Wire(const std::string& type, std::string_view json) {
    // A copy of the exact size, so that a sanitizer sees reads beyond the text.
    std::vector<char> text(json.begin(), json.end());
    Buffer out;
    transcoder_.JsonToWire(transcoder_.Plan(schema_.FindMessage(type)), {text.data(), text.size()},
                           options_, &out);
    return std::string(out.view());
  }

  // The message in protobuf's text format, on one line.
  std::string Text(const std::string& type, std::string_view json) {
    std::unique_ptr<google::protobuf::Message> message = schema_.New(type);
    if (!message->ParsePartialFromString(Wire(type, json))) return "bytes that cannot be parsed";
    return message->ShortDebugString();
  }

  Error Fault(const std::string& type, std::string_view json) {
    try {
      std::string wire = Wire(type, json);
      ADD_FAILURE() << json.substr(0, 200) << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code, Code::kJson);
      EXPECT_EQ(error.message.find('\n'), std::string::npos);
      return error;
    }
    return Error(Code::kOk, "");
  }
  std::string FaultText(const std::string& type, std::string_view json) {
    return Fault(type, json).message;
  }

  // That both libraries make the same message of the text.
  void ExpectLikeProtobuf(const std::string& type, const std::string& json) {
    std::unique_ptr<google::protobuf::Message> expected = schema_.New(type);
    auto status = google::protobuf::util::JsonStringToMessage(json, expected.get());
    ASSERT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(Text(type, json), expected->ShortDebugString());
  }

  TextSchema schema_;
  Transcoder transcoder_{&schema_};
  JsonOptions options_;
};

// --- Scalars ---

TEST_F(JsonToWireTest, EveryScalar) {
  EXPECT_EQ(Text("test.Scalars", R"({
      "aDouble": 1.5, "aFloat": -2.25, "anInt64": "-9223372036854775808",
      "aUint64": "18446744073709551615", "anInt32": -2147483648, "aFixed64": 7, "aFixed32": 8,
      "aBool": true, "aString": "text", "aBytes": "AQID", "aUint32": 4294967295,
      "aColor": "BLUE", "anSfixed32": -3, "anSfixed64": "-4", "anSint32": -2147483648,
      "anSint64": "-9223372036854775808"})"),
            "a_double: 1.5 a_float: -2.25 an_int64: -9223372036854775808 "
            "a_uint64: 18446744073709551615 an_int32: -2147483648 a_fixed64: 7 a_fixed32: 8 "
            "a_bool: true a_string: \"text\" a_bytes: \"\\001\\002\\003\" a_uint32: 4294967295 "
            "a_color: BLUE an_sfixed32: -3 an_sfixed64: -4 an_sint32: -2147483648 "
            "an_sint64: -9223372036854775808");
}

TEST_F(JsonToWireTest, KeptUnknownFieldsAreWrittenAsTheyAre) {
  const std::string fields = "\xA0\x1F\x01";  // field 500: 1
  EXPECT_EQ(Fault("test.Scalars", R"({"@unknown":"oB8B"})").json_path, R"($["@unknown"])");
  options_.keep_unknown = true;
  EXPECT_EQ(Wire("test.Scalars", R"({"anInt32":1,"@unknown":"oB8B"})"), "\x28\x01" + fields);
  EXPECT_EQ(Wire("test.Scalars", R"({"@unknown":""})"), "");
  // Neither what is no base64, nor what is no field, nor the end of a group.
  for (const char* bad : {R"({"@unknown":"%"})", R"({"@unknown":"oB8"})", R"({"@unknown":"DA=="})",
                          R"({"@unknown":1})", R"({"@unknown":{}})"}) {
    const Error error = Fault("test.Scalars", bad);
    EXPECT_EQ(error.code, Code::kJson) << bad;
    EXPECT_EQ(error.expected, "fields in the wire format, as base64") << bad;
  }
}

TEST_F(JsonToWireTest, FieldsKeepTheOrderOfTheText) {
  EXPECT_EQ(Wire("test.Scalars", R"({"aString":"x","anInt32":1})"), "\x4A\x01x\x28\x01");
  EXPECT_EQ(Wire("test.Scalars", R"({"an_int32":1,"a_string":"x"})"), "\x28\x01\x4A\x01x");
  EXPECT_EQ(Wire("test.Scalars", " \t\r\n{ } \n"), "");
}

TEST_F(JsonToWireTest, AppendsToTheBuffer) {
  Buffer out;
  out.Append("before");
  transcoder_.JsonToWire(transcoder_.Plan(schema_.FindMessage("test.Scalars")), R"({"anInt32":1})",
                         options_, &out);
  EXPECT_EQ(out.view(), "before\x28\x01");
}

TEST_F(JsonToWireTest, IntegersInEveryForm) {
  for (const char* number : {"100", "1e2", "1E+2", "100.0", "100.000", "1000e-1", "\"100\"",
                             "\"1e2\"", "\"100.0\"", "0.1e3", "\"\\u0031\\u0030\\u0030\""}) {
    EXPECT_EQ(Text("test.Scalars", std::string("{\"anInt32\":") + number + "}"), "an_int32: 100")
        << number;
  }
  EXPECT_EQ(Text("test.Scalars", R"({"aUint64":1.8446744073709551615e19})"),
            "a_uint64: 18446744073709551615");
  EXPECT_EQ(Text("test.Scalars", R"({"anInt64":-922337203685477580800e-2})"),
            "an_int64: -9223372036854775808");
  EXPECT_EQ(Text("test.Scalars", R"({"anInt32":0e99999999999999999999})"), "");
  EXPECT_EQ(Text("test.Scalars", R"({"aUint32":-0})"), "");
}

TEST_F(JsonToWireTest, IntegersThatAreNone) {
  for (const char* number : {"2147483648", "-2147483649", "0.5",
                             "1e-1",       "1e10",        "01",
                             "-01",        "+1",          "1.",
                             ".5",         "1e",          "0x1",
                             "1a",         "--1",         "-",
                             "\"\"",       "\" 1\"",      "\"1 \"",
                             "\"01\"",     "\"+1\"",      "\"1x\"",
                             "\"a\"",      "true",        "{}",
                             "[]",         "[1]",         "1e99999999999999999999",
                             "NaN",        "\"NaN\"",     "nul",
                             "nullx"}) {
    EXPECT_EQ(Fault("test.Scalars", std::string("{\"anInt32\":") + number + "}").json_path,
              "$.anInt32")
        << number;
  }
  EXPECT_THAT(FaultText("test.Scalars", R"({"aUint32":-1})"), HasSubstr("uint32"));
  EXPECT_THAT(
      FaultText("test.Scalars", R"({"aUint64":18446744073709551616})"),
      HasSubstr("$.aUint64: expected a uint64 within its range, found 18446744073709551616"));
  EXPECT_THAT(FaultText("test.Scalars", R"({"anInt64":9223372036854775808})"), HasSubstr("range"));
  EXPECT_THAT(FaultText("test.Scalars", R"({"anInt64":1.5})"), HasSubstr("fraction"));
}

TEST_F(JsonToWireTest, FloatingPointIsExact) {
  auto expect_double = [&](const std::string& text, double expected) {
    std::string wire = Wire("test.Scalars", "{\"aDouble\":" + text + "}");
    ASSERT_EQ(wire.size(), 9u) << text;
    double value;
    std::memcpy(&value, wire.data() + 1, sizeof(value));
    EXPECT_EQ(std::memcmp(&value, &expected, sizeof(value)), 0) << text << " became " << value;
  };
  for (const char* text : {"0",
                           "-0",
                           "-0.0",
                           "1",
                           "0.1",
                           "1.7976931348623157e308",
                           "2.2250738585072014e-308",
                           "4.9406564584124654e-324",
                           "1e-400",
                           "-1e-400",
                           "123456789.123456789",
                           "9007199254740993",
                           "9007199254740992.5",
                           "0.30000000000000004",
                           "1e23",
                           "8.5e22",
                           "1234567890123456789012",
                           "0.000000000000000000000000000001234567890123456789",
                           "3.14159265358979323846264338327950",
                           "12345678.12345678",
                           "1.00000001",
                           "0.00000000000000000000001",
                           "5e-324",
                           "100e-2",
                           "179769313486231580793728971405301e276",
                           "1.5E+3",
                           "40.71280000000001"}) {
    expect_double(text, std::strtod(text, nullptr));
    expect_double("\"" + std::string(text) + "\"", std::strtod(text, nullptr));
  }
  EXPECT_EQ(Text("test.Scalars", R"({"aDouble":"NaN"})"), "a_double: nan");
  EXPECT_EQ(Text("test.Scalars", R"({"aDouble":"Infinity"})"), "a_double: inf");
  EXPECT_EQ(Text("test.Scalars", R"({"aFloat":"-Infinity"})"), "a_float: -inf");
}

TEST_F(JsonToWireTest, FloatsAreRoundedOnce) {
  for (const char* text :
       {"3.4028234663852886e38", "-3.4028235e38", "1.17549435e-38", "1e-45", "1.4e-46", "0.1",
        "16777217", "16777219", "8388609.5", "1.00000005960464477540", "1.000000059604644775390625",
        "1.00000005960464477538", "3.40282356e38", "1e-60", "1e-400"}) {
    std::string wire = Wire("test.Scalars", std::string("{\"aFloat\":") + text + "}");
    ASSERT_EQ(wire.size(), 5u);
    float value;
    std::memcpy(&value, wire.data() + 1, sizeof(value));
    float expected = std::strtof(text, nullptr);
    EXPECT_EQ(std::memcmp(&value, &expected, sizeof(value)), 0)
        << text << " became " << value << ", not " << expected;
  }
  for (const char* text : {"3.4028236e38", "1e39", "-1e39", "1e400"}) {
    EXPECT_THAT(FaultText("test.Scalars", std::string("{\"aFloat\":") + text + "}"),
                HasSubstr("range"));
  }
  for (const char* text : {"1e309", "-1.8e308", "1e999999999999999999999", "\"1e400\"",
                           "1000000000000000000000000e290"}) {
    EXPECT_THAT(FaultText("test.Scalars", std::string("{\"aDouble\":") + text + "}"),
                HasSubstr("range"));
  }
}

TEST_F(JsonToWireTest, Booleans) {
  EXPECT_EQ(Wire("test.Scalars", R"({"aBool":false})"), std::string("\x40\x00", 2));
  for (const char* text : {"True", "\"true\"", "1", "0", "tru", "truex", "falsey", "{}"}) {
    EXPECT_THAT(FaultText("test.Scalars", std::string("{\"aBool\":") + text + "}"),
                HasSubstr("$.aBool: expected true or false"));
  }
}

// --- Strings and bytes ---

TEST_F(JsonToWireTest, StringsOfEveryLength) {
  std::string plain;
  for (int size = 0; size < 300; ++size) {
    EXPECT_EQ(Text("test.Scalars", "{\"aString\":\"" + plain + "\"}"),
              size == 0 ? "" : "a_string: \"" + plain + "\"");
    std::string escaped = plain + "\\n";
    EXPECT_EQ(Text("test.Scalars", "{\"aString\":\"" + escaped + "\"  }"),
              "a_string: \"" + plain + "\\n\"");
    plain.push_back(static_cast<char>('a' + size % 26));
  }
}

TEST_F(JsonToWireTest, Escapes) {
  auto content = [&](const std::string& json) {
    std::string wire = Wire("test.Scalars", "{\"aString\":\"" + json + "\"}");
    return wire.substr(2);
  };
  EXPECT_EQ(content(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(content(R"(\u0041\u00e9\u20AC\ud83d\ude00)"), "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(content(R"(\u0000)"), std::string(1, '\0'));
  EXPECT_EQ(content("caf\xC3\xA9 \xF0\x9F\x98\x80"), "caf\xC3\xA9 \xF0\x9F\x98\x80");
  EXPECT_EQ(content("\x7F"), "\x7F");
  for (const char* bad : {R"(\ud800)", R"(\udc00)", R"(\ud800\ud800)", R"(\ud800x)", R"(\u12)",
                          R"(\u12G4)", R"(\x41)", R"(\')", R"(\U0041)", R"(\ud83d\n)"}) {
    Error error = Fault("test.Scalars", "{\"aString\":\"ab" + std::string(bad) + "\"}");
    EXPECT_EQ(error.json_path, "$.aString") << bad;
    EXPECT_EQ(error.byte_offset, 14) << bad;
  }
}

TEST_F(JsonToWireTest, LongStrings) {
  for (size_t size : {4095u, 4096u, 4097u, 65535u, 70000u, 1000000u}) {
    std::string plain(size, 'x');
    for (const char* tail : {"\"}", "\"\n }                            \n", "\",\"anInt32\":5}"}) {
      std::string wire = Wire("test.Scalars", "{\"aString\":\"" + plain + tail);
      EXPECT_NE(wire.find(plain), std::string::npos);
      std::string escaped = Wire("test.Scalars", "{\"aString\":\"\\u0041" + plain + tail);
      EXPECT_NE(escaped.find("A" + plain), std::string::npos);
    }
    EXPECT_THAT(FaultText("test.Scalars", "{\"aString\":\"" + plain), HasSubstr("not closed"));
  }
}

TEST_F(JsonToWireTest, InvalidText) {
  Error error = Fault("test.Scalars", "{\"aString\":\"ab\xFF\"}");
  EXPECT_EQ(error.byte_offset, 14);
  EXPECT_EQ(error.json_path, "$.aString");
  EXPECT_THAT(error.message, HasSubstr("UTF-8"));
  EXPECT_THAT(FaultText("test.Scalars", "{\"aString\":\"\xED\xA0\x80\"}"), HasSubstr("UTF-8"));
  EXPECT_THAT(FaultText("test.Scalars", "{\"aString\":\"\xC0\x80\"}"), HasSubstr("UTF-8"));
  error = Fault("test.Scalars", "{\"aString\":\"a\nb\"}");
  EXPECT_EQ(error.byte_offset, 13);
  EXPECT_THAT(error.message, HasSubstr("control character"));
  error = Fault("test.Scalars", "{\"aString\":\"abc");
  EXPECT_EQ(error.byte_offset, 11);
  EXPECT_THAT(error.message, HasSubstr("not closed"));
  EXPECT_THAT(FaultText("test.Scalars", "\xEF\xBB\xBF{}"), HasSubstr("expected an object"));
}

TEST_F(JsonToWireTest, Base64InBothAlphabets) {
  auto content = [&](const std::string& text) {
    std::string wire = Wire("test.Scalars", "{\"aBytes\":\"" + text + "\"}");
    return wire.substr(2);
  };
  EXPECT_EQ(content(""), "");
  for (const char* text : {"+/8=", "-_8=", "+/8", "-_8", "+\\/8=", "-_8\\u003d"}) {
    EXPECT_EQ(content(text), "\xFB\xFF") << text;
  }
  EXPECT_EQ(content("YQ=="), "a");
  EXPECT_EQ(content("YQ"), "a");
  EXPECT_EQ(content("YWJj"), "abc");
  for (const char* bad :
       {"Y", "YQ=", "YQ===", "Y===", "====", "=", "Y Q=", "YQ==YQ==", "Y*Jj", "YWJ\xC3\xA9"}) {
    EXPECT_THAT(FaultText("test.Scalars", "{\"aBytes\":\"" + std::string(bad) + "\"}"),
                HasSubstr("$.aBytes: expected a string of base64"))
        << bad;
  }
}

// --- Enums ---

TEST_F(JsonToWireTest, Enums) {
  EXPECT_EQ(Text("test.Scalars", R"({"aColor":"GREEN"})"), "a_color: GREEN");
  EXPECT_EQ(Text("test.Scalars", R"({"aColor":"\u0047REEN"})"), "a_color: GREEN");
  EXPECT_EQ(Text("test.Scalars", R"({"aColor":2})"), "a_color: BLUE");
  EXPECT_EQ(Text("test.Scalars", R"({"aColor":-1})"), "a_color: NEGATIVE");
  EXPECT_EQ(Text("test.Scalars", R"({"aColor":77})"), "a_color: 77");
  Error error = Fault("test.Scalars", R"({"aColor":"GREN"})");
  EXPECT_EQ(error.message, "$.aColor: no value \"GREN\" in test.Color; did you mean \"GREEN\"?");
  EXPECT_THAT(error.near_names, ElementsAre("GREEN"));
  EXPECT_THAT(FaultText("test.Scalars", R"({"aColor":true})"), HasSubstr("enum"));
  EXPECT_THAT(FaultText("test.Scalars", R"({"aColor":1.5})"), HasSubstr("int32"));
}

TEST_F(JsonToWireTest, UnknownEnumNamesArePassedOverOnRequest) {
  options_.ignore_unknown = true;
  EXPECT_EQ(Wire("test.Scalars", R"({"aColor":"PINK","anInt32":1})"), "\x28\x01");
  EXPECT_EQ(Text("test.Lists", R"({"colors":["RED","PINK","BLUE"]})"), "colors: RED colors: BLUE");
  EXPECT_EQ(Text("test.Maps", R"({"colors":{"a":"BLUE","b":"PINK"}})"),
            "colors { key: \"a\" value: BLUE }");
  EXPECT_THAT(FaultText("test.Maps", R"({"colors":{"a":"PINK","b":"RED","b":"RED"}})"),
              HasSubstr("$.colors.b: the map has this key twice"));
}

// --- Lists and maps ---

TEST_F(JsonToWireTest, Lists) {
  EXPECT_EQ(Wire("test.Lists", R"({"ints":[1,2,300]})"), "\x1A\x04\x01\x02\xAC\x02");
  EXPECT_EQ(Wire("test.Lists", R"({"loose":[1,2]})"), "\x20\x01\x20\x02");
  EXPECT_EQ(Wire("test.Lists", R"({"ints":[],"strings":[ ],"trees":null})"), "");
  EXPECT_EQ(Text("test.Lists", R"({"strings":["","a","b\n"],"trees":[{},{"name":"x"}]})"),
            "strings: \"\" strings: \"a\" strings: \"b\\n\" trees { } trees { name: \"x\" }");
  for (const char* bad : {"[1,2,]", "[,1]", "[1 2]", "[1", "[1}", "[null]", "{}", "1", "[[1]]"}) {
    Fault("test.Lists", "{\"ints\":" + std::string(bad) + "}");
  }
  EXPECT_EQ(Fault("test.Lists", R"({"trees":[{},{},null]})").json_path, "$.trees[2]");
  EXPECT_EQ(Fault("test.Lists", R"({"trees":[{},{"left":{"name":5}}]})").json_path,
            "$.trees[1].left.name");
}

TEST_F(JsonToWireTest, LargePackedLists) {
  std::string json = "{\"ints\":[0";
  for (int i = 1; i < 50000; ++i) json += "," + std::to_string(i);
  json += "]}";
  ExpectLikeProtobuf("test.Lists", json);
}

TEST_F(JsonToWireTest, MapsWithEveryKey) {
  ExpectLikeProtobuf("test.Maps", R"({
      "byInt32": {"-1": "a", "5": "b"}, "byInt64": {"-9223372036854775808": "a"},
      "byUint32": {"4294967295": "a"}, "byUint64": {"18446744073709551615": "a"},
      "bySint32": {"-2": "a"}, "bySint64": {"-3": "a"}, "byFixed32": {"4": "a"},
      "byFixed64": {"5": "a"}, "bySfixed32": {"-6": "a"}, "bySfixed64": {"-7": "a"},
      "byBool": {"true": "a", "false": "b"}, "byString": {"": 0, "k\u0041": 1},
      "trees": {"x": {"name": "y"}, "z": {}}})");
  EXPECT_EQ(Wire("test.Maps", R"({"byString":{"":0}})"),
            std::string("\x0A\x04\x0A\x00\x10\x00", 6));
  EXPECT_EQ(Text("test.Maps", R"({"values":{"a":null}})"),
            "values { key: \"a\" value { null_value: NULL_VALUE } }");
  for (const char* bad : {R"({"byString":{"a":null}})", R"({"byInt32":{"x":"a"}})",
                          R"({"byInt32":{1:"a"}})", R"({"byBool":{"1":"a"}})",
                          R"({"byInt32":{"1.5":"a"}})", R"({"byInt32":{"99999999999":"a"}})",
                          R"({"byString":[]})", R"({"byString":{"a"}})", R"({"byString":{"a":1,}})",
                          R"({"trees":{"a":{"b":{"":{}}}}})", R"({"byString":{"a" 1}})"}) {
    Fault("test.Maps", bad);
  }
  EXPECT_EQ(Fault("test.Maps", R"({"trees":{"a.b":{"name":1}}})").json_path,
            "$.trees[\"a.b\"].name");
}

TEST_F(JsonToWireTest, DuplicateMapKeys) {
  EXPECT_THAT(FaultText("test.Maps", R"({"byString":{"a":1,"b":2,"a":3}})"),
              HasSubstr("$.byString.a: the map has this key twice"));
  EXPECT_EQ(Fault("test.Maps", R"({"byString":{"a":1,"\u0061":3}})").byte_offset, 19);
  EXPECT_THAT(FaultText("test.Maps", R"({"byInt32":{"1":"","1.0":""}})"), HasSubstr("twice"));
  std::string json = "{\"byString\":{";
  for (int i = 0; i < 3000; ++i) json += "\"key" + std::to_string(i) + "\":1,";
  ExpectLikeProtobuf("test.Maps", json + "\"last\":1}}");
  Error error = Fault("test.Maps", json + "\"key2345\":1}}");
  EXPECT_EQ(error.byte_offset, static_cast<int64_t>(json.size()));
  EXPECT_EQ(error.json_path, "$.byString.key2345");
  EXPECT_THAT(FaultText("test.WellKnowns", R"({"object":{"a":{"b":1,"b":2}}})"),
              HasSubstr("$.object.a.b: the map has this key twice"));
}

// --- Messages, null, oneofs ---

TEST_F(JsonToWireTest, NullIsAbsent) {
  EXPECT_EQ(Wire("test.Scalars", R"({"aDouble":null,"aString":null,"aColor":null})"), "");
  EXPECT_EQ(Wire("test.Tree", R"({"left":null,"more":null,"left":{}})"),
            std::string("\x12\x00", 2));
  EXPECT_EQ(Wire("test.Maps", R"({"byString":null})"), "");
}

TEST_F(JsonToWireTest, Oneofs) {
  EXPECT_EQ(Text("test.Choice", R"({"number":0})"), "number: 0");
  EXPECT_EQ(Text("test.Choice", R"({"number":null,"text":"x"})"), "text: \"x\"");
  EXPECT_EQ(Text("test.Choice", R"({"text":"x","number":null})"), "text: \"x\"");
  EXPECT_EQ(Text("test.Choice", R"({"nothing":null})"), "nothing: NULL_VALUE");
  EXPECT_EQ(Text("test.Choice", R"({"nothing":"NULL_VALUE"})"), "nothing: NULL_VALUE");
  EXPECT_EQ(FaultText("test.Choice", R"({"number":1,"text":"x"})"),
            "$.text: a member of oneof \"choice\" is already given");
  Fault("test.Choice", R"({"number":1,"nothing":null})");
}

TEST_F(JsonToWireTest, AFieldGivenTwice) {
  EXPECT_EQ(FaultText("test.Scalars", R"({"anInt32":1,"anInt32":2})"),
            "$.anInt32: the field is given twice");
  EXPECT_EQ(FaultText("test.Scalars", R"({"anInt32":1,"an_int32":2})"),
            "$.an_int32: the field is given twice");
  Fault("test.Lists", R"({"ints":[1],"ints":[2]})");
}

TEST_F(JsonToWireTest, MoreThan64Fields) {
  std::string text = "syntax = \"proto3\"; package large; message Large { Large nested = 1000;";
  std::string json = "{";
  std::string expected;
  for (int i = 1; i <= 200; ++i) {
    const std::string number = std::to_string(i);
    text += "int32 f" + number + " = " + number + ";";
    if (i > 1) json += ",";
    json += "\"f" + number + "\":" + number;
    expected += "f" + number + ": " + number + " ";
  }
  schema_.Add("large.proto", text + "}");
  EXPECT_EQ(Text("large.Large", json + "}") + " ", expected);
  EXPECT_EQ(Text("large.Large", json + ",\"nested\":" + json + "}}"),
            expected + "nested { " + expected + "}");
  EXPECT_EQ(Fault("large.Large", json + ",\"f200\":1}").json_path, "$.f200");
  EXPECT_EQ(Fault("large.Large", json + ",\"nested\":{\"f65\":1,\"f66\":1,\"f65\":2}}").json_path,
            "$.nested.f65");
}

TEST_F(JsonToWireTest, UnknownFields) {
  Error error = Fault("test.Scalars", R"({"anInt32":1, "aStrin":2})");
  EXPECT_THAT(
      error.message,
      StartsWith("$.aStrin: no field \"aStrin\" in test.Scalars; did you mean \"aString\""));
  EXPECT_EQ(error.byte_offset, 14);
  EXPECT_EQ(error.json_path, "$.aStrin");
  EXPECT_EQ(error.near_names.at(0), "aString");
  EXPECT_EQ(Fault("test.Lists", R"({"trees":[{},{"left":{"nam":1}}]})").json_path,
            "$.trees[1].left.nam");

  options_.ignore_unknown = true;
  EXPECT_EQ(Wire("test.Scalars", R"({"x":{"a":[1,-2.5e3,"\n",true,false,null,{}],"b":{}},
      "anInt32":1,"y":[],"z":"q","w":1e999,"v":null,"u\n":0})"),
            "\x28\x01");
  for (const char* bad : {"{\"x\":01}", "{\"x\":\"\\x\"}", "{\"x\":[1,]}", "{\"x\":{\"a\"}}",
                          "{\"x\":tru}", "{\"x\":{1:2}}", "{\"x\":}", "{\"x\":[1 2]}", "{\"x\"}",
                          "{\"x\":\"\\ud800\"}", "{\"x\":{\"\\q\":1}}"}) {
    Fault("test.Scalars", bad);
  }
}

TEST_F(JsonToWireTest, NamesThatNeedEscapes) {
  EXPECT_EQ(Text("test.Scalars", R"({"\u0061String":"x"})"), "a_string: \"x\"");
  EXPECT_EQ(Text("test.Odd", R"({"a\\b":"x"})"), "odd: \"x\"");
  EXPECT_EQ(Text("test.Odd", R"({"q\"q":"y"})"), "quoted: \"y\"");
  EXPECT_EQ(Text("test.Odd", R"({"q\u0022q":"y","odd":"z"})"), "odd: \"z\" quoted: \"y\"");
  Fault("test.Odd", R"({"a\b":"x"})");
}

TEST_F(JsonToWireTest, TextThatIsNotJson) {
  for (const char* bad : {"",
                          " ",
                          "{",
                          "}",
                          "[]",
                          "null",
                          "1",
                          "\"x\"",
                          "{}}",
                          "{} {}",
                          "{},",
                          "{\"anInt32\"}",
                          "{\"anInt32\":}",
                          "{\"anInt32\":1,}",
                          "{,\"anInt32\":1}",
                          "{anInt32:1}",
                          "{'anInt32':1}",
                          "{\"anInt32\" 1}",
                          "{\"anInt32\":1 \"aBool\":true}",
                          "{\"anInt32\":1]",
                          "{}x",
                          "{}\\",
                          "{} // no",
                          "/* no */{}",
                          "{\"anInt32\"::1}",
                          "{\"aBool\":true true}",
                          "\"",
                          "{\"",
                          "{\"anInt32\":1\"aBool\":true}"}) {
    Fault("test.Scalars", bad);
  }
  EXPECT_EQ(Fault("test.Scalars", "{\"anInt32\":1").message,
            "$.anInt32: expected \",\" or \"}\", found the end of the text");
  EXPECT_EQ(Fault("test.Scalars", "{\"anInt32\":1").byte_offset, 12);
  EXPECT_EQ(Fault("test.Scalars", "{} x").byte_offset, 3);
  Fault("test.Scalars", std::string("{\"anInt32\":1\0}", 14));
  Fault("test.Scalars", std::string("{}\0", 3));
}

TEST_F(JsonToWireTest, AThreadMayBeginWithAnEmptyText) {
  std::thread([this] { Fault("test.Scalars", ""); }).join();
}

TEST_F(JsonToWireTest, EveryCutOfATextIsAnError) {
  const std::string json =
      R"({"by_string":{"a":1},"trees":{"x":{"name":"\u0041","left":{"value":-12}}}} )";
  Wire("test.Maps", json);
  for (size_t size = 0; size + 1 < json.size(); ++size) Fault("test.Maps", json.substr(0, size));
}

// --- Lengths ---

TEST_F(JsonToWireTest, LengthsOfEverySize) {
  for (size_t size : {0u, 100u, 120u, 123u, 124u, 125u, 126u, 127u, 128u, 129u, 4000u, 4093u, 4100u,
                      16370u, 16380u, 16384u, 20000u, 2097140u, 2097152u}) {
    const std::string name(size, 'n');
    std::string json = "{\"name\":\"" + name + "\"}";
    for (int level = 0; level < 5; ++level) {
      json = "{\"left\":" + json + ",\"more\":[" +
             json.substr(0, 2000 > json.size() ? json.size() : 0) +
             (json.size() <= 2000 ? "" : "{}") + ",{\"value\":7}],\"right\":{\"name\":\"r\"}}";
    }
    ExpectLikeProtobuf("test.Tree", json);
  }
}

TEST_F(JsonToWireTest, ListsWhoseElementsChangeSize) {
  std::string json = "{\"trees\":[{}";
  for (size_t size : {1u, 200u, 1u, 20000u, 1u, 5000u, 130u, 100u, 3000000u, 10u}) {
    json += ",{\"name\":\"" + std::string(size, 'a') + "\",\"value\":" + std::to_string(size) + "}";
  }
  ExpectLikeProtobuf("test.Lists", json + "]}");
}

TEST_F(JsonToWireTest, DeepNestingOfLargeContentIsLinear) {
  std::string json;
  std::string end;
  for (int level = 0; level < 99; ++level) {
    json += "{\"name\":\"" + std::string(5000, 'x') + "\",\"left\":";
    end += "}";
  }
  json += "{\"name\":\"" + std::string(3000000, 'y') + "\"}" + end;
  ExpectLikeProtobuf("test.Tree", json);
}

// --- Windows: texts larger than what is indexed at a time ---

TEST_F(JsonToWireTest, LongTexts) {
  for (const char* separator : {",", ", ", ",\n      ", " , "}) {
    std::string json = "{\"trees\":[";
    for (int i = 0; json.size() < 400000; ++i) {
      if (i > 0) json += separator;
      json += "{\"name\":\"a, b, \\\"c\\\", \xC3\xA9, [{" + std::string(i % 97, ',') +
              "\",\"value\":" + std::to_string(i) + ",\"left\":{\"more\":[{},{\"value\": -1 }]}}";
    }
    json += "],\"strings\":[\"" + std::string(200000, ',') + "\",\"" +
            std::string(100000, '"' - 1) + "\"],\"doubles\":[1.5";
    for (int i = 0; i < 50000; ++i) json += separator + std::to_string(i) + ".25";
    json += "]}";
    ExpectLikeProtobuf("test.Lists", json);
  }
}

TEST_F(JsonToWireTest, LongTextsWithoutCommas) {
  options_.max_depth = 1000000;
  std::string spaces(300000, ' ');
  EXPECT_EQ(Text("test.Tree", spaces + "{" + spaces + "\"value\"" + spaces + ":" + spaces + "5" +
                                  spaces + "}" + spaces),
            "value: 5");
  const std::string digits(100000, '1');
  EXPECT_THAT(FaultText("test.Tree", "{\"value\":" + digits + "}"), HasSubstr("range"));
  EXPECT_EQ(Wire("test.Scalars", "{\"aDouble\":0." + std::string(100000, '0') + "1}").size(), 9u);
  const std::string word(200000, 'x');
  EXPECT_EQ(Fault("test.Tree", "{\"value\":" + word + "}").json_path, "$.value");
  EXPECT_THAT(FaultText("test.Tree", "{\"" + word + "\":1}"), HasSubstr("no field"));
}

TEST_F(JsonToWireTest, FaultsInLongTexts) {
  std::string json = "{\"trees\":[{}";
  while (json.size() < 300000) json += ",{\"name\":\"abc\"}";
  const size_t elements = (json.size() - 12) / 15 + 1;
  const std::string path = "$.trees[" + std::to_string(elements) + "].name";
  Error error = Fault("test.Lists", json + ",{\"name\":5}" + std::string(200000, ' ') + "]}");
  EXPECT_EQ(error.json_path, path);
  EXPECT_EQ(error.byte_offset, static_cast<int64_t>(json.size() + 9));
  error = Fault("test.Lists", json + ",{\"name\":\"\xFF\"}" + std::string(200000, ' ') + "]}");
  EXPECT_EQ(error.json_path, path);
  EXPECT_EQ(error.byte_offset, static_cast<int64_t>(json.size() + 10));
  error = Fault("test.Lists", json + ",{\"name\":\"\t\"}" + std::string(200000, ' ') + "]}");
  EXPECT_EQ(error.byte_offset, static_cast<int64_t>(json.size() + 10));
  error = Fault("test.Lists", json + ",{\"name\":\"" + std::string(200000, 'x'));
  EXPECT_EQ(error.byte_offset, static_cast<int64_t>(json.size() + 9));
}

// --- Depth ---

TEST_F(JsonToWireTest, DepthIsCountedThroughEverything) {
  auto nested = [](const std::string& open, const std::string& core, const std::string& close,
                   int levels) {
    std::string text;
    for (int i = 0; i < levels; ++i) text += open;
    text += core;
    for (int i = 0; i < levels; ++i) text += close;
    return text;
  };
  Wire("test.Tree", nested("{\"left\":", "{}", "}", 99));
  EXPECT_THAT(FaultText("test.Tree", nested("{\"left\":", "{}", "}", 100)),
              HasSubstr("nested deeper than 100 levels"));
  Wire("test.Tree", nested("{\"more\":[", "{}", "]}", 49));
  Fault("test.Tree", nested("{\"more\":[", "{}", "]}", 50));
  Wire("test.WellKnowns", "{\"value\":" + nested("[", "1", "]", 99) + "}");
  Fault("test.WellKnowns", "{\"value\":" + nested("[", "1", "]", 100) + "}");
  Wire("test.WellKnowns", "{\"object\":" + nested("{\"a\":", "1", "}", 99) + "}");
  Fault("test.WellKnowns", "{\"object\":" + nested("{\"a\":", "1", "}", 100) + "}");
  const std::string any = "{\"@type\":\"type.googleapis.com/google.protobuf.Any\",\"value\":";
  Wire("test.WellKnowns", "{\"any\":" + nested(any, "{}", "}", 98) + "}");
  Fault("test.WellKnowns", "{\"any\":" + nested(any, "{}", "}", 99) + "}");
  const std::string type = ",\"@type\":\"type.googleapis.com/google.protobuf.Any\"}";
  Wire("test.WellKnowns", "{\"any\":" + nested("{\"value\":", "{}", type, 98) + "}");
  EXPECT_THAT(
      FaultText("test.WellKnowns", "{\"any\":" + nested("{\"value\":", "{}", type, 99) + "}"),
      HasSubstr("nested deeper than 100 levels"));
  options_.ignore_unknown = true;
  Fault("test.Tree", "{\"x\":" + nested("[", "", "]", 100) + "}");
  options_.max_depth = 3;
  Wire("test.Tree", R"({"left":{"left":{}}})");
  Fault("test.Tree", R"({"left":{"left":{"left":{}}}})");
}

TEST_F(JsonToWireTest, HostileNestingFailsFastOnASmallStack) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr double kLimit = 1;
#else
  constexpr double kLimit = 0.01;
#endif
  std::vector<std::string> texts;
  std::string open_lists(100000, '[');
  std::string members, anys, mixed;
  for (int i = 0; i < 100000; ++i) {
    members += "{\"left\":";
    anys += "{\"value\":";
    mixed += "{\"a\":[";
  }
  struct Case {
    std::string type;
    std::string json;
    bool ignore_unknown;
  };
  std::vector<Case> cases = {{"test.Tree", open_lists, false},
                             {"test.Tree", members, false},
                             {"test.Tree", "{\"x\":" + open_lists, true},
                             {"test.Tree", "{\"x\":" + mixed, true},
                             {"test.WellKnowns", "{\"value\":" + open_lists, false},
                             {"test.WellKnowns", "{\"value\":" + mixed, false},
                             {"test.WellKnowns", "{\"list\":" + open_lists, false},
                             {"test.WellKnowns", "{\"any\":" + anys, false},
                             {"test.WellKnowns", "{\"any\":{\"value\":" + open_lists, false},
                             {"test.WellKnowns", "{\"values\":" + open_lists, false}};
  std::function<void()> work = [&] {
    for (const Case& one : cases) {
      options_.ignore_unknown = one.ignore_unknown;
      EXPECT_LT(Seconds([&] { Fault(one.type, one.json); }), kLimit) << one.json.substr(0, 30);
    }
  };
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, size_t{256} << 10);
  pthread_t thread;
  ASSERT_EQ(pthread_create(
                &thread, &attributes,
                [](void* argument) -> void* {
                  (*static_cast<std::function<void()>*>(argument))();
                  return nullptr;
                },
                &work),
            0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

// --- Well-known types ---

TEST_F(JsonToWireTest, Timestamps) {
  auto text = [&](const std::string& time) {
    return Text("test.WellKnowns", "{\"time\":\"" + time + "\"}");
  };
  EXPECT_EQ(text("1970-01-01T00:00:00Z"), "time { }");
  EXPECT_EQ(text("0001-01-01T00:00:00Z"), "time { seconds: -62135596800 }");
  EXPECT_EQ(text("9999-12-31T23:59:59.999999999Z"),
            "time { seconds: 253402300799 nanos: 999999999 }");
  EXPECT_EQ(text("1969-12-31T23:59:59.5Z"), "time { seconds: -1 nanos: 500000000 }");
  EXPECT_EQ(text("1970-01-01T01:30:00+01:30"), "time { }");
  EXPECT_EQ(text("1969-12-31T16:00:00-08:00"), "time { }");
  EXPECT_EQ(text("2000-02-29T12:00:00.000001Z"), "time { seconds: 951825600 nanos: 1000 }");
  for (const char* bad : {"0000-01-01T00:00:00Z",
                          "10000-01-01T00:00:00Z",
                          "2001-02-29T00:00:00Z",
                          "1900-02-29T00:00:00Z",
                          "1970-13-01T00:00:00Z",
                          "1970-00-01T00:00:00Z",
                          "1970-01-00T00:00:00Z",
                          "1970-01-32T00:00:00Z",
                          "1970-01-01T24:00:00Z",
                          "1970-01-01T00:60:00Z",
                          "1970-01-01T00:00:60Z",
                          "1970-01-01t00:00:00Z",
                          "1970-01-01T00:00:00z",
                          "1970-01-01T00:00:00",
                          "1970-01-01 00:00:00Z",
                          "1970-01-01",
                          "1970-01-01T00:00:00.Z",
                          "1970-01-01T00:00:00.1234567890Z",
                          "1970-01-01T00:00:00+0100",
                          "1970-01-01T00:00:00+24:00",
                          "0001-01-01T00:00:00+00:01",
                          "9999-12-31T23:59:59-00:01",
                          "",
                          "1970-01-01T00:00:00ZZ",
                          "-1970-01-01T00:00:00Z",
                          "1970-1-1T0:0:0Z"}) {
    EXPECT_EQ(Fault("test.WellKnowns", "{\"time\":\"" + std::string(bad) + "\"}").json_path,
              "$.time")
        << bad;
  }
  Fault("test.WellKnowns", "{\"time\":5}");
}

TEST_F(JsonToWireTest, EveryDayIsWhereProtobufHasIt) {
  for (int day = 1; day <= 366 * 3; ++day) {
    google::protobuf::Timestamp expected;
    expected.set_seconds(int64_t{86400} * (day * 997 - 700000));
    std::string json;
    ASSERT_TRUE(google::protobuf::util::MessageToJsonString(expected, &json).ok());
    EXPECT_EQ(Text("test.WellKnowns", "{\"time\":" + json + "}"),
              "time { seconds: " + std::to_string(expected.seconds()) + " }");
  }
}

TEST_F(JsonToWireTest, Durations) {
  auto text = [&](const std::string& duration) {
    return Text("test.WellKnowns", "{\"duration\":\"" + duration + "\"}");
  };
  EXPECT_EQ(text("0s"), "duration { }");
  EXPECT_EQ(text("-0.5s"), "duration { nanos: -500000000 }");
  EXPECT_EQ(text("1.000000001s"), "duration { seconds: 1 nanos: 1 }");
  EXPECT_EQ(text("-315576000000.999999999s"),
            "duration { seconds: -315576000000 nanos: -999999999 }");
  for (const char* bad : {"1", "s", "1.s", ".5s", "1.1234567890s", "315576000001s", "--1s", "1 s",
                          "-s", "", "1e3s", "99999999999999999999999s", "1sx"}) {
    EXPECT_EQ(Fault("test.WellKnowns", "{\"duration\":\"" + std::string(bad) + "\"}").json_path,
              "$.duration")
        << bad;
  }
}

TEST_F(JsonToWireTest, FieldMasks) {
  EXPECT_EQ(Text("test.WellKnowns", R"({"mask":"user.displayName,photo"})"),
            "mask { paths: \"user.display_name\" paths: \"photo\" }");
  EXPECT_EQ(Text("test.WellKnowns", R"({"mask":""})"), "mask { }");
  EXPECT_EQ(Text("test.WellKnowns", R"({"mask":"*,labels.`a-b c`"})"),
            "mask { paths: \"*\" paths: \"labels.`a-b c`\" }");
  for (const char* bad : {"a_b", "a,,b", "a,", ",a"}) {
    Fault("test.WellKnowns", "{\"mask\":\"" + std::string(bad) + "\"}");
  }
}

TEST_F(JsonToWireTest, StructsAndValues) {
  ExpectLikeProtobuf("test.WellKnowns",
                     R"({"object":{"a":1,"b":[true,null,"x",{"c":-2.5}],"d":{}},
                         "value":[[],[1]],"list":[{},"y"]})");
  EXPECT_EQ(Text("test.WellKnowns", R"({"value":null})"), "value { null_value: NULL_VALUE }");
  EXPECT_EQ(Text("test.WellKnowns", R"({"values":[null,1]})"),
            "values { null_value: NULL_VALUE } values { number_value: 1 }");
  EXPECT_EQ(Text("test.WellKnowns", R"({"object":null,"list":null})"), "");
  EXPECT_EQ(Text("google.protobuf.Value", "null"), "null_value: NULL_VALUE");
  EXPECT_EQ(Text("google.protobuf.ListValue", "[1]"), "values { number_value: 1 }");
  for (const char* bad :
       {R"({"object":[]})", R"({"list":{}})", R"({"value":nul})", R"({"value":1e999})",
        R"({"object":{"a":}})", R"({"value":01})", R"({"object":{1:2}})", R"({"value":NaN})"}) {
    Fault("test.WellKnowns", bad);
  }
}

TEST_F(JsonToWireTest, Wrappers) {
  EXPECT_EQ(Text("test.WellKnowns",
                 R"({"aDouble":0,"anInt64":"5","aString":"","aBytes":"AQ==","aBool":false})"),
            "a_double { } an_int64 { value: 5 } a_string { } a_bytes { value: \"\\001\" } "
            "a_bool { }");
  EXPECT_EQ(Text("test.WellKnowns", R"({"aDouble":null,"nothing":null})"), "");
  EXPECT_EQ(Text("google.protobuf.Int64Value", " 5 "), "value: 5");
  EXPECT_EQ(Text("google.protobuf.StringValue", "\"five\""), "value: \"five\"");
  Fault("test.WellKnowns", R"({"numbers":[null]})");
  Fault("test.WellKnowns", R"({"anInt64":{"value":5}})");
  Fault("google.protobuf.Int64Value", "5 6");
}

TEST_F(JsonToWireTest, Anys) {
  constexpr char kTree[] = R"("@type":"type.googleapis.com/test.Tree")";
  auto text = [&](const std::string& json) {
    return Text("test.WellKnowns", "{\"any\":{" + json + "}}");
  };
  const std::string tree = text(std::string(kTree) + R"(,"name":"x","left":{"value":5})");
  EXPECT_EQ(tree, "any { [type.googleapis.com/test.Tree] { name: \"x\" left { value: 5 } } }");
  EXPECT_EQ(text(std::string(R"("name":"x",)") + kTree + R"(,"left":{"value":5})"), tree);
  EXPECT_EQ(text(std::string(R"("name":"x","left":{"value":5} , )") + kTree), tree);
  EXPECT_EQ(text(R"("name":"x","left":{"value":5},"\u0040type":"a.b\/c\/test.Tree")"),
            "any { type_url: \"a.b/c/test.Tree\" value: \"\\n\\001x\\022\\002 \\005\" }");
  EXPECT_EQ(text(""), "any { }");
  EXPECT_EQ(Wire("test.WellKnowns", "{\"any\":{" + std::string(kTree) + "}}"),
            "\x0A\x1F\x0A\x1Dtype.googleapis.com/test.Tree");
  EXPECT_EQ(
      text(R"("@type":"type.googleapis.com/google.protobuf.Duration","value":"1.5s")"),
      "any { [type.googleapis.com/google.protobuf.Duration] { seconds: 1 nanos: 500000000 } }");
  EXPECT_EQ(text(R"("value":7,"@type":"type.googleapis.com/google.protobuf.Int64Value")"),
            "any { [type.googleapis.com/google.protobuf.Int64Value] { value: 7 } }");
  EXPECT_EQ(text(R"("value":{"name":"inner",)" + std::string(kTree) +
                 R"(},"@type":"type.googleapis.com/google.protobuf.Any")"),
            "any { [type.googleapis.com/google.protobuf.Any] { "
            "[type.googleapis.com/test.Tree] { name: \"inner\" } } }");
}

TEST_F(JsonToWireTest, AnysThatAreNone) {
  auto fault = [&](const std::string& json) {
    return Fault("test.WellKnowns", "{\"any\":" + json + "}").message;
  };
  EXPECT_EQ(fault(R"({"@type":"type.googleapis.com/test.Nothing","a":1})"),
            "$.any[\"@type\"]: no message type \"test.Nothing\" is loaded");
  EXPECT_THAT(fault(R"({"name":"x"})"), HasSubstr("$.any: an Any needs a member \"@type\""));
  EXPECT_THAT(fault(R"({"@type":"test.Tree"})"), HasSubstr("a type URL"));
  EXPECT_THAT(fault(R"({"@type":"x/"})"), HasSubstr("a type URL"));
  EXPECT_THAT(fault(R"({"@type":5})"), HasSubstr("a type URL"));
  EXPECT_THAT(fault(R"({"@type":"a/test.Tree","@type":"a/test.Tree"})"), HasSubstr("twice"));
  EXPECT_THAT(fault(R"({"name":"x","@type":"a/test.Tree","@type":"a/test.Tree"})"),
              HasSubstr("twice"));
  EXPECT_THAT(fault(R"({"@type":"a/google.protobuf.Duration"})"), HasSubstr("\"value\""));
  EXPECT_THAT(fault(R"({"@type":"a/google.protobuf.Duration","value":"1s","value":"1s"})"),
              HasSubstr("twice"));
  EXPECT_THAT(fault(R"({"@type":"a/google.protobuf.Duration","x":"1s","value":"1s"})"),
              HasSubstr("no member \"x\""));
  EXPECT_THAT(fault(R"({"@type":"a/test.Tree","nam":1})"), HasSubstr("no field \"nam\""));
  fault("[]");
  fault("\"x\"");
  fault(R"({"a" 1})");
  fault(R"({"a":{}})");
  fault(R"({"@type" "a/test.Tree"})");
  fault(R"({"@type":"a/test.Tree",})");
  fault("{1:2}");
}

TEST_F(JsonToWireTest, TypesAtTheEndOfNestedAnysAreFoundInLinearTime) {
  std::string json = "{\"more\":[";
  for (int i = 0; i < 20000; ++i) json += "{\"name\":\"some name or other\"},";
  json += "{}],\"@type\":\"a/test.Tree\"}";
  const double once = Seconds([&] { Wire("test.WellKnowns", "{\"any\":" + json + "}"); });
  for (int level = 0; level < 90; ++level) {
    json = "{\"value\":" + json + ",\"@type\":\"a/google.protobuf.Any\"}";
  }
  const double nested = Seconds([&] { Wire("test.WellKnowns", "{\"any\":" + json + "}"); });
  EXPECT_LT(nested, 10 * once) << "90 times as long if each level were searched";
}

// --- proto2 ---

TEST_F(JsonToWireTest, Proto2) {
  EXPECT_EQ(Text("test2.Base", R"({"part":{"inner":5},"parts":[{"text":"a"},{}],"closed":"TWO"})"),
            "Part { inner: 5 } Parts { text: \"a\" } Parts { } closed: TWO")
      << "a required field that is missing is for the receiver to refuse";
  EXPECT_EQ(Wire("test2.Base", R"({"loose":[1,2],"packed":[1,2]})"),
            "\x28\x01\x28\x02\x32\x02\x01\x02");
  EXPECT_EQ(Text("test2.Base", R"({"[test2.extra]":"x","[test2.nested]":{"needed":1}})"),
            "[test2.extra]: \"x\" [test2.nested] { needed: 1 }");
  EXPECT_EQ(Wire("test2.Base", R"({"closed":9})"), "\x20\x09");
  EXPECT_THAT(FaultText("test2.Base", R"({"[test2.extr]":"x"})"),
              StartsWith("$[\"[test2.extr]\"]: no field \"[test2.extr]\" in test2.Base; did you"));
  EXPECT_EQ(Fault("test2.Base", R"({"closed":"THREE"})").json_path, "$.closed");
}

TEST_F(JsonToWireTest, MessageSets) {
  EXPECT_EQ(Text("test2.Set", R"({"[test2.Item.item]":{"text":"x"}})"),
            "[test2.Item] { text: \"x\" }");
}

// --- Sizes ---

TEST_F(JsonToWireTest, ScratchMemoryIsReusedByUnlikeTexts) {
  for (int round = 0; round < 3; ++round) {
    for (size_t size : {10u, 5000u, 300000u, 1u, 4095u, 4097u, 70000u}) {
      std::string name(size, 'q');
      EXPECT_EQ(Text("test.Tree", "{\"name\":\"" + name + "\"}"), "name: \"" + name + "\"");
    }
  }
}

}  // namespace
}  // namespace pygrpc::transcode
