// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/async_stream.h"

#include <grpc/byte_buffer.h>
#include <grpc/support/time.h>

#include <exception>
#include <new>
#include <utility>

#include "base/error.h"
#include "rpc/answer.h"
#include "rpc/message_list.h"
#include "rpc/runtime.h"
#include "rpc/status.h"

namespace pygrpc::rpc {
namespace {

// How far reading goes ahead of who asks for messages, where a thread of the library reads: far
// enough that the one need not wait for the other at each message, and no further. Once it has
// stopped it begins again where half of that was taken, for to wake the thread takes longer than to
// read.
constexpr size_t kBytesAhead = 64 * 1024;

// What a message that waits takes: gRPC keeps more than its bytes.
size_t SizeAhead(const Message& message) {
  constexpr size_t kBesides = 384;
  return grpc_byte_buffer_length(message.get()) + kBesides;
}

}  // namespace

AsyncStream::AsyncStream(Private, std::shared_ptr<Queue> queue, std::shared_ptr<Channel> channel,
                         std::shared_ptr<const Method> method,
                         std::shared_ptr<const CallOptions> options)
    : queue_(std::move(queue)),
      channel_(std::move(channel)),
      method_(std::move(method)),
      options_(std::move(options)),
      reads_ahead_(StreamsResponses(method_->cardinality) && queue_->is_shared()),
      rpc_(channel_, *method_, *options_, queue_->CompletionQueue(), this) {}

AsyncStream::~AsyncStream() { queue_->Remove(this); }

std::shared_ptr<AsyncStream> AsyncStream::Start(std::shared_ptr<Queue> queue,
                                                std::shared_ptr<Channel> channel,
                                                std::shared_ptr<const Method> method,
                                                std::shared_ptr<const CallOptions> options,
                                                Message request) {
  auto stream = std::make_shared<AsyncStream>(Private(), std::move(queue), std::move(channel),
                                              std::move(method), std::move(options));
  stream->queue_->Add(stream.get());
  // The headers of a unary call come with its response, for one completion costs less than two.
  int batches = stream->rpc_.Plan(stream->cardinality() != Cardinality::kUnaryUnary);
  stream->Launch(batches, [&] { stream->rpc_.Start(std::move(request)); });
  return stream;
}

// Operations in flight keep the stream alive: gRPC writes their results into it.
template <typename StartOperation>
void AsyncStream::Launch(int operations, const StartOperation& start) {
  queue_->OperationsStarted(operations);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    in_flight_ += operations;
    self_ = shared_from_this();
  }
  try {
    start();
  } catch (...) {  // memory ran out before gRPC was told of anything
    {
      std::lock_guard<std::mutex> lock(mutex_);
      in_flight_ -= operations;
      if (in_flight_ == 0) self_ = nullptr;  // not the last: the caller has one
    }
    queue_->OperationsOver(operations);
    throw;
  }
}

void AsyncStream::Read(uint64_t tag) { StartReading(tag, 0); }

void AsyncStream::ReadMany(uint64_t tag, size_t max) { StartReading(tag, max); }

void AsyncStream::StartReading(uint64_t tag, size_t max) {
  if (Forked()) EnterGrpc();  // throws
  // Throws where the queue is closed, also if there is something to give out already.
  Queue::FinishedList room = queue_->Reserve();
  Queue::FinishedList finished;
  bool was_ahead;
  bool fetch = true;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (ended_) {
      throw Error(Code::kState, method_->path + " has ended; there is nothing more to read");
    }
    if (reading_ || gathering_) {
      throw Error(Code::kState, "a read of " + method_->path + " is under way");
    }
    reading_ = true;
    read_room_ = std::move(room);
    read_tag_ = tag;
    read_max_ = max;
    was_ahead = !ahead_.empty();
    if (was_ahead) {
      finished = FinishRead(std::move(TakeAhead(1).front()));
      fetch = MayFetch(kBytesAhead / 2);
    } else if (!StreamsResponses(cardinality()) || messages_over_) {
      if (final_) finished = FinishRead(std::move(single_));
      fetch = false;
    } else {
      fetch = !fetching_;
    }
    fetching_ = fetching_ || fetch;
  }
  if (!finished.empty()) queue_->Push(std::move(finished), /*by_poller=*/false);
  if (!fetch) return;
  if (was_ahead) {
    FetchAhead();
  } else {
    Launch(1, [this] { rpc_.StartRead(); });
  }
}

// Under the lock: whether to read before somebody asks, for less than that is there.
bool AsyncStream::MayFetch(size_t bytes) const {
  return reads_ahead_ && !fetching_ && !messages_over_ && bytes_ahead_ < bytes;
}

