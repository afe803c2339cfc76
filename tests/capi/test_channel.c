/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The channel: its state, waiting for it, servers that are down, come up and die, unix sockets. */

#include <pthread.h>

#include "harness.h"

static int32_t state_of(pygrpc_client *client) {
  int32_t state = -1;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_client_state(client, &state, &error), error);
  return state;
}

/* min_backoff is how long an attempt to connect may take: a busy server is not to miss it. */
static const char kQuickReconnect[] =
    "{\"reconnect\": {\"initial_backoff\": \"100ms\", \"min_backoff\": \"20s\","
    "\"max_backoff\": \"200ms\"}}";

static void a_new_client_does_not_connect(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  assert_int_equal(state_of(client), PYGRPC_CHANNEL_IDLE);
  assert_int_equal(state_of(client), PYGRPC_CHANNEL_IDLE);
  pygrpc_client_free(client);
}

static void a_channel_gets_ready(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_client_wait_ready(client, 60000, &error), error);
  assert_int_equal(state_of(client), PYGRPC_CHANNEL_READY);
  expect_ok(pygrpc_client_wait_ready(client, 0, &error), error);
  expect_ok(pygrpc_client_wait_ready(client, -1, &error), error);
  pygrpc_client_free(client);

  /* a call connects, too */
  client = test_client(NULL);
  pygrpc_free(call(client, "SayHello", "{}", NULL));
  assert_int_equal(state_of(client), PYGRPC_CHANNEL_READY);
  pygrpc_client_free(client);
}

static void a_wait_of_0_only_begins_to_connect(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  pygrpc_error *error = NULL;
  const int64_t start = now_ms();
  int32_t result = pygrpc_client_wait_ready(client, 0, &error);
  expect_code(result, PYGRPC_PENDING, error);
  while (result == PYGRPC_PENDING) {
    result = pygrpc_client_wait_ready(client, 10, &error);
    assert_within(start, 60000);
  }
  expect_ok(result, error);
  pygrpc_client_free(client);
}

static void a_server_that_is_down(void **state) {
  (void)state;
  pygrpc_client *client = client_of(dead_target(), NULL);
  pygrpc_error *error = NULL;
  int64_t start = now_ms();
  expect_code(pygrpc_client_wait_ready(client, 300, &error), PYGRPC_PENDING, error);
  assert_true(now_ms() - start >= 290);
  assert_within(start, 60000);
  const int32_t channel = state_of(client);
  assert_true(channel == PYGRPC_CHANNEL_TRANSIENT_FAILURE || channel == PYGRPC_CHANNEL_CONNECTING);

  /* A call fails at once, not at its deadline, and says where nobody is. */
  start = now_ms();
  char *response = NULL;
  int32_t result = pygrpc_unary_unary(client, "SayHello", "{}", NUL, "{\"timeout\": 600}",
                                      &response, NULL, &error);
  check_error(result, PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 14);
  assert_contains(pygrpc_error_message(error), "127.0.0.1:");
  assert_json(pygrpc_error_json(error), "/retriable", "true");
  pygrpc_error_free(error);
  assert_within(start, kAtOnceMs);

  pygrpc_stream *streams[] = {
      open_stream(client, "SayHello", "{}", NULL), open_stream(client, "ListFeatures", "{}", NULL),
      open_stream(client, "RecordRoute", NULL, NULL), open_stream(client, "RouteChat", NULL, NULL)};
  for (size_t i = 0; i < COUNT_OF(streams); i++) {
    expect_status(streams[i], 14);
    pygrpc_stream_free(streams[i]);
  }
  pygrpc_client_free(client);
}

static void wait_for_ready(void **state) {
  (void)state;
  pygrpc_client *client = client_of(dead_target(), NULL);
  pygrpc_error *error = NULL;
  char *response = NULL;
  const int64_t start = now_ms();
  check_error(pygrpc_unary_unary(client, "SayHello", "{}", NUL,
                                 "{\"wait_for_ready\": true, \"timeout\": \"400ms\"}", &response,
                                 NULL, &error),
              PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 4);
  pygrpc_error_free(error);
  assert_true(now_ms() - start >= 390);
  pygrpc_client_free(client);
}

struct late_call {
  pygrpc_client *client;
  int32_t result;
  char *response;
};

static void *call_and_wait(void *argument) {
  struct late_call *late = argument;
  late->result = pygrpc_unary_unary(late->client, "SayHello", "{\"name\": \"late\"}", NUL,
                                    "{\"wait_for_ready\": true, \"timeout\": 60}", &late->response,
                                    NULL, NULL);
  return NULL;
}

/* A call that waits for the channel goes through when the server comes up. */
static void a_server_that_comes_up(void **state) {
  (void)state;
  const int port = unused_port();
  struct late_call late = {client_of(format("127.0.0.1:%d", port), kQuickReconnect), 0, NULL};
  pthread_t thread;
  start_thread(&thread, call_and_wait, &late);
  while (state_of(late.client) != PYGRPC_CHANNEL_TRANSIENT_FAILURE) pause_ms(5);
  struct test_server server;
  server_start(&server, "--port", format("%d", port), NULL);
  join_thread(thread);
  assert_int_equal(late.result, PYGRPC_OK);
  assert_string_equal(late.response, "{\"message\":\"Hello, late!\"}");
  pygrpc_free(late.response);
  assert_int_equal(state_of(late.client), PYGRPC_CHANNEL_READY);
  pygrpc_client_free(late.client);
  server_stop(&server);
}

