/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The health service: check and watch, by servers that have it and by one that has not. */

#include <unistd.h>

#include "harness.h"

static struct test_server server;
static pygrpc_client *client; /* without a schema, and without a server that could tell it one */

static int set_up(void **state) {
  (void)state;
  server_start(&server, "--no-reflection", NULL);
  client = new_client(server.target, NULL);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  pygrpc_client_free(client);
  server_stop(&server);
  return 0;
}

static void tell_server(const char *command, const char *service) {
  const char *line = format("%s %s\n", command, service);
  assert_int_equal(write(server.stdin_fd, line, strlen(line)), strlen(line));
}

static void expect_health(const char *service, const char *options, const char *expected) {
  char *json = NULL;
  size_t size = 0;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_health(client, service, options, &json, &size, &error), error);
  assert_string_equal(json, expected);
  assert_int_equal(size, strlen(expected));
  pygrpc_free(json);
}

static void a_check(void **state) {
  (void)state;
  expect_health(NULL, NULL, "{\"status\":\"SERVING\"}");
  expect_health("", NULL, "{\"status\":\"SERVING\"}");
  expect_health("helloworld.Greeter", NULL, "{\"status\":\"SERVING\"}");
  char *json = (char *)"before";
  pygrpc_error *error = NULL;
  check_error(pygrpc_health(client, "no.such.Service", NULL, &json, NULL, &error), PYGRPC_E_STATUS,
              error);
  assert_int_equal(pygrpc_error_status(error), 5);
  assert_json_string(pygrpc_error_json(error), "/method", "/grpc.health.v1.Health/Check");
  assert_null(json);
  pygrpc_error_free(error);
}

/* A schema is neither needed nor made. */
static void no_schema(void **state) {
  (void)state;
  expect_health(NULL, NULL, "{\"status\":\"SERVING\"}");
  char *response = NULL;
  pygrpc_error *error = NULL;
  expect_error(pygrpc_unary_unary(client, "grpc.health.v1.Health/Check", "{}", NUL, NULL, &response,
                                  NULL, &error),
               PYGRPC_E_SCHEMA, &error, "reflection");
  expect_health(NULL, NULL, "{\"status\":\"SERVING\"}");
}

static void options_of_a_check(void **state) {
  (void)state;
  /* what others want of their messages does not change these */
  expect_health(NULL, "{\"codec\": \"binary\"}", "{\"status\":\"SERVING\"}");
  expect_health(NULL, "{\"enum_numbers\": true, \"timeout\": 30}", "{\"status\":\"SERVING\"}");
  char *json = NULL;
  pygrpc_error *error = NULL;
  check_error(pygrpc_health(client, NULL, "{\"timeout\": 0}", &json, NULL, &error), PYGRPC_E_STATUS,
              error);
  assert_int_equal(pygrpc_error_status(error), 4);
  pygrpc_error_free(error);
  error = NULL;
  expect_error(pygrpc_health(client, NULL, "{\"timeoutt\": 1}", &json, NULL, &error),
               PYGRPC_E_OPTION, &error, "\"timeoutt\"", "\"timeout\"");
}

/* The next status of a watch, blocking or on a queue. */
static void expect_status_text(pygrpc_stream *stream, pygrpc_queue *queue, const char *status) {
  const char *expected = format("{\"status\":\"%s\"}", status);
  if (queue == NULL) {
    expect_message(stream, expected);
    return;
  }
  pygrpc_event *event = NULL;
  size_t count = 0;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_stream_read_async(stream, 7, &error), error);
  expect_ok(pygrpc_queue_poll(queue, -1, &event, 1, &count, &error), error);
  assert_int_equal(pygrpc_event_code(event), PYGRPC_OK);
  assert_string_equal(pygrpc_event_message(event, NULL), expected);
  pygrpc_event_free(event);
}

static pygrpc_stream *watch(const char *service, pygrpc_queue *queue) {
  pygrpc_stream *stream = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_health_watch(client, service, NULL, queue, &stream, &error), error);
  assert_int_equal(pygrpc_stream_cardinality(stream), PYGRPC_UNARY_STREAM);
  return stream;
}

