/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Streams: the four cardinalities by every function that opens them, the order of messages,
 * half-close, the end, and what is refused in which state. */

#include "harness.h"

static void expect_state_error(pygrpc_stream *stream) {
  char dummy = 0, *message = &dummy;
  size_t size = 1;
  pygrpc_error *error = NULL;
  expect_error(pygrpc_stream_read(stream, 0, &message, &size, &error), PYGRPC_E_STATE, &error, "");
  assert_null(message);
  assert_int_equal(size, 0);
}

/* ---- The four cardinalities
 * --------------------------------------------------------------------*/

static void check_greetings(pygrpc_stream *stream) {
  for (int i = 1; i <= 5; i++) {
    expect_message(stream, format("{\"message\":\"Hello, you! (%d/5)\"}", i));
  }
  expect_end(stream);
  pygrpc_stream_free(stream);
}

static void unary_stream(void **state) {
  (void)state;
  static const char kMethod[] = "SayHelloStreamReply", kRequest[] = "{\"name\": \"you\"}";
  pygrpc_stream *stream = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_unary_stream(shared_client, kMethod, kRequest, NUL, NULL, &stream, &error),
            error);
  check_greetings(stream);
  expect_ok(pygrpc_unary_stream(shared_client, kMethod, kRequest, strlen(kRequest), NULL, &stream,
                                &error),
            error);
  check_greetings(stream);
  check_greetings(open_stream(shared_client, kMethod, kRequest, NULL));
  expect_ok(pygrpc_stream_open(shared_client, kMethod, PYGRPC_UNARY_STREAM, kRequest, NUL, NULL,
                               NULL, &stream, &error),
            error);
  check_greetings(stream);
}

static void record_route(pygrpc_stream *stream) {
  write_message(stream, "{\"latitude\": 500875000, \"longitude\": 144213000}");
  write_message(stream, "{\"latitude\": 1, \"longitude\": 1}");
  write_message(stream, "{\"latitude\": 1, \"longitude\": 1}");
  half_close(stream);
  char *summary = read_message(stream);
  assert_json(summary, "/pointCount", "3");
  assert_true(json_integer(summary, "/distance") > 5000000);
  pygrpc_free(summary);
  expect_end(stream);
  pygrpc_stream_free(stream);
}

static void stream_unary(void **state) {
  (void)state;
  pygrpc_stream *stream = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_stream_unary(shared_client, "RecordRoute", NULL, &stream, &error), error);
  record_route(stream);
  record_route(open_stream(shared_client, "RecordRoute", NULL, NULL));
  expect_ok(pygrpc_stream_open(shared_client, "RecordRoute", PYGRPC_STREAM_UNARY, NULL, 0, NULL,
                               NULL, &stream, &error),
            error);
  record_route(stream);
}

static void greet_one_by_one(pygrpc_stream *stream) {
  for (int i = 0; i < 3; i++) {
    write_message(stream, format("{\"name\": \"%d\"}", i));
    expect_message(stream, format("{\"message\":\"Hello, %d!\"}", i));
  }
  half_close(stream);
  expect_end(stream);
  pygrpc_stream_free(stream);
}

static void stream_stream(void **state) {
  (void)state;
  pygrpc_stream *stream = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_stream_stream(shared_client, "SayHelloBidiStream", NULL, &stream, &error),
            error);
  greet_one_by_one(stream);
  greet_one_by_one(open_stream(shared_client, "SayHelloBidiStream", NULL, NULL));
  expect_ok(pygrpc_stream_open(shared_client, "SayHelloBidiStream", PYGRPC_STREAM_STREAM, NULL, 0,
                               NULL, NULL, &stream, &error),
            error);
  greet_one_by_one(stream);
}

/* Many requests before the first answer is read. */
static void writes_before_reads(void **state) {
  (void)state;
  pygrpc_stream *stream = open_stream(shared_client, "SayHelloBidiStream", NULL, NULL);
  for (int i = 0; i < 200; i++) write_message(stream, format("{\"name\": \"%d\"}", i));
  half_close(stream);
  for (int i = 0; i < 200; i++) expect_message(stream, format("{\"message\":\"Hello, %d!\"}", i));
  expect_end(stream);
  pygrpc_stream_free(stream);
}