/* A server that dies in mid-stream ends its calls, and the client goes on with the next server. */
static void a_server_that_dies(void **state) {
  (void)state;
  struct test_server server;
  const int port = unused_port();
  server_start(&server, "--port", format("%d", port), NULL);
  pygrpc_client *client = client_of(server.target, kQuickReconnect);
  pygrpc_stream *endless =
      open_stream(client, "Test/CountForever", "{\"interval\": \"3600s\"}", NULL);
  pygrpc_stream *silent = open_stream(client, "Test/NeverAnswerBidi", NULL, NULL);
  write_message(silent, "{}");
  pygrpc_stream *crash = open_stream(client, "Test/Crash", "{\"afterMessages\": 2}", NULL);
  expect_message(crash, "{\"number\":\"1\"}");
  /* gRPC drops what had come but was not asked for yet when the connection is lost. */
  char *second = NULL;
  pygrpc_error *error = NULL;
  const int32_t result = pygrpc_stream_read(crash, -1, &second, NULL, &error);
  if (result == PYGRPC_OK) {
    assert_string_equal(second, "{\"number\":\"2\"}");
    pygrpc_free(second);
    expect_status(crash, 14);
  } else {
    check_error(result, PYGRPC_E_STATUS, error);
    assert_int_equal(pygrpc_error_status(error), 14);
    pygrpc_error_free(error);
  }
  expect_status(endless, 14);
  expect_status(silent, 14);
  pygrpc_stream_free(crash);
  pygrpc_stream_free(endless);
  pygrpc_stream_free(silent);
  server_stop(&server);

  server_start(&server, "--port", format("%d", port), NULL);
  char *response = call(client, "SayHello", "{\"name\": \"again\"}",
                        "{\"wait_for_ready\": true, \"timeout\": 60}");
  assert_string_equal(response, "{\"message\":\"Hello, again!\"}");
  pygrpc_free(response);
  pygrpc_client_free(client);
  server_stop(&server);
}

static void unix_sockets(void **state) {
  (void)state;
  const char *directory = make_directory();
  struct test_server server;
  server_start(&server, "--unix", path_in(directory, "socket"), NULL);
  pygrpc_client *client = client_of(server.target, NULL);
  expect_greeting(client, "SayHello");
  pygrpc_stream *stream = open_stream(client, "SayHelloStreamReply", "{}", NULL);
  for (int i = 0; i < 5; i++) pygrpc_free(read_message(stream));
  expect_end(stream);
  pygrpc_stream_free(stream);
  pygrpc_client_free(client);
  server_stop(&server);

  /* nobody there any more */
  client = client_of(format("unix:%s", path_in(directory, "other")), NULL);
  char *response = NULL;
  pygrpc_error *error = NULL;
  check_error(pygrpc_unary_unary(client, "SayHello", "{}", NUL, NULL, &response, NULL, &error),
              PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 14);
  pygrpc_error_free(error);
  pygrpc_client_free(client);
  remove_directory(directory);
}

static void forms_of_a_target(void **state) {
  (void)state;
  const char *const targets[] = {format("127.0.0.1:%d", shared_server.port),
                                 format("localhost:%d", shared_server.port),
                                 format("ipv4:127.0.0.1:%d", shared_server.port),
                                 format("dns:///localhost:%d", shared_server.port)};
  for (size_t i = 0; i < COUNT_OF(targets); i++) {
    pygrpc_client *client = client_of(targets[i], NULL);
    pygrpc_free(call(client, "SayHello", "{}", NULL));
    pygrpc_client_free(client);
  }
}

/* What cannot be a target is told by the first call at the latest, and hurts nobody. */
static void targets_that_lead_nowhere(void **state) {
  (void)state;
  static const char *const kTargets[] = {"no-such-host.invalid:50051",
                                         "dns:///no-such-host.invalid", "127.0.0.1:99999",
                                         "ipv4:not-an-address:1"};
  for (size_t i = 0; i < COUNT_OF(kTargets); i++) {
    pygrpc_client *client = NULL;
    pygrpc_error *error = NULL;
    int32_t result = pygrpc_client_new(kTargets[i], "{\"reflection\": false}", &client, &error);
    if (result == PYGRPC_OK) {
      load(client, "helloworld.proto");
      char *response = NULL;
      result = pygrpc_unary_unary(client, "SayHello", "{}", NUL, "{\"timeout\": 100}", &response,
                                  NULL, &error);
      check_error(result, PYGRPC_E_STATUS, error);
      assert_contains(pygrpc_error_message(error), kTargets[i]);
      assert_int_not_equal(pygrpc_error_status(error), 4);
    } else {
      check_error(result, PYGRPC_E_ARGUMENT, error);
    }
    pygrpc_error_free(error);
    pygrpc_client_free(client);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_new_client_does_not_connect),
      cmocka_unit_test(a_channel_gets_ready),
      cmocka_unit_test(a_wait_of_0_only_begins_to_connect),
      cmocka_unit_test(a_server_that_is_down),
      cmocka_unit_test(wait_for_ready),
      cmocka_unit_test(a_server_that_comes_up),
      cmocka_unit_test(a_server_that_dies),
      cmocka_unit_test(unix_sockets),
      cmocka_unit_test(forms_of_a_target),
      cmocka_unit_test(targets_that_lead_nowhere),
  };
  return cmocka_run_group_tests(tests, start_shared_server, stop_shared_server);
}
