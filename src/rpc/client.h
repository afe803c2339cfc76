// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_CLIENT_H_
#define PYGRPC_RPC_CLIENT_H_

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/buffer.h"
#include "rpc/async_stream.h"
#include "rpc/call_options.h"
#include "rpc/channel.h"
#include "rpc/method.h"
#include "rpc/queue.h"
#include "rpc/reflection.h"
#include "rpc/stream.h"
#include "schema/schema.h"

namespace pygrpc::rpc {

// A target and a schema: finds methods by name and calls them. Thread-safe.
class Client {
 public:
  // `target` is nullptr for a client that makes no calls. Throws Error(kOption).
  Client(const char* target, const char* options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Cancels what is in progress; nothing can be started after.
  void Close() noexcept;

  bool WaitReady(int64_t timeout_ms);
  int State();

  void Load(std::string_view source, const char* options);
  void LoadDescriptorSet(std::string_view bytes);
  void LoadProto(std::string_view filename, std::string_view text);
  void LoadClient(Client* other);

  // What is loaded; asks the server for it if that is nothing, as a call would.
  std::shared_ptr<const schema::Schema> LoadedSchema();

  void JsonToBinary(std::string_view type, std::string_view json, const char* options, Buffer* out);
  void BinaryToJson(std::string_view type, std::string_view bytes, const char* options,
                    Buffer* out);

  Cardinality MethodCardinality(std::string_view name);
  void UnaryUnary(std::string_view method, std::string_view request, const char* options,
                  Buffer* response);
  // `request` is not set where requests are streamed.
  std::unique_ptr<Stream> Open(std::string_view method, Cardinality expected,
                               std::optional<std::string_view> request, const char* options);
  // The same, with completions that go to `queue`.
  std::shared_ptr<AsyncStream> OpenAsync(std::string_view method, Cardinality expected,
                                         std::optional<std::string_view> request,
                                         const char* options, std::shared_ptr<Queue> queue);

  // grpc.health.v1.Health, from the library's own descriptors; an empty `service` is the server.
  void Health(std::string_view service, const char* options, Buffer* response);
  std::unique_ptr<Stream> HealthWatch(std::string_view service, const char* options);
  std::shared_ptr<AsyncStream> HealthWatchAsync(std::string_view service, const char* options,
                                                std::shared_ptr<Queue> queue);

 private:
  // What it takes to start a call, checked without I/O.
  struct Prepared {
    std::shared_ptr<const Method> method;
    std::shared_ptr<const CallOptions> options;
    Message request;
  };
  Prepared Prepare(std::string_view name, Cardinality expected,
                   std::optional<std::string_view> request, const char* options);
  Prepared PrepareHealth(const char* method, std::string_view service, const char* options);
  void Exchange(Prepared call, Buffer* response);
  struct NamedMethod {
    std::string name;  // as callers give it
    std::shared_ptr<const Method> method;
  };

  void SchemaChanged();
  // The schema as it stands, with what was compiled of it.
  std::shared_ptr<const Catalog> CurrentCatalog();
  std::shared_ptr<const CallOptions> OptionsOf(const char* text);
  std::shared_ptr<const Method> FindMethod(std::string_view name);
  // A method that must fit how it is called.
  std::shared_ptr<const Method> MethodFor(std::string_view name, Cardinality expected,
                                          const CallOptions& options);
  const std::shared_ptr<Channel>& RequireChannel() const;
  // Asks a server for symbols, or for everything.
  ReflectedSchema AskServer(const std::shared_ptr<Channel>& channel, const LoadSettings& settings);
  // Makes part of the schema what a server answered to that.
  void AddReflected(const std::shared_ptr<Channel>& channel, const LoadSettings& settings,
                    ReflectedSchema reflected);
  // What a call, or a look at the schema, needs of the server's, if that is to be asked.
  void ReflectOnce(const CallOptions& options);
  void ReflectFor(std::string_view method, const CallOptions& options);
  void ReflectNeeded(std::string_view method, const CallOptions& options);
  bool KnowsMethod(std::string_view name);
  // Adds to an error of an unknown method what the server said of its service.
  void ExplainUndescribed(std::string_view method, Error* error);

  const ClientOptions options_;
  const std::shared_ptr<const CallOptions> default_call_options_;
  std::shared_ptr<Channel> channel_;
  schema::SchemaStore schema_;
  std::mutex reflection_mutex_;
  std::atomic<ReflectionVersion> reflection_version_{ReflectionVersion::kAny};  // of the target
  std::atomic<bool> all_reflected_{false};                                      // by the target
  std::mutex undescribed_mutex_;
  std::map<std::string, std::string> undescribed_;  // services listed, and why they are not loaded

  std::shared_mutex catalog_mutex_;  // guards what follows
  std::shared_ptr<const Catalog> catalog_;
  std::unordered_map<std::string_view, std::unique_ptr<NamedMethod>> methods_;  // of catalog_

  std::shared_mutex call_options_mutex_;
  std::unordered_map<std::string, std::shared_ptr<const CallOptions>> call_options_;  // by text
};

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_CLIENT_H_
