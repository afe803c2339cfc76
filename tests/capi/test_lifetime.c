/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Handles freed in every order, also with calls in flight, and a process that ends with streams
 * open.
 */

#include <unistd.h>

#include "harness.h"

static void a_stream_outlives_its_client(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  pygrpc_stream *idle = open_stream(client, "RouteChat", NULL, NULL);
  pygrpc_stream *counting = open_stream(client, "Test/CountForever", "{}", NULL);
  pygrpc_free(read_message(counting));
  pygrpc_client_free(client);

  char *text = NULL;
  pygrpc_error *error = NULL;
  expect_error(pygrpc_stream_read(idle, -1, &text, NULL, &error), PYGRPC_E_CLOSED, &error,
               "client");
  const int32_t result = pygrpc_stream_write(idle, "{}", NUL, -1, &error);
  expect_error(result, PYGRPC_E_CLOSED, &error, "client");
  half_close(idle); /* does nothing after the end */
  expect_ok(pygrpc_stream_trailers(idle, -1, &text, NULL, &error), error); /* it ended without */
  assert_string_equal(text, "{}");
  pygrpc_free(text);
  expect_ok(pygrpc_stream_cancel(idle, &error), error);
  assert_int_equal(pygrpc_stream_cardinality(idle), PYGRPC_STREAM_STREAM);
  pygrpc_stream_free(idle);

  /* What has arrived before may still be read; then it is closed. */
  int32_t read = PYGRPC_OK;
  while (read == PYGRPC_OK) {
    read = pygrpc_stream_read(counting, -1, &text, NULL, &error);
    pygrpc_free(text);
  }
  expect_error(read, PYGRPC_E_CLOSED, &error, "client");
  pygrpc_stream_free(counting);
}

/* A stream that has ended keeps what it knows. */
static void an_ended_stream_outlives_its_client(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  pygrpc_stream *stream = open_stream(client, "SayHello", "{}", NULL);
  pygrpc_free(read_message(stream));
  expect_end(stream);
  pygrpc_client_free(client);
  char *text = NULL;
  pygrpc_error *error = NULL;
  assert_true(pygrpc_stream_read(stream, 0, &text, NULL, NULL) < 0);
  expect_ok(pygrpc_stream_trailers(stream, 0, &text, NULL, &error), error);
  assert_true(json_is_valid(text));
  pygrpc_free(text);
  pygrpc_stream_free(stream);
}

static void an_error_outlives_all(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  pygrpc_stream *stream =
      open_stream(client, "ReturnStatus", "{\"code\": 5, \"standardDetails\": [\"HELP\"]}", NULL);
  char *text = NULL;
  pygrpc_error *error = NULL;
  const int32_t result = pygrpc_stream_read(stream, -1, &text, NULL, &error);
  pygrpc_stream_free(stream);
  pygrpc_client_free(client);
  check_error(result, PYGRPC_E_STATUS, error);
  assert_json_count(pygrpc_error_json(error), "/details", 1);
  pygrpc_error_free(error);
}

static void streams_before_and_after_their_client(void **state) {
  (void)state;
  for (int order = 0; order < 6; order++) {
    pygrpc_client *client = test_client(NULL);
    pygrpc_stream *streams[2] = {open_stream(client, "Test/NeverAnswer", "{}", NULL),
                                 open_stream(client, "SayHelloBidiStream", NULL, NULL)};
    write_message(streams[1], "{\"name\": \"x\"}");
    if (order % 3 == 0) pygrpc_client_free(client);
    pygrpc_stream_free(streams[order / 3]);
    if (order % 3 == 1) pygrpc_client_free(client);
    pygrpc_stream_free(streams[1 - order / 3]);
    if (order % 3 == 2) pygrpc_client_free(client);
  }
}

static void streams_that_nobody_used(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  pygrpc_stream_free(open_stream(client, "SayHello", "{}", NULL));
  pygrpc_stream_free(open_stream(client, "SayHelloStreamReply", "{}", NULL));
  pygrpc_stream_free(open_stream(client, "RecordRoute", NULL, NULL));
  pygrpc_stream_free(open_stream(client, "RouteChat", NULL, NULL));
  pygrpc_free(call(client, "SayHello", "{}", NULL));
  pygrpc_client_free(client);

  client = client_of(dead_target(), NULL);
  pygrpc_stream_free(open_stream(client, "SayHello", "{}", "{\"wait_for_ready\": true}"));
  pygrpc_stream *stream = open_stream(client, "RouteChat", NULL, "{\"wait_for_ready\": true}");
  pygrpc_client_free(client);
  pygrpc_stream_free(stream);
}

