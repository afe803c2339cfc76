// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// What is exported is loaded again, by this library and by protoc, as the same.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "schema/file_compare.h"
#include "schema/introspect.h"
#include "schema/schema_file.h"
#include "schema/schema_fixture.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

std::vector<std::string> NamesIn(const std::string& set_bytes) {
  FileDescriptorSet set;
  EXPECT_TRUE(set.ParseFromString(set_bytes));
  std::vector<std::string> names;
  for (const auto& file : set.file()) names.push_back(file.name());
  return names;
}

class ExportTest : public SchemaTest {
 protected:
  // Compiles the exported text with protoc and compares with what is loaded.
  void ExpectRoundTrip() {
    auto schema = store_.current();
    FileDescriptorSet loaded;
    ASSERT_TRUE(loaded.ParseFromString(ExportDescriptorSet(*schema, {})));
    Json texts = Json::parse(ExportProtoText(*schema, {}));
    ASSERT_EQ(static_cast<int>(texts.size()), loaded.file_size());
    TempDir out;
    std::string names;
    for (const auto& [name, text] : texts.items()) {
      out.Write(name, text.get<std::string>());
      names += " '" + name + "'";
    }
    FileDescriptorSet compiled;
    ASSERT_TRUE(compiled.ParseFromString(Protoc(out.path(), "--include_imports" + names)));
    std::map<std::string, FileDescriptorProto> by_name;
    for (const auto& file : compiled.file()) by_name[file.name()] = file;
    for (const auto& file : loaded.file()) {
      ASSERT_EQ(by_name.count(file.name()), 1u) << file.name();
      EXPECT_TRUE(
          SameContent(*MakeFile(file, "loaded"), *MakeFile(by_name[file.name()], "text"), false))
          << file.name() << "\n"
          << texts[file.name()].get<std::string>();
    }
    SchemaStore again;
    again.LoadDescriptorSet(loaded.SerializeAsString());
    EXPECT_EQ(ExportProtoText(*again.current(), {}), texts.dump());
  }
};

const char kProto2[] = R"(
// Of the file.
syntax = "proto2";
package odd.pack;
import public "google/protobuf/any.proto";
import "google/protobuf/descriptor.proto";
option java_package = "com.odd";
option (file_text) = "a\"b\\c\n\001\303\244";
option (list) = "one";
option (list) = "two";
option (nested) = { text: "x" inner { number: -5 } names: "a" names: "b" kind: SECOND };

extend google.protobuf.FileOptions {
  optional string file_text = 50001;
  repeated string list = 50002;
  optional Nested nested = 50003;
}
extend google.protobuf.FieldOptions { optional double field_double = 50001; }
extend google.protobuf.EnumValueOptions { optional sint64 of_value = 50001; }
extend google.protobuf.OneofOptions { optional bool of_oneof = 50001; }
extend google.protobuf.ExtensionRangeOptions { optional bytes of_range = 50001; }
extend google.protobuf.MessageOptions { optional Kind of_message = 50001; }

enum Kind {
  option allow_alias = true;
  FIRST = -1;
  SECOND = 2 [deprecated = true, (of_value) = -9223372036854775808];
  ALSO_SECOND = 2;
  reserved 5, 7 to 9, 100 to max;
  reserved "GONE", "LOST";
}

enum Zero { ZERO = 0; }
message Nested {
  message Inner { optional int32 number = 1; }
  optional string text = 1;
  optional Inner inner = 2;
  repeated string names = 3;
  optional Kind kind = 4;
}

message All {
  option (of_message) = SECOND;
  required int32 r = 1;
  optional float f = 2 [default = -inf];
  optional double d = 3 [default = 1e-300, (field_double) = 0.1];
  optional string s = 4 [default = "quote\"\n\t\\ \303\244", json_name = "other"];
  optional bytes b = 5 [default = "\000\377'\""];
  optional bool t = 6 [default = true];
  optional Kind k = 7 [default = SECOND];
  optional uint64 u = 8 [default = 18446744073709551615];
  repeated int32 packed = 9 [packed = true];
  // A group.
  optional group Grp = 10 {
    optional int32 x = 1;  // Inside.
    optional All up = 2;
  }
  message After {}
  map<string, After> map = 11;
  map<int32, Zero> kinds = 12 [deprecated = true];
  message Last { optional Nested nested = 1; optional odd.pack.Nested.Inner inner = 2; }
  oneof choice {
    option (of_oneof) = true;
    string a = 13;
    Last l = 14;
    group InOneof = 15 { optional int32 y = 1; }
  }
  extensions 100 to 199, 300;
  extensions 1000 to max [(of_range) = "\001"];
  reserved 50 to 60, 70;
  reserved "old", "older";
  extend All { repeated group Ext = 100 { optional int32 z = 1; } }
  extend .odd.pack.All { optional All again = 101; }
}

