// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// pygrpc call: one RPC of any cardinality.

#include <pygrpc.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base64.h"
#include "connection.h"
#include "errors.h"
#include "library.h"
#include "output.h"
#include "requests.h"
#include "run.h"
#include "terminal.h"
#include "watcher.h"

namespace pygrpc::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int32_t kCancelled = 1;  // of gRPC's statuses

bool StreamsRequests(int32_t cardinality) {
  return cardinality == PYGRPC_STREAM_UNARY || cardinality == PYGRPC_STREAM_STREAM;
}

// 0: no limit.
uint64_t MaxMessages(const std::string& text) {
  uint64_t number = 0;
  if (text.empty()) return number;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0) {
    throw UsageError("--max-messages takes a number from 1");
  }
  return number;
}

// With "codec": "binary", messages are base64 in JSON strings here: standard output has JSON only.
bool IsBinary(const Connection& connection) {
  return connection.options.value("codec", Json()) == "binary";
}

// What the library takes as a request.
std::string FromJson(std::string json, bool binary) {
  if (!binary) return json;
  Json text = Json::parse(json, nullptr, false);
  std::optional<std::string> bytes;
  if (text.is_string()) bytes = DecodeBase64(text.get<std::string>());
  if (!bytes) throw UsageError("with codec=binary a request is base64 in a JSON string");
  return *bytes;
}

std::string ToJson(std::string_view message, bool binary) {
  return binary ? "\"" + EncodeBase64(message) + "\"" : std::string(message);
}

int32_t CardinalityOf(const Connection& connection, const std::string& method) {
  // Bytes need no schema; then nobody knows, and on the wire all are streams.
  if (IsBinary(connection) && !connection.loaded && method.find('/') == 0) {
    return PYGRPC_STREAM_STREAM;
  }
  ShowSchemaSpinner(connection);
  int32_t cardinality = PYGRPC_ANY_CARDINALITY;
  Call(pygrpc_method_cardinality, connection.client.get(), method.c_str(), &cardinality);
  return cardinality;
}

