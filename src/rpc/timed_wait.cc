// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/timed_wait.h"

#include <fcntl.h>
#include <grpc/grpc.h>
#include <grpc/grpc_posix.h>
#include <grpc/grpc_security.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <limits>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "rpc/rpc.h"

namespace pygrpc::rpc {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kGrace = kSecond / 50;  // in which most waits end by themselves

// Makes the thread that polls gRPC's sockets, whichever it is, return from that and look at the
// time. gRPC has no function for it; but any socket that it begins to watch does it, being
// writable, unless it is gone again before that thread has got to run.
class PollerWake {
 public:
  PollerWake() {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends_) != 0) return;
    grpc_channel_credentials* credentials = grpc_insecure_credentials_create();
    channel_ = grpc_channel_create_from_fd("wake", ends_[0], credentials, nullptr);
    grpc_channel_credentials_release(credentials);
  }
  ~PollerWake() {
    if (channel_ == nullptr) return;
    grpc_channel_destroy(channel_);  // which closes its end
    close(ends_[1]);
  }
  PollerWake(const PollerWake&) = delete;
  PollerWake& operator=(const PollerWake&) = delete;

 private:
  int ends_[2];
  grpc_channel* channel_ = nullptr;
};

}  // namespace

// The waits of this process, and the thread that wakes those which are overdue.
class WaitWatch {
 public:
  // Never destroyed: threads outlive exit().
  static WaitWatch& Get() {
    static WaitWatch* const watch = new WaitWatch;
    return *watch;
  }

  void Add(TimedWait* wait) {
    std::lock_guard<std::mutex> lock(mutex_);
    waits_.Add(wait);
    if (wait->ends_at_ + kGrace < looks_at_) changed_.notify_one();
  }

  void Remove(TimedWait* wait) {
    std::lock_guard<std::mutex> lock(mutex_);
    waits_.Remove(wait);
  }

 private:
  WaitWatch() {
    // Signals are for the threads of the application; a new thread begins with its maker's mask.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      std::thread([this] { Watch(); }).detach();
    } catch (const std::system_error&) {
      // Where there is no room for a thread, waits are as gRPC makes them.
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  [[noreturn]] void Watch() {
    std::unique_lock<std::mutex> lock(mutex_);
    std::optional<PollerWake> wake;
    while (true) {
      int64_t now = MonotonicNow();
      looks_at_ = FirstEnd();
      bool overdue = looks_at_ != kNever && looks_at_ + kGrace <= now;
      if (overdue || wake) {
        lock.unlock();
        wake.reset();
        if (overdue) wake.emplace();
        lock.lock();
        looks_at_ = FirstEnd();
      }
      if (looks_at_ == kNever) {
        if (!wake) changed_.wait(lock);
        continue;
      }
      looks_at_ = std::max(looks_at_, now) + kGrace;
      changed_.wait_until(
          lock, std::chrono::steady_clock::time_point(std::chrono::nanoseconds(looks_at_)));
    }
  }

  // Under the lock.
  int64_t FirstEnd() const {
    int64_t first = kNever;
    waits_.ForEach([&](const TimedWait* wait) { first = std::min(first, wait->ends_at_); });
    return first;
  }

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  IntrusiveList<TimedWait> waits_;
  int64_t looks_at_ = kNever;  // when the thread looks at the waits next
};

TimedWait::TimedWait(gpr_timespec deadline) {
  if (deadline.tv_sec >= kNever / kSecond - 1) return;  // also gRPC's infinite future
  if (deadline.tv_sec < 0) return;                      // the infinite past
  int64_t ends_at = deadline.tv_sec * kSecond + deadline.tv_nsec;
  if (ends_at <= MonotonicNow()) return;
  ends_at_ = ends_at;
  WaitWatch::Get().Add(this);
}

TimedWait::~TimedWait() {
  if (ends_at_ != 0) WaitWatch::Get().Remove(this);
}

}  // namespace pygrpc::rpc
