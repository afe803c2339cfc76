// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/runtime.h"

#include <grpc/grpc.h>
#include <pthread.h>

#include <atomic>
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
    grpc_init();
    pthread_atfork(nullptr, nullptr, [] { forked.store(true, std::memory_order_relaxed); });
  });
}

bool Forked() noexcept { return forked.load(std::memory_order_relaxed); }

}  // namespace pygrpc::rpc
