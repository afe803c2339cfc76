// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_REPAIR_H_
#define PYGRPC_SCHEMA_REPAIR_H_

#include <google/protobuf/descriptor.pb.h>

#include <string_view>
#include <vector>

#include "schema/pool.h"
#include "schema/schema_file.h"

namespace pygrpc::schema {

// Servers describe themselves less carefully than compilers do: files are missing, are called
// otherwise than their importers say, or import nothing at all, since the server merged what it had
// by package. What follows is for files from reflection (`may_lack_imports`).

// The names that a reference to a type may mean in a file of that package, the likeliest first: a
// name with a leading dot is full, another one is relative to the package or to what is around it.
std::vector<std::string> MeaningsOf(std::string_view reference, std::string_view package);

// Files that declare what `file` refers to, and that neither it nor its imports' public imports
// bring. `imports` are those it names, nullptr for those that are missing.
std::vector<FilePtr> UnnamedImports(const SchemaFile& file, const std::vector<FilePtr>& imports,
                                    const Pool::Finder& finder);

// Gives the entry types of map fields the names that protobuf insists on.
void NameMapEntries(google::protobuf::FileDescriptorProto* file);

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_REPAIR_H_
