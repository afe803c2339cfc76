// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_READ_PACE_H_
#define PYGRPC_RPC_READ_PACE_H_

#include <chrono>

namespace pygrpc::rpc {

// Says when who reads a stream is to let messages gather before the next read.
//
// gRPC (1.51) sends a window update for each read that finds no message where one came before, and
// to take it costs a server more than to send a message. So a reader that is faster than its server
// makes the server slower still, and stays the faster one. Once reads have missed often, one soon
// after the other, it is better to sleep for a while: then many messages are there for one window
// update, and the server has had the time to send them. A pause that brings few is the last for
// long.
//
// The reader's own, not thread-safe.
class ReadPace {
 public:
  using Clock = std::chrono::steady_clock;

  // A read found no message.
  void Missed(Clock::time_point now) noexcept;
  // A message has come.
  void Got() noexcept { ++messages_; }
  // A message has come of a read that was begun then; where it took a while, that was a miss first.
  void Got(Clock::time_point begun, Clock::time_point now) noexcept;
  // How long to sleep before the next read; 0 for not at all. To be asked before each.
  std::chrono::microseconds TakePause() noexcept;

 private:
  Clock::time_point missed_at_;  // last
  int messages_ = 0;             // since then
  int quick_misses_ = 0;         // in a row
  int rest_ = 0;                 // misses to go until pauses are tried again
  bool pauses_ = false;
  bool pause_is_due_ = false;
};

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_READ_PACE_H_
