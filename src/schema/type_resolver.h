// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_TYPE_RESOLVER_H_
#define PYGRPC_SCHEMA_TYPE_RESOLVER_H_

#include <google/protobuf/descriptor.h>

#include <string_view>
#include <vector>

namespace pygrpc::schema {

// What the transcoder asks of a schema beyond the descriptors it already holds: the types that
// only show up by name in a message (Any, extensions). Thread-safe; answers never change during
// the life of the resolver and stay valid as long as it.
class TypeResolver {
 public:
  virtual ~TypeResolver() = default;

  // "google.protobuf.Timestamp"; nullptr if unknown.
  virtual const google::protobuf::Descriptor* FindMessage(std::string_view full_name) const = 0;
  // Every extension known for `extendee`.
  virtual std::vector<const google::protobuf::FieldDescriptor*> Extensions(
      const google::protobuf::Descriptor* extendee) const = 0;
};

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_TYPE_RESOLVER_H_
