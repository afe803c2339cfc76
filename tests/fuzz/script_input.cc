// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "script_input.h"

#include <cstddef>

namespace pygrpc::fuzz {
namespace {

bool TakeVarint(std::string_view* bytes, uint64_t* value) {
  constexpr int kLongest = 10;
  *value = 0;
  for (int i = 0; i < kLongest && !bytes->empty(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes->front());
    bytes->remove_prefix(1);
    *value |= static_cast<uint64_t>(byte & 0x7F) << (7 * i);
    if (byte < 0x80) return true;
  }
  return false;
}

}  // namespace

std::vector<ScriptField> ScriptFields(std::string_view message) {
  constexpr uint64_t kVarint = 0;
  constexpr uint64_t kBytes = 2;
  std::vector<ScriptField> fields;
  uint64_t tag = 0;
  while (TakeVarint(&message, &tag)) {
    ScriptField field;
    field.number = static_cast<uint32_t>(tag >> 3);
    if (!TakeVarint(&message, &field.value)) break;
    if ((tag & 7) == kBytes) {
      if (field.value > message.size()) break;
      field.bytes = message.substr(0, field.value);
      message.remove_prefix(field.value);
    } else if ((tag & 7) != kVarint) {
      break;
    }
    fields.push_back(field);
  }
  return fields;
}

std::pair<std::string, std::string> NameAndValue(std::string_view message) {
  std::pair<std::string, std::string> pair;
  for (const ScriptField& field : ScriptFields(message)) {
    if (field.number == 1) pair.first = field.bytes;
    if (field.number == 2) pair.second = field.bytes;
  }
  return pair;
}

}  // namespace pygrpc::fuzz
