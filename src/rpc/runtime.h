// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_RUNTIME_H_
#define PYGRPC_RPC_RUNTIME_H_

#include <string>

namespace pygrpc::rpc {

// Starts gRPC the first time it is called; nothing before does. gRPC is never shut down: its
// threads outlive exit(). Throws Error(kForked) in a child of a process that has started it, where
// any use would hang, and would hang the parent, too; Error(kState) if it cannot start, for want of
// files to open.
void EnterGrpc();

// From now on a fork is noticed, also where gRPC was started by somebody else in the process who
// uses the same one: its threads are lost all the same. EnterGrpc() does this, too.
void WatchForks();

// True in a child of a process that had started gRPC: no gRPC object may be touched, not even to
// free it.
bool Forked() noexcept;

// Gathers what gRPC would log as errors of this thread while it lives, one line each; nothing where
// gRPC's log is somebody else's.
class GrpcComplaints {
 public:
  explicit GrpcComplaints(std::string* lines);
  ~GrpcComplaints();
  GrpcComplaints(const GrpcComplaints&) = delete;
  GrpcComplaints& operator=(const GrpcComplaints&) = delete;
};

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_RUNTIME_H_
