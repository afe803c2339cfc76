// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Files that would take protobuf's parser or builder stack, time or memory without bound.

#include "schema/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "schema/schema_fixture.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using ::testing::HasSubstr;

std::string Repeat(const std::string& text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

class LimitsTest : public SchemaTest {
 protected:
  Error LoadError(const FileDescriptorProto& file) {
    FileDescriptorSet set;
    *set.add_file() = file;
    return ErrorOf([&] { store_.LoadDescriptorSet(set.SerializePartialAsString()); });
  }
  Error TextError(const std::string& text) {
    return ErrorOf([&] { store_.LoadProto("text.proto", text); });
  }
};

TEST_F(LimitsTest, NothingHidesTheDepthOfText) {
  const std::string deep = Repeat("message A{", 100'000);
  // To protobuf a string ends with its line, whatever stands before the line's end.
  for (std::string before : {"\"\\\n", "'\\\n;", "\"/*\n", "'//\n", "// \"\n", "/* ' */"}) {
    Error error = TextError(before + deep);
    EXPECT_EQ(error.code, Code::kSchema) << before;
    EXPECT_THAT(error.message, HasSubstr("nested more than 100 deep")) << before;
  }
  EXPECT_EQ(FindDeepNesting("\"" + Repeat("{", 200) + "\"", TextStyle::kProto), std::string::npos);
  EXPECT_EQ(FindDeepNesting("// " + Repeat("{", 200), TextStyle::kProto), std::string::npos);
}

TEST_F(LimitsTest, NothingHidesTheDepthOfAnOption) {
  FileDescriptorProto file = SimpleFile("a.proto");
  auto* option = file.mutable_options()->add_uninterpreted_option();
  option->add_name()->set_name_part("java_package");
  option->mutable_name(0)->set_is_extension(false);
  // In text format strings go on over lines' ends, and comments begin with a hash.
  for (std::string before : {"", "# /*\n", "a: \"\n\" ", "// "}) {
    option->set_aggregate_value(before + Repeat("a{", 100'000));
    EXPECT_THAT(LoadError(file).message, HasSubstr("nested more than 100 deep")) << before;
  }
  EXPECT_EQ(FindDeepNesting("\"\n" + Repeat("{", 200) + "\"", TextStyle::kTextFormat),
            std::string::npos);
  EXPECT_EQ(FindDeepNesting("# " + Repeat("{", 200), TextStyle::kTextFormat), std::string::npos);
}

TEST_F(LimitsTest, PackagesAreNotEndless) {
  FileDescriptorProto file = SimpleFile("a.proto");
  file.set_package("a" + Repeat(".a", 200'000));
  EXPECT_THAT(LoadError(file).message, HasSubstr("is longer than 1000 characters"));
  EXPECT_THAT(TextError("syntax = 'proto3'; package " + file.package() + ";").message,
              HasSubstr("its package is too long a name"));
}

TEST_F(LimitsTest, ALongNameIsNotRepeatedWithoutEnd) {
  FileDescriptorProto file = SimpleFile("a.proto");
  DescriptorProto* message = file.mutable_message_type(0);
  message->set_name(std::string(100'000, 'M'));
  for (int i = 0; i < 5000; ++i) {
    auto* field = message->add_field();
    field->set_name("f" + std::to_string(i));
    field->set_number(i + 1);
    field->set_type(google::protobuf::FieldDescriptorProto::TYPE_INT32);
    field->set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
  }
  EXPECT_THAT(LoadError(file).message, HasSubstr("its names take too much memory"));
}

TEST_F(LimitsTest, NestedNamesAreNotRepeatedWithoutEnd) {
  FileDescriptorProto file = SimpleFile("a.proto");
  DescriptorProto* message = file.mutable_message_type(0);
  message->set_name(std::string(100'000, 'M'));
  for (int i = 0; i < 5000; ++i) message->add_nested_type()->set_name("N" + std::to_string(i));
  FileDescriptorSet set;
  // Too large a set to be built at once: it is the index that reads the names.
  for (int i = 0; i < 20; ++i) {
    file.set_name(std::to_string(i) + ".proto");
    file.set_package("p" + std::to_string(i));
    *set.add_file() = file;
  }
  store_.LoadDescriptorSet(set.SerializeAsString());
  EXPECT_THAT(ErrorOf([&] { store_.current()->Message("N7"); }).message,
              HasSubstr("the names of this schema take too much memory"));
}

TEST_F(LimitsTest, RangesAreNotComparedWithoutEnd) {
  FileDescriptorProto file = SimpleFile("a.proto");
  DescriptorProto* message = file.mutable_message_type(0);
  for (int i = 0; i < 23'000; ++i) {
    auto* range = message->add_reserved_range();
    range->set_start(i + 1);
    range->set_end(i + 2);
  }
  EXPECT_THAT(LoadError(file).message, HasSubstr("too many reserved and extension ranges"));
  EXPECT_THAT(TextError("syntax = 'proto3'; enum E { Z = 0; reserved 1" +
                        Repeat(", 2 to 3", 30'000) + "; }")
                  .message,
              HasSubstr("too many reserved and extension ranges"));
  // As many as anybody has.
  message->mutable_reserved_range()->DeleteSubrange(2000, 21'000);
  FileDescriptorSet set;
  *set.add_file() = file;
  store_.LoadDescriptorSet(set.SerializeAsString());
  EXPECT_NE(store_.current()->FindMessage("Ma"), nullptr);
}

TEST_F(LimitsTest, ErrorsAreNotListedWithoutEnd) {
  FileDescriptorProto file = SimpleFile("a.proto");
  for (int i = 0; i < 1000; ++i) *file.add_message_type() = file.message_type(0);
  EXPECT_EQ(LoadError(file).locations.size(), 200u);
}

}  // namespace
}  // namespace pygrpc::schema