static void a_stream_with_unread_messages(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  for (int read = 0; read <= 5; read++) {
    pygrpc_stream *stream = open_stream(client, "SayHelloStreamReply", "{}", NULL);
    for (int i = 0; i < read; i++) pygrpc_free(read_message(stream));
    pygrpc_stream_free(stream);
  }
  pygrpc_client_free(client);
}

/* A write that has not left when the stream is freed. */
static void a_stream_with_unsent_messages(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  pygrpc_stream *stream = open_stream(client, "Test/NeverRead", NULL, NULL);
  char *payload = payload_json(300000);
  pygrpc_error *error = NULL;
  int32_t result = PYGRPC_OK;
  while (result == PYGRPC_OK) result = pygrpc_stream_write(stream, payload, NUL, 50, &error);
  expect_code(result, PYGRPC_PENDING, error);
  free(payload);
  pygrpc_stream_free(stream);
  pygrpc_client_free(client);
}

/* ---- A client freed with calls in flight in other threads
 * --------------------------------------*/

enum { kCalls = 8 };

struct call_in_flight {
  pygrpc_client *client;
  pygrpc_stream *stream;
  int32_t result;
  char *text;
  pygrpc_error *error;
};

static void *call_unary(void *argument) {
  struct call_in_flight *call = argument;
  call->result =
      pygrpc_unary_unary(call->client, "Test/NeverAnswer", "{}", NUL,
                         "{\"timeout\": \"5m\", \"metadata\": {\"x-call-tag\": \"in-flight\"}}",
                         &call->text, NULL, &call->error);
  return NULL;
}

static void *read_stream(void *argument) {
  struct call_in_flight *call = argument;
  call->result = pygrpc_stream_read(call->stream, -1, &call->text, NULL, &call->error);
  return NULL;
}

static void a_client_freed_with_calls_in_flight(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  struct call_in_flight calls[2 * kCalls];
  pthread_t threads[2 * kCalls];
  for (int i = 0; i < 2 * kCalls; i++) {
    calls[i] = (struct call_in_flight){.client = client};
    if (i % 2 == 1) {
      calls[i].stream = open_stream(client, "Test/NeverAnswerBidi", NULL,
                                    "{\"metadata\": {\"x-call-tag\": \"in-flight\"}}");
    }
    start_thread(&threads[i], i % 2 == 0 ? call_unary : read_stream, &calls[i]);
  }
  wait_for_started("in-flight", 2 * kCalls);
  const int64_t start = now_ms();
  pygrpc_client_free(client);
  for (int i = 0; i < 2 * kCalls; i++) {
    join_thread(threads[i]);
    assert_null(calls[i].text);
    expect_error(calls[i].result, PYGRPC_E_CLOSED, &calls[i].error, "client");
    pygrpc_stream_free(calls[i].stream);
  }
  assert_within(start, 60000);
  wait_for_cancelled("in-flight", 2 * kCalls);
}

static void *wait_ready(void *argument) {
  struct call_in_flight *call = argument;
  call->result = pygrpc_client_wait_ready(call->client, -1, &call->error);
  return NULL;
}

static void a_client_freed_while_it_connects(void **state) {
  (void)state;
  struct call_in_flight wait = {.client = client_of(dead_target(), NULL)};
  pthread_t thread;
  start_thread(&thread, wait_ready, &wait);
  int32_t channel = PYGRPC_CHANNEL_IDLE;
  while (channel == PYGRPC_CHANNEL_IDLE) {
    assert_int_equal(pygrpc_client_state(wait.client, &channel, NULL), PYGRPC_OK);
    pause_ms(2);
  }
  const int64_t start = now_ms();
  pygrpc_client_free(wait.client);
  join_thread(thread);
  assert_within(start, 60000);
  expect_error(wait.result, PYGRPC_E_CLOSED, &wait.error, "client");
}

