// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/reflection.h"

#include <google/protobuf/descriptor.pb.h>

#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "rpc/builtin.h"
#include "rpc/stream.h"

namespace pygrpc::rpc {
namespace {

using Json = nlohmann::json;

constexpr int64_t kTimeoutMs = 10000;
constexpr size_t kWindow = 16;  // requests under way at a time
constexpr size_t kMaxFiles = 100000;
constexpr size_t kMaxBytes = size_t{512} << 20;

// One conversation with a server: asks, and gathers the files that come back.
class Reflection {
 public:
  Reflection(const std::shared_ptr<Channel>& channel, const CallOptions& options,
             const char* service)
      : channel_(channel),
        stream_(channel, MethodOf(service), std::make_shared<const CallOptions>(options),
                Message()) {}

  std::vector<std::string> Run() {
    Ask({{"listServices", "*"}});
    while (!waiting_.empty() || under_way_ > 0) {
      while (!waiting_.empty() && under_way_ < kWindow) Send();
      Receive();
    }
    stream_.HalfClose();
    Buffer ignored;
    while (stream_.Read(-1, &ignored) != Outcome::kEnd) ignored.Clear();
    return std::move(files_);
  }

 private:
  // v1 and v1alpha have the same messages under two names.
  static std::shared_ptr<const Method> MethodOf(const char* service) {
    static constexpr char kMethod[] = "/ServerReflectionInfo";
    std::shared_ptr<const Method> known =
        BuiltinCatalog()->FindMethod(std::string("grpc.reflection.v1.ServerReflection") + kMethod);
    auto method = std::make_shared<Method>(*known);
    method->path = std::string("/") + service + kMethod;
    return method;
  }

  void Ask(const Json& request) { waiting_.push_back(request.dump()); }

  void Send() {
    // A server that ends the RPC early says why when it is read from.
    if (stream_.Write(waiting_.front(), -1) == Outcome::kDone) ++under_way_;
    if (under_way_ == 0) under_way_ = 1;
    waiting_.pop_front();
  }

  void Receive() {
    Buffer text;
    if (stream_.Read(-1, &text) == Outcome::kEnd) {
      throw Error(Code::kSchema, "the reflection of " + channel_->target() +
                                     " ended before it had answered everything");
    }
    --under_way_;
    Json response = Json::parse(text.view());
    if (response.contains("listServicesResponse")) {
      for (const Json& service : response["listServicesResponse"].value("service", Json::array())) {
        Ask({{"fileContainingSymbol", service.value("name", "")}});
      }
    } else if (response.contains("fileDescriptorResponse")) {
      const Json& answer = response["fileDescriptorResponse"];
      for (const Json& file : answer.value("fileDescriptorProto", Json::array())) {
        Take(file.get_ref<const std::string&>());
      }
    }
    // An error concerns the one symbol or file asked for: what needs it will say that it is
    // missing.
  }

  void Take(const std::string& base64) {
    std::string bytes;
    google::protobuf::FileDescriptorProto file;
    if (!Base64Decode(base64, &bytes) || !file.ParseFromString(bytes)) {
      throw Error(Code::kSchema, "the reflection of " + channel_->target() +
                                     " sent a file that is no FileDescriptorProto");
    }
    if (!received_.insert(file.name()).second) return;
    for (const std::string& import : file.dependency()) {
      if (received_.count(import) == 0 && asked_.insert(import).second) {
        Ask({{"fileByFilename", import}});
      }
    }
    bytes_ += bytes.size();
    if (received_.size() > kMaxFiles || asked_.size() > kMaxFiles || bytes_ > kMaxBytes) {
      throw Error(Code::kSchema, "the reflection of " + channel_->target() +
                                     " has no end: it sent " + std::to_string(received_.size()) +
                                     " files of " + std::to_string(bytes_) + " bytes");
    }
    files_.push_back(std::move(bytes));
  }

  const std::shared_ptr<Channel> channel_;
  Stream stream_;
  std::deque<std::string> waiting_;
  size_t under_way_ = 0;
  std::set<std::string> received_;  // file names
  std::set<std::string> asked_;
  std::vector<std::string> files_;
  size_t bytes_ = 0;
};

bool IsUnimplemented(const Error& error) {
  return error.code == Code::kStatus && error.grpc_status == GRPC_STATUS_UNIMPLEMENTED;
}

}  // namespace

std::vector<std::string> ReflectFiles(const std::shared_ptr<Channel>& channel,
                                      const CallOptions& options) {
  CallOptions stream_options;
  stream_options.timeout_ms = options.timeout_ms.value_or(kTimeoutMs);
  stream_options.wait_for_ready = options.wait_for_ready;
  stream_options.metadata = options.metadata;
  for (const char* service :
       {"grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}) {
    try {
      return Reflection(channel, stream_options, service).Run();
    } catch (const Error& error) {
      if (!IsUnimplemented(error)) throw;
    }
  }
  throw Error(Code::kSchema, channel->target() +
                                 " offers no server reflection, neither v1 nor v1alpha; load a "
                                 ".proto file or a descriptor set");
}

}  // namespace pygrpc::rpc
