// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_TARGET_H_
#define PYGRPC_RPC_TARGET_H_

#include <string>
#include <string_view>

namespace pygrpc::rpc {

// Throws Error(kArgument) that says what is wrong with a target, and what would be right. gRPC
// itself takes what it cannot read for a host's name, and a port of 99999 for 34463.
void CheckTarget(const std::string& target);

// The same target, as gRPC is to get it.
//
// It is written as no address of a peer is: until gRPC knows a call's peer, it gives the target
// instead. Of a socket with a relative path, or an abstract one, there is no other form.
//
// An address has a port, and that is a number: gRPC would take 0 for it otherwise.
std::string ForGrpc(const std::string& target);

// Whether there are only letters and digits of ASCII, and `others`.
bool IsUriText(std::string_view text, std::string_view others);

// Whether that is "host:port" or "[address]:port", with a number.
bool IsHostAndPort(std::string_view text);

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_TARGET_H_
