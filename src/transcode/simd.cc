// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/simd.h"

#include <cstring>

namespace pygrpc::transcode {

const simdjson::implementation& Simd() {
  // A copy of the object, which has nothing but its functions, and names that nobody asks for.
  alignas(simdjson::implementation) static char copy[sizeof(simdjson::implementation)];
  static const auto* const kept = [] {
    const auto* best = simdjson::get_available_implementations().detect_best_supported();
    std::memcpy(copy, static_cast<const void*>(best), sizeof copy);
    return reinterpret_cast<const simdjson::implementation*>(copy);
  }();
  return *kept;
}

}  // namespace pygrpc::transcode
