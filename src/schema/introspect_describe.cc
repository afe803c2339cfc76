// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <utility>

#include "base/text.h"
#include "schema/features.h"
#include "schema/inspector.h"
#include "schema/introspect.h"
#include "schema/introspect_parts.h"
#include "schema/proto_writer.h"
#include "schema/wire_scan.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::OneofDescriptor;

class Describer {
 public:
  explicit Describer(const Schema& schema) : inspector_(schema) {}

  Json Describe(std::string_view name) {
    Inspector::Subject subject = inspector_.Find(name);
    Json json;
    if (subject.message != nullptr) {
      Begin("message", subject.message, subject.message->full_name(), &json);
      AddMessage(subject.message, &json);
    } else if (subject.enum_type != nullptr) {
      Begin("enum", subject.enum_type, subject.enum_type->full_name(), &json);
      AddEnum(subject.enum_type, &json);
    } else if (subject.service != nullptr) {
      Begin("service", subject.service, subject.service->full_name(), &json);
      json["methods"] = ServiceJson(&inspector_, subject.service)["methods"];
    } else if (subject.method != nullptr) {
      Begin("method", subject.method, subject.method->full_name(), &json);
      json["service"] = subject.method->service()->full_name();
      Json method = MethodJson(&inspector_, subject.method);
      for (auto& [key, value] : method.items()) {
        if (!json.contains(key)) json[key] = value;
      }
    } else if (subject.field != nullptr) {
      Begin(subject.field->is_extension() ? "extension" : "field", subject.field,
            subject.field->full_name(), &json);
      AddField(subject.field, &json);
    } else if (subject.oneof != nullptr) {
      Begin("oneof", subject.oneof, subject.oneof->full_name(), &json);
      json["message"] = subject.oneof->containing_type()->full_name();
      json["fields"] = OneofFields(subject.oneof);
    } else if (subject.enum_value != nullptr) {
      Begin("enumValue", subject.enum_value, subject.enum_value->full_name(), &json);
      json["enum"] = subject.enum_value->type()->full_name();
      json["number"] = subject.enum_value->number();
    } else {
      AddFile(subject.file, &json);
    }
    return json;
  }

 private:
  template <typename T>
  void Begin(const char* kind, const T* descriptor, const std::string& full_name, Json* json) {
    const FileDescriptor* file = FileOf(descriptor);
    (*json)["kind"] = kind;
    (*json)["name"] = full_name;
    (*json)["file"] = file->name();
    google::protobuf::SourceLocation location;
    if (descriptor->GetSourceLocation(&location)) {
      (*json)["line"] = int64_t{location.start_line} + 1;
      (*json)["column"] = int64_t{location.start_column} + 1;
    }
    if (IsDeprecated(descriptor->options())) (*json)["deprecated"] = true;
    AddCommentAndOptions(&inspector_, descriptor, json);
    (*json)["declaration"] = ProtoWriter(&inspector_, *inspector_.schema().FindFile(file->name()))
                                 .Declaration(PathOf(descriptor));
  }

  template <typename Options>
  static bool IsDeprecated(const Options& options) {
    return options.deprecated();
  }
  static bool IsDeprecated(const google::protobuf::OneofOptions&) { return false; }

  static Json OneofFields(const OneofDescriptor* oneof) {
    Json fields = Json::array();
    for (int i = 0; i < oneof->field_count(); ++i) fields.push_back(oneof->field(i)->name());
    return fields;
  }

  static std::string TypeName(const FieldDescriptor* field) {
    if (field->message_type() != nullptr) return field->message_type()->full_name();
    if (field->enum_type() != nullptr) return field->enum_type()->full_name();
    return field->type_name();
  }

