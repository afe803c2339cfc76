// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// pygrpc for C++17: the C header with handles that free themselves, exceptions, and streams to
// iterate over. Header only; link with libpygrpc.
//
//     pygrpc::Client client("localhost:50051");
//     client.load("helloworld.proto");
//     std::cout << client.unary_unary("SayHello", R"({"name": "you"})") << "\n";
//
// Messages are JSON text. Where <nlohmann/json.hpp> is included before, nlohmann::json values serve
// as requests and options, and Message::as<nlohmann::json>() parses a response; for another JSON
// type specialize pygrpc::Json.
//
// What waits for the network waits without limit unless the option "timeout" or the function says
// otherwise. Everything throws a class of pygrpc::Error unless it is noexcept. pygrpc.h has the
// rest: names of methods, options, threads, fork.

#ifndef PYGRPC_HPP_
#define PYGRPC_HPP_

#include <pygrpc.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace pygrpc {

// ---- Errors
// --------------------------------------------------------------------------------------

// The base of what the library throws; what() is one line that names what is wrong, where, and what
// instead.
class Error : public std::runtime_error {
 public:
  explicit Error(const pygrpc_error* error)
      : Error(pygrpc_error_code(error), pygrpc_error_message(error), pygrpc_error_json(error)) {}
  Error(int32_t code, const std::string& message, std::string json = "{}")
      : std::runtime_error(message), code_(code), json_(std::move(json)) {}

  int32_t code() const noexcept { return code_; }  // PYGRPC_E_*
  const char* name() const noexcept { return pygrpc_code_name(code_); }
  // All that is known, as pygrpc_error_json() has it.
  const std::string& json() const noexcept { return json_; }

 private:
  int32_t code_;
  std::string json_;
};

// One class for each code: the base class says so much.
class ArgumentError : public Error {
  using Error::Error;
};
class OptionError : public Error {
  using Error::Error;
};
class SchemaError : public Error {
  using Error::Error;
};
class NotFoundError : public Error {
  using Error::Error;
};
class AmbiguousError : public Error {
  using Error::Error;
};
class InvalidCardinalityError : public Error {
  using Error::Error;
};
class JsonError : public Error {
  using Error::Error;
};
class WireError : public Error {
  using Error::Error;
};
class StateError : public Error {
  using Error::Error;
};
class ClosedError : public Error {
  using Error::Error;
};
class ForkedError : public Error {
  using Error::Error;
};
class InternalError : public Error {
  using Error::Error;
};

namespace detail {

inline const char* StatusName(int status) noexcept {
  static constexpr const char* kNames[] = {"OK",
                                           "CANCELLED",
                                           "UNKNOWN",
                                           "INVALID_ARGUMENT",
                                           "DEADLINE_EXCEEDED",
                                           "NOT_FOUND",
                                           "ALREADY_EXISTS",
                                           "PERMISSION_DENIED",
                                           "RESOURCE_EXHAUSTED",
                                           "FAILED_PRECONDITION",
                                           "ABORTED",
                                           "OUT_OF_RANGE",
                                           "UNIMPLEMENTED",
                                           "INTERNAL",
                                           "UNAVAILABLE",
                                           "DATA_LOSS",
                                           "UNAUTHENTICATED"};
  return status >= 0 && status <= 16 ? kNames[status] : "UNKNOWN";
}

}  // namespace detail

// The numbers of gRPC's statuses, which are none of errno's; its messages are their names.
inline const std::error_category& status_category() noexcept {
  class Category : public std::error_category {
   public:
    const char* name() const noexcept override { return "grpc"; }
    std::string message(int status) const override { return detail::StatusName(status); }
  };
  static const Category category;
  return category;
}

// The RPC ended with a status other than OK.
class RpcError : public Error {
 public:
  explicit RpcError(const pygrpc_error* error)
      : Error(error), status_(pygrpc_error_status(error)) {}

