// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_INSPECTOR_H_
#define PYGRPC_SCHEMA_INSPECTOR_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "schema/snapshot.h"

namespace pygrpc::schema {

using Json = nlohmann::ordered_json;

// What the functions of schema/introspect.h share. For one call.
class Inspector {
 public:
  explicit Inspector(const Schema& schema);

  const Snapshot& schema() const { return schema_; }

  // What a name stands for; exactly one is set.
  struct Subject {
    const google::protobuf::Descriptor* message = nullptr;
    const google::protobuf::EnumDescriptor* enum_type = nullptr;
    const google::protobuf::EnumValueDescriptor* enum_value = nullptr;
    const google::protobuf::FieldDescriptor* field = nullptr;  // or an extension
    const google::protobuf::OneofDescriptor* oneof = nullptr;
    const google::protobuf::ServiceDescriptor* service = nullptr;
    const google::protobuf::MethodDescriptor* method = nullptr;
    const google::protobuf::FileDescriptor* file = nullptr;
  };
  // Throws Error(kNotFound) or Error(kAmbiguous).
  Subject Find(std::string_view name) const;

  // The message of that name, or the request of the method. Throws as Find() does.
  const google::protobuf::Descriptor* FindMessageOrRequest(std::string_view name) const;

  // Interpreted options, custom ones included, in JSON; an empty object if there are none.
  Json OptionsJson(const google::protobuf::Message& options);

  // Calls `read` with the options as a message that knows the custom ones.
  void WithOptions(const google::protobuf::Message& options,
                   const std::function<void(const google::protobuf::Message&)>& read);

 private:
  bool FindFull(std::string_view name, Subject* subject) const;
  // A field, oneof, extension or enum value behind the name of its message or enum, which may be
  // short. Throws Error(kAmbiguous).
  bool FindMember(std::string_view name, Subject* subject) const;
  // Full names of the types, and services, that a full or short name means.
  std::vector<std::string> TypesCalled(std::string_view name) const;

  // For suggestions: what resembles a name in the innermost scope of it that is known.
  std::vector<std::string> NearMembers(std::string_view name) const;
  std::vector<std::string> NearFiles(std::string_view name) const;
  static std::vector<std::string> MembersOf(const Subject& subject);
  std::vector<std::string> SymbolsOf(std::string_view package) const;

  const Snapshot& schema_;
  google::protobuf::DynamicMessageFactory factory_;
};

// The file that something is declared in.
template <typename Descriptor>
const google::protobuf::FileDescriptor* FileOf(const Descriptor* descriptor) {
  return descriptor->file();
}
inline const google::protobuf::FileDescriptor* FileOf(
    const google::protobuf::MethodDescriptor* method) {
  return method->service()->file();
}
inline const google::protobuf::FileDescriptor* FileOf(
    const google::protobuf::OneofDescriptor* oneof) {
  return oneof->containing_type()->file();
}
inline const google::protobuf::FileDescriptor* FileOf(
    const google::protobuf::EnumValueDescriptor* value) {
  return value->type()->file();
}
const google::protobuf::FileDescriptor* FileOf(const Inspector::Subject& subject);

// Where a declaration is in its file, as in google.protobuf.SourceCodeInfo.
std::vector<int> PathOf(const google::protobuf::Descriptor* message);
std::vector<int> PathOf(const google::protobuf::EnumDescriptor* type);
std::vector<int> PathOf(const google::protobuf::EnumValueDescriptor* value);
std::vector<int> PathOf(const google::protobuf::FieldDescriptor* field);
std::vector<int> PathOf(const google::protobuf::OneofDescriptor* oneof);
std::vector<int> PathOf(const google::protobuf::ServiceDescriptor* service);
std::vector<int> PathOf(const google::protobuf::MethodDescriptor* method);

// As a caller writes it: without comment signs and indentation, leading and trailing part.
template <typename Descriptor>
std::string CommentOf(const Descriptor* descriptor);

// The cardinality in the words of the C header: "unary_unary", ...
const char* CardinalityOf(const google::protobuf::MethodDescriptor* method);

// Joins what stands before and behind a declaration, without indentation.
std::string JoinComments(const google::protobuf::SourceLocation& location);

template <typename Descriptor>
std::string CommentOf(const Descriptor* descriptor) {
  google::protobuf::SourceLocation location;
  if (!descriptor->GetSourceLocation(&location)) return "";
  return JoinComments(location);
}

// Adds `comment` and `options` where there are any.
template <typename Descriptor>
void AddCommentAndOptions(Inspector* inspector, const Descriptor* descriptor, Json* json) {
  std::string comment = CommentOf(descriptor);
  if (!comment.empty()) (*json)["comment"] = comment;
  Json options = inspector->OptionsJson(descriptor->options());
  if (!options.empty()) (*json)["options"] = std::move(options);
}

// As ProtoJSON has them: a float with no more digits than it takes, NaN as a text.
Json NumberJson(double value);
Json NumberJson(float value);

// Texts come from files that may hold anything: what is not UTF-8 is replaced.
std::string Dump(const Json& json);

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_INSPECTOR_H_
