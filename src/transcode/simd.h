// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TRANSCODE_SIMD_H_
#define PYGRPC_TRANSCODE_SIMD_H_

#include <simdjson.h>

namespace pygrpc::transcode {

// The fastest that simdjson has for this machine. simdjson's own objects are static and end with
// exit(), while other threads may go on; what this gives does not end.
const simdjson::implementation& Simd();

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TRANSCODE_SIMD_H_