  int32_t status() const noexcept { return status_; }  // of gRPC, 1 to 16
  const char* status_name() const noexcept { return detail::StatusName(status_); }
  // What the standard library calls it: std::errc::timed_out, std::errc::operation_canceled. Other
  // statuses are of status_category(), and compare with no std::errc.
  std::error_condition condition() const noexcept {
    if (status_ == 4) return std::errc::timed_out;
    if (status_ == 1) return std::errc::operation_canceled;
    return {status_, status_category()};
  }

 private:
  int32_t status_;
};

namespace detail {

struct FreeHandle {
  void operator()(pygrpc_error* handle) const noexcept { pygrpc_error_free(handle); }
  void operator()(pygrpc_client* handle) const noexcept { pygrpc_client_free(handle); }
  void operator()(pygrpc_stream* handle) const noexcept { pygrpc_stream_free(handle); }
  void operator()(pygrpc_queue* handle) const noexcept { pygrpc_queue_free(handle); }
  void operator()(pygrpc_event* handle) const noexcept { pygrpc_event_free(handle); }
};
template <typename T>
using Handle = std::unique_ptr<T, FreeHandle>;

[[noreturn]] inline void Throw(const pygrpc_error* error) {
  switch (pygrpc_error_code(error)) {
    case PYGRPC_E_ARGUMENT:
      throw ArgumentError(error);
    case PYGRPC_E_OPTION:
      throw OptionError(error);
    case PYGRPC_E_SCHEMA:
      throw SchemaError(error);
    case PYGRPC_E_NOT_FOUND:
      throw NotFoundError(error);
    case PYGRPC_E_AMBIGUOUS:
      throw AmbiguousError(error);
    case PYGRPC_E_CARDINALITY:
      throw InvalidCardinalityError(error);
    case PYGRPC_E_JSON:
      throw JsonError(error);
    case PYGRPC_E_WIRE:
      throw WireError(error);
    case PYGRPC_E_STATUS:
      throw RpcError(error);
    case PYGRPC_E_STATE:
      throw StateError(error);
    case PYGRPC_E_CLOSED:
      throw ClosedError(error);
    case PYGRPC_E_FORKED:
      throw ForkedError(error);
    case PYGRPC_E_NO_MEMORY:
      throw std::bad_alloc();
    default:
      throw InternalError(error);
  }
}

// Calls a function of the C header, whose last argument is the error; the codes that are no failure
// come back.
template <typename Function, typename... Arguments>
int32_t Check(Function function, Arguments... arguments) {
  pygrpc_error* error = nullptr;
  int32_t code = function(arguments..., &error);
  if (code >= 0) return code;
  Handle<pygrpc_error> owner(error);
  Throw(error);
}

// A name or options, which end at a NUL in C.
inline const char* NulTerminated(const std::string& text, const char* what) {
  size_t nul = text.find('\0');
  if (nul == std::string::npos) return text.c_str();
  throw ArgumentError(PYGRPC_E_ARGUMENT, std::string(what) + " \"" + text.substr(0, nul) +
                                             "\" holds a NUL at offset " + std::to_string(nul));
}

}  // namespace detail

// ---- Messages
// ------------------------------------------------------------------------------------

// How values of a type become JSON text and the reverse. A specialization has
//   static std::string dump(const T& value);
//   static T parse(std::string_view text);
template <typename T>
struct Json;

#ifdef NLOHMANN_JSON_VERSION_MAJOR
template <>
struct Json<nlohmann::json> {
  static std::string dump(const nlohmann::json& value) {
    try {
      return HoldsNonFinite(value) ? WithNames(value).dump() : value.dump();
    } catch (const nlohmann::json::type_error& error) {  // a string that is not UTF-8
      throw JsonError(PYGRPC_E_JSON, error.what());
    }
  }
  static nlohmann::json parse(std::string_view text) { return nlohmann::json::parse(text); }

