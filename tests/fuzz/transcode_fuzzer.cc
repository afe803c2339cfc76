// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// pygrpc_json_to_binary() and pygrpc_binary_to_json() on any text and any bytes, with every choice
// of options: what one makes, the other takes, and nothing is lost on the way. The first two bytes
// choose the type and the options.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "abi_check.h"

namespace pygrpc::fuzz {
namespace {

constexpr const char* kTypes[] = {
    "pygrpc.test.AllTypes",  "pygrpc.test.Proto2Message", "google.protobuf.Struct",
    "google.protobuf.Any",   "google.protobuf.FieldMask", "google.protobuf.Timestamp",
    "google.protobuf.Value", "google.protobuf.Duration",  "google.protobuf.FileDescriptorSet",
    "google.rpc.Status",     "helloworld.HelloRequest",   "google.protobuf.Int64Value",
};
constexpr const char* kSwitches[] = {"print_defaults", "enum_numbers", "proto_names",
                                     "int64_numbers",  "keep_unknown", "ignore_unknown"};

struct Conversion {
  pygrpc_client* client;
  const char* type;
  std::string options;

  Outcome ToBinary(std::string_view json) const {
    return RunText("pygrpc_json_to_binary", {PYGRPC_E_JSON}, [&](auto... out) {
      return pygrpc_json_to_binary(client, type, json.data(), json.size(), options.c_str(), out...);
    });
  }
  Outcome ToJson(std::string_view bytes) const {
    return RunText("pygrpc_binary_to_json", {PYGRPC_E_WIRE, PYGRPC_E_JSON}, [&](auto... out) {
      return pygrpc_binary_to_json(client, type, bytes.data(), bytes.size(), options.c_str(),
                                   out...);
    });
  }
};

std::string Options(uint8_t switches) {
  std::string options = "{";
  for (size_t i = 0; i < sizeof(kSwitches) / sizeof(*kSwitches); ++i) {
    options += i == 0 ? "\"" : ", \"";
    options += kSwitches[i];
    options += (switches >> i & 1) != 0 ? "\": true" : "\": false";
  }
  return options + "}";
}

// An Any of a type that is not loaded, or whose type URL is none: it is shown as bytes, and is not
// taken back.
bool HasUnknownType(const Outcome& refused) {
  return refused.error.find("[\\\"@type\\\"]: ") != std::string::npos;
}

// JSON that the library wrote: it reads it, and writes the same again, if in another order. That
// order then stays.
void CheckReadAgain(const Conversion& conversion, const std::string& json) {
  CheckIsJson("pygrpc_binary_to_json", json);
  std::string last = json;
  for (int i = 0; i < 2; ++i) {
    const Outcome binary = conversion.ToBinary(last);
    if (HasUnknownType(binary)) return;
    Must("its own JSON", binary);
    std::string next = Must("the bytes of its own JSON", conversion.ToJson(binary.text)).text;
    if (i == 0 ? next.size() != last.size() : next != last) {
      Fail("not the same again: " + last + "\n" + next);
    }
    last = std::move(next);
  }
}

}  // namespace
}  // namespace pygrpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pygrpc::fuzz;  // NOLINT: this is theirs
  static Client* const client = [] {
    auto* made = new Client(nullptr, nullptr);
    LoadTestSchema(*made);
    for (const char* file : {"google/protobuf/descriptor.proto", "google/rpc/status.proto",
                             "google/rpc/error_details.proto", "google/protobuf/field_mask.proto",
                             "google/protobuf/wrappers.proto"}) {
      Must(file, Run("pygrpc_load", {PYGRPC_E_SCHEMA}, [&](pygrpc_error** error) {
             return pygrpc_load(*made, file, nullptr, error);
           }));
    }
    return made;
  }();
  if (size < 2) return 0;
  constexpr size_t kCount = sizeof(kTypes) / sizeof(*kTypes);
  const Conversion conversion = {*client, kTypes[data[0] % kCount], Options(data[1])};
  const std::string_view content = View(data + 2, size - 2);
  const Outcome binary = conversion.ToBinary(content);
  if (binary.ok()) {
    CheckReadAgain(conversion, Must("its own bytes", conversion.ToJson(binary.text)).text);
  }
  const Outcome json = conversion.ToJson(content);
  if (json.ok()) CheckReadAgain(conversion, json.text);
  return 0;
}
