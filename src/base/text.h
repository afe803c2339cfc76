// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_BASE_TEXT_H_
#define PYGRPC_BASE_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pygrpc {

// The offset of the first byte that is not well-formed UTF-8 (RFC 3629), or npos if all is well.
size_t FindInvalidUtf8(std::string_view text);

// `text` in double quotes, cut to about `limit` bytes, control characters and bad UTF-8 escaped:
// fit to stand in a one-line message.
std::string Quote(std::string_view text, size_t limit = 80);

// `text` as one line of UTF-8: cut, and control characters and bad UTF-8 escaped, as Quote() does,
// but without quotes, so that quotes and backslashes in it need no escape.
std::string OneLine(std::string_view text, size_t limit = std::string_view::npos);

// Up to `limit` of `known` that resemble `wanted` (case-insensitive edit distance), nearest first.
std::vector<std::string> NearNames(std::string_view wanted, const std::vector<std::string>& known,
                                   size_t limit = 3);

// `"a", "b" or "c"`; empty for an empty list.
std::string JoinAlternatives(const std::vector<std::string>& names);

// Standard base64 with padding (RFC 4648, section 4).
std::string Base64Encode(std::string_view bytes);
// Accepts the standard and the URL-safe alphabet, padded or not; false on anything else.
bool Base64Decode(std::string_view text, std::string* bytes);

}  // namespace pygrpc

#endif  // PYGRPC_BASE_TEXT_H_
