// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// What a schema tells of itself.

#include "schema/introspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "schema/schema_fixture.h"

namespace pygrpc::schema {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using Json = nlohmann::ordered_json;

const char kShop[] = R"(syntax = "proto3";

package shop.v1;

import "google/api/annotations.proto";
import "google/api/field_behavior.proto";
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";

// Sells things.
service Shop {
  // Finds an item.
  //
  // By its number.
  rpc Get(GetRequest) returns (Item) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = { get: "/v1/{id}" };
  }
  rpc Old(stream GetRequest) returns (stream Item) {
    option deprecated = true;
  }
}

message GetRequest {
  int64 id = 1 [(google.api.field_behavior) = REQUIRED];  // Of the item.
  google.protobuf.FieldMask mask = 2;
}

/* An item. */
message Item {
  string display_name = 1;
  Color color = 2 [deprecated = true];
  map<string, Item> parts = 3;
  repeated Item children = 4;
  optional double price = 5;
  bytes picture = 6;
  oneof state {
    Item replaced_by = 7;
    bool sold = 8;
    uint32 left = 9;
  }
  google.protobuf.Timestamp made = 10;
  google.protobuf.Duration age = 11;
  google.protobuf.Struct extra = 12;
  google.protobuf.Any any = 13;
  google.protobuf.StringValue note = 14;
  google.protobuf.NullValue nothing = 15;
  map<int32, uint64> counts = 16;
}

enum Color {
  COLOR_UNSPECIFIED = 0;
  RED = 1;  // Like blood.
}
)";

class IntrospectTest : public SchemaTest {
 protected:
  void SetUp() override { store_.LoadProto("shop.proto", kShop); }
  Json Describe(const std::string& symbol) {
    return Json::parse(DescribeJson(*store_.current(), symbol));
  }
};

TEST_F(IntrospectTest, Services) {
  Json services = Json::parse(ServicesJson(*store_.current()));
  ASSERT_EQ(services.size(), 1u);
  EXPECT_EQ(services[0]["name"], "shop.v1.Shop");
  EXPECT_EQ(services[0]["file"], "shop.proto");
  EXPECT_EQ(services[0]["comment"], "Sells things.");
  const Json& get = services[0]["methods"][0];
  EXPECT_EQ(get["name"], "Get");
  EXPECT_EQ(get["fullName"], "shop.v1.Shop/Get");
  EXPECT_EQ(get["cardinality"], "unary_unary");
  EXPECT_EQ(get["request"], "shop.v1.GetRequest");
  EXPECT_EQ(get["response"], "shop.v1.Item");
  EXPECT_EQ(get["comment"], "Finds an item.\n\nBy its number.");
  EXPECT_EQ(get["options"]["idempotencyLevel"], "NO_SIDE_EFFECTS");
  EXPECT_EQ(get["options"]["[google.api.http]"], Json({{"get", "/v1/{id}"}}));
  const Json& old = services[0]["methods"][1];
  EXPECT_EQ(old["cardinality"], "stream_stream");
  EXPECT_EQ(old["deprecated"], true);
}

TEST_F(IntrospectTest, NothingLoadedHasNoServices) {
  EXPECT_EQ(ServicesJson(*SchemaStore().current()), "[]");
}

// Declares a service whose messages are in a file that is not there.
google::protobuf::FileDescriptorProto BrokenFile() {
  auto broken = SimpleFile("broken.proto", {"gone.proto"});
  auto* service = broken.add_service();
  service->set_name("Broken");
  auto* method = service->add_method();
  method->set_name("Do");
  method->set_input_type(".gone.Gone");
  method->set_output_type(".gone.Gone");
  return broken;
}

TEST_F(IntrospectTest, ABrokenFileDoesNotHideTheOtherServices) {
  const auto broken = BrokenFile();
  store_.LoadFiles({broken.SerializeAsString()}, "reflection");
  Json services = Json::parse(ServicesJson(*store_.current()));
  ASSERT_EQ(services.size(), 2u);
  EXPECT_EQ(services[0]["name"], "Broken");
  EXPECT_THAT(services[0]["error"].get<std::string>(), HasSubstr("gone.proto"));
  EXPECT_EQ(services[1]["name"], "shop.v1.Shop");
}

