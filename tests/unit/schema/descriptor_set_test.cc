// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Descriptor sets: every form of them, and what may be wrong.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "schema/introspect.h"
#include "schema/schema_fixture.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using ::testing::HasSubstr;

std::string SetOf(const std::vector<FileDescriptorProto>& files) {
  FileDescriptorSet set;
  for (const auto& file : files) *set.add_file() = file;
  return set.SerializeAsString();
}

class DescriptorSetTest : public SchemaTest {
 protected:
  // helloworld.proto, which imports item.proto and an embedded file.
  std::string MakeSet(const std::string& flags) {
    dir_.Write("item.proto", "syntax = 'proto3'; package item; message Item { int32 id = 1; }");
    dir_.Write("main.proto",
               "syntax = 'proto3'; package main; import 'item.proto';"
               "import 'google/protobuf/timestamp.proto';"
               "message Req { item.Item item = 1; google.protobuf.Timestamp t = 2; }"
               "service S { rpc Do(Req) returns (Req); }");
    return Protoc(dir_.path(), flags + " main.proto");
  }
};

TEST_F(DescriptorSetTest, FromBytesAndFromFilesOfAnyName) {
  std::string set = MakeSet("--include_imports");
  store_.LoadDescriptorSet(set);
  EXPECT_EQ(store_.current()->Method("Do")->input_type()->field(0)->message_type()->full_name(),
            "item.Item");
  for (std::string name : {"set.pb", "set.protoset", "set", "set.proto", "set.bin.gz"}) {
    SchemaStore store;
    bool gzip = name == "set.bin.gz";
    store.Load(dir_.Write("out/" + name, gzip ? Gzip(set) : set), {});
    EXPECT_NE(store.current()->Method("Do"), nullptr) << name;
  }
}

TEST_F(DescriptorSetTest, OnTheProtoPath) {
  dir_.Write("sets/all.pb", MakeSet("--include_imports --include_source_info"));
  Load("all.pb", {dir_.path() + "/sets"});
  EXPECT_NE(store_.current()->Method("Do"), nullptr);
}

TEST_F(DescriptorSetTest, Gzipped) {
  store_.LoadDescriptorSet(Gzip(MakeSet("--include_imports")));
  EXPECT_NE(store_.current()->Method("Do"), nullptr);
  std::string cut = Gzip(MakeSet("--include_imports"));
  cut.resize(cut.size() / 2);
  EXPECT_THAT(ErrorOf([&] { SchemaStore().LoadDescriptorSet(cut); }).message,
              HasSubstr("damaged or cut off"));
}

TEST_F(DescriptorSetTest, GzippedInSeveralMembers) {
  FileDescriptorProto x = SimpleFile("x.proto");
  FileDescriptorProto y = SimpleFile("y.proto");
  store_.LoadDescriptorSet(Gzip(SetOf({x})) + Gzip("") + Gzip(SetOf({y})));
  EXPECT_NE(store_.current()->FindMessage("Mx"), nullptr);
  EXPECT_NE(store_.current()->FindMessage("My"), nullptr);
  // The last member cut off, and something that is none.
  std::string cut = Gzip(SetOf({x})) + Gzip(SetOf({y}));
  cut.pop_back();
  for (const std::string& bytes : {cut, Gzip(SetOf({x})) + "junkjunk"}) {
    EXPECT_THAT(ErrorOf([&] { SchemaStore().LoadDescriptorSet(bytes); }).message,
                HasSubstr("damaged or cut off"));
  }
}

TEST_F(DescriptorSetTest, OptionsThatCompilersWriteDifferently) {
  const char options[] = R"(syntax = "proto3";
import "google/protobuf/descriptor.proto";
message Ref { string type = 1; string child = 2; Ref more = 3; }
extend google.protobuf.FieldOptions {
  repeated int32 marks = 50001;
  Ref ref = 50002;
  repeated string words = 50003;
}
)";
  dir_.Write("options.proto", options);
  std::string path = dir_.Write("main.proto", R"(syntax = "proto3";
import "options.proto";
message M {
  string a = 1 [(marks) = 2, (marks) = 500, (ref).type = "a/b", (ref).child = "c",
                (ref).more.type = "d", (words) = "x", (words) = "y"];
}
)");
  Load(path);
  // As newer compilers write it: lists packed, options in one piece.
  FileDescriptorSet set;
  ASSERT_TRUE(set.ParseFromString(Protoc(dir_.path(), "main.proto")));
  auto* unknown = set.mutable_file(0)
                      ->mutable_message_type(0)
                      ->mutable_field(0)
                      ->mutable_options()
                      ->mutable_unknown_fields();
  unknown->Clear();
  unknown->AddLengthDelimited(50001, std::string("\x02\xf4\x03"));
  unknown->AddLengthDelimited(50002, std::string("\x0a\x03"
                                                 "a/b"
                                                 "\x12\x01"
                                                 "c"
                                                 "\x1a\x03\x0a\x01"
                                                 "d"));
  unknown->AddLengthDelimited(50003, "x");
  unknown->AddLengthDelimited(50003, "y");
  store_.LoadDescriptorSet(set.SerializeAsString());
  // A file that is in a set in both forms.
  FileDescriptorSet both;
  ASSERT_TRUE(both.ParseFromString(Protoc(dir_.path(), "--include_imports main.proto")));
  *both.add_file() = set.file(0);
  SchemaStore().LoadDescriptorSet(both.SerializeAsString());
  // Other words are another content.
  unknown->DeleteByNumber(50003);
  unknown->AddLengthDelimited(50003, "xy");
  EXPECT_THAT(ErrorOf([&] { store_.LoadDescriptorSet(set.SerializeAsString()); }).message,
              HasSubstr("two different files are called \"main.proto\""));
}

