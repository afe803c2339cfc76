// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_TIMED_WAIT_H_
#define PYGRPC_RPC_TIMED_WAIT_H_

#include <grpc/support/time.h>

#include <cstdint>

#include "base/intrusive_list.h"

namespace pygrpc::rpc {

// Says, while it lives, that this thread waits in gRPC until a deadline, and sees to it that the
// wait ends then. Left alone, gRPC begins its whole timeout anew after each signal that the thread
// handles, so that signals which come more often than that make it endless. The first wait of a
// process with a deadline to come starts a thread that looks after all of them.
class TimedWait : public Listed<TimedWait> {
 public:
  explicit TimedWait(gpr_timespec deadline);
  ~TimedWait();

 private:
  friend class WaitWatch;

  int64_t ends_at_ = 0;  // of MonotonicNow(); 0: nobody needs to look after it
};

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_TIMED_WAIT_H_