 private:
  static bool IsNonFinite(const nlohmann::json& value) {
    return value.is_number_float() && !std::isfinite(value.get<double>());
  }
  static bool HoldsNonFinite(const nlohmann::json& value) {
    if (!value.is_structured()) return IsNonFinite(value);
    return std::any_of(value.begin(), value.end(), HoldsNonFinite);
  }
  // ProtoJSON has names for the floats that JSON lacks; nlohmann would write null.
  static nlohmann::json WithNames(nlohmann::json value) {
    if (IsNonFinite(value)) {
      double number = value.get<double>();
      return std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
    }
    if (value.is_structured()) {
      for (nlohmann::json& each : value) each = WithNames(std::move(each));
    }
    return value;
  }
};
#endif

namespace detail {

template <typename T, typename = void>
struct HasJson : std::false_type {};
template <typename T>
struct HasJson<T, std::void_t<decltype(Json<T>::dump(std::declval<const T&>()))>> : std::true_type {
};

}  // namespace detail

// A text that the library gave out: a response, a description, bytes. Move-only.
class Message {
 public:
  Message() = default;

  std::string_view view() const noexcept { return {data_.get(), size_}; }
  operator std::string_view() const noexcept { return view(); }  // NOLINT: it is one
  const char* c_str() const noexcept { return data_ == nullptr ? "" : data_.get(); }
  size_t size() const noexcept { return size_; }
  std::string str() const { return std::string(view()); }
  // Parsed, by pygrpc::Json<T>.
  template <typename T>
  T as() const {
    return Json<T>::parse(view());
  }

  friend std::ostream& operator<<(std::ostream& out, const Message& message) {
    return out << message.view();
  }

  // For what the C header gives out: as `char **` and `size_t *`.
  char** data_out() noexcept { return &Reset(); }
  size_t* size_out() noexcept { return &size_; }

 private:
  struct Free {
    void operator()(char* memory) const noexcept { pygrpc_free(memory); }
  };
  // The C header writes a plain pointer.
  class Pointer {
   public:
    Pointer() = default;
    Pointer(Pointer&& other) noexcept : raw(std::exchange(other.raw, nullptr)) {}
    Pointer& operator=(Pointer&& other) noexcept {
      std::swap(raw, other.raw);
      return *this;
    }
    ~Pointer() { pygrpc_free(raw); }
    char* get() const noexcept { return raw; }
    friend bool operator==(const Pointer& pointer, std::nullptr_t) {
      return pointer.raw == nullptr;
    }
    char* raw = nullptr;
  };
  char*& Reset() noexcept {
    data_ = Pointer();
    size_ = 0;
    return data_.raw;
  }

  Pointer data_;
  size_t size_ = 0;
};

// A request: JSON text (bytes with the option codec "binary"), or a value that pygrpc::Json knows.
// Borrows text, for the time of the call that it is given to.
class Payload {
 public:
  Payload(const char* text) : view_(text) {}                  // NOLINT: is given as it is
  Payload(std::string_view text) : view_(text) {}             // NOLINT
  Payload(const std::string& text) : view_(text) {}           // NOLINT
  Payload(const Message& message) : view_(message.view()) {}  // NOLINT
  template <typename T, std::enable_if_t<detail::HasJson<T>::value, int> = 0>
  Payload(const T& value) : owned_(Json<T>::dump(value)), view_(owned_) {}  // NOLINT
  Payload(const Payload&) = delete;
  Payload& operator=(const Payload&) = delete;

  const char* data() const noexcept { return view_.data() == nullptr ? "" : view_.data(); }
  size_t size() const noexcept { return view_.size(); }

 private:
  std::string owned_;
  std::string_view view_;
};

// Options: JSON text, a value that pygrpc::Json knows, or nothing.
class Options {
 public:
  Options() = default;
  Options(const char* text)
      : text_(text == nullptr ? "" : text), given_(text != nullptr) {}  // NOLINT
  Options(std::string text) : text_(std::move(text)), given_(true) {}   // NOLINT
  template <typename T, std::enable_if_t<detail::HasJson<T>::value, int> = 0>
  Options(const T& value) : text_(Json<T>::dump(value)), given_(true) {}  // NOLINT