static void streams_of_no_messages(void **state) {
  (void)state;
  pygrpc_stream *stream = open_stream(shared_client, "SayHelloBidiStream", NULL, NULL);
  half_close(stream);
  expect_end(stream);
  pygrpc_stream_free(stream);

  stream = open_stream(shared_client, "Test/EchoServerStream", "{}", NULL);
  expect_end(stream);
  pygrpc_stream_free(stream);

  stream = open_stream(shared_client, "RecordRoute", NULL, NULL);
  half_close(stream);
  expect_message(stream, "{}");
  expect_end(stream);
  pygrpc_stream_free(stream);
}

/* Streams of one client do not mix. */
static void many_streams_at_once(void **state) {
  (void)state;
  pygrpc_stream *streams[50];
  for (int i = 0; i < 50; i++) {
    streams[i] = open_stream(shared_client, "SayHelloBidiStream", NULL, NULL);
    write_message(streams[i], format("{\"name\": \"%d\"}", i));
  }
  for (int i = 49; i >= 0; i--) {
    expect_message(streams[i], format("{\"message\":\"Hello, %d!\"}", i));
    half_close(streams[i]);
  }
  for (int i = 0; i < 50; i++) {
    expect_end(streams[i]);
    pygrpc_stream_free(streams[i]);
  }
}

/* ---- The end
 * -----------------------------------------------------------------------------------*/

static void the_end_is_given_once(void **state) {
  (void)state;
  pygrpc_stream *streams[] = {
      open_stream(shared_client, "SayHello", "{}", NULL),
      open_stream(shared_client, "Test/EchoServerStream", "{\"count\": 1}", NULL),
      open_stream(shared_client, "RecordRoute", NULL, NULL),
      open_stream(shared_client, "RouteChat", NULL, NULL),
  };
  for (size_t i = 0; i < COUNT_OF(streams); i++) {
    half_close(streams[i]);
    if (i < 3) pygrpc_free(read_message(streams[i]));
    expect_end(streams[i]);
    expect_state_error(streams[i]);
    expect_state_error(streams[i]);
    pygrpc_stream_free(streams[i]);
  }
}

static void a_status_is_given_once(void **state) {
  (void)state;
  static const char kRequest[] = "{\"code\": 5, \"message\": \"not here\", \"afterMessages\": 1}";
  pygrpc_stream *stream = open_stream(shared_client, "ReturnStatusServerStream", kRequest, NULL);
  expect_message(stream, "{\"number\":\"1\"}");
  expect_status(stream, 5);
  expect_state_error(stream);
  expect_state_error(stream);
  pygrpc_stream_free(stream);

  stream = open_stream(shared_client, "ReturnStatus", kRequest, NULL);
  expect_status(stream, 5);
  expect_state_error(stream);
  pygrpc_stream_free(stream);
}

/* The server ends the RPC while the client still writes: END says so, and the read says how. */
static void writes_after_the_server_has_ended(void **state) {
  (void)state;
  static const struct {
    const char *method;
    int32_t code;
  } kCases[] = {{"ReturnStatusBidi", 5}, {"ReturnStatusClientStream", 5}, {"ReturnStatusBidi", 0}};
  for (size_t i = 0; i < COUNT_OF(kCases); i++) {
    pygrpc_stream *stream = open_stream(shared_client, kCases[i].method, NULL, NULL);
    write_message(stream, format("{\"code\": %d, \"message\": \"gone\", \"afterMessages\": 1}",
                                 kCases[i].code));
    pygrpc_error *error = NULL;
    const int64_t start = now_ms();
    int32_t result = PYGRPC_OK;
    while (result == PYGRPC_OK) result = pygrpc_stream_write(stream, "{}", NUL, -1, &error);
    expect_code(result, PYGRPC_END, error);
    assert_within(start, kAtOnceMs); /* as soon as it is known, not when a buffer is full */
    expect_code(pygrpc_stream_write(stream, "{}", NUL, 0, &error), PYGRPC_END, error);
    half_close(stream); /* nothing to do, and no fault */
    if (strcmp(kCases[i].method, "ReturnStatusBidi") == 0) {
      expect_message(stream, "{\"number\":\"1\"}");
    }
    if (kCases[i].code == 0) {
      expect_end(stream);
    } else {
      expect_status(stream, kCases[i].code);
    }
    half_close(stream);
    expect_state_error(stream);
    pygrpc_stream_free(stream);
  }
}

