// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Any text as the options of a client, a call, or a load. The first byte, a digit in the corpus,
// chooses which.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "abi_check.h"

namespace pygrpc::fuzz {
namespace {

bool Has(std::string_view text, std::initializer_list<std::string_view> parts) {
  for (std::string_view part : parts) {
    if (text.find(part) != std::string_view::npos) return true;
  }
  return false;
}

// Some options name files to read, to write or to make. They may be in this process's own directory
// only: no path, and no character that is written in another way.
bool MayLeaveDirectory(std::string_view text) {
  return Has(text, {"/", "..", "\\u", "\\U"}) &&
         Has(text, {"log", "file", "tls", "cache", "proto_path", "\\u"});
}

// They would ask the machines of a cloud, or a control plane.
bool MayAskAround(std::string_view text) { return Has(text, {"google_default", "alts", "\\u"}); }

// Without a connection: a call that has begun ends at once.
void StartCall(pygrpc_client* client, const char* options) {
  pygrpc_stream* stream = nullptr;
  const Outcome opened =
      Run("pygrpc_stream_open", {PYGRPC_E_OPTION, PYGRPC_E_ARGUMENT}, [&](pygrpc_error** error) {
        return pygrpc_stream_open(client, "SayHello", PYGRPC_ANY_CARDINALITY, "{}", 2, options,
                                  nullptr, &stream, error);
      });
  if (!opened.ok()) return;
  Must("pygrpc_stream_cancel", Run("pygrpc_stream_cancel", {}, [&](pygrpc_error** error) {
         return pygrpc_stream_cancel(stream, error);
       }));
  pygrpc_stream_free(stream);
}

void AsClient(const char* target, const char* options) {
  Client client;
  const Outcome made =
      Run("pygrpc_client_new", {PYGRPC_E_OPTION, PYGRPC_E_ARGUMENT}, [&](pygrpc_error** error) {
        return pygrpc_client_new(target, options, client.out(), error);
      });
  if (made.ok() != (client != nullptr)) Fail("a client without success, or the reverse");
  if (!made.ok()) return;
  Must("pygrpc_load_proto", Run("pygrpc_load_proto", {}, [&](pygrpc_error** error) {
         constexpr char kText[] =
             "syntax = 'proto3'; message M { string s = 1; int64 i = 2; } "
             "service S { rpc SayHello(M) returns (M); }";
         return pygrpc_load_proto(client, "m.proto", kText, PYGRPC_NUL_TERMINATED, error);
       }));
  // Whatever it prints is read again, but for what the limit of depth forbids.
  constexpr char kMessage[] = R"({"s": "x", "i": "-1"})";
  const Outcome binary = RunText("pygrpc_json_to_binary", {}, [&](auto... out) {
    return pygrpc_json_to_binary(client, "M", kMessage, PYGRPC_NUL_TERMINATED, nullptr, out...);
  });
  const Outcome json = RunText("pygrpc_binary_to_json", {}, [&](auto... out) {
    return pygrpc_binary_to_json(client, "M", binary.text.data(), binary.text.size(), nullptr,
                                 out...);
  });
  CheckIsJson("pygrpc_binary_to_json", json.text);
  if (target == nullptr || MayAskAround(options)) return;
  int32_t state = -1;
  Must("pygrpc_client_state", Run("pygrpc_client_state", {}, [&](pygrpc_error** error) {
         return pygrpc_client_state(client, &state, error);
       }));
  if (state != PYGRPC_CHANNEL_IDLE) Fail("a channel that nobody used is not idle");
  StartCall(client, nullptr);
}

void AsCall(const char* options) {
  static Client* const client = [] {
    auto* made = new Client("unix:nobody", R"({"reflection": false})");
    LoadTestSchema(*made);
    return made;
  }();
  const Outcome binary =
      RunText("pygrpc_json_to_binary", {PYGRPC_E_OPTION, PYGRPC_E_ARGUMENT}, [&](auto... out) {
        return pygrpc_json_to_binary(*client, "helloworld.HelloRequest", "{}", 2, options, out...);
      });
  const Outcome schema =
      RunText("pygrpc_json_schema", {PYGRPC_E_OPTION, PYGRPC_E_ARGUMENT}, [&](auto... out) {
        return pygrpc_json_schema(*client, "pygrpc.test.AllTypes", options, out...);
      });
  if (binary.code != schema.code) Fail("options of a call are taken here and refused there");
  if (schema.ok()) CheckIsJson("pygrpc_json_schema", schema.text);
  StartCall(*client, options);
}

void AsLoad(const char* options) {
  Client client(nullptr, nullptr);
  Run("pygrpc_load", {PYGRPC_E_OPTION, PYGRPC_E_ARGUMENT, PYGRPC_E_SCHEMA},
      [&](pygrpc_error** error) { return pygrpc_load(client, "no_such_file", options, error); });
}

}  // namespace
}  // namespace pygrpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pygrpc::fuzz;  // NOLINT: this is theirs
  if (size < 1) return 0;
  StayOffline();
  UseEmptyDirectory();
  const std::string text(View(data + 1, size - 1));
  if (MayLeaveDirectory(text)) return 0;
  switch (data[0] % 4) {
    case 0:
      AsClient(nullptr, text.c_str());
      break;
    case 1:
      AsClient("unix:nobody", text.c_str());
      break;
    case 2:
      AsCall(text.c_str());
      break;
    default:
      AsLoad(text.c_str());
      break;
  }
  return 0;
}
