// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include <vector>

#include "base/text.h"
#include "transcode/wire_to_json_writer.h"

namespace pygrpc::transcode {
namespace {

// A message that is not yet at its end.
struct OpenMessage {
  const MessagePlan* plan;
  const uint8_t* begin;
  const uint8_t* end;  // of a group, the end of what it stands in
  uint32_t group;      // its number, or 0
};

}  // namespace

// Makes sure that a parser would take the message. A loop with a stack of its own: nesting is
// limited only later, as the nesting of the JSON.
void WireToJsonWriter::Validate(const MessagePlan& plan, const uint8_t* begin, const uint8_t* end) {
  std::vector<OpenMessage> open{{&plan, begin, end, 0}};
  const uint8_t* at = begin;
  while (!open.empty()) {
    const OpenMessage message = open.back();
    if (at >= message.end) {
      if (message.group != 0) FailGroup(message.begin);
      open.pop_back();
      continue;
    }
    const uint8_t* const start = at;
    uint32_t tag;
    at = ReadTag(at, message.end, &tag);
    if (at == nullptr) FailTag(start);
    if (TagWireType(tag) == WireType::kEndGroup) {
      if (TagNumber(tag) != message.group) FailTag(start);
      open.pop_back();
      continue;
    }
    const FieldPlan* field = message.plan->FindNumber(TagNumber(tag));
    if (field == nullptr || !Accepts(*field, TagWireType(tag))) {
      at = SkipUnknown(tag, at, message.end);
    } else if (field->kind == FieldKind::kGroup) {
      open.push_back({&field->message(), at, message.end, field->number});
    } else if (field->kind == FieldKind::kMessage) {
      size_t size = 0;
      const uint8_t* const payload = ReadLength(at, message.end, &size);
      if (payload == nullptr) FailValue(at, *field);
      open.push_back({&field->message(), payload, payload + size, 0});
      at = payload;
    } else {
      at = ValidateScalar(*field, tag, at, message.end);
    }
  }
}

// One scalar, or many that are packed.
const uint8_t* WireToJsonWriter::ValidateScalar(const FieldPlan& field, uint32_t tag,
                                                const uint8_t* at, const uint8_t* end) {
  const uint8_t* const value = at;
  at = SkipValue(tag, at, end, 0);
  if (at == nullptr) FailValue(value, field);
  if (TagWireType(tag) != WireType::kLengthDelimited) return at;
  size_t size = 0;
  const uint8_t* element = ReadLength(value, end, &size);
  if (field.wire_type == WireType::kLengthDelimited) {
    if (field.strict_utf8 && !IsUtf8(element, size)) FailUtf8(element, size, field);
    return at;
  }
  while (element < at) {
    const uint8_t* const start = element;
    element = SkipValue(static_cast<uint32_t>(field.wire_type), start, at, 0);
    if (element == nullptr) FailValue(start, field);
  }
  return at;
}

}  // namespace pygrpc::transcode
