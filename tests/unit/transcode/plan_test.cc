// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "transcode/text_schema.h"

namespace pygrpc::transcode {
namespace {

constexpr char kProto3[] = R"(
  syntax = "proto3";
  package test;
  import "google/protobuf/timestamp.proto";
  message Node {
    string display_name = 1;
    repeated Node children = 2;
    map<string, Node> by_name = 3;
    oneof choice { int32 first = 4; string second = 5; }
    optional int32 maybe = 6;
    repeated int32 packed = 7;
    repeated int32 loose = 8 [packed = false];
    int32 far = 100000;
    google.protobuf.Timestamp time = 9;
    string odd = 10 [json_name = "a\"b\\c"];
    Color color = 11;
    int32 last = 256;
  }
  enum Color {
    option allow_alias = true;
    RED = 0; CRIMSON = 0; GREEN = 1; BLUE = 2; FAR = 1000; NEGATIVE = -5;
  }
)";

constexpr char kProto2[] = R"(
  syntax = "proto2";
  package test2;
  message Base {
    required int32 needed = 1;
    optional group Part = 2 { optional int32 inner = 1; }
    extensions 100 to 199;
  }
  message Set {
    option message_set_wire_format = true;
    extensions 4 to max;
  }
  message Item {
    extend Set { optional Item item = 1000; }
  }
  extend Base { optional string extra_text = 101; repeated int32 extra_numbers = 100; }
  enum Closed { ONE = 1; THREE = 3; }
)";

class PlanTest : public ::testing::Test {
 protected:
  PlanTest() {
    schema_.Add("test.proto", kProto3);
    schema_.Add("test2.proto", kProto2);
  }
  const MessagePlan& Plan(const std::string& type) {
    return *store_.Message(schema_.FindMessage(type));
  }
  const FieldPlan& Field(const std::string& type, const std::string& name) {
    const FieldPlan* field = Plan(type).FindName(name);
    if (field == nullptr) throw std::logic_error("no field " + name);
    return *field;
  }

  TextSchema schema_;
  PlanStore store_{&schema_};
};

TEST_F(PlanTest, FindsFieldsByBothNamesAndByNumber) {
  const MessagePlan& plan = Plan("test.Node");
  const FieldPlan* field = plan.FindName("displayName");
  ASSERT_NE(field, nullptr);
  EXPECT_EQ(field, plan.FindName("display_name"));
  EXPECT_EQ(field, plan.FindNumber(1));
  EXPECT_EQ(field->json_key, "\"displayName\":");
  EXPECT_EQ(field->proto_key, "\"display_name\":");
  EXPECT_EQ(plan.FindName("displayname"), nullptr);
  EXPECT_EQ(plan.FindName(""), nullptr);
  EXPECT_EQ(plan.FindNumber(0), nullptr);
  EXPECT_EQ(plan.FindNumber(99), nullptr);
}

TEST_F(PlanTest, FindsLargeNumbers) {
  const MessagePlan& plan = Plan("test.Node");
  EXPECT_EQ(plan.FindNumber(100000), plan.FindName("far"));
  EXPECT_EQ(plan.FindNumber(256), plan.FindName("last"));
  EXPECT_EQ(plan.FindNumber(255), nullptr);
  EXPECT_EQ(plan.FindNumber(99999), nullptr);
  EXPECT_EQ(plan.FindNumber(536870911), nullptr);
}

TEST_F(PlanTest, WritesTags) {
  const FieldPlan& name = Field("test.Node", "displayName");
  EXPECT_EQ(std::string(name.tag, name.tag_size), "\x0A");
  const FieldPlan& far = Field("test.Node", "far");
  EXPECT_EQ(std::string(far.tag, far.tag_size), "\x80\xEA\x30");
  const FieldPlan& packed = Field("test.Node", "packed");
  EXPECT_TRUE(packed.packed);
  EXPECT_EQ(std::string(packed.tag, packed.tag_size), "\x3A");
  const FieldPlan& loose = Field("test.Node", "loose");
  EXPECT_FALSE(loose.packed);
  EXPECT_EQ(std::string(loose.tag, loose.tag_size), "\x40");
  const FieldPlan& group = Field("test2.Base", "part");
  EXPECT_EQ(group.kind, FieldKind::kGroup);
  EXPECT_EQ(std::string(group.tag, group.tag_size), "\x13");
  EXPECT_EQ(std::string(group.end_tag, group.tag_size), "\x14");
}

TEST_F(PlanTest, ResolvesNestedPlansOnceAndRecursively) {
  const MessagePlan& plan = Plan("test.Node");
  EXPECT_EQ(&Field("test.Node", "children").message(), &plan);
  const FieldPlan& map = Field("test.Node", "byName");
  EXPECT_TRUE(map.map);
  EXPECT_EQ(map.message().key().kind, FieldKind::kString);
  EXPECT_EQ(&map.message().value().message(), &plan);
  EXPECT_EQ(Field("test.Node", "time").message().well_known, WellKnown::kTimestamp);
}

