// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_COMPLETION_THREAD_H_
#define PYGRPC_RPC_COMPLETION_THREAD_H_

#include <grpc/grpc.h>

namespace pygrpc::rpc {

// The completion queue that one thread of the process serves, for the queues with an fd. The first
// call starts the thread; it never ends, and takes no signals. Throws Error(kForked).
grpc_completion_queue* SharedCompletionQueue();

// Destroys a channel; where it is connecting, that thread does it once it is not any more, for gRPC
// (1.51) loses a connection that is made while its channel goes: it stays open for ever.
void DestroyChannel(grpc_channel* channel) noexcept;

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_COMPLETION_THREAD_H_
