// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/runtime.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <mutex>

#include "base/error.h"

namespace pygrpc::rpc {
namespace {

std::atomic<bool> forked{false};
std::once_flag started;

}  // namespace

void EnterGrpc() {
  if (Forked()) {
    throw Error(Code::kForked,
                "this process was forked from one that had already used gRPC, whose threads do "
                "not survive a fork; fork before the first call, or start a new process");
  }
  std::call_once(started, [] {
    // What gRPC would print is in the errors. Where somebody else has started this gRPC, or has
    // asked for its log, the log is theirs.
    if (grpc_is_initialized() == 0 && std::getenv("GRPC_VERBOSITY") == nullptr) {
      gpr_set_log_function([](gpr_log_func_args*) {});
    }
    grpc_init();
    pthread_atfork(nullptr, nullptr, [] { forked.store(true, std::memory_order_relaxed); });
  });
}

bool Forked() noexcept { return forked.load(std::memory_order_relaxed); }

}  // namespace pygrpc::rpc
