// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "schema/inspector.h"
#include "schema/introspect.h"
#include "schema/introspect_parts.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

constexpr size_t kMaxDepth = 16;
// Types that use each other may unfold to any size without being recursive.
constexpr size_t kMaxFields = 5000;

class Example {
 public:
  Json OfMessage(const Descriptor* message) {
    switch (WellKnownFormOf(message)) {
      case WellKnownForm::kAny:
        return {{"@type", "type.googleapis.com/google.protobuf.Duration"}, {"value", "1.500s"}};
      case WellKnownForm::kTimestamp:
        return "2026-01-31T12:00:00Z";
      case WellKnownForm::kDuration:
        return "1.500s";
      case WellKnownForm::kFieldMask:
        return "fieldName";
      case WellKnownForm::kStruct:
        return {{"key", "value"}};
      case WellKnownForm::kValue:
        return "value";
      case WellKnownForm::kListValue:
        return Json::array({"value"});
      case WellKnownForm::kWrapper:
        return OfValue(message->field(0));
      case WellKnownForm::kEmpty:
        return Json::object();
      case WellKnownForm::kNone:
        break;
    }
    Json object = Json::object();
    open_.push_back(message);
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor* field = message->field(i);
      const auto* oneof = field->real_containing_oneof();
      if (oneof != nullptr && field != MemberToShow(oneof)) continue;
      if (IsCut(field)) {
        if (field->is_map()) object[field->json_name()] = Json::object();
        if (field->is_repeated() && !field->is_map()) object[field->json_name()] = Json::array();
        continue;
      }
      ++fields_;
      object[field->json_name()] = OfField(field);
    }
    open_.pop_back();
    return object;
  }

 private:
  static const Descriptor* MessageIn(const FieldDescriptor* field) {
    const Descriptor* message = field->message_type();
    if (message != nullptr && field->is_map()) message = message->map_value()->message_type();
    return message;
  }

  // Whether an example of the field would not end.
  bool IsCut(const FieldDescriptor* field) const {
    const Descriptor* message = MessageIn(field);
    if (message == nullptr) return fields_ >= kMaxFields;
    if (WellKnownFormOf(message) != WellKnownForm::kNone) return fields_ >= kMaxFields;
    return open_.size() >= kMaxDepth || fields_ >= kMaxFields ||
           std::find(open_.begin(), open_.end(), message) != open_.end();
  }

  const FieldDescriptor* MemberToShow(const google::protobuf::OneofDescriptor* oneof) const {
    for (int i = 0; i < oneof->field_count(); ++i) {
      if (!IsCut(oneof->field(i))) return oneof->field(i);
    }
    return nullptr;
  }

  Json OfField(const FieldDescriptor* field) {
    if (field->is_map()) {
      const Descriptor* entry = field->message_type();
      Json key = OfValue(entry->map_key());
      std::string key_text = key.is_string() ? key.get<std::string>() : key.dump();
      if (entry->map_key()->type() == FieldDescriptor::TYPE_STRING) key_text = "key";
      Json map = Json::object();
      map[key_text] = OfValue(entry->map_value());
      return map;
    }
    if (field->is_repeated()) return Json::array({OfValue(field)});
    return OfValue(field);
  }

  Json OfValue(const FieldDescriptor* field) {
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
      case FieldDescriptor::CPPTYPE_UINT32:
        return 1;
      case FieldDescriptor::CPPTYPE_INT64:
      case FieldDescriptor::CPPTYPE_UINT64:
        return "1";
      case FieldDescriptor::CPPTYPE_DOUBLE:
      case FieldDescriptor::CPPTYPE_FLOAT:
        return 1.5;
      case FieldDescriptor::CPPTYPE_BOOL:
        return true;
      case FieldDescriptor::CPPTYPE_STRING:
        return field->type() == FieldDescriptor::TYPE_BYTES ? Base64Encode("bytes") : "text";
      case FieldDescriptor::CPPTYPE_ENUM:
        return OfEnum(field->enum_type());
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return OfMessage(field->message_type());
    }
    return nullptr;
  }

  // The first value that says something.
  static Json OfEnum(const EnumDescriptor* type) {
    if (IsNullValue(type)) return nullptr;
    for (int i = 0; i < type->value_count(); ++i) {
      if (type->value(i)->number() != 0) return type->value(i)->name();
    }
    return type->value(0)->name();
  }

  std::vector<const Descriptor*> open_;
  size_t fields_ = 0;
};

}  // namespace

WellKnownForm WellKnownFormOf(const Descriptor* message) {
  static const auto* forms = new std::unordered_map<std::string, WellKnownForm>{
      {"google.protobuf.Any", WellKnownForm::kAny},
      {"google.protobuf.Timestamp", WellKnownForm::kTimestamp},
      {"google.protobuf.Duration", WellKnownForm::kDuration},
      {"google.protobuf.FieldMask", WellKnownForm::kFieldMask},
      {"google.protobuf.Struct", WellKnownForm::kStruct},
      {"google.protobuf.Value", WellKnownForm::kValue},
      {"google.protobuf.ListValue", WellKnownForm::kListValue},
      {"google.protobuf.Empty", WellKnownForm::kEmpty},
      {"google.protobuf.DoubleValue", WellKnownForm::kWrapper},
      {"google.protobuf.FloatValue", WellKnownForm::kWrapper},
      {"google.protobuf.Int64Value", WellKnownForm::kWrapper},
      {"google.protobuf.UInt64Value", WellKnownForm::kWrapper},
      {"google.protobuf.Int32Value", WellKnownForm::kWrapper},
      {"google.protobuf.UInt32Value", WellKnownForm::kWrapper},
      {"google.protobuf.BoolValue", WellKnownForm::kWrapper},
      {"google.protobuf.StringValue", WellKnownForm::kWrapper},
      {"google.protobuf.BytesValue", WellKnownForm::kWrapper},
  };
  auto found = forms->find(message->full_name());
  return found == forms->end() ? WellKnownForm::kNone : found->second;
}

std::string TemplateJson(const Schema& schema, std::string_view type_or_method) {
  return Dump(Example().OfMessage(Inspector(schema).FindMessageOrRequest(type_or_method)));
}

}  // namespace pygrpc::schema