// Sends requests from a thread of its own while responses are read.
class Writer {
 public:
  Writer(pygrpc_stream* stream, Requests* requests, bool binary, bool keep_open)
      : stream_(stream),
        requests_(requests),
        binary_(binary),
        keep_open_(keep_open),
        thread_([this] { Write(); }) {}
  // The RPC has ended, or is being cancelled.
  ~Writer() { Stop(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Ends the thread. Gives what it came upon: nullptr if it came to its end.
  std::exception_ptr Finish() {
    Stop();
    return failure_;
  }

 private:
  void Stop() {
    if (!thread_.joinable()) return;
    requests_->Stop();
    // Also where a write waits for a server that does not read; nothing where the RPC has ended.
    pygrpc_stream_cancel(stream_, nullptr);
    thread_.join();
  }

  void Write() {
    try {
      if (SendAll() && !keep_open_) Call(pygrpc_stream_half_close, stream_);
    } catch (...) {
      failure_ = std::current_exception();
      pygrpc_stream_cancel(stream_, nullptr);
    }
  }

  // False if the server takes no more.
  bool SendAll() {
    std::string request;
    for (uint64_t number = 1; requests_->Next(&request); ++number) {
      request = FromJson(std::move(request), binary_);
      try {
        if (Call(pygrpc_stream_write, stream_, request.data(), request.size(), int64_t{-1}) ==
            PYGRPC_END) {
          return false;
        }
      } catch (const LibraryError& error) {
        throw LibraryError(error.code(), error.status(),
                           "request " + std::to_string(number) + ": " + error.what(), error.json());
      }
    }
    return true;
  }

  pygrpc_stream* stream_;
  Requests* requests_;
  bool binary_;
  bool keep_open_;
  std::exception_ptr failure_;
  std::thread thread_;
};

// What came of an RPC, printed as it comes or all at once.
class Responses {
 public:
  Responses(const Settings& settings, pygrpc_stream* stream, bool binary)
      : output_(settings),
        binary_(binary),
        envelope_(settings.envelope),
        maximum_(MaxMessages(settings.max_messages)),
        stream_(stream) {}

  // Reads to the end, or to the last one that is wanted. Throws what ends the RPC.
  void ReadAll() {
    Text message;
    while (Next(&message)) {
      if (envelope_) {
        messages_.push_back(ToJson(message.view(), binary_));
      } else if (binary_) {
        output_.Add(ToJson(message.view(), binary_));
      } else {
        output_.Add(message.view());  // as it is, without a copy
      }
      if (++count_ == maximum_) break;
    }
    output_.Flush();
  }

  // Prints the one object of --envelope.
  void PrintEnvelope() {
    if (!envelope_) return;
    Json info = CallForJson(pygrpc_stream_info, stream_, int64_t{0});
    std::string envelope = "{";
    bool placed = false;
    for (const auto& [key, value] : info.items()) {
      // The messages stand after the headers, which may be absent.
      if (!placed && (key == "status" || key == "messagesSent")) {
        envelope += Messages() + ",";
        placed = true;
      }
      envelope += Json(key).dump() + ":" + value.dump() + ",";
    }
    if (!placed) envelope += Messages() + ",";
    if (!errors_.empty()) envelope += "\"errors\":" + Array(errors_) + ",";
    envelope.back() = '}';
    output_.Print(envelope);
  }

  // Whether the RPC has ended, with OK.
  bool ended() const { return ended_; }
  bool HasUnreadable() const { return !errors_.empty(); }

 private:
  static std::string Array(const std::vector<std::string>& texts) {
    std::string array = "[";
    for (const std::string& text : texts) array += (array.size() > 1 ? "," : "") + text;
    return array + "]";
  }

  std::string Messages() const { return "\"messages\":" + Array(messages_); }

  // False at the end of an RPC whose status is OK.
  bool Next(Text* message) {
    while (true) {
      try {
        // What has arrived is gathered; before a wait it is printed.
        int32_t code =
            Call(pygrpc_stream_read, stream_, int64_t{0}, message->data(), message->size());
        if (code == PYGRPC_PENDING) {
          output_.Flush();
          code = Call(pygrpc_stream_read, stream_, int64_t{-1}, message->data(), message->size());
        }
        ended_ = code == PYGRPC_END;
        return !ended_;
      } catch (const LibraryError& error) {
        output_.Flush();
        // A response without JSON form is skipped; the RPC goes on.
        if (error.code() != PYGRPC_E_JSON && error.code() != PYGRPC_E_WIRE) throw;
        Report(error);
        errors_.push_back(error.json());
      }
    }
  }

  Output output_;
  bool binary_;
  bool envelope_;
  uint64_t maximum_;
  uint64_t count_ = 0;
  bool ended_ = false;
  pygrpc_stream* stream_;
  std::vector<std::string> messages_;
  std::vector<std::string> errors_;
};

// LeakSanitizer does, when main() returns.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kLooksForLeaks = true;
#else
constexpr bool kLooksForLeaks = false;
#endif

// Where the RPC has ended well, all is printed, and this ends the process: to take gRPC apart would
// be a tenth of the time of a short call.
int RunRpc(const Settings& settings, const Connection& connection, pygrpc_stream* stream,
           Requests* requests) {
  bool streams = StreamsRequests(pygrpc_stream_cardinality(stream));
  bool binary = IsBinary(connection);
  Watched watched(stream);
  // Whoever sees it may interrupt the call.
  if (!requests->FromTerminal()) ShowSpinner("waiting for " + connection.target);
  Responses responses(settings, stream, binary);
  std::optional<Writer> writer;
  if (streams) writer.emplace(stream, requests, binary, settings.keep_open);
  std::exception_ptr failure;
  bool cancelled = false;
  try {
    responses.ReadAll();
  } catch (const LibraryError& error) {
    failure = std::current_exception();
    cancelled = error.code() == PYGRPC_E_STATUS && error.status() == kCancelled;
  }
  if (Interrupted() == Interruption::kBrokenPipe) throw BrokenPipe();
  responses.PrintEnvelope();
  std::exception_ptr reason = writer ? writer->Finish() : nullptr;
  // A writer that gives up cancels the RPC. An RPC that had ended by itself keeps its own result.
  if (failure) std::rethrow_exception(cancelled && reason ? reason : failure);
  int status = responses.HasUnreadable() ? kFailure : kSuccess;
  if (responses.ended() && !kLooksForLeaks) {
    HideSpinner();
    _exit(status);
  }
  return status;
}

}  // namespace

int RunCall(const Settings& settings) {
  // What is wrong with the flags is said before anything is sent.
  MaxMessages(settings.max_messages);
  Output check(settings);
  Connection connection = ConnectToTarget(settings, true);
  std::string method = connection.arguments.front();
  int32_t cardinality = CardinalityOf(connection, method);
  bool streams = StreamsRequests(cardinality);
  if (settings.keep_open && !streams) {
    throw UsageError("--keep-open is for streams of requests, and " + method + " takes one");
  }

  std::vector<std::string> given(connection.arguments.begin() + 1, connection.arguments.end());
  const char* empty = IsBinary(connection) ? "\"\"" : "{}";
  if (given.empty()) given = {streams ? "-" : empty};
  Requests requests(given);
  if (requests.FromTerminal()) {
    Report("requests are read from the terminal, as JSON; Ctrl-D ends them");
  }
  std::string request = streams ? "" : FromJson(requests.Only(), IsBinary(connection));

  pygrpc_stream* raw = nullptr;
  Call(pygrpc_stream_open, connection.client.get(), method.c_str(), cardinality,
       streams ? nullptr : request.data(), request.size(), static_cast<const char*>(nullptr),
       static_cast<pygrpc_queue*>(nullptr), &raw);
  Stream stream(raw);
  return RunRpc(settings, connection, raw, &requests);
}

}  // namespace pygrpc::cli
