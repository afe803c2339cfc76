// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "base/text.h"
#include "transcode/wire_to_json_writer.h"

namespace pygrpc::transcode {

// Makes sure that a parser would take the message, up to `end` or past the end tag of its group.
const uint8_t* WireToJsonWriter::Validate(const MessagePlan& plan, const uint8_t* at,
                                          const uint8_t* end, uint32_t group, uint32_t depth) {
  // A JSON value may take three messages: google.protobuf.Struct, its entry, Value.
  if (depth > options_.max_depth * uint64_t{4}) FailDepth(at);
  const uint8_t* const begin = at;
  while (at < end) {
    const uint8_t* const start = at;
    uint32_t tag;
    at = ReadTag(at, end, &tag);
    if (at == nullptr) FailTag(start);
    if (TagWireType(tag) == WireType::kEndGroup) {
      if (TagNumber(tag) != group) FailTag(start);
      return at;
    }
    const FieldPlan* field = plan.FindNumber(TagNumber(tag));
    if (field == nullptr || !Accepts(*field, TagWireType(tag))) {
      at = SkipUnknown(tag, at, end);
    } else {
      at = ValidateValue(*field, tag, at, end, depth);
    }
  }
  if (group != 0) FailGroup(begin);
  return at;
}

const uint8_t* WireToJsonWriter::ValidateValue(const FieldPlan& field, uint32_t tag,
                                               const uint8_t* at, const uint8_t* end,
                                               uint32_t depth) {
  if (field.kind == FieldKind::kGroup) {
    return Validate(field.message(), at, end, field.number, depth + 1);
  }
  const uint8_t* const value = at;
  at = SkipValue(tag, at, end, 0);
  if (at == nullptr) FailValue(value, field);
  if (TagWireType(tag) != WireType::kLengthDelimited) return at;
  size_t size = 0;
  const uint8_t* const payload = ReadLength(value, end, &size);
  if (field.kind == FieldKind::kMessage) {
    return Validate(field.message(), payload, at, 0, depth + 1);
  }
  if (field.kind == FieldKind::kString) {
    if (field.strict_utf8 && !IsUtf8(payload, size)) FailUtf8(payload, size, field);
    return at;
  }
  if (TagWireType(tag) == field.wire_type) return at;
  for (const uint8_t* element = payload; element < at;) {  // packed
    const uint8_t* const start = element;
    element = SkipValue(static_cast<uint32_t>(field.wire_type), start, at, 0);
    if (element == nullptr) FailValue(start, field);
  }
  return at;
}

}  // namespace pygrpc::transcode
