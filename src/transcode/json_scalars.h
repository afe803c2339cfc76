// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TRANSCODE_JSON_SCALARS_H_
#define PYGRPC_TRANSCODE_JSON_SCALARS_H_

#include <cstdint>
#include <cstring>
#include <string_view>

namespace pygrpc::transcode {

// How reading a number ended.
enum class NumberResult : uint8_t {
  kOk,
  kSyntax,      // not a JSON number
  kNotInteger,  // a number with a fraction, for an integer
  kRange,       // too large for the type
};

// The functions below read a JSON number at `at` and set `end` to where it ends if the result is
// kOk or kRange. They may look at up to 8 bytes behind its end. What has to follow a number is for
// the caller to check.

// For plain digits; everything else is left to ParseIntegerSlowly.
NumberResult ParseIntegerSlowly(const char* at, const char** end, bool is_signed, int bits,
                                uint64_t* value);
// kRange when the number is finite but too large for a double.
NumberResult ParseDouble(const char* at, const char** end, double* value);
// The nearest float, rounded once.
NumberResult ParseFloat(const char* at, const char** end, float* value);

// A signed or unsigned integer of `bits`; `value` is sign-extended.
template <bool kSigned, int kBits>
inline NumberResult ParseInteger(const char* at, const char** end, uint64_t* value) {
  const char* digit = at;
  bool negative = false;
  if (kSigned && *digit == '-') {
    negative = true;
    ++digit;
  }
  const char* first = digit;
  uint64_t sum = 0;
  uint32_t next;
  while ((next = static_cast<unsigned char>(*digit) - uint32_t{'0'}) < 10) {
    sum = sum * 10 + next;
    ++digit;
  }
  const auto count = digit - first;
  constexpr uint64_t kMax =
      // cppcheck-suppress shiftTooManyBits ; kBits is 32 or 64
      kSigned ? (uint64_t{1} << (kBits - 1)) - 1 : ~uint64_t{0} >> (64 - kBits);
  // Up to 18 digits cannot overflow. A leading zero, a fraction or an exponent is looked at slowly.
  const char after = *digit;
  if (count == 0 || count > 18 || (*first == '0' && count > 1) || after == '.' || after == 'e' ||
      after == 'E' || sum > kMax + (negative ? 1 : 0)) {
    return ParseIntegerSlowly(at, end, kSigned, kBits, value);
  }
  *end = digit;
  *value = negative ? ~sum + 1 : sum;
  return NumberResult::kOk;
}

// Writes what the text between the quotes of a JSON string stands for to `out`, which must have
// room for `raw.size()` + 16 bytes. Returns where it ends, or nullptr for a bad escape or a lone
// surrogate, whose offset goes to `fault`. `raw` is valid UTF-8 without control characters.
char* Unescape(std::string_view raw, char* out, size_t* fault);

// Decodes standard or URL-safe base64, padded or not. `out` must have room for
// `text.size()` / 4 * 3 + 3 bytes. Returns where it ends, or nullptr when it is not base64.
char* DecodeBase64(std::string_view text, char* out);

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TRANSCODE_JSON_SCALARS_H_
