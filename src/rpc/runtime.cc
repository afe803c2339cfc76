// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/runtime.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

#include "base/error.h"

namespace pygrpc::rpc {
namespace {

std::atomic<bool> forked{false};
std::once_flag started;
std::atomic<bool> running{false};
thread_local std::string* complaints = nullptr;

void KeepComplaint(gpr_log_func_args* entry) {
  if (complaints == nullptr || entry->severity != GPR_LOG_SEVERITY_ERROR) return;
  try {
    if (!complaints->empty()) *complaints += "; ";
    *complaints += entry->message;
  } catch (const std::bad_alloc&) {  // it must not cross gRPC
  }
}

// gRPC ends the process where it finds no files to open while it starts. It opens four; the rest is
// for whoever opens some at the same time.
void CheckFiles() {
  constexpr int kFiles = 8;
  int files[kFiles];
  int opened = 0;
  while (opened < kFiles && (files[opened] = eventfd(0, EFD_CLOEXEC)) >= 0) ++opened;
  int fault = errno;
  for (int i = 0; i < opened; ++i) close(files[i]);
  if (opened == kFiles) return;
  Error error(Code::kState, "gRPC needs " + std::to_string(kFiles) +
                                " file descriptors to start, but there are " +
                                std::to_string(opened) + ": " + std::strerror(fault));
  error.retriable = true;
  throw error;
}

}  // namespace

void EnterGrpc() {
  if (Forked()) {
    throw Error(Code::kForked,
                "this process was forked from one that had already used gRPC, whose threads do "
                "not survive a fork; fork before the first call, or start a new process");
  }
  if (running.load(std::memory_order_acquire)) return;
  if (grpc_is_initialized() == 0) CheckFiles();
  std::call_once(started, [] {
    // What gRPC would print is in the errors. Where somebody else has started this gRPC, or has
    // asked for its log, the log is theirs.
    if (grpc_is_initialized() == 0 && std::getenv("GRPC_VERBOSITY") == nullptr) {
      gpr_set_log_function(&KeepComplaint);
    }
    grpc_init();
    WatchForks();
  });
  running.store(true, std::memory_order_release);
}

void WatchForks() {
  static std::once_flag once;
  static std::atomic<bool> in_use{false};
  std::call_once(once, [] {
    pthread_atfork([] { in_use.store(grpc_is_initialized() != 0, std::memory_order_relaxed); },
                   nullptr,
                   [] {
                     bool lost = in_use.load(std::memory_order_relaxed);
                     if (lost) forked.store(true, std::memory_order_relaxed);
                   });
  });
}

bool Forked() noexcept { return forked.load(std::memory_order_relaxed); }

GrpcComplaints::GrpcComplaints(std::string* lines) { complaints = lines; }

GrpcComplaints::~GrpcComplaints() { complaints = nullptr; }

}  // namespace pygrpc::rpc
