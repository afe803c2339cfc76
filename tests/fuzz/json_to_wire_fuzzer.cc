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
#include <string_view>
#include <vector>

#include "fuzz_oracle.h"
#include "transcode/random_message.h"

namespace pygrpc::differential {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The util cuts a FieldMask path into words of its own: of "Bar" it makes "bar", and of "fooBAR"
// "foo_bar", which are printed as "bar" and "fooBar". Here every capital is an underscore and its
// small letter, so that paths come back as they were.
bool HasPathOfSeveralWords(const Message& message) {
  constexpr std::string_view kPath = "paths: \"";
  const std::string text = message.ShortDebugString();
  for (size_t at = text.find(kPath); at != std::string::npos; at = text.find(kPath, at)) {
    at += kPath.size();
    if (text.substr(at, text.find('"', at) - at).find('_') != std::string::npos) return true;
  }
  return false;
}

void CheckAgainstUtil(const Input& input, const Message& ours) {
  if (HasPathOfSeveralWords(ours)) return;
  // It reads -0 as the integer 0, also where a double is to stand.
  if (input.content.find("-0") != std::string_view::npos) return;
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
  if (oracle.HasMapOfClosedEnum(*message)) return;
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
