// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_REFLECTION_H_
#define PYGRPC_RPC_REFLECTION_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rpc/call_options.h"
#include "rpc/channel.h"

namespace pygrpc::rpc {

struct ReflectionRequest {
  CallOptions call;                  // metadata, timeout, wait_for_ready
  ReflectionOptions options;         // but for its metadata
  std::vector<std::string> symbols;  // what to ask for; empty for everything that is listed
  std::string server;                // what tells one server's answers from another's in the cache
};

struct ReflectedSchema {
  std::vector<std::string> files;  // serialized google.protobuf.FileDescriptorProto, in no order
  // Services listed, or symbols asked for, that no file declares, and what the server says of them.
  std::map<std::string, std::string> undescribed;
  ReflectionVersion version = ReflectionVersion::kAny;  // that the server speaks
};

// Asks a server for services, or for symbols, and for the files that describe them. Speaks v1 of
// server reflection, or v1alpha where v1 is refused and that may help. Tolerates answers in any
// order, files that are missing or called otherwise than their importers do. `known` is the version
// that the server was found to speak before. Throws Error(kStatus), Error(kSchema), Error(kOption).
ReflectedSchema Reflect(const std::shared_ptr<Channel>& channel, const ReflectionRequest& request,
                        ReflectionVersion known);

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_REFLECTION_H_
