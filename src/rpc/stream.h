// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_STREAM_H_
#define PYGRPC_RPC_STREAM_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "rpc/call_options.h"
#include "rpc/channel.h"
#include "rpc/method.h"
#include "rpc/read_pace.h"
#include "rpc/rpc.h"

namespace pygrpc::rpc {

// What a read, a write or a wait came to; failures are thrown.
enum class Outcome { kDone, kEnd, kPending };

// Converts a request as its codec says. Throws Error(kJson) of a fault in the text.
Message EncodeRequest(const Method& method, const CallOptions& options, std::string_view text);

// Appends a received message, decompressed and converted as its codec says, to `out`. Throws
// Error(kWire) or Error(kJson) of a message that cannot be converted, and Error(kStatus) of one
// that cannot be decompressed, or not within `max_receive_size`: that ends the RPC.
void DecodeResponse(const Method& method, const CallOptions& options, const Message& message,
                    Rpc* rpc, Buffer* out);

// What a finished unary call came to: its message, or throws its status.
Message UnaryResponse(Rpc* rpc, const Method& method);

// One RPC in progress in terms of messages, for blocking use. One reader and one writer at the same
// time, the rest from any thread; another reader or writer gets Error(kState). When it is
// destroyed, an RPC that has not ended is cancelled.
class Stream {
 public:
  // Starts the RPC; does not wait. `request` is what EncodeRequest() made, or empty where requests
  // are streamed.
  Stream(std::shared_ptr<Channel> channel, std::shared_ptr<const Method> method,
         std::shared_ptr<const CallOptions> options, Message request);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Cardinality cardinality() const { return method_->cardinality; }

  // kDone: the message is appended to `out`. kEnd: the RPC ended with OK.
  Outcome Read(int64_t timeout_ms, Buffer* out);
  // The same for all messages that are there once the first is, up to `max`; see MessageList.
  Outcome ReadMany(int64_t timeout_ms, size_t max, Buffer* out);
  // kDone: taken. kEnd: the server takes no more. kPending: not taken.
  Outcome Write(std::string_view text, int64_t timeout_ms);
  void HalfClose();
  // Metadata as a JSON object.
  Outcome Headers(int64_t timeout_ms, std::string* json);
  Outcome Trailers(int64_t timeout_ms, std::string* json);
  // What the RPC has come to when it ends, or else within `timeout_ms`; see AnswerJson().
  std::string Info(int64_t timeout_ms);
  void Cancel() noexcept;

 private:
  template <typename Body>
  Outcome AsReader(const Body& body);
  Outcome Receive(int64_t timeout_ms, Message* message);
  void LetGather(bool may_pause);
  bool ReceiveStreamed(gpr_timespec deadline, Message* message, bool may_pause);
  Outcome ReceiveSingle(gpr_timespec deadline, Message* message);
  Outcome Finish(gpr_timespec deadline);
  bool HasEnded();

  const std::shared_ptr<Channel> channel_;
  const std::shared_ptr<const Method> method_;
  const std::shared_ptr<const CallOptions> options_;
  Rpc rpc_;

  std::atomic<bool> reading_{false};
  std::atomic<bool> writing_{false};
  std::atomic<bool> half_closed_{false};
  std::atomic<bool> ended_{false};  // the last result was given out
  bool read_started_ = false;       // the reader's own, as the next one
  bool messages_over_ = false;
  ReadPace pace_;
  Message held_;              // received, and not yet given out
  bool writes_over_ = false;  // the writer's own, as the next one
  std::chrono::steady_clock::time_point last_look_;
};

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_STREAM_H_
