// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Editions: descriptors as newer compilers make them, although this protobuf knows none.

#include "schema/editions.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "schema/features.h"
#include "schema/introspect.h"
#include "schema/schema_fixture.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using google::protobuf::Message;
using ::testing::HasSubstr;

FileDescriptorProto Parse(const std::string& text, int edition = kEdition2023) {
  FileDescriptorProto file;
  if (!google::protobuf::TextFormat::ParseFromString(text, &file)) ADD_FAILURE() << text;
  if (edition != 0) {
    file.set_syntax("editions");
    file.GetReflection()->MutableUnknownFields(&file)->AddVarint(14, edition);
  }
  return file;
}

void SetFeatures(Message* options, int number, const Features& features) {
  options->GetReflection()->MutableUnknownFields(options)->AddLengthDelimited(number,
                                                                              features.Serialize());
}

class EditionsTest : public SchemaTest {
 protected:
  void LoadSet(const std::vector<FileDescriptorProto>& files) {
    FileDescriptorSet set;
    for (const auto& file : files) *set.add_file() = file;
    store_.LoadDescriptorSet(set.SerializeAsString());
  }
  const FieldDescriptor* Field(const std::string& message, const std::string& field) {
    return store_.current()->Message(message)->FindFieldByName(field);
  }
};

const char kAllKinds[] = R"(
  name: "e.proto" package: "e"
  message_type {
    name: "M"
    field { name: "i" number: 1 label: LABEL_OPTIONAL type: TYPE_INT32 json_name: "i" }
    field { name: "s" number: 2 label: LABEL_OPTIONAL type: TYPE_STRING json_name: "odd" }
    field { name: "r" number: 3 label: LABEL_REPEATED type: TYPE_INT32 }
    field { name: "m" number: 4 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".e.M" }
    field { name: "e" number: 5 label: LABEL_OPTIONAL type: TYPE_ENUM type_name: ".e.E" }
    field { name: "o" number: 6 label: LABEL_OPTIONAL type: TYPE_INT32 oneof_index: 0 }
    field { name: "map" number: 7 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".e.M.MapEntry" }
    nested_type {
      name: "MapEntry" options { map_entry: true }
      field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
      field { name: "value" number: 2 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".e.M" }
    }
    oneof_decl { name: "choice" }
  }
  enum_type { name: "E" value { name: "ZERO" number: 0 } value { name: "ONE" number: 1 } }
)";

TEST_F(EditionsTest, Defaults) {
  for (int edition : {kEdition2023, kEdition2024}) {
    SchemaStore store;
    store.LoadDescriptorSet([&] {
      FileDescriptorSet set;
      *set.add_file() = Parse(kAllKinds, edition);
      return set.SerializeAsString();
    }());
    const Descriptor* message = store.current()->Message("e.M");
    for (const char* name : {"i", "s", "m", "e", "o"}) {
      EXPECT_TRUE(HasPresence(message->FindFieldByName(name))) << name;
    }
    EXPECT_TRUE(message->FindFieldByName("r")->is_packed());
    EXPECT_FALSE(IsClosed(message->FindFieldByName("e")->enum_type()));
    EXPECT_TRUE(RequiresUtf8(message->FindFieldByName("s")));
    EXPECT_EQ(message->FindFieldByName("s")->json_name(), "odd");
    EXPECT_EQ(message->FindFieldByName("m")->type(), FieldDescriptor::TYPE_MESSAGE);
    EXPECT_TRUE(message->FindFieldByName("map")->is_map());
    EXPECT_EQ(message->real_oneof_decl_count(), 1);
    EXPECT_EQ(message->FindFieldByName("o")->real_containing_oneof()->name(), "choice");
  }
}

