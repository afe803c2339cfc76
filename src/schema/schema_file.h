// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_SCHEMA_FILE_H_
#define PYGRPC_SCHEMA_SCHEMA_FILE_H_

#include <google/protobuf/descriptor.pb.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pygrpc::schema {

// One loaded file in its serialized form. Descriptors are built from it when something in it is
// asked for. Immutable and shared between schemas.
struct SchemaFile : std::enable_shared_from_this<SchemaFile> {
  std::shared_ptr<const std::string> storage;  // what `bytes` points into
  std::string_view bytes;                      // a google.protobuf.FileDescriptorProto
  std::string_view name;
  std::string_view package;
  std::vector<std::string_view> imports;
  std::vector<int> public_imports;
  int edition = 0;
  std::string origin;             // "descriptor set a.pb": stands in messages
  bool built_in = false;          // came with the library; a loaded file of that name replaces it
  bool may_lack_imports = false;  // from reflection: what cannot be found is left out
};

using FilePtr = std::shared_ptr<const SchemaFile>;

// Throws Error(kSchema) if `bytes` are no FileDescriptorProto with a usable name. Most of the
// content is not looked at.
FilePtr MakeFile(std::shared_ptr<const std::string> storage, std::string_view bytes,
                 std::string origin, bool may_lack_imports = false);
FilePtr MakeFile(const google::protobuf::FileDescriptorProto& proto, std::string origin);

// Whether a file of that name can be kept: relative, no way out of the root, no odd characters.
bool IsUsableFileName(std::string_view name);

// Parses the whole; throws Error(kSchema) if it cannot be parsed.
void ParseFile(const SchemaFile& file, google::protobuf::FileDescriptorProto* proto);

// The JSON name that a compiler computes for a field.
std::string DefaultJsonName(const std::string& name);

// The files that come with the library, in an order in which imports come first.
const std::vector<FilePtr>& BuiltInFiles();

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_SCHEMA_FILE_H_