  const char* get() const {
    return given_ ? detail::NulTerminated(text_, "the options' text") : nullptr;
  }

 private:
  std::string text_;
  bool given_ = false;
};

enum class Cardinality : int32_t {
  kAny = PYGRPC_ANY_CARDINALITY,
  kUnaryUnary = PYGRPC_UNARY_UNARY,
  kUnaryStream = PYGRPC_UNARY_STREAM,
  kStreamUnary = PYGRPC_STREAM_UNARY,
  kStreamStream = PYGRPC_STREAM_STREAM,
};

// How long to wait; negative is without limit.
using Milliseconds = std::chrono::milliseconds;
inline constexpr Milliseconds kForever{-1};

// ---- Queues
// --------------------------------------------------------------------------------------

// What became of an asynchronous read or write. Move-only.
class Event {
 public:
  explicit Event(pygrpc_event* handle) : handle_(handle) {}

  uint64_t tag() const noexcept { return pygrpc_event_tag(handle_.get()); }
  // PYGRPC_OK, PYGRPC_END (the RPC has ended well; of a write: the server takes no more), or the
  // code of an error.
  int32_t code() const noexcept { return pygrpc_event_code(handle_.get()); }
  // The message of a read; empty if there is none. Borrowed.
  std::string_view message() const noexcept {
    size_t size = 0;
    const char* text = pygrpc_event_message(handle_.get(), &size);
    return text == nullptr ? std::string_view() : std::string_view(text, size);
  }
  // Throws the error, if it is one.
  void check() const {
    if (const pygrpc_error* error = pygrpc_event_error(handle_.get())) detail::Throw(error);
  }

 private:
  detail::Handle<pygrpc_event> handle_;
};

// Where asynchronous reads and writes complete; see pygrpc_queue_new(). Any thread.
class Queue {
 public:
  Queue() {
    pygrpc_queue* handle = nullptr;
    detail::Check(&pygrpc_queue_new, &handle);
    handle_.reset(handle);
  }

  // Up to `max` events; waits for the first. Empty when the time is over, or after wakeup().
  std::vector<Event> poll(Milliseconds timeout = kForever, size_t max = 64) {
    std::vector<pygrpc_event*> handles(max);
    std::vector<Event> events;
    events.reserve(max);
    size_t count = 0;
    detail::Check(&pygrpc_queue_poll, get(), timeout.count(), handles.data(), max, &count);
    for (size_t i = 0; i < count; ++i) events.emplace_back(handles[i]);
    return events;
  }
  void wakeup() { detail::Check(&pygrpc_queue_wakeup, get()); }
  // A byte is written to `fd` when the queue becomes non-empty; before the first stream.
  void set_fd(int fd) { detail::Check(&pygrpc_queue_set_fd, get(), int32_t{fd}); }

  pygrpc_queue* get() const noexcept { return handle_.get(); }

 private:
  detail::Handle<pygrpc_queue> handle_;
};

// ---- Calls
// ---------------------------------------------------------------------------------------

// An RPC in progress, of any cardinality. Move-only; destroying one that has not ended cancels it.
// One thread may read while another writes; cancel(), headers(), trailers() and info() are for any.
class Call {
 public:
  explicit Call(pygrpc_stream* stream) : state_(std::make_unique<State>()) {
    state_->stream.reset(stream);
  }
  Call(Call&&) noexcept = default;
  Call& operator=(Call&& other) noexcept {
    Stop();
    state_ = std::move(other.state_);
    return *this;
  }
  ~Call() { Stop(); }

  // The next response, or nothing at the end of an RPC that ended with OK.
  std::optional<Message> next() {
    Message message;
    if (Read(&message, kForever) == PYGRPC_OK) return message;
    return std::nullopt;
  }
  enum class Wait { kMessage, kEnd, kTimeout };
  Wait next(Message* message, Milliseconds timeout) {
    int32_t code = Read(message, timeout);
    return code == PYGRPC_OK ? Wait::kMessage : code == PYGRPC_END ? Wait::kEnd : Wait::kTimeout;
  }

