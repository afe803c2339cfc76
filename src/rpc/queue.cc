// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/queue.h"

#include <fcntl.h>
#include <grpc/slice.h>
#include <grpc/support/time.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <optional>
#include <string>
#include <utility>

#include "rpc/async_stream.h"
#include "rpc/completion_thread.h"
#include "rpc/runtime.h"
#include "rpc/timed_wait.h"

namespace pygrpc::rpc {
namespace {

// An operation that completes at once, to wake a thread that polls gRPC: gRPC has no other way.
class WakeCall {
 public:
  WakeCall(grpc_completion_queue* queue, void* tag) {
    static grpc_channel* const channel =
        grpc_lame_client_channel_create("wake", GRPC_STATUS_CANCELLED, "made to wake a thread");
    grpc_metadata_array_init(&trailers_);
    status_message_ = grpc_empty_slice();
    call_ = grpc_channel_create_call(channel, nullptr, GRPC_PROPAGATE_DEFAULTS, queue,
                                     grpc_slice_from_static_string("/wake"), nullptr,
                                     gpr_inf_future(GPR_CLOCK_MONOTONIC), nullptr);
    grpc_op op = {};
    op.op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    op.data.recv_status_on_client.trailing_metadata = &trailers_;
    op.data.recv_status_on_client.status = &status_;
    op.data.recv_status_on_client.status_details = &status_message_;
    grpc_call_start_batch(call_, &op, 1, tag, nullptr);
    grpc_call_cancel(call_, nullptr);
  }
  ~WakeCall() {
    grpc_call_unref(call_);
    grpc_metadata_array_destroy(&trailers_);
    grpc_slice_unref(status_message_);
  }
  WakeCall(const WakeCall&) = delete;
  WakeCall& operator=(const WakeCall&) = delete;

 private:
  grpc_call* call_;
  grpc_metadata_array trailers_;
  grpc_status_code status_ = GRPC_STATUS_OK;
  grpc_slice status_message_;
};

// As write(), tried again where a signal interrupts it.
ssize_t WriteUninterrupted(int fd, const void* data, size_t size) {
  ssize_t written;
  do {
    written = write(fd, data, size);
  } while (written < 0 && errno == EINTR);
  return written;
}

}  // namespace

// Throws Error(kArgument) for an fd that nobody can write to.
Queue::Bell Queue::ToBell(int fd) {
  if (fd == -1) return {};
  const std::string name = "fd " + std::to_string(fd);
  const int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
  if (flags < 0) throw Error(Code::kArgument, name + " is not open");
  if ((flags & O_ACCMODE) == O_RDONLY) {
    throw Error(Code::kArgument, name + " is open for reading only; give the end that is written");
  }
  return {fd, (flags & O_NONBLOCK) == 0};
}

// A wake-up under way on the queue's own completion queue.
struct Queue::Wake {
  std::optional<WakeCall> call;
};

Queue::Queue() : wake_(std::make_unique<Wake>()) {}

Queue::~Queue() {
  if (own_queue_ == nullptr || Forked()) return;
  grpc_completion_queue_shutdown(own_queue_);
  while (
      grpc_completion_queue_next(own_queue_, gpr_inf_future(GPR_CLOCK_MONOTONIC), nullptr).type !=
      GRPC_QUEUE_SHUTDOWN) {
  }
  wake_->call.reset();
  grpc_completion_queue_destroy(own_queue_);
}

// Under the lock.
grpc_completion_queue* Queue::OwnQueue() {
  if (own_queue_ == nullptr) {
    EnterGrpc();
    own_queue_ = grpc_completion_queue_create_for_next(nullptr);
  }
  return own_queue_;
}

grpc_completion_queue* Queue::CompletionQueue() {
  EnterGrpc();
  std::lock_guard<std::mutex> lock(mutex_);
  return shared_ ? SharedCompletionQueue() : OwnQueue();
}

bool Queue::is_shared() {
  std::lock_guard<std::mutex> lock(mutex_);
  return shared_;
}

// Under the lock.
void Queue::CheckOpen() const {
  if (closed_) throw Error(Code::kClosed, "the queue was freed");
}

void Queue::Add(AsyncStream* stream) {
  std::lock_guard<std::mutex> lock(mutex_);
  CheckOpen();
  streams_.Add(stream);
}

void Queue::Remove(AsyncStream* stream) noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  streams_.Remove(stream);
}

