// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_CHANNEL_H_
#define PYGRPC_RPC_CHANNEL_H_

#include <grpc/grpc.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/intrusive_list.h"
#include "rpc/call_options.h"
#include "rpc/credentials.h"
#include "rpc/receive_quota.h"

namespace pygrpc::rpc {

class Rpc;

// gRPC's reading of milliseconds from now; negative is never.
gpr_timespec DeadlineIn(int64_t timeout_ms);

// A gRPC channel, made with the first call, so that a process may fork before. Thread-safe. Lives
// as long as a client or one of its RPCs.
class Channel {
 public:
  Channel(std::string target, const ClientOptions& options);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  const std::string& target() const { return target_; }
  const Log* log() const { return options_.log.get(); }
  Transport transport() const { return options_.transport; }
  bool has_client_certificate() const { return !options_.tls.certificate.empty(); }
  // TLS handshakes that came to their end, and whose server is who it should be.
  uint64_t accepted_handshakes() const { return handshakes_->load(std::memory_order_relaxed); }
  int64_t max_receive_size() const { return options_.max_receive_size; }
  // What the service config says of a method; nullptr for nothing.
  const MethodConfig* ConfigOf(std::string_view path) const;

  // The gRPC channel, made if there is none yet. Throws Error(kForked), Error(kOption).
  grpc_channel* Get();

  // gRPC's handle for a method, which makes its calls cheaper to start. Handles live as long as
  // the channel: ask only for methods of a schema.
  void* RegisterMethod(const std::string& path);

  // A pluck-type completion queue for one RPC at a time, to be returned drained. Throws as Get().
  grpc_completion_queue* TakeQueue();
  void ReturnQueue(grpc_completion_queue* queue) noexcept;

  // Connects and waits; false if it is not ready within `timeout_ms`.
  bool WaitReady(int64_t timeout_ms);
  grpc_connectivity_state State();
  // Whether there is a connection now.
  bool IsReady() const noexcept;

  // RPCs in progress are listed here, so that Close() reaches them.
  void Add(Rpc* rpc);
  void Remove(Rpc* rpc) noexcept;
  // Cancels all RPCs; those that begin later are cancelled at once.
  void Close() noexcept;
  bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }

 private:
  const std::string target_;
  const ClientOptions options_;
  const std::shared_ptr<HandshakeCount> handshakes_;

  std::shared_ptr<ReceiveQuota> quota_;  // made with the channel; nullptr: nothing limits messages
  std::atomic<grpc_channel*> channel_{nullptr};
  std::mutex create_mutex_;

  std::mutex methods_mutex_;
  std::unordered_map<std::string, void*> methods_;  // gRPC keeps pointers to the keys

  std::mutex queues_mutex_;
  std::vector<grpc_completion_queue*> idle_queues_;

  std::mutex rpcs_mutex_;
  IntrusiveList<Rpc> rpcs_;
  std::atomic<bool> closed_{false};
};

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_CHANNEL_H_
