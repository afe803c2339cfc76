/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What hello.c does, without linking to the library: it is opened when the program runs, as a
 * plugin or a language binding does it.
 *
 *     dlopen [TARGET [PROTO [LIBRARY]]] */

#include <dlfcn.h>
#include <pygrpc.h>
#include <stdio.h>

/* The functions that this program calls, with the types that the header gives them. */
static struct {
  int32_t (*abi_version)(void);
  void (*free)(void *);
  const char *(*error_message)(const pygrpc_error *);
  void (*error_free)(pygrpc_error *);
  int32_t (*client_new)(const char *, const char *, pygrpc_client **, pygrpc_error **);
  void (*client_free)(pygrpc_client *);
  int32_t (*load)(pygrpc_client *, const char *, const char *, pygrpc_error **);
  int32_t (*unary_unary)(pygrpc_client *, const char *, const char *, size_t, const char *, char **,
                         size_t *, pygrpc_error **);
} pygrpc;

/* Fills in the table above; 0 if the library is not there or is too old. */
static int open_library(const char *name) {
  /* ISO C has no conversion from dlsym()'s result to a function pointer; POSIX has this one. */
  const struct {
    const char *symbol;
    void **function;
  } symbols[] = {
      {"pygrpc_abi_version", (void **)&pygrpc.abi_version},
      {"pygrpc_free", (void **)&pygrpc.free},
      {"pygrpc_error_message", (void **)&pygrpc.error_message},
      {"pygrpc_error_free", (void **)&pygrpc.error_free},
      {"pygrpc_client_new", (void **)&pygrpc.client_new},
      {"pygrpc_client_free", (void **)&pygrpc.client_free},
      {"pygrpc_load", (void **)&pygrpc.load},
      {"pygrpc_unary_unary", (void **)&pygrpc.unary_unary},
  };

  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 0;
  }
  for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
    *symbols[i].function = dlsym(library, symbols[i].symbol);
    if (*symbols[i].function == NULL) {
      fprintf(stderr, "%s\n", dlerror());
      return 0;
    }
  }
  if (pygrpc.abi_version() < PYGRPC_ABI_VERSION) {
    fprintf(stderr, "%s is older than the header this program was made with\n", name);
    return 0;
  }
  return 1;
}

int main(int argc, char **argv) {
  const char *target = argc > 1 ? argv[1] : "localhost:50051";
  const char *proto = argc > 2 ? argv[2] : "helloworld.proto";
  if (!open_library(argc > 3 ? argv[3] : "libpygrpc.so.0")) return 1;

  pygrpc_client *client = NULL;
  pygrpc_error *error = NULL;
  char *reply = NULL;
  if (pygrpc.client_new(target, NULL, &client, &error) == PYGRPC_OK &&
      pygrpc.load(client, proto, NULL, &error) == PYGRPC_OK &&
      pygrpc.unary_unary(client, "SayHello", "{\"name\": \"you\"}", PYGRPC_NUL_TERMINATED,
                         "{\"timeout\": \"5s\"}", &reply, NULL, &error) == PYGRPC_OK) {
    char message[256] = "";
    sscanf(reply, "{\"message\":\"%255[^\"]\"}", message);
    printf("Greeter client received: %s\n", message);
  } else {
    fprintf(stderr, "%s\n", pygrpc.error_message(error));
  }

  const int exit_code = reply == NULL;
  pygrpc.free(reply);
  pygrpc.error_free(error);
  pygrpc.client_free(client);
  return exit_code;
}