  // Sends a request; waits until the one before has left. False if the server takes no more.
  bool write(const Payload& request) {
    return detail::Check(&pygrpc_stream_write, get(), request.data(), request.size(),
                         int64_t{-1}) == PYGRPC_OK;
  }
  void half_close() { detail::Check(&pygrpc_stream_half_close, get()); }

  // As JSON text; these wait for the server.
  Message headers(Milliseconds timeout = kForever) {
    return Metadata(&pygrpc_stream_headers, timeout, "headers");
  }
  Message trailers(Milliseconds timeout = kForever) {
    return Metadata(&pygrpc_stream_trailers, timeout, "trailers");
  }
  // What the RPC has come to, ended or not: status, peer, metadata, times; see
  // pygrpc_stream_info().
  Message info(Milliseconds timeout = Milliseconds(0)) {
    Message text;
    detail::Check(&pygrpc_stream_info, get(), timeout.count(), text.data_out(), text.size_out());
    return text;
  }

  void cancel() noexcept { pygrpc_stream_cancel(get(), nullptr); }
  Cardinality cardinality() const noexcept {
    return static_cast<Cardinality>(pygrpc_stream_cardinality(get()));
  }

  // Of a call that was opened with a queue.
  void read_async(uint64_t tag) { detail::Check(&pygrpc_stream_read_async, get(), tag); }
  void write_async(const Payload& request, uint64_t tag) {
    detail::Check(&pygrpc_stream_write_async, get(), request.data(), request.size(), tag);
  }

  pygrpc_stream* get() const noexcept { return state_ == nullptr ? nullptr : state_->stream.get(); }

  // for (const pygrpc::Message& response : call)
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Message;
    using difference_type = std::ptrdiff_t;
    using pointer = const Message*;
    using reference = const Message&;

    iterator() = default;
    explicit iterator(Call* call) : call_(call) { ++*this; }
    reference operator*() const { return *message_; }
    pointer operator->() const { return message_.get(); }
    iterator& operator++() {
      std::optional<Message> next = call_->next();
      if (next.has_value()) {
        message_ = std::make_shared<Message>(std::move(*next));
      } else {
        call_ = nullptr;
      }
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& a, const iterator& b) { return a.call_ == b.call_; }
    friend bool operator!=(const iterator& a, const iterator& b) { return a.call_ != b.call_; }

   private:
    Call* call_ = nullptr;
    std::shared_ptr<Message> message_;  // iterators are copied
  };
  iterator begin() { return iterator(this); }
  iterator end() { return iterator(); }

 private:
  friend class Client;

  struct State {
    detail::Handle<pygrpc_stream> stream;
    std::thread writer;
    std::mutex mutex;
    std::exception_ptr failure;  // of the requests
  };

  int32_t Read(Message* message, Milliseconds timeout) {
    try {
      return detail::Check(&pygrpc_stream_read, get(), timeout.count(), message->data_out(),
                           message->size_out());
    } catch (const RpcError&) {
      // What went wrong with the requests comes first: it is why the RPC was cancelled.
      std::lock_guard<std::mutex> lock(state_->mutex);
      if (state_->failure != nullptr) std::rethrow_exception(state_->failure);
      throw;
    }
  }

  template <typename Function>
  Message Metadata(Function function, Milliseconds timeout, const char* what) {
    Message text;
    int32_t code =
        detail::Check(function, get(), timeout.count(), text.data_out(), text.size_out());
    if (code == PYGRPC_OK) return text;
    throw StateError(PYGRPC_E_STATE, std::string("there are no ") + what + " yet");
  }

  // Sends what `next` gives, until it gives nothing, from a thread of its own.
  template <typename Next>
  void WriteFrom(Next next) {
    state_->writer = std::thread([state = state_.get(), next = std::move(next)]() mutable {
      try {
        while (auto request = next()) {
          Payload payload(*request);
          if (detail::Check(&pygrpc_stream_write, state->stream.get(), payload.data(),
                            payload.size(), int64_t{-1}) != PYGRPC_OK) {
            return;
          }
        }
        detail::Check(&pygrpc_stream_half_close, state->stream.get());
      } catch (const ClosedError&) {  // the reader is told, too
      } catch (...) {
        std::lock_guard<std::mutex> lock(state->mutex);
        state->failure = std::current_exception();
        pygrpc_stream_cancel(state->stream.get(), nullptr);
      }
    });
  }

  void Stop() noexcept {
    if (state_ == nullptr || !state_->writer.joinable()) return;
    cancel();
    state_->writer.join();
  }

  std::unique_ptr<State> state_;
};

