// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "schema/features.h"
#include "schema/inspector.h"
#include "schema/introspect.h"
#include "schema/introspect_parts.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::OneofDescriptor;

constexpr char kDialect[] = "https://json-schema.org/draft/2020-12/schema";

// What language models accept as the name of a tool.
constexpr size_t kMaxToolName = 64;

class JsonSchemaWriter {
 public:
  // For input, what nobody should write is left out: NaN, enums as numbers.
  JsonSchemaWriter(Inspector* inspector, const JsonSchemaOptions& options, bool for_input)
      : inspector_(inspector), options_(options), for_input_(for_input) {}

  Json Document(const Descriptor* message) {
    Json schema = {{"$schema", kDialect}, {"title", message->full_name()}};
    Json body = OfMessage(message);
    for (auto& [key, value] : body.items()) schema[key] = value;
    AddDefinitions(&schema);
    return schema;
  }

  // What a tool takes: always an object, and one without a combination of schemas at the top level,
  // which some interfaces for tools refuse.
  Json ToolInput(const MethodDescriptor* method) {
    const Descriptor* message = method->input_type();
    if (method->client_streaming()) {
      return OneProperty("requests", {{"type", "array"}, {"items", Reference(message)}});
    }
    if (WellKnownFormOf(message) != WellKnownForm::kNone) {
      Json request = OfWellKnown(message);
      if (request.value("type", "") != "object") return OneProperty("request", std::move(request));
    }
    Json schema = Document(message);
    if (schema.erase("allOf") == 0) return schema;
    std::string description = schema.value("description", "");
    for (int i = 0; i < message->real_oneof_decl_count(); ++i) {
      std::string rule = OneOfInWords(message->oneof_decl(i));
      if (!description.empty() && !rule.empty()) description += "\n";
      description += rule;
    }
    schema["description"] = std::move(description);
    return schema;
  }

 private:
  Json OneProperty(const char* name, Json of_property) {
    Json schema = {{"$schema", kDialect}, {"type", "object"}};
    schema["properties"][name] = std::move(of_property);
    schema["required"] = {name};
    schema["additionalProperties"] = false;
    AddDefinitions(&schema);
    return schema;
  }

  void AddDefinitions(Json* schema) {
    if (queue_.empty()) return;
    Json definitions = Json::object();
    for (size_t i = 0; i < queue_.size(); ++i) {
      const Descriptor* message = queue_[i];
      definitions[message->full_name()] = OfMessage(message);
    }
    (*schema)["$defs"] = std::move(definitions);
  }

  // Types are defined one after the other, not inside each other: they may be recursive.
  Json Reference(const Descriptor* message) {
    if (seen_.insert(message).second) queue_.push_back(message);
    return {{"$ref", "#/$defs/" + message->full_name()}};
  }

  static Json Integer(int64_t minimum, int64_t maximum) {
    return {{"type", "integer"}, {"minimum", minimum}, {"maximum", maximum}};
  }

  Json Integer64(bool is_signed) const {
    if (options_.int64_as_number) {
      Json schema = {{"type", "integer"}};
      if (!is_signed) schema["minimum"] = 0;
      return schema;
    }
    return {{"type", "string"},
            {"format", is_signed ? "int64" : "uint64"},
            {"pattern", is_signed ? "^-?[0-9]{1,19}$" : "^[0-9]{1,20}$"}};
  }

  Json Number(bool is_float) const {
    Json number = {{"type", "number"}};
    if (is_float) {
      // The largest one as it is printed, which is a little more than it is.
      number["minimum"] = -3.4028235e38;
      number["maximum"] = 3.4028235e38;
    }
    if (for_input_) return number;
    return {{"anyOf", {std::move(number), {{"enum", {"NaN", "Infinity", "-Infinity"}}}}}};
  }

