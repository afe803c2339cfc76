// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_PROTO_SOURCE_H_
#define PYGRPC_SCHEMA_PROTO_SOURCE_H_

#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <vector>

namespace pygrpc::schema {

// A loaded file, parsed, for whoever writes its declarations. Its imports have the names of the
// files that they lead to; missing ones are left out. Not to be copied: it points into itself.
struct ProtoSource {
  ProtoSource() = default;
  ProtoSource(const ProtoSource&) = delete;
  ProtoSource& operator=(const ProtoSource&) = delete;

  google::protobuf::FileDescriptorProto proto;
  // By path, as in google.protobuf.SourceCodeInfo.
  std::map<std::vector<int>, const google::protobuf::SourceCodeInfo::Location*> locations;
};

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_PROTO_SOURCE_H_
