// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema_check.h"

#include <google/protobuf/descriptor.pb.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/error.h"
#include "schema/file_compare.h"
#include "schema/introspect.h"
#include "schema/schema_file.h"
#include "transcode/transcoder.h"

namespace pygrpc::fuzz {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using schema::Schema;
using schema::SchemaStore;
using Json = nlohmann::ordered_json;

constexpr size_t kMaxDescribed = 60;
constexpr size_t kMaxConverted = 4;
constexpr size_t kMaxTextSize = 200'000;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

// The names of what a schema declares: messages apart, since they can do more.
struct Names {
  std::vector<std::string> messages;
  std::vector<std::string> others;
  bool clash = false;  // two fields of a message have one JSON name

  void AddMessage(const DescriptorProto& message, const std::string& scope) {
    const std::string name = scope + message.name();
    messages.push_back(name);
    const std::string inner = name + ".";
    std::set<std::string> keys;
    for (const auto& field : message.field()) {
      others.push_back(inner + field.name());
      const std::string json_name =
          field.has_json_name() ? field.json_name() : schema::DefaultJsonName(field.name());
      clash = clash || !keys.insert(json_name).second ||
              (json_name != field.name() && !keys.insert(field.name()).second);
    }
    for (const auto& field : message.extension()) others.push_back(inner + field.name());
    for (const auto& oneof : message.oneof_decl()) others.push_back(inner + oneof.name());
    for (const auto& type : message.enum_type()) others.push_back(inner + type.name());
    for (const auto& nested : message.nested_type()) AddMessage(nested, inner);
  }

  void AddFile(const FileDescriptorProto& file) {
    const std::string scope = file.package().empty() ? "" : file.package() + ".";
    others.push_back(file.name());
    for (const auto& message : file.message_type()) AddMessage(message, scope);
    for (const auto& field : file.extension()) others.push_back(scope + field.name());
    for (const auto& type : file.enum_type()) {
      others.push_back(scope + type.name());
      for (const auto& value : type.value()) others.push_back(scope + value.name());
    }
    for (const auto& service : file.service()) {
      others.push_back(scope + service.name());
      for (const auto& method : service.method()) {
        others.push_back(scope + service.name() + "." + method.name());
      }
    }
  }
};

// A message whose type is a member of itself by necessity has no finite value, and no template.
bool IsLackOfRequired(const Error& error) {
  return error.message.find("required") != std::string::npos;
}

void CheckMessage(const Schema& schema, const transcode::Transcoder& transcoder,
                  const std::string& name, bool may_be_refused) {
  schema::JsonSchemaJson(schema, name);
  const std::string text = schema::TemplateJson(schema, name);
  const auto* plan = transcoder.Plan(schema.Message(name));
  if (text.size() > kMaxTextSize) return;
  Buffer wire;
  try {
    transcoder.JsonToWire(plan, text, {}, &wire);
  } catch (const Error& error) {
    if (may_be_refused || IsLackOfRequired(error)) return;
    Fail("its own template is refused: " + error.message + "\n" + text);
  }
  const std::string_view bytes = wire.view();
  Buffer json;
  transcoder.WireToJson(plan, &bytes, 1, {}, &json);
}

void CheckNames(const Schema& schema, const Names& names) {
  size_t described = 0;
  for (const auto* list : {&names.messages, &names.others}) {
    for (const std::string& name : *list) {
      if (++described > kMaxDescribed) return;
      try {
        schema::DescribeJson(schema, name);
      } catch (const Error& error) {
        // A file and a symbol may have the same name, and so may an alias.
        if (error.code != Code::kAmbiguous) throw;
      }
    }
  }
}

// Both are serialized descriptor sets.
void CheckSame(const std::string& before, const std::string& after, const std::string& how) {
  FileDescriptorSet first;
  FileDescriptorSet second;
  if (!first.ParsePartialFromString(before) || !second.ParsePartialFromString(after)) {
    Fail(how + ": not a descriptor set");
  }
  std::map<std::string, const FileDescriptorProto*> files;
  for (const auto& file : second.file()) files[file.name()] = &file;
  for (const auto& file : first.file()) {
    const auto found = files.find(file.name());
    if (found == files.end()) Fail(how + ": " + file.name() + " is lost");
    if (!schema::SameContent(*schema::MakeFile(file, "before"),
                             *schema::MakeFile(*found->second, "after"), false)) {
      Fail(how + ": another content\n" + file.Utf8DebugString() + "\n---\n" +
           found->second->Utf8DebugString());
    }
  }
}

void CheckTextExport(const Schema& schema, const std::string& set, MadeFrom made_from) {
  const std::string text = schema::ExportProtoText(schema, {});
  SchemaStore again;
  const Json texts = Json::parse(text);
  for (const auto& [name, content] : texts.items()) {
    try {
      again.LoadProto(name, content.get<std::string>());
    } catch (const Error& error) {
      if (made_from == MadeFrom::kDescriptors) return;
      Fail("its own text is refused: " + error.message + "\n" + content.get<std::string>());
    }
  }
  if (made_from == MadeFrom::kText) {
    CheckSame(set, schema::ExportDescriptorSet(*again.current(), {}), "export as text");
  }
}

void Check(const SchemaStore& store, MadeFrom made_from) {
  const std::shared_ptr<const Schema> schema = store.current();
  const std::string set = schema::ExportDescriptorSet(*schema, {});
  FileDescriptorSet files;
  if (!files.ParsePartialFromString(set)) Fail("its export is no descriptor set");
  Names names;
  for (const auto& file : files.file()) names.AddFile(file);
  schema::ServicesJson(*schema);
  schema::ToolsJson(*schema);
  CheckNames(*schema, names);
  const transcode::Transcoder transcoder(schema.get());
  for (size_t i = 0; i < names.messages.size() && i < kMaxConverted; ++i) {
    CheckMessage(*schema, transcoder, names.messages[i],
                 names.clash || made_from == MadeFrom::kDescriptors);
  }
  SchemaStore again;
  again.LoadDescriptorSet(set);
  CheckSame(set, schema::ExportDescriptorSet(*again.current(), {}), "export as a set");
  CheckTextExport(*schema, set, made_from);
}

}  // namespace

void CheckSchema(const SchemaStore& store, MadeFrom made_from) {
  try {
    Check(store, made_from);
  } catch (const Error& error) {
    Fail("what was loaded cannot be used: " + error.message);
  }
}

}  // namespace pygrpc::fuzz