  Json OfEnum(const EnumDescriptor* type) {
    if (IsNullValue(type)) return {{"type", "null"}};
    if (options_.enum_numbers) return Integer(INT32_MIN, INT32_MAX);
    Json names = Json::array();
    std::string description = CommentOf(type);
    for (int i = 0; i < type->value_count(); ++i) {
      names.push_back(type->value(i)->name());
      std::string comment = CommentOf(type->value(i));
      if (comment.empty()) continue;
      if (!description.empty()) description += "\n";
      description += type->value(i)->name() + ": " + comment;
    }
    Json schema = {{"type", "string"}, {"enum", std::move(names)}};
    // A value that an open enum does not list is printed as its number.
    if (!for_input_ && !IsClosed(type)) {
      schema = {{"anyOf", {schema, Integer(INT32_MIN, INT32_MAX)}}};
    }
    if (!description.empty()) schema["description"] = std::move(description);
    return schema;
  }

  Json OfValue(const FieldDescriptor* field) {
    switch (field->type()) {
      case FieldDescriptor::TYPE_INT32:
      case FieldDescriptor::TYPE_SINT32:
      case FieldDescriptor::TYPE_SFIXED32:
        return Integer(INT32_MIN, INT32_MAX);
      case FieldDescriptor::TYPE_UINT32:
      case FieldDescriptor::TYPE_FIXED32:
        return Integer(0, UINT32_MAX);
      case FieldDescriptor::TYPE_INT64:
      case FieldDescriptor::TYPE_SINT64:
      case FieldDescriptor::TYPE_SFIXED64:
        return Integer64(true);
      case FieldDescriptor::TYPE_UINT64:
      case FieldDescriptor::TYPE_FIXED64:
        return Integer64(false);
      case FieldDescriptor::TYPE_DOUBLE:
      case FieldDescriptor::TYPE_FLOAT:
        return Number(field->type() == FieldDescriptor::TYPE_FLOAT);
      case FieldDescriptor::TYPE_BOOL:
        return {{"type", "boolean"}};
      case FieldDescriptor::TYPE_STRING:
        return {{"type", "string"}};
      case FieldDescriptor::TYPE_BYTES:
        return {{"type", "string"}, {"contentEncoding", "base64"}};
      case FieldDescriptor::TYPE_ENUM:
        return OfEnum(field->enum_type());
      case FieldDescriptor::TYPE_MESSAGE:
      case FieldDescriptor::TYPE_GROUP:
        break;
    }
    const Descriptor* message = field->message_type();
    if (WellKnownFormOf(message) == WellKnownForm::kNone) return Reference(message);
    return OfWellKnown(message);
  }

  Json OfWellKnown(const Descriptor* message) {
    switch (WellKnownFormOf(message)) {
      case WellKnownForm::kAny: {
        Json schema = {{"type", "object"},
                       {"properties", {{"@type", {{"type", "string"}}}}},
                       {"description", "Any message: \"@type\" is its type URL"}};
        if (for_input_) schema["required"] = {"@type"};
        return schema;
      }
      case WellKnownForm::kTimestamp:
        return {{"type", "string"}, {"format", "date-time"}};
      case WellKnownForm::kDuration:
        return {{"type", "string"},
                {"pattern", "^-?[0-9]+(\\.[0-9]{1,9})?s$"},
                {"description", "Seconds, with the unit: \"1.5s\""}};
      case WellKnownForm::kFieldMask:
        return {{"type", "string"}, {"description", "Paths of fields, separated by commas"}};
      case WellKnownForm::kStruct:
        return {{"type", "object"}};
      case WellKnownForm::kListValue:
        return {{"type", "array"}};
      case WellKnownForm::kWrapper:
        return OfValue(message->field(0));
      case WellKnownForm::kEmpty:
        return {{"type", "object"}, {"additionalProperties", false}};
      case WellKnownForm::kValue:
      case WellKnownForm::kNone:
        break;
    }
    return Json::object();  // google.protobuf.Value: anything
  }

