// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Any text as the target of a client: refused, or a channel that gRPC makes (where gRPC, too, has
// to take the target) and that fails without a fault. Nothing is connected to.

#include <cstddef>
#include <cstdint>
#include <string>

#include "abi_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pygrpc::fuzz;  // NOLINT: this is theirs
  StayOffline();
  UseEmptyDirectory();
  const std::string target(View(data, size));
  Client client;
  const Outcome made = Run("pygrpc_client_new", {PYGRPC_E_ARGUMENT}, [&](pygrpc_error** error) {
    return pygrpc_client_new(target.c_str(), nullptr, client.out(), error);
  });
  // These ask a control plane, or the machines of a cloud, as soon as there is a channel.
  const bool asks = target.find("xds:") == 0 || target.find("google-c2p") == 0;
  if (!made.ok() || asks) return 0;
  pygrpc_stream* stream = nullptr;
  const Outcome opened = Run("pygrpc_stream_open", {PYGRPC_E_OPTION}, [&](pygrpc_error** error) {
    return pygrpc_stream_open(client, "/a.B/C", PYGRPC_UNARY_UNARY, "", 0, R"({"codec": "binary"})",
                              nullptr, &stream, error);
  });
  if (!opened.ok()) return 0;
  RunText("pygrpc_stream_info", {},
          [&](auto... out) { return pygrpc_stream_info(stream, 0, out...); });
  pygrpc_stream_free(stream);
  return 0;
}
