// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_QUEUE_H_
#define PYGRPC_RPC_QUEUE_H_

#include <grpc/grpc.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>

#include "base/buffer.h"
#include "base/error.h"
#include "base/intrusive_list.h"
#include "rpc/completion_thread.h"
#include "rpc/rpc.h"
#include "rpc/stream.h"

namespace pygrpc::rpc {

class AsyncStream;

// What became of an asynchronous read or write.
struct Event {
  uint64_t tag = 0;
  Outcome outcome = Outcome::kDone;  // unless there is an error
  Buffer message;                    // of a read that got one
  std::unique_ptr<Error> error;
  bool no_memory = false;  // there was none for the message, or for the error
};

// Where asynchronous operations complete. Without an fd, completions are taken from gRPC by the
// threads that poll. With one, they are taken by one thread of the process, which writes a byte to
// the fd when the queue has become non-empty and nothing more is there to be taken. Either way
// messages are converted by the thread that polls. What becomes of an operation needs no memory but
// what was set aside when it was started, so that no event is lost where memory runs out.
// Thread-safe.
class Queue final : public Announcer, public std::enable_shared_from_this<Queue> {
 public:
  Queue();
  ~Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  // A finished operation of `stream`, to become an event.
  struct Finished {
    std::shared_ptr<AsyncStream> stream;
    bool read = false;             // or a write
    bool expects_message = false;  // a read of a single response
    uint64_t tag = 0;
    size_t max = 0;  // messages, of a read of many
    Message message;
    bool ok = false;
  };
  using FinishedList = std::list<Finished>;

  // Appends up to `max` operations; waits for the first. Returns with none after `timeout_ms`, or
  // when somebody calls WakeUp().
  void Poll(int64_t timeout_ms, size_t max, FinishedList* taken);
  // The event of the first of those that were taken, which is dropped from the list.
  Event ToEvent(FinishedList* taken) noexcept;
  // Takes back those of which no events could be made; they come first in the next poll.
  void PutBack(FinishedList* taken) noexcept;
  void WakeUp();
  // Throws Error(kState) if the queue has been polled or has streams without an fd, and
  // Error(kArgument) for one that cannot be written; -1 stops the writing. Nothing is written to
  // the one before once it has returned.
  void SetFd(int fd);
  // Cancels what is in flight and waits until it is over; nothing can be started after.
  void Close() noexcept;

  // Whether completions are taken by the process's own thread. Settled before the first stream.
  bool is_shared();

  // For AsyncStream. The queue that a call is bound to; throws Error(kForked).
  grpc_completion_queue* CompletionQueue();
  // Streams are listed here, so that Close() reaches them. Throws Error(kClosed).
  void Add(AsyncStream* stream);
  void Remove(AsyncStream* stream) noexcept;
  // Room for an operation that is about to be started. Throws Error(kClosed).
  FinishedList Reserve();
  // `by_poller`: by a thread that has just taken a completion from gRPC.
  void Push(FinishedList finished, bool by_poller) noexcept;
  // Throws Error(kClosed).
  void OperationsStarted(int count);
  void OperationsOver(int count) noexcept;

  // Tells who waits for them of finished operations.
  void Announce() noexcept override;

 private:
  struct Wake;
  // What is written to when somebody is to poll.
  struct Bell {
    int fd = -1;
    bool may_block = false;
  };

  void CheckOpen() const;
  grpc_completion_queue* OwnQueue();
  void StartWake();
  void Notify(std::unique_lock<std::mutex>* lock) noexcept;
  Bell TakeBell();
  void Ring(const Bell& bell) noexcept;
  static Bell ToBell(int fd);
  static void Write(const Bell& bell) noexcept;
  void TakeFinished(size_t max, FinishedList* taken);
  void WaitShared(int64_t timeout_ms);
  void WaitOwn(int64_t timeout_ms, size_t max);
  void Handle(const grpc_event& event);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable rung_;  // nobody writes to the bell
  FinishedList finished_;
  FinishedList spare_;  // room that was set aside before, and is free again
  IntrusiveList<AsyncStream> streams_;
  size_t in_flight_ = 0;  // operations that gRPC has not completed
  bool closed_ = false;
  bool woken_ = false;
  bool shared_ = false;  // completions are taken by the process's own thread
  Bell bell_;
  int ringers_ = 0;         // threads that write to it
  bool seen_empty_ = true;  // by who polls, since there was something
  bool byte_is_due_ = false;
  bool announces_ = false;  // will do so soon, and is in flight until then
  int polling_ = 0;         // threads that wait in gRPC
  std::unique_ptr<Wake> wake_;
  grpc_completion_queue* own_queue_ = nullptr;
};

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_QUEUE_H_