TEST_F(IntrospectTest, DescribesMessages) {
  Json item = Describe("shop.v1.Item");
  EXPECT_EQ(item["kind"], "message");
  EXPECT_EQ(item["comment"], "An item.");
  EXPECT_EQ(item["line"], 34);
  EXPECT_EQ(item["fields"].size(), 16u);
  EXPECT_EQ(item["fields"][0]["jsonName"], "displayName");
  EXPECT_EQ(item["fields"][0]["presence"], false);
  EXPECT_EQ(item["fields"][1]["typeName"], "shop.v1.Color");
  EXPECT_EQ(item["fields"][1]["deprecated"], true);
  EXPECT_EQ(item["fields"][2]["type"], "map");
  EXPECT_EQ(item["fields"][2]["valueType"], "shop.v1.Item");
  EXPECT_EQ(item["fields"][4]["presence"], true);
  EXPECT_EQ(item["fields"][6]["oneof"], "state");
  EXPECT_EQ(item["oneofs"][0]["fields"], Json({"replaced_by", "sold", "left"}));
  std::string declaration = item["declaration"];
  EXPECT_THAT(declaration, HasSubstr("// An item.\nmessage Item {\n  string display_name = 1;\n"
                                     "  Color color = 2 [deprecated = true];\n"
                                     "  map<string, Item> parts = 3;\n"));
  EXPECT_THAT(declaration, HasSubstr("  optional double price = 5;\n"));
  EXPECT_THAT(declaration, HasSubstr("  oneof state {\n    Item replaced_by = 7;\n"));
  EXPECT_THAT(declaration, HasSubstr("  google.protobuf.Timestamp made = 10;\n"));
}

TEST_F(IntrospectTest, DescribesEverythingElse) {
  Json service = Describe("shop.v1.Shop");
  EXPECT_EQ(service["kind"], "service");
  EXPECT_EQ(service["methods"].size(), 2u);
  EXPECT_THAT(service["declaration"].get<std::string>(),
              HasSubstr("    option (google.api.http) = { get: \"/v1/{id}\" };\n"));
  for (std::string name : {"Get", "Shop/Get", "shop.v1.Shop.Get", "/shop.v1.Shop/Get"}) {
    Json method = Describe(name);
    EXPECT_EQ(method["kind"], "method") << name;
    EXPECT_EQ(method["request"], "shop.v1.GetRequest");
    EXPECT_THAT(method["declaration"].get<std::string>(),
                HasSubstr("rpc Get(GetRequest) returns (Item) {"));
  }
  Json color = Describe("shop.v1.Color");
  EXPECT_EQ(color["kind"], "enum");
  EXPECT_EQ(color["closed"], false);
  EXPECT_EQ(color["values"][1]["comment"], "Like blood.");
  EXPECT_EQ(Describe("shop.v1.RED")["number"], 1);
  EXPECT_EQ(Describe("shop.v1.RED")["declaration"], "RED = 1;\n// Like blood.");
  Json field = Describe("shop.v1.GetRequest.id");
  EXPECT_EQ(field["kind"], "field");
  EXPECT_EQ(field["comment"], "Of the item.");
  EXPECT_EQ(field["options"]["[google.api.field_behavior]"], Json({"REQUIRED"}));
  EXPECT_THAT(field["declaration"].get<std::string>(),
              HasSubstr("int64 id = 1 [(google.api.field_behavior) = REQUIRED];"));
  Json oneof = Describe("shop.v1.Item.state");
  EXPECT_EQ(oneof["kind"], "oneof");
  EXPECT_THAT(oneof["declaration"].get<std::string>(), HasSubstr("oneof state {"));
  Json extension = Describe("google.api.http");
  EXPECT_EQ(extension["kind"], "extension");
  EXPECT_EQ(extension["extendee"], "google.protobuf.MethodOptions");
  EXPECT_EQ(Describe("[google.api.http]")["number"], 72295728);
  Json file = Describe("shop.proto");
  EXPECT_EQ(file["kind"], "file");
  EXPECT_EQ(file["package"], "shop.v1");
  EXPECT_EQ(file["services"], Json({"shop.v1.Shop"}));
  EXPECT_THAT(file["declaration"].get<std::string>(), HasSubstr("package shop.v1;"));
  EXPECT_EQ(Describe("Item")["name"], "shop.v1.Item");
  EXPECT_EQ(Describe("Color")["name"], "shop.v1.Color");
  EXPECT_EQ(Describe("Shop")["name"], "shop.v1.Shop");
  EXPECT_EQ(Describe("google.protobuf.Timestamp")["kind"], "message");
}