extend All {
  optional int32 top = 102 [default = 5];
  repeated string tops = 103;
}
message pack { optional string odds = 1; message odd { optional All all = 1; optional .odd.pack.All.Last last = 2; } }
message Set { option message_set_wire_format = true; extensions 4 to max; }

service S {
  option deprecated = true;
  rpc A(All) returns (stream Nested);
  rpc B(stream All.Last) returns (google.protobuf.Any) { option deprecated = true; }
}
)";

TEST_F(ExportTest, Proto2InAllItsForms) {
  store_.LoadProto("dir/odd.proto", kProto2);
  ExpectRoundTrip();
}

TEST_F(ExportTest, Proto3InAllItsForms) {
  store_.LoadProto("three.proto", R"(syntax = "proto3";
package three;
import "google/api/annotations.proto";
import "google/api/resource.proto";
message M {
  option (google.api.resource) = { type: "a/B" pattern: "x/{y}" pattern: "z" };
  optional int32 o = 1;
  int64 plain = 2 [jstype = JS_STRING];
  repeated int32 unpacked = 3 [packed = false];
  optional M m = 4;
  oneof real { string s = 5; M n = 6; }
  map<bool, M> map = 7;
  string fooBar_baz = 8;
  string _odd__name = 9;
}
service S {
  rpc R(M) returns (M) {
    option (google.api.http) = { post: "/v1" body: "*" additional_bindings { get: "/v2" } };
  }
}
)");
  ExpectRoundTrip();
}

// Without a dot in front of it, each of these words means something else where a type may stand.
TEST_F(ExportTest, TypesNamedLikeWordsOfTheLanguage) {
  std::string declarations;
  std::string fields;
  int number = 0;
  for (const char* word :
       {"bool",    "bytes",    "double",   "enum",     "export",   "extend",  "extensions",
        "fixed32", "fixed64",  "float",    "group",    "import",   "int32",   "int64",
        "local",   "map",      "max",      "message",  "oneof",    "option",  "optional",
        "package", "public",   "repeated", "required", "reserved", "returns", "rpc",
        "service", "sfixed32", "sfixed64", "sint32",   "sint64",   "stream",  "string",
        "syntax",  "to",       "uint32",   "uint64",   "weak"}) {
    std::string name = word;
    declarations += "message " + name + " { message Inner {} }\n";
    for (const std::string& type : {".p." + name, ".p." + name + ".Inner"}) {
      std::string id = std::to_string(++number);
      fields += type + " f" + id + " = " + id + ";\n";
      id = std::to_string(++number);
      fields += "oneof o" + id + " { " + type + " f" + id + " = " + id + "; }\n";
    }
  }
  store_.LoadProto("words.proto", "syntax = 'proto3'; package p;\n" + declarations +
                                      "message M {\n" + fields +
                                      "  repeated .p.string list = 1000;\n"
                                      "  map<int32, .p.string> map = 1001;\n"
                                      "}\n"
                                      "service S { rpc A(.p.stream) returns (stream .p.stream); }");
  store_.LoadProto("extended.proto",
                   "syntax = 'proto2'; package q; message string { extensions 1 to 9; }\n"
                   "extend .q.string { optional .q.string of_string = 1; }");
  ExpectRoundTrip();
}