Queue::FinishedList Queue::Reserve() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    CheckOpen();
    if (!spare_.empty()) {
      FinishedList room;
      room.splice(room.end(), spare_, spare_.begin());
      return room;
    }
  }
  return FinishedList(1);
}

void Queue::OperationsStarted(int count) {
  std::lock_guard<std::mutex> lock(mutex_);
  CheckOpen();
  in_flight_ += static_cast<size_t>(count);
}

void Queue::OperationsOver(int count) noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  in_flight_ -= static_cast<size_t>(count);
  if (in_flight_ == 0) changed_.notify_all();
}

void Queue::Push(FinishedList finished, bool by_poller) noexcept {
  std::unique_lock<std::mutex> lock(mutex_);
  if (closed_) return;  // nobody polls any more, and what is kept would keep the streams
  finished_.splice(finished_.end(), finished);
  if (!shared_) {
    if (!by_poller && polling_ > 0) StartWake();
    return;
  }
  byte_is_due_ = byte_is_due_ || seen_empty_;
  seen_empty_ = false;
  if (by_poller) {
    if (announces_) return;
    announces_ = true;
    ++in_flight_;  // Close() waits
    AnnounceSoon(this);
    return;
  }
  Notify(&lock);
}

void Queue::Announce() noexcept {
  std::shared_ptr<Queue> self = shared_from_this();  // Close() may be the last to have it
  std::unique_lock<std::mutex> lock(mutex_);
  announces_ = false;
  if (finished_.empty()) {
    byte_is_due_ = false;  // somebody has taken all of it meanwhile
  } else {
    Notify(&lock);
  }
  if (lock.owns_lock()) lock.unlock();
  OperationsOver(1);
}

// Lets go of the lock: who is told is not to wait for it, nor for the bell.
void Queue::Notify(std::unique_lock<std::mutex>* lock) noexcept {
  const Bell bell = byte_is_due_ ? TakeBell() : Bell();
  byte_is_due_ = false;
  bool several = finished_.size() > 1;
  lock->unlock();
  if (several) {
    changed_.notify_all();
  } else {
    changed_.notify_one();
  }
  Ring(bell);
}

// Under the lock; to be given to Ring() without it.
Queue::Bell Queue::TakeBell() {
  if (bell_.fd >= 0) ++ringers_;
  return bell_;
}

void Queue::Ring(const Bell& bell) noexcept {
  if (bell.fd < 0) return;
  Write(bell);
  std::lock_guard<std::mutex> lock(mutex_);
  if (--ringers_ == 0) rung_.notify_all();
}

// Neither a full pipe (its reader has bytes to wake for) nor one whose reader is gone is a fault,
// and the latter must not raise SIGPIPE in the application.
void Queue::Write(const Bell& bell) noexcept {
  if (bell.may_block) {
    pollfd room = {bell.fd, POLLOUT, 0};
    if (poll(&room, 1, 0) == 0) return;
  }
  sigset_t pipe_signal;
  sigset_t before;
  sigset_t pending;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  sigpending(&pending);
  bool was_pending = sigismember(&pending, SIGPIPE) == 1;
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  ssize_t written = WriteUninterrupted(bell.fd, "\1", 1);
  constexpr uint64_t kOne = 1;
  if (written < 0 && errno == EINVAL) {  // an eventfd
    WriteUninterrupted(bell.fd, &kOne, sizeof kOne);
  }
  if (written < 0 && errno == EPIPE && !was_pending) {
    timespec at_once = {0, 0};
    sigtimedwait(&pipe_signal, nullptr, &at_once);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

// Under the lock. One at a time is enough: it has not been seen yet.
void Queue::StartWake() {
  if (!wake_->call) wake_->call.emplace(OwnQueue(), this);
}

void Queue::WakeUp() {
  Bell bell;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    woken_ = true;
    if (shared_) {
      bell = TakeBell();
      changed_.notify_all();
    } else if (polling_ > 0) {
      StartWake();
    }
  }
  Ring(bell);
}

void Queue::SetFd(int fd) {
  const Bell bell = ToBell(fd);
  Bell due;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!shared_ && (own_queue_ != nullptr || !streams_.empty())) {
      throw Error(Code::kState,
                  "the queue has been used without an fd; set the fd before the first stream");
    }
    shared_ = true;
    bell_ = bell;
    rung_.wait(lock, [this] { return ringers_ == 0; });
    // Of what came before, this one does not know.
    if (!finished_.empty()) due = TakeBell();
  }
  Ring(due);
}