TEST_F(PlanTest, KnowsPresenceAndOneofs) {
  const FieldPlan& first = Field("test.Node", "first");
  const FieldPlan& second = Field("test.Node", "second");
  EXPECT_EQ(first.slot, second.slot);
  EXPECT_EQ(first.oneof, 0);
  EXPECT_TRUE(first.has_presence);
  const FieldPlan& maybe = Field("test.Node", "maybe");
  EXPECT_TRUE(maybe.has_presence);
  EXPECT_EQ(maybe.oneof, -1) << "the oneof of an optional field is not a real one";
  EXPECT_FALSE(Field("test.Node", "displayName").has_presence);
  EXPECT_TRUE(Field("test2.Base", "needed").required);
  EXPECT_EQ(Plan("test.Node").slot_count, Plan("test.Node").field_count - 1);
}

TEST_F(PlanTest, EscapesOddJsonNames) {
  const FieldPlan& odd = Field("test.Node", "a\"b\\c");
  EXPECT_EQ(odd.json_key, "\"a\\\"b\\\\c\":");
  EXPECT_TRUE(Plan("test.Node").escaped_names);
  EXPECT_FALSE(Plan("test2.Base").escaped_names);
}

TEST_F(PlanTest, HoldsExtensions) {
  const FieldPlan& text = Field("test2.Base", "[test2.extra_text]");
  EXPECT_TRUE(text.extension);
  EXPECT_EQ(text.number, 101u);
  EXPECT_EQ(text.json_key, "\"[test2.extra_text]\":");
  EXPECT_EQ(Plan("test2.Base").FindNumber(100), &Field("test2.Base", "[test2.extra_numbers]"));
  EXPECT_EQ(Plan("test2.Base").FindName("extra_text"), nullptr);
}

TEST_F(PlanTest, KnowsMessageSets) {
  EXPECT_TRUE(Plan("test2.Set").message_set);
  EXPECT_FALSE(Plan("test2.Base").message_set);
  EXPECT_TRUE(Field("test2.Set", "[test2.Item.item]").message_set_item);
  EXPECT_FALSE(Field("test2.Base", "[test2.extra_text]").message_set_item);
}

TEST_F(PlanTest, EnumsBothWays) {
  const EnumPlan& color = Field("test.Node", "color").enumeration();
  EXPECT_FALSE(color.closed);
  ASSERT_NE(color.numbers.Find("CRIMSON"), nullptr);
  EXPECT_EQ(*color.numbers.Find("CRIMSON"), 0);
  EXPECT_EQ(*color.numbers.Find("FAR"), 1000);
  EXPECT_EQ(*color.numbers.Find("NEGATIVE"), -5);
  EXPECT_EQ(color.numbers.Find("red"), nullptr);
  EXPECT_EQ(color.QuotedName(0), "\"RED\"");
  EXPECT_EQ(color.QuotedName(2), "\"BLUE\"");
  EXPECT_EQ(color.QuotedName(1000), "\"FAR\"");
  EXPECT_EQ(color.QuotedName(-5), "\"NEGATIVE\"");
  EXPECT_EQ(color.QuotedName(3), "");
  EXPECT_EQ(color.QuotedName(-2147483648), "");

  const EnumPlan& closed = *store_.Enum(schema_.pool().FindEnumTypeByName("test2.Closed"));
  EXPECT_TRUE(closed.closed);
  EXPECT_EQ(closed.default_number, 1);
  EXPECT_EQ(closed.QuotedName(3), "\"THREE\"");
  EXPECT_FALSE(closed.HasNumber(2));
  EXPECT_FALSE(closed.is_null_value);
  EXPECT_TRUE(
      store_.Enum(schema_.pool().FindEnumTypeByName("google.protobuf.NullValue"))->is_null_value);
}

TEST_F(PlanTest, FindsEveryNameOfALargeType) {
  std::string text = "syntax = \"proto3\"; package large; message Large {";
  for (int i = 1; i <= 3000; ++i) {
    text += "int32 field_number_" + std::to_string(i) + " = " + std::to_string(i) + ";";
  }
  schema_.Add("large.proto", text + "}");
  const MessagePlan& plan = Plan("large.Large");
  for (uint32_t i = 1; i <= 3000; ++i) {
    const FieldPlan* field = plan.FindName("fieldNumber" + std::to_string(i));
    ASSERT_NE(field, nullptr) << i;
    EXPECT_EQ(field->number, i);
    EXPECT_EQ(field, plan.FindName("field_number_" + std::to_string(i)));
    EXPECT_EQ(field, plan.FindNumber(i));
  }
}

TEST_F(PlanTest, AWellKnownNameWithOtherFieldsIsAnOrdinaryMessage) {
  TextSchema other;
  other.Add("mine.proto", R"(
    syntax = "proto3";
    package mine;
    message Timestamp { int64 seconds = 1; int32 nanos = 2; }
  )");
  google::protobuf::DescriptorPool pool;
  google::protobuf::FileDescriptorProto file;
  other.FindMessage("mine.Timestamp")->file()->CopyTo(&file);
  file.set_package("google.protobuf");
  file.mutable_message_type(0)->mutable_field(1)->set_number(7);
  const google::protobuf::FileDescriptor* built = pool.BuildFile(file);
  ASSERT_NE(built, nullptr);
  EXPECT_EQ(store_.Message(built->message_type(0))->well_known, WellKnown::kNone);
}

TEST_F(PlanTest, ThreadsShareOnePlan) {
  std::vector<const MessagePlan*> plans(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < plans.size(); ++i) {
    threads.emplace_back([this, i, &plans] {
      plans[i] = &Field("test.Node", "children").message();
      Field("test.Node", "color").enumeration();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(plans, ::testing::Each(&Plan("test.Node")));
}

}  // namespace
}  // namespace pygrpc::transcode
