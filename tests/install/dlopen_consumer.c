/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A user of an installed pygrpc that does not link to it, as a language binding does: opens the
 * library by its SONAME, or as given, and takes what it needs from there. Without the header. */

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A function pointer from dlsym(); C has no cast from void * for that. */
static void *find(void *library, const char *name) {
  void *symbol = dlsym(library, name);
  if (symbol == NULL) fprintf(stderr, "%s\n", dlerror());
  return symbol;
}

int main(int argc, char **argv) {
  int32_t (*abi_version)(void);
  int32_t (*client_new)(const char *, const char *, void **, void **);
  void (*client_free)(void *);
  const char *(*error_message)(const void *);
  void (*error_free)(void *);
  void *client = NULL;
  void *error = NULL;

  void *library = dlopen(argc > 1 ? argv[1] : "libpygrpc.so.0", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  *(void **)&abi_version = find(library, "pygrpc_abi_version");
  *(void **)&client_new = find(library, "pygrpc_client_new");
  *(void **)&client_free = find(library, "pygrpc_client_free");
  *(void **)&error_message = find(library, "pygrpc_error_message");
  *(void **)&error_free = find(library, "pygrpc_error_free");
  if (!abi_version || !client_new || !client_free || !error_message || !error_free) return 1;

  if (client_new("localhost:1", "{\"no_such_option\":1}", &client, &error) == 0 || error == NULL) {
    fprintf(stderr, "an unknown option was taken\n");
    return 1;
  }
  if (strstr(error_message(error), "no_such_option") == NULL) {
    fprintf(stderr, "the message does not name the option: %s\n", error_message(error));
    return 1;
  }
  error_free(error);
  error = NULL;
  if (client_new("localhost:1", NULL, &client, &error) != 0) {
    fprintf(stderr, "%s\n", error_message(error));
    return 1;
  }
  client_free(client);
  printf("ABI %d\n", (int)abi_version());
  /* The library stays although this closes it: gRPC's threads may run in it. */
  if (dlclose(library) != 0) return 1;
  /* cppcheck-suppress leakReturnValNotUsed ; the same */
  return dlopen(argc > 1 ? argv[1] : "libpygrpc.so.0", RTLD_NOW | RTLD_NOLOAD) == library ? 0 : 1;
}
