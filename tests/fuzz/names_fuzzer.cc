// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Any text as the name of a method, a type, a symbol or a source, and as an array of symbols. What
// an error offers instead of an unknown or ambiguous name is a name.

#include <cstddef>
#include <cstdint>
#include <string>

#include "abi_check.h"

namespace pygrpc::fuzz {
namespace {

constexpr int32_t kArgument = PYGRPC_E_ARGUMENT;
constexpr int32_t kNotFound = PYGRPC_E_NOT_FOUND;
constexpr int32_t kAmbiguous = PYGRPC_E_AMBIGUOUS;

Outcome Cardinality(pygrpc_client* client, const char* name, int32_t* cardinality) {
  return Run("pygrpc_method_cardinality", {kArgument, kNotFound, kAmbiguous},
             [&](pygrpc_error** error) {
               return pygrpc_method_cardinality(client, name, cardinality, error);
             });
}

Outcome Describe(pygrpc_client* client, const char* name) {
  return RunText("pygrpc_describe", {kArgument, kNotFound, kAmbiguous},
                 [&](auto... out) { return pygrpc_describe(client, name, out...); });
}

void AsMethod(pygrpc_client* client, const std::string& name) {
  int32_t cardinality = -1;
  const Outcome found = Cardinality(client, name.c_str(), &cardinality);
  pygrpc_stream* stream = nullptr;
  const Outcome opened =
      Run("pygrpc_stream_open", {kArgument, kNotFound, kAmbiguous}, [&](pygrpc_error** error) {
        return pygrpc_stream_open(client, name.c_str(), PYGRPC_ANY_CARDINALITY, nullptr, 0, nullptr,
                                  nullptr, &stream, error);
      });
  if (found.ok()) {
    const bool streams = cardinality == PYGRPC_STREAM_UNARY || cardinality == PYGRPC_STREAM_STREAM;
    if (opened.code != (streams ? PYGRPC_OK : kArgument)) Fail("its call: " + opened.error);
    if (pygrpc_stream_cardinality(stream) != (streams ? cardinality : kArgument)) {
      Fail("the stream has another cardinality than its method");
    }
    Must("a method's description", Describe(client, name.c_str()));
  } else if (found.code != opened.code) {
    Fail("its call fails in another way: " + found.error + opened.error);
  }
  pygrpc_stream_free(stream);
  for (const char* key : {"near", "candidates"}) {
    if (found.ok()) break;
    for (const std::string& other : TextsIn(found.error, key)) {
      const Outcome that = Cardinality(client, other.c_str(), &cardinality);
      if (that.code == kNotFound) Fail("offers a name that there is not: " + found.error);
    }
  }
}

void AsType(pygrpc_client* client, const std::string& name) {
  const Outcome described = Describe(client, name.c_str());
  if (described.ok()) CheckIsJson("pygrpc_describe", described.text);
  const Outcome example =
      RunText("pygrpc_template", {kArgument, kNotFound, kAmbiguous},
              [&](auto... out) { return pygrpc_template(client, name.c_str(), out...); });
  const Outcome schema = RunText(
      "pygrpc_json_schema", {kArgument, kNotFound, kAmbiguous},
      [&](auto... out) { return pygrpc_json_schema(client, name.c_str(), nullptr, out...); });
  if (example.code != schema.code) Fail("a template or a JSON Schema, and not both");
  if (schema.ok()) CheckIsJson("pygrpc_json_schema", schema.text);
  if (example.ok()) CheckIsJson("pygrpc_template", example.text);
  const Outcome binary = RunText(
      "pygrpc_json_to_binary", {kArgument, kNotFound, kAmbiguous, PYGRPC_E_JSON}, [&](auto... out) {
        return pygrpc_json_to_binary(client, name.c_str(), example.text.data(), example.text.size(),
                                     nullptr, out...);
      });
  const Outcome json =
      RunText("pygrpc_binary_to_json",
              {kArgument, kNotFound, kAmbiguous, PYGRPC_E_WIRE, PYGRPC_E_JSON}, [&](auto... out) {
                return pygrpc_binary_to_json(client, name.c_str(), binary.text.data(),
                                             binary.text.size(), nullptr, out...);
              });
  if (json.ok()) CheckIsJson("pygrpc_binary_to_json", json.text);
}

void AsSymbols(pygrpc_client* client, const std::string& name) {
  for (const std::string& symbols : {name, "[" + JsonText(name) + "]"}) {
    for (const char* format : {"descriptor_set", "proto"}) {
      const Outcome exported = RunText(
          "pygrpc_export", {kArgument, kNotFound, kAmbiguous},
          [&](auto... out) { return pygrpc_export(client, symbols.c_str(), format, out...); });
      if (exported.ok() && *format == 'p') CheckIsJson("pygrpc_export", exported.text);
    }
  }
  RunText("pygrpc_export", {kArgument},
          [&](auto... out) { return pygrpc_export(client, "[]", name.c_str(), out...); });
}

// In this process's own directory, which is empty.
void AsSource(const std::string& name) {
  if (name.find('/') != std::string::npos || name.find("..") != std::string::npos) return;
  Client client(nullptr, nullptr);
  Run("pygrpc_load", {kArgument, PYGRPC_E_SCHEMA, PYGRPC_E_STATE},
      [&](pygrpc_error** error) { return pygrpc_load(client, name.c_str(), nullptr, error); });
}

}  // namespace
}  // namespace pygrpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pygrpc::fuzz;  // NOLINT: this is theirs
  static Client* const client = [] {
    auto* made = new Client("unix:nobody", R"({"reflection": false})");
    LoadTestSchema(*made);
    return made;
  }();
  StayOffline();
  UseEmptyDirectory();
  const std::string name(View(data, size));
  AsMethod(*client, name);
  AsType(*client, name);
  AsSymbols(*client, name);
  AsSource(name);
  return 0;
}
