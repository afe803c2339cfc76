// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "wait.h"

#include <grpcpp/server_context.h>

#include <algorithm>
#include <thread>

namespace pygrpc::testserver {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

nanoseconds ToNanoseconds(const google::protobuf::Duration& duration) {
  constexpr int64_t kYear = 365 * 86400;
  return seconds(std::clamp(duration.seconds(), -kYear, kYear)) + nanoseconds(duration.nanos());
}

google::protobuf::Duration ToDuration(nanoseconds time) {
  constexpr int64_t kPerSecond = 1000000000;
  google::protobuf::Duration duration;
  duration.set_seconds(time.count() / kPerSecond);
  duration.set_nanos(static_cast<int32_t>(time.count() % kPerSecond));
  return duration;
}

bool WaitUnlessCancelled(const grpc::ServerContext& context, nanoseconds time) {
  const auto end = steady_clock::now() + time;
  for (;;) {
    if (context.IsCancelled()) return false;
    const nanoseconds left = end - steady_clock::now();
    if (left <= nanoseconds::zero()) return true;
    std::this_thread::sleep_for(std::min<nanoseconds>(left, kCancellationPoll));
  }
}

void WaitForCancellation(const grpc::ServerContext& context) {
  while (!context.IsCancelled()) std::this_thread::sleep_for(kCancellationPoll);
}

}  // namespace pygrpc::testserver
