// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Any JSON value as the metadata of a call: refused, or sent. gRPC, too, must take what is sent.

#include <cstddef>
#include <cstdint>
#include <string>

#include "abi_check.h"
#include "peer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pygrpc::fuzz;  // NOLINT: this is theirs
  static Client* const client = [] {
    auto* made = new Client(Peer::Get().target().c_str(), R"({"reflection": false})");
    LoadTestSchema(*made);
    Script script;
    script.messages = {""};
    script.trailers = {{"grpc-status", "0"}};
    Peer::Get().Follow(std::move(script));
    return made;
  }();
  StayOffline();
  const std::string metadata(View(data, size));
  // Otherwise it would be other options as well, which options_fuzzer tries.
  if (!IsJson(metadata)) return 0;
  const std::string options = R"({"metadata": )" + metadata + "}";
  const Outcome called = RunText("pygrpc_unary_unary", {PYGRPC_E_OPTION}, [&](auto... out) {
    return pygrpc_unary_unary(*client, "SayHello", "{}", 2, options.c_str(), out...);
  });
  if (called.code == PYGRPC_PENDING) Fail("a call that is pending");
  Client with_default;
  const Outcome made = Run("pygrpc_client_new", {PYGRPC_E_OPTION}, [&](pygrpc_error** error) {
    return pygrpc_client_new(nullptr, options.c_str(), with_default.out(), error);
  });
  if (made.code != called.code) Fail("taken for a call, and not for a client, or the reverse");
  return 0;
}