  Json OfMap(const FieldDescriptor* field) {
    Json schema = {{"type", "object"},
                   {"additionalProperties", OfValue(field->message_type()->map_value())}};
    switch (field->message_type()->map_key()->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        schema["propertyNames"] = {{"enum", {"true", "false"}}};
        break;
      default:
        schema["propertyNames"] = {{"pattern", "^-?[0-9]+$"}};
        break;
    }
    return schema;
  }

  Json OfField(const FieldDescriptor* field) {
    Json schema;
    if (field->is_map()) {
      schema = OfMap(field);
    } else if (field->is_repeated()) {
      schema = {{"type", "array"}, {"items", OfValue(field)}};
    } else {
      schema = OfValue(field);
    }
    std::string comment = CommentOf(field);
    if (!comment.empty()) {
      if (schema.contains("description")) {
        comment += "\n" + schema["description"].get<std::string>();
      }
      schema["description"] = std::move(comment);
    }
    if (field->options().deprecated()) schema["deprecated"] = true;
    return schema;
  }

  // As a call takes it, or prints it. Empty where a call takes none.
  std::string NameOf(const FieldDescriptor* field) {
    if (!for_input_) return options_.proto_names ? field->name() : field->json_name();
    const Descriptor* message = field->containing_type();
    auto names = names_.find(message);
    if (names == names_.end()) {
      names = names_.emplace(message, InputNames(message, options_.proto_names)).first;
    }
    const std::string* name = names->second.Of(field);
    return name == nullptr ? "" : *name;
  }

  std::vector<std::string> MemberNames(const OneofDescriptor* oneof) {
    std::vector<std::string> names;
    for (int i = 0; i < oneof->field_count(); ++i) {
      std::string name = NameOf(oneof->field(i));
      if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) continue;
      names.push_back(std::move(name));
    }
    return names;
  }

  // By the option google.api.field_behavior, which is about requests.
  bool IsMarkedRequired(const FieldDescriptor* field) {
    if (!for_input_) return false;
    Json options = inspector_->OptionsJson(field->options());
    auto behavior = options.find("[google.api.field_behavior]");
    if (behavior == options.end() || !behavior->is_array()) return false;
    return std::find(behavior->begin(), behavior->end(), "REQUIRED") != behavior->end();
  }

  Json OfMessage(const Descriptor* message) {
    if (WellKnownFormOf(message) != WellKnownForm::kNone) return OfWellKnown(message);
    Json schema = {{"type", "object"}};
    std::string comment = CommentOf(message);
    if (!comment.empty()) schema["description"] = std::move(comment);
    if (message->options().deprecated()) schema["deprecated"] = true;
    Json properties = Json::object();
    Json required = Json::array();
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor* field = message->field(i);
      const std::string name = NameOf(field);
      if (name.empty()) continue;
      Json& property = properties[name];
      // Fields of proto2 may be printed by the same name.
      property = property.is_null() ? OfField(field)
                                    : Json{{"anyOf", {std::move(property), OfField(field)}}};
      const OneofDescriptor* oneof = field->real_containing_oneof();
      if (field->is_required() ||
          ((oneof == nullptr || oneof->field_count() == 1) && IsMarkedRequired(field))) {
        if (std::find(required.begin(), required.end(), name) == required.end()) {
          required.push_back(name);
        }
      }
    }
    schema["properties"] = std::move(properties);
    if (!required.empty()) schema["required"] = std::move(required);
    if (message->extension_range_count() > 0) {
      schema["patternProperties"]["^\\[.+\\]$"] = Json::object();
    }
    schema["additionalProperties"] = false;
    for (int i = 0; i < message->real_oneof_decl_count(); ++i) {
      const OneofDescriptor* oneof = message->oneof_decl(i);
      if (oneof->field_count() > 1) schema["allOf"].push_back(OneOf(oneof));
    }
    return schema;
  }

  // A member of a oneof that is marked as required can only mean: one of them is.
  bool IsRequired(const OneofDescriptor* oneof) {
    for (int i = 0; i < oneof->field_count(); ++i) {
      if (IsMarkedRequired(oneof->field(i))) return true;
    }
    return false;
  }

  // Exactly one of the members, or at most one.
  Json OneOf(const OneofDescriptor* oneof) {
    Json members = Json::array();
    for (const std::string& name : MemberNames(oneof)) members.push_back({{"required", {name}}});
    Json choices = members;
    if (!IsRequired(oneof)) choices.push_back({{"not", {{"anyOf", std::move(members)}}}});
    return {{"oneOf", std::move(choices)}};
  }

  std::string OneOfInWords(const OneofDescriptor* oneof) {
    if (oneof->field_count() < 2) return "";
    std::string names;
    for (const std::string& name : MemberNames(oneof)) {
      names += std::string(names.empty() ? "" : ", ") + Quote(name);
    }
    return (IsRequired(oneof) ? "Exactly one of " : "At most one of ") + names + ".";
  }

  Inspector* inspector_;
  const JsonSchemaOptions& options_;
  bool for_input_;
  std::vector<const Descriptor*> queue_;  // to be defined; grows meanwhile
  std::set<const Descriptor*> seen_;
  std::unordered_map<const Descriptor*, InputNames> names_;
};

