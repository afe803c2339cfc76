// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/stream.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/support/time.h>

#include <chrono>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "base/thread_kept.h"
#include "rpc/answer.h"
#include "rpc/failure.h"
#include "rpc/inflate.h"
#include "rpc/message_list.h"
#include "rpc/runtime.h"
#include "rpc/status.h"

namespace pygrpc::rpc {
namespace {

// Claims one side of a stream for the duration of a call.
class Claim {
 public:
  Claim(std::atomic<bool>* taken, const char* what) : taken_(taken) {
    if (taken_->exchange(true, std::memory_order_acquire)) {
      throw Error(Code::kState, std::string("another thread is ") + what + " this stream");
    }
  }
  ~Claim() { taken_->store(false, std::memory_order_release); }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

 private:
  std::atomic<bool>* const taken_;
};

std::string_view SliceView(const grpc_slice& slice) {
  return {reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(slice)), GRPC_SLICE_LENGTH(slice)};
}

// The bytes of a message where gRPC keeps them; valid as long as the message.
std::vector<std::string_view> Spans(grpc_byte_buffer_reader* reader) {
  std::vector<std::string_view> spans;
  grpc_slice* slice;
  while (grpc_byte_buffer_reader_peek(reader, &slice) != 0) spans.push_back(SliceView(*slice));
  return spans;
}

void DecodeSpans(const Method& method, const CallOptions& options, const std::string_view* spans,
                 size_t count, Buffer* out) {
  if (options.codec == Codec::kBinary) {
    for (size_t i = 0; i < count; ++i) out->Append(spans[i]);
    return;
  }
  method.catalog->transcoder().WireToJson(method.response, spans, count, options.json, out);
}

void DecodeSlices(const Method& method, const CallOptions& options, const Message& message,
                  Buffer* out) {
  grpc_byte_buffer_reader reader;
  if (grpc_byte_buffer_reader_init(&reader, message.get()) == 0) {
    throw Error(Code::kInternal, "gRPC cannot read a response of " + method.path);
  }
  struct Closer {
    grpc_byte_buffer_reader* reader;
    ~Closer() { grpc_byte_buffer_reader_destroy(reader); }
  } closer{&reader};
  grpc_slice* slice;
  if (grpc_byte_buffer_reader_peek(&reader, &slice) == 0) {
    DecodeSpans(method, options, nullptr, 0, out);
    return;
  }
  std::string_view first = SliceView(*slice);
  if (grpc_byte_buffer_length(message.get()) == first.size()) {
    DecodeSpans(method, options, &first, 1, out);
    return;
  }
  std::vector<std::string_view> spans = Spans(&reader);
  spans.insert(spans.begin(), first);
  DecodeSpans(method, options, spans.data(), spans.size(), out);
}

// What a compressed message holds; throws what its RPC has come to if that cannot be had.
Buffer Decompress(const Message& message, const Method& method, Rpc* rpc) {
  const int64_t limit = rpc->channel()->max_receive_size();
  Buffer inflated;
  switch (Inflate(*message.get(), limit, &inflated)) {
    case Inflation::kDone:
      return inflated;
    case Inflation::kTooLarge:
      rpc->Reject(
          GRPC_STATUS_RESOURCE_EXHAUSTED,
          "a response is larger than " + std::to_string(limit) + " bytes after decompression");
      break;
    case Inflation::kBroken:
      rpc->Reject(GRPC_STATUS_UNKNOWN, "a response cannot be decompressed");
      break;
  }
  throw AnswerError(*rpc, rpc->GetStatus(), method);
}

}  // namespace

Message EncodeRequest(const Method& method, const CallOptions& options, std::string_view text) {
  if (options.codec == Codec::kBinary) return Message::FromCopy(text);
  // Small messages are copied out of it, so that most calls need no memory here.
  Buffer* kept = ThreadKept<Buffer>::Get();
  Buffer own;
  Buffer& wire = kept != nullptr ? *kept : own;
  wire.Clear();
  try {
    method.catalog->transcoder().JsonToWire(method.request, text, options.json, &wire);
  } catch (Error& error) {
    error.method = method.path;
    throw;
  }
  if (wire.size() <= Message::kCopyLimit) return Message::FromCopy(wire.view());
  return Message::FromBytes(std::move(wire));
}

void DecodeResponse(const Method& method, const CallOptions& options, const Message& message,
                    Rpc* rpc, Buffer* out) {
  try {
    if (IsCompressed(*message.get())) {
      Buffer inflated = Decompress(message, method, rpc);
      std::string_view span = inflated.view();
      DecodeSpans(method, options, &span, 1, out);
    } else {
      DecodeSlices(method, options, message, out);
    }
  } catch (Error& error) {
    error.method = method.path;
    throw;
  }
}

