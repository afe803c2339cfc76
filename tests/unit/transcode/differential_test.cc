// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// The transcoder beside protobuf itself, over random messages of random schemas. Two oracles:
// DynamicMessage (as parser of the wire format) with a plain writer of ProtoJSON
// (reference_json.h), which knows all of it; and google::protobuf::util, where it is right.
//
// A failure names its seed: PYGRPC_SEED=<seed> PYGRPC_ROUNDS=1 repeats it. PYGRPC_ROUNDS sets how
// many schemas are tried.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver.h>
#include <google/protobuf/util/type_resolver_util.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "transcode/random_message.h"
#include "transcode/random_schema.h"
#include "transcode/random_source.h"
#include "transcode/random_wire.h"
#include "transcode/reference_json.h"
#include "transcode/transcoder.h"

namespace pygrpc::differential {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using nlohmann::json;
using transcode::JsonOptions;
using transcode::Transcoder;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Where util of protobuf 3.21 is wrong or has no answer; such messages are not put to it:
// - extensions: it leaves them out of JSON, and refuses their names in it;
// - groups: it leaves them out of JSON;
// - an Any whose type URL does not begin with type.googleapis.com/: it refuses it;
// - an Any of a well-known type without any bytes: it leaves out the member "value".
bool UtilKnows(const DynamicSchema& schema, const Message& message) {
  const auto* reflection = message.GetReflection();
  if (message.GetDescriptor()->full_name() == "google.protobuf.Any") {
    const std::string url =
        reflection->GetString(message, message.GetDescriptor()->FindFieldByNumber(1));
    if (url.empty()) return true;
    const std::string prefix = "type.googleapis.com/";
    if (url.compare(0, prefix.size(), prefix) != 0) return false;
    std::unique_ptr<Message> content =
        schema.New(schema.resolver().FindMessage(url.substr(prefix.size())));
    const std::string value =
        reflection->GetString(message, message.GetDescriptor()->FindFieldByNumber(2));
    if (value.empty() || !content->ParsePartialFromString(value)) return false;
    return UtilKnows(schema, *content);
  }
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->is_extension() || field->type() == FieldDescriptor::TYPE_GROUP) return false;
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      if (!UtilKnows(schema, reflection->GetMessage(message, field))) return false;
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      if (!UtilKnows(schema, reflection->GetRepeatedMessage(message, field, i))) return false;
    }
  }
  return true;
}

// One schema, its transcoder, and the messages that are tried on them.
class Round {
 public:
  explicit Round(uint64_t seed)
      : random_(seed),
        schema_(&random_),
        transcoder_(&schema_.resolver()),
        util_resolver_(google::protobuf::util::NewTypeResolverForDescriptorPool(
            "type.googleapis.com", &schema_.pool())) {}

  const RandomSchema& schema() const { return schema_; }

  std::unique_ptr<Message> NewMessage(const Descriptor* type) {
    std::unique_ptr<Message> message = schema_.New(type);
    FillRandomly(schema_, &random_, message.get());
    Normalize(schema_, message.get());
    return message;
  }

  const Descriptor* AnyType() { return random_.Pick(schema_.types()); }

  void CheckJsonToWire(const Message& message) {
    const std::string text = ReferenceJson(schema_, message, JsonOptions(), &random_);
    SCOPED_TRACE("JSON: " + text);
    std::unique_ptr<Message> parsed = ParseOurs(message.GetDescriptor(), text);
    if (parsed != nullptr) ExpectSame(message, *parsed);
  }

  void CheckWireToJson(const Message& message) {
    JsonOptions options;
    options.print_defaults = random_.Chance(25);
    options.enum_numbers = random_.Chance(25);
    options.proto_names = random_.Chance(25);
    options.int64_numbers = random_.Chance(25);
    SCOPED_TRACE(testing::Message()
                 << "print_defaults " << options.print_defaults << ", enum_numbers "
                 << options.enum_numbers << ", proto_names " << options.proto_names
                 << ", int64_numbers " << options.int64_numbers);
    ExpectJson(ReferenceJson(schema_, message, options),
               WriteOurs(message.GetDescriptor(), Serialize(message), options), false);
  }

  void CheckScrambledWire(const Message& first, const Message& second) {
    const std::string bytes = ScrambledWire(schema_, &random_, first, second);
    SCOPED_TRACE("wire: " + Hex(bytes));
    std::unique_ptr<Message> merged = schema_.New(first.GetDescriptor());
    ASSERT_TRUE(merged->ParsePartialFromString(bytes)) << "the scrambler has made no message";
    Normalize(schema_, merged.get());
    std::string expected;
    try {
      expected = ReferenceJson(schema_, *merged, JsonOptions());
    } catch (const NoJsonForm& none) {
      Buffer out;
      EXPECT_THROW(WriteOurs(merged->GetDescriptor(), bytes, JsonOptions(), &out), Error)
          << none.what() << "\nbut ours is " << out.view();
      return;
    }
    ExpectJson(expected, WriteOurs(merged->GetDescriptor(), bytes, JsonOptions()), false);
  }

