// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/client.h"

#include <grpc/support/time.h>

#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "rpc/health.h"
#include "rpc/reflection.h"

namespace pygrpc::rpc {
namespace {

// "/package.Service/Method", with which bytes can be sent without a schema.
bool IsFullPath(std::string_view name) {
  size_t second = name.find('/', 1);
  return !name.empty() && name[0] == '/' && second != std::string_view::npos && second > 1 &&
         second + 1 < name.size() && name.find('/', second + 1) == std::string_view::npos;
}

std::shared_ptr<const Method> PathOnly(std::string_view path, Cardinality cardinality) {
  if (cardinality == Cardinality::kAny) {
    throw Error(Code::kNotFound, "the cardinality of " + Quote(path) +
                                     " is not known without a schema; load one, or say what it is");
  }
  auto method = std::make_shared<Method>();
  method->path = path;
  method->cardinality = cardinality;
  return method;
}

}  // namespace

Client::Client(const char* target, const char* options)
    : options_(ParseClientOptions(options)),
      default_call_options_(std::make_shared<const CallOptions>(options_.call)) {
  if (target == nullptr) return;
  if (*target == '\0') throw Error(Code::kArgument, "the target is empty");
  channel_ = std::make_shared<Channel>(target, options_);
}

Client::~Client() { Close(); }

void Client::Close() noexcept {
  if (channel_ != nullptr) channel_->Close();
}

const std::shared_ptr<Channel>& Client::RequireChannel() const {
  if (channel_ == nullptr) {
    throw Error(Code::kState, "this client has no target: it serves schema and transcoding only");
  }
  return channel_;
}

bool Client::WaitReady(int64_t timeout_ms) { return RequireChannel()->WaitReady(timeout_ms); }

int Client::State() { return RequireChannel()->State(); }

// ---- Schema

void Client::SchemaChanged() {
  std::unique_lock<std::shared_mutex> lock(catalog_mutex_);
  methods_.clear();
  catalog_ = nullptr;
}

void Client::Load(std::string_view source, const char* options) {
  LoadSettings settings = ParseLoadOptions(options, options_);
  schema::LoadOptions load_options = {settings.proto_path};
  if (source == "reflection") {
    settings.call.metadata = *settings.reflection.metadata;
    LoadReflection(settings.call);
    return;
  }
  load_options.proto_path.insert(load_options.proto_path.end(), options_.proto_path.begin(),
                                 options_.proto_path.end());
  schema_.Load(source, load_options);
  SchemaChanged();
}

void Client::LoadDescriptorSet(std::string_view bytes) {
  schema_.LoadDescriptorSet(bytes);
  SchemaChanged();
}

void Client::LoadProto(std::string_view filename, std::string_view text) {
  schema_.LoadProto(filename, text, {options_.proto_path});
  SchemaChanged();
}

void Client::LoadClient(Client* other) {
  std::shared_ptr<const Catalog> theirs = other->CurrentCatalog();
  schema_.LoadSchema(theirs->schema());
  SchemaChanged();
  if (schema_.current() == theirs->schema()) {
    // What was compiled is shared, too.
    std::unique_lock<std::shared_mutex> lock(catalog_mutex_);
    if (catalog_ == nullptr) catalog_ = theirs;
  }
}

std::shared_ptr<const schema::Schema> Client::LoadedSchema() {
  LoadReflectionOnce(*default_call_options_);
  return schema_.current();
}

void Client::LoadReflection(const CallOptions& options) {
  const std::shared_ptr<Channel>& channel = RequireChannel();
  std::vector<std::string> files = ReflectFiles(channel, options);
  schema_.LoadFiles(files, "reflection of " + channel->target());
  SchemaChanged();
}

void Client::LoadReflectionOnce(const CallOptions& options) {
  if (channel_ == nullptr || !options_.reflection.automatic || !schema_.current()->empty()) return;
  std::lock_guard<std::mutex> lock(reflection_mutex_);
  if (schema_.current()->empty()) LoadReflection(options);
}

std::shared_ptr<const Catalog> Client::CurrentCatalog() {
  {
    std::shared_lock<std::shared_mutex> lock(catalog_mutex_);
    if (catalog_ != nullptr) return catalog_;
  }
  std::unique_lock<std::shared_mutex> lock(catalog_mutex_);
  if (catalog_ == nullptr) catalog_ = std::make_shared<const Catalog>(schema_.current());
  return catalog_;
}

// ---- Transcode

void Client::JsonToBinary(std::string_view type, std::string_view json, const char* options,
                          Buffer* out) {
  std::shared_ptr<const CallOptions> call_options = OptionsOf(options);
  std::shared_ptr<const Catalog> catalog = CurrentCatalog();
  const transcode::Transcoder& transcoder = catalog->transcoder();
  transcoder.JsonToWire(transcoder.Plan(catalog->schema()->Message(type)), json, call_options->json,
                        out);
}

void Client::BinaryToJson(std::string_view type, std::string_view bytes, const char* options,
                          Buffer* out) {
  std::shared_ptr<const CallOptions> call_options = OptionsOf(options);
  std::shared_ptr<const Catalog> catalog = CurrentCatalog();
  const transcode::Transcoder& transcoder = catalog->transcoder();
  transcoder.WireToJson(transcoder.Plan(catalog->schema()->Message(type)), &bytes, 1,
                        call_options->json, out);
}

// ---- Calls

std::shared_ptr<const CallOptions> Client::OptionsOf(const char* text) {
  if (text == nullptr) return default_call_options_;
  // Callers tend to give the same few options again and again.
  constexpr size_t kMaxCached = 64;
  constexpr size_t kLongestCached = 1024;
  std::string key(text);
  {
    std::shared_lock<std::shared_mutex> lock(call_options_mutex_);
    auto found = call_options_.find(key);
    if (found != call_options_.end()) return found->second;
  }
  auto options = std::make_shared<const CallOptions>(ParseCallOptions(key, *default_call_options_));
  if (key.size() <= kLongestCached) {
    std::unique_lock<std::shared_mutex> lock(call_options_mutex_);
    if (call_options_.size() >= kMaxCached) call_options_.clear();
    call_options_.emplace(std::move(key), options);
  }
  return options;
}

std::shared_ptr<const Method> Client::FindMethod(std::string_view name) {
  {
    std::shared_lock<std::shared_mutex> lock(catalog_mutex_);
    auto found = methods_.find(name);
    if (found != methods_.end()) return found->second->method;
  }
  std::shared_ptr<const Catalog> catalog = CurrentCatalog();
  std::shared_ptr<const Method> method = catalog->FindMethod(name);
  std::unique_lock<std::shared_mutex> lock(catalog_mutex_);
  if (catalog_ == catalog) {
    auto entry = std::make_unique<NamedMethod>(NamedMethod{std::string(name), method});
    std::string_view key = entry->name;
    methods_.emplace(key, std::move(entry));
  }
  return method;
}

std::shared_ptr<const Method> Client::MethodFor(std::string_view name, Cardinality expected,
                                                const CallOptions& options) {
  const std::shared_ptr<Channel>& channel = RequireChannel();
  bool bytes_only = options.codec == Codec::kBinary && IsFullPath(name);
  if (!bytes_only) LoadReflectionOnce(options);
  if (bytes_only && schema_.current()->empty()) return PathOnly(name, expected);
  std::shared_ptr<const Method> method;
  try {
    method = FindMethod(name);
  } catch (const Error& error) {
    if (bytes_only && error.code == Code::kNotFound) return PathOnly(name, expected);
    throw;
  }
  Cardinality actual = method->cardinality;
  if (expected != Cardinality::kAny && expected != actual) {
    Error error(Code::kCardinality, method->path + " is " + CardinalityName(actual) + ", not " +
                                        CardinalityName(expected) + "; call it with " +
                                        CardinalityName(actual));
    error.method = method->path;
    error.expected = CardinalityName(actual);
    error.found = CardinalityName(expected);
    throw error;
  }
  if (channel->closed()) throw Error(Code::kClosed, "the client was freed");
  return method;
}

Cardinality Client::MethodCardinality(std::string_view name) {
  LoadReflectionOnce(*default_call_options_);
  return FindMethod(name)->cardinality;
}

void Client::UnaryUnary(std::string_view name, std::string_view request, const char* options,
                        Buffer* response) {
  std::shared_ptr<const CallOptions> call_options = OptionsOf(options);
  std::shared_ptr<const Method> method = MethodFor(name, Cardinality::kUnaryUnary, *call_options);
  Message message = EncodeRequest(*method, *call_options, request);
  Exchange({std::move(method), std::move(call_options), std::move(message)}, response);
}

// A unary call from start to end.
void Client::Exchange(Prepared call, Buffer* response) {
  Rpc rpc(channel_, *call.method, *call.options);
  rpc.Start(std::move(call.request));
  rpc.WaitAlone(BatchKind::kFinal);
  Message reply = UnaryResponse(&rpc, *call.method);
  DecodeResponse(*call.method, *call.options, reply, response);
}

Client::Prepared Client::Prepare(std::string_view name, Cardinality expected,
                                 std::optional<std::string_view> request, const char* options) {
  std::shared_ptr<const CallOptions> call_options = OptionsOf(options);
  std::shared_ptr<const Method> method = MethodFor(name, expected, *call_options);
  bool streams = StreamsRequests(method->cardinality);
  if (streams == request.has_value()) {
    throw Error(Code::kArgument,
                method->path + (streams ? " takes a stream of requests: write them, and "
                                          "give NULL as request here"
                                        : " takes one request, but NULL was given"));
  }
  Message message;
  if (request.has_value()) message = EncodeRequest(*method, *call_options, *request);
  return {std::move(method), std::move(call_options), std::move(message)};
}

std::unique_ptr<Stream> Client::Open(std::string_view name, Cardinality expected,
                                     std::optional<std::string_view> request, const char* options) {
  Prepared call = Prepare(name, expected, request, options);
  return std::make_unique<Stream>(channel_, std::move(call.method), std::move(call.options),
                                  std::move(call.request));
}

std::shared_ptr<AsyncStream> Client::OpenAsync(std::string_view name, Cardinality expected,
                                               std::optional<std::string_view> request,
                                               const char* options, std::shared_ptr<Queue> queue) {
  Prepared call = Prepare(name, expected, request, options);
  return AsyncStream::Start(std::move(queue), channel_, std::move(call.method),
                            std::move(call.options), std::move(call.request));
}

// ---- Health

Client::Prepared Client::PrepareHealth(const char* method, std::string_view service,
                                       const char* options) {
  if (RequireChannel()->closed()) throw Error(Code::kClosed, "the client was freed");
  Prepared call;
  call.method = HealthMethod(method);
  call.options = HealthOptions(*OptionsOf(options));
  call.request = EncodeRequest(*call.method, *call.options, HealthRequest(service));
  return call;
}

void Client::Health(std::string_view service, const char* options, Buffer* response) {
  Exchange(PrepareHealth("Check", service, options), response);
}

std::unique_ptr<Stream> Client::HealthWatch(std::string_view service, const char* options) {
  Prepared call = PrepareHealth("Watch", service, options);
  return std::make_unique<Stream>(channel_, std::move(call.method), std::move(call.options),
                                  std::move(call.request));
}

std::shared_ptr<AsyncStream> Client::HealthWatchAsync(std::string_view service, const char* options,
                                                      std::shared_ptr<Queue> queue) {
  Prepared call = PrepareHealth("Watch", service, options);
  return AsyncStream::Start(std::move(queue), channel_, std::move(call.method),
                            std::move(call.options), std::move(call.request));
}

}  // namespace pygrpc::rpc
