// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_RECEIVE_QUOTA_H_
#define PYGRPC_RPC_RECEIVE_QUOTA_H_

#include <grpc/grpc.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace pygrpc::rpc {

// How far a server may run ahead of who reads a stream. gRPC's own way, to set this by measuring
// the connection, knows no bound: a slow reader makes a connection look as if much were on its way.
inline constexpr int64_t kReceiveWindow = 1 << 20;

// What gRPC may keep of what servers send. gRPC compares a message with the limit only once it has
// all of it, and flow control lets a server send as much as it announces; so that one message does
// not take all memory, gRPC's books get a bound: what the RPCs in progress may rightly hold. Beyond
// that gRPC ends RPCs of the connection until it is within the bound again.
//
// Thread-safe.
class ReceiveQuota {
 public:
  // The quota of channels with equal `identity`: gRPC lets channels that are made alike share a
  // connection, and for that they must have the same quota.
  static std::shared_ptr<ReceiveQuota> Of(const std::string& identity, int64_t max_receive_size);

  ReceiveQuota(std::string identity, int64_t max_receive_size);
  ~ReceiveQuota();
  ReceiveQuota(const ReceiveQuota&) = delete;
  ReceiveQuota& operator=(const ReceiveQuota&) = delete;

  // For grpc_channel_create().
  grpc_arg Argument() const;

  // An RPC begins, or has ended.
  void Add() noexcept;
  void Remove() noexcept;

 private:
  void Fit() noexcept;

  const std::string identity_;
  const int64_t max_receive_size_;
  grpc_resource_quota* const quota_;
  std::atomic<int64_t> rpcs_{0};
  std::atomic<int64_t> covered_{0};  // how many RPCs the quota has room for; a power of two
  std::mutex mutex_;                 // for changes of that
};

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_RECEIVE_QUOTA_H_
