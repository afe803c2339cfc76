// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/client.h"

#include <grpc/grpc.h>
#include <grpc/support/time.h>

#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "rpc/health.h"

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

// The symbols of a source "reflection:a.B,c.D", of which `rest` is what follows the word.
void AddSymbols(std::string_view rest, std::vector<std::string>* symbols) {
  while (!rest.empty()) {
    rest.remove_prefix(1);
    std::string_view symbol = rest.substr(0, rest.find(','));
    rest.remove_prefix(symbol.size());
    if (symbol.empty()) {
      throw Error(Code::kArgument,
                  "a symbol is missing: the source is \"reflection\" for all that the server has, "
                  "or \"reflection:package.Service\", several with commas between them");
    }
    symbols->emplace_back(symbol);
  }
}

// The options by name only, for some are secrets.
void LogClient(const char* target, const ClientOptions& options) {
  LogLine line(options.log.get(), LogLevel::kDebug, "client");
  if (!line.wanted()) return;
  std::string given;
  for (const std::string& name : options.given) given += (given.empty() ? "" : ",") + name;
  line.Add("target", target).Add("options", given);
}

}  // namespace

Client::Client(const char* target, const char* options)
    : options_(ParseClientOptions(options)),
      default_call_options_(std::make_shared<const CallOptions>(options_.call)) {
  if (target == nullptr) return;
  channel_ = std::make_shared<Channel>(target, options_);
  LogClient(target, options_);
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
  LogLine(options_.log.get(), LogLevel::kDebug, "load").Add("source", source);
  constexpr std::string_view kReflection = "reflection";
  bool is_reflection = source.substr(0, kReflection.size()) == kReflection &&
                       (source.size() == kReflection.size() || source[kReflection.size()] == ':');
  if (is_reflection) {
    AddSymbols(source.substr(kReflection.size()), &settings.symbols);
    auto channel = settings.target.empty() ? RequireChannel()
                                           : std::make_shared<Channel>(settings.target, options_);
    AddReflected(channel, settings, AskServer(channel, settings));
    return;
  }
  if (settings.only_of_reflection != nullptr) {
    throw Error(Code::kOption, "option " + Quote(settings.only_of_reflection) +
                                   " belongs to the source \"reflection\", not to " +
                                   Quote(source, 500));
  }
  schema::LoadOptions load_options = {settings.proto_path};
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
  try {
    schema_.LoadProto(filename, text, {options_.proto_path});
  } catch (const Error&) {
    SchemaChanged();  // what is not found names the texts that wait
    throw;
  }
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
  ReflectOnce(*default_call_options_);
  return schema_.current();
}

ReflectedSchema Client::AskServer(const std::shared_ptr<Channel>& channel,
                                  const LoadSettings& settings) {
  if (settings.call.authorization != nullptr) settings.call.authorization->Refresh();
  ReflectionRequest request;
  request.call = settings.call;
  request.call.metadata = settings.reflection.metadata.value_or(settings.call.metadata);
  request.options = settings.reflection;
  request.symbols = settings.symbols;
  request.server = channel->target() + " " + TransportName(options_.transport);
  for (const auto& [argument, value] : options_.text_arguments) {
    if (argument == GRPC_ARG_DEFAULT_AUTHORITY) request.server += " " + value;
  }
  bool is_own = channel == channel_;
  ReflectedSchema reflected =
      Reflect(channel, request, is_own ? reflection_version_.load() : ReflectionVersion::kAny);
  if (is_own) reflection_version_ = reflected.version;
  return reflected;
}

