// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_CREDENTIALS_H_
#define PYGRPC_RPC_CREDENTIALS_H_

#include <grpc/grpc_security.h>

#include "rpc/call_options.h"

namespace pygrpc::rpc {

// The credentials of a channel, to be released by the caller. Throws Error(kOption) if the
// certificates to trust cannot be found.
grpc_channel_credentials* MakeCredentials(const ClientOptions& options);

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_CREDENTIALS_H_
