// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_ASYNC_STREAM_H_
#define PYGRPC_RPC_ASYNC_STREAM_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/intrusive_list.h"
#include "rpc/call_options.h"
#include "rpc/channel.h"
#include "rpc/method.h"
#include "rpc/queue.h"
#include "rpc/rpc.h"
#include "rpc/stream.h"

namespace pygrpc::rpc {

// One RPC in progress in terms of messages, whose reads and writes complete on a queue: each that
// was accepted becomes exactly one event. One read and one write may be under way at a time.
// Thread-safe.
class AsyncStream : public Rpc::Listener,
                    public Listed<AsyncStream>,
                    public std::enable_shared_from_this<AsyncStream> {
 public:
  static std::shared_ptr<AsyncStream> Start(std::shared_ptr<Queue> queue,
                                            std::shared_ptr<Channel> channel,
                                            std::shared_ptr<const Method> method,
                                            std::shared_ptr<const CallOptions> options,
                                            Message request);
  ~AsyncStream() override;

  Cardinality cardinality() const { return method_->cardinality; }

  // Throws Error(kState) if a read is under way or the end was given out.
  void Read(uint64_t tag);
  // The same for all messages that are there when the event is made, up to `max`; see MessageList.
  void ReadMany(uint64_t tag, size_t max);
  // Throws Error(kState) as Stream::Write() does, and while a write is under way; Error(kJson).
  void Write(std::string_view text, uint64_t tag);
  void HalfClose();
  Outcome Headers(int64_t timeout_ms, std::string* json);
  Outcome Trailers(int64_t timeout_ms, std::string* json);
  std::string Info(int64_t timeout_ms);
  // Messages that have arrived and were not asked for are dropped.
  void Cancel() noexcept;

  void OnCompletion(BatchKind kind) override;
  // Makes the event of an operation that has finished: converts its message, or says how the RPC
  // ended.
  Event ToEvent(Queue::Finished* finished) noexcept;

 private:
  friend class Queue;  // cancels its streams
  struct Private {};   // only Start() makes streams

 public:
  AsyncStream(Private, std::shared_ptr<Queue> queue, std::shared_ptr<Channel> channel,
              std::shared_ptr<const Method> method, std::shared_ptr<const CallOptions> options);

 private:
  template <typename StartOperation>
  void Launch(int operations, const StartOperation& start);
  void StartReading(uint64_t tag, size_t max);
  void CancelRpc() noexcept;
  std::list<Message> TakeAhead(size_t count);
  void PutBackAhead(std::list<Message> oldest) noexcept;
  bool MayFetch(size_t bytes) const;
  void FetchAhead() noexcept;
  // What becomes of a read or write, if it has finished; else empty.
  Queue::FinishedList OnMessage(Message message);
  Queue::FinishedList FinishRpc();
  Queue::FinishedList FinishRead(Message message);
  void Gather(Message first, size_t max, Buffer* out);
  Queue::FinishedList FinishWrite(bool ok);
  void MakeEvent(Queue::Finished* finished, Event* event);

  const std::shared_ptr<Queue> queue_;
  const std::shared_ptr<Channel> channel_;
  const std::shared_ptr<const Method> method_;
  const std::shared_ptr<const CallOptions> options_;
  const bool reads_ahead_;
  Rpc rpc_;

  std::mutex mutex_;
  std::shared_ptr<AsyncStream> self_;  // while gRPC has operations of this in flight
  int in_flight_ = 0;
  bool reading_ = false;
  bool writing_ = false;
  bool half_closed_ = false;
  bool messages_over_ = false;
  std::atomic<bool> final_{false};  // the status has come
  bool ended_ = false;              // the last result was given out
  bool fetching_ = false;           // gRPC has been asked for a message
  std::list<Message> ahead_;        // messages that nobody has asked for yet; empty takes no memory
  std::list<Message> ahead_room_;   // for the message that was asked for and nobody waits for
  size_t bytes_ahead_ = 0;          // that those take
  Message single_;                  // the response of a method that has but one, until it is read
  Queue::FinishedList read_room_;   // for what becomes of the read under way
  Queue::FinishedList write_room_;
  uint64_t read_tag_ = 0;
  size_t read_max_ = 0;     // of a read of many, or else 0
  bool gathering_ = false;  // such a read has its first message, and awaits its event
  uint64_t write_tag_ = 0;
};

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_ASYNC_STREAM_H_