/* A response is not given out before its status: an error takes its place. */
static void a_unary_response_comes_with_its_status(void **state) {
  (void)state;
  pygrpc_stream *stream = open_stream(shared_client, "ReturnStatusClientStream", NULL, NULL);
  write_message(stream, "{\"code\": 10, \"message\": \"aborted\"}");
  half_close(stream);
  expect_status(stream, 10);
  pygrpc_stream_free(stream);
}

/* ---- Half-close and writing
 * --------------------------------------------------------------------*/

static void writes_after_half_close(void **state) {
  (void)state;
  static const char *const kMethods[] = {"RouteChat", "RecordRoute"};
  for (size_t i = 0; i < COUNT_OF(kMethods); i++) {
    pygrpc_stream *stream = open_stream(shared_client, kMethods[i], NULL, NULL);
    half_close(stream);
    half_close(stream);
    pygrpc_error *error = NULL;
    expect_error(pygrpc_stream_write(stream, "{}", NUL, -1, &error), PYGRPC_E_STATE, &error,
                 "half-close");
    expect_error(pygrpc_stream_write(stream, "{}", NUL, 0, &error), PYGRPC_E_STATE, &error,
                 "half-close");
    if (i == 1) pygrpc_free(read_message(stream));
    expect_end(stream);
    half_close(stream);
    pygrpc_stream_free(stream);
  }
}

static void writes_to_methods_with_one_request(void **state) {
  (void)state;
  static const char *const kMethods[] = {"SayHello", "SayHelloStreamReply"};
  for (size_t i = 0; i < COUNT_OF(kMethods); i++) {
    pygrpc_stream *stream = open_stream(shared_client, kMethods[i], "{}", NULL);
    pygrpc_error *error = NULL;
    expect_error(pygrpc_stream_write(stream, "{}", NUL, -1, &error), PYGRPC_E_STATE, &error,
                 "request");
    half_close(stream);
    pygrpc_free(read_message(stream));
    pygrpc_stream_free(stream);
  }
}

/* After a message that does not fit, the stream is as before. */
static void a_bad_message_does_not_hurt_the_stream(void **state) {
  (void)state;
  pygrpc_stream *stream = open_stream(shared_client, "SayHelloBidiStream", NULL, NULL);
  pygrpc_error *error = NULL;
  write_message(stream, "{\"name\": \"1\"}");
  expect_error(pygrpc_stream_write(stream, "{\"nam\": \"2\"}", NUL, -1, &error), PYGRPC_E_JSON,
               &error, "nam", "name");
  expect_error(pygrpc_stream_write(stream, "{", NUL, -1, &error), PYGRPC_E_JSON, &error, "");
  expect_error(pygrpc_stream_write(stream, "", 0, -1, &error), PYGRPC_E_JSON, &error, "");
  write_message(stream, "{\"name\": \"3\"}");
  half_close(stream);
  expect_message(stream, "{\"message\":\"Hello, 1!\"}");
  expect_message(stream, "{\"message\":\"Hello, 3!\"}");
  expect_end(stream);
  pygrpc_stream_free(stream);
}

static void a_bad_request_opens_no_stream(void **state) {
  (void)state;
  pygrpc_stream *stream = NULL;
  pygrpc_error *error = NULL;
  expect_error(pygrpc_unary_stream(shared_client, "SayHelloStreamReply", "{\"name\": 1}", NUL, NULL,
                                   &stream, &error),
               PYGRPC_E_JSON, &error, "$.name");
  expect_error(
      pygrpc_stream_open(shared_client, "SayHello", 0, "{", NUL, NULL, NULL, &stream, &error),
      PYGRPC_E_JSON, &error, "");
  assert_null(stream);
}

/* ---- Reading with a timeout
 * --------------------------------------------------------------------*/

