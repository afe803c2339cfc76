// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_SNAPSHOT_H_
#define PYGRPC_SCHEMA_SNAPSHOT_H_

#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schema/index.h"
#include "schema/pool.h"
#include "schema/proto_source.h"
#include "schema/schema.h"

namespace pygrpc::schema {

// The names of the built-in files.
const IndexLayer& BuiltInLayer();

// A Schema: the names that are loaded, and the pool in which their descriptors are built when they
// are asked for.
class Snapshot : public Schema, public Pool::Finder {
 public:
  // `note` ends the errors of names that are not found: what was to be loaded and is not there.
  Snapshot(Index index, std::shared_ptr<Pool> pool, std::string note = "");

  bool empty() const override { return empty_; }
  const google::protobuf::MethodDescriptor* Method(std::string_view name) const override;
  const google::protobuf::Descriptor* Message(std::string_view name) const override;
  const google::protobuf::Descriptor* FindMessage(std::string_view full_name) const override;
  std::vector<const google::protobuf::FieldDescriptor*> Extensions(
      const google::protobuf::Descriptor* extendee) const override;

  const Index& index() const { return index_; }
  const std::shared_ptr<Pool>& pool() const { return pool_; }
  const std::string& note() const { return note_; }

  // A loaded file, or else a built-in one.
  FilePtr FindFile(std::string_view name) const override;
  FilePtr FindFileOfType(std::string_view full_name) const override;
  // Builds the file; throws Error(kSchema).
  const google::protobuf::FileDescriptor* Build(const SchemaFile& file) const;
  // The file, parsed. The last one is kept: who asks for a part of a file may want all parts.
  std::shared_ptr<const ProtoSource> SourceOf(const SchemaFile& file) const;
  // The top-level symbol that is, or encloses, that name: loaded, or built in and not in conflict
  // with what is loaded.
  const Symbol* FindSymbol(std::string_view full_name) const;
  // Whether a type is an enum, rather than a message; nothing if there is no such type.
  std::optional<bool> IsEnum(std::string_view full_name) const;

  // Full names of the loaded messages, enums and services that are called `name`, with or without a
  // part of what comes before it.
  std::vector<std::string> TypesEndingWith(std::string_view name) const;

 private:
  const google::protobuf::MethodDescriptor* ResolveMethod(std::string_view name) const;
  const google::protobuf::MethodDescriptor* MethodOf(std::string_view service,
                                                     std::string_view method) const;
  std::vector<TypeName> TypesNamed(std::string_view name,
                                   const IndexLayer::TypeNames& (IndexLayer::*names)() const) const;
  [[noreturn]] void ThrowNoMethod(std::string_view name, std::string_view service,
                                  std::string_view method) const;
  [[noreturn]] void ThrowNoMessage(std::string_view name) const;
  // Whether a built-in file, which nobody imports, can be used beside what is loaded.
  bool IsUsableBuiltIn(const SchemaFile& file) const;

  Index index_;
  std::shared_ptr<Pool> pool_;
  std::string note_;
  bool empty_;
  mutable std::mutex source_mutex_;
  mutable FilePtr source_file_;
  mutable std::shared_ptr<const ProtoSource> source_;
  mutable std::shared_mutex cache_mutex_;
  mutable std::unordered_map<std::string, const google::protobuf::MethodDescriptor*> methods_;
  mutable std::unordered_map<std::string, const google::protobuf::Descriptor*> messages_;
};

// Gives the imports of `proto` the names of the files that they lead to; drops missing ones.
void RewriteImports(google::protobuf::FileDescriptorProto* proto, const Snapshot& schema);

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_SNAPSHOT_H_
