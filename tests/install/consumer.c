/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A user of an installed pygrpc: links to it and takes a message through the library and back. */

#include <pygrpc.h>
#include <stdio.h>
#include <string.h>

static int fail(const char *what, pygrpc_error *error) {
  fprintf(stderr, "%s: %s\n", what, pygrpc_error_message(error));
  return 1;
}

int main(void) {
  static const char proto[] = "syntax = \"proto3\"; message Greeting { string text = 1; }";
  static const char greeting[] = "{\"text\":\"hello\"}";
  pygrpc_client *client = NULL;
  pygrpc_error *error = NULL;
  char *bytes = NULL;
  char *json = NULL;
  size_t size = 0;

  if (pygrpc_client_new(NULL, NULL, &client, &error) != PYGRPC_OK) return fail("client", error);
  if (pygrpc_load_proto(client, "greeting.proto", proto, PYGRPC_NUL_TERMINATED, &error) !=
      PYGRPC_OK) {
    return fail("load", error);
  }
  if (pygrpc_json_to_binary(client, "Greeting", greeting, PYGRPC_NUL_TERMINATED, NULL, &bytes,
                            &size, &error) != PYGRPC_OK) {
    return fail("JSON to binary", error);
  }
  if (pygrpc_binary_to_json(client, "Greeting", bytes, size, NULL, &json, NULL, &error) !=
      PYGRPC_OK) {
    return fail("binary to JSON", error);
  }
  if (strcmp(json, greeting) != 0) {
    fprintf(stderr, "%s came back as %s\n", greeting, json);
    return 1;
  }
  printf("pygrpc %s: %s\n", pygrpc_version(), json);
  pygrpc_free(bytes);
  pygrpc_free(json);
  pygrpc_client_free(client);
  return 0;
}
