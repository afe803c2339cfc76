/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The library as a program sees it that opens it at run time, without being linked to it. What
 * fails, ends the process with a line on the standard error. */

#ifndef PYGRPC_TESTS_COEXISTENCE_LOADED_H_
#define PYGRPC_TESTS_COEXISTENCE_LOADED_H_

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pygrpc.h"

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      _Exit(1);                                                       \
    }                                                                 \
  } while (0)

#define LOADED_FUNCTIONS(use)                                                                      \
  use(client_new) use(client_free) use(load) use(unary_unary) use(unary_stream) use(stream_stream) \
      use(stream_open) use(stream_read) use(stream_write) use(stream_half_close) use(stream_free)  \
          use(queue_new) use(queue_free) use(queue_poll) use(stream_read_async) use(event_message) \
              use(event_free) use(error_code) use(error_message) use(error_free) use(free)

/* The functions of one copy of the library; "load" is pygrpc_load, and so on. */
struct loaded {
  void *handle; /* of dlopen() */
#define LOADED_POINTER(name) __typeof__(pygrpc_##name) *name;
  LOADED_FUNCTIONS(LOADED_POINTER)
#undef LOADED_POINTER
};

/* Finds the functions through a handle of dlopen(). */
static inline void loaded_find(struct loaded *loaded, void *handle) {
  CHECK(handle != NULL);
  loaded->handle = handle;
#define LOADED_FIND(name)                                          \
  *(void **)(&loaded->name) = dlsym(handle, "pygrpc_" #name);      \
  if (loaded->name == NULL) fprintf(stderr, "pygrpc_%s\n", #name); \
  CHECK(loaded->name != NULL);
  LOADED_FUNCTIONS(LOADED_FIND)
#undef LOADED_FIND
}

static inline struct loaded loaded_open(const char *path, int scope) {
  void *handle = dlopen(path, RTLD_NOW | scope);
  if (handle == NULL) fprintf(stderr, "%s\n", dlerror());
  struct loaded loaded;
  loaded_find(&loaded, handle);
  return loaded;
}

/* A client that has loaded the services of the test server. */
static inline pygrpc_client *loaded_client(const struct loaded *loaded, const char *target,
                                           const char *protos) {
  char options[1200];
  snprintf(options, sizeof options, "{\"proto_path\": [\"%s\"], \"timeout\": 60}", protos);
  pygrpc_client *client = NULL;
  CHECK(loaded->client_new(target, options, &client, NULL) == PYGRPC_OK);
  CHECK(loaded->load(client, "helloworld.proto", NULL, NULL) == PYGRPC_OK);
  CHECK(loaded->load(client, "pygrpc_test/test.proto", NULL, NULL) == PYGRPC_OK);
  return client;
}

static inline void loaded_greet(const struct loaded *loaded, pygrpc_client *client) {
  char *reply = NULL;
  pygrpc_error *error = NULL;
  const int32_t result = loaded->unary_unary(client, "SayHello", "{\"name\": \"you\"}",
                                             PYGRPC_NUL_TERMINATED, NULL, &reply, NULL, &error);
  if (result != PYGRPC_OK) fprintf(stderr, "%s\n", loaded->error_message(error));
  CHECK(result == PYGRPC_OK);
  CHECK(strcmp(reply, "{\"message\":\"Hello, you!\"}") == 0);
  loaded->free(reply);
}

/* One bidirectional exchange. */
static inline void loaded_converse(const struct loaded *loaded, pygrpc_stream *stream) {
  char *reply = NULL;
  CHECK(loaded->stream_write(stream, "{\"name\": \"me\"}", PYGRPC_NUL_TERMINATED, -1, NULL) ==
        PYGRPC_OK);
  CHECK(loaded->stream_read(stream, 60000, &reply, NULL, NULL) == PYGRPC_OK);
  CHECK(strcmp(reply, "{\"message\":\"Hello, me!\"}") == 0);
  loaded->free(reply);
}

#endif /* PYGRPC_TESTS_COEXISTENCE_LOADED_H_ */