// As a field of a message type it would have another wire form.
TEST_F(IntrospectTest, DeclarationsOfGroupsAreGroups) {
  store_.LoadProto("groups.proto", R"(syntax = "proto2";
package g;
message M {
  oneof o {
    group InOneof = 1 { optional int32 a = 1; }
    int32 other = 2;
  }
  map<string, int32> counts = 3;
  extensions 100 to 200;
  extend M { optional group Nested = 101 { optional int32 b = 1; } }
}
extend M { optional group Top = 100 { optional int32 c = 1; } }
)");
  EXPECT_EQ(Describe("g.M.o")["declaration"],
            "oneof o {\n  group InOneof = 1 {\n    optional int32 a = 1;\n  }\n"
            "  int32 other = 2;\n}");
  EXPECT_EQ(Describe("g.M.inoneof")["declaration"],
            "group InOneof = 1 {\n  optional int32 a = 1;\n}");
  EXPECT_EQ(Describe("g.top")["declaration"],
            "extend M {\n  optional group Top = 100 {\n    optional int32 c = 1;\n  }\n}");
  EXPECT_EQ(Describe("g.M.nested")["declaration"],
            "extend M {\n  optional group Nested = 101 {\n    optional int32 b = 1;\n  }\n}");
  EXPECT_EQ(Describe("g.M.counts")["declaration"], "map<string, int32> counts = 3;");
}

TEST_F(IntrospectTest, UnknownNamesGetNearOnes) {
  Error error = ErrorOf([&] { Describe("shop.v1.Itme"); });
  EXPECT_EQ(error.code, Code::kNotFound);
  EXPECT_THAT(error.message, HasSubstr("did you mean \"shop.v1.Item\"?"));
  store_.LoadProto("other.proto", "syntax = 'proto3'; package other; enum Color { A = 0; }");
  error = ErrorOf([&] { Describe("Color"); });
  EXPECT_EQ(error.code, Code::kAmbiguous);
  EXPECT_THAT(error.candidates, ElementsAre("other.Color", "shop.v1.Color"));
}

TEST_F(IntrospectTest, MembersBehindShortNamesOfTypes) {
  store_.LoadProto("members.proto", R"(syntax = "proto3"; package m;
message Order {
  State state = 1;
  oneof pay { string card = 2; }
  enum State { UNKNOWN = 0; OPEN = 1; }
}
message Thing { message Inner { int32 a = 1; } }
message Other { message Inner { int32 a = 1; } }
)");
  EXPECT_EQ(Describe("Order.state")["name"], "m.Order.state");
  EXPECT_EQ(Describe("Order.pay")["kind"], "oneof");
  EXPECT_EQ(Describe("Order.OPEN")["name"], "m.Order.OPEN");
  for (std::string name : {"m.Order.State.OPEN", "Order.State.OPEN", "State.OPEN"}) {
    EXPECT_EQ(Describe(name)["name"], "m.Order.OPEN") << name;
  }
  Error error = ErrorOf([&] { Describe("Inner.a"); });
  EXPECT_EQ(error.code, Code::kAmbiguous);
  EXPECT_THAT(error.candidates, UnorderedElementsAre("m.Thing.Inner.a", "m.Other.Inner.a"));
}

