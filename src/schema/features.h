// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_FEATURES_H_
#define PYGRPC_SCHEMA_FEATURES_H_

#include <google/protobuf/descriptor.h>

namespace pygrpc::schema {

// What the syntax or the edition of a file makes of its fields and enums. To be asked instead of
// the descriptors: a protobuf that knows no editions has proto2 or proto3 for a file as a whole,
// where an edition may say it for each field.

// Whether a field that is not repeated can be set to its default value, as opposed to not set.
bool HasPresence(const google::protobuf::FieldDescriptor* field);
// Whether a value that the enum does not list is refused, or kept as an unknown field.
bool IsClosed(const google::protobuf::EnumDescriptor* type);
// Whether a string field must hold UTF-8.
bool RequiresUtf8(const google::protobuf::FieldDescriptor* field);

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_FEATURES_H_