// protoc looks for the option of a message from outside of it.
TEST_F(ExportTest, OptionsBesideOtherThingsOfTheirNames) {
  store_.LoadProto("scopes.proto", R"(syntax = "proto2";
package p;
import "google/protobuf/descriptor.proto";
extend google.protobuf.MessageOptions { optional string foo = 50001; }
extend google.protobuf.FieldOptions { optional string foo_field = 50001; }
extend google.protobuf.OneofOptions { optional string foo_oneof = 50001; }
extend google.protobuf.EnumOptions { optional string foo_enum = 50001; }
extend google.protobuf.EnumValueOptions { optional string foo_value = 50001; }
extend google.protobuf.ExtensionRangeOptions { optional string foo_range = 50001; }
extend google.protobuf.ServiceOptions { optional string foo_service = 50001; }
extend google.protobuf.MethodOptions { optional string foo_method = 50001; }
message M {
  option (.p.foo) = "message";
  option (.p.M.inside) = "of itself";
  extend google.protobuf.MessageOptions { optional string inside = 50002; }
  extend google.protobuf.ExtensionRangeOptions { optional string of_range = 50002; }
  message foo {}
  message foo_field {}
  message foo_oneof {}
  message foo_enum {}
  message foo_value {}
  message foo_range {}
  message p {}
  enum E {
    option (.p.foo_enum) = "enum";
    A = 0 [(.p.foo_value) = "value"];
  }
  oneof o {
    option (.p.foo_oneof) = "oneof";
    int32 i = 1 [(.p.foo_field) = "field"];
  }
  extensions 10 to 20 [(.p.foo_range) = "range", (.p.M.of_range) = "of itself"];
  message Inner {
    option (.p.foo) = "inner";
    message foo_range {}
    extensions 10 to 20 [(.p.foo_range) = "range", (.p.M.of_range) = "of itself"];
    optional .p.M.p q = 1;
    optional .p.M m = 2;
  }
}
service S {
  option (.p.foo_service) = "service";
  rpc foo_service(M) returns (M) { option (.p.foo_method) = "method"; }
  rpc foo_method(M) returns (M) { option (.p.foo_method) = "method"; }
}
)");
  ExpectRoundTrip();
}

TEST_F(ExportTest, EverythingThatProtobufShips) {
  Load("/usr/include/google/protobuf");
  ExpectRoundTrip();
}

TEST_F(ExportTest, EverythingEmbedded) {
  Load(std::string(PYGRPC_SOURCE_DIR) + "/protos/embedded");
  ExpectRoundTrip();
}

TEST_F(ExportTest, EverythingInThisTree) {
  Load(std::string(PYGRPC_SOURCE_DIR) + "/protos");
  ExpectRoundTrip();
}

TEST_F(ExportTest, OnlyWhatASymbolNeeds) {
  store_.LoadProto("a.proto", "syntax = 'proto3'; message A {}");
  store_.LoadProto("b.proto", "syntax = 'proto3'; import 'a.proto'; message B { A a = 1; }");
  store_.LoadProto("c.proto", "syntax = 'proto3'; message C {}");
  EXPECT_THAT(NamesIn(ExportDescriptorSet(*store_.current(), {"B"})),
              ElementsAre("a.proto", "b.proto"));
  EXPECT_THAT(NamesIn(ExportDescriptorSet(*store_.current(), {"c.proto", "A"})),
              ElementsAre("c.proto", "a.proto"));
  EXPECT_EQ(NamesIn(ExportDescriptorSet(*store_.current(), {})).size(), 3u);
  EXPECT_EQ(ErrorOf([&] { ExportDescriptorSet(*store_.current(), {"Gone"}); }).code,
            Code::kNotFound);
}

TEST_F(ExportTest, CommentsAreInTheText) {
  store_.LoadProto("helloworld.proto", kGreeterProto);
  Json texts = Json::parse(ExportProtoText(*store_.current(), {}));
  EXPECT_THAT(texts["helloworld.proto"].get<std::string>(),
              HasSubstr("// Greets.\nservice Greeter {"));
}

// As other compilers may write it; protoc takes the option for a mistake.
TEST_F(ExportTest, AliasesThatAreAllowedAndNotThere) {
  for (bool allowed : {false, true}) {
    FileDescriptorProto file = SimpleFile(allowed ? "a.proto" : "b.proto");
    auto* type = file.add_enum_type();
    type->set_name(allowed ? "A" : "B");
    type->mutable_options()->set_allow_alias(allowed);
    type->add_value()->set_name(allowed ? "ZERO" : "NONE");
    type->mutable_value(0)->set_number(0);
    FileDescriptorSet set;
    *set.add_file() = file;
    store_.LoadDescriptorSet(set.SerializeAsString());
    Json texts = Json::parse(ExportProtoText(*store_.current(), {file.name()}));
    SchemaStore again;
    again.LoadProto(file.name(), texts[file.name()].get<std::string>());
    EXPECT_FALSE(again.current()->empty());
  }
}

TEST_F(ExportTest, ImportsThatWereMissingAreLeftOut) {
  store_.LoadFiles({SimpleFile("a.proto", {"gone.proto"}).SerializeAsString()}, "reflection");
  SchemaStore again;
  again.LoadDescriptorSet(ExportDescriptorSet(*store_.current(), {}));
  EXPECT_NE(again.current()->FindMessage("Ma"), nullptr);
}

}  // namespace
}  // namespace pygrpc::schema