TEST_F(IntrospectTest, NearNamesAreThoseOfTheSameScope) {
  std::string text = "syntax = 'proto3'; package m;";
  text +=
      "message Order { State state = 1; oneof pay { string card = 2; } "
      "enum State { UNKNOWN = 0; OPEN = 1; } message Line { int32 quantity = 1; } } "
      "enum Size { NONE = 0; SMALL = 1; }";
  store_.LoadProto("members.proto", text);
  for (std::string package : {"a", "b", "z"}) {
    store_.LoadProto(package + ".proto", "syntax = 'proto3'; package " + package +
                                             "; message M3 {} message M30 {} service Sell {}");
  }
  auto near_of = [&](const std::string& name) {
    Error error = ErrorOf([&] { Describe(name); });
    EXPECT_EQ(error.code, Code::kNotFound) << name;
    return error.near_names.empty() ? "" : error.near_names.front();
  };
  EXPECT_EQ(near_of("m.Order.stat"), "m.Order.state");
  EXPECT_EQ(near_of("Order.stat"), "m.Order.state");
  EXPECT_EQ(near_of("m.Order.State.OPNE"), "m.Order.State.OPEN");
  EXPECT_EQ(near_of("m.Order.Lin"), "m.Order.Line");
  EXPECT_EQ(near_of("m.Order.Lien.quantity"), "m.Order.Line");
  EXPECT_EQ(near_of("m.Siez"), "m.Size");
  EXPECT_EQ(near_of("m.SMAL"), "m.SMALL");
  EXPECT_EQ(near_of("z.M33"), "z.M3");
  EXPECT_EQ(near_of("z.Sel"), "z.Sell");
  EXPECT_EQ(near_of("members.prot"), "members.proto");
  Error error = ErrorOf([&] { store_.current()->Message("z.M33"); });
  ASSERT_EQ(error.near_names.size(), 3u);
  EXPECT_THAT(error.near_names.front(), HasSubstr("z.M3"));
}

TEST_F(IntrospectTest, OptionsAreProtoJson) {
  store_.LoadProto("rules.proto", R"(syntax = "proto3"; package o;
import "google/protobuf/descriptor.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
message Rule {
  google.protobuf.Duration min = 1;
  google.protobuf.Duration max = 2;
  google.protobuf.Timestamp since = 3;
  google.protobuf.Int64Value wrapped = 4;
  google.protobuf.Struct struct = 5;
  google.protobuf.FieldMask mask = 6;
  float f = 7;
  repeated float floats = 8;
  google.protobuf.Duration wrong = 9;
  google.protobuf.Timestamp first = 10;
}
extend google.protobuf.FieldOptions { Rule rule = 50001; float f = 50002; }
message M {
  int32 a = 1 [(f) = 0.1, (rule) = {
    min { seconds: 1 nanos: 500000000 } max { nanos: -1 } since { seconds: 1700000000 nanos: 1000 }
    wrapped { value: 5 } f: 3.4028235e38 floats: [1, -inf, 1e-45] wrong { seconds: 1 nanos: -1 }
    first { seconds: -62135596800 } mask { paths: "some_field.other" paths: "b" }
    struct { fields { key: "k" value { list_value { values { null_value: NULL_VALUE }
                                                    values { bool_value: true } } } } }
  }];
}
)");
  EXPECT_EQ(Describe("o.M.a")["options"], Json::parse(R"({
    "[o.rule]": {"min": "1.500s", "max": "-0.000000001s", "since": "2023-11-14T22:13:20.000001Z",
                 "wrapped": "5", "struct": {"k": [null, true]}, "mask": "someField.other,b",
                 "f": 3.4028235e38, "floats": [1.0, "-Infinity", 1e-45],
                 "wrong": {"seconds": "1", "nanos": -1}, "first": "0001-01-01T00:00:00Z"},
    "[o.f]": 0.1})"));
}

TEST_F(IntrospectTest, DefaultsAreProtoJson) {
  store_.LoadProto("defaults.proto", R"(syntax = "proto2";
message D {
  optional int32 a = 1 [default = -5];
  optional uint32 b = 2 [default = 4294967295];
  optional int64 c = 3 [default = -6];
  optional uint64 d = 4 [default = 18446744073709551615];
  optional float e = 5 [default = 0.1];
  optional double f = 6 [default = -inf];
  optional bytes g = 7 [default = "\001x"];
  optional bool h = 8 [default = true];
  optional string i = 9 [default = "x"];
  optional E j = 10 [default = TWO];
}
enum E { ONE = 1; TWO = 2; }
)");
  Json defaults = Json::array();
  const Json description = Describe("D");
  for (const Json& field : description["fields"]) defaults.push_back(field["default"]);
  EXPECT_EQ(defaults.dump(), R"([-5,4294967295,"-6","18446744073709551615",0.1,"-Infinity","AXg=",)"
                             R"(true,"x","TWO"])");
}

