// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/read_pace.h"

namespace pygrpc::rpc {
namespace {

using std::chrono::microseconds;

constexpr microseconds kPause(400);  // some hundred messages of a fast server
constexpr microseconds kQuick(150);  // one miss after the other
constexpr microseconds kAtOnce(4);   // what takes longer to come was not there
constexpr int kQuickMisses = 16;     // before the first pause
constexpr int kWorth = 8;            // messages that a pause has to bring
constexpr int kRest = 300;           // misses without pauses after one that did not

}  // namespace

void ReadPace::Missed(Clock::time_point now) noexcept {
  const bool quick = now - missed_at_ < kQuick && messages_ > 0;
  const bool worth = messages_ >= kWorth;
  missed_at_ = now;
  messages_ = 0;
  if (pauses_ && !worth) {
    pauses_ = false;
    rest_ = kRest;
    quick_misses_ = 0;
  } else if (rest_ > 0) {
    --rest_;
  } else if (!pauses_) {
    quick_misses_ = quick ? quick_misses_ + 1 : 0;
    pauses_ = quick_misses_ == kQuickMisses;
  }
  pause_is_due_ = pauses_;
}

void ReadPace::Got(Clock::time_point begun, Clock::time_point now) noexcept {
  if (now - begun > kAtOnce) Missed(now);
  Got();
}

microseconds ReadPace::TakePause() noexcept {
  const bool due = pause_is_due_;
  pause_is_due_ = false;
  return due ? kPause : microseconds(0);
}

}  // namespace pygrpc::rpc