  void CheckAgainstUtil(const Message& message) {
    if (!UtilKnows(schema_, message)) return;
    ++compared_with_util_;
    const std::string url = "type.googleapis.com/" + message.GetDescriptor()->full_name();
    const std::string bytes = Serialize(message);
    std::string theirs;
    auto status =
        google::protobuf::util::BinaryToJsonString(util_resolver_.get(), url, bytes, &theirs);
    ASSERT_TRUE(status.ok()) << status.ToString();
    const std::string ours = WriteOurs(message.GetDescriptor(), bytes, JsonOptions());
    ExpectJson(theirs, ours, true);
    // And each one's output as the input of the other.
    std::string binary;
    status = google::protobuf::util::JsonToBinaryString(util_resolver_.get(), url, ours, &binary);
    EXPECT_TRUE(status.ok()) << status.ToString() << "\nours: " << ours;
    std::unique_ptr<Message> read_by_util = schema_.New(message.GetDescriptor());
    EXPECT_TRUE(read_by_util->ParsePartialFromString(binary));
    Normalize(schema_, read_by_util.get());
    ExpectSame(message, *read_by_util);
    std::unique_ptr<Message> read_by_us = ParseOurs(message.GetDescriptor(), theirs);
    if (read_by_us != nullptr) ExpectSame(*read_by_util, *read_by_us);
  }

  int compared_with_util() const { return compared_with_util_; }

 private:
  static std::string Hex(const std::string& bytes) {
    static const char kDigits[] = "0123456789abcdef";
    std::string hex;
    for (unsigned char c : bytes) {
      hex += kDigits[c >> 4];
      hex += kDigits[c & 15];
    }
    return hex;
  }

  std::unique_ptr<Message> ParseOurs(const Descriptor* type, const std::string& text) {
    Buffer wire;
    try {
      transcoder_.JsonToWire(transcoder_.Plan(type), text, JsonOptions(), &wire);
    } catch (const Error& error) {
      ADD_FAILURE() << error.message << "\nJSON: " << text;
      return nullptr;
    }
    std::unique_ptr<Message> parsed = schema_.New(type);
    EXPECT_TRUE(parsed->ParsePartialFromString(std::string(wire.view())))
        << "bytes that protobuf does not take: " << Hex(std::string(wire.view()));
    Normalize(schema_, parsed.get());
    return parsed;
  }

  // The bytes come in pieces, as from the network.
  void WriteOurs(const Descriptor* type, std::string_view bytes, const JsonOptions& options,
                 Buffer* out) {
    std::vector<std::string_view> spans;
    if (random_.Chance(50)) {
      spans.push_back(bytes);
    } else {
      while (!bytes.empty()) {
        const size_t size = std::min(bytes.size(), random_.Below(20));
        spans.push_back(bytes.substr(0, size));
        bytes.remove_prefix(size);
      }
    }
    transcoder_.WireToJson(transcoder_.Plan(type), spans.data(), spans.size(), options, out);
  }

  std::string WriteOurs(const Descriptor* type, std::string_view bytes,
                        const JsonOptions& options) {
    Buffer out;
    try {
      WriteOurs(type, bytes, options, &out);
    } catch (const Error& error) {
      ADD_FAILURE() << error.message;
    }
    return std::string(out.view());
  }

  static void ExpectJson(const std::string& expected, const std::string& ours, bool loose_floats) {
    json theirs = json::parse(expected);
    json parsed = json::parse(ours, nullptr, /*allow_exceptions=*/false);
    EXPECT_FALSE(parsed.is_discarded()) << "ours is not JSON: " << ours;
    if (parsed.is_discarded()) return;
    EXPECT_TRUE(SameJson(theirs, parsed, loose_floats))
        << "expected: " << theirs.dump() << "\nours:     " << parsed.dump()
        << "\ndifference: " << json::diff(theirs, parsed).dump();
  }

  static void ExpectSame(const Message& expected, const Message& ours) {
    EXPECT_EQ(Hex(Serialize(expected)), Hex(Serialize(ours)))
        << "expected: " << expected.ShortDebugString() << "\nours:     " << ours.ShortDebugString();
  }

  RandomSource random_;
  RandomSchema schema_;
  Transcoder transcoder_;
  std::unique_ptr<google::protobuf::util::TypeResolver> util_resolver_;
  int compared_with_util_ = 0;
};

TEST(Differential, RandomMessagesOfRandomSchemas) {
  constexpr int kMessages = 25;
  const uint64_t rounds = FromEnvironment("PYGRPC_ROUNDS", 60);
  // The same messages in each run, unless others are asked for.
  const uint64_t seed = FromEnvironment("PYGRPC_SEED", 20261122);
  std::cout << "PYGRPC_SEED=" << seed << " PYGRPC_ROUNDS=" << rounds << std::endl;
  int compared_with_util = 0;
  for (uint64_t i = 0; i < rounds; ++i) {
    Round round(seed + i);
    SCOPED_TRACE(testing::Message() << "PYGRPC_SEED=" << seed + i << " PYGRPC_ROUNDS=1");
    for (int j = 0; j < kMessages; ++j) {
      std::unique_ptr<Message> message = round.NewMessage(round.AnyType());
      std::unique_ptr<Message> other = round.NewMessage(message->GetDescriptor());
      round.CheckJsonToWire(*message);
      round.CheckWireToJson(*message);
      round.CheckScrambledWire(*message, *other);
      round.CheckAgainstUtil(*message);
      if (testing::Test::HasFailure()) {
        std::cout << "message " << j << ": " << message->GetDescriptor()->full_name() << " { "
                  << message->ShortDebugString() << " }\n"
                  << round.schema().Text() << std::endl;
        return;
      }
    }
    compared_with_util += round.compared_with_util();
  }
  std::cout << rounds * kMessages << " messages, " << compared_with_util
            << " of them also against google::protobuf::util" << std::endl;
}

}  // namespace
}  // namespace pygrpc::differential
