// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/json_scalars.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace pygrpc::transcode {
namespace {

bool IsDigit(char character) { return static_cast<unsigned char>(character - '0') < 10; }

// The parts of a JSON number. Its value is 0.d1d2d3... of `digits` times ten to `point`.
struct Decimal {
  const char* integer;   // the digits before the point
  const char* fraction;  // the digits behind it, or where they would begin
  const char* fraction_end;
  int64_t exponent;
  bool negative;
};

// Exponents beyond this stand for nothing but zero or overflow, whatever the digits.
constexpr int64_t kHugeExponent = int64_t{1} << 40;

NumberResult Dissect(const char* at, const char** end, Decimal* decimal) {
  decimal->negative = *at == '-';
  if (decimal->negative) ++at;
  decimal->integer = at;
  if (!IsDigit(*at)) return NumberResult::kSyntax;
  if (*at == '0' && IsDigit(at[1])) return NumberResult::kSyntax;
  while (IsDigit(*at)) ++at;
  decimal->fraction = at;
  if (*at == '.') {
    decimal->fraction = ++at;
    if (!IsDigit(*at)) return NumberResult::kSyntax;
    while (IsDigit(*at)) ++at;
  }
  decimal->fraction_end = at;
  decimal->exponent = 0;
  if (*at == 'e' || *at == 'E') {
    ++at;
    bool negative = *at == '-';
    if (*at == '-' || *at == '+') ++at;
    if (!IsDigit(*at)) return NumberResult::kSyntax;
    for (; IsDigit(*at); ++at) {
      if (decimal->exponent < kHugeExponent) {
        decimal->exponent = decimal->exponent * 10 + (*at - '0');
      }
    }
    if (negative) decimal->exponent = -decimal->exponent;
  }
  *end = at;
  return NumberResult::kOk;
}

// Powers of ten that a double holds exactly.
constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                              1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                              1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// Whether a number that from_chars finds out of range is too large, rather than too small.
bool IsLarge(const Decimal& decimal) {
  const char* at = decimal.integer;
  const char* point = decimal.fraction;
  while (point > at && !IsDigit(point[-1])) --point;  // back over the dot
  int64_t magnitude = 0;                              // of the first digit that is not zero
  if (*at != '0') {
    magnitude = point - at;
  } else {
    for (at = decimal.fraction; at < decimal.fraction_end && *at == '0'; ++at) --magnitude;
  }
  return magnitude + decimal.exponent > 0;
}

template <typename Float>
NumberResult ParseSlowly(const char* at, const char** end, Float* value) {
  Decimal decimal;
  NumberResult result = Dissect(at, end, &decimal);
  if (result != NumberResult::kOk) return result;
  auto [stop, error] = std::from_chars(at, *end, *value);
  if (error == std::errc::result_out_of_range) {
    if (IsLarge(decimal)) return NumberResult::kRange;
    *value = decimal.negative ? -Float{0} : Float{0};
    return NumberResult::kOk;
  }
  return error == std::errc() && stop == *end ? NumberResult::kOk : NumberResult::kSyntax;
}

bool AreEightDigits(uint64_t word) {
  return ((word & 0xF0F0F0F0F0F0F0F0u) |
          (((word + 0x0606060606060606u) & 0xF0F0F0F0F0F0F0F0u) >> 4)) == 0x3333333333333333u;
}

uint32_t EightDigits(uint64_t word) {
  word = (word & 0x0F0F0F0F0F0F0F0Fu) * 2561 >> 8;
  word = (word & 0x00FF00FF00FF00FFu) * 6553601 >> 16;
  return static_cast<uint32_t>((word & 0x0000FFFF0000FFFFu) * 42949672960001u >> 32);
}

const char* AddDigits(const char* at, uint64_t* sum) {
  uint32_t digit;
  while ((digit = static_cast<unsigned char>(*at) - uint32_t{'0'}) < 10) {
    *sum = *sum * 10 + digit;
    ++at;
  }
  return at;
}

}  // namespace

