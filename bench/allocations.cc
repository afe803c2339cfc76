// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// The executable's own malloc() comes before the C library's for every object of the process, so
// that what is counted includes gRPC and the C++ runtime.

#include "allocations.h"

#include <atomic>
#include <cstddef>

extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
}

namespace {

std::atomic<uint64_t> allocations{0};

void Count() { allocations.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

extern "C" {

void* malloc(size_t size) {
  Count();
  return __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
  Count();
  return __libc_calloc(count, size);
}

void* realloc(void* memory, size_t size) {
  Count();
  return __libc_realloc(memory, size);
}

void* aligned_alloc(size_t alignment, size_t size) {
  Count();
  return __libc_memalign(alignment, size);
}

}  // extern "C"

namespace pygrpc::bench {

uint64_t Allocations() { return allocations.load(std::memory_order_relaxed); }

}  // namespace pygrpc::bench