// ---- Client
// --------------------------------------------------------------------------------------

// A target and a schema. Any thread, any number at a time.
class Client {
 public:
  // "localhost:50051" and so on; options of the client, and defaults for its calls. Does no I/O.
  explicit Client(const std::string& target, const Options& options = {})
      : Client(detail::NulTerminated(target, "the target"), options) {}
  explicit Client(const char* target, const Options& options = {})
      : state_(std::make_shared<State>()) {
    if (pygrpc_abi_version() < PYGRPC_ABI_VERSION) {
      throw InternalError(PYGRPC_E_INTERNAL, "the library serves version " +
                                                 std::to_string(pygrpc_abi_version()) +
                                                 " of the ABI, and this program needs " +
                                                 std::to_string(PYGRPC_ABI_VERSION));
    }
    pygrpc_client* handle = nullptr;
    detail::Check(&pygrpc_client_new, target, options.get(), &handle);
    state_->client.reset(handle);
  }
  // A client for schema and transcoding only.
  static Client WithoutTarget(const Options& options = {}) {
    return Client(static_cast<const char*>(nullptr), options);
  }

  // Ends all calls in flight with ClosedError, as do later ones; a second time does nothing. Waits
  // for nobody: while other threads are in health(), or ask for reflection, the calls in flight end
  // when those are done, which their timeouts bound.
  void close() noexcept {
    detail::Handle<pygrpc_client> unused;  // is freed without the lock
    std::lock_guard<std::mutex> lock(state_->mutex);
    state_->closed = true;
    if (state_->users == 0) unused = std::move(state_->client);
  }