static void changes_are_seen(bool with_queue) {
  pygrpc_queue *queue = NULL;
  pygrpc_error *error = NULL;
  if (with_queue) expect_ok(pygrpc_queue_new(&queue, &error), error);
  pygrpc_stream *stream = watch("helloworld.Greeter", queue);
  expect_status_text(stream, queue, "SERVING");
  tell_server("not_serving", "helloworld.Greeter");
  expect_status_text(stream, queue, "NOT_SERVING");
  expect_health("helloworld.Greeter", NULL, "{\"status\":\"NOT_SERVING\"}");
  tell_server("serving", "helloworld.Greeter");
  expect_status_text(stream, queue, "SERVING");
  expect_health("helloworld.Greeter", NULL, "{\"status\":\"SERVING\"}");
  pygrpc_stream_free(stream);

  /* a service that comes to be */
  const char *service = with_queue ? "late.Queued" : "late.Blocking";
  stream = watch(service, queue);
  expect_status_text(stream, queue, "SERVICE_UNKNOWN");
  tell_server("serving", service);
  expect_status_text(stream, queue, "SERVING");
  char *json = NULL;
  expect_ok(pygrpc_stream_info(stream, 0, &json, NULL, &error), error);
  assert_json_string(json, "/method", "/grpc.health.v1.Health/Watch");
  assert_json(json, "/ended", "false");
  pygrpc_free(json);
  pygrpc_stream_free(stream);
  pygrpc_queue_free(queue);
}

static void a_watch(void **state) {
  (void)state;
  changes_are_seen(false);
}

static void a_watch_on_a_queue(void **state) {
  (void)state;
  changes_are_seen(true);
}

/* The whole server, and a cancelled watch. */
static void a_watch_of_the_server(void **state) {
  (void)state;
  pygrpc_stream *stream = watch(NULL, NULL);
  expect_message(stream, "{\"status\":\"SERVING\"}");
  char *message = NULL;
  pygrpc_error *error = NULL;
  expect_code(pygrpc_stream_read(stream, 20, &message, NULL, &error), PYGRPC_PENDING, error);
  expect_ok(pygrpc_stream_cancel(stream, &error), error);
  expect_status(stream, 1);
  pygrpc_stream_free(stream);
}

static void a_server_without(void **state) {
  (void)state;
  struct test_server bare = {0};
  server_start(&bare, "--no-health", NULL);
  pygrpc_client *other = new_client(bare.target, NULL);
  char *json = NULL;
  pygrpc_error *error = NULL;
  check_error(pygrpc_health(other, NULL, NULL, &json, NULL, &error), PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 12);
  assert_contains(pygrpc_error_message(error), "the server has no health service");
  pygrpc_error_free(error);
  error = NULL;
  pygrpc_stream *stream = NULL;
  expect_ok(pygrpc_health_watch(other, NULL, NULL, NULL, &stream, &error), error);
  expect_error(pygrpc_stream_read(stream, -1, &json, NULL, &error), PYGRPC_E_STATUS, &error,
               "the server has no health service");
  pygrpc_stream_free(stream);
  pygrpc_client_free(other);
  server_stop(&bare);
}

static void bad_use(void **state) {
  (void)state;
  char *json = NULL;
  pygrpc_stream *stream = NULL;
  pygrpc_error *error = NULL;
  expect_error(pygrpc_health(NULL, NULL, NULL, &json, NULL, &error), PYGRPC_E_ARGUMENT, &error,
               "client is NULL");
  expect_error(pygrpc_health(client, NULL, NULL, NULL, NULL, &error), PYGRPC_E_ARGUMENT, &error,
               "json is NULL");
  expect_error(pygrpc_health(client, "\xFF", NULL, &json, NULL, &error), PYGRPC_E_ARGUMENT, &error,
               "service is not UTF-8");
  expect_error(pygrpc_health_watch(client, NULL, NULL, NULL, NULL, &error), PYGRPC_E_ARGUMENT,
               &error, "stream is NULL");
  pygrpc_client *nowhere = new_client(NULL, NULL);
  expect_error(pygrpc_health(nowhere, NULL, NULL, &json, NULL, &error), PYGRPC_E_STATE, &error,
               "no target");
  expect_error(pygrpc_health_watch(nowhere, NULL, NULL, NULL, &stream, &error), PYGRPC_E_STATE,
               &error, "no target");
  assert_null(stream);
  pygrpc_client_free(nowhere);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_check),
      cmocka_unit_test(no_schema),
      cmocka_unit_test(options_of_a_check),
      cmocka_unit_test(a_watch),
      cmocka_unit_test(a_watch_on_a_queue),
      cmocka_unit_test(a_watch_of_the_server),
      cmocka_unit_test(a_server_without),
      cmocka_unit_test(bad_use),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
