/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * One process with the library and with a user of grpc++ whose generated code has the same file
 * names:
 *
 *     beside_neighbour TARGET PROTOS                             both are linked
 *     beside_neighbour TARGET PROTOS WHO PATH SCOPE [WHO PATH SCOPE]
 *
 * WHO, "ours" or "theirs", is opened at run time, in that order, local or global; each is used as
 * soon as it is there, and all of them in turns at the end. */

#include "loaded.h"
#include "neighbour.h"

static const char *target, *protos;

static void use(const struct loaded *library) {
  pygrpc_client *client = loaded_client(library, target, protos);
  loaded_greet(library, client);
  /* ours knows the same messages from its own pool */
  char *reply = NULL;
  pygrpc_error *error = NULL;
  CHECK(library->unary_unary(client, "ReturnStatus",
                             "{\"code\": 5, \"standardDetails\": [\"RETRY_INFO\"]}",
                             PYGRPC_NUL_TERMINATED, NULL, &reply, NULL, &error) == PYGRPC_E_STATUS);
  library->error_free(error);
  library->client_free(client);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  target = argv[1];
  protos = argv[2];
  struct loaded ours;
  int (*theirs)(const char *) = NULL;
  bool have_ours = false;
  if (argc == 3) {
    void *program = dlopen(NULL, RTLD_NOW);
    loaded_find(&ours, program);
    have_ours = true;
    *(void **)&theirs = dlsym(program, "neighbour_call");
  }
  for (char **argument = argv + 3; argument + 2 < argv + argc; argument += 3) {
    const int scope = strcmp(argument[2], "global") == 0 ? RTLD_GLOBAL : RTLD_LOCAL;
    if (strcmp(argument[0], "ours") == 0) {
      ours = loaded_open(argument[1], scope);
      have_ours = true;
      use(&ours);
    } else {
      void *handle = dlopen(argument[1], RTLD_NOW | scope);
      if (handle == NULL) fprintf(stderr, "%s\n", dlerror());
      CHECK(handle != NULL);
      *(void **)&theirs = dlsym(handle, "neighbour_call");
      CHECK(theirs != NULL && theirs(target) == 0);
    }
  }
  CHECK(have_ours && theirs != NULL);
  for (int i = 0; i < 3; i++) {
    CHECK(theirs(target) == 0);
    use(&ours);
  }
  return 0;
}