  // Connects if need be; false if the channel is not ready in time.
  bool wait_ready(Milliseconds timeout = kForever) {
    // In slices, between which another thread may close the client, and destroy it then.
    const std::shared_ptr<State> state = state_;
    constexpr Milliseconds kSlice{100};
    const auto begin = std::chrono::steady_clock::now();
    while (true) {
      const auto passed =
          std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin);
      const bool is_last = timeout.count() >= 0 && timeout - passed <= kSlice;
      const Milliseconds slice =
          is_last ? std::max(timeout - passed, Milliseconds::zero()) : kSlice;
      if (UseOf(state, &pygrpc_client_wait_ready, slice.count()) == PYGRPC_OK) return true;
      if (is_last) return false;
    }
  }
  // PYGRPC_CHANNEL_*.
  int32_t state() {
    int32_t state = 0;
    Use(&pygrpc_client_state, &state);
    return state;
  }

  // ---- Schema. As the functions of pygrpc.h of the same names; texts out are JSON.

  void load(const std::string& source, const Options& options = {}) {
    Use(&pygrpc_load, Name(source, "the source"), options.get());
  }
  void load_proto(const std::string& filename, std::string_view text) {
    Use(&pygrpc_load_proto, Name(filename, "the file's name"), text.data(), text.size());
  }
  void load_descriptor_set(std::string_view bytes) {
    Use(&pygrpc_load_descriptor_set, bytes.data(), bytes.size());
  }
  void load(Client& other) {
    User user(other.state_);
    Use(&pygrpc_load_client, user.handle());
  }
  Message services() { return Text(&pygrpc_services); }
  Message describe(const std::string& symbol) {
    return Text(&pygrpc_describe, Name(symbol, "the symbol"));
  }
  Message request_template(const std::string& type) {
    return Text(&pygrpc_template, Name(type, "the type"));
  }
  Message json_schema(const std::string& type, const Options& options = {}) {
    return Text(&pygrpc_json_schema, Name(type, "the type"), options.get());
  }
  // Tool definitions for language models, of all methods.
  Message tools(const Options& options = {}) {
    return Text(&pygrpc_json_schema, static_cast<const char*>(nullptr), options.get());
  }
  // `format` is "descriptor_set" or "proto"; `symbols` a JSON array, all if empty.
  Message export_schema(const std::string& format, const std::string& symbols = "") {
    return Text(&pygrpc_export, symbols.empty() ? nullptr : Name(symbols, "the symbols"),
                Name(format, "the format"));
  }

  Message json_to_binary(const std::string& type, const Payload& json,
                         const Options& options = {}) {
    return Text(&pygrpc_json_to_binary, Name(type, "the type"), json.data(), json.size(),
                options.get());
  }
  Message binary_to_json(const std::string& type, std::string_view bytes,
                         const Options& options = {}) {
    return Text(&pygrpc_binary_to_json, Name(type, "the type"), Payload(bytes).data(), bytes.size(),
                options.get());
  }

  // {"status": "SERVING"}; of the server as a whole if `service` is empty.
  Message health(const std::string& service = "", const Options& options = {}) {
    return Text(&pygrpc_health, Name(service, "the service"), options.get());
  }
  // The same now and at each change.
  Call health_watch(const std::string& service = "", const Options& options = {}) {
    pygrpc_stream* stream = nullptr;
    Use(&pygrpc_health_watch, Name(service, "the service"), options.get(),
        static_cast<pygrpc_queue*>(nullptr), &stream);
    return Call(stream);
  }

  // ---- Calls

  Cardinality cardinality(const std::string& method) {
    int32_t cardinality = 0;
    Use(&pygrpc_method_cardinality, Name(method, "the method's name"), &cardinality);
    return static_cast<Cardinality>(cardinality);
  }

  Message unary_unary(const std::string& method, const Payload& request,
                      const Options& options = {}) {
    // Not pygrpc_unary_unary(), during which nobody may free the client.
    Call call = open(method, Cardinality::kUnaryUnary, &request, options);
    return Single(&call);
  }

  Call unary_stream(const std::string& method, const Payload& request,
                    const Options& options = {}) {
    return open(method, Cardinality::kUnaryStream, &request, options);
  }

  // `requests` is anything to iterate over whose elements serve as requests; taken one at a time,
  // as the server takes them.
  template <typename Requests>
  Message stream_unary(const std::string& method, Requests&& requests,
                       const Options& options = {}) {
    Call call = open(method, Cardinality::kStreamUnary, nullptr, options);
    bool taken = true;
    for (auto&& request : requests) {
      taken = call.write(request);
      if (!taken) break;
    }
    if (taken) call.half_close();
    return Single(&call);
  }

  // The same for both ways: a thread of the call's own takes the requests (copied or moved into it)
  // while responses are read. What it throws is thrown by the read. To write by hand, see open().
  template <typename Requests>
  Call stream_stream(const std::string& method, Requests&& requests, const Options& options = {}) {
    Call call = open(method, Cardinality::kStreamStream, nullptr, options);
    Send(&call, std::forward<Requests>(requests));
    return call;
  }
  // A call of whatever cardinality the method has, with one request ...
  Call request(const std::string& method, const Payload& request, const Options& options = {}) {
    return open(method, Cardinality::kAny, &request, options);
  }
  // ... or with several.
  template <typename Requests>
  Call request_from(const std::string& method, Requests&& requests, const Options& options = {}) {
    Call call = open(method, Cardinality::kAny, nullptr, options);
    Send(&call, std::forward<Requests>(requests));
    return call;
  }

  // The general form, pygrpc_stream_open(): `request` is nullptr where requests are streamed,
  // `queue` for blocking use. Does not wait for the network, save for reflection where nothing is
  // loaded yet.
  Call open(const std::string& method, Cardinality cardinality, const Payload* request,
            const Options& options = {}, Queue* queue = nullptr) {
    pygrpc_stream* stream = nullptr;
    Use(&pygrpc_stream_open, Name(method, "the method's name"), static_cast<int32_t>(cardinality),
        request == nullptr ? nullptr : request->data(), request == nullptr ? 0 : request->size(),
        options.get(), queue == nullptr ? nullptr : queue->get(), &stream);
    return Call(stream);
  }

 private:
  struct State {
    std::mutex mutex;  // guards the rest
    detail::Handle<pygrpc_client> client;
    int users = 0;
    bool closed = false;
  };

  // Keeps the handle while a function uses it; the last user of a closed client frees it.
  class User {
   public:
    explicit User(std::shared_ptr<State> state) : state_(std::move(state)) {
      std::lock_guard<std::mutex> lock(state_->mutex);
      if (state_->closed) throw ClosedError(PYGRPC_E_CLOSED, "the client is closed");
      ++state_->users;
      handle_ = state_->client.get();
    }
    ~User() {
      detail::Handle<pygrpc_client> unused;  // is freed without the lock
      std::lock_guard<std::mutex> lock(state_->mutex);
      if (--state_->users == 0 && state_->closed) unused = std::move(state_->client);
    }
    User(const User&) = delete;
    User& operator=(const User&) = delete;

    pygrpc_client* handle() const noexcept { return handle_; }

   private:
    std::shared_ptr<State> state_;
    pygrpc_client* handle_ = nullptr;
  };

  static const char* Name(const std::string& text, const char* what) {
    return detail::NulTerminated(text, what);
  }

  template <typename Function, typename... Arguments>
  static int32_t UseOf(const std::shared_ptr<State>& state, Function function,
                       Arguments... arguments) {
    User user(state);
    return detail::Check(function, user.handle(), arguments...);
  }

  template <typename Function, typename... Arguments>
  int32_t Use(Function function, Arguments... arguments) {
    return UseOf(state_, function, arguments...);
  }

  template <typename Function, typename... Arguments>
  Message Text(Function function, Arguments... arguments) {
    Message text;
    Use(function, arguments..., text.data_out(), text.size_out());
    return text;
  }

  // The one response of a unary response, once the RPC has ended well.
  static Message Single(Call* call) {
    std::optional<Message> response = call->next();
    if (!response.has_value()) {
      throw InternalError(PYGRPC_E_INTERNAL, "a unary call ended without a response");
    }
    return std::move(*response);
  }

  template <typename Requests>
  static void Send(Call* call, Requests&& requests) {
    using Range = std::decay_t<Requests>;
    auto range = std::make_shared<Range>(std::forward<Requests>(requests));
    using Iterator = decltype(std::begin(*range));
    using Element = std::decay_t<decltype(*std::begin(*range))>;
    call->WriteFrom([range, at = std::optional<Iterator>()]() mutable -> std::optional<Element> {
      if (at.has_value()) {
        ++*at;
      } else {
        at.emplace(std::begin(*range));
      }
      if (*at == std::end(*range)) return std::nullopt;
      return **at;
    });
  }

  std::shared_ptr<State> state_;  // of the client, and of those who use it
};

// The library's version, and all options there are, as JSON text.
inline const char* version() noexcept { return pygrpc_version(); }
inline Message options_json() {
  Message text;
  detail::Check(&pygrpc_options_json, text.data_out(), text.size_out());
  return text;
}

}  // namespace pygrpc

#endif  // PYGRPC_HPP_