// Starts a read that nobody has asked for, so that nobody is to be told if the queue was freed. Its
// message needs room; without memory for that it is not started, unless somebody has asked now.
void AsyncStream::FetchAhead() noexcept {
  std::list<Message> room;
  try {
    room.emplace_back();
  } catch (const std::bad_alloc&) {
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (room.empty() && !reading_) {
      fetching_ = false;
      return;
    }
    ahead_room_ = std::move(room);
  }
  try {
    Launch(1, [this] { rpc_.StartRead(); });
  } catch (const Error&) {
    std::lock_guard<std::mutex> lock(mutex_);
    fetching_ = false;
  }
}

void AsyncStream::Write(std::string_view text, uint64_t tag) {
  if (Forked()) EnterGrpc();  // throws
  if (!StreamsRequests(cardinality())) {
    throw Error(Code::kState, method_->path + " takes one request, which was sent already");
  }
  Message message = EncodeRequest(*method_, *options_, text);
  Queue::FinishedList room = queue_->Reserve();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (half_closed_) {
      throw Error(Code::kState, "a write to " + method_->path + " after half-close");
    }
    if (writing_) throw Error(Code::kState, "a write to " + method_->path + " is under way");
    writing_ = true;
    write_room_ = std::move(room);
    write_tag_ = tag;
  }
  Launch(1, [&] { rpc_.StartWrite(std::move(message)); });
}

void AsyncStream::HalfClose() {
  if (Forked()) EnterGrpc();                    // throws
  if (!StreamsRequests(cardinality())) return;  // closed since the start
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (half_closed_) return;
    half_closed_ = true;
  }
  Launch(1, [this] { rpc_.StartHalfClose(); });
}

Outcome AsyncStream::Headers(int64_t timeout_ms, std::string* json) {
  if (Forked()) EnterGrpc();  // throws
  if (!rpc_.Wait(rpc_.headers_batch(), DeadlineIn(timeout_ms))) return Outcome::kPending;
  *json = MetadataJson(rpc_.Headers());
  return Outcome::kDone;
}

Outcome AsyncStream::Trailers(int64_t timeout_ms, std::string* json) {
  if (Forked()) EnterGrpc();  // throws
  if (!rpc_.Wait(BatchKind::kFinal, DeadlineIn(timeout_ms))) return Outcome::kPending;
  *json = MetadataJson(rpc_.GetStatus().trailers);
  return Outcome::kDone;
}

std::string AsyncStream::Info(int64_t timeout_ms) {
  if (Forked()) EnterGrpc();  // throws
  rpc_.Wait(BatchKind::kFinal, DeadlineIn(timeout_ms));
  return AnswerJson(rpc_, *method_);
}

void AsyncStream::CancelRpc() noexcept {
  // gRPC would do much work to find that the RPC is over.
  if (!Forked() && !final_) rpc_.Cancel();
}

void AsyncStream::Cancel() noexcept {
  CancelRpc();
  if (Forked()) return;        // a thread that is not here may have the lock
  std::list<Message> dropped;  // let go after the lock
  std::lock_guard<std::mutex> lock(mutex_);
  dropped.swap(ahead_);
  bytes_ahead_ = 0;
}

void AsyncStream::OnCompletion(BatchKind kind) {
  std::shared_ptr<AsyncStream> last;  // let go after the lock
  Queue::FinishedList finished;
  bool fetch = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    switch (kind) {
      case BatchKind::kConnect:
      case BatchKind::kHalfClose:
        break;
      case BatchKind::kOpen:
      case BatchKind::kFinal:
        finished = FinishRpc();
        break;
      case BatchKind::kWrite:
        finished = FinishWrite(rpc_.ok(kind));
        break;
      case BatchKind::kRead:
        finished = OnMessage(rpc_.TakeMessage());
        fetch = MayFetch(kBytesAhead);
        if (fetch) fetching_ = true;
        break;
    }
    if (--in_flight_ == 0) last = std::move(self_);
  }
  // Without the lock: who reads on meanwhile is not to wait for the fd to be written.
  if (!finished.empty()) queue_->Push(std::move(finished), /*by_poller=*/true);
  if (fetch) FetchAhead();
  queue_->OperationsOver(1);
}

// Under the lock: a message has come, or that there are no more.
Queue::FinishedList AsyncStream::OnMessage(Message message) {
  fetching_ = false;
  messages_over_ = message.empty();
  if (reading_ && (!messages_over_ || final_)) return FinishRead(std::move(message));
  if (!messages_over_) {
    bytes_ahead_ += SizeAhead(message);
    ahead_room_.front() = std::move(message);
    ahead_.splice(ahead_.end(), ahead_room_);
  }
  return {};
}