void Client::AddReflected(const std::shared_ptr<Channel>& channel, const LoadSettings& settings,
                          ReflectedSchema reflected) {
  const std::string name = "the reflection of " + channel->target();
  if (!reflected.undescribed.empty() && (!settings.symbols.empty() || reflected.files.empty())) {
    const auto& [symbol, fault] = *reflected.undescribed.begin();
    throw Error(Code::kSchema, name + " does not describe " + Quote(symbol, 500) + ": " + fault);
  }
  if (reflected.files.empty()) throw Error(Code::kSchema, name + " lists no services");
  schema_.LoadFiles(reflected.files, "reflection of " + channel->target());
  LogLine(options_.log.get(), LogLevel::kDebug, "reflection")
      .Add("target", channel->target())
      .Add("files", static_cast<uint64_t>(reflected.files.size()));
  SchemaChanged();
  if (channel != channel_ || !settings.symbols.empty()) return;
  all_reflected_ = true;
  std::lock_guard<std::mutex> lock(undescribed_mutex_);
  undescribed_ = std::move(reflected.undescribed);
}

void Client::ReflectOnce(const CallOptions& options) {
  if (channel_ == nullptr || !options_.reflection.automatic || !schema_.current()->empty()) return;
  std::lock_guard<std::mutex> lock(reflection_mutex_);
  if (!schema_.current()->empty()) return;
  LoadSettings settings;
  settings.call = options;
  settings.reflection = options_.reflection;
  if (settings.reflection.metadata.has_value()) settings.call.authorization = nullptr;
  AddReflected(channel_, settings, AskServer(channel_, settings));
}

void Client::ReflectFor(std::string_view method, const CallOptions& options) {
  if (options_.reflection.needed_only) {
    ReflectNeeded(method, options);
  } else {
    ReflectOnce(options);
  }
}

void Client::ReflectNeeded(std::string_view method, const CallOptions& options) {
  if (channel_ == nullptr || !options_.reflection.automatic || all_reflected_) return;
  if (KnowsMethod(method)) return;
  std::lock_guard<std::mutex> lock(reflection_mutex_);
  if (all_reflected_ || KnowsMethod(method)) return;
  LoadSettings settings;
  settings.call = options;
  settings.reflection = options_.reflection;
  if (settings.reflection.metadata.has_value()) settings.call.authorization = nullptr;
  std::string_view service = schema::SplitMethodName(method).service;
  // A name without a package may mean several services; only the list tells.
  if (service.find('.') != std::string_view::npos || method.substr(0, 1) == "/") {
    settings.symbols.emplace_back(service);
    ReflectedSchema reflected = AskServer(channel_, settings);
    if (reflected.undescribed.empty()) {
      AddReflected(channel_, settings, std::move(reflected));
      return;
    }
    settings.symbols.clear();
  }
  AddReflected(channel_, settings, AskServer(channel_, settings));
}

bool Client::KnowsMethod(std::string_view name) {
  try {
    FindMethod(name);
    return true;
  } catch (const Error& error) {
    if (error.code != Code::kNotFound) throw;
    return false;
  }
}

void Client::ExplainUndescribed(std::string_view method, Error* error) {
  if (error->code != Code::kNotFound) return;
  std::string_view service = schema::SplitMethodName(method).service;
  if (service.empty()) return;
  std::lock_guard<std::mutex> lock(undescribed_mutex_);
  for (const auto& [name, fault] : undescribed_) {
    bool is_meant = name.size() >= service.size() &&
                    name.compare(name.size() - service.size(), service.size(), service) == 0;
    if (!is_meant) continue;
    error->message += "; the server lists " + Quote(name, 500) + " but does not describe it: ";
    error->message += fault;
    return;
  }
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
  if (options.authorization != nullptr) options.authorization->Refresh();
  bool bytes_only = options.codec == Codec::kBinary && IsFullPath(name);
  if (!bytes_only) ReflectFor(name, options);
  if (bytes_only && schema_.current()->empty()) return PathOnly(name, expected);
  std::shared_ptr<const Method> method;
  try {
    method = FindMethod(name);
  } catch (Error& error) {
    if (bytes_only && error.code == Code::kNotFound) return PathOnly(name, expected);
    ExplainUndescribed(name, &error);
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
  ReflectFor(name, *default_call_options_);
  try {
    return FindMethod(name)->cardinality;
  } catch (Error& error) {
    ExplainUndescribed(name, &error);
    throw;
  }
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
  DecodeResponse(*call.method, *call.options, reply, &rpc, response);
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
  if (call.options->authorization != nullptr) call.options->authorization->Refresh();
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
