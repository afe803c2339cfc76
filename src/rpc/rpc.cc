// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/rpc.h"

#include <grpc/compression.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "base/log.h"
#include "rpc/runtime.h"
#include "rpc/status.h"
#include "rpc/timed_wait.h"

namespace pygrpc::rpc {
namespace {

Metadata ToMetadata(const grpc_metadata_array& array) {
  Metadata metadata;
  metadata.reserve(array.count);
  for (size_t i = 0; i < array.count; ++i) {
    const grpc_slice& key = array.metadata[i].key;
    const grpc_slice& value = array.metadata[i].value;
    metadata.emplace_back(std::string(reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(key)),
                                      GRPC_SLICE_LENGTH(key)),
                          std::string(reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(value)),
                                      GRPC_SLICE_LENGTH(value)));
  }
  return metadata;
}

grpc_slice CopiedSlice(std::string_view text) {
  return grpc_slice_from_copied_buffer(text.data(), text.size());
}

// Whether it is one, as gRPC writes those of peers: "ipv4:127.0.0.1:50051", "unix:/run/socket".
bool IsAddress(std::string_view text) {
  const bool has_scheme =
      text.substr(0, 5) == "ipv4:" || text.substr(0, 5) == "ipv6:" || text.substr(0, 5) == "unix:";
  return has_scheme && text.find(',') == std::string_view::npos &&
         text.find("//") == std::string_view::npos;
}

std::chrono::steady_clock::time_point ToSteadyClock(gpr_timespec deadline) {
  gpr_timespec left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(gpr_time_to_millis(left));
}

}  // namespace

int64_t MonotonicNow() {
  gpr_timespec now = gpr_now(GPR_CLOCK_MONOTONIC);
  return now.tv_sec * 1000000000 + now.tv_nsec;
}

Message Message::FromBytes(Buffer bytes) {
  size_t size = bytes.size();
  char* data = bytes.Release();
  grpc_slice slice = grpc_slice_new(data, size, &std::free);
  Message message(grpc_raw_byte_buffer_create(&slice, 1));
  grpc_slice_unref(slice);
  return message;
}

Message Message::FromCopy(std::string_view bytes) {
  grpc_slice slice = CopiedSlice(bytes);
  Message message(grpc_raw_byte_buffer_create(&slice, 1));
  grpc_slice_unref(slice);
  return message;
}

Rpc::Rpc(const std::shared_ptr<Channel>& channel, const Method& method, const CallOptions& options)
    : Rpc(channel, method, options, channel->TakeQueue(), nullptr) {}

Rpc::Rpc(std::shared_ptr<Channel> channel, const Method& method, const CallOptions& options,
         grpc_completion_queue* queue, Listener* listener)
    : channel_(std::move(channel)),
      method_(method),
      options_(options),
      config_(channel_->ConfigOf(method_.path)),
      queue_(queue),
      listener_(listener),
      status_message_(grpc_empty_slice()) {
  for (int i = 0; i < kBatchKinds; ++i) {
    batches_[i].kind = static_cast<BatchKind>(i);
  }
  grpc_metadata_array_init(&headers_);
  grpc_metadata_array_init(&trailers_);
  grpc_channel* raw = channel_->Get();
  progress_.started = MonotonicNow();
  gpr_timespec deadline = Deadline(progress_.started);
  void* registered = nullptr;
  try {
    // Handles are never given back, so paths that no schema knows get none.
    if (method_.request != nullptr) registered = channel_->RegisterMethod(method_.path);
  } catch (const std::bad_alloc&) {
    if (listener_ == nullptr) channel_->ReturnQueue(queue_);
    throw;
  }
  if (registered != nullptr) {
    call_ = grpc_channel_create_registered_call(raw, nullptr, GRPC_PROPAGATE_DEFAULTS, queue_,
                                                registered, deadline, nullptr);
  } else {
    grpc_slice path = CopiedSlice(method_.path);
    call_ = grpc_channel_create_call(raw, nullptr, GRPC_PROPAGATE_DEFAULTS, queue_, path, nullptr,
                                     deadline, nullptr);
    grpc_slice_unref(path);
  }
  channel_->Add(this);
}

