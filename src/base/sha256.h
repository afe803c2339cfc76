// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_BASE_SHA256_H_
#define PYGRPC_BASE_SHA256_H_

#include <string>
#include <string_view>

namespace pygrpc {

// The SHA-256 digest (FIPS 180-4) as 64 lower-case hexadecimal digits.
std::string Sha256Hex(std::string_view bytes);

}  // namespace pygrpc

#endif  // PYGRPC_BASE_SHA256_H_
