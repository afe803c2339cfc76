/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A planted fault: two threads let the library write to the same place. */

#include <pthread.h>
#include <pygrpc.h>
#include <stddef.h>

static pygrpc_client *shared;

static void *make_client(void *unused) {
  (void)unused;
  pygrpc_client_new(NULL, NULL, &shared, NULL);
  return NULL;
}

int main(void) {
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) {
    if (pthread_create(&threads[i], NULL, make_client, NULL) != 0) return 1;
  }
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  return 0;
}