TEST_F(IntrospectTest, Templates) {
  Json item = Json::parse(TemplateJson(*store_.current(), "shop.v1.Item"));
  Json expected = Json::parse(R"({
    "displayName": "text", "color": "RED", "parts": {}, "children": [], "price": 1.5,
    "picture": "Ynl0ZXM=", "sold": true, "made": "2026-01-31T12:00:00Z", "age": "1.500s",
    "extra": {"key": "value"},
    "any": {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "1.500s"},
    "note": "text", "nothing": null, "counts": {"1": "1"}})");
  EXPECT_EQ(item, expected);
  EXPECT_EQ(TemplateJson(*store_.current(), "Shop/Get"), R"({"id":"1","mask":"fieldName"})");
  EXPECT_EQ(ErrorOf([&] { TemplateJson(*store_.current(), "shop.v1.Color"); }).code,
            Code::kNotFound);
}

TEST_F(IntrospectTest, TemplatesOfHugeTypesAreCut) {
  std::string text = "syntax = 'proto3';";
  for (int i = 0; i < 40; ++i) {
    std::string next = "M" + std::to_string(i + 1);
    text += "message M" + std::to_string(i) + " { " + next + " a = 1; " + next + " b = 2; }";
  }
  store_.LoadProto("huge.proto", text + "message M40 { int32 leaf = 1; }");
  EXPECT_LT(TemplateJson(*store_.current(), "M0").size(), 200'000u);
}

// A call refuses a message that lacks a required field.
TEST_F(IntrospectTest, TemplatesHaveWhatIsRequired) {
  std::string text = R"(syntax = "proto2"; package r;
message Rec { required int32 x = 1; optional Rec2 q = 2; repeated Rec2 list = 3; }
message Rec2 { required Rec back = 1; required int32 z = 2; }
message Endless { required Endless more = 1; }
message HasEndless { optional Endless e = 1; optional Far far = 2; optional int32 i = 3; }
message Far { required R0 r = 1; }
message Outer { optional Outer1 o = 1; }
)";
  for (int i = 0; i < 20; ++i) {
    std::string id = std::to_string(i);
    std::string next = std::to_string(i + 1);
    text += "message R" + id + " { required R" + next + " n = 1; }\n";
    text += "message Outer" + next + " { optional Outer" + std::to_string(i + 2) +
            " o = 1; required R15 r = 2; }\n";
  }
  store_.LoadProto("required.proto", text +
                                         "message R20 { required int32 x = 1; }\n"
                                         "message Outer21 { required int32 x = 1; }\n");
  auto template_of = [&](const std::string& type) {
    return TemplateJson(*store_.current(), "r." + type);
  };
  EXPECT_EQ(template_of("Rec"), R"({"x":1,"list":[]})");
  EXPECT_EQ(template_of("Rec2"), R"({"back":{"x":1,"list":[]},"z":1})");
  std::string chain = R"({"x":1})";
  for (int i = 0; i < 20; ++i) chain = R"({"n":)" + chain + "}";
  EXPECT_EQ(template_of("R0"), chain);
  EXPECT_EQ(template_of("HasEndless"), R"({"far":{"r":)" + chain + R"(},"i":1})");
  EXPECT_EQ(template_of("Endless"), "{}");  // there is no such message
  Json outer = Json::parse(template_of("Outer"));
  int depth = 0;
  for (Json at = outer; at.contains("o"); ++depth) {
    Json inner = at["o"];
    EXPECT_EQ(inner["r"].dump(), R"({"n":{"n":{"n":{"n":{"n":{"x":1}}}}}})");
    at = inner;
  }
  EXPECT_EQ(depth, 15);
}

