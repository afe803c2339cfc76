// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Any PEM text as the certificates to trust, or as the client's certificate and its key (which is
// what follows a line "==="); the first byte chooses. Refused by name, or good for a channel.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "abi_check.h"

namespace pygrpc::fuzz {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";

bool IsPem(std::string_view text) { return text.find(kBegin) != std::string_view::npos; }

void MakeClient(const std::string& tls) {
  const std::string options = R"({"transport": "tls", "tls": {)" + tls + "}}";
  Client client;
  const Outcome made = Run("pygrpc_client_new", {PYGRPC_E_OPTION}, [&](pygrpc_error** error) {
    return pygrpc_client_new("unix:nobody", options.c_str(), client.out(), error);
  });
  if (!made.ok()) return;
  // gRPC takes them, too, when it makes the channel.
  pygrpc_stream* stream = nullptr;
  const Outcome opened = Run("pygrpc_stream_open", {PYGRPC_E_OPTION}, [&](pygrpc_error** error) {
    return pygrpc_stream_open(client, "/a.B/C", PYGRPC_UNARY_UNARY, "", 0, R"({"codec": "binary"})",
                              nullptr, &stream, error);
  });
  if (opened.ok()) pygrpc_stream_free(stream);
}

}  // namespace
}  // namespace pygrpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pygrpc::fuzz;  // NOLINT: this is theirs
  if (size < 1) return 0;
  StayOffline();
  UseEmptyDirectory();
  const std::string_view text = View(data + 1, size - 1);
  const size_t cut = text.find("\n===\n");
  const std::string_view first = text.substr(0, cut);
  const std::string_view second =
      cut == std::string_view::npos ? std::string_view() : text.substr(cut + 5);
  // What is no PEM text would be a file's name.
  if (!IsPem(first) || JsonText(text).empty()) return 0;
  if (data[0] % 4 == 0) {
    MakeClient(R"("ca": )" + JsonText(first));
    return 0;
  }
  if (!IsPem(second)) return 0;
  std::string tls = R"("certificate": )" + JsonText(first) + R"(, "key": )" + JsonText(second);
  if (data[0] % 4 == 2) tls += R"(, "key_password": "secret")";
  if (data[0] % 4 == 3) tls += R"(, "verify": false)";
  MakeClient(tls);
  return 0;
}
