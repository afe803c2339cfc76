// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_CLI_BASE64_H_
#define PYGRPC_CLI_BASE64_H_

#include <optional>
#include <string>
#include <string_view>

namespace pygrpc::cli {

std::string EncodeBase64(std::string_view bytes);

// Takes the common and the URL-safe alphabet, with and without padding; white space is skipped.
// Nothing where it is none.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace pygrpc::cli

#endif  // PYGRPC_CLI_BASE64_H_
