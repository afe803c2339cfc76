// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "base64.h"

#include <cctype>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pygrpc::cli {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// 64 and more: no digit.
size_t DigitOf(char c) {
  if (c == '-') c = '+';
  if (c == '_') c = '/';
  return kAlphabet.find(c);
}

}  // namespace

std::string EncodeBase64(std::string_view bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8U | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (size_t k = 0; k < 4; ++k) {
      bool padding = i + k > bytes.size();
      text += padding ? '=' : kAlphabet[group >> (18 - 6 * k) & 0x3fU];
    }
  }
  return text;
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  std::string bytes;
  uint32_t bits = 0;
  size_t count = 0;    // of digits
  size_t padding = 0;  // after them
  for (char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0) continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    size_t digit = DigitOf(c);
    if (digit >= kAlphabet.size() || padding > 0) return std::nullopt;
    bits = bits << 6U | static_cast<uint32_t>(digit);
    // Of each four digits all but the first complete a byte.
    if (count++ % 4 != 0) bytes += static_cast<char>(bits >> (6 - 2 * ((count - 1) % 4)) & 0xffU);
  }
  bool whole = count % 4 != 1 && (padding == 0 || (count + padding) % 4 == 0);
  if (!whole || padding > 2) return std::nullopt;
  return bytes;
}

}  // namespace pygrpc::cli