NumberResult ParseIntegerSlowly(const char* at, const char** end, bool is_signed, int bits,
                                uint64_t* value) {
  Decimal decimal;
  NumberResult result = Dissect(at, end, &decimal);
  if (result != NumberResult::kOk) return result;

  // How many digits count: those before the point as the exponent moves it.
  const char* integer_end = decimal.integer;
  while (IsDigit(*integer_end)) ++integer_end;
  const int64_t integer_digits = integer_end - decimal.integer;
  const int64_t all_digits = integer_digits + (decimal.fraction_end - decimal.fraction);
  const int64_t whole_digits = integer_digits + decimal.exponent;
  auto digit_at = [&](int64_t index) {
    return index < integer_digits ? decimal.integer[index] - '0'
                                  : decimal.fraction[index - integer_digits] - '0';
  };
  uint64_t sum = 0;
  bool zero = true;
  for (int64_t i = 0; i < all_digits; ++i) {
    uint64_t digit = static_cast<uint64_t>(digit_at(i));
    if (digit != 0) zero = false;
    if (i >= whole_digits) {
      if (digit != 0) return NumberResult::kNotInteger;
    } else if (__builtin_mul_overflow(sum, uint64_t{10}, &sum) ||
               __builtin_add_overflow(sum, digit, &sum)) {
      return NumberResult::kRange;
    }
  }
  if (!zero) {
    for (int64_t i = all_digits; i < whole_digits; ++i) {
      if (__builtin_mul_overflow(sum, uint64_t{10}, &sum)) return NumberResult::kRange;
    }
  }
  uint64_t limit = is_signed ? (uint64_t{1} << (bits - 1)) - 1 : ~uint64_t{0} >> (64 - bits);
  if (decimal.negative) limit = is_signed ? limit + 1 : 0;
  if (sum > limit) return NumberResult::kRange;
  *value = decimal.negative ? ~sum + 1 : sum;
  return NumberResult::kOk;
}

NumberResult ParseDouble(const char* at, const char** end, double* value) {
  const char* digit = at;
  const bool negative = *digit == '-';
  if (negative) ++digit;
  const char* first = digit;
  uint64_t sum = 0;
  digit = AddDigits(digit, &sum);
  int64_t digits = digit - first;
  if (digits == 0 || (*first == '0' && digits > 1)) return NumberResult::kSyntax;
  int64_t exponent = 0;
  if (*digit == '.') {
    const char* fraction = ++digit;
    uint64_t word;
    std::memcpy(&word, digit, 8);
    if (AreEightDigits(word)) {
      sum = sum * 100000000 + EightDigits(word);
      digit += 8;
    }
    digit = AddDigits(digit, &sum);
    exponent = fraction - digit;
    if (exponent == 0) return NumberResult::kSyntax;
    digits -= exponent;
  }
  // More digits than 19 may have overflowed; an exponent is rare. Both go the long way.
  if (digits > 19 || *digit == 'e' || *digit == 'E') return ParseSlowly(at, end, value);
  if (sum <= uint64_t{1} << 53 && exponent >= -22) {
    // Both numbers are exact, so the quotient is rounded once.
    double magnitude = static_cast<double>(sum) / kPowers[-exponent];
    *value = negative ? -magnitude : magnitude;
    *end = digit;
    return NumberResult::kOk;
  }
  return ParseSlowly(at, end, value);
}

NumberResult ParseFloat(const char* at, const char** end, float* value) {
  double wide;
  NumberResult result = ParseDouble(at, end, &wide);
  if (result == NumberResult::kSyntax) return result;
  if (result == NumberResult::kOk) {
    // Rounding twice differs from rounding once only if the double lies halfway between two floats.
    uint64_t bits;
    std::memcpy(&bits, &wide, sizeof(bits));
    double magnitude = std::fabs(wide);
    bool normal = magnitude >= static_cast<double>(std::numeric_limits<float>::min()) &&
                  magnitude <= static_cast<double>(std::numeric_limits<float>::max());
    if (magnitude == 0 || (normal && (bits & 0x1FFFFFFF) != 0x10000000)) {
      // A double of zero may be an underflow, which is zero for a float as well.
      *value = static_cast<float>(wide);
      return NumberResult::kOk;
    }
  }
  return ParseSlowly(at, end, value);
}

