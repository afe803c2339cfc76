// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Any JSON value as gRPC's service config: refused by name, or one that gRPC takes, and under which
// a call ends.

#include <cstddef>
#include <cstdint>
#include <string>

#include "abi_check.h"
#include "peer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pygrpc::fuzz;  // NOLINT: this is theirs
  static const bool ready = [] {
    Script script;
    script.messages = {""};
    script.trailers = {{"grpc-status", "0"}};
    Peer::Get().Follow(std::move(script));
    KeepConnected();
    return true;
  }();
  static_cast<void>(ready);
  StayOffline();
  const std::string config(View(data, size));
  if (!IsJson(config)) return 0;
  const std::string options = R"({"reflection": false, "service_config": )" + config + "}";
  Client client;
  const Outcome made = Run("pygrpc_client_new", {PYGRPC_E_OPTION}, [&](pygrpc_error** error) {
    return pygrpc_client_new(Peer::Get().target().c_str(), options.c_str(), client.out(), error);
  });
  if (!made.ok()) return 0;
  const Outcome called =
      RunText("pygrpc_unary_unary", {PYGRPC_E_OPTION, PYGRPC_E_STATUS}, [&](auto... out) {
        return pygrpc_unary_unary(client, "/helloworld.Greeter/SayHello", "", 0,
                                  R"({"codec": "binary", "timeout": "50ms"})", out...);
      });
  // A policy may wait for what does not come; then the deadline ends the call.
  if (called.code == PYGRPC_PENDING) Fail("a call that is pending");
  return 0;
}
