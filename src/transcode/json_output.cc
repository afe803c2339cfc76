// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/json_output.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "transcode/simd.h"

namespace pygrpc::transcode {
namespace {

// Those powers of ten that a double holds exactly, as far as they are needed.
constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                   1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
constexpr uint64_t kIntegerPowersOfTen[] = {1,
                                            10,
                                            100,
                                            1000,
                                            10000,
                                            100000,
                                            1000000,
                                            10000000,
                                            100000000,
                                            1000000000,
                                            10000000000,
                                            100000000000,
                                            1000000000000,
                                            10000000000000,
                                            100000000000000,
                                            1000000000000000,
                                            10000000000000000,
                                            100000000000000000,
                                            1000000000000000000};
constexpr int kFractionDigits = 18;

char* WriteText(char* out, const char* text, size_t size) {
  std::memcpy(out, text, size);
  return out + size;
}

char* WriteNotFinite(char* out, double value) {
  if (std::isnan(value)) return WriteText(out, "\"NaN\"", 5);
  return value > 0 ? WriteText(out, "\"Infinity\"", 10) : WriteText(out, "\"-Infinity\"", 11);
}

// How many zeros end the 8 characters at `text`.
unsigned TrailingZeros(const char* text) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  uint64_t word;
  std::memcpy(&word, text, sizeof(word));
  word ^= 0x3030303030303030u;
  return word == 0 ? 8 : static_cast<unsigned>(__builtin_clzll(word)) / 8;
#else
  unsigned zeros = 0;
  while (zeros < 8 && text[7 - zeros] == '0') ++zeros;
  return zeros;
#endif
}

// Writes digits / 10^scale, which is no integer and whose integer part is `integer`, without the
// zeros at its end.
char* WriteDecimal(char* out, uint64_t integer, uint64_t digits, unsigned scale) {
  out = WriteUnsigned(out, integer);
  *out++ = '.';
  uint64_t fraction = (digits - integer * kIntegerPowersOfTen[scale]) *
                      kIntegerPowersOfTen[kFractionDigits - scale];
  uint64_t low = fraction % 10000000000000000u;
  WriteTwoDigits(out, static_cast<uint32_t>(fraction / 10000000000000000u));
  WriteEightDigits(out + 2, static_cast<uint32_t>(low / 100000000));
  WriteEightDigits(out + 10, static_cast<uint32_t>(low % 100000000));
  unsigned zeros = TrailingZeros(out + 10);
  if (zeros == 8) zeros += TrailingZeros(out + 2);
  if (zeros == 16) zeros += out[1] == '0';
  return out + kFractionDigits - zeros;
}

// Most numbers in messages are decimals of few digits. If `value` is the double (or float) next to
// a decimal of at most `kDigits` digits, that decimal is the shortest text for it: no two decimals
// of so few digits share a neighbour. Finds it, if `value` is in the range that is worth it.
template <typename Number, int kDigits>
char* TryDecimal(char* out, Number value) {
  double magnitude = std::fabs(static_cast<double>(value));
  if (!(magnitude >= 1e-3 && magnitude < 1e15)) return nullptr;
  uint64_t bits;
  std::memcpy(&bits, &magnitude, sizeof(bits));
  // magnitude < 2^exponent <= 10^(tens + 1), so that magnitude * 10^scale < 10^kDigits.
  int exponent = static_cast<int>(bits >> 52) - 1022;
  int tens = (exponent * 1233) >> 12;  // exponent * log10(2), rounded down
  int scale = kDigits - 1 - tens;
  if (scale < 1) return nullptr;
  auto digits = static_cast<uint64_t>(magnitude * kPowersOfTen[scale] + 0.5);
  // Both operands are exact, so the quotient is the double next to the decimal. (Rounding it to a
  // float cannot err: a decimal of so few places is never that near to the middle of two floats.)
  if (static_cast<Number>(static_cast<double>(digits) / kPowersOfTen[scale]) !=
      static_cast<Number>(magnitude)) {
    return nullptr;
  }
  if (value < 0) *out++ = '-';
  // No integer lies between the decimal and the double: it would be nearer to the decimal.
  return WriteDecimal(out, static_cast<uint64_t>(magnitude), digits, static_cast<unsigned>(scale));
}

template <typename Number, int kDigits>
char* WriteFloatingPoint(char* out, Number value) {
  constexpr auto kExactIntegers =
      static_cast<double>(uint64_t{1} << std::numeric_limits<Number>::digits);
  if (std::fabs(value) < kExactIntegers) {
    auto integer = static_cast<int64_t>(value);
    if (static_cast<Number>(integer) == value) {
      // Not "-0": many readers make an integer of that, which has no sign.
      if (integer == 0 && std::signbit(value)) return WriteText(out, "-0.0", 4);
      return WriteSigned(out, integer);
    }
    char* end = TryDecimal<Number, kDigits>(out, value);
    if (end != nullptr) return end;
  } else if (!std::isfinite(value)) {
    return WriteNotFinite(out, value);
  }
  return std::to_chars(out, out + 32, value).ptr;
}

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Two characters for every 12 bits.
struct Base64Pairs {
  constexpr Base64Pairs() {
    for (unsigned i = 0; i < 4096; ++i) {
      text[i][0] = kBase64[i >> 6];
      text[i][1] = kBase64[i & 63];
    }
  }
  char text[4096][2] = {};
};
constexpr Base64Pairs kBase64Pairs;

// What stands for an ASCII character in a JSON string, if not the character itself.
struct Escape {
  char text[7] = {};
  uint8_t size = 0;
};

struct Escapes {
  constexpr Escapes() {
    constexpr char kHex[] = "0123456789abcdef";
    for (unsigned i = 0; i < 0x20; ++i) {
      of[i] = {{'\\', 'u', '0', '0', kHex[i >> 4], kHex[i & 15], 0}, 6};
    }
    constexpr char kShort[][2] = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                  {'\n', 'n'}, {'\r', 'r'},  {'\t', 't'}};
    for (const auto& pair : kShort) {
      of[static_cast<unsigned char>(pair[0])] = {{'\\', pair[1], 0, 0, 0, 0, 0}, 2};
    }
  }
  Escape of[128] = {};
};
constexpr Escapes kEscapes;

}  // namespace

