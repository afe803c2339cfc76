// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_DESCRIPTOR_SET_H_
#define PYGRPC_SCHEMA_DESCRIPTOR_SET_H_

#include <string>
#include <string_view>
#include <vector>

#include "schema/schema_file.h"

namespace pygrpc::schema {

// Whether `bytes` are gzipped, or a serialized FileDescriptorSet (protoc's, or an image of buf), or
// a single FileDescriptorProto. Looks at the outermost fields only.
bool IsDescriptorSet(std::string_view bytes);

// The files of a descriptor set, gzipped or plain. Throws Error(kSchema).
std::vector<FilePtr> SplitDescriptorSet(std::string_view bytes, const std::string& origin);

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_DESCRIPTOR_SET_H_
