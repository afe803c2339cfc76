/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A planted fault: an overflow of a signed number. */

#include <pygrpc.h>
#include <stdio.h>

int main(void) {
  const int32_t sum = INT32_MAX + pygrpc_abi_version();
  printf("%d\n", sum);
  return 0;
}