TEST_F(IntrospectTest, RequiredTypesThatUnfoldWithoutEndOrBound) {
  std::string text = "syntax = 'proto2'; package u;";
  for (int i = 0; i < 40; ++i) {
    std::string next = "M" + std::to_string(i + 1);
    text += "message M" + std::to_string(i) + " { required " + next + " a = 1; required " + next +
            " b = 2; }";
  }
  text += "message M40 { required int32 leaf = 1; } message Has { optional M0 m = 1; }";
  for (int i = 0; i < 2000; ++i) {
    text += "message C" + std::to_string(i) + " { required C" + std::to_string((i + 1) % 2000) +
            " c = 1; }";
  }
  store_.LoadProto("unfold.proto", text + "message HasC { optional C0 c = 1; }");
  EXPECT_EQ(TemplateJson(*store_.current(), "u.Has"), "{}");
  EXPECT_EQ(TemplateJson(*store_.current(), "u.HasC"), "{}");
  EXPECT_LT(TemplateJson(*store_.current(), "u.M0").size(), 4'000'000u);
  EXPECT_LT(TemplateJson(*store_.current(), "u.C0").size(), 4'000u);
}

// Of proto2; a name means one field, and a call takes the other one by its other name or not at
// all.
TEST_F(IntrospectTest, FieldsWhoseJsonNamesAreTheSame) {
  store_.LoadProto("same.proto", R"(syntax = "proto2"; package s;
message Reachable { optional int32 fooBar = 1; optional string foo_bar = 2; }
message Hidden { optional string foo_bar = 1; optional int32 fooBar = 2; }
message Choice { oneof o { string foo_bar = 1; int32 fooBar = 2; bool other = 3; } }
service S {
  rpc R(Reachable) returns (Choice);
  rpc H(Hidden) returns (Choice);
  rpc C(stream Choice) returns (Choice);
}
)");
  EXPECT_EQ(TemplateJson(*store_.current(), "s.Reachable"), R"({"fooBar":1,"foo_bar":"text"})");
  EXPECT_EQ(TemplateJson(*store_.current(), "s.Hidden"), R"({"fooBar":"text"})");
  auto input_of = [&](const std::string& method) {
    return Json::parse(JsonSchemaJson(*store_.current(), "s.S/" + method))["inputSchema"];
  };
  Json reachable = input_of("R")["properties"];
  EXPECT_EQ(reachable["fooBar"]["type"], "integer");
  EXPECT_EQ(reachable["foo_bar"]["type"], "string");
  EXPECT_EQ(input_of("H")["properties"].dump(), R"({"fooBar":{"type":"string"}})");
  EXPECT_EQ(input_of("C")["$defs"]["s.Choice"]["allOf"][0]["oneOf"].size(), 3u);
  Json printed = Json::parse(JsonSchemaJson(*store_.current(), "s.Hidden"))["properties"];
  EXPECT_EQ(printed.size(), 1u);
  EXPECT_EQ(printed["fooBar"]["anyOf"][0]["type"], "string");
  EXPECT_EQ(printed["fooBar"]["anyOf"][1]["type"], "integer");
}

TEST_F(IntrospectTest, JsonSchemaOfAMessage) {
  Json schema = Json::parse(JsonSchemaJson(*store_.current(), "shop.v1.Item"));
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema["title"], "shop.v1.Item");
  EXPECT_EQ(schema["type"], "object");
  EXPECT_EQ(schema["additionalProperties"], false);
  const Json& properties = schema["properties"];
  EXPECT_EQ(properties["children"]["items"]["$ref"], "#/$defs/shop.v1.Item");
  EXPECT_EQ(schema["$defs"]["shop.v1.Item"]["properties"], properties);
  EXPECT_EQ(properties["made"]["format"], "date-time");
  EXPECT_EQ(properties["picture"]["contentEncoding"], "base64");
  EXPECT_EQ(properties["counts"]["additionalProperties"]["format"], "uint64");
  EXPECT_EQ(properties["color"]["deprecated"], true);
  EXPECT_EQ(properties["color"]["anyOf"][0]["enum"], Json({"COLOR_UNSPECIFIED", "RED"}));
  EXPECT_EQ(properties["nothing"]["type"], "null");
  EXPECT_EQ(schema["allOf"][0]["oneOf"].size(), 4u);
}

