// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_MESSAGE_LIST_H_
#define PYGRPC_RPC_MESSAGE_LIST_H_

#include <cstddef>

#include "base/buffer.h"
#include "rpc/call_options.h"
#include "rpc/method.h"
#include "rpc/rpc.h"

namespace pygrpc::rpc {

// Several responses as one result: a JSON array of them; with the binary codec one after the other,
// each as gRPC frames it on the wire, by a byte 0 and its size in four bytes, the highest first
// (the Length-Prefixed-Message of gRPC's protocol description).
class MessageList {
 public:
  // All must outlive the list, which is appended to `out`.
  MessageList(const Method& method, const CallOptions& options, Rpc* rpc, Buffer* out)
      : method_(method), options_(options), rpc_(rpc), out_(out) {}

  // Throws as DecodeResponse(); the list is then as before.
  void Add(const Message& message);
  // No more follow; there must be one at least.
  void Close();
  size_t size() const { return size_; }

 private:
  const Method& method_;
  const CallOptions& options_;
  Rpc* const rpc_;
  Buffer* const out_;
  size_t size_ = 0;
};

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_MESSAGE_LIST_H_