/* ---- The end of the process
 * --------------------------------------------------------------------*/

/* Each runs in a child of its own; it exits with 0 if all went as it should, and above all: exits.
 */

static pygrpc_client *child_client(void) {
  pygrpc_client *client = NULL;
  char options[600];
  snprintf(options, sizeof options, "{\"proto_path\": [\"%s\"]}", getenv("PYGRPC_TEST_PROTOS"));
  if (pygrpc_client_new(shared_server.target, options, &client, NULL) != PYGRPC_OK) _exit(10);
  if (pygrpc_load(client, "pygrpc_test/test.proto", NULL, NULL) != PYGRPC_OK) _exit(11);
  return client;
}

/* Handles that are still there when the process ends are no leak. */
static pygrpc_client *volatile kept_client;
static pygrpc_stream *volatile kept_stream;

static int exit_with_an_open_stream(void) {
  pygrpc_stream *stream = NULL;
  kept_client = child_client();
  if (pygrpc_unary_stream(kept_client, "CountForever", "{}", NUL, NULL, &stream, NULL) != 0)
    return 12;
  kept_stream = stream;
  char *message = NULL;
  if (pygrpc_stream_read(stream, -1, &message, NULL, NULL) != PYGRPC_OK) return 13;
  pygrpc_free(message);
  return 0;
}

static void *read_for_ever(void *argument) {
  (void)argument;
  char *message = NULL;
  /* The main thread may be in the way when it asks whether this one is there yet. */
  while (pygrpc_stream_read(kept_stream, -1, &message, NULL, NULL) == PYGRPC_E_STATE) pause_ms(1);
  return NULL;
}

static int exit_while_a_thread_reads(void) {
  pygrpc_stream *stream = NULL;
  kept_client = child_client();
  if (pygrpc_unary_stream(kept_client, "CountForever", "{\"interval\": \"3600s\"}", NUL, NULL,
                          &stream, NULL) != 0) {
    return 12;
  }
  kept_stream = stream;
  pthread_t thread;
  if (pthread_create(&thread, NULL, read_for_ever, NULL) != 0) return 13;
  char *message = NULL;
  while (pygrpc_stream_read(stream, 0, &message, NULL, NULL) == PYGRPC_PENDING) pause_ms(1);
  return 0;
}

static int exit_after_all_is_freed(void) {
  pygrpc_client *client = child_client();
  char *response = NULL;
  if (pygrpc_unary_unary(client, "Test/Ping", "{}", NUL, NULL, &response, NULL, NULL) != 0)
    return 12;
  pygrpc_free(response);
  pygrpc_client_free(client);
  return 0;
}

static int (*const kScenes[])(void) = {exit_with_an_open_stream, exit_while_a_thread_reads,
                                       exit_after_all_is_freed};

static const char *program; /* this one's path */

static void the_process_may_end_at_any_time(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(kScenes); i++) {
    const char *const command[] = {program, format("%zu", i), shared_server.target, NULL};
    const int64_t start = now_ms();
    assert_int_equal(run_program(command), 0);
    assert_within(start, 60000);
  }
}

/* With a number as argument this program is the child of the test above. A new process, not a fork:
 * gRPC has been used here. */
int main(int argc, char **argv) {
  program = argv[0];
  if (argc == 3) {
    snprintf(shared_server.target, sizeof shared_server.target, "%s", argv[2]);
    exit(kScenes[atoi(argv[1])]());
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_stream_outlives_its_client),
      cmocka_unit_test(an_ended_stream_outlives_its_client),
      cmocka_unit_test(an_error_outlives_all),
      cmocka_unit_test(streams_before_and_after_their_client),
      cmocka_unit_test(streams_that_nobody_used),
      cmocka_unit_test(a_stream_with_unread_messages),
      cmocka_unit_test(a_stream_with_unsent_messages),
      cmocka_unit_test(a_client_freed_with_calls_in_flight),
      cmocka_unit_test(a_client_freed_while_it_connects),
      cmocka_unit_test(the_process_may_end_at_any_time),
  };
  return cmocka_run_group_tests(tests, start_shared_server, stop_shared_server);
}