Message UnaryResponse(Rpc* rpc, const Method& method) {
  if (rpc->status_code() != GRPC_STATUS_OK) {
    throw AnswerError(*rpc, rpc->GetStatus(), method);
  }
  Message message = rpc->TakeMessage();
  if (message.empty()) {
    Status status = rpc->GetStatus();
    status.code = GRPC_STATUS_INTERNAL;
    status.message = kNoMessage;
    throw AnswerError(*rpc, status, method);
  }
  return message;
}

Stream::Stream(std::shared_ptr<Channel> channel, std::shared_ptr<const Method> method,
               std::shared_ptr<const CallOptions> options, Message request)
    : channel_(std::move(channel)),
      method_(std::move(method)),
      options_(std::move(options)),
      rpc_(channel_, *method_, *options_) {
  rpc_.Plan(/*headers_apart=*/true);
  rpc_.Start(std::move(request));
}

// What every reader does, around how it reads.
template <typename Body>
Outcome Stream::AsReader(const Body& body) {
  if (Forked()) EnterGrpc();  // throws
  Claim claim(&reading_, "reading");
  if (ended_) {
    throw Error(Code::kState, method_->path + " has ended; there is nothing more to read");
  }
  try {
    return body();
  } catch (const Error& error) {
    if (error.code == Code::kStatus) ended_ = true;  // also where it is the client that gives up
    throw;
  }
}

Outcome Stream::Read(int64_t timeout_ms, Buffer* out) {
  return AsReader([&] {
    Message message;
    Outcome outcome = Receive(timeout_ms, &message);
    if (outcome == Outcome::kDone) DecodeResponse(*method_, *options_, message, &rpc_, out);
    return outcome;
  });
}

Outcome Stream::ReadMany(int64_t timeout_ms, size_t max, Buffer* out) {
  return AsReader([&] {
    Message message;
    Outcome outcome = Receive(timeout_ms, &message);
    if (outcome != Outcome::kDone) return outcome;
    MessageList list(*method_, *options_, &rpc_, out);
    list.Add(message);
    const bool streamed = StreamsResponses(cardinality());
    const gpr_timespec at_once = gpr_inf_past(GPR_CLOCK_MONOTONIC);
    while (streamed && list.size() < max && ReceiveStreamed(at_once, &message, timeout_ms != 0)) {
      try {
        list.Add(message);
      } catch (const Error&) {
        held_ = std::move(message);  // those before it are given out; the next read tells
        break;
      }
    }
    list.Close();
    return Outcome::kDone;
  });
}

Outcome Stream::Receive(int64_t timeout_ms, Message* message) {
  const gpr_timespec deadline = DeadlineIn(timeout_ms);
  if (!held_.empty()) {
    *message = std::move(held_);
    return Outcome::kDone;
  }
  if (!StreamsResponses(cardinality())) return ReceiveSingle(deadline, message);
  if (ReceiveStreamed(deadline, message, timeout_ms != 0)) return Outcome::kDone;
  return messages_over_ ? Finish(deadline) : Outcome::kPending;
}

// What comes meanwhile stays in the socket until somebody looks; that is before the next read, so
// that it finds a message.
void Stream::LetGather(bool may_pause) {
  const std::chrono::microseconds pause = pace_.TakePause();
  if (pause.count() == 0 || !may_pause) return;
  // Who asks for an answer, and waits for it, gets none meanwhile.
  if (StreamsRequests(cardinality()) && !half_closed_) return;
  std::this_thread::sleep_for(pause);
  rpc_.Wait(BatchKind::kFinal, gpr_inf_past(GPR_CLOCK_MONOTONIC));
}

// Whether a message came in time, which none does any more if messages_over_.
bool Stream::ReceiveStreamed(gpr_timespec deadline, Message* message, bool may_pause) {
  if (messages_over_) return false;
  const bool begins = !read_started_;
  if (begins) {
    LetGather(may_pause);
    rpc_.StartRead();
    read_started_ = true;
  }
  const ReadPace::Clock::time_point begun = ReadPace::Clock::now();
  if (!rpc_.Wait(BatchKind::kRead, deadline)) {
    if (begins) pace_.Missed(ReadPace::Clock::now());
    return false;
  }
  if (begins) {
    pace_.Got(begun, ReadPace::Clock::now());
  } else {
    pace_.Got();
  }
  read_started_ = false;
  *message = rpc_.TakeMessage();
  messages_over_ = message->empty();
  return !messages_over_;
}

