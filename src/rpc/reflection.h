// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_REFLECTION_H_
#define PYGRPC_RPC_REFLECTION_H_

#include <memory>
#include <string>
#include <vector>

#include "rpc/call_options.h"
#include "rpc/channel.h"

namespace pygrpc::rpc {

// Asks a server for all services that it tells of, and for the files that describe them:
// serialized google.protobuf.FileDescriptorProto, in no order. Speaks v1 of server reflection, and
// v1alpha with servers that do not know v1. Sends the metadata of `options` along and keeps its
// deadline, 10 s unless given. Throws Error(kStatus), Error(kSchema) where there is no reflection.
std::vector<std::string> ReflectFiles(const std::shared_ptr<Channel>& channel,
                                      const CallOptions& options);

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_REFLECTION_H_
