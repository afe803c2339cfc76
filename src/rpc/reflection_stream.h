// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_REFLECTION_STREAM_H_
#define PYGRPC_RPC_REFLECTION_STREAM_H_

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "rpc/call_options.h"
#include "rpc/channel.h"
#include "rpc/stream.h"

namespace pygrpc::rpc {

// One RPC of server reflection: questions, and the answers to them as they stand on the wire. v1
// and v1alpha have the same messages under two names.
class ReflectionStream {
 public:
  struct Question {
    enum Kind : char { kFileByName = 3, kFileContainingSymbol = 4, kListServices = 7 };  // fields
    Kind kind;
    std::string name;
  };

  // Views are good until the next answer is received.
  struct Answer {
    Question question;                       // which it belongs to
    std::vector<std::string_view> files;     // serialized FileDescriptorProto
    std::vector<std::string_view> services;  // names
    std::string error;                       // why there is none of these, in the server's words
  };

  // Does no I/O. `service` is "grpc.reflection.v1.ServerReflection" or its v1alpha. Takes at most
  // `max_size` bytes of answers.
  ReflectionStream(std::shared_ptr<Channel> channel, std::string_view service,
                   const CallOptions& options, int64_t max_size);

  // Sends it when earlier ones have been answered.
  void Ask(Question question) { waiting_.push_back(std::move(question)); }
  bool expects_answers() const { return !waiting_.empty() || !under_way_.empty(); }
  // Whether the server has answered anything.
  bool was_answered() const { return size_ > 0; }

  // Waits for an answer to one of the questions. Throws Error(kStatus) if the RPC ends with a
  // status, Error(kSchema) if it ends in another way or the answer cannot be read.
  Answer Receive();

  // Half-closes, and gives the server a moment to end the RPC in order.
  void Finish();

 private:
  void Send();
  Question TakeQuestion(std::string_view original_request);
  std::string Name() const { return "the reflection of " + channel_->target(); }

  const std::shared_ptr<Channel> channel_;
  const int64_t max_size_;
  Stream stream_;
  std::deque<Question> waiting_;
  std::deque<Question> under_way_;
  Buffer message_;
  int64_t size_ = 0;
};

// "file_containing_symbol a.B" and the like, for messages.
std::string Describe(const ReflectionStream::Question& question);

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_REFLECTION_STREAM_H_
