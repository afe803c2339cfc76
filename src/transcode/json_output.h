// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TRANSCODE_JSON_OUTPUT_H_
#define PYGRPC_TRANSCODE_JSON_OUTPUT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/buffer.h"
#include "transcode/wire_reader.h"

namespace pygrpc::transcode {

// Two digits at a time.
inline constexpr char kDigitPairs[] =
    "0001020304050607080910111213141516171819"
    "2021222324252627282930313233343536373839"
    "4041424344454647484950515253545556575859"
    "6061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

PYGRPC_ALWAYS_INLINE void WriteTwoDigits(char* out, uint32_t value) {
  std::memcpy(out, &kDigitPairs[value * 2], 2);
}
PYGRPC_ALWAYS_INLINE void WriteFourDigits(char* out, uint32_t value) {
  WriteTwoDigits(out, value / 100);
  WriteTwoDigits(out + 2, value % 100);
}
PYGRPC_ALWAYS_INLINE void WriteEightDigits(char* out, uint32_t value) {
  WriteFourDigits(out, value / 10000);
  WriteFourDigits(out + 4, value % 10000);
}

// Writes a value below 10^8 without leading zeros; touches up to 8 bytes.
PYGRPC_ALWAYS_INLINE char* WriteUpToEightDigits(char* out, uint32_t value) {
  if (value < 100) {
    if (value < 10) {
      *out = static_cast<char>('0' + value);
      return out + 1;
    }
    WriteTwoDigits(out, value);
    return out + 2;
  }
  uint32_t high;
  if (value < 10000) {
    high = value / 100;
    uint32_t low = value % 100;
    // The first pair loses its zero.
    uint32_t short_pair = high < 10;
    std::memcpy(out, &kDigitPairs[high * 2 + short_pair], 2);
    out += 2 - short_pair;
    WriteTwoDigits(out, low);
    return out + 2;
  }
  high = value / 10000;
  uint32_t low = value % 10000;
  if (high < 100) {
    uint32_t short_pair = high < 10;
    std::memcpy(out, &kDigitPairs[high * 2 + short_pair], 2);
    out += 2 - short_pair;
  } else {
    uint32_t short_pair = high < 1000;
    std::memcpy(out, &kDigitPairs[high / 100 * 2 + short_pair], 2);
    out += 2 - short_pair;
    WriteTwoDigits(out, high % 100);
    out += 2;
  }
  WriteFourDigits(out, low);
  return out + 4;
}

// At most 20 bytes.
inline char* WriteUnsigned(char* out, uint64_t value) {
  constexpr uint32_t kBlock = 100000000;
  if (value < kBlock) return WriteUpToEightDigits(out, static_cast<uint32_t>(value));
  uint64_t high = value / kBlock;
  if (high < kBlock) {
    out = WriteUpToEightDigits(out, static_cast<uint32_t>(high));
  } else {
    out = WriteUpToEightDigits(out, static_cast<uint32_t>(high / kBlock));
    WriteEightDigits(out, static_cast<uint32_t>(high % kBlock));
    out += 8;
  }
  WriteEightDigits(out, static_cast<uint32_t>(value % kBlock));
  return out + 8;
}

// At most 20 bytes.
PYGRPC_ALWAYS_INLINE char* WriteSigned(char* out, int64_t value) {
  uint64_t magnitude = static_cast<uint64_t>(value);
  if (value < 0) {
    *out++ = '-';
    magnitude = 0 - magnitude;
  }
  return WriteUnsigned(out, magnitude);
}

// The shortest text that reads back as the same value; "NaN", "Infinity" and "-Infinity" in quotes.
// At most 32 bytes.
char* WriteDouble(char* out, double value);
char* WriteFloat(char* out, float value);

// FindInvalidUtf8() at its fastest, for those who need no place.
bool IsUtf8(const uint8_t* text, size_t size);

// Writes into a Buffer. The place to write is not kept in the object but handed from call to call,
// so that it stays in a register; wherever a place is handed out, kSlack bytes may be written there
// without asking.
class JsonOutput {
 public:
  static constexpr size_t kSlack = 64;

  // `expected` is how many bytes are likely to come.
  JsonOutput(Buffer* buffer, size_t expected) : buffer_(buffer) {
    buffer_->Reserve(expected + kSlack);
    SetLimit();
  }

  char* Begin() { return buffer_->data() + buffer_->size(); }
  void Finish(char* out) { buffer_->SetEnd(out); }

