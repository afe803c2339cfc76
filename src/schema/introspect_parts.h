// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_INTROSPECT_PARTS_H_
#define PYGRPC_SCHEMA_INTROSPECT_PARTS_H_

#include <string>
#include <unordered_map>
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

// The names by which a call takes the fields of a message. proto2 allows fields whose JSON names
// are the same: where one name means another field, the field's other name is there, if that means
// it.
class InputNames {
 public:
  InputNames(const google::protobuf::Descriptor* message, bool proto_names);
  // Null if there is none.
  const std::string* Of(const google::protobuf::FieldDescriptor* field) const;

 private:
  std::unordered_map<const google::protobuf::FieldDescriptor*, const std::string*> names_;
};

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_INTROSPECT_PARTS_H_