std::string ToolName(const MethodDescriptor* method) {
  std::string name = method->full_name();
  for (char& c : name) {
    if (c == '.') c = '_';
  }
  // The end tells more than the beginning.
  if (name.size() > kMaxToolName) name.erase(0, name.size() - kMaxToolName);
  return name;
}

Json ToolJson(Inspector* inspector, const MethodDescriptor* method,
              const JsonSchemaOptions& options) {
  Json tool;
  tool["name"] = ToolName(method);
  std::string description = CommentOf(method);
  if (description.empty()) {
    description = "Calls " + method->name() + " of " + method->service()->full_name();
    std::string of_service = CommentOf(method->service());
    if (!of_service.empty()) description += ". " + of_service;
  }
  tool["description"] = std::move(description);
  JsonSchemaWriter input(inspector, options, /*for_input=*/true);
  tool["inputSchema"] = input.ToolInput(method);
  tool["method"] = method->service()->full_name() + "/" + method->name();
  tool["cardinality"] = CardinalityOf(method);
  return tool;
}

}  // namespace

std::string JsonSchemaJson(const Schema& schema, std::string_view type_or_method,
                           const JsonSchemaOptions& options) {
  Inspector inspector(schema);
  Inspector::Subject subject = inspector.Find(type_or_method);
  if (subject.method != nullptr) return Dump(ToolJson(&inspector, subject.method, options));
  const Descriptor* message = inspector.FindMessageOrRequest(type_or_method);
  return Dump(JsonSchemaWriter(&inspector, options, /*for_input=*/false).Document(message));
}

std::string ToolsJson(const Schema& schema, const JsonSchemaOptions& options) {
  Inspector inspector(schema);
  Json tools = Json::array();
  std::set<std::string> names;
  auto add = [&](Json tool) {
    // Names may meet: by a dot that became a line, or when they are cut.
    std::string name = tool["name"];
    for (int count = 2; !names.insert(name).second; ++count) {
      std::string suffix = "_" + std::to_string(count);
      name = tool["name"].get<std::string>().substr(0, kMaxToolName - suffix.size()) + suffix;
    }
    tool["name"] = name;
    tools.push_back(std::move(tool));
  };
  std::optional<Error> first_error;
  for (const TypeName& type : LoadedServices(inspector.schema())) {
    try {
      const auto* service = inspector.Find(type.full_name).service;
      for (int i = 0; i < service->method_count(); ++i) {
        add(ToolJson(&inspector, service->method(i), options));
      }
    } catch (const Error& error) {
      // One broken file must not hide the tools of all others.
      if (!first_error) first_error = error;
    }
  }
  if (tools.empty() && first_error) throw Error(*first_error);
  return Dump(tools);
}

}  // namespace pygrpc::schema