  // Places survive growth as offsets.
  size_t Offset(const char* out) const { return static_cast<size_t>(out - buffer_->data()); }
  char* At(size_t offset) { return buffer_->data() + offset; }

  // Makes room for `extra` bytes and the slack behind them.
  PYGRPC_ALWAYS_INLINE char* Ensure(char* out, size_t extra) {
    // `out` may lie in the slack, behind the limit.
    if (PYGRPC_LIKELY(static_cast<ptrdiff_t>(extra) <= limit_ - out)) return out;
    return Grow(out, extra);
  }

  // A string in quotes, with what JSON demands escaped. The bytes up to `readable_end` may be read
  // (more than `size` of them help). nullptr if the text is not UTF-8.
  PYGRPC_ALWAYS_INLINE char* WriteString(char* out, const uint8_t* text, size_t size,
                                         const uint8_t* readable_end);

  // Base64 in quotes.
  char* WriteBase64(char* out, const uint8_t* bytes, size_t size);

  // As WriteRaw(), without slack behind it, for text of which kTextPadding bytes more may be read.
  PYGRPC_ALWAYS_INLINE char* WritePadded(char* out, std::string_view text) {
    out = Ensure(out, text.size());
    std::memcpy(out, text.data(), 16);
    if (PYGRPC_UNLIKELY(text.size() > 16)) {
      std::memcpy(out + 16, text.data() + 16, 16);
      if (PYGRPC_UNLIKELY(text.size() > 32)) std::memcpy(out, text.data(), text.size());
    }
    return out + text.size();
  }

  // Bytes as they are, then the slack.
  char* WriteRaw(char* out, const char* text, size_t size) {
    out = Ensure(out, size);
    std::memcpy(out, text, size);
    return Ensure(out + size, 0);
  }

 private:
  PYGRPC_COLD char* Grow(char* out, size_t extra);
  // A string of any size and content; the opening quote is written.
  PYGRPC_NEVER_INLINE char* WriteLongString(char* out, const uint8_t* text, size_t size,
                                            const uint8_t* readable_end);
  void SetLimit() { limit_ = buffer_->data() + buffer_->capacity() - kSlack; }

  Buffer* buffer_;
  char* limit_;  // the slack begins here
};

// Copies 16 bytes and returns a mask of those that cannot go into a JSON string unseen: quotes,
// backslashes, control characters and everything that is not ASCII (`high` tells the latter). Bit 0
// is the first byte.
PYGRPC_ALWAYS_INLINE uint32_t CopySixteen(char* out, const uint8_t* text, uint32_t* high) {
#if defined(__SSE2__)
  __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), block);
  // As signed numbers, bytes above 0x7F are below 0x20 as well.
  __m128i special = _mm_cmplt_epi8(block, _mm_set1_epi8(0x20));
  special = _mm_or_si128(special, _mm_cmpeq_epi8(block, _mm_set1_epi8('"')));
  special = _mm_or_si128(special, _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
  *high = static_cast<uint32_t>(_mm_movemask_epi8(block));
  return static_cast<uint32_t>(_mm_movemask_epi8(special));
#else
  std::memcpy(out, text, 16);
  uint32_t special = 0;
  *high = 0;
  for (unsigned i = 0; i < 16; ++i) {
    uint8_t byte = text[i];
    *high |= static_cast<uint32_t>(byte >= 0x80) << i;
    special |= static_cast<uint32_t>(byte < 0x20 || byte == '"' || byte == '\\') << i;
  }
  return special | *high;
#endif
}

PYGRPC_ALWAYS_INLINE char* JsonOutput::WriteString(char* out, const uint8_t* text, size_t size,
                                                   const uint8_t* readable_end) {
  *out++ = '"';
  // Most strings are short, and what follows them in the message may be read too.
  if (PYGRPC_LIKELY(size <= 32 && readable_end - text >= 32)) {
    uint32_t high;
    uint32_t special = CopySixteen(out, text, &high);
    if (size > 16) special |= CopySixteen(out + 16, text + 16, &high) << 16;
    special &= static_cast<uint32_t>((uint64_t{1} << size) - 1);
    if (PYGRPC_LIKELY(special == 0)) {
      out += size;
      *out = '"';
      return Ensure(out + 1, 0);
    }
  }
  return WriteLongString(out, text, size, readable_end);
}

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TRANSCODE_JSON_OUTPUT_H_
