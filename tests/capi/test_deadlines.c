/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Deadlines: the option "timeout" of clients and calls, and what holds without it. */

#include "harness.h"

/* Less than the 10 s of a unary call that is told nothing else. */
enum { kBeforeOthersMs = 9000 };

static void expect_deadline(pygrpc_client *caller, const char *options) {
  char *response = NULL;
  pygrpc_error *error = NULL;
  const int64_t start = now_ms();
  const int32_t result =
      pygrpc_unary_unary(caller, "Test/NeverAnswer", "{}", NUL, options, &response, NULL, &error);
  check_error(result, PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 4);
  assert_json_string(pygrpc_error_json(error), "/statusName", "DEADLINE_EXCEEDED");
  pygrpc_error_free(error);
  assert_null(response);
  assert_true(now_ms() - start >= 190);
  assert_within(start, kBeforeOthersMs);
}

static void every_way_to_write_a_timeout(void **state) {
  (void)state;
  static const char *const kOptions[] = {"{\"timeout\": 0.2}", "{\"timeout\": \"200ms\"}",
                                         "{\"timeout\": \"0.2s\"}"};
  for (size_t i = 0; i < COUNT_OF(kOptions); i++) expect_deadline(shared_client, kOptions[i]);
}

static void a_timeout_of_the_client(void **state) {
  (void)state;
  pygrpc_client *other = test_client("{\"timeout\": \"200ms\"}");
  expect_deadline(other, NULL);
  /* the call's own comes first */
  pygrpc_free(call(other, "Test/Sleep", "{\"delay\": \"0.5s\"}", "{\"timeout\": 20}"));
  /* and it is for streams, too */
  pygrpc_stream *stream =
      open_stream(other, "Test/CountForever", "{\"interval\": \"3600s\"}", NULL);
  expect_status(stream, 4);
  pygrpc_stream_free(stream);
  pygrpc_client_free(other);
}

static void streams_have_deadlines(void **state) {
  (void)state;
  for (size_t i = 0; i < kEndlessCallCount; i++) {
    const struct endless_call *endless = &kEndlessCalls[i];
    const int64_t start = now_ms();
    pygrpc_stream *stream =
        open_stream(shared_client, endless->method, endless->request, "{\"timeout\": \"200ms\"}");
    expect_status(stream, 4);
    assert_true(now_ms() - start >= 190);
    assert_within(start, 60000);
    pygrpc_error *error = NULL;
    if (endless->request == NULL) {
      expect_code(pygrpc_stream_write(stream, "{}", NUL, -1, &error), PYGRPC_END, error);
    }
    pygrpc_stream_free(stream);
  }
}

/* Messages that were on time count; the deadline ends what follows. On a connection that is there
 * the first message takes a hundredth of the time. */
static void messages_before_the_deadline(void **state) {
  (void)state;
  expect_greeting(shared_client, "SayHello");
  pygrpc_stream *stream = open_stream(shared_client, "Test/CountForever",
                                      "{\"interval\": \"0.02s\"}", "{\"timeout\": 2}");
  int messages = 0;
  for (;;) {
    char *message = NULL;
    pygrpc_error *error = NULL;
    const int32_t result = pygrpc_stream_read(stream, -1, &message, NULL, &error);
    pygrpc_free(message);
    if (result == PYGRPC_OK) {
      messages++;
      continue;
    }
    check_error(result, PYGRPC_E_STATUS, error);
    assert_int_equal(pygrpc_error_status(error), 4);
    pygrpc_error_free(error);
    break;
  }
  assert_true(messages >= 1 && messages <= 100);
  pygrpc_stream_free(stream);
}

/* The server sees the deadline: about 10 s for a unary call, none for a stream. */
static void deadlines_unless_given(void **state) {
  (void)state;
  char *reply = call(shared_client, "EchoMetadata", "{}", "{}");
  char *remaining = json_string_at(reply, "/timeRemaining");
  assert_non_null(remaining);
  const double seconds = strtod(remaining, NULL);
  assert_true(seconds > 5 && seconds < 10.5); /* gRPC rounds it up a little */
  free(remaining);
  pygrpc_free(reply);

  reply = call(shared_client, "EchoMetadata", "{}", "{\"timeout\": \"1h\"}");
  remaining = json_string_at(reply, "/timeRemaining");
  assert_non_null(remaining);
  assert_true(strtod(remaining, NULL) > 3500);
  free(remaining);
  pygrpc_free(reply);

  reply = call(shared_client, "EchoMetadata", "{}", "{\"timeout\": \"none\"}");
  assert_json_absent(reply, "/timeRemaining");
  pygrpc_free(reply);

  pygrpc_stream *stream = open_stream(shared_client, "EchoMetadataBidi", NULL, NULL);
  write_message(stream, "{}");
  reply = read_message(stream);
  assert_json_absent(reply, "/timeRemaining");
  pygrpc_free(reply);
  half_close(stream);
  expect_end(stream);
  pygrpc_stream_free(stream);
}

