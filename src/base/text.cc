// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "base/text.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

namespace pygrpc {
namespace {

// The length of the well-formed UTF-8 sequence that begins `text` at `at`, or 0 if there is none.
size_t Utf8SequenceLength(std::string_view text, size_t at) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  auto continues = [&](size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return at + i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return continues(1) ? 2 : 0;
  if (first < 0xF0) {
    // No overlong forms, no surrogates.
    unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    unsigned high = first == 0xED ? 0x9F : 0xBF;
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (first < 0xF5) {
    unsigned low = first == 0xF0 ? 0x90 : 0x80;
    unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

// Appends the character at `at`, escaped if it is a control character or bad UTF-8, and gives its
// length.
size_t AppendPrintable(std::string_view text, size_t at, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  const size_t length = Utf8SequenceLength(text, at);
  const auto byte = static_cast<unsigned char>(text[at]);
  if (length == 0 || byte < 0x20 || byte == 0x7F) {
    *out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    return 1;
  }
  out->append(text, at, length);
  return length;
}

char LowerAscii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = LowerAscii(c);
  return lower;
}

// Edit distance with adjacent transpositions, given up (SIZE_MAX) once it must exceed `bound`.
size_t EditDistance(std::string_view a, std::string_view b, size_t bound) {
  size_t longer = std::max(a.size(), b.size());
  size_t shorter = std::min(a.size(), b.size());
  if (longer - shorter > bound) return SIZE_MAX;
  std::vector<size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    size_t best = row[0];
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({change, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
      best = std::min(best, row[j]);
    }
    if (best > bound) return SIZE_MAX;
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()] <= bound ? last[b.size()] : SIZE_MAX;
}

constexpr char kBase64Alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int Base64Value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

}  // namespace

size_t FindInvalidUtf8(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    // Eight ASCII bytes at a time: most text is that.
    uint64_t word;
    if (text.size() - at >= sizeof(word)) {
      std::memcpy(&word, text.data() + at, sizeof(word));
      if ((word & 0x8080808080808080u) == 0) {
        at += sizeof(word);
        continue;
      }
    }
    size_t length = Utf8SequenceLength(text, at);
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

std::string Quote(std::string_view text, size_t limit) {
  std::string quoted = "\"";
  size_t at = 0;
  while (at < text.size() && at < limit) {
    if (text[at] == '"' || text[at] == '\\') quoted += '\\';
    at += AppendPrintable(text, at, &quoted);
  }
  if (at < text.size()) quoted += "...";
  quoted += '"';
  return quoted;
}

std::string OneLine(std::string_view text, size_t limit) {
  std::string line;
  size_t at = 0;
  while (at < text.size() && at < limit) at += AppendPrintable(text, at, &line);
  if (at < text.size()) line += "...";
  return line;
}

std::vector<std::string> NearNames(std::string_view wanted, const std::vector<std::string>& known,
                                   size_t limit) {
  constexpr size_t kLongestName = 256;  // the distance takes time in the square of the length
  std::vector<std::pair<size_t, const std::string*>> found;
  if (wanted.empty() || wanted.size() > kLongestName) return {};
  std::string lower = LowerAscii(wanted);
  size_t bound = std::max<size_t>(1, wanted.size() / 3);
  for (const std::string& name : known) {
    if (name.size() > kLongestName) continue;
    size_t distance = EditDistance(lower, LowerAscii(name), bound);
    if (distance != SIZE_MAX) found.emplace_back(distance, &name);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (const auto& [distance, name] : found) {
    if (names.size() == limit) break;
    if (std::find(names.begin(), names.end(), *name) == names.end()) names.push_back(*name);
  }
  return names;
}

std::string JoinAlternatives(const std::vector<std::string>& names) {
  std::string joined;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) joined += i + 1 == names.size() ? " or " : ", ";
    joined += Quote(names[i]);
  }
  return joined;
}

std::string Base64Encode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0);
    }
    for (size_t j = 0; j < 4; ++j) {
      text += j <= count ? kBase64Alphabet[group >> (18 - 6 * j) & 63] : '=';
    }
  }
  return text;
}

bool Base64Decode(std::string_view text, std::string* bytes) {
  size_t padding = 0;
  while (padding < 2 && !text.empty() && text.back() == '=') {
    text.remove_suffix(1);
    ++padding;
  }
  if (text.size() % 4 == 1 || (padding > 0 && (text.size() + padding) % 4 != 0)) return false;
  bytes->clear();
  bytes->reserve(text.size() * 3 / 4);
  uint32_t group = 0;
  size_t count = 0;
  for (char c : text) {
    int value = Base64Value(c);
    if (value < 0) return false;
    group = group << 6 | static_cast<uint32_t>(value);
    if (++count == 4) {
      *bytes +=
          {static_cast<char>(group >> 16), static_cast<char>(group >> 8), static_cast<char>(group)};
      group = 0;
      count = 0;
    }
  }
  if (count == 2) *bytes += static_cast<char>(group >> 4);
  if (count == 3) *bytes += {static_cast<char>(group >> 10), static_cast<char>(group >> 2)};
  return true;
}

}  // namespace pygrpc
