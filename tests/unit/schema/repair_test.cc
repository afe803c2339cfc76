// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/repair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/schema_fixture.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using ::testing::ElementsAre;

FieldDescriptorProto* AddField(const std::string& name, const std::string& type,
                               google::protobuf::DescriptorProto* message) {
  FieldDescriptorProto* field = message->add_field();
  field->set_name(name);
  field->set_number(message->field_size());
  field->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
  field->set_type(type.empty() ? FieldDescriptorProto::TYPE_STRING
                               : FieldDescriptorProto::TYPE_MESSAGE);
  if (!type.empty()) field->set_type_name(type);
  return field;
}

// As servers describe themselves that keep no files, only packages.
FileDescriptorProto PackageFile(const std::string& package) {
  FileDescriptorProto file;
  file.set_name(package + ".proto");
  file.set_package(package);
  file.set_syntax("proto3");
  return file;
}

TEST(Repair, MeaningsOfReferences) {
  EXPECT_THAT(MeaningsOf(".a.B", "x.y"), ElementsAre("a.B"));
  EXPECT_THAT(MeaningsOf("a.B", "x.y"), ElementsAre("x.y.a.B", "x.a.B", "a.B"));
  EXPECT_THAT(MeaningsOf("B", ""), ElementsAre("B"));
}

TEST_F(SchemaTest, ReflectedFilesThatNameNoImports) {
  FileDescriptorProto user = PackageFile("acme.user");
  auto* message = user.add_message_type();
  message->set_name("User");
  AddField("address", "base.Address", message);
  AddField("created", "google.protobuf.Timestamp", message);
  AddField("other", ".acme.base.Address", message);
  FileDescriptorProto base = PackageFile("acme.base");
  base.add_message_type()->set_name("Address");
  store_.LoadFiles({user.SerializeAsString(), base.SerializeAsString()}, "reflection");
  auto schema = store_.current();
  const auto* type = schema->Message("acme.user.User");
  EXPECT_EQ(type->field(0)->message_type(), schema->Message("acme.base.Address"));
  EXPECT_EQ(type->field(1)->message_type()->full_name(), "google.protobuf.Timestamp");
  EXPECT_EQ(type->field(2)->message_type(), type->field(0)->message_type());
}

TEST_F(SchemaTest, ReflectedMapsWithEntriesOfAnyName) {
  FileDescriptorProto file = PackageFile("acme");
  auto* message = file.add_message_type();
  message->set_name("Labels");
  for (const char* name : {"first_map", "second"}) {
    AddField(name, "Texts", message)->set_label(FieldDescriptorProto::LABEL_REPEATED);
  }
  auto* entry = message->add_nested_type();
  entry->set_name("Texts");
  entry->mutable_options()->set_map_entry(true);
  AddField("key", "", entry);
  AddField("value", "", entry);
  store_.LoadFiles({file.SerializeAsString()}, "reflection");
  const auto* type = store_.current()->Message("acme.Labels");
  EXPECT_TRUE(type->field(0)->is_map());
  EXPECT_EQ(type->field(0)->message_type()->name(), "FirstMapEntry");
  EXPECT_TRUE(type->field(1)->is_map());
  EXPECT_EQ(type->nested_type_count(), 2);
}

}  // namespace
}  // namespace pygrpc::schema