/* What the server sees left of the deadline. */
static double time_remaining(pygrpc_client *caller, const char *options) {
  char *reply = call(caller, "EchoMetadata", "{}", options);
  char *remaining = json_string_at(reply, "/timeRemaining");
  assert_non_null(remaining);
  const double seconds = strtod(remaining, NULL);
  free(remaining);
  pygrpc_free(reply);
  return seconds;
}

/* By gRPC 1.51 itself they would end up to two seconds too soon, and at once where they are short.
 */
static void timeouts_of_the_service_config(void **state) {
  (void)state;
  pygrpc_client *other = test_client(
      "{\"service_config\": {\"methodConfig\": ["
      "{\"name\": [{\"service\": \"pygrpc.test.Test\", \"method\": \"NeverAnswer\"}],"
      "\"timeout\": \"0.9s\"}, {\"name\": [{}], \"timeout\": \"200s\"}]}}");
  const int64_t start = now_ms();
  char *response = NULL;
  pygrpc_error *error = NULL;
  check_error(pygrpc_unary_unary(other, "Test/NeverAnswer", "{}", NUL, "{\"timeout\": 600}",
                                 &response, NULL, &error),
              PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 4);
  assert_contains(pygrpc_error_message(error), "in the option \"service_config\"");
  pygrpc_error_free(error);
  assert_true(now_ms() - start >= 890);
  assert_within(start, 60000);

  /* the library's own 10 s are for calls that are told nothing; of two timeouts both hold */
  assert_in_range((int64_t)time_remaining(other, "{}"), 20, 201);
  assert_in_range((int64_t)time_remaining(other, "{\"timeout\": \"none\"}"), 20, 201);
  assert_in_range((int64_t)time_remaining(other, "{\"timeout\": 100}"), 20, 101);
  assert_in_range((int64_t)time_remaining(other, "{\"timeout\": 600}"), 20, 201);
  pygrpc_client_free(other);
}

static void a_deadline_that_has_passed(void **state) {
  (void)state;
  char *response = NULL;
  pygrpc_error *error = NULL;
  const int64_t start = now_ms();
  check_error(pygrpc_unary_unary(shared_client, "SayHello", "{}", NUL, "{\"timeout\": 0}",
                                 &response, NULL, &error),
              PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 4);
  pygrpc_error_free(error);
  assert_within(start, kBeforeOthersMs);
}

/* A PENDING read does not end the call; its deadline does. */
static void a_read_outlives_neither(void **state) {
  (void)state;
  const int64_t start = now_ms();
  pygrpc_stream *stream =
      open_stream(shared_client, "Test/NeverAnswer", "{}", "{\"timeout\": \"500ms\"}");
  pygrpc_error *error = NULL;
  char *message = NULL;
  expect_code(pygrpc_stream_read(stream, 0, &message, NULL, &error), PYGRPC_PENDING, error);
  int32_t result;
  do {
    result = pygrpc_stream_read(stream, 50, &message, NULL, &error);
  } while (result == PYGRPC_PENDING);
  check_error(result, PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 4);
  pygrpc_error_free(error);
  assert_true(now_ms() - start >= 490);
  pygrpc_stream_free(stream);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_way_to_write_a_timeout),
      cmocka_unit_test(a_timeout_of_the_client),
      cmocka_unit_test(streams_have_deadlines),
      cmocka_unit_test(messages_before_the_deadline),
      cmocka_unit_test(deadlines_unless_given),
      cmocka_unit_test(timeouts_of_the_service_config),
      cmocka_unit_test(a_deadline_that_has_passed),
      cmocka_unit_test(a_read_outlives_neither),
  };
  return cmocka_run_group_tests(tests, start_shared_client, stop_shared_client);
}