TEST_F(EditionsTest, FeaturesOfTheFileAreInherited) {
  FileDescriptorProto file = Parse(kAllKinds);
  Features features;
  features.field_presence = Features::kImplicit;
  features.enum_type = Features::kClosed;
  features.repeated_field_encoding = Features::kExpanded;
  features.utf8_validation = Features::kNone;
  features.message_encoding = Features::kDelimited;
  SetFeatures(file.mutable_options(), kFileFeatures, features);
  LoadSet({file});
  EXPECT_FALSE(HasPresence(Field("M", "i")));
  EXPECT_FALSE(HasPresence(Field("M", "s")));
  EXPECT_TRUE(HasPresence(Field("M", "m")));
  EXPECT_TRUE(HasPresence(Field("M", "o")));
  EXPECT_FALSE(Field("M", "r")->is_packed());
  EXPECT_TRUE(IsClosed(Field("M", "e")->enum_type()));
  EXPECT_FALSE(RequiresUtf8(Field("M", "s")));
  EXPECT_EQ(Field("M", "m")->type(), FieldDescriptor::TYPE_GROUP);
  // Maps and what is in them have a length, always.
  EXPECT_TRUE(Field("M", "map")->is_map());
  EXPECT_EQ(Field("M", "map")->type(), FieldDescriptor::TYPE_MESSAGE);
  EXPECT_EQ(Field("M", "map")->message_type()->field(1)->type(), FieldDescriptor::TYPE_MESSAGE);
}

TEST_F(EditionsTest, FeaturesOfASingleFieldOrEnum) {
  FileDescriptorProto file = Parse(kAllKinds);
  auto* message = file.mutable_message_type(0);
  Features features;
  features.field_presence = Features::kImplicit;
  SetFeatures(message->mutable_field(0)->mutable_options(), kFieldFeatures, features);
  features = {};
  features.field_presence = Features::kRequired;
  features.utf8_validation = Features::kNone;
  SetFeatures(message->mutable_field(1)->mutable_options(), kFieldFeatures, features);
  features = {};
  features.repeated_field_encoding = Features::kExpanded;
  SetFeatures(message->mutable_field(2)->mutable_options(), kFieldFeatures, features);
  features = {};
  features.message_encoding = Features::kDelimited;
  SetFeatures(message->mutable_field(3)->mutable_options(), kFieldFeatures, features);
  LoadSet({file});
  EXPECT_FALSE(HasPresence(Field("M", "i")));
  EXPECT_TRUE(Field("M", "s")->is_required());
  EXPECT_FALSE(RequiresUtf8(Field("M", "s")));
  EXPECT_FALSE(Field("M", "r")->is_packed());
  EXPECT_EQ(Field("M", "m")->type(), FieldDescriptor::TYPE_GROUP);
  // The rest of a file that proto3 cannot express keeps its own rules.
  EXPECT_FALSE(IsClosed(Field("M", "e")->enum_type()));
  EXPECT_TRUE(HasPresence(Field("M", "e")));
  EXPECT_TRUE(RequiresUtf8(Field("M", "map")->message_type()->field(0)));
}

TEST_F(EditionsTest, ExtensionsAndDefaultsWork) {
  FileDescriptorProto file = Parse(R"(
    name: "x.proto" package: "x"
    message_type {
      name: "Base" extension_range { start: 100 end: 200 }
      field { name: "d" number: 1 label: LABEL_OPTIONAL type: TYPE_INT32 default_value: "7" }
    }
    extension { name: "ext" extendee: ".x.Base" number: 100 label: LABEL_REPEATED type: TYPE_INT32 }
  )");
  LoadSet({file});
  auto schema = store_.current();
  EXPECT_EQ(Field("Base", "d")->default_value_int32(), 7);
  auto extensions = schema->Extensions(schema->Message("Base"));
  ASSERT_EQ(extensions.size(), 1u);
  EXPECT_TRUE(extensions[0]->is_packed());
}