// The call's timeout and the service config's both hold, where given; else the library's own does.
gpr_timespec Rpc::Deadline(int64_t now) {
  constexpr int64_t kUnaryTimeoutMs = 10000;
  int64_t standard = method_.cardinality == Cardinality::kUnaryUnary ? kUnaryTimeoutMs : kNone;
  int64_t timeout_ms = options_.timeout_ms.value_or(standard);
  if (config_ != nullptr && config_->timeout_ms.has_value()) {
    timeout_of_config_ = !options_.timeout_ms.has_value() || timeout_ms == kNone ||
                         *config_->timeout_ms < timeout_ms;
    if (timeout_of_config_) timeout_ms = *config_->timeout_ms;
  }
  // A fast server could be in time for "now".
  if (timeout_ms == 0) return gpr_inf_past(GPR_CLOCK_MONOTONIC);
  if (timeout_ms < 0) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  constexpr int64_t kSecond = 1000000000;
  gpr_timespec start = {now / kSecond, static_cast<int32_t>(now % kSecond), GPR_CLOCK_MONOTONIC};
  return gpr_time_add(start, gpr_time_from_millis(timeout_ms, GPR_TIMESPAN));
}

Rpc::~Rpc() {
  if (Forked()) return;  // gRPC's objects belong to the parent, and are left alone
  channel_->Remove(this);
  bool cancelled = false;
  for (Batch& batch : batches_) {
    while (in_flight(batch.kind)) {
      if (!cancelled) Cancel();
      cancelled = true;
      Wait(batch.kind, gpr_inf_future(GPR_CLOCK_MONOTONIC));
    }
  }
  for (grpc_metadata& entry : sent_metadata_) {
    grpc_slice_unref(entry.key);
    grpc_slice_unref(entry.value);
  }
  grpc_call_unref(call_);
  // The elements of these belong to the call.
  grpc_metadata_array_destroy(&headers_);
  grpc_metadata_array_destroy(&trailers_);
  grpc_slice_unref(status_message_);
  gpr_free(const_cast<char*>(error_text_));
  gpr_free(peer_);
  if (listener_ == nullptr) channel_->ReturnQueue(queue_);
}

void Rpc::StartBatch(BatchKind kind, const grpc_op* ops, size_t count, const Message* sent) {
  Batch& batch = At(kind);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    batch.in_flight = true;
    batch.done = false;
    batch.rpc.store(this, std::memory_order_release);
    if (sent != nullptr) CountSent(*sent);
  }
  grpc_call_error fault = grpc_call_start_batch(call_, ops, count, &batch, nullptr);
  if (fault == GRPC_CALL_OK) return;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    batch.in_flight = false;
  }
  throw Error(Code::kInternal, std::string("gRPC refused a batch of operations: ") +
                                   grpc_call_error_to_string(fault));
}

grpc_op Rpc::SendInitialMetadata() {
  // No slice is made before there is room for it.
  sent_metadata_.reserve(options_.metadata.size() + (options_.authorization != nullptr ? 1 : 0) +
                         (options_.gzip ? 1 : 0));
  for (const auto& [key, value] : options_.metadata) {
    sent_metadata_.push_back({CopiedSlice(key), CopiedSlice(value), {}});
  }
  if (options_.authorization != nullptr) {
    sent_metadata_.push_back({grpc_slice_from_static_string("authorization"),
                              CopiedSlice(options_.authorization->Header()),
                              {}});
  }
  if (options_.gzip) {
    sent_metadata_.push_back(
        {CopiedSlice(GRPC_COMPRESSION_REQUEST_ALGORITHM_MD_KEY), CopiedSlice("gzip"), {}});
  }
  grpc_op op = {};
  op.op = GRPC_OP_SEND_INITIAL_METADATA;
  if (options_.wait_for_ready.has_value()) {
    op.flags = GRPC_INITIAL_METADATA_WAIT_FOR_READY_EXPLICITLY_SET |
               (*options_.wait_for_ready ? GRPC_INITIAL_METADATA_WAIT_FOR_READY : 0);
  }
  op.data.send_initial_metadata.count = sent_metadata_.size();
  op.data.send_initial_metadata.metadata = sent_metadata_.data();
  return op;
}

