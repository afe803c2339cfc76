// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Wire -> JSON on any bytes: taken and refused as DynamicMessage takes and refuses them, with the
// JSON that the message in them should have, which is then read back to the same message.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz_oracle.h"

namespace pygrpc::differential {
namespace {

constexpr int kMaxDepth = 100;

// protobuf 3.21 drops the bits of a tag beyond the 32nd, and so takes field numbers that cannot be.
bool MayHoldLongTag(std::string_view bytes) {
  size_t continued = 0;
  for (unsigned char c : bytes) {
    if (c >= 0x80) {
      ++continued;
    } else {
      if (continued >= 4 && c >= 0x10) return true;
      continued = 0;
    }
  }
  return false;
}

void Check(const Input& input) {
  const Oracle& oracle = Oracle::Get();
  std::string refusal;
  const std::optional<std::string> ours = oracle.WireToJson(input, &refusal);
  const std::unique_ptr<google::protobuf::Message> message =
      oracle.Parse(input.type, input.content);
  if (message == nullptr) {
    if (ours) Oracle::Fail("protobuf refuses the bytes; ours: " + *ours);
    return;
  }
  if (oracle.HasMapOfClosedEnum(*message)) return;
  std::string reason;
  const std::optional<std::string> expected = oracle.ExpectedJson(*message, &reason);
  if (!expected) {
    if (ours) Oracle::Fail("no JSON form: " + reason + "; ours: " + *ours);
    return;
  }
  if (!ours) {
    // Both limit the depth, but protobuf counts messages only.
    if (Oracle::Nesting(*expected) > kMaxDepth) return;
    if (refusal.find("no valid tag") != std::string::npos && MayHoldLongTag(input.content)) return;
    Oracle::Fail("refused: " + refusal + "\nexpected: " + *expected);
  }
  Oracle::CheckSameJson(*expected, *ours);
  if (oracle.LosesInJson(*message)) return;
  const std::optional<std::string> wire = oracle.JsonToWire({input.type, *ours}, &refusal);
  if (!wire) Oracle::Fail("its own JSON is refused: " + refusal + "\n" + *ours);
  const auto again = oracle.Parse(input.type, *wire);
  if (again == nullptr) Oracle::Fail("protobuf refuses the bytes made of " + *ours);
  Oracle::CheckSameMessage(*message, *again);
}

}  // namespace
}  // namespace pygrpc::differential

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto input = pygrpc::differential::Oracle::Get().Take(data, size);
  if (input) pygrpc::differential::Check(*input);
  return 0;
}