void Queue::TakeFinished(size_t max, FinishedList* taken) {
  std::lock_guard<std::mutex> lock(mutex_);
  while (!finished_.empty() && taken->size() < max) {
    taken->splice(taken->end(), finished_, finished_.begin());
  }
  // Who has got as many as there was room for asks again.
  if (taken->size() < max) seen_empty_ = true;
}

void Queue::WaitShared(int64_t timeout_ms) {
  std::unique_lock<std::mutex> lock(mutex_);
  auto over = [this] { return !finished_.empty() || woken_ || closed_; };
  // More than that is more than the clock can tell, and than anybody waits.
  constexpr int64_t kHundredYears = int64_t{100} * 366 * 24 * 3600 * 1000;
  if (timeout_ms < 0 || timeout_ms > kHundredYears) {
    changed_.wait(lock, over);
  } else {
    changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), over);
  }
}

void Queue::Handle(const grpc_event& event) {
  if (event.type != GRPC_OP_COMPLETE) return;
  if (event.tag != this) {
    Rpc::Complete(static_cast<Rpc::Batch*>(event.tag), event.success != 0);
    return;
  }
  std::lock_guard<std::mutex> lock(mutex_);
  wake_->call.reset();
}

void Queue::WaitOwn(int64_t timeout_ms, size_t max) {
  // Who waits for more holds back what is there, from which the next calls follow: a batch is to be
  // a small part of what is in flight, or the server runs out of work.
  constexpr size_t kPartOfInFlight = 64;
  grpc_completion_queue* queue;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    queue = OwnQueue();
    ++polling_;
  }
  gpr_timespec deadline = DeadlineIn(timeout_ms);
  TimedWait wait(deadline);
  while (true) {
    size_t found;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      found = finished_.size();
      if (found >= max || woken_ || closed_ || found * kPartOfInFlight > in_flight_) break;
    }
    // Once there is something, only what is there already is added.
    grpc_event event = grpc_completion_queue_next(
        queue, found > 0 ? gpr_inf_past(GPR_CLOCK_MONOTONIC) : deadline, nullptr);
    if (event.type != GRPC_OP_COMPLETE) break;
    Handle(event);
  }
  std::lock_guard<std::mutex> lock(mutex_);
  --polling_;
}

void Queue::Poll(int64_t timeout_ms, size_t max, FinishedList* taken) {
  if (Forked()) EnterGrpc();  // throws
  bool shared;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    shared = shared_;
  }
  if (shared) {
    WaitShared(timeout_ms);
  } else {
    WaitOwn(timeout_ms, max);
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    woken_ = false;
  }
  TakeFinished(max, taken);
}

Event Queue::ToEvent(FinishedList* taken) noexcept {
  constexpr size_t kMostSpare = 256;
  FinishedList room;
  room.splice(room.end(), *taken, taken->begin());
  Event event = room.front().stream->ToEvent(&room.front());
  room.front() = Finished();  // not under the lock: the stream may end here, and ask for it
  std::lock_guard<std::mutex> lock(mutex_);
  if (spare_.size() < kMostSpare) spare_.splice(spare_.end(), room);
  return event;
}

void Queue::PutBack(FinishedList* taken) noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  finished_.splice(finished_.begin(), *taken);
}

void Queue::Close() noexcept {
  if (Forked()) return;
  std::unique_lock<std::mutex> lock(mutex_);
  closed_ = true;
  changed_.notify_all();
  // Cancel() takes the stream's lock, under which others take this one.
  streams_.ForEach([](AsyncStream* stream) { stream->CancelRpc(); });
  if (shared_) {
    changed_.wait(lock, [this] { return in_flight_ == 0; });
  } else {
    while (in_flight_ > 0) {
      lock.unlock();
      Handle(grpc_completion_queue_next(own_queue_, gpr_inf_future(GPR_CLOCK_MONOTONIC), nullptr));
      lock.lock();
    }
  }
  // The caller closes the fd next.
  bell_ = {};
  rung_.wait(lock, [this] { return ringers_ == 0; });
  // The streams of these may end here, and ask for the lock.
  FinishedList dropped;
  dropped.swap(finished_);
  lock.unlock();
}

}  // namespace pygrpc::rpc
