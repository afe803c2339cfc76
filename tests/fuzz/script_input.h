// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_FUZZ_SCRIPT_INPUT_H_
#define PYGRPC_TESTS_FUZZ_SCRIPT_INPUT_H_

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "peer.h"

namespace pygrpc::fuzz {

// The inputs of the fuzzers that have a server are messages of script.proto, which their mutator
// knows; they themselves read no more of them than these fields, from any bytes.
struct ScriptField {
  uint32_t number = 0;
  uint64_t value = 0;      // of a varint
  std::string_view bytes;  // of a length-delimited field
};

// The fields up to the first that is malformed.
std::vector<ScriptField> ScriptFields(std::string_view message);

// A Field of script.proto.
std::pair<std::string, std::string> NameAndValue(std::string_view message);

}  // namespace pygrpc::fuzz

#endif  // PYGRPC_TESTS_FUZZ_SCRIPT_INPUT_H_
