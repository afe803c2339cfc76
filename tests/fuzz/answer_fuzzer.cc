// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// A server that answers a call with whatever it likes: any headers, messages, trailers, status and
// details. What the caller gets is JSON, or an error with a status; and the next call, to a server
// that behaves, works. Inputs are AnswerScript of script.proto.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "abi_check.h"
#include "peer.h"
#include "script_input.h"

namespace pygrpc::fuzz {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kWaitMs = 10000;  // as the timeout of unary calls
constexpr int kMaxReads = 5000;

pygrpc_client* TheClient() {
  static Client* const client = [] {
    // Some answers end the connection.
    constexpr char kOptions[] = R"({"reflection": false, "reconnect": {"initial_backoff": "100ms",
                                                                      "max_backoff": "100ms"}})";
    auto* made = new Client(Peer::Get().target().c_str(), kOptions);
    LoadTestSchema(*made);
    return made;
  }();
  return *client;
}

struct Call {
  Script script;
  uint64_t way = 0;

  // Which function is called: see the switch at the end.
  uint64_t function() const { return way % 5; }
  bool is_unary() const { return function() != 1 && function() != 2; }
  // gRPC gives no status to a unary call while a second response waits to be read: its deadline
  // ends it. That takes time, and is tried for some inputs only.
  bool has_too_many() const { return is_unary() && script.messages.size() > 1; }
  const char* options() const { return has_too_many() ? R"({"timeout": "30ms"})" : nullptr; }
};

Call CallOf(std::string_view input) {
  Call call;
  Script& script = call.script;
  std::string status = "0";
  for (const ScriptField& field : ScriptFields(input)) {
    switch (field.number) {
      case 1:
        script.headers.push_back(NameAndValue(field.bytes));
        break;
      case 2:
        script.messages.emplace_back(field.bytes);
        break;
      case 3:
        status = std::to_string(static_cast<int64_t>(field.value));
        break;
      case 4:
        script.trailers.emplace_back("grpc-message", field.bytes);
        break;
      case 5:
        script.trailers.emplace_back("grpc-status-details-bin", Base64(field.bytes));
        break;
      case 6:
        script.trailers.push_back(NameAndValue(field.bytes));
        break;
      case 7:
        script.trailers_only = field.value != 0;
        break;
      case 8:
        call.way = field.value;
        break;
      default:
        break;
    }
  }
  script.trailers.insert(script.trailers.begin(), {"grpc-status", status});
  if (call.has_too_many() && call.way % 10 < 5) script.messages.resize(1);
  return call;
}

// A deadline that passes shows in the time that it takes; the status may be the server's, too.
void CheckNoTimeout(const Call& call, const Clock::time_point& begun) {
  if (!call.has_too_many() && Clock::now() - begun > std::chrono::milliseconds(kWaitMs) * 9 / 10) {
    Fail("everything was answered, and yet it waited");
  }
}

void CallUnary(const Call& call) {
  const Clock::time_point begun = Clock::now();
  const Outcome called = RunText("pygrpc_unary_unary",
                                 {PYGRPC_E_STATUS, PYGRPC_E_JSON, PYGRPC_E_WIRE}, [&](auto... out) {
                                   return pygrpc_unary_unary(TheClient(), "pygrpc.test.Test/Echo",
                                                             "{}", 2, call.options(), out...);
                                 });
  CheckNoTimeout(call, begun);
  if (called.ok()) CheckIsJson("pygrpc_unary_unary", called.text);
}

void AskForHealth(const Call& call) {
  const Clock::time_point begun = Clock::now();
  const Outcome asked = RunText(
      "pygrpc_health", {PYGRPC_E_STATUS, PYGRPC_E_WIRE},
      [&](auto... out) { return pygrpc_health(TheClient(), "a.B", call.options(), out...); });
  CheckNoTimeout(call, begun);
  if (asked.ok()) CheckIsJson("pygrpc_health", asked.text);
}

void CheckAfter(pygrpc_stream* stream) {
  using Getter = int32_t (*)(pygrpc_stream*, int64_t, char**, size_t*, pygrpc_error**);
  for (const Getter get : {&pygrpc_stream_headers, &pygrpc_stream_trailers, &pygrpc_stream_info}) {
    const Outcome given = Must("what is known of an RPC that has ended",
                               RunText("pygrpc_stream_headers, _trailers, _info", {},
                                       [&](auto... out) { return get(stream, kWaitMs, out...); }));
    CheckIsJson("pygrpc_stream_headers, _trailers, _info", given.text);
  }
}

void CallStream(const Call& call, const char* method, const char* request) {
  const Clock::time_point begun = Clock::now();
  pygrpc_stream* stream = nullptr;
  Must(method, Run("pygrpc_stream_open", {}, [&](pygrpc_error** error) {
         return pygrpc_stream_open(TheClient(), method, PYGRPC_ANY_CARDINALITY, request, 2,
                                   call.options(), nullptr, &stream, error);
       }));
  bool ended = false;
  for (int reads = 0; !ended; ++reads) {
    if (reads > kMaxReads) Fail("more messages than were sent");
    const Outcome read =
        RunText("pygrpc_stream_read", {PYGRPC_E_STATUS, PYGRPC_E_JSON, PYGRPC_E_WIRE},
                [&](auto... out) { return pygrpc_stream_read(stream, kWaitMs, out...); });
    if (read.code == PYGRPC_PENDING) Fail("no answer although everything was sent");
    CheckNoTimeout(call, begun);
    if (read.ok()) CheckIsJson("pygrpc_stream_read", read.text);
    ended = read.code == PYGRPC_END || read.code == PYGRPC_E_STATUS;
  }
  CheckAfter(stream);
  pygrpc_stream_free(stream);
}

void CheckUsable() {
  Script script;
  script.messages = {""};
  script.trailers = {{"grpc-status", "0"}};
  Peer::Get().Follow(std::move(script));
  Must("the next call", RunText("pygrpc_unary_unary", {PYGRPC_E_STATUS}, [&](auto... out) {
         return pygrpc_unary_unary(TheClient(), "SayHello", "{}", 2,
                                   R"({"wait_for_ready": true, "timeout": 20})", out...);
       }));
}

}  // namespace
}  // namespace pygrpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pygrpc::fuzz;  // NOLINT: this is theirs
  StayOffline();
  const Call call = CallOf(View(data, size));
  Peer::Get().Follow(call.script);
  switch (call.function()) {
    case 0:
      CallUnary(call);
      break;
    case 1:
      CallStream(call, "pygrpc.test.Test/EchoServerStream", "{}");
      break;
    case 2:
      CallStream(call, "pygrpc.test.Test/EchoBidi", nullptr);
      break;
    case 3:
      CallStream(call, "pygrpc.test.Test/Echo", "{}");
      break;
    default:
      AskForHealth(call);
      break;
  }
  CheckUsable();
  return 0;
}