int Rpc::Plan(bool headers_apart) {
  headers_apart_ = headers_apart;
  // Metadata leave when there is a connection, so their own batch tells when that was.
  connect_apart_ = channel_->State() != GRPC_CHANNEL_READY;
  return 1 + (headers_apart_ ? 1 : 0) + (connect_apart_ ? 1 : 0);
}

void Rpc::Start(Message request) {
  grpc_op ops[6] = {};
  size_t count = 0;
  if (channel_->log() != nullptr) LogStart();
  if (!request.empty()) CountSent(request);  // before anything is in flight: no lock needed
  ops[count++] = SendInitialMetadata();
  if (connect_apart_) {
    StartBatch(BatchKind::kConnect, ops, count);
    ops[--count] = {};
  }
  if (!StreamsRequests(method_.cardinality)) {
    ops[count].op = GRPC_OP_SEND_MESSAGE;
    ops[count++].data.send_message.send_message = request.get();
    ops[count++].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
  }
  grpc_op headers = {};
  headers.op = GRPC_OP_RECV_INITIAL_METADATA;
  headers.data.recv_initial_metadata.recv_initial_metadata = &headers_;
  if (!headers_apart_) ops[count++] = headers;
  if (!StreamsResponses(method_.cardinality)) {
    ops[count].op = GRPC_OP_RECV_MESSAGE;
    ops[count++].data.recv_message.recv_message = received_.address();
  }
  ops[count].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
  ops[count].data.recv_status_on_client.trailing_metadata = &trailers_;
  // As an int: gRPC stores any number that the server sends.
  static_assert(sizeof(grpc_status_code) == sizeof(status_code_));
  ops[count].data.recv_status_on_client.status = reinterpret_cast<grpc_status_code*>(&status_code_);
  ops[count].data.recv_status_on_client.error_string = &error_text_;
  ops[count++].data.recv_status_on_client.status_details = &status_message_;
  StartBatch(BatchKind::kFinal, ops, count);
  if (headers_apart_) StartBatch(BatchKind::kOpen, &headers, 1);
}

void Rpc::StartRead() {
  grpc_op op = {};
  op.op = GRPC_OP_RECV_MESSAGE;
  op.data.recv_message.recv_message = received_.address();
  StartBatch(BatchKind::kRead, &op, 1);
}

void Rpc::StartWrite(Message message) {
  grpc_op op = {};
  op.op = GRPC_OP_SEND_MESSAGE;
  op.data.send_message.send_message = message.get();
  StartBatch(BatchKind::kWrite, &op, 1, &message);
}

void Rpc::StartHalfClose() {
  grpc_op op = {};
  op.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
  StartBatch(BatchKind::kHalfClose, &op, 1);
}

void Rpc::Cancel() noexcept { grpc_call_cancel(call_, nullptr); }

void Rpc::Reject(grpc_status_code code, std::string message) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!rejection_) rejection_ = Rejection{code, std::move(message)};
  }
  Cancel();
  LogLine line(channel_->log(), LogLevel::kError, "response_rejected");
  if (!line.wanted()) return;
  line.Add("method", method_.path)
      .Add("target", channel_->target())
      .Add("peer", Peer())
      .Add("status", StatusName(code));
}

