// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>

#include "errors.h"
#include "terminal.h"

namespace pygrpc::cli {
namespace {

using Clock = std::chrono::steady_clock;

// timeout(1), and others, signal a process and its group: what follows so soon is not a second
// time.
constexpr std::chrono::milliseconds kSameSignal(200);

struct Watcher {
  std::thread thread;
  int signals = -1;
  int wakeup = -1;

  std::mutex mutex;
  bool stopping = false;
  pygrpc_stream* stream = nullptr;
  Interruption interruption = Interruption::kNone;
  bool paging = false;
  int terminated = -1;  // of Paging
  int last_signal = 0;  // what has come, where that did not end the process
  Clock::time_point signalled;
};

Watcher& TheWatcher() {
  static auto* watcher = new Watcher;  // leaked on purpose: others may ask it to the last
  return *watcher;
}

void OnSignal(int signal) {
  Watcher& watcher = TheWatcher();
  std::unique_lock<std::mutex> lock(watcher.mutex);
  if (watcher.paging && signal == SIGINT) return;
  bool again = watcher.last_signal != 0;
  if (again && Clock::now() < watcher.signalled + kSameSignal) return;
  if (again || (watcher.stream == nullptr && !watcher.paging)) {
    lock.unlock();
    DieOf(signal);
    return;
  }
  watcher.last_signal = signal;
  watcher.signalled = Clock::now();
  if (watcher.paging) {
    uint64_t one = 1;
    (void)!write(watcher.terminated, &one, sizeof(one));
    return;
  }
  watcher.interruption = Interruption::kSignal;
  pygrpc_stream_cancel(watcher.stream, nullptr);
  lock.unlock();
  Report(signal == SIGINT ? "interrupted, the call is being cancelled; once more to end at once"
                          : "SIGTERM, the call is being cancelled");
}

void OnBrokenPipe() {
  Watcher& watcher = TheWatcher();
  std::lock_guard<std::mutex> lock(watcher.mutex);
  if (watcher.interruption == Interruption::kNone) {
    watcher.interruption = Interruption::kBrokenPipe;
  }
  if (watcher.stream != nullptr) pygrpc_stream_cancel(watcher.stream, nullptr);
}

bool IsStopping() {
  Watcher& watcher = TheWatcher();
  std::lock_guard<std::mutex> lock(watcher.mutex);
  return watcher.stopping;
}

void Watch() {
  Watcher& watcher = TheWatcher();
  std::array<pollfd, 3> fds = {pollfd{watcher.signals, POLLIN, 0},
                               pollfd{watcher.wakeup, POLLIN, 0}, pollfd{STDOUT_FILENO, 0, 0}};
  while (!IsStopping()) {
    if (poll(fds.data(), fds.size(), TickSpinner()) < 0) {
      if (errno == EINTR) continue;
      return;
    }
    if ((fds[0].revents & POLLIN) != 0) {
      // All that have come: together they are one.
      std::array<signalfd_siginfo, 2> infos{};
      if (read(watcher.signals, infos.data(), sizeof(infos)) > 0) {
        OnSignal(static_cast<int>(infos[0].ssi_signo));
      }
    }
    if ((fds[1].revents & POLLIN) != 0) {
      uint64_t count = 0;
      (void)!read(watcher.wakeup, &count, sizeof(count));
    }
    if (fds[2].revents != 0) {
      fds[2].fd = -1;  // once is enough
      if ((fds[2].revents & POLLERR) != 0) OnBrokenPipe();
    }
  }
}

}  // namespace

void DieOf(int signal) {
  HideSpinner();
  std::signal(signal, SIG_DFL);  // NOLINT(cert-err33-c): nothing to do where it fails
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  (void)raise(signal);
}

void StartWatcher() {
  Watcher& watcher = TheWatcher();
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    // What is ignored from the start, as nohup does, stays ignored.
    if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) {
      sigaddset(&set, signal);
    }
  }
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  watcher.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  watcher.wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  watcher.terminated = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (watcher.signals < 0 || watcher.wakeup < 0 || watcher.terminated < 0) {
    throw CommandError(std::string("cannot watch for signals: ") + std::strerror(errno));
  }
  watcher.thread = std::thread(Watch);
}

void StopWatcher() {
  Watcher& watcher = TheWatcher();
  if (!watcher.thread.joinable()) return;
  {
    std::lock_guard<std::mutex> lock(watcher.mutex);
    watcher.stopping = true;
  }
  WakeWatcher();
  watcher.thread.join();
}

void WakeWatcher() {
  uint64_t one = 1;
  (void)!write(TheWatcher().wakeup, &one, sizeof(one));
}

Watched::Watched(pygrpc_stream* stream) {
  Watcher& watcher = TheWatcher();
  std::lock_guard<std::mutex> lock(watcher.mutex);
  watcher.stream = stream;
  // The pipe may have broken before there was a call.
  if (watcher.interruption != Interruption::kNone) pygrpc_stream_cancel(stream, nullptr);
}

Watched::~Watched() {
  Watcher& watcher = TheWatcher();
  std::lock_guard<std::mutex> lock(watcher.mutex);
  watcher.stream = nullptr;
}

Paging::Paging() {
  Watcher& watcher = TheWatcher();
  std::lock_guard<std::mutex> lock(watcher.mutex);
  watcher.paging = true;
}

Paging::~Paging() {
  Watcher& watcher = TheWatcher();
  std::unique_lock<std::mutex> lock(watcher.mutex);
  watcher.paging = false;
  int signal = watcher.last_signal;
  lock.unlock();
  if (signal != 0) DieOf(signal);
}

int Paging::terminated() const { return TheWatcher().terminated; }

Interruption Interrupted() {
  Watcher& watcher = TheWatcher();
  std::lock_guard<std::mutex> lock(watcher.mutex);
  return watcher.interruption;
}

}  // namespace pygrpc::cli