  // In ProtoJSON.
  static Json DefaultOf(const FieldDescriptor* field) {
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return field->default_value_int32();
      case FieldDescriptor::CPPTYPE_UINT32:
        return field->default_value_uint32();
      case FieldDescriptor::CPPTYPE_INT64:
        return std::to_string(field->default_value_int64());
      case FieldDescriptor::CPPTYPE_UINT64:
        return std::to_string(field->default_value_uint64());
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return NumberJson(field->default_value_double());
      case FieldDescriptor::CPPTYPE_FLOAT:
        return NumberJson(field->default_value_float());
      case FieldDescriptor::CPPTYPE_BOOL:
        return field->default_value_bool();
      case FieldDescriptor::CPPTYPE_ENUM:
        return field->default_value_enum()->name();
      case FieldDescriptor::CPPTYPE_STRING:
        return field->type() == FieldDescriptor::TYPE_BYTES
                   ? Base64Encode(field->default_value_string())
                   : field->default_value_string();
      case FieldDescriptor::CPPTYPE_MESSAGE:
        break;  // has none
    }
    return nullptr;
  }

  void AddField(const FieldDescriptor* field, Json* json) {
    Json& to = *json;
    if (field->is_extension()) {
      to["extendee"] = field->containing_type()->full_name();
      to["jsonName"] = "[" + field->full_name() + "]";
    } else {
      to["message"] = field->containing_type()->full_name();
      to["jsonName"] = field->json_name();
    }
    AddFieldType(field, json);
  }

  void AddFieldType(const FieldDescriptor* field, Json* json) {
    Json& to = *json;
    to["number"] = field->number();
    to["label"] = field->is_repeated()   ? "repeated"
                  : field->is_required() ? "required"
                                         : "optional";
    if (field->is_map()) {
      to["type"] = "map";
      to["keyType"] = field->message_type()->map_key()->type_name();
      to["valueType"] = TypeName(field->message_type()->map_value());
    } else {
      bool is_message = field->message_type() != nullptr;
      to["type"] = is_message ? (field->type() == FieldDescriptor::TYPE_GROUP ? "group" : "message")
                   : field->enum_type() != nullptr ? "enum"
                                                   : field->type_name();
      if (is_message || field->enum_type() != nullptr) to["typeName"] = TypeName(field);
    }
    if (!field->is_repeated()) to["presence"] = HasPresence(field);
    if (field->is_packed()) to["packed"] = true;
    if (field->has_default_value()) to["default"] = DefaultOf(field);
    if (field->real_containing_oneof() != nullptr) {
      to["oneof"] = field->real_containing_oneof()->name();
    }
  }

  Json ShortField(const FieldDescriptor* field) {
    Json json;
    json["name"] = field->is_extension() ? field->full_name() : field->name();
    json["jsonName"] = field->is_extension() ? "[" + field->full_name() + "]" : field->json_name();
    AddFieldType(field, &json);
    if (field->options().deprecated()) json["deprecated"] = true;
    AddCommentAndOptions(&inspector_, field, &json);
    return json;
  }

  void AddMessage(const Descriptor* message, Json* json) {
    Json& to = *json;
    to["fields"] = Json::array();
    for (int i = 0; i < message->field_count(); ++i) {
      to["fields"].push_back(ShortField(message->field(i)));
    }
    for (int i = 0; i < message->real_oneof_decl_count(); ++i) {
      Json oneof = {{"name", message->oneof_decl(i)->name()}};
      AddCommentAndOptions(&inspector_, message->oneof_decl(i), &oneof);
      oneof["fields"] = OneofFields(message->oneof_decl(i));
      to["oneofs"].push_back(std::move(oneof));
    }
    for (int i = 0; i < message->nested_type_count(); ++i) {
      const Descriptor* nested = message->nested_type(i);
      if (!nested->options().map_entry()) to["messages"].push_back(nested->full_name());
    }
    for (int i = 0; i < message->enum_type_count(); ++i) {
      to["enums"].push_back(message->enum_type(i)->full_name());
    }
    for (const FieldDescriptor* extension : inspector_.schema().Extensions(message)) {
      to["extensions"].push_back(ShortField(extension));
    }
  }

  void AddEnum(const EnumDescriptor* type, Json* json) {
    (*json)["closed"] = IsClosed(type);
    (*json)["values"] = Json::array();
    for (int i = 0; i < type->value_count(); ++i) {
      const EnumValueDescriptor* value = type->value(i);
      Json entry = {{"name", value->name()}, {"number", value->number()}};
      if (value->options().deprecated()) entry["deprecated"] = true;
      AddCommentAndOptions(&inspector_, value, &entry);
      (*json)["values"].push_back(std::move(entry));
    }
  }

  void AddFile(const FileDescriptor* file, Json* json) {
    Json& to = *json;
    const SchemaFile& loaded = *inspector_.schema().FindFile(file->name());
    to["kind"] = "file";
    to["name"] = file->name();
    to["origin"] = loaded.origin;
    to["package"] = file->package();
    FileOutline outline;
    ScanFile(loaded.bytes, &outline);
    to["syntax"] = outline.syntax.empty() ? "proto2" : std::string(outline.syntax);
    if (loaded.edition != 0) to["edition"] = std::to_string(loaded.edition - 1000 + 2023);
    Json options = inspector_.OptionsJson(file->options());
    if (!options.empty()) to["options"] = std::move(options);
    auto add_names = [&to](const char* key, int count, auto name_of) {
      to[key] = Json::array();
      for (int i = 0; i < count; ++i) to[key].push_back(name_of(i));
    };
    add_names("imports", file->dependency_count(),
              [&](int i) { return file->dependency(i)->name(); });
    add_names("services", file->service_count(),
              [&](int i) { return file->service(i)->full_name(); });
    add_names("messages", file->message_type_count(),
              [&](int i) { return file->message_type(i)->full_name(); });
    add_names("enums", file->enum_type_count(),
              [&](int i) { return file->enum_type(i)->full_name(); });
    add_names("extensions", file->extension_count(),
              [&](int i) { return file->extension(i)->full_name(); });
    to["declaration"] = ProtoWriter(&inspector_, loaded).File();
  }

  Inspector inspector_;
};

}  // namespace

std::string DescribeJson(const Schema& schema, std::string_view symbol) {
  return Dump(Describer(schema).Describe(symbol));
}

}  // namespace pygrpc::schema