TEST_F(EditionsTest, FilesOfAllSyntaxesMayImportEachOther) {
  FileDescriptorProto closed = Parse(R"(
    name: "closed.proto"
    message_type {
      name: "Required"
      field { name: "f" number: 1 label: LABEL_OPTIONAL type: TYPE_INT32 default_value: "1" }
    }
    enum_type { name: "Open" value { name: "OPEN_ZERO" number: 0 } }
  )");
  FileDescriptorProto proto3 = Parse(R"(
    name: "three.proto" syntax: "proto3" dependency: "closed.proto"
    message_type {
      name: "Three"
      field { name: "e" number: 1 label: LABEL_OPTIONAL type: TYPE_ENUM type_name: ".Open" }
      field { name: "i" number: 2 label: LABEL_OPTIONAL type: TYPE_INT32 }
      field { name: "p" number: 3 label: LABEL_OPTIONAL type: TYPE_INT32 proto3_optional: true oneof_index: 0 }
      field { name: "s" number: 4 label: LABEL_OPTIONAL type: TYPE_STRING }
      field { name: "r" number: 5 label: LABEL_REPEATED type: TYPE_INT32 }
      oneof_decl { name: "_p" }
    }
    enum_type { name: "OfThree" value { name: "THREE_ZERO" number: 0 } }
  )",
                                     0);
  FileDescriptorProto edition = Parse(R"(
    name: "edition.proto" dependency: "two.proto"
    message_type {
      name: "Edition"
      field { name: "e" number: 1 label: LABEL_OPTIONAL type: TYPE_ENUM type_name: ".Closed" }
      field { name: "i" number: 2 label: LABEL_OPTIONAL type: TYPE_INT32 }
    }
  )");
  FileDescriptorProto proto2 = Parse(R"(
    name: "two.proto"
    enum_type { name: "Closed" value { name: "CLOSED_ONE" number: 1 } }
  )",
                                     0);
  LoadSet({edition, proto3, closed, proto2});
  EXPECT_FALSE(IsClosed(Field("Three", "e")->enum_type()));
  EXPECT_FALSE(HasPresence(Field("Three", "e")));
  EXPECT_FALSE(HasPresence(Field("Three", "i")));
  EXPECT_TRUE(HasPresence(Field("Three", "p")));
  EXPECT_EQ(Field("Three", "p")->real_containing_oneof(), nullptr);
  EXPECT_TRUE(RequiresUtf8(Field("Three", "s")));
  EXPECT_TRUE(Field("Three", "r")->is_packed());
  EXPECT_FALSE(IsClosed(Field("Three", "e")->file()->FindEnumTypeByName("OfThree")));
  EXPECT_TRUE(IsClosed(Field("Edition", "e")->enum_type()));
  EXPECT_TRUE(HasPresence(Field("Edition", "i")));
}

TEST_F(EditionsTest, FromReflection) {
  store_.LoadFiles({Parse(kAllKinds).SerializeAsString()}, "reflection");
  EXPECT_TRUE(HasPresence(Field("M", "i")));
}

TEST_F(EditionsTest, LoadedTwiceIsFine) {
  LoadSet({Parse(kAllKinds)});
  LoadSet({Parse(kAllKinds)});
  Error error = ErrorOf([&] { LoadSet({Parse(kAllKinds, kEdition2024)}); });
  EXPECT_THAT(error.message, HasSubstr("\"e.proto\""));
}

TEST_F(EditionsTest, UnknownEditionsAreErrors) {
  Error error = ErrorOf([&] { LoadSet({Parse(kAllKinds, 2000)}); });
  EXPECT_EQ(error.code, Code::kSchema);
  EXPECT_THAT(error.message, HasSubstr("edition number 2000 is not known"));
  EXPECT_TRUE(store_.current()->empty());
}

const char kEditionText[] = R"(// A file of an edition.
edition = "2023";
package e;
import "google/protobuf/go_features.proto";
import "google/protobuf/timestamp.proto";
option features.(pb.go).api_level = API_OPAQUE;
option features.utf8_validation = NONE;
message M {
  reserved gone, "lost";
  reserved 100 to 110;
  int32 i = 1 [features.field_presence = IMPLICIT];
  string s = 2 [features = { utf8_validation: VERIFY }];
  repeated int32 r = 3 [features.repeated_field_encoding = EXPANDED, deprecated = true];
  Inner inner = 4 [features.message_encoding = DELIMITED];
  Open open = 5;
  Closed closed = 6 [features.field_presence = LEGACY_REQUIRED];
  google.protobuf.Timestamp time = 7;
  map<string, Inner> map = 8;
  repeated Open opens = 9;
  int32 explicit = 10 [default = 5];
  oneof o { string a = 11; Inner b = 12; }
  message Inner { M up = 1; reserved x; }
  enum Closed { option features.enum_type = CLOSED; ONE = 1; reserved OTHER; }
  string t = 13;
}
enum Open { ZERO = 0; }
service S { rpc Do(M) returns (M.Inner); }
)";