bool Rpc::Wait(BatchKind kind, gpr_timespec deadline) {
  std::unique_lock<std::mutex> lock(mutex_);
  Batch& connect = At(BatchKind::kConnect);
  if (connect.in_flight && !WaitFor(&connect, deadline, &lock)) return false;
  Batch& open = At(BatchKind::kOpen);
  bool after_headers = kind == BatchKind::kRead || kind == BatchKind::kFinal;
  if (after_headers && open.in_flight && !WaitFor(&open, deadline, &lock)) return false;
  return WaitFor(&At(kind), deadline, &lock);
}

bool Rpc::WaitFor(Batch* batch, gpr_timespec deadline, std::unique_lock<std::mutex>* lock) {
  while (!batch->done && batch->in_flight) {
    if (batch->awaited || listener_ != nullptr) {
      // Somebody else takes the completion from the queue.
      if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) {
        completed_.wait(*lock);
      } else if (completed_.wait_until(*lock, ToSteadyClock(deadline)) == std::cv_status::timeout) {
        return batch->done;
      }
      continue;
    }
    batch->awaited = true;
    lock->unlock();
    grpc_event event;
    {
      TimedWait wait(deadline);
      event = grpc_completion_queue_pluck(queue_, batch, deadline, nullptr);
    }
    lock->lock();
    batch->awaited = false;
    if (event.type == GRPC_OP_COMPLETE) Finish(batch, event.success != 0);
    // Those who waited for it meanwhile: it is there, or one of them is to pluck now.
    completed_.notify_all();
    return batch->done;
  }
  return batch->done;
}

void Rpc::WaitAlone(BatchKind kind) {
  Batch& batch = At(kind);
  grpc_event event =
      grpc_completion_queue_pluck(queue_, &batch, gpr_inf_future(GPR_CLOCK_MONOTONIC), nullptr);
  batch.in_flight = false;
  batch.done = true;
  batch.ok = event.success != 0;
  if (status_code_ == GRPC_STATUS_OK && channel_->log() == nullptr) return;
  // Else the time of a call that went well is nobody's question.
  std::lock_guard<std::mutex> lock(mutex_);
  Finish(&batch, batch.ok);
}

// Under the lock.
void Rpc::Finish(Batch* batch, bool ok) {
  batch->in_flight = false;
  batch->done = true;
  batch->ok = ok;
  switch (batch->kind) {
    case BatchKind::kConnect:
      if (ok) progress_.connected = MonotonicNow();
      if (ok) NotePeer();
      break;
    case BatchKind::kOpen:
      if (ok && progress_.headers == 0) progress_.headers = MonotonicNow();
      if (ok) NotePeer();
      break;
    case BatchKind::kRead:
      CountReceived();
      break;
    case BatchKind::kFinal:
      if (!StreamsResponses(method_.cardinality) && status_code_ == GRPC_STATUS_OK) CountReceived();
      progress_.ended = MonotonicNow();
      // A queue may give out the headers' completion after this one.
      if (progress_.headers == 0 && HasAnswer()) progress_.headers = progress_.ended;
      LogEnd();
      break;
    case BatchKind::kWrite:
    case BatchKind::kHalfClose:
      break;
  }
}

// Under the lock, as the next one.
void Rpc::CountSent(const Message& message) {
  ++progress_.messages_sent;
  progress_.bytes_sent += grpc_byte_buffer_length(message.get());
}

void Rpc::CountReceived() {
  if (received_.empty()) return;
  if (progress_.messages_received++ == 0) {
    progress_.first_message = MonotonicNow();
    if (progress_.headers == 0) progress_.headers = progress_.first_message;
  }
  progress_.bytes_received += grpc_byte_buffer_length(received_.get());
}

void Rpc::Complete(Batch* batch, bool ok) {
  Rpc* rpc = batch->rpc.load(std::memory_order_acquire);
  {
    std::lock_guard<std::mutex> lock(rpc->mutex_);
    rpc->Finish(batch, ok);
    rpc->completed_.notify_all();
  }
  rpc->listener_->OnCompletion(batch->kind);  // the RPC may be gone after
}