TEST_F(IntrospectTest, JsonSchemaSwitches) {
  JsonSchemaOptions options;
  options.proto_names = true;
  options.enum_numbers = true;
  options.int64_as_number = true;
  Json item = Json::parse(JsonSchemaJson(*store_.current(), "shop.v1.Item", options));
  EXPECT_TRUE(item["properties"].contains("display_name"));
  EXPECT_EQ(item["properties"]["color"]["type"], "integer");
  Json request = Json::parse(JsonSchemaJson(*store_.current(), "shop.v1.GetRequest", options));
  EXPECT_EQ(request["properties"]["id"]["type"], "integer");
  EXPECT_FALSE(request.contains("required"));
}

TEST_F(IntrospectTest, ToolDefinitions) {
  Json tool = Json::parse(JsonSchemaJson(*store_.current(), "Shop/Get"));
  EXPECT_EQ(tool["name"], "shop_v1_Shop_Get");
  EXPECT_EQ(tool["description"], "Finds an item.\n\nBy its number.");
  EXPECT_EQ(tool["method"], "shop.v1.Shop/Get");
  EXPECT_EQ(tool["inputSchema"]["required"], Json({"id"}));
  EXPECT_EQ(tool["inputSchema"]["properties"]["id"]["description"], "Of the item.");
  Json tools = Json::parse(ToolsJson(*store_.current()));
  ASSERT_EQ(tools.size(), 2u);
  EXPECT_EQ(tools[0], tool);
  EXPECT_THAT(tools[1]["description"].get<std::string>(), HasSubstr("Sells things."));
  EXPECT_EQ(tools[1]["inputSchema"]["properties"]["requests"]["items"]["$ref"],
            "#/$defs/shop.v1.GetRequest");
}

TEST_F(IntrospectTest, TheInputOfAToolIsAnObject) {
  store_.LoadProto("forms.proto", R"(syntax = "proto3";
import "google/protobuf/any.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto";
service Forms {
  rpc Text(google.protobuf.StringValue) returns (google.protobuf.Empty);
  rpc List(google.protobuf.ListValue) returns (google.protobuf.Empty);
  rpc Value(google.protobuf.Value) returns (google.protobuf.Empty);
  rpc Struct(google.protobuf.Struct) returns (google.protobuf.Empty);
  rpc Any(google.protobuf.Any) returns (google.protobuf.Empty);
  rpc Empty(google.protobuf.Empty) returns (google.protobuf.Empty);
}
)");
  auto input_of = [&](const std::string& method) {
    return Json::parse(JsonSchemaJson(*store_.current(), "Forms/" + method))["inputSchema"];
  };
  Json text = input_of("Text");
  EXPECT_EQ(text["type"], "object");
  EXPECT_EQ(text["properties"].dump(), R"({"request":{"type":"string"}})");
  EXPECT_EQ(text["required"], Json({"request"}));
  EXPECT_EQ(text["additionalProperties"], false);
  EXPECT_EQ(input_of("List")["properties"].dump(), R"({"request":{"type":"array"}})");
  EXPECT_EQ(input_of("Value")["properties"].dump(), R"({"request":{}})");
  for (const char* method : {"Struct", "Any", "Empty"}) {
    EXPECT_EQ(input_of(method)["type"], "object") << method;
    EXPECT_FALSE(input_of(method).value("properties", Json::object()).contains("request"));
  }
}

TEST_F(IntrospectTest, ABrokenFileDoesNotHideTheOtherTools) {
  const auto broken = BrokenFile();
  store_.LoadFiles({broken.SerializeAsString()}, "reflection");
  Json tools = Json::parse(ToolsJson(*store_.current()));
  ASSERT_EQ(tools.size(), 2u);
  EXPECT_EQ(tools[0]["name"], "shop_v1_Shop_Get");
  // Where nothing else is there, it is said why.
  SchemaStore only;
  only.LoadFiles({broken.SerializeAsString()}, "reflection");
  Error error = ErrorOf([&] { ToolsJson(*only.current()); });
  EXPECT_EQ(error.code, Code::kSchema);
  EXPECT_THAT(error.message, HasSubstr("gone.proto"));
}

