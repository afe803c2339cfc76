// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_TARGET_H_
#define PYGRPC_RPC_TARGET_H_

#include <string>

namespace pygrpc::rpc {

// Throws Error(kArgument) that says what is wrong with a target, and what would be right. gRPC
// itself takes what it cannot read for a host's name, and a port of 99999 for 34463.
void CheckTarget(const std::string& target);

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_TARGET_H_
