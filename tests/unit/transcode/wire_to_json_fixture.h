// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_UNIT_TRANSCODE_WIRE_TO_JSON_FIXTURE_H_
#define PYGRPC_TESTS_UNIT_TRANSCODE_WIRE_TO_JSON_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/error.h"
#include "transcode/text_schema.h"
#include "transcode/transcoder.h"

namespace pygrpc::transcode {

// Wire bytes by hand.
inline std::string Varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}
inline std::string Tag(uint32_t number, uint32_t wire_type) {
  return Varint(uint64_t{number} << 3 | wire_type);
}
inline std::string Int(uint32_t number, int64_t value) {
  return Tag(number, 0) + Varint(static_cast<uint64_t>(value));
}
inline std::string Fixed64(uint32_t number, uint64_t value) {
  std::string bytes = Tag(number, 1);
  for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}
inline std::string Fixed32(uint32_t number, uint32_t value) {
  std::string bytes = Tag(number, 5);
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}
inline std::string Double(uint32_t number, double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return Fixed64(number, bits);
}
inline std::string Bytes(uint32_t number, const std::string& payload) {
  return Tag(number, 2) + Varint(payload.size()) + payload;
}
inline std::string Group(uint32_t number, const std::string& fields) {
  return Tag(number, 3) + fields + Tag(number, 4);
}

class WireToJsonTest : public testing::Test {
 protected:
  WireToJsonTest() {
    schema_.Add("three.proto", R"(
      syntax = "proto3";
      package three;
      import "google/protobuf/any.proto";
      import "google/protobuf/duration.proto";
      import "google/protobuf/field_mask.proto";
      import "google/protobuf/struct.proto";
      import "google/protobuf/timestamp.proto";
      import "google/protobuf/wrappers.proto";
      enum Color { NONE = 0; RED = 1; GREEN = 2; BELOW = -1; FAR = 1000; }
      message Node {
        string name = 1;
        repeated Node children = 2;
        map<string, Node> by_name = 3;
        oneof choice { int32 first = 4; string second = 5; Node node = 6; Color hue = 7; }
        optional int32 maybe = 8;
        repeated int32 packed = 9;
        repeated int32 loose = 10 [packed = false];
        Node child_node = 11;
        int64 big = 12;
        map<int32, Color> colors = 13;
        repeated string texts = 14;
      }
      message Scalars {
        double a_double = 1; float a_float = 2; int32 an_int32 = 3; int64 an_int64 = 4;
        uint32 a_uint32 = 5; uint64 a_uint64 = 6; sint32 a_sint32 = 7; sint64 a_sint64 = 8;
        fixed32 a_fixed32 = 9; fixed64 a_fixed64 = 10; sfixed32 an_sfixed32 = 11;
        sfixed64 an_sfixed64 = 12; bool a_bool = 13; string a_string = 14; bytes some_bytes = 15;
        Color a_color = 16; google.protobuf.NullValue a_null = 17;
        repeated Color colors = 18; map<bool, bool> bools = 19; repeated double doubles = 20;
        Node message = 21; optional bool an_optional = 22;
        repeated google.protobuf.NullValue nulls = 23;
      }
      message Keys {
        map<int32, int32> a = 1; map<int64, int64> b = 2; map<uint32, uint32> c = 3;
        map<uint64, uint64> d = 4; map<sint32, sint32> e = 5; map<sint64, sint64> f = 6;
        map<fixed32, fixed32> g = 7; map<fixed64, fixed64> h = 8; map<sfixed32, sfixed32> i = 9;
        map<sfixed64, sfixed64> j = 10; map<bool, bool> k = 11; map<string, string> l = 12;
        map<string, google.protobuf.Timestamp> m = 13; map<string, google.protobuf.Value> n = 14;
      }
      message WellKnown {
        google.protobuf.Any any = 1; google.protobuf.Timestamp timestamp = 2;
        google.protobuf.Duration duration = 3; google.protobuf.FieldMask mask = 4;
        google.protobuf.Struct struct = 5; google.protobuf.Value value = 6;
        google.protobuf.ListValue list = 7; google.protobuf.DoubleValue a_double = 8;
        google.protobuf.FloatValue a_float = 9; google.protobuf.Int64Value an_int64 = 10;
        google.protobuf.UInt64Value a_uint64 = 11; google.protobuf.Int32Value an_int32 = 12;
        google.protobuf.UInt32Value a_uint32 = 13; google.protobuf.BoolValue a_bool = 14;
        google.protobuf.StringValue a_string = 15; google.protobuf.BytesValue some_bytes = 16;
        repeated google.protobuf.Value values = 17;
        repeated google.protobuf.Timestamp timestamps = 18;
        oneof choice { google.protobuf.Value one_value = 19; google.protobuf.Duration span = 20; }
      }
    )");
    schema_.Add("two.proto", R"(
      syntax = "proto2";
      package two;
      enum Season { SPRING = 1; SUMMER = 2; }
      enum Weather { DRY = 0; WET = 1; HOT = 2; }
      message Base {
        optional Season season = 1;
        repeated Season seasons = 2;
        map<string, Weather> by_name = 3;
        optional group Part = 4 { optional int32 number = 1; optional Base base = 2; }
        repeated group Parts = 5 { optional int32 number = 1; }
        oneof choice { Season best = 6; int32 other = 7; }
        optional string text = 8;
        repeated Season packed_seasons = 9 [packed = true];
        extensions 100 to 199;
      }
      extend Base { optional string note = 100; repeated int32 numbers = 101; }
      message Set { option message_set_wire_format = true; extensions 4 to max; }
      message Item { extend Set { optional Item item = 1000; } optional int32 number = 1; }
    )");
    std::string wide = "syntax = \"proto3\"; package wide; message Wide { Wide inner = 1000;";
    for (int i = 1; i <= 200; ++i) {
      wide += "int32 f" + std::to_string(i) + " = " + std::to_string(i) + ";";
    }
    schema_.Add("wide.proto", wide + "}");
  }

  const MessagePlan* Plan(const std::string& type) const {
    return transcoder_.Plan(schema_.FindMessage(type));
  }

  std::string Json(const std::string& type, std::string_view wire,
                   const JsonOptions& options = JsonOptions()) const {
    Buffer out;
    try {
      transcoder_.WireToJson(Plan(type), &wire, 1, options, &out);
    } catch (const Error& error) {
      return std::string(CodeName(error.code)) + " " + error.message;
    }
    return std::string(out.view());
  }

  // The error of a conversion that must fail.
  Error Fault(const std::string& type, std::string_view wire,
              const JsonOptions& options = JsonOptions()) const {
    Buffer out;
    try {
      transcoder_.WireToJson(Plan(type), &wire, 1, options, &out);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "no error but " << out.view();
    return Error(Code::kOk, "");
  }

  TextSchema schema_;
  Transcoder transcoder_{&schema_};
};

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TESTS_UNIT_TRANSCODE_WIRE_TO_JSON_FIXTURE_H_
