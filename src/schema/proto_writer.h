// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_PROTO_WRITER_H_
#define PYGRPC_SCHEMA_PROTO_WRITER_H_

#include <google/protobuf/descriptor.pb.h>

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schema/inspector.h"
#include "schema/proto_source.h"

namespace pygrpc::schema {

// Writes a loaded file, or a part of it, as .proto text with comments. A compiler makes the same
// descriptors from the text of a file as were loaded.
class ProtoWriter {
 public:
  // Imports that are missing are left out; others get the names of the files that were found.
  ProtoWriter(Inspector* inspector, const SchemaFile& file);

  std::string File();
  // The declaration that a path, as in google.protobuf.SourceCodeInfo, leads to.
  std::string Declaration(const std::vector<int>& path);

 private:
  using Path = std::vector<int>;
  struct Members;
  static Members MembersOf(const google::protobuf::DescriptorProto& message, const Path& path,
                           const std::string& scope);

  void Line(const std::string& text);
  void Open(const std::string& text);
  void Close();
  void LeadingComments(const Path& path);
  void TrailingComment(const Path& path);
  void CommentLines(const std::string& comment);

  void Header();
  void Message(const google::protobuf::DescriptorProto& message, const Path& path,
               const std::string& scope);
  void MessageBody(const google::protobuf::DescriptorProto& message, const Path& path,
                   const std::string& scope);
  void MembersUntil(Members* members, int field);
  void ExtensionsUntil(Members* members, int extension);
  void Oneof(const Members& members, int index);
  void MemberField(const Members& members, int index);
  void MemberExtension(const Members& members, int index);
  void Field(const google::protobuf::FieldDescriptorProto& field, const Path& path,
             const std::string& scope, const google::protobuf::DescriptorProto* nested,
             const Path& nested_path, bool in_oneof);
  void Ranges(const google::protobuf::DescriptorProto& message, const std::string& scope);
  void Enum(const google::protobuf::EnumDescriptorProto& type, const Path& path,
            const std::string& scope);
  void EnumValue(const google::protobuf::EnumValueDescriptorProto& value, const Path& path,
                 const std::string& scope);
  void Service(const google::protobuf::ServiceDescriptorProto& service, const Path& path,
               const std::string& scope);
  void Method(const google::protobuf::MethodDescriptorProto& method, const Path& path,
              const std::string& scope);

  void EnumDeclaration(const google::protobuf::EnumDescriptorProto& type, const Path& path,
                       const Path& type_path, const std::string& scope);
  google::protobuf::DescriptorProto FileAsMessage() const;

  std::string Label(const google::protobuf::FieldDescriptorProto& field, bool in_oneof) const;
  std::string TypeOf(const google::protobuf::FieldDescriptorProto& field, const std::string& scope);
  // Whether options belong to what `scope` is the inside of, or to a member of it.
  enum class OptionsOf { kMember, kBody };
  std::vector<std::string> OptionTexts(const google::protobuf::Message& options,
                                       int features_number, const std::string& scope,
                                       OptionsOf of = OptionsOf::kMember);
  void OptionLines(const google::protobuf::Message& options, int features_number,
                   const std::string& scope, OptionsOf of = OptionsOf::kMember);
  std::string FieldOptions(const google::protobuf::FieldDescriptorProto& field,
                           const std::string& scope);
  void Reserved(const std::vector<std::string>& ranges, const std::vector<std::string>& names);

  // The shortest way to write a full name inside `scope`.
  std::string Shorten(const std::string& target, const std::string& scope);
  // The same of a type, whose full name may begin with a dot.
  std::string TypeName(const std::string& full_name, const std::string& scope);
  std::string OptionName(const std::string& full_name, const std::string& scope, OptionsOf of);
  bool Means(const std::string& name, const std::string& target, const std::string& scope);
  bool Exists(const std::string& full_name);

  Inspector* inspector_;
  std::shared_ptr<const ProtoSource> source_;
  const google::protobuf::FileDescriptorProto& proto_;
  std::string syntax_;  // "proto2", "proto3" or "editions"
  std::set<int> unknown_options_;
  std::unordered_map<std::string, bool> exists_;
  std::string text_;
  int depth_ = 0;
};

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_PROTO_WRITER_H_
