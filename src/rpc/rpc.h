// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_RPC_H_
#define PYGRPC_RPC_RPC_H_

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/error.h"
#include "rpc/call_options.h"
#include "rpc/channel.h"
#include "rpc/method.h"

namespace pygrpc::rpc {

// A received or outgoing message as gRPC holds it; owned.
class Message {
 public:
  Message() = default;
  explicit Message(grpc_byte_buffer* buffer) : buffer_(buffer) {}
  Message(Message&& other) noexcept : buffer_(other.Release()) {}
  Message& operator=(Message&& other) noexcept {
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~Message() {
    if (buffer_ != nullptr) grpc_byte_buffer_destroy(buffer_);
  }

  // Up to this size a copy is cheaper than a slice that owns foreign memory.
  static constexpr size_t kCopyLimit = 16 * 1024;

  // Takes over the content of `bytes`.
  static Message FromBytes(Buffer bytes);
  static Message FromCopy(std::string_view bytes);

  bool empty() const { return buffer_ == nullptr; }
  grpc_byte_buffer* get() const { return buffer_; }
  grpc_byte_buffer** address() { return &buffer_; }
  grpc_byte_buffer* Release() {
    grpc_byte_buffer* buffer = buffer_;
    buffer_ = nullptr;
    return buffer;
  }

 private:
  grpc_byte_buffer* buffer_ = nullptr;
};

// How an RPC ended.
struct Status {
  int code = GRPC_STATUS_UNKNOWN;  // an int, for a server may send any
  std::string message;
  Metadata trailers;
};

// The batches of operations that an RPC may have in flight, at most one of each at a time.
enum class BatchKind {
  kOpen,       // initial metadata both ways; with the request, if there is but one
  kWrite,      // a request of a stream
  kHalfClose,  // the end of the requests
  kRead,       // a response of a stream
  kFinal,      // the status; with the response, if there is but one. Of a unary call: everything
};
inline constexpr int kBatchKinds = 5;

// The batch with which the server's initial metadata come.
inline BatchKind HeadersBatch(Cardinality cardinality) {
  return cardinality == Cardinality::kUnaryUnary ? BatchKind::kFinal : BatchKind::kOpen;
}

// One RPC in progress on gRPC's core. Batches are started here; a completion is waited for in one
// of two ways: plucked by the thread that wants it (Wait), or taken from a shared queue by whoever
// polls that, who then calls Complete().
//
// Threads: Cancel() from any; the rest as their comments say.
class Rpc {
 public:
  // Is told of completions that come by a shared queue.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnCompletion(BatchKind kind) = 0;
  };

  struct Batch {  // its address is the tag of its completion
    // gRPC orders its start and its completion, but no tool that looks for races sees into gRPC.
    std::atomic<Rpc*> rpc{nullptr};
    BatchKind kind = BatchKind::kOpen;
    bool in_flight = false;
    bool done = false;     // of the latest one started
    bool ok = false;       // what gRPC says of it
    bool awaited = false;  // a thread is plucking it
  };

  // For use by threads that wait: the RPC takes a queue of its own from the channel. `method` and
  // `options` must outlive the RPC. Does no I/O. Throws Error(kForked).
  Rpc(const std::shared_ptr<Channel>& channel, const Method& method, const CallOptions& options);
  // The same for a shared queue, which somebody polls.
  Rpc(std::shared_ptr<Channel> channel, const Method& method, const CallOptions& options,
      grpc_completion_queue* queue, Listener* listener);
  // Cancels what is in flight, and waits for it to be over. With a shared queue, nothing may be.
  ~Rpc();
  Rpc(const Rpc&) = delete;
  Rpc& operator=(const Rpc&) = delete;

  // Starts what the cardinality calls for: of a unary call one batch with everything; else the
  // opening batch and the final one. `request` is empty where requests are streamed.
  void Start(Message request);
  void StartRead();
  void StartWrite(Message message);
  void StartHalfClose();
  void Cancel() noexcept;

  // Waits until the latest batch of that kind has completed; false if it has not by `deadline`.
  // Any number of threads may wait, each for any batch.
  bool Wait(BatchKind kind, gpr_timespec deadline);
  // The same for an RPC that only one thread knows of.
  void WaitAlone(BatchKind kind);
  // Called with what a shared queue gave out for `batch`.
  static void Complete(Batch* batch, bool ok);

  bool in_flight(BatchKind kind) const;
  bool done(BatchKind kind) const;
  bool ok(BatchKind kind) const;

  // Results; each is there once its batch has completed.
  Message TakeMessage() { return std::move(received_); }  // kRead, or kFinal of a unary response
  Metadata Headers() const;                               // kOpen, or kFinal of a unary call
  Status GetStatus() const;                               // kFinal
  int status_code() const { return status_code_; }

  Channel* channel() const { return channel_.get(); }

 private:
  friend class Channel;  // links RPCs into its list

  Batch& At(BatchKind kind) { return batches_[static_cast<int>(kind)]; }
  gpr_timespec Deadline() const;
  const Batch& At(BatchKind kind) const { return batches_[static_cast<int>(kind)]; }
  void StartBatch(BatchKind kind, const grpc_op* ops, size_t count);
  grpc_op SendInitialMetadata();

  const std::shared_ptr<Channel> channel_;

  const Method& method_;
  const CallOptions& options_;
  grpc_completion_queue* const queue_;
  Listener* const listener_;  // nullptr: the queue is this RPC's own, and plucked
  grpc_call* call_ = nullptr;

  mutable std::mutex mutex_;  // guards the batches' state
  std::condition_variable completed_;
  Batch batches_[kBatchKinds];

  std::vector<grpc_metadata> sent_metadata_;
  Message received_;
  grpc_metadata_array headers_;
  grpc_metadata_array trailers_;
  int status_code_ = GRPC_STATUS_UNKNOWN;
  grpc_slice status_message_;

  Rpc* next_ = nullptr;  // in the channel's list
  Rpc* previous_ = nullptr;
};

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_RPC_H_
