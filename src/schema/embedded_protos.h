// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_EMBEDDED_PROTOS_H_
#define PYGRPC_SCHEMA_EMBEDDED_PROTOS_H_

#include <cstddef>

namespace pygrpc::schema {

// A serialized google.protobuf.FileDescriptorSet, each file after those that it imports: the
// well-known types and what lies in protos/embedded. The build makes it.
extern const unsigned char kEmbeddedProtos[];
extern const size_t kEmbeddedProtosSize;

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_EMBEDDED_PROTOS_H_