TEST_F(DescriptorSetTest, FilesInAnyOrder) {
  FileDescriptorSet set;
  ASSERT_TRUE(set.ParseFromString(MakeSet("--include_imports")));
  std::vector<FileDescriptorProto> files(set.file().rbegin(), set.file().rend());
  store_.LoadDescriptorSet(SetOf(files));
  EXPECT_NE(store_.current()->Method("Do"), nullptr);
}

TEST_F(DescriptorSetTest, ImportsMayBeLoadedAlreadyOrBuiltIn) {
  std::string main_only = MakeSet("");
  Error error = ErrorOf([&] { store_.LoadDescriptorSet(main_only); });
  EXPECT_EQ(error.code, Code::kSchema);
  EXPECT_THAT(error.message,
              HasSubstr("missing import \"item.proto\", imported by \"main.proto\""));
  EXPECT_THAT(error.message, HasSubstr("--include_imports"));
  EXPECT_TRUE(store_.current()->empty());
  Load("item.proto", {dir_.path()});
  store_.LoadDescriptorSet(main_only);
  EXPECT_NE(store_.current()->Method("Do"), nullptr);
}

TEST_F(DescriptorSetTest, ImagesOfBuf) {
  FileDescriptorSet set;
  ASSERT_TRUE(set.ParseFromString(MakeSet("--include_imports")));
  for (auto& file : *set.mutable_file()) {
    // buf puts a message of its own into field 8042 of each file.
    file.GetReflection()->MutableUnknownFields(&file)->AddLengthDelimited(8042, "\x08\x01");
  }
  store_.LoadDescriptorSet(MakeSet("--include_imports"));
  store_.LoadDescriptorSet(set.SerializeAsString());
  EXPECT_NE(store_.current()->Method("Do"), nullptr);
  // `buf build -o image.binpb.gz`: gzipped, in whatever order.
  std::reverse(set.mutable_file()->pointer_begin(), set.mutable_file()->pointer_end());
  SchemaStore of_image;
  of_image.Load(dir_.Write("image.binpb.gz", Gzip(set.SerializeAsString())), {});
  EXPECT_NE(of_image.current()->Method("Do"), nullptr);
}

TEST_F(DescriptorSetTest, ASingleFileDescriptor) {
  FileDescriptorProto file = SimpleFile("single.proto");
  store_.LoadDescriptorSet(file.SerializeAsString());
  EXPECT_NE(store_.current()->FindMessage("Msingle"), nullptr);
}

TEST_F(DescriptorSetTest, TextAndSetOfTheSameFileAgree) {
  std::string set = MakeSet("--include_imports");
  Load(dir_.path() + "/main.proto");
  store_.LoadDescriptorSet(set);
  // As generated code carries it: without JSON names.
  FileDescriptorSet stripped;
  ASSERT_TRUE(stripped.ParseFromString(set));
  for (auto& file : *stripped.mutable_file()) {
    for (auto& message : *file.mutable_message_type()) {
      for (auto& field : *message.mutable_field()) field.clear_json_name();
    }
  }
  store_.LoadDescriptorSet(stripped.SerializeAsString());
  EXPECT_NE(store_.current()->Method("Do"), nullptr);
}

TEST_F(DescriptorSetTest, OneFileTwiceIsFineTwoOfOneNameAreNot) {
  FileDescriptorProto file = SimpleFile("x.proto");
  store_.LoadDescriptorSet(SetOf({file, file}));
  FileDescriptorProto other = file;
  other.add_message_type()->set_name("More");
  EXPECT_THAT(ErrorOf([&] {
                SchemaStore().LoadDescriptorSet(SetOf({file, other}));
              }).message,
              HasSubstr("\"x.proto\""));
  auto before = store_.current();
  Error error = ErrorOf([&] { Load(dir_.Write("other.pb", SetOf({other}))); });
  EXPECT_THAT(error.message, HasSubstr("two different files are called \"x.proto\": one from "
                                       "descriptor set, the other from descriptor set " +
                                       dir_.path()));
  EXPECT_EQ(store_.current(), before);
}

