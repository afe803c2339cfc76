// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TRANSCODE_JSON_TO_WIRE_SCALARS_H_
#define PYGRPC_TRANSCODE_JSON_TO_WIRE_SCALARS_H_

// The scalars of JsonToWireConverter that have to be inlined where fields are told apart.

#include <array>
#include <type_traits>

#include "transcode/json_to_wire_converter.h"

namespace pygrpc::transcode {

// What ends a number or a literal: white space, or a token of its own.
constexpr std::array<bool, 256> MakeScalarEnds() {
  std::array<bool, 256> ends{};
  for (unsigned char character : {' ', '\t', '\n', '\r', ',', ':', '[', ']', '{', '}'}) {
    ends[character] = true;
  }
  return ends;
}
inline constexpr std::array<bool, 256> kScalarEnds = MakeScalarEnds();

inline bool EndsScalar(char character) {
  return kScalarEnds[static_cast<unsigned char>(character)];
}

inline bool JsonToWireConverter::IsLiteral(const uint32_t* token, std::string_view literal) const {
  const char* at = text_ + *token;
  return std::memcmp(at, literal.data(), literal.size()) == 0 && EndsScalar(at[literal.size()]);
}

inline char* JsonToWireConverter::PutVarint(char* out, uint64_t value) {
  while (value >= 0x80) {
    *out++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<char>(value);
  return out;
}

template <bool kSigned, int kBits>
inline uint64_t JsonToWireConverter::Integer(const uint32_t* token, char first) {
  const bool quoted = first == '"';
  const char* end;
  uint64_t value;
  NumberResult result =
      ParseInteger<kSigned, kBits>(text_ + *token + (quoted ? 1 : 0), &end, &value);
  if (PYGRPC_LIKELY(result == NumberResult::kOk && (quoted ? *end == '"' : EndsScalar(*end)))) {
    return value;
  }
  return IntegerSlowly(token, first, kSigned, kBits);
}

template <typename Float>
inline Float JsonToWireConverter::FloatingPoint(const uint32_t* token, char first) {
  const char* end;
  Float value;
  NumberResult result;
  if constexpr (std::is_same_v<Float, double>) {
    result = ParseDouble(text_ + *token, &end, &value);
  } else {
    result = ParseFloat(text_ + *token, &end, &value);
  }
  if (PYGRPC_LIKELY(result == NumberResult::kOk && EndsScalar(*end))) return value;
  return FloatingPointSlowly<Float>(token, first);
}

template <FieldKind kKind>
inline JsonToWireConverter::Cursor JsonToWireConverter::Scalar(Cursor cursor, char first) {
  if constexpr (kKind == FieldKind::kDouble) {
    double value = FloatingPoint<double>(cursor.token, first);
    std::memcpy(cursor.out, &value, sizeof(value));
    cursor.out += sizeof(value);
  } else if constexpr (kKind == FieldKind::kFloat) {
    float value = FloatingPoint<float>(cursor.token, first);
    std::memcpy(cursor.out, &value, sizeof(value));
    cursor.out += sizeof(value);
  } else if constexpr (kKind == FieldKind::kBool) {
    *cursor.out++ = Bool(cursor.token, first) ? 1 : 0;
  } else if constexpr (kKind == FieldKind::kFixed64 || kKind == FieldKind::kSfixed64) {
    uint64_t value = Integer<kKind == FieldKind::kSfixed64, 64>(cursor.token, first);
    std::memcpy(cursor.out, &value, sizeof(value));
    cursor.out += sizeof(value);
  } else if constexpr (kKind == FieldKind::kFixed32 || kKind == FieldKind::kSfixed32) {
    auto value =
        static_cast<uint32_t>(Integer<kKind == FieldKind::kSfixed32, 32>(cursor.token, first));
    std::memcpy(cursor.out, &value, sizeof(value));
    cursor.out += sizeof(value);
  } else {
    constexpr bool kIsSigned = kKind != FieldKind::kUint32 && kKind != FieldKind::kUint64;
    constexpr bool kIsLong =
        kKind == FieldKind::kInt64 || kKind == FieldKind::kUint64 || kKind == FieldKind::kSint64;
    uint64_t value = Integer < kIsSigned, kIsLong ? 64 : 32 > (cursor.token, first);
    if constexpr (kKind == FieldKind::kSint32) {
      value = static_cast<uint32_t>(value << 1) ^ static_cast<uint32_t>(0 - (value >> 63));
    } else if constexpr (kKind == FieldKind::kSint64) {
      value = value << 1 ^ (0 - (value >> 63));
    }
    cursor.out = PutVarint(cursor.out, value);
  }
  ++cursor.token;
  return cursor;
}

inline bool JsonToWireConverter::Bool(const uint32_t* token, char first) {
  if (first == 't' && IsLiteral(token, "true")) return true;
  if (first != 'f' || !IsLiteral(token, "false")) Fail(token, "true or false");
  return false;
}

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TRANSCODE_JSON_TO_WIRE_SCALARS_H_