namespace {

int HexDigit(char character) {
  if (IsDigit(character)) return character - '0';
  char lower = static_cast<char>(character | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The four digits behind `\u`, or -1.
int32_t HexCode(std::string_view raw, size_t at) {
  if (raw.size() - at < 4) return -1;
  int32_t code = 0;
  for (size_t i = at; i < at + 4; ++i) {
    int digit = HexDigit(raw[i]);
    if (digit < 0) return -1;
    code = code << 4 | digit;
  }
  return code;
}

char* AppendUtf8(uint32_t code, char* out) {
  if (code < 0x80) {
    *out++ = static_cast<char>(code);
  } else if (code < 0x800) {
    *out++ = static_cast<char>(0xC0 | code >> 6);
    *out++ = static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *out++ = static_cast<char>(0xE0 | code >> 12);
    *out++ = static_cast<char>(0x80 | (code >> 6 & 0x3F));
    *out++ = static_cast<char>(0x80 | (code & 0x3F));
  } else {
    *out++ = static_cast<char>(0xF0 | code >> 18);
    *out++ = static_cast<char>(0x80 | (code >> 12 & 0x3F));
    *out++ = static_cast<char>(0x80 | (code >> 6 & 0x3F));
    *out++ = static_cast<char>(0x80 | (code & 0x3F));
  }
  return out;
}

char SimpleEscape(char character) {
  switch (character) {
    case '"':
    case '\\':
    case '/':
      return character;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

// Copies up to the next backslash or the end, and returns its offset.
size_t CopyPlain(std::string_view raw, size_t at, char** out) {
#if defined(__SSE2__)
  const __m128i backslash = _mm_set1_epi8('\\');
  while (raw.size() - at >= 16) {
    __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(raw.data() + at));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(*out), block);
    int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(block, backslash));
    if (mask != 0) {
      int plain = __builtin_ctz(static_cast<unsigned>(mask));
      *out += plain;
      return at + static_cast<size_t>(plain);
    }
    at += 16;
    *out += 16;
  }
#endif
  while (at < raw.size() && raw[at] != '\\') *(*out)++ = raw[at++];
  return at;
}

// What each character of base64 adds to the 24 bits of its group, for its four places there.
constexpr uint32_t kNotBase64 = 0xFF000000;
using Base64Table = std::array<std::array<uint32_t, 256>, 4>;

constexpr Base64Table MakeBase64Table() {
  Base64Table table{};
  for (int place = 0; place < 4; ++place) {
    for (uint32_t& bits : table[place]) bits = kNotBase64;
    auto set = [&](char character, uint32_t value) {
      table[place][static_cast<unsigned char>(character)] = value << (18 - 6 * place);
    };
    for (uint32_t i = 0; i < 26; ++i) {
      set(static_cast<char>('A' + i), i);
      set(static_cast<char>('a' + i), 26 + i);
    }
    for (uint32_t i = 0; i < 10; ++i) set(static_cast<char>('0' + i), 52 + i);
    set('+', 62);
    set('-', 62);
    set('/', 63);
    set('_', 63);
  }
  return table;
}

constexpr Base64Table kBase64 = MakeBase64Table();

}  // namespace

char* Unescape(std::string_view raw, char* out, size_t* fault) {
  size_t at = 0;
  for (;;) {
    at = CopyPlain(raw, at, &out);
    if (at >= raw.size()) return out;
    *fault = at;
    if (raw.size() - at < 2) return nullptr;
    if (raw[at + 1] != 'u') {
      char plain = SimpleEscape(raw[at + 1]);
      if (plain == 0) return nullptr;
      *out++ = plain;
      at += 2;
      continue;
    }
    int32_t code = HexCode(raw, at + 2);
    if (code < 0 || (code >= 0xDC00 && code < 0xE000)) return nullptr;
    at += 6;
    if (code >= 0xD800 && code < 0xDC00) {
      if (raw.size() - at < 6 || raw[at] != '\\' || raw[at + 1] != 'u') return nullptr;
      int32_t low = HexCode(raw, at + 2);
      if (low < 0xDC00 || low >= 0xE000) return nullptr;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      at += 6;
    }
    out = AppendUtf8(static_cast<uint32_t>(code), out);
  }
}

char* DecodeBase64(std::string_view text, char* out) {
  if (text.size() % 4 == 0 && !text.empty() && text.back() == '=') {
    text.remove_suffix(text[text.size() - 2] == '=' ? 2 : 1);
  }
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* full_end = at + text.size() / 4 * 4;
  uint32_t wrong = 0;
  for (; at < full_end; at += 4) {
    uint32_t bits = kBase64[0][at[0]] | kBase64[1][at[1]] | kBase64[2][at[2]] | kBase64[3][at[3]];
    wrong |= bits;
    out[0] = static_cast<char>(bits >> 16);
    out[1] = static_cast<char>(bits >> 8);
    out[2] = static_cast<char>(bits);
    out += 3;
  }
  const size_t rest = text.size() % 4;
  if (rest == 1) return nullptr;
  if (rest != 0) {
    uint32_t bits = kBase64[0][at[0]] | kBase64[1][at[1]] | (rest == 3 ? kBase64[2][at[2]] : 0);
    wrong |= bits;
    *out++ = static_cast<char>(bits >> 16);
    if (rest == 3) *out++ = static_cast<char>(bits >> 8);
  }
  return (wrong & kNotBase64) == 0 ? out : nullptr;
}

}  // namespace pygrpc::transcode