Outcome Stream::ReceiveSingle(gpr_timespec deadline, Message* message) {
  if (messages_over_) return Finish(deadline);
  if (!rpc_.Wait(BatchKind::kFinal, deadline)) return Outcome::kPending;
  messages_over_ = true;
  if (rpc_.status_code() != GRPC_STATUS_OK) return Finish(deadline);
  *message = UnaryResponse(&rpc_, *method_);
  return Outcome::kDone;
}

Outcome Stream::Finish(gpr_timespec deadline) {
  if (!rpc_.Wait(BatchKind::kFinal, deadline)) return Outcome::kPending;
  ended_ = true;
  if (rpc_.status_code() == GRPC_STATUS_OK) return Outcome::kEnd;
  throw AnswerError(rpc_, rpc_.GetStatus(), *method_);
}

Outcome Stream::Write(std::string_view text, int64_t timeout_ms) {
  if (Forked()) EnterGrpc();  // throws
  const Method& method = *method_;
  if (!StreamsRequests(method.cardinality)) {
    throw Error(Code::kState, method.path + " takes one request, which was sent already");
  }
  Claim claim(&writing_, "writing to");
  if (half_closed_) throw Error(Code::kState, "a write to " + method.path + " after half-close");
  gpr_timespec deadline = DeadlineIn(timeout_ms);
  if (rpc_.in_flight(BatchKind::kWrite) && !rpc_.Wait(BatchKind::kWrite, deadline)) {
    return Outcome::kPending;
  }
  if (rpc_.done(BatchKind::kWrite) && !rpc_.ok(BatchKind::kWrite)) writes_over_ = true;
  if (HasEnded()) writes_over_ = true;
  if (!writes_over_) {
    rpc_.StartWrite(EncodeRequest(method, *options_, text));
    // To wait here is what moves the bytes: gRPC does its I/O on threads that wait.
    if (rpc_.Wait(BatchKind::kWrite, deadline) && !rpc_.ok(BatchKind::kWrite)) {
      writes_over_ = true;
    }
  }
  if (!writes_over_) return Outcome::kDone;
  if (channel_->closed()) throw Error(Code::kClosed, "the client was freed during " + method.path);
  return Outcome::kEnd;
}

// gRPC looks at its sockets only where somebody waits, and a write that fits into the window waits
// for nothing: without a look now and then, a caller that only writes would not see the end.
bool Stream::HasEnded() {
  constexpr std::chrono::milliseconds kLookEvery(1);  // for each look costs a system call
  auto now = std::chrono::steady_clock::now();
  if (now - last_look_ < kLookEvery) return false;
  last_look_ = now;
  // Twice: a write that completed at once has left a wake-up behind, and that is all that the first
  // look finds.
  gpr_timespec at_once = gpr_inf_past(GPR_CLOCK_MONOTONIC);
  return rpc_.Wait(BatchKind::kFinal, at_once) || rpc_.Wait(BatchKind::kFinal, at_once);
}

void Stream::HalfClose() {
  if (Forked()) EnterGrpc();                    // throws
  if (!StreamsRequests(cardinality())) return;  // closed since the start
  Claim claim(&writing_, "writing to");
  if (half_closed_.exchange(true)) return;
  rpc_.StartHalfClose();
}

Outcome Stream::Headers(int64_t timeout_ms, std::string* json) {
  if (Forked()) EnterGrpc();  // throws
  if (!rpc_.Wait(rpc_.headers_batch(), DeadlineIn(timeout_ms))) return Outcome::kPending;
  *json = MetadataJson(rpc_.Headers());
  return Outcome::kDone;
}

Outcome Stream::Trailers(int64_t timeout_ms, std::string* json) {
  if (Forked()) EnterGrpc();  // throws
  if (!rpc_.Wait(BatchKind::kFinal, DeadlineIn(timeout_ms))) return Outcome::kPending;
  *json = MetadataJson(rpc_.GetStatus().trailers);
  return Outcome::kDone;
}

std::string Stream::Info(int64_t timeout_ms) {
  if (Forked()) EnterGrpc();  // throws
  rpc_.Wait(BatchKind::kFinal, DeadlineIn(timeout_ms));
  return AnswerJson(rpc_, *method_);
}

void Stream::Cancel() noexcept {
  if (!Forked()) rpc_.Cancel();
}

}  // namespace pygrpc::rpc