static void expect_pending_read(pygrpc_stream *stream, int64_t timeout_ms) {
  char dummy = 0, *message = &dummy;
  size_t size = 1;
  pygrpc_error *error = NULL;
  expect_code(pygrpc_stream_read(stream, timeout_ms, &message, &size, &error), PYGRPC_PENDING,
              error);
  assert_null(message);
  assert_int_equal(size, 0);
}

static void a_read_may_have_to_be_asked_again(void **state) {
  (void)state;
  pygrpc_stream *stream = open_stream(shared_client, "SayHelloBidiStream", NULL, NULL);
  for (int number = 1; number <= 3; number++) {
    /* there is no answer before there is a question */
    for (int i = 0; i < 5; i++) expect_pending_read(stream, 20);
    write_message(stream, format("{\"name\": \"%d\"}", number));
    expect_message(stream, format("{\"message\":\"Hello, %d!\"}", number));
  }
  pygrpc_stream_free(stream);
}

static void a_read_of_0_does_not_wait(void **state) {
  (void)state;
  pygrpc_stream *stream = open_stream(shared_client, "Test/NeverAnswerBidi", NULL, NULL);
  const int64_t start = now_ms();
  for (int i = 0; i < 100; i++) expect_pending_read(stream, 0);
  assert_within(start, kAtOnceMs);
  pygrpc_stream_free(stream);

  /* and yet it gets what is there in the end */
  stream = open_stream(shared_client, "SayHello", "{\"name\": \"you\"}", NULL);
  for (;;) {
    char *message = NULL;
    pygrpc_error *error = NULL;
    const int32_t result = pygrpc_stream_read(stream, 0, &message, NULL, &error);
    if (result == PYGRPC_OK) {
      assert_string_equal(message, "{\"message\":\"Hello, you!\"}");
      pygrpc_free(message);
      break;
    }
    expect_code(result, PYGRPC_PENDING, error);
    assert_within(start, 60000);
  }
  pygrpc_stream_free(stream);
}

static void a_timeout_is_kept(void **state) {
  (void)state;
  pygrpc_stream *stream =
      open_stream(shared_client, "Test/NeverAnswer", "{}", "{\"timeout\": \"none\"}");
  const int64_t start = now_ms();
  expect_pending_read(stream, 300);
  assert_true(now_ms() - start >= 295);
  assert_within(start, kAtOnceMs);
  pygrpc_stream_free(stream);
}

/* ---- Writing with a timeout
 * --------------------------------------------------------------------*/

static void a_write_may_have_to_be_asked_again(void **state) {
  (void)state;
  pygrpc_stream *stream = open_stream(shared_client, "Test/NeverRead", NULL, NULL);
  char *payload = payload_json(100000);
  pygrpc_error *error = NULL;
  /* flow control: the server takes some, and then no more */
  expect_ok(pygrpc_stream_write(stream, payload, NUL, 60000, &error), error);
  int written = 1;
  int32_t result = PYGRPC_OK;
  for (; result == PYGRPC_OK && written < 1000; written++) {
    result = pygrpc_stream_write(stream, payload, NUL, 200, &error);
    /* a server that was held up may take more all the same */
    const int64_t start = now_ms();
    if (result == PYGRPC_PENDING) result = pygrpc_stream_write(stream, payload, NUL, 0, &error);
    assert_within(start, kAtOnceMs);
  }
  expect_code(result, PYGRPC_PENDING, error);
  free(payload);
  expect_ok(pygrpc_stream_cancel(stream, &error), error);
  expect_code(pygrpc_stream_write(stream, "{}", NUL, -1, &error), PYGRPC_END, error);
  expect_status(stream, 1);
  pygrpc_stream_free(stream);
}