bool Rpc::in_flight(BatchKind kind) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return At(kind).in_flight;
}

bool Rpc::done(BatchKind kind) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return At(kind).done;
}

bool Rpc::ok(BatchKind kind) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return At(kind).ok;
}

void Rpc::LogStart() const {
  LogLine line(channel_->log(), LogLevel::kDebug, "start");
  line.Add("method", method_.path).Add("target", channel_->target());
}

// Under the lock. An RPC ends also where nothing may be thrown; there the line is lost with the
// memory that it would take.
void Rpc::LogEnd() const noexcept {
  const Log* log = channel_->log();
  if (log == nullptr) return;
  try {
    bool failed = status_code_ != GRPC_STATUS_OK;
    LogLine line(log, failed ? LogLevel::kError : LogLevel::kInfo, "call");
    if (!line.wanted()) return;
    line.Add("method", method_.path)
        .Add("target", channel_->target())
        .Add("peer", PeerIf(HasAnswer()))
        .Add("status", StatusName(StatusCode(status_code_)))
        .AddDuration("duration_ms", progress_.ended - progress_.started)
        .Add("messages_sent", progress_.messages_sent)
        .Add("messages_received", progress_.messages_received)
        .Add("bytes_sent", progress_.bytes_sent)
        .Add("bytes_received", progress_.bytes_received);
  } catch (const std::bad_alloc&) {
  }
}

Progress Rpc::GetProgress() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return progress_;
}

std::string Rpc::Peer() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return PeerIf(HasAnswer());
}

// Under the lock: something of the RPC came from a server, as far as gRPC tells. It gives the words
// "from peer" also to a status of its own, where the RPC had come to one.
bool Rpc::HasAnswer() const {
  if (At(headers_batch()).done && headers_.count > 0) return true;
  if (!At(BatchKind::kFinal).done) return false;
  return trailers_.count > 0 || status_code_ == GRPC_STATUS_OK ||
         (error_text_ != nullptr && std::strstr(error_text_, " from peer ") != nullptr);
}

// Under the lock. gRPC forgets it when the call is cancelled, its deadline included.
void Rpc::NotePeer() {
  if (peer_ != nullptr) return;
  peer_ = grpc_call_get_peer(call_);
  if (IsTarget(peer_)) gpr_free(std::exchange(peer_, nullptr));
}

// What gRPC tells in place of a peer, while it knows of none.
bool Rpc::IsTarget(const char* peer) const {
  char* target = grpc_channel_get_target(channel_->Get());
  const bool same = std::strcmp(peer, target) == 0;
  gpr_free(target);
  return same;
}

// Under the lock.
std::string Rpc::PeerIf(bool answered) const {
  char* told = grpc_call_get_peer(call_);
  std::string peer = told;
  gpr_free(told);
  if (!IsTarget(peer.c_str())) return peer;
  if (peer_ != nullptr) return peer_;
  // Of a target that is an address as peers are, only an answer tells.
  return answered && IsAddress(peer) ? peer : "";
}

Metadata Rpc::Headers() const { return ToMetadata(headers_); }

Status Rpc::GetStatus() const {
  Status status;
  status.code = status_code_;
  status.message.assign(reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(status_message_)),
                        GRPC_SLICE_LENGTH(status_message_));
  status.trailers = ToMetadata(trailers_);
  status.peer = Peer();
  status.has_response = status_code_ != GRPC_STATUS_OK && !StreamsResponses(method_.cardinality) &&
                        !received_.empty();
  if (config_ != nullptr) status.config = *config_;
  status.timeout_of_config = timeout_of_config_;
  std::lock_guard<std::mutex> lock(mutex_);
  status.bytes_sent = progress_.bytes_sent;
  status.reached = !status.peer.empty() || HasAnswer();
  if (rejection_) {
    status.code = rejection_->code;
    status.message = rejection_->message;
    status.rejected = true;
  }
  return status;
}

}  // namespace pygrpc::rpc
