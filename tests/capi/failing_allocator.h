/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Memory that runs out where a test wants it to: for the library's own allocations, and for those
 * that libstdc++ and protobuf make for it, but not for gRPC's, which ends the process without
 * memory. A program that uses this has operator new replaced. */

#ifndef PYGRPC_TESTS_CAPI_FAILING_ALLOCATOR_H_
#define PYGRPC_TESTS_CAPI_FAILING_ALLOCATOR_H_

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* To be called once, before the functions below. */
void allocator_prepare(void);

enum allocator_scope {
  ALLOCATOR_THIS_THREAD, /* allocations of the calling thread count */
  ALLOCATOR_ALL_THREADS, /* those of all */
};

/* From now on the n-th allocation, counted from 1, fails, and all later ones too unless `once`;
 * with 0 none does, and they are counted only. */
void allocator_fail(int64_t n, bool once, enum allocator_scope scope, bool of_protobuf);

/* No allocation fails any more; how many there were. */
int64_t allocator_stop(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* PYGRPC_TESTS_CAPI_FAILING_ALLOCATOR_H_ */
