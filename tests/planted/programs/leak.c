/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A planted fault: a client that nobody frees. */

#include <pygrpc.h>
#include <stddef.h>

int main(void) {
  pygrpc_client *client = NULL;
  const int32_t code = pygrpc_client_new(NULL, NULL, &client, NULL);
  client = NULL;
  return code == PYGRPC_OK ? 0 : 1;
}
