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
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/error.h"
#include "base/intrusive_list.h"
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
  std::string peer;         // as Rpc::Peer() has it
  uint64_t bytes_sent = 0;  // of messages, before compression
  bool rejected = false;    // by Rpc::Reject(), whatever the server says
  bool reached = false;     // a server, as far as gRPC tells, which need not tell which
  // Of a unary response: it came all the same, before the RPC failed.
  bool has_response = false;
  MethodConfig config;             // what the service config says of the method
  bool timeout_of_config = false;  // and its timeout is the one that holds
};

// The batches of operations that an RPC may have in flight, at most one of each at a time.
enum class BatchKind {
  kConnect,    // the client's metadata, where a connection is to be made first
  kOpen,       // the server's initial metadata, where they are waited for apart
  kWrite,      // a request of a stream
  kHalfClose,  // the end of the requests
  kRead,       // a response of a stream
  kFinal,      // the status, and whatever of the above is single and has no batch of its own
};
inline constexpr int kBatchKinds = 6;

// How far an RPC has come. Times are nanoseconds of the monotonic clock, 0 where nobody knows.
struct Progress {
  int64_t started = 0;
  int64_t connected = 0;  // the metadata have left; only where a connection had to be made first
  int64_t headers = 0;
  int64_t first_message = 0;
  int64_t ended = 0;
  uint64_t messages_sent = 0;  // given to gRPC
  uint64_t messages_received = 0;
  uint64_t bytes_sent = 0;      // before compression
  uint64_t bytes_received = 0;  // as they came
};

// In nanoseconds.
int64_t MonotonicNow();

// One RPC in progress on gRPC's core. Batches are started here; a completion is waited for in one
// of two ways: plucked by the thread that wants it (Wait), or taken from a shared queue by whoever
// polls that, who then calls Complete().
//
// Threads: Cancel() from any; the rest as their comments say.
class Rpc : public Listed<Rpc> {
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

  // Decides which batches Start() makes, and returns their number: the final one, one for the
  // server's headers if `headers_apart`, and one to see how long it takes to connect, if the
  // channel is not ready. Not called: one batch with everything.
  int Plan(bool headers_apart);
  // `request` is empty where requests are streamed.
  void Start(Message request);
  void StartRead();
  void StartWrite(Message message);
  void StartHalfClose();
  void Cancel() noexcept;
  // Ends an RPC one of whose responses cannot be taken: that is its status from now on, also if it
  // has ended already.
  void Reject(grpc_status_code code, std::string message);

  // Waits until the latest batch of that kind has completed; false if it has not by `deadline`.
  // Any number of threads may wait, each for any batch. What must come earlier is waited for
  // earlier, so that each is noted when it comes.
  bool Wait(BatchKind kind, gpr_timespec deadline);
  // The same for an RPC that only one thread knows of.
  void WaitAlone(BatchKind kind);
  // Called with what a shared queue gave out for `batch`.
  static void Complete(Batch* batch, bool ok);

  bool in_flight(BatchKind kind) const;
  bool done(BatchKind kind) const;
  bool ok(BatchKind kind) const;

  // The batch with which the server's initial metadata come.
  BatchKind headers_batch() const { return headers_apart_ ? BatchKind::kOpen : BatchKind::kFinal; }

  // Results; each is there once its batch has completed.
  Message TakeMessage() { return std::move(received_); }  // kRead, or kFinal of a unary response
  Metadata Headers() const;                               // headers_batch()
  Status GetStatus() const;                               // kFinal
  int status_code() const { return status_code_; }

  // What is known at any time.
  Progress GetProgress() const;
  // The address that the server has; empty if the RPC has not come to one.
  std::string Peer() const;

  Channel* channel() const { return channel_.get(); }

 private:
  Batch& At(BatchKind kind) { return batches_[static_cast<int>(kind)]; }
  const Batch& At(BatchKind kind) const { return batches_[static_cast<int>(kind)]; }
  // `sent`: to be counted, if any.
  void StartBatch(BatchKind kind, const grpc_op* ops, size_t count, const Message* sent = nullptr);
  bool WaitFor(Batch* batch, gpr_timespec deadline, std::unique_lock<std::mutex>* lock);
  void Finish(Batch* batch, bool ok);
  void CountSent(const Message& message);
  void CountReceived();
  void LogStart() const;
  void LogEnd() const noexcept;
  gpr_timespec Deadline(int64_t now);
  bool HasAnswer() const;
  void NotePeer();
  bool IsTarget(const char* peer) const;
  std::string PeerIf(bool answered) const;
  grpc_op SendInitialMetadata();

  const std::shared_ptr<Channel> channel_;

  const Method& method_;
  const CallOptions& options_;
  const MethodConfig* const config_;  // the channel's; may be nullptr
  grpc_completion_queue* const queue_;
  Listener* const listener_;  // nullptr: the queue is this RPC's own, and plucked
  grpc_call* call_ = nullptr;

  mutable std::mutex mutex_;  // guards the batches' state
  std::condition_variable completed_;
  Batch batches_[kBatchKinds];
  Progress progress_;
  bool headers_apart_ = false;
  bool connect_apart_ = false;
  bool timeout_of_config_ = false;

  std::vector<grpc_metadata> sent_metadata_;
  Message received_;
  grpc_metadata_array headers_;
  grpc_metadata_array trailers_;
  int status_code_ = GRPC_STATUS_UNKNOWN;
  grpc_slice status_message_;
  const char* error_text_ = nullptr;  // gRPC's account of a failure
  char* peer_ = nullptr;              // as gRPC last knew it
  struct Rejection {
    grpc_status_code code;
    std::string message;
  };
  std::optional<Rejection> rejection_;
};

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_RPC_H_
