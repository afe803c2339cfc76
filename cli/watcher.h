// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// A thread that waits for what interrupts a call: Ctrl-C, SIGTERM, and the end of whoever reads
// standard output. It draws the spinner, too.

#ifndef PYGRPC_CLI_WATCHER_H_
#define PYGRPC_CLI_WATCHER_H_

#include <pygrpc.h>

namespace pygrpc::cli {

enum class Interruption { kNone, kSignal, kBrokenPipe };

// Starts the thread; to be called before any other thread is there, for it blocks the signals.
void StartWatcher();

// Ends the thread.
void StopWatcher();

// Has the thread look at the spinner again.
void WakeWatcher();

// The RPC that an interruption cancels, for as long as this lives. Without any, SIGINT and SIGTERM
// end the process, as a second one does a while after the first.
class Watched {
 public:
  explicit Watched(pygrpc_stream* stream);
  ~Watched();
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
};

// While this lives, a pager has the terminal, and Ctrl-C is for it alone. SIGTERM ends the process
// when the pager has ended: at once it would leave that and the shell to fight for the keys.
class Paging {
 public:
  Paging();
  ~Paging();
  Paging(const Paging&) = delete;
  Paging& operator=(const Paging&) = delete;

  // A descriptor that can be read from once SIGTERM has come.
  int terminated() const;
};

// Ends the process as the signal does by itself, so that whoever started it can tell.
void DieOf(int signal);

// What has interrupted the RPC.
Interruption Interrupted();

}  // namespace pygrpc::cli

#endif  // PYGRPC_CLI_WATCHER_H_
