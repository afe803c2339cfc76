// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "test_service.h"

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "metadata.h"
#include "status_request.h"
#include "wait.h"

namespace pygrpc::testserver {

using grpc::Status;
using grpc::StatusCode;

namespace {

// A protobuf message may not be larger than 2 GiB; this leaves room for its tag and length.
constexpr int64_t kLargestBody = 2147483647 - 16;

Status Cancelled() { return {StatusCode::CANCELLED, "the call was cancelled"}; }

Status CheckBodySize(int64_t size) {
  if (size >= 0 && size <= kLargestBody) return Status::OK;
  return {StatusCode::INVALID_ARGUMENT, "size is " + std::to_string(size) +
                                            ", but has to be from 0 to " +
                                            std::to_string(kLargestBody)};
}

grpc_compression_algorithm ToAlgorithm(test::Compression compression) {
  switch (compression) {
    case test::DEFLATE:
      return GRPC_COMPRESS_DEFLATE;
    case test::GZIP:
      return GRPC_COMPRESS_GZIP;
    default:
      return GRPC_COMPRESS_NONE;
  }
}

// The status that the request's metadata ask for before any request is read.
std::optional<Status> StatusAtOnce(const grpc::ServerContext& context) {
  const auto entry = context.client_metadata().find("x-status-at-once");
  if (entry == context.client_metadata().end()) return std::nullopt;
  int code = StatusCode::UNKNOWN;
  std::from_chars(entry->second.begin(), entry->second.end(), code);
  return Status(static_cast<StatusCode>(code), "ended before a request was read");
}

// What the status methods send before their status.
Status PrepareStatus(const test::StatusRequest& request, grpc::ServerContext* context) {
  if (request.headers_first()) context->AddInitialMetadata("x-headers-first", "yes");
  return AddTrailers(request.trailers(), context);
}

// Writes counts to a stream, one each interval, until the call ends.
template <typename Stream>
Status WriteForever(const grpc::ServerContext& context, const test::CountRequest& request,
                    Stream* stream) {
  const auto interval = ToNanoseconds(request.interval());
  test::Count count;
  while (WaitUnlessCancelled(context, interval)) {
    count.set_number(count.number() + 1);
    if (!stream->Write(count)) break;
  }
  return Cancelled();
}

void Add(const test::Payload& payload, test::PayloadSummary* summary) {
  summary->set_messages(summary->messages() + 1);
  summary->set_bytes(summary->bytes() + static_cast<int64_t>(payload.body().size()));
}

}  // namespace

Status TestService::Ping(Context* context, const Empty*, Empty*) {
  CallScope call(&calls_, *context, "Ping");
  return Status::OK;
}

Status TestService::Echo(Context* context, const AllTypes* request, AllTypes* reply) {
  CallScope call(&calls_, *context, "Echo");
  *reply = *request;
  return Status::OK;
}

Status TestService::EchoServerStream(Context* context, const test::EchoStreamRequest* request,
                                     grpc::ServerWriter<AllTypes>* writer) {
  CallScope call(&calls_, *context, "EchoServerStream");
  const auto delay = ToNanoseconds(request->delay());
  for (int i = 0; i < request->count(); ++i) {
    if (!WaitUnlessCancelled(*context, delay) || !writer->Write(request->message())) {
      return Cancelled();
    }
  }
  return Status::OK;
}

Status TestService::EchoClientStream(Context* context, grpc::ServerReader<AllTypes>* reader,
                                     test::AllTypesList* reply) {
  CallScope call(&calls_, *context, "EchoClientStream");
  AllTypes request;
  while (reader->Read(&request)) *reply->add_messages() = request;
  return Status::OK;
}

Status TestService::EchoBidi(Context* context,
                             grpc::ServerReaderWriter<AllTypes, AllTypes>* stream) {
  CallScope call(&calls_, *context, "EchoBidi");
  AllTypes message;
  while (stream->Read(&message)) {
    if (!stream->Write(message)) return Cancelled();
  }
  return Status::OK;
}

grpc::ServerUnaryReactor* TestService::SendWire(grpc::CallbackServerContext* context,
                                                const grpc::ByteBuffer* request,
                                                grpc::ByteBuffer* reply) {
  grpc::ByteBuffer bytes(*request);
  google::protobuf::BytesValue value;
  const Status status =
      grpc::SerializationTraits<google::protobuf::BytesValue>::Deserialize(&bytes, &value);
  const grpc::Slice slice(value.value());
  *reply = grpc::ByteBuffer(&slice, 1);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

grpc::ServerUnaryReactor* TestService::ReceiveWire(grpc::CallbackServerContext* context,
                                                   const grpc::ByteBuffer* request,
                                                   grpc::ByteBuffer* reply) {
  std::vector<grpc::Slice> slices;
  Status status = request->Dump(&slices);
  google::protobuf::BytesValue value;
  for (const grpc::Slice& slice : slices) {
    value.mutable_value()->append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  bool own_buffer = false;
  if (status.ok()) {
    status = grpc::SerializationTraits<google::protobuf::BytesValue>::Serialize(value, reply,
                                                                                &own_buffer);
  }
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

Status TestService::EchoMetadata(Context* context, const test::MetadataRequest* request,
                                 test::MetadataReply* reply) {
  CallScope call(&calls_, *context, "EchoMetadata");
  *reply = DescribeCall(*context);
  return AddMetadata(*request, context);
}

Status TestService::EchoMetadataBidi(
    Context* context,
    grpc::ServerReaderWriter<test::MetadataReply, test::MetadataRequest>* stream) {
  CallScope call(&calls_, *context, "EchoMetadataBidi");
  test::MetadataRequest request;
  for (bool first = true; stream->Read(&request); first = false) {
    if (first) {
      if (Status status = AddMetadata(request, context); !status.ok()) return status;
      stream->SendInitialMetadata();
    }
    if (!stream->Write(DescribeCall(*context))) return Cancelled();
  }
  return Status::OK;
}

Status TestService::ReturnStatus(Context* context, const StatusRequest* request, Empty*) {
  CallScope call(&calls_, *context, "ReturnStatus");
  if (Status status = PrepareStatus(*request, context); !status.ok()) return status;
  return MakeStatus(*request);
}

Status TestService::ReturnStatusServerStream(Context* context, const StatusRequest* request,
                                             grpc::ServerWriter<Count>* writer) {
  CallScope call(&calls_, *context, "ReturnStatusServerStream");
  if (Status status = PrepareStatus(*request, context); !status.ok()) return status;
  Count count;
  while (count.number() < request->after_messages()) {
    count.set_number(count.number() + 1);
    if (!writer->Write(count)) return Cancelled();
  }
  return MakeStatus(*request);
}

Status TestService::ReturnStatusClientStream(Context* context,
                                             grpc::ServerReader<StatusRequest>* reader,
                                             Count* reply) {
  CallScope call(&calls_, *context, "ReturnStatusClientStream");
  if (const auto status = StatusAtOnce(*context)) return *status;
  StatusRequest first, next;
  if (!reader->Read(&first)) return Status::OK;
  if (Status status = PrepareStatus(first, context); !status.ok()) return status;
  reply->set_number(1);
  while (reply->number() < first.after_messages() && reader->Read(&next)) {
    reply->set_number(reply->number() + 1);
  }
  return MakeStatus(first);
}

Status TestService::ReturnStatusBidi(Context* context,
                                     grpc::ServerReaderWriter<Count, StatusRequest>* stream) {
  CallScope call(&calls_, *context, "ReturnStatusBidi");
  if (const auto status = StatusAtOnce(*context)) return *status;
  StatusRequest first, next;
  if (!stream->Read(&first)) return Status::OK;
  if (Status status = PrepareStatus(first, context); !status.ok()) return status;
  Count count;
  while (count.number() < first.after_messages()) {
    count.set_number(count.number() + 1);
    if (!stream->Write(count)) return Cancelled();
    if (count.number() < first.after_messages() && !stream->Read(&next)) break;
  }
  return MakeStatus(first);
}

Status TestService::Sleep(Context* context, const test::SleepRequest* request,
                          test::SleepReply* reply) {
  CallScope call(&calls_, *context, "Sleep");
  const auto start = std::chrono::steady_clock::now();
  if (!WaitUnlessCancelled(*context, ToNanoseconds(request->delay()))) return Cancelled();
  *reply->mutable_slept() = ToDuration(std::chrono::steady_clock::now() - start);
  return Status::OK;
}

Status TestService::NeverAnswer(Context* context, const Empty*, Empty*) {
  CallScope call(&calls_, *context, "NeverAnswer");
  WaitForCancellation(*context);
  return Cancelled();
}

Status TestService::NeverAnswerBidi(Context* context,
                                    grpc::ServerReaderWriter<Payload, Payload>* stream) {
  CallScope call(&calls_, *context, "NeverAnswerBidi");
  Payload request;
  while (stream->Read(&request)) {
  }
  WaitForCancellation(*context);
  return Cancelled();
}

Status TestService::NeverRead(Context* context, grpc::ServerReader<Payload>*, Empty*) {
  CallScope call(&calls_, *context, "NeverRead");
  WaitForCancellation(*context);
  return Cancelled();
}

Status TestService::CountForever(Context* context, const CountRequest* request,
                                 grpc::ServerWriter<Count>* writer) {
  CallScope call(&calls_, *context, "CountForever");
  return WriteForever(*context, *request, writer);
}

Status TestService::CountForeverBidi(Context* context,
                                     grpc::ServerReaderWriter<Count, CountRequest>* stream) {
  CallScope call(&calls_, *context, "CountForeverBidi");
  CountRequest request;
  if (!stream->Read(&request)) return Status::OK;
  std::thread reader([stream] {
    CountRequest ignored;
    while (stream->Read(&ignored)) {
    }
  });
  Status status = WriteForever(*context, request, stream);
  reader.join();
  return status;
}

Status TestService::GetCallCounts(Context* context, const test::CallCountsRequest* request,
                                  test::CallCounts* reply) {
  *reply = calls_.Get(*request, *context);
  return Status::OK;
}

Status TestService::GetPayload(Context* context, const test::PayloadRequest* request,
                               Payload* reply) {
  CallScope call(&calls_, *context, "GetPayload");
  if (Status status = CheckBodySize(request->size()); !status.ok()) return status;
  reply->mutable_body()->assign(request->size(), static_cast<char>(request->fill()));
  context->set_compression_algorithm(ToAlgorithm(request->compression()));
  return Status::OK;
}

Status TestService::PutPayload(Context* context, const Payload* request,
                               test::PayloadSummary* reply) {
  CallScope call(&calls_, *context, "PutPayload");
  Add(*request, reply);
  return Status::OK;
}

Status TestService::StreamPayloads(Context* context, const test::PayloadStreamRequest* request,
                                   grpc::ServerWriter<Payload>* writer) {
  CallScope call(&calls_, *context, "StreamPayloads");
  if (Status status = CheckBodySize(request->size()); !status.ok()) return status;
  grpc::WriteOptions options;
  if (request->buffer_hint()) {
    // gRPC 1.51 never completes a buffered first write that carries the headers.
    writer->SendInitialMetadata();
    options.set_buffer_hint();
  }
  Payload payload;
  payload.mutable_body()->assign(request->size(), 'x');
  for (int64_t i = 0; i < request->messages(); ++i) {
    if (!writer->Write(payload, options)) return Cancelled();
  }
  return Status::OK;
}

Status TestService::SinkPayloads(Context* context, grpc::ServerReader<Payload>* reader,
                                 test::PayloadSummary* reply) {
  CallScope call(&calls_, *context, "SinkPayloads");
  Payload payload;
  while (reader->Read(&payload)) Add(payload, reply);
  return Status::OK;
}

Status TestService::EchoPayloads(Context* context,
                                 grpc::ServerReaderWriter<Payload, Payload>* stream) {
  CallScope call(&calls_, *context, "EchoPayloads");
  Payload payload;
  while (stream->Read(&payload)) {
    if (!stream->Write(payload)) return Cancelled();
  }
  return Status::OK;
}

Status TestService::Crash(Context* context, const test::CrashRequest* request,
                          grpc::ServerWriter<Count>* writer) {
  CallScope call(&calls_, *context, "Crash");
  // Else a write is complete before its bytes have left the process.
  const grpc::WriteOptions written = grpc::WriteOptions().set_write_through();
  Count count;
  while (count.number() < request->after_messages()) {
    count.set_number(count.number() + 1);
    if (!writer->Write(count, written)) return Cancelled();
  }
  // A client may get nothing that it had not asked for when the connection is lost.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  _exit(1);
}

}  // namespace pygrpc::testserver
