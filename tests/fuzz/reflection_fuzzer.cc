// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// A server that answers reflection with whatever it likes: refused with an error, or a schema that
// is good for all that a schema is for. Inputs are ReflectionScript of script.proto.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "abi_check.h"
#include "peer.h"
#include "script_input.h"

namespace pygrpc::fuzz {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kTooLong(9);  // ten are the default of "reflection_timeout"
constexpr char kNeeded[] = R"({"reflection_scope": "needed"})";

void Load(const char* source) {
  Client client(Peer::Get().target().c_str(), nullptr);
  const Outcome loaded =
      Run("pygrpc_load", {PYGRPC_E_SCHEMA, PYGRPC_E_STATUS},
          [&](pygrpc_error** error) { return pygrpc_load(client, source, nullptr, error); });
  if (loaded.ok()) CheckSchemaUse(client, Loaded::kByReflection);
}

void FindMethod() {
  Client client(Peer::Get().target().c_str(), kNeeded);
  int32_t cardinality = -1;
  const Outcome found =
      Run("pygrpc_method_cardinality",
          {PYGRPC_E_SCHEMA, PYGRPC_E_STATUS, PYGRPC_E_NOT_FOUND, PYGRPC_E_AMBIGUOUS},
          [&](pygrpc_error** error) {
            return pygrpc_method_cardinality(client, "helloworld.Greeter/SayHello", &cardinality,
                                             error);
          });
  if (found.ok() && cardinality < PYGRPC_UNARY_UNARY) Fail("a method without a cardinality");
}

void Look() {
  Client client(Peer::Get().target().c_str(), nullptr);
  const Outcome listed = RunText("pygrpc_services", {PYGRPC_E_SCHEMA, PYGRPC_E_STATUS},
                                 [&](auto... out) { return pygrpc_services(client, out...); });
  if (listed.ok()) CheckIsJson("pygrpc_services", listed.text);
}

}  // namespace
}  // namespace pygrpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pygrpc::fuzz;  // NOLINT: this is theirs
  StayOffline();
  KeepConnected();
  Script script;
  uint64_t status = 0;
  uint64_t way = 0;
  for (const ScriptField& field : ScriptFields(View(data, size))) {
    if (field.number == 1) script.messages.emplace_back(field.bytes);
    if (field.number == 2) status = field.value;
    if (field.number == 3) way = field.value;
  }
  script.trailers = {{"grpc-status", std::to_string(status % 17)}};
  Peer::Get().Follow(std::move(script));
  const Clock::time_point begun = Clock::now();
  switch (way % 4) {
    case 0:
      Load("reflection");
      break;
    case 1:
      Load("reflection:helloworld.Greeter");
      break;
    case 2:
      FindMethod();
      break;
    default:
      Look();
      break;
  }
  if (Clock::now() - begun > kTooLong) Fail("everything was answered, and yet it waited");
  return 0;
}