TEST_F(EditionsTest, Text) {
  store_.LoadProto("e.proto", kEditionText);
  EXPECT_FALSE(HasPresence(Field("M", "i")));
  EXPECT_TRUE(RequiresUtf8(Field("M", "s")));
  EXPECT_FALSE(RequiresUtf8(Field("M", "t")));
  EXPECT_FALSE(Field("M", "r")->is_packed());
  EXPECT_EQ(Field("M", "inner")->type(), FieldDescriptor::TYPE_GROUP);
  EXPECT_FALSE(IsClosed(Field("M", "open")->enum_type()));
  EXPECT_TRUE(IsClosed(Field("M", "closed")->enum_type()));
  EXPECT_TRUE(Field("M", "closed")->is_required());
  EXPECT_TRUE(Field("M", "map")->is_map());
  EXPECT_TRUE(Field("M", "opens")->is_packed());
  EXPECT_EQ(Field("M", "explicit")->default_value_int32(), 5);
  EXPECT_TRUE(store_.current()->Message("M")->IsReservedName("gone"));
  EXPECT_NE(store_.current()->Method("Do"), nullptr);
}

TEST_F(EditionsTest, TextIsKeptAsACompilerWouldHaveWrittenIt) {
  store_.LoadProto("e.proto", kEditionText);
  FileDescriptorSet set;
  ASSERT_TRUE(set.ParseFromString(ExportDescriptorSet(*store_.current(), {"e.proto"})));
  const FileDescriptorProto& file = set.file(set.file_size() - 1);
  EXPECT_EQ(file.syntax(), "editions");
  EXPECT_EQ(EditionOf(file), kEdition2023);
  const auto& message = file.message_type(0);
  EXPECT_EQ(message.field(3).type(), google::protobuf::FieldDescriptorProto::TYPE_MESSAGE);
  EXPECT_EQ(message.field(3).type_name(), ".e.M.Inner");
  EXPECT_EQ(message.field(5).label(), google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
  EXPECT_EQ(message.oneof_decl_size(), 1);
  EXPECT_FALSE(message.field(8).options().has_packed());
  EXPECT_TRUE(message.field(2).options().deprecated());
  EXPECT_EQ(FindFeatures(message.field(0).options().unknown_fields(), kFieldFeatures), "\x08\x02");
  // From text to text.
  auto texts = nlohmann::json::parse(ExportProtoText(*store_.current(), {"e.proto"}));
  std::string text = texts["e.proto"];
  EXPECT_THAT(text, HasSubstr("edition = \"2023\";"));
  EXPECT_THAT(text, HasSubstr("Inner inner = 4 [features.message_encoding = DELIMITED];"));
  store_.LoadProto("e.proto", text);
  store_.LoadDescriptorSet(set.SerializeAsString());
}

TEST_F(EditionsTest, TextOfOtherSyntaxesImportsIt) {
  store_.LoadProto("e.proto", kEditionText);
  store_.LoadProto(
      "three.proto",
      "syntax = 'proto3'; import 'e.proto'; message Three { e.Open open = 1; int32 i = 2; }");
  EXPECT_FALSE(HasPresence(Field("Three", "open")));
  EXPECT_FALSE(HasPresence(Field("Three", "i")));
  auto texts = nlohmann::json::parse(ExportProtoText(*store_.current(), {"three.proto"}));
  EXPECT_THAT(texts["three.proto"].get<std::string>(), HasSubstr("syntax = \"proto3\";"));
}

TEST_F(EditionsTest, TextErrorsHaveTheirPlace) {
  Error error = ErrorOf([&] {
    store_.LoadProto("e.proto",
                     "// A comment.\n/* And\n another. */ edition = '2023';\n"
                     "message M {\n  optional int32 a = 1;\n  reserved b,\n c;\n"
                     "  int32 d = 4 [features.no_such = X];\n}\n");
  });
  EXPECT_THAT(error.message, HasSubstr("e.proto:5:18: an edition has no label \"optional\""));
  ASSERT_EQ(error.locations.size(), 2u);
  EXPECT_EQ(error.locations[1].line, 8);
  EXPECT_THAT(error.locations[1].text, HasSubstr("unknown feature"));
  error = ErrorOf([&] { store_.LoadProto("f.proto", "edition = \"2026\";\n"); });
  EXPECT_EQ(error.code, Code::kSchema);
  EXPECT_THAT(error.message,
              HasSubstr("f.proto:1:1: edition \"2026\" is not known: editions 2023 and 2024 are"));
}

TEST_F(EditionsTest, ReservedNamesWithCommentsBetween) {
  store_.LoadProto("e.proto",
                   "edition = '2023';\nmessage M {\n  reserved\n    foo, // gone; see {above}\n"
                   "    bar /* ; */, 'baz;';\n  int32 a = 1;\n}\n");
  google::protobuf::DescriptorProto message;
  store_.current()->Message("M")->CopyTo(&message);
  EXPECT_THAT(message.reserved_name(), ::testing::ElementsAre("foo", "bar", "baz;"));
}

TEST_F(EditionsTest, FeaturesOfLanguagesInAnAggregateAreLeftOut) {
  store_.LoadProto("e.proto",
                   "edition = '2023';\nmessage M {\n  string a = 1 [features = {\n"
                   "    field_presence: IMPLICIT [pb.cpp] { string_type: VIEW }\n"
                   "    [pb.go]: { deep { x: 1 } }, utf8_validation: NONE }];\n}\n");
  EXPECT_FALSE(HasPresence(store_.current()->Message("M")->field(0)));
  Error error = ErrorOf([&] {
    store_.LoadProto("f.proto",
                     "edition = '2023'; message F { string a = 1 [features = {[pb.cpp]}]; }");
  });
  EXPECT_THAT(error.message, HasSubstr("unknown feature"));
}

TEST_F(EditionsTest, TextOfEdition2024) {
  store_.LoadProto("new.proto", R"(edition = "2024";
package n;
option features.enforce_naming_style = STYLE_LEGACY;
option features.default_symbol_visibility = EXPORT_ALL;
message M { int32 explicit = 1; int32 implicit = 2 [features.field_presence = IMPLICIT]; }
)");
  const auto* message = store_.current()->Message("n.M");
  EXPECT_TRUE(HasPresence(message->field(0)));
  EXPECT_FALSE(HasPresence(message->field(1)));
  std::string text = ExportProtoText(*store_.current(), {});
  EXPECT_THAT(text, HasSubstr("edition = \\\"2024\\\";"));
  EXPECT_THAT(text, HasSubstr("option features.enforce_naming_style = STYLE_LEGACY;"));
  EXPECT_THAT(text, HasSubstr("option features.default_symbol_visibility = EXPORT_ALL;"));
}

TEST_F(EditionsTest, SyntaxOfEdition2024) {
  store_.LoadProto("options.proto", "syntax = 'proto3'; package o; message O {}");
  store_.LoadProto("new.proto", R"(edition = "2024";
import option "options.proto";  // For options only.
export
message M {
  local enum E { ZERO = 0; }
  local message message { int32 local = 1; E export = 2; }
  message N {} message export {}
}
local enum F { NONE = 0; }
)");
  const auto* message = store_.current()->Message("M.message");
  EXPECT_EQ(message->field(1)->enum_type()->full_name(), "M.E");
  EXPECT_NE(store_.current()->FindMessage("M.export"), nullptr);
  // They belong to 2024: before, they are errors, in their places.
  Error error = ErrorOf(
      [&] { SchemaStore().LoadProto("old.proto", "edition = '2023';\n\nlocal message M {}\n"); });
  EXPECT_THAT(error.message, HasSubstr("old.proto:3:1: "));
}

TEST_F(EditionsTest, ProtoTwoAndThreeAnswerAsEver) {
  store_.LoadProto("two.proto",
                   "syntax = 'proto2'; message Two { optional int32 i = 1; optional string s = 2;"
                   " optional E e = 3; enum E { A = 0; } }");
  store_.LoadProto("three.proto",
                   "syntax = 'proto3'; message Three { int32 i = 1; string s = 2; E e = 3;"
                   " enum E { A = 0; } optional int32 p = 4; }");
  EXPECT_TRUE(HasPresence(Field("Two", "i")));
  EXPECT_TRUE(IsClosed(Field("Two", "e")->enum_type()));
  EXPECT_FALSE(RequiresUtf8(Field("Two", "s")));
  EXPECT_FALSE(HasPresence(Field("Three", "i")));
  EXPECT_TRUE(HasPresence(Field("Three", "p")));
  EXPECT_FALSE(IsClosed(Field("Three", "e")->enum_type()));
  EXPECT_TRUE(RequiresUtf8(Field("Three", "s")));
  EXPECT_FALSE(RequiresUtf8(Field("Three", "i")));
}

}  // namespace
}  // namespace pygrpc::schema