bool IsUtf8(const uint8_t* text, size_t size) {
  const char* characters = reinterpret_cast<const char*>(text);
  if (size >= 64) return Simd().validate_utf8(characters, size);
  return FindInvalidUtf8({characters, size}) == std::string_view::npos;
}

char* WriteDouble(char* out, double value) { return WriteFloatingPoint<double, 15>(out, value); }

char* WriteFloat(char* out, float value) { return WriteFloatingPoint<float, 6>(out, value); }

char* JsonOutput::Grow(char* out, size_t extra) {
  buffer_->SetEnd(out);
  out = buffer_->Reserve(extra + kSlack);
  SetLimit();
  return out;
}

char* JsonOutput::WriteLongString(char* out, const uint8_t* text, size_t size,
                                  const uint8_t* readable_end) {
  out = Ensure(out, size);
  bool checked = false;
  uint8_t last[16] = {};
  while (size > 0) {
    if (PYGRPC_UNLIKELY(readable_end - text < 16)) {
      // The last few bytes of a message must be read as a block of their own (which they may be
      // in).
      std::memmove(last, text, size);
      text = last;
      readable_end = last + sizeof last;
    }
    uint32_t high;
    uint32_t special = CopySixteen(out, text, &high);
    if (checked) special &= ~high;
    const size_t block_size = size < 16 ? size : 16;
    if (block_size < 16) special &= (1u << block_size) - 1;
    if (special == 0) {
      out += block_size;
      text += block_size;
      size -= block_size;
      continue;
    }
    auto before = static_cast<size_t>(__builtin_ctz(special));
    out += before;
    text += before;
    size -= before;
    if (*text >= 0x80) {
      if (!IsUtf8(text, size)) return nullptr;
      checked = true;
      continue;
    }
    const Escape& escape = kEscapes.of[*text];
    std::memcpy(out, escape.text, sizeof escape.text);
    out = Ensure(out + escape.size, size);
    ++text;
    --size;
  }
  *out++ = '"';
  return Ensure(out, 0);
}

char* JsonOutput::WriteBase64(char* out, const uint8_t* bytes, size_t size) {
  out = Ensure(out, size / 3 * 4 + 8);
  *out++ = '"';
  for (; size >= 3; size -= 3, bytes += 3, out += 4) {
    uint32_t group = static_cast<uint32_t>(bytes[0]) << 16 | bytes[1] << 8 | bytes[2];
    std::memcpy(out, kBase64Pairs.text[group >> 12], 2);
    std::memcpy(out + 2, kBase64Pairs.text[group & 0xFFF], 2);
  }
  if (size > 0) {
    uint32_t group = static_cast<uint32_t>(bytes[0]) << 16 | (size == 2 ? bytes[1] << 8 : 0);
    std::memcpy(out, kBase64Pairs.text[group >> 12], 2);
    out[2] = size == 2 ? kBase64[group >> 6 & 63] : '=';
    out[3] = '=';
    out += 4;
  }
  *out++ = '"';
  return Ensure(out, 0);
}

}  // namespace pygrpc::transcode
