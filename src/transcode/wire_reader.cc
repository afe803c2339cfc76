// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/wire_reader.h"

#include <vector>

namespace pygrpc::transcode {

const uint8_t* SkipValue(uint32_t tag, const uint8_t* at, const uint8_t* end, uint32_t depth) {
  uint64_t varint;
  size_t length;
  switch (TagWireType(tag)) {
    case WireType::kVarint:
      return ReadVarint(at, end, &varint);
    case WireType::kFixed64:
      return end - at < 8 ? nullptr : at + 8;
    case WireType::kFixed32:
      return end - at < 4 ? nullptr : at + 4;
    case WireType::kLengthDelimited: {
      const uint8_t* payload = ReadLength(at, end, &length);
      return payload == nullptr ? nullptr : payload + length;
    }
    case WireType::kStartGroup: {
      const uint8_t* end_tag;
      return SkipGroup(TagNumber(tag), at, end, depth, &end_tag);
    }
    case WireType::kEndGroup:
      break;
  }
  return nullptr;
}

// A loop with a stack of its own: hostile bytes nest groups as deep as they like.
const uint8_t* SkipGroup(uint32_t number, const uint8_t* at, const uint8_t* end, uint32_t depth,
                         const uint8_t** end_tag) {
  std::vector<uint32_t> open{number};
  while (!open.empty()) {
    if (open.size() > depth) return nullptr;
    const uint8_t* start = at;
    uint32_t tag;
    at = ReadTag(at, end, &tag);
    if (at == nullptr) return nullptr;
    if (TagWireType(tag) == WireType::kStartGroup) {
      open.push_back(TagNumber(tag));
    } else if (TagWireType(tag) == WireType::kEndGroup) {
      if (TagNumber(tag) != open.back()) return nullptr;
      open.pop_back();
      *end_tag = start;
    } else {
      at = SkipValue(tag, at, end, depth);
      if (at == nullptr) return nullptr;
    }
  }
  return at;
}

}  // namespace pygrpc::transcode
