// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_BASE_FILE_H_
#define PYGRPC_BASE_FILE_H_

#include <cstddef>
#include <optional>
#include <string>

namespace pygrpc {

// The longest path there is (PATH_MAX of Linux): what Quote() cuts one to in a message.
inline constexpr size_t kLongestPath = 4096;

// The content of a file or of a pipe. Nothing if it cannot be read or is larger than `limit` bytes;
// `reason` then says why: "No such file or directory".
std::optional<std::string> ReadFile(const std::string& path, size_t limit, std::string* reason);

// For messages about the option that names a file of secrets: the path as Quote() has it, unless
// it may be the secret itself ("the key"), given in place of a path: without a folder that is
// there.
std::string QuoteUnlessSecret(const std::string& path, const std::string& secret);

}  // namespace pygrpc

#endif  // PYGRPC_BASE_FILE_H_
