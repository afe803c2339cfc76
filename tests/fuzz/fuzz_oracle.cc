// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz_oracle.h"

#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "transcode/random_message.h"
#include "transcode/reference_json.h"

namespace pygrpc::differential {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using nlohmann::json;

FixedSchema::FixedSchema() {
  AddFile("pygrpc_test/all_types.proto");
  AddFile("pygrpc_test/proto2.proto");
  AddFile("pygrpc_test/extensions.proto");
}

void FixedSchema::AddFile(const std::string& name) {
  std::ifstream file(PYGRPC_PROTOS_DIR "/" + name);
  if (!file) Oracle::Fail("cannot open " PYGRPC_PROTOS_DIR "/" + name);
  google::protobuf::io::IstreamInputStream stream(&file);
  google::protobuf::io::Tokenizer tokenizer(&stream, nullptr);
  google::protobuf::FileDescriptorProto proto;
  if (!google::protobuf::compiler::Parser().Parse(&tokenizer, &proto)) {
    Oracle::Fail("cannot parse " PYGRPC_PROTOS_DIR "/" + name);
  }
  proto.set_name(name);
  Add(proto);
}

Oracle::Oracle()
    : transcoder_(&schema_.resolver()),
      util_resolver_(google::protobuf::util::NewTypeResolverForDescriptorPool("type.googleapis.com",
                                                                              &schema_.pool())) {
  // It would log every input that it refuses.
  google::protobuf::SetLogHandler(nullptr);
}

const Oracle& Oracle::Get() {
  static const auto* oracle = new Oracle;
  return *oracle;
}

std::optional<Input> Oracle::Take(const uint8_t* data, size_t size) const {
  if (size == 0) return std::nullopt;
  Input input;
  input.type = schema_.types()[static_cast<uint8_t>(data[0] - '0') % schema_.types().size()];
  input.content = {reinterpret_cast<const char*>(data) + 1, size - 1};
  return input;
}

std::optional<std::string> Oracle::JsonToWire(const Input& input, std::string* refusal) const {
  Buffer out;
  try {
    transcoder_.JsonToWire(transcoder_.Plan(input.type), input.content, transcode::JsonOptions(),
                           &out);
  } catch (const Error& error) {
    if (error.code != Code::kJson) Fail("JSON is refused with another code: " + error.message);
    *refusal = error.message;
    return std::nullopt;
  }
  return std::string(out.view());
}

std::optional<std::string> Oracle::WireToJson(const Input& input, std::string* refusal) const {
  Buffer out;
  // In two pieces, to meet fields that are cut.
  const size_t cut = input.content.size() / 2;
  const std::string_view spans[] = {input.content.substr(0, cut), input.content.substr(cut)};
  try {
    transcoder_.WireToJson(transcoder_.Plan(input.type), spans, 2, transcode::JsonOptions(), &out);
  } catch (const Error& error) {
    if (error.code != Code::kJson && error.code != Code::kWire) {
      Fail("bytes are refused with another code: " + error.message);
    }
    *refusal = error.message;
    return std::nullopt;
  }
  return std::string(out.view());
}

std::optional<std::string> Oracle::UtilJsonToWire(const Input& input) const {
  // Its time grows with the square of the depth.
  if (Nesting(input.content) > 50) return std::nullopt;
  std::string binary;
  const auto status = google::protobuf::util::JsonToBinaryString(
      util_resolver_.get(), "type.googleapis.com/" + input.type->full_name(),
      google::protobuf::StringPiece(input.content.data(), input.content.size()), &binary);
  if (!status.ok()) return std::nullopt;
  return binary;
}

std::unique_ptr<Message> Oracle::Parse(const Descriptor* type, std::string_view bytes) const {
  std::unique_ptr<Message> message = schema_.New(type);
  if (!message->ParsePartialFromString(std::string(bytes))) return nullptr;
  Normalize(schema_, message.get());
  return message;
}

std::optional<std::string> Oracle::ExpectedJson(const Message& message, std::string* reason) const {
  try {
    return ReferenceJson(schema_, message, transcode::JsonOptions());
  } catch (const NoJsonForm& none) {
    *reason = none.what();
    return std::nullopt;
  }
}

// Whether the message itself, or one within it, is such. That of an Any comes parsed; nullptr is
// one of which nothing can be said.
bool Oracle::AnyWithin(const Message& message,
                       const std::function<bool(const Message*)>& is_such) const {
  if (is_such(&message)) return true;
  const auto* reflection = message.GetReflection();
  if (message.GetDescriptor()->full_name() == "google.protobuf.Any") {
    const std::string url =
        reflection->GetString(message, message.GetDescriptor()->FindFieldByNumber(1));
    const std::string value =
        reflection->GetString(message, message.GetDescriptor()->FindFieldByNumber(2));
    if (url.empty() && value.empty()) return false;
    const Descriptor* type = schema_.TypeOfUrl(url);
    const std::unique_ptr<Message> content = type == nullptr ? nullptr : Parse(type, value);
    return content == nullptr ? is_such(nullptr) : AnyWithin(*content, is_such);
  }
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int size = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      const Message& inner = field->is_repeated()
                                 ? reflection->GetRepeatedMessage(message, field, i)
                                 : reflection->GetMessage(message, field);
      if (AnyWithin(inner, is_such)) return true;
    }
  }
  return false;
}

bool Oracle::LosesInJson(const Message& message) const {
  return AnyWithin(message, [](const Message* part) {
    if (part == nullptr) return true;
    const auto* reflection = part->GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection->ListFields(*part, &fields);
    for (const FieldDescriptor* field : fields) {
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_ENUM ||
          field->enum_type()->full_name() != "google.protobuf.NullValue") {
        continue;
      }
      const int size = field->is_repeated() ? reflection->FieldSize(*part, field) : 1;
      for (int i = 0; i < size; ++i) {
        const int number = field->is_repeated() ? reflection->GetRepeatedEnumValue(*part, field, i)
                                                : reflection->GetEnumValue(*part, field);
        if (number != 0) return true;
      }
    }
    return false;
  });
}

bool Oracle::HasMapOfClosedEnum(const Message& message) const {
  return AnyWithin(message, [](const Message* part) {
    if (part == nullptr) return false;
    std::vector<const FieldDescriptor*> fields;
    part->GetReflection()->ListFields(*part, &fields);
    return std::any_of(fields.begin(), fields.end(), [](const FieldDescriptor* field) {
      if (!field->is_map()) return false;
      const FieldDescriptor* value = field->message_type()->map_value();
      return value->cpp_type() == FieldDescriptor::CPPTYPE_ENUM &&
             value->file()->syntax() == google::protobuf::FileDescriptor::SYNTAX_PROTO2;
    });
  });
}

int Oracle::Nesting(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

void Oracle::CheckSameJson(const std::string& expected, const std::string& ours) {
  const json theirs = json::parse(expected, nullptr, /*allow_exceptions=*/false);
  const json parsed = json::parse(ours, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) Fail("ours is not JSON: " + ours);
  if (!SameJson(theirs, parsed, /*loose_floats=*/false)) {
    Fail("expected: " + expected + "\nours:     " + ours);
  }
}

void Oracle::CheckSameMessage(const Message& expected, const Message& ours) {
  if (Serialize(expected) != Serialize(ours)) {
    Fail("expected: " + expected.ShortDebugString() + "\nours:     " + ours.ShortDebugString());
  }
}

void Oracle::Fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

}  // namespace pygrpc::differential