// Both members cannot be there at once: one of them must.
TEST_F(IntrospectTest, RequiredMembersOfAOneof) {
  store_.LoadProto("pay.proto", R"(syntax = "proto3";
import "google/api/field_behavior.proto";
// How to pay.
message Pay {
  oneof way {
    string card = 1 [(google.api.field_behavior) = REQUIRED];
    bool cash = 2 [(google.api.field_behavior) = REQUIRED];
  }
  oneof only { string note = 3 [(google.api.field_behavior) = REQUIRED]; }
  oneof other { string a = 4; string b = 5; }
}
service Till {
  rpc Take(Pay) returns (Pay);
  rpc TakeAll(stream Pay) returns (Pay);
}
)");
  Json input = Json::parse(JsonSchemaJson(*store_.current(), "Till/Take"))["inputSchema"];
  EXPECT_EQ(input["required"], Json({"note"}));
  // Some interfaces for tools refuse allOf at the top level, and only there.
  EXPECT_FALSE(input.contains("allOf"));
  EXPECT_EQ(input["description"],
            "How to pay.\nExactly one of \"card\", \"cash\".\nAt most one of \"a\", \"b\".");
  Json rules = Json::parse(
      JsonSchemaJson(*store_.current(), "Till/TakeAll"))["inputSchema"]["$defs"]["Pay"]["allOf"];
  EXPECT_EQ(rules[0].dump(), R"({"oneOf":[{"required":["card"]},{"required":["cash"]}]})");
  EXPECT_EQ(rules[1]["oneOf"].size(), 3u);
  // A message by itself may be a response.
  Json message = Json::parse(JsonSchemaJson(*store_.current(), "Pay"));
  EXPECT_EQ(message["allOf"].size(), 2u);
  EXPECT_EQ(message["allOf"][0]["oneOf"].size(), 3u);
}

TEST_F(IntrospectTest, FloatsHaveBounds) {
  store_.LoadProto("numbers.proto", "syntax = 'proto3'; message N { float f = 1; double d = 2; }");
  Json properties = Json::parse(JsonSchemaJson(*store_.current(), "N"))["properties"];
  EXPECT_EQ(properties["f"]["anyOf"][0]["maximum"], 3.4028235e38);
  EXPECT_EQ(properties["f"]["anyOf"][0]["minimum"], -3.4028235e38);
  EXPECT_EQ(properties["d"]["anyOf"][0].dump(), R"({"type":"number"})");
}

TEST_F(IntrospectTest, ToolNamesAreShortAndDifferent) {
  std::string package = std::string(80, 'a');
  std::string name = "ServiceOfAVeryLongNameThatGoesOnForMoreThanSixtyFourCharactersAltogether";
  for (std::string suffix : {"x", "y"}) {
    store_.LoadProto(suffix + ".proto", "syntax = 'proto3'; package " + suffix + package +
                                            "; message M {} service " + name +
                                            " { rpc Do(M) returns (M); }");
  }
  std::set<std::string> names;
  for (const Json& tool : Json::parse(ToolsJson(*store_.current()))) {
    std::string tool_name = tool["name"];
    EXPECT_LE(tool_name.size(), 64u);
    EXPECT_TRUE(names.insert(tool_name).second) << tool_name;
  }
  EXPECT_EQ(names.size(), 4u);
}

TEST_F(IntrospectTest, NamesOfToolsThatMeetAreToldApartInTheList) {
  store_.LoadProto("lines.proto",
                   "syntax = 'proto3'; package p; message M {} "
                   "service X { rpc _Y(M) returns (M); } service X_ { rpc Y(M) returns (M); }");
  std::vector<std::string> names;
  for (const Json& tool : Json::parse(ToolsJson(*store_.current()))) names.push_back(tool["name"]);
  EXPECT_THAT(names, ElementsAre("p_X__Y", "p_X__Y_2", "shop_v1_Shop_Get", "shop_v1_Shop_Old"));
}

}  // namespace
}  // namespace pygrpc::schema
