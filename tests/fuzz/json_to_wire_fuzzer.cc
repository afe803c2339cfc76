// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// JSON -> wire on any text. What is taken is a message that protobuf takes, that has the JSON it
// should have, and that comes back the same from it; and it is the message that
// google::protobuf::util makes of the text, where that takes it too and is right.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fuzz_oracle.h"
#include "transcode/random_message.h"

namespace pygrpc::differential {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void CheckAgainstUtil(const Input& input, const Message& ours) {
  const Oracle& oracle = Oracle::Get();
  const std::optional<std::string> binary = oracle.UtilJsonToWire(input);
  if (!binary) return;
  // It makes bytes that are no message of texts such as {"repeatedNested":{"":{"":{}}}}.
  const std::unique_ptr<Message> theirs = oracle.Parse(input.type, *binary);
  if (theirs != nullptr) Oracle::CheckSameMessage(*theirs, ours);
}

void Check(const Input& input) {
  const Oracle& oracle = Oracle::Get();
  std::string refusal;
  const std::optional<std::string> wire = oracle.JsonToWire(input, &refusal);
  if (!wire) return;
  const std::unique_ptr<Message> message = oracle.Parse(input.type, *wire);
  if (message == nullptr) Oracle::Fail("protobuf refuses the bytes that are made");
  std::string reason;
  const std::optional<std::string> expected = oracle.ExpectedJson(*message, &reason);
  if (!expected) Oracle::Fail("made of JSON, but has no JSON form: " + reason);
  const std::optional<std::string> json = oracle.WireToJson({input.type, *wire}, &refusal);
  if (!json) Oracle::Fail("its own bytes are refused: " + refusal);
  Oracle::CheckSameJson(*expected, *json);
  const std::optional<std::string> again = oracle.JsonToWire({input.type, *json}, &refusal);
  if (!again) Oracle::Fail("its own JSON is refused: " + refusal + "\n" + *json);
  if (*again != *wire) {
    const std::unique_ptr<Message> second = oracle.Parse(input.type, *again);
    if (second == nullptr) Oracle::Fail("protobuf refuses the bytes made of " + *json);
    Oracle::CheckSameMessage(*message, *second);
  }
  CheckAgainstUtil(input, *message);
}

}  // namespace
}  // namespace pygrpc::differential

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto input = pygrpc::differential::Oracle::Get().Take(data, size);
  if (input) pygrpc::differential::Check(*input);
  return 0;
}
