// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_TARGET_H_
#define PYGRPC_RPC_TARGET_H_

#include <string>

namespace pygrpc::rpc {

// Throws Error(kArgument) that says what is wrong with a target, and what would be right. gRPC
// itself takes what it cannot read for a host's name, and a port of 99999 for 34463.
void CheckTarget(const std::string& target);

// The same target, written as no address of a peer is: until gRPC knows a call's peer, it gives the
// target instead. Of a socket with a relative path, or an abstract one, there is no other form.
std::string UnlikePeers(const std::string& target);

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_TARGET_H_
