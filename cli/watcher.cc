// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
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

struct Watcher {
  std::thread thread;
  int signals = -1;
  int wakeup = -1;

  std::mutex mutex;
  bool stopping = false;
  pygrpc_stream* stream = nullptr;
  Interruption interruption = Interruption::kNone;
};

Watcher& TheWatcher() {
  static auto* watcher = new Watcher;  // leaked on purpose: others may ask it to the last
  return *watcher;
}

// Ends the process as the signal does by itself, so that whoever started it can tell.
void DieOf(int signal) {
  HideSpinner();
  std::signal(signal, SIG_DFL);  // NOLINT(cert-err33-c): nothing to do where it fails
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  (void)raise(signal);
}

void OnSignal(int signal) {
  Watcher& watcher = TheWatcher();
  std::unique_lock<std::mutex> lock(watcher.mutex);
  if (watcher.stream == nullptr || watcher.interruption == Interruption::kSignal) {
    lock.unlock();
    DieOf(signal);
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
      signalfd_siginfo info{};
      if (read(watcher.signals, &info, sizeof(info)) == sizeof(info)) {
        OnSignal(static_cast<int>(info.ssi_signo));
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
  if (watcher.signals < 0 || watcher.wakeup < 0) {
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

Interruption Interrupted() {
  Watcher& watcher = TheWatcher();
  std::lock_guard<std::mutex> lock(watcher.mutex);
  return watcher.interruption;
}

}  // namespace pygrpc::cli
