// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <set>
#include <string_view>
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

// Of messages that need not be there, in each other.
constexpr size_t kMaxDepth = 16;
// Types that use each other may unfold to any size without being recursive.
constexpr size_t kMaxFields = 5000;
// What must be there is cut only where no call would take it, or nobody could use it.
constexpr size_t kMaxRequiredDepth = 100;
constexpr size_t kMaxRequiredFields = 100'000;

const Descriptor* MessageIn(const FieldDescriptor* field) {
  const Descriptor* message = field->message_type();
  if (message != nullptr && field->is_map()) message = message->map_value()->message_type();
  return message;
}

// What a message cannot do without: its required fields, theirs, and so on.
class RequiredParts {
 public:
  struct Size {
    size_t depth = 1;  // of messages in each other; kEndless where they never end
    size_t fields = 0;
  };
  static constexpr size_t kEndless = 1'000'000;

  // Without recursion: how long a chain of types is depends on the schema alone.
  Size SizeOf(const Descriptor* message) {
    std::vector<const Descriptor*> stack = {message};
    while (!stack.empty()) {
      const Descriptor* top = stack.back();
      auto [entry, is_new] = sizes_.emplace(top, Size{kEndless, kEndless});
      if (is_new) {
        for (const Descriptor* part : PartsOf(top)) {
          if (sizes_.count(part) == 0) stack.push_back(part);
        }
        continue;
      }
      stack.pop_back();
      if (!done_.insert(top).second) continue;
      Size size;
      for (const Descriptor* part : PartsOf(top)) {
        // One that is still being measured is a part of itself.
        const Size& of_part = sizes_[part];
        size.depth = std::min(kEndless, std::max(size.depth, of_part.depth + 1));
        size.fields = std::min(kEndless, size.fields + 1 + of_part.fields);
      }
      entry->second = size;
    }
    return sizes_[message];
  }

  // Whether one of `types` is `message` or a part of it.
  bool Meets(const Descriptor* message, const std::vector<const Descriptor*>& types) const {
    std::set<const Descriptor*> seen = {message};
    std::vector<const Descriptor*> stack = {message};
    while (!stack.empty()) {
      const Descriptor* top = stack.back();
      stack.pop_back();
      if (std::find(types.begin(), types.end(), top) != types.end()) return true;
      for (const Descriptor* part : PartsOf(top)) {
        if (seen.insert(part).second) stack.push_back(part);
      }
    }
    return false;
  }

 private:
  static std::vector<const Descriptor*> PartsOf(const Descriptor* message) {
    std::vector<const Descriptor*> parts;
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor* field = message->field(i);
      if (field->is_required() && field->message_type() != nullptr) {
        parts.push_back(field->message_type());
      }
    }
    return parts;
  }

  std::unordered_map<const Descriptor*, Size> sizes_;
  std::set<const Descriptor*> done_;
};

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
    const InputNames names(message, /*proto_names=*/false);
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor* field = message->field(i);
      const std::string* name = names.Of(field);
      const auto* oneof = field->real_containing_oneof();
      if (name == nullptr || (oneof != nullptr && field != MemberToShow(oneof, names))) continue;
      if (IsCut(field)) {
        if (field->is_map()) object[*name] = Json::object();
        if (field->is_repeated() && !field->is_map()) object[*name] = Json::array();
        continue;
      }
      ++fields_;
      size_t is_optional = field->is_required() ? 0 : 1;
      depth_ += is_optional;
      object[*name] = OfField(field);
      depth_ -= is_optional;
    }
    open_.pop_back();
    return object;
  }

 private:
  // Whether an example of the field would not end, or is too much.
  bool IsCut(const FieldDescriptor* field) {
    const Descriptor* message = MessageIn(field);
    bool is_plain = message == nullptr || WellKnownFormOf(message) != WellKnownForm::kNone;
    if (field->is_required()) {
      return fields_ >= kMaxRequiredFields ||
             (!is_plain && (open_.size() >= kMaxRequiredDepth || IsOpen(message)));
    }
    if (fields_ >= kMaxFields) return true;
    if (is_plain) return false;
    if (depth_ >= kMaxDepth || IsOpen(message)) return true;
    // What is begun must be completed.
    RequiredParts::Size size = required_.SizeOf(message);
    return fields_ + size.fields >= kMaxFields || open_.size() + size.depth > kMaxRequiredDepth ||
           (size.depth > 1 && required_.Meets(message, open_));
  }

  bool IsOpen(const Descriptor* message) const {
    return std::find(open_.begin(), open_.end(), message) != open_.end();
  }

  const FieldDescriptor* MemberToShow(const google::protobuf::OneofDescriptor* oneof,
                                      const InputNames& names) {
    for (int i = 0; i < oneof->field_count(); ++i) {
      const FieldDescriptor* field = oneof->field(i);
      if (names.Of(field) != nullptr && !IsCut(field)) return field;
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
  size_t depth_ = 1;  // of messages in each other, without those that must be there
  size_t fields_ = 0;
  RequiredParts required_;
};

}  // namespace

InputNames::InputNames(const Descriptor* message, bool proto_names) {
  // A name means the first field with it as its JSON name, or else as its name in the .proto.
  std::unordered_map<std::string_view, const FieldDescriptor*> fields;
  for (int i = 0; i < message->field_count(); ++i) {
    fields.emplace(message->field(i)->json_name(), message->field(i));
  }
  for (int i = 0; i < message->field_count(); ++i) {
    fields.emplace(message->field(i)->name(), message->field(i));
  }
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    const std::string& first = proto_names ? field->name() : field->json_name();
    const std::string& second = proto_names ? field->json_name() : field->name();
    if (fields[first] == field) {
      names_.emplace(field, &first);
    } else if (fields[second] == field) {
      names_.emplace(field, &second);
    }
  }
}

const std::string* InputNames::Of(const FieldDescriptor* field) const {
  auto found = names_.find(field);
  return found == names_.end() ? nullptr : found->second;
}

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
