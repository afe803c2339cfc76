// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_BENCH_ALLOCATIONS_H_
#define PYGRPC_BENCH_ALLOCATIONS_H_

#include <cstdint>

namespace pygrpc::bench {

// How often this process has asked for memory so far, in all its threads.
uint64_t Allocations();

}  // namespace pygrpc::bench

#endif  // PYGRPC_BENCH_ALLOCATIONS_H_
