// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_SERVER_WAIT_H_
#define PYGRPC_TESTS_SERVER_WAIT_H_

#include <google/protobuf/duration.pb.h>

#include <chrono>

namespace grpc {
class ServerContext;
}

namespace pygrpc::testserver {

// gRPC's synchronous server does not wake a handler when its call is cancelled, so the handlers
// that wait look for it this often.
constexpr std::chrono::milliseconds kCancellationPoll(5);

// Times beyond a year are cut to one.
std::chrono::nanoseconds ToNanoseconds(const google::protobuf::Duration& duration);

google::protobuf::Duration ToDuration(std::chrono::nanoseconds time);

// Waits that long. False as soon as the call is cancelled.
bool WaitUnlessCancelled(const grpc::ServerContext& context, std::chrono::nanoseconds time);

// Waits until the call is cancelled.
void WaitForCancellation(const grpc::ServerContext& context);

}  // namespace pygrpc::testserver

#endif  // PYGRPC_TESTS_SERVER_WAIT_H_
