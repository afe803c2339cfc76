/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Calls routeguide.RouteGuide: one method of each of the four cardinalities.
 *
 *     route_guide [TARGET [PROTO]]
 *
 * The target is "localhost:50051" unless given; the .proto file "route_guide.proto", which is
 * looked for where the environment variable PYGRPC_PROTO_PATH says and in the current directory. */

#include <pygrpc.h>
#include <stdio.h>

/* Says what went wrong, if anything did; whether all is well. */
static int succeeded(int32_t result, pygrpc_error **error) {
  if (result >= 0) return 1;
  fprintf(stderr, "%s: %s\n", pygrpc_code_name(result), pygrpc_error_message(*error));
  pygrpc_error_free(*error);
  *error = NULL;
  return 0;
}

/* Reads messages and prints them until the RPC ends; whether it ended well. */
static int print_all(pygrpc_stream *stream) {
  pygrpc_error *error = NULL;
  for (;;) {
    char *message = NULL;
    const int32_t result = pygrpc_stream_read(stream, -1, &message, NULL, &error);
    if (result != PYGRPC_OK) return succeeded(result, &error);
    printf("  %s\n", message);
    pygrpc_free(message);
  }
}

/* Sends all requests and tells the server that there are no more. */
static int send_all(pygrpc_stream *stream, const char *const *requests, size_t count) {
  pygrpc_error *error = NULL;
  for (size_t i = 0; i < count; i++) {
    const int32_t result =
        pygrpc_stream_write(stream, requests[i], PYGRPC_NUL_TERMINATED, -1, &error);
    if (!succeeded(result, &error)) return 0;
    if (result == PYGRPC_END) break; /* the server wants no more; a read tells why */
  }
  return succeeded(pygrpc_stream_half_close(stream, &error), &error);
}

/* One request, one response. */
static int get_feature(pygrpc_client *client) {
  pygrpc_error *error = NULL;
  char *feature = NULL;
  const int32_t result = pygrpc_unary_unary(client, "GetFeature",
                                            "{\"latitude\": 500875000, \"longitude\": 144213000}",
                                            PYGRPC_NUL_TERMINATED, NULL, &feature, NULL, &error);
  if (!succeeded(result, &error)) return 0;
  printf("GetFeature\n  %s\n", feature);
  pygrpc_free(feature);
  return 1;
}

/* One request, a stream of responses. */
static int list_features(pygrpc_client *client) {
  static const char rectangle[] =
      "{\"lo\": {\"latitude\": 490000000, \"longitude\": 130000000},"
      " \"hi\": {\"latitude\": 520000000, \"longitude\": 150000000}}";
  pygrpc_error *error = NULL;
  pygrpc_stream *stream = NULL;
  const int32_t result = pygrpc_unary_stream(client, "ListFeatures", rectangle,
                                             PYGRPC_NUL_TERMINATED, NULL, &stream, &error);
  if (!succeeded(result, &error)) return 0;
  printf("ListFeatures\n");
  const int good = print_all(stream);
  pygrpc_stream_free(stream);
  return good;
}

/* A stream of requests, one response. */
static int record_route(pygrpc_client *client) {
  static const char *const points[] = {
      "{\"latitude\": 500875000, \"longitude\": 144213000}",
      "{\"latitude\": 500865000, \"longitude\": 144114000}",
      "{\"latitude\": 525163000, \"longitude\": 133777000}",
  };
  pygrpc_error *error = NULL;
  pygrpc_stream *stream = NULL;
  const int32_t result = pygrpc_stream_unary(client, "RecordRoute", NULL, &stream, &error);
  if (!succeeded(result, &error)) return 0;
  printf("RecordRoute\n");
  const int good = send_all(stream, points, sizeof points / sizeof *points) && print_all(stream);
  pygrpc_stream_free(stream);
  return good;
}

/* A stream of requests, a stream of responses. Here the requests are few, so that they can all be
 * sent before the first response is read; where there are many, read in a thread of its own. */
static int route_chat(pygrpc_client *client) {
  static const char *const notes[] = {
      "{\"location\": {\"latitude\": 1}, \"message\": \"First note\"}",
      "{\"location\": {\"latitude\": 2}, \"message\": \"Another place\"}",
      "{\"location\": {\"latitude\": 1}, \"message\": \"Anybody here before?\"}",
  };
  pygrpc_error *error = NULL;
  pygrpc_stream *stream = NULL;
  const int32_t result =
      pygrpc_stream_stream(client, "RouteChat", "{\"timeout\": \"10s\"}", &stream, &error);
  if (!succeeded(result, &error)) return 0;
  printf("RouteChat\n");
  const int good = send_all(stream, notes, sizeof notes / sizeof *notes) && print_all(stream);
  pygrpc_stream_free(stream);
  return good;
}

int main(int argc, char **argv) {
  const char *target = argc > 1 ? argv[1] : "localhost:50051";
  const char *proto = argc > 2 ? argv[2] : "route_guide.proto";
  pygrpc_client *client = NULL;
  pygrpc_error *error = NULL;

  const int good = succeeded(pygrpc_client_new(target, NULL, &client, &error), &error) &&
                   succeeded(pygrpc_load(client, proto, NULL, &error), &error) &&
                   get_feature(client) && list_features(client) && record_route(client) &&
                   route_chat(client);
  pygrpc_client_free(client);
  return good ? 0 : 1;
}
