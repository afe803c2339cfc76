// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/reflection_stream.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "rpc/status.h"
#include "schema/wire_scan.h"

namespace pygrpc::rpc {
namespace {

using schema::AppendBytes;
using schema::FindAllBytes;
using schema::FindBytes;
using schema::WireScanner;

constexpr size_t kWindow = 16;  // questions under way at a time
constexpr int64_t kFinishMs = 200;

// Fields of grpc.reflection.v1.ServerReflectionResponse.
enum ResponseField : uint32_t {
  kOriginalRequest = 2,
  kFileDescriptorResponse = 4,
  kListServicesResponse = 6,
  kErrorResponse = 7,
};

// A ServerReflectionRequest, which has one text field.
std::string Encode(const ReflectionStream::Question& question) {
  std::string request;
  AppendBytes(static_cast<uint32_t>(question.kind), question.name, &request);
  return request;
}

std::string ErrorText(std::string_view response) {
  int code = 0;
  std::string message;
  WireScanner scanner(response);
  while (scanner.Next()) {
    if (scanner.field() == 1) code = static_cast<int>(scanner.number());
    if (scanner.field() == 2) message = OneLine(scanner.bytes(), 300);
  }
  std::string text = StatusName(code);
  if (!message.empty()) text += ": " + message;
  return text;
}

std::shared_ptr<const Method> MethodOf(std::string_view service) {
  auto method = std::make_shared<Method>();
  method->path = "/" + std::string(service) + "/ServerReflectionInfo";
  method->cardinality = Cardinality::kStreamStream;
  return method;
}

std::shared_ptr<const CallOptions> WithBytes(CallOptions options) {
  options.codec = Codec::kBinary;
  return std::make_shared<const CallOptions>(std::move(options));
}

}  // namespace

std::string Describe(const ReflectionStream::Question& question) {
  switch (question.kind) {
    case ReflectionStream::Question::kFileByName:
      return "file_by_filename " + Quote(question.name, 200);
    case ReflectionStream::Question::kFileContainingSymbol:
      return "file_containing_symbol " + Quote(question.name, 200);
    case ReflectionStream::Question::kListServices:
      break;
  }
  return "list_services";
}

ReflectionStream::ReflectionStream(std::shared_ptr<Channel> channel, std::string_view service,
                                   const CallOptions& options, int64_t max_size)
    : channel_(std::move(channel)),
      max_size_(max_size),
      stream_(channel_, MethodOf(service), WithBytes(options), Message()) {}

void ReflectionStream::Send() {
  // A server that ends the RPC early says why when it is read from.
  stream_.Write(Encode(waiting_.front()), -1);
  under_way_.push_back(std::move(waiting_.front()));
  waiting_.pop_front();
}

// Answers come in the order of the questions, but not from every server: they repeat what they
// answer.
ReflectionStream::Question ReflectionStream::TakeQuestion(std::string_view original_request) {
  auto found = std::find_if(under_way_.begin(), under_way_.end(),
                            [original_request](const Question& question) {
                              return FindBytes(original_request, question.kind) == question.name;
                            });
  if (found == under_way_.end()) found = under_way_.begin();
  Question question = std::move(*found);
  under_way_.erase(found);
  return question;
}

ReflectionStream::Answer ReflectionStream::Receive() {
  while (!waiting_.empty() && under_way_.size() < kWindow) Send();
  message_.Clear();
  if (stream_.Read(-1, &message_) == Outcome::kEnd) {
    throw Error(Code::kSchema,
                Name() + " ended with OK before it had answered " + Describe(under_way_.front()));
  }
  // An empty message counts, too: nothing comes for ever.
  size_ += static_cast<int64_t>(message_.size()) + 1;
  if (size_ > max_size_) {
    throw Error(Code::kSchema, Name() + " answered more than " + std::to_string(max_size_) +
                                   " bytes, the option \"reflection_max_size\"");
  }
  Answer answer;
  std::string_view original_request;
  bool is_error = false;
  bool is_list = false;
  WireScanner scanner(message_.view());
  while (scanner.Next()) {
    switch (scanner.field()) {
      case kOriginalRequest:
        original_request = scanner.bytes();
        break;
      case kFileDescriptorResponse:
        for (std::string_view file : FindAllBytes(scanner.bytes(), 1)) answer.files.push_back(file);
        break;
      case kListServicesResponse:
        is_list = true;
        for (std::string_view service : FindAllBytes(scanner.bytes(), 1)) {
          answer.services.push_back(FindBytes(service, 1));
        }
        break;
      case kErrorResponse:
        is_error = true;
        answer.error = ErrorText(scanner.bytes());
        break;
      default:
        break;
    }
  }
  answer.question = TakeQuestion(original_request);
  if (!scanner.ok()) {
    throw Error(Code::kSchema, Name() + " answered " + Describe(answer.question) +
                                   " with bytes that are no ServerReflectionResponse");
  }
  if (!is_error && answer.files.empty() && !is_list) answer.error = "an answer without content";
  return answer;
}

void ReflectionStream::Finish() {
  stream_.HalfClose();
  // Everything has been answered: how the RPC ends, or that it goes on, changes nothing.
  try {
    message_.Clear();
    stream_.Read(kFinishMs, &message_);
  } catch (const Error& error) {
    if (error.code != Code::kStatus) throw;
  }
}

}  // namespace pygrpc::rpc
