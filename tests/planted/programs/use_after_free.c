/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A planted fault: a client that is used after it was freed. */

#include <pygrpc.h>
#include <stddef.h>

int main(void) {
  pygrpc_client *client = NULL;
  char *services = NULL;
  size_t size = 0;
  if (pygrpc_client_new(NULL, NULL, &client, NULL) != PYGRPC_OK) return 1;
  pygrpc_client_free(client);
  pygrpc_services(client, &services, &size, NULL);
  pygrpc_free(services);
  return 0;
}
