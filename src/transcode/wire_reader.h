// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TRANSCODE_WIRE_READER_H_
#define PYGRPC_TRANSCODE_WIRE_READER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "transcode/plan.h"

#if defined(__GNUC__)
#define PYGRPC_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define PYGRPC_UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#define PYGRPC_ALWAYS_INLINE inline __attribute__((always_inline))
#define PYGRPC_NEVER_INLINE __attribute__((noinline))
#define PYGRPC_COLD __attribute__((noinline, cold))
#else
#define PYGRPC_LIKELY(condition) (condition)
#define PYGRPC_UNLIKELY(condition) (condition)
#define PYGRPC_ALWAYS_INLINE inline
#define PYGRPC_NEVER_INLINE
#define PYGRPC_COLD
#endif

// Primitives that read the wire format. Each takes where to read and where the bytes end, and
// returns the place behind what it read, or nullptr for bytes that are not well-formed.
namespace pygrpc::transcode {

inline const uint8_t* ReadLongVarint(const uint8_t* at, const uint8_t* end, uint64_t* value) {
  uint64_t result = 0;
  for (unsigned shift = 0; shift < 70 && at < end; shift += 7) {
    uint64_t byte = *at++;
    result |= (byte & 0x7F) << shift;  // of the tenth byte one bit counts
    if (byte < 0x80) {
      *value = result;
      return at;
    }
  }
  return nullptr;
}

PYGRPC_ALWAYS_INLINE const uint8_t* ReadVarint(const uint8_t* at, const uint8_t* end,
                                               uint64_t* value) {
  if (PYGRPC_LIKELY(at < end && *at < 0x80)) {
    *value = *at;
    return at + 1;
  }
  return ReadLongVarint(at, end, value);
}

// A tag: at most five bytes, a field number above 0, a wire type that exists. As in protobuf's own
// parser, of the fifth byte those bits count that a tag of 32 bits has room for.
inline const uint8_t* ReadTag(const uint8_t* at, const uint8_t* end, uint32_t* tag) {
  uint64_t value;
  const uint8_t* next = ReadVarint(at, end, &value);
  if (next == nullptr || next - at > 5) return nullptr;
  *tag = static_cast<uint32_t>(value);
  return *tag >> 3 == 0 || (*tag & 7) > 5 ? nullptr : next;
}

// The length of a delimited value, all of which must lie before `end`.
PYGRPC_ALWAYS_INLINE const uint8_t* ReadLength(const uint8_t* at, const uint8_t* end,
                                               size_t* length) {
  uint64_t value;
  const uint8_t* next = ReadVarint(at, end, &value);
  if (PYGRPC_UNLIKELY(next == nullptr || next - at > 5 ||
                      value > static_cast<size_t>(end - next))) {
    return nullptr;
  }
  *length = static_cast<size_t>(value);
  return next;
}

inline uint32_t TagNumber(uint32_t tag) { return tag >> 3; }
inline WireType TagWireType(uint32_t tag) { return static_cast<WireType>(tag & 7); }

inline uint32_t LoadFixed32(const uint8_t* at) {
  return static_cast<uint32_t>(at[0]) | static_cast<uint32_t>(at[1]) << 8 |
         static_cast<uint32_t>(at[2]) << 16 | static_cast<uint32_t>(at[3]) << 24;
}
inline uint64_t LoadFixed64(const uint8_t* at) {
  return LoadFixed32(at) | static_cast<uint64_t>(LoadFixed32(at + 4)) << 32;
}

inline int32_t ZigZag32(uint32_t value) {
  return static_cast<int32_t>((value >> 1) ^ (0u - (value & 1)));
}
inline int64_t ZigZag64(uint64_t value) {
  return static_cast<int64_t>((value >> 1) ^ (uint64_t{0} - (value & 1)));
}

// Passes over the value behind `tag`, of whatever type; a group with all that is in it. `depth` is
// how many groups may be nested. The tag must not end a group.
const uint8_t* SkipValue(uint32_t tag, const uint8_t* at, const uint8_t* end, uint32_t depth);

// Passes over what is left of a group whose start tag has been read, and over its end tag, which
// begins at `*end_tag`.
const uint8_t* SkipGroup(uint32_t number, const uint8_t* at, const uint8_t* end, uint32_t depth,
                         const uint8_t** end_tag);

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TRANSCODE_WIRE_READER_H_