/* A message that PENDING refused was not taken: the sum at the other end tells. */
static void a_pending_message_is_not_taken(void **state) {
  (void)state;
  const size_t units = 500000;
  char *payload = payload_json(units);
  pygrpc_stream *stream = open_stream(shared_client, "Test/SinkPayloads", NULL, NULL);
  pygrpc_error *error = NULL;
  int taken = 0;
  while (taken < 20) {
    const int32_t result = pygrpc_stream_write(stream, payload, NUL, 0, &error);
    if (result == PYGRPC_OK) {
      taken++;
    } else {
      expect_code(result, PYGRPC_PENDING, error);
      pause_ms(1);
    }
  }
  free(payload);
  half_close(stream);
  char *summary = read_message(stream);
  assert_json_string(summary, "/messages", "20");
  assert_json_string(summary, "/bytes", format("%zu", 20 * 3 * units));
  pygrpc_free(summary);
  expect_end(stream);
  pygrpc_stream_free(stream);
}

/* ---- Cancellation
 * ------------------------------------------------------------------------------*/

static void cancel_before_and_after(void **state) {
  (void)state;
  pygrpc_error *error = NULL;
  pygrpc_stream *stream = open_stream(shared_client, "Test/CountForever", "{}", NULL);
  expect_ok(pygrpc_stream_cancel(stream, &error), error);
  expect_ok(pygrpc_stream_cancel(stream, &error), error);
  int32_t result = PYGRPC_OK;
  while (result == PYGRPC_OK) {
    char *message = NULL;
    result = pygrpc_stream_read(stream, -1, &message, NULL, &error);
    pygrpc_free(message);
  }
  check_error(result, PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 1);
  assert_json_string(pygrpc_error_json(error), "/statusName", "CANCELLED");
  pygrpc_error_free(error);
  error = NULL;
  expect_state_error(stream);
  expect_ok(pygrpc_stream_cancel(stream, &error), error);
  pygrpc_stream_free(stream);

  stream = open_stream(shared_client, "RouteChat", NULL, NULL);
  half_close(stream);
  expect_end(stream);
  expect_ok(pygrpc_stream_cancel(stream, &error), error);
  expect_state_error(stream);
  pygrpc_stream_free(stream);
}

static void the_server_sees_a_cancel(void **state) {
  (void)state;
  pygrpc_error *error = NULL;
  pygrpc_stream *stream = open_stream(shared_client, "Test/NeverAnswer", "{}",
                                      "{\"metadata\": {\"x-call-tag\": \"seen-cancel\"}}");
  wait_for_started("seen-cancel", 1);
  expect_ok(pygrpc_stream_cancel(stream, &error), error);
  expect_status(stream, 1);
  wait_for_cancelled("seen-cancel", 1);
  pygrpc_stream_free(stream);
}

static void the_server_sees_a_free(void **state) {
  (void)state;
  pygrpc_stream *stream = open_stream(shared_client, "Test/CountForever", "{}",
                                      "{\"metadata\": {\"x-call-tag\": \"seen-free\"}}");
  pygrpc_free(read_message(stream));
  pygrpc_stream_free(stream); /* with messages that nobody has read */
  wait_for_cancelled("seen-free", 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unary_stream),
      cmocka_unit_test(stream_unary),
      cmocka_unit_test(stream_stream),
      cmocka_unit_test(writes_before_reads),
      cmocka_unit_test(streams_of_no_messages),
      cmocka_unit_test(many_streams_at_once),
      cmocka_unit_test(the_end_is_given_once),
      cmocka_unit_test(a_status_is_given_once),
      cmocka_unit_test(writes_after_the_server_has_ended),
      cmocka_unit_test(a_unary_response_comes_with_its_status),
      cmocka_unit_test(writes_after_half_close),
      cmocka_unit_test(writes_to_methods_with_one_request),
      cmocka_unit_test(a_bad_message_does_not_hurt_the_stream),
      cmocka_unit_test(a_bad_request_opens_no_stream),
      cmocka_unit_test(a_read_may_have_to_be_asked_again),
      cmocka_unit_test(a_read_of_0_does_not_wait),
      cmocka_unit_test(a_timeout_is_kept),
      cmocka_unit_test(a_write_may_have_to_be_asked_again),
      cmocka_unit_test(a_pending_message_is_not_taken),
      cmocka_unit_test(cancel_before_and_after),
      cmocka_unit_test(the_server_sees_a_cancel),
      cmocka_unit_test(the_server_sees_a_free),
  };
  return cmocka_run_group_tests(tests, start_shared_client, stop_shared_client);
}