TEST_F(DescriptorSetTest, BadReferencesAreFoundAtLoad) {
  FileDescriptorProto file = SimpleFile("bad.proto");
  auto* field = file.mutable_message_type(0)->add_field();
  field->set_name("f");
  field->set_number(1);
  field->set_type_name(".no.Such");
  Error error = ErrorOf([&] { store_.LoadDescriptorSet(SetOf({file, SimpleFile("ok.proto")})); });
  EXPECT_THAT(error.message, HasSubstr("bad.proto: Mbad.f: \".no.Such\" is not defined"));
  EXPECT_TRUE(store_.current()->empty());
  // The pool was not spoilt.
  store_.LoadDescriptorSet(SetOf({SimpleFile("bad.proto"), SimpleFile("ok.proto")}));
  EXPECT_NE(store_.current()->FindMessage("Mbad"), nullptr);
}

TEST_F(DescriptorSetTest, CyclesAndBadNamesAreErrors) {
  EXPECT_THAT(ErrorOf([&] {
                store_.LoadDescriptorSet(SetOf(
                    {SimpleFile("a.proto", {"b.proto"}), SimpleFile("b.proto", {"a.proto"})}));
              }).message,
              HasSubstr("import cycle: a.proto -> b.proto -> a.proto"));
  for (std::string name : {"/etc/passwd.proto", "../up.proto", "a/../b.proto", "a//b.proto",
                           "a\nb.proto", "./a.proto", ""}) {
    EXPECT_EQ(ErrorOf([&] { store_.LoadDescriptorSet(SetOf({SimpleFile(name)})); }).code,
              Code::kSchema)
        << name;
  }
  EXPECT_TRUE(store_.current()->empty());
}

TEST_F(DescriptorSetTest, BytesThatAreNotUtf8) {
  FileDescriptorProto file = SimpleFile("a.proto");
  auto* field = file.mutable_message_type(0)->add_field();
  field->set_name("f");
  field->set_number(1);
  field->set_type(google::protobuf::FieldDescriptorProto::TYPE_INT32);
  field->set_json_name("\xff");
  auto* location = file.mutable_source_code_info()->add_location();
  location->add_path(4);
  location->add_path(0);
  for (int end : {0, 0, 1}) location->add_span(end);
  location->set_leading_comments("a comment \xff");
  ::testing::internal::CaptureStderr();
  std::string set = SetOf({file});
  ::testing::internal::GetCapturedStderr();  // of this test's own making
  ::testing::internal::CaptureStderr();
  EXPECT_THAT(ErrorOf([&] { store_.LoadDescriptorSet(set); }).message,
              HasSubstr("the json_name of field \"f\" is not UTF-8"));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  field->set_json_name("g");
  ::testing::internal::CaptureStderr();
  set = SetOf({file});
  ::testing::internal::GetCapturedStderr();
  ::testing::internal::CaptureStderr();
  store_.LoadDescriptorSet(set);
  auto described = nlohmann::json::parse(DescribeJson(*store_.current(), "Ma"));
  EXPECT_THAT(described["comment"].get<std::string>(), HasSubstr("a comment \xEF\xBF\xBD"));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(DescriptorSetTest, OtherBytesAreNoDescriptorSet) {
  for (std::string bytes :
       {std::string(), std::string("hello"), std::string(1000, '\0'), std::string("\x0a\x05hello"),
        std::string("\x0a\xff\xff\xff\xff\x0f"), std::string("\x1f\x8b\x08 not gzip")}) {
    Error error = ErrorOf([&] { store_.LoadDescriptorSet(bytes); });
    EXPECT_EQ(error.code, Code::kSchema);
  }
  EXPECT_TRUE(store_.current()->empty());
}

TEST_F(DescriptorSetTest, CutOffSetsAreErrors) {
  std::string set = MakeSet("--include_imports");
  for (size_t size = 1; size < set.size(); ++size) {
    SchemaStore store;
    try {
      store.LoadDescriptorSet(set.substr(0, size));
      // Cut between two files: the set is whole but smaller.
      FileDescriptorSet parsed;
      EXPECT_TRUE(parsed.ParseFromString(set.substr(0, size))) << size;
    } catch (const Error& error) {
      EXPECT_EQ(error.code, Code::kSchema);
      EXPECT_TRUE(store.current()->empty());
    }
  }
}

TEST_F(DescriptorSetTest, NewerWellKnownTypesReplaceTheEmbeddedOnes) {
  const auto* built_in = store_.current()->FindMessage("google.protobuf.Timestamp");
  FileDescriptorProto file;
  built_in->file()->CopyTo(&file);
  file.mutable_options()->set_go_package("some/newer/package");
  auto before = store_.current();
  store_.LoadDescriptorSet(SetOf({file}));
  EXPECT_EQ(
      store_.current()->FindMessage("google.protobuf.Timestamp")->file()->options().go_package(),
      "some/newer/package");
  EXPECT_EQ(before->FindMessage("google.protobuf.Timestamp"), built_in);
}

}  // namespace
}  // namespace pygrpc::schema
