// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/completion_thread.h"

#include <grpc/support/time.h>
#include <pthread.h>

#include <csignal>
#include <cstdint>
#include <exception>
#include <thread>

#include "rpc/channel.h"
#include "rpc/rpc.h"
#include "rpc/runtime.h"

namespace pygrpc::rpc {
namespace {

// The tag of a channel that is to be destroyed; the addresses of batches are even.
void* TagOf(grpc_channel* channel) { return reinterpret_cast<char*>(channel) + 1; }

grpc_channel* ChannelOf(void* tag) {
  bool is_odd = (reinterpret_cast<uintptr_t>(tag) & 1) != 0;
  return is_odd ? reinterpret_cast<grpc_channel*>(static_cast<char*>(tag) - 1) : nullptr;
}

// Those that have something to announce; the thread's own.
IntrusiveList<Announcer> announcers;

void AnnounceAll() noexcept {
  while (Announcer* announcer = announcers.first()) {
    announcers.Remove(announcer);
    announcer->Announce();
  }
}

void Handle(const grpc_event& event) {
  if (grpc_channel* channel = ChannelOf(event.tag)) {
    grpc_channel_destroy(channel);
  } else {
    Rpc::Complete(static_cast<Rpc::Batch*>(event.tag), event.success != 0);
  }
}

[[noreturn]] void Serve(grpc_completion_queue* queue) {
  // A completion takes some microseconds: nobody is kept waiting for long.
  constexpr int kMostBeforeAnnouncements = 32;
  int completions = 0;
  while (true) {
    bool waits = announcers.empty();
    gpr_timespec deadline =
        waits ? gpr_inf_future(GPR_CLOCK_MONOTONIC) : gpr_inf_past(GPR_CLOCK_MONOTONIC);
    grpc_event event = grpc_completion_queue_next(queue, deadline, nullptr);
    if (event.type == GRPC_OP_COMPLETE) {
      Handle(event);
      if (++completions < kMostBeforeAnnouncements) continue;
    }
    AnnounceAll();
    completions = 0;
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

void AnnounceSoon(Announcer* announcer) noexcept { announcers.Add(announcer); }

void DestroyChannel(grpc_channel* channel) noexcept {
  constexpr int64_t kLimitMs = 30000;  // gRPC itself gives up to connect after 20 s
  try {
    if (grpc_channel_check_connectivity_state(channel, 0) == GRPC_CHANNEL_CONNECTING) {
      grpc_channel_watch_connectivity_state(channel, GRPC_CHANNEL_CONNECTING, DeadlineIn(kLimitMs),
                                            SharedCompletionQueue(), TagOf(channel));
      return;
    }
  } catch (const std::exception&) {  // no thread could be started
  }
  grpc_channel_destroy(channel);
}

}  // namespace pygrpc::rpc
