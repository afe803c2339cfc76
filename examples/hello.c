/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Greets a helloworld.Greeter server.
 *
 *     hello [TARGET [PROTO]]
 *
 * The target is "localhost:50051" unless given; the .proto file "helloworld.proto", which is looked
 * for where the environment variable PYGRPC_PROTO_PATH says and in the current directory. */

#include <pygrpc.h>
#include <stdio.h>

int main(int argc, char **argv) {
  const char *target = argc > 1 ? argv[1] : "localhost:50051";
  const char *proto = argc > 2 ? argv[2] : "helloworld.proto";

  pygrpc_client *client = NULL;
  pygrpc_error *error = NULL;
  char *reply = NULL;
  if (pygrpc_client_new(target, NULL, &client, &error) == PYGRPC_OK &&
      pygrpc_load(client, proto, NULL, &error) == PYGRPC_OK &&
      pygrpc_unary_unary(client, "SayHello", "{\"name\": \"you\"}", PYGRPC_NUL_TERMINATED,
                         "{\"timeout\": \"5s\"}", &reply, NULL, &error) == PYGRPC_OK) {
    /* {"message":"Hello, you!"}: plain enough to need no JSON library. */
    char message[256] = "";
    sscanf(reply, "{\"message\":\"%255[^\"]\"}", message);
    printf("Greeter client received: %s\n", message);
  } else {
    fprintf(stderr, "%s\n", pygrpc_error_message(error));
  }

  /* All of these take NULL. */
  const int exit_code = reply == NULL;
  pygrpc_free(reply);
  pygrpc_error_free(error);
  pygrpc_client_free(client);
  return exit_code;
}
