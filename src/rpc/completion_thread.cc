// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/completion_thread.h"

#include <grpc/support/time.h>
#include <pthread.h>

#include <csignal>
#include <thread>

#include "rpc/rpc.h"
#include "rpc/runtime.h"

namespace pygrpc::rpc {
namespace {

[[noreturn]] void Serve(grpc_completion_queue* queue) {
  while (true) {
    grpc_event event =
        grpc_completion_queue_next(queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), nullptr);
    if (event.type == GRPC_OP_COMPLETE) {
      Rpc::Complete(static_cast<Rpc::Batch*>(event.tag), event.success != 0);
    }
  }
}

grpc_completion_queue* StartThread() {
  grpc_completion_queue* queue = grpc_completion_queue_create_for_next(nullptr);
  // Signals are for the threads of the application; a new thread begins with its maker's mask.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([queue] { Serve(queue); }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return queue;
}

}  // namespace

grpc_completion_queue* SharedCompletionQueue() {
  EnterGrpc();
  static grpc_completion_queue* const queue = StartThread();
  return queue;
}

}  // namespace pygrpc::rpc