// Under the lock: the RPC has ended once its status has come, and its headers, which gRPC may hand
// out after that.
Queue::FinishedList AsyncStream::FinishRpc() {
  if (final_ || !rpc_.done(BatchKind::kFinal) || !rpc_.done(rpc_.headers_batch())) {
    return {};
  }
  final_ = true;
  // gRPC may hand over the message of a call that failed; it does not count.
  if (!StreamsResponses(cardinality()) && rpc_.status_code() == GRPC_STATUS_OK) {
    single_ = rpc_.TakeMessage();
  }
  if (!reading_ || (StreamsResponses(cardinality()) && !messages_over_)) return {};
  return FinishRead(std::move(single_));
}

// Under the lock: the write under way becomes an event.
Queue::FinishedList AsyncStream::FinishWrite(bool ok) {
  writing_ = false;
  Queue::Finished& finished = write_room_.front();
  finished.stream = shared_from_this();
  finished.tag = write_tag_;
  finished.ok = ok;
  return std::move(write_room_);
}

// Under the lock: the read under way becomes an event.
Queue::FinishedList AsyncStream::FinishRead(Message message) {
  reading_ = false;
  bool expects_message = !StreamsResponses(cardinality()) && !messages_over_;
  if (expects_message) messages_over_ = true;
  if (message.empty()) ended_ = true;
  gathering_ = read_max_ > 0 && !message.empty();
  Queue::Finished& finished = read_room_.front();
  finished.stream = shared_from_this();
  finished.read = true;
  finished.expects_message = expects_message;
  finished.tag = read_tag_;
  finished.max = read_max_;
  finished.message = std::move(message);
  return std::move(read_room_);
}

// Under the lock: so many of the oldest messages that nobody had asked for, each in the room that
// it has.
std::list<Message> AsyncStream::TakeAhead(size_t count) {
  std::list<Message> oldest;
  auto end = ahead_.begin();
  for (size_t i = 0; i < count && end != ahead_.end(); ++i, ++end) {
    bytes_ahead_ -= SizeAhead(*end);
  }
  oldest.splice(oldest.end(), ahead_, ahead_.begin(), end);
  return oldest;
}

// Under the lock.
void AsyncStream::PutBackAhead(std::list<Message> oldest) noexcept {
  for (const Message& message : oldest) bytes_ahead_ += SizeAhead(message);
  ahead_.splice(ahead_.begin(), oldest);
}

// Converts a message and those behind it.
void AsyncStream::Gather(Message first, size_t max, Buffer* out) {
  MessageList list(*method_, *options_, &rpc_, out);
  std::list<Message> later;
  bool fetch;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    later = TakeAhead(max - 1);
    fetch = MayFetch(kBytesAhead / 2);
    if (fetch) fetching_ = true;
  }
  if (fetch) FetchAhead();
  auto end = [&] {
    std::lock_guard<std::mutex> lock(mutex_);
    PutBackAhead(std::move(later));
    gathering_ = false;
  };
  try {
    list.Add(first);
    for (; !later.empty(); later.pop_front()) list.Add(later.front());
  } catch (...) {
    if (list.size() == 0) {
      end();
      throw;
    }
    // Those before it are given out; the next read tells.
  }
  end();
  list.Close();
}

Event AsyncStream::ToEvent(Queue::Finished* finished) noexcept {
  Event event;
  event.tag = finished->tag;
  try {
    MakeEvent(finished, &event);
  } catch (const std::exception&) {
    event.message = Buffer();
    event.error = nullptr;
    event.no_memory = true;
  }
  return event;
}

// Throws where memory runs out.
void AsyncStream::MakeEvent(Queue::Finished* finished, Event* event) {
  try {
    if (!finished->message.empty()) {
      if (finished->max > 0) {
        Gather(std::move(finished->message), finished->max, &event->message);
      } else {
        DecodeResponse(*method_, *options_, finished->message, &rpc_, &event->message);
      }
      *event->message.Reserve(1) = '\0';
    } else if (!finished->read) {
      event->outcome = finished->ok ? Outcome::kDone : Outcome::kEnd;
    } else if (rpc_.status_code() != GRPC_STATUS_OK) {
      event->error = std::make_unique<Error>(AnswerError(rpc_, rpc_.GetStatus(), *method_));
    } else {
      if (finished->expects_message) UnaryResponse(&rpc_, *method_);  // throws: there is none
      event->outcome = Outcome::kEnd;
    }
  } catch (const Error& error) {
    if (error.code == Code::kStatus) {
      std::lock_guard<std::mutex> lock(mutex_);
      ended_ = true;  // also where it is the client that gives up
    }
    event->message = Buffer();  // what had been converted before the fault
    event->error = std::make_unique<Error>(error);
  }
}

}  // namespace pygrpc::rpc
