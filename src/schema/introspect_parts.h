// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_INTROSPECT_PARTS_H_
#define PYGRPC_SCHEMA_INTROSPECT_PARTS_H_

#include <string>
#include <vector>

#include "schema/inspector.h"

namespace pygrpc::schema {

// What several of the introspection functions put into their answers.

Json MethodJson(Inspector* inspector, const google::protobuf::MethodDescriptor* method);
Json ServiceJson(Inspector* inspector, const google::protobuf::ServiceDescriptor* service);

// By full name; without the built-in ones.
std::vector<TypeName> LoadedServices(const Snapshot& schema);

// A type that has a JSON form of its own.
enum class WellKnownForm {
  kNone,
  kAny,
  kTimestamp,
  kDuration,
  kFieldMask,
  kStruct,
  kValue,
  kListValue,
  kWrapper,
  kEmpty,
};
WellKnownForm WellKnownFormOf(const google::protobuf::Descriptor* message);
inline bool IsNullValue(const google::protobuf::EnumDescriptor* type) {
  return type->full_name() == "google.protobuf.NullValue";
}

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_INTROSPECT_PARTS_H_
