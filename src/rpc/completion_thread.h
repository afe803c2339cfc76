// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_COMPLETION_THREAD_H_
#define PYGRPC_RPC_COMPLETION_THREAD_H_

#include <grpc/grpc.h>

#include "base/intrusive_list.h"

namespace pygrpc::rpc {

// What tells somebody of completions, and does so for several at once.
class Announcer : public Listed<Announcer> {
 public:
  virtual void Announce() noexcept = 0;

 protected:
  ~Announcer() = default;
};

// The completion queue that one thread of the process serves, for the queues with an fd. The first
// call starts the thread; it never ends, and takes no signals. Throws Error(kForked).
grpc_completion_queue* SharedCompletionQueue();

// On that thread: has Announce() called once there is nothing more that can be done without
// waiting, or soon after; so who is told finds all of it. The announcer must live until then.
void AnnounceSoon(Announcer* announcer) noexcept;

// Destroys a channel; where it is connecting, that thread does it once it is not any more, for gRPC
// (1.51) loses a connection that is made while its channel goes: it stays open for ever.
void DestroyChannel(grpc_channel* channel) noexcept;

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_COMPLETION_THREAD_H_
