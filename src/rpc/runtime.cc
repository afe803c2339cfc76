// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/runtime.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <new>

#include "base/error.h"

namespace pygrpc::rpc {
namespace {

std::atomic<bool> forked{false};
std::once_flag started;
thread_local std::string* complaints = nullptr;

void KeepComplaint(gpr_log_func_args* entry) {
  if (complaints == nullptr || entry->severity != GPR_LOG_SEVERITY_ERROR) return;
  try {
    if (!complaints->empty()) *complaints += "; ";
    *complaints += entry->message;
  } catch (const std::bad_alloc&) {  // it must not cross gRPC
  }
}

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
      gpr_set_log_function(&KeepComplaint);
    }
    grpc_init();
    pthread_atfork(nullptr, nullptr, [] { forked.store(true, std::memory_order_relaxed); });
  });
}

bool Forked() noexcept { return forked.load(std::memory_order_relaxed); }

GrpcComplaints::GrpcComplaints(std::string* lines) { complaints = lines; }

GrpcComplaints::~GrpcComplaints() { complaints = nullptr; }

}  // namespace pygrpc::rpc
