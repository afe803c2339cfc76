// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_CREDENTIALS_H_
#define PYGRPC_RPC_CREDENTIALS_H_

#include <grpc/grpc_security.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "rpc/call_options.h"

namespace pygrpc::rpc {

// Counts handshakes whose server was accepted. Shared with gRPC, whose connections may outlive
// their channel.
using HandshakeCount = std::atomic<uint64_t>;

// The credentials of a channel, to be released by the caller. Throws Error(kOption) if the
// certificates to trust, or what the transport needs else, cannot be found. May do I/O: Google's
// default credentials ask a metadata server where there is no file.
grpc_channel_credentials* MakeCredentials(const ClientOptions& options,
                                          const std::shared_ptr<HandshakeCount>& handshakes);

// Whether this gRPC can be told to refuse TLS 1.2.
bool CanSetMinTlsVersion();

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_CREDENTIALS_H_
