/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A call of the wrong cardinality is refused before any I/O: here nobody listens, and the channel
 * must not even have tried. */

#include "harness.h"

/* A method of each cardinality, and how the message names the function for it, in all languages.
 * Index 0 is unused. */
static const char *const kMethods[] = {NULL, "GetFeature", "ListFeatures", "RecordRoute",
                                       "RouteChat"};
static const char *const kFunctions[] = {NULL, "call it with unary_unary",
                                         "call it with unary_stream", "call it with stream_unary",
                                         "call it with stream_stream"};

/* Calls a method by the function for `cardinality`. */
static int32_t call_by(pygrpc_client *client, const char *method, int32_t cardinality,
                       pygrpc_error **error) {
  char dummy = 0, *response = &dummy;
  size_t size = 1;
  pygrpc_stream *stream = NULL;
  int32_t result = PYGRPC_OK;
  switch (cardinality) {
    case PYGRPC_UNARY_UNARY:
      result = pygrpc_unary_unary(client, method, "{}", NUL, NULL, &response, &size, error);
      assert_null(response);
      assert_int_equal(size, 0);
      break;
    case PYGRPC_UNARY_STREAM:
      result = pygrpc_unary_stream(client, method, "{}", NUL, NULL, &stream, error);
      break;
    case PYGRPC_STREAM_UNARY:
      result = pygrpc_stream_unary(client, method, NULL, &stream, error);
      break;
    default:
      result = pygrpc_stream_stream(client, method, NULL, &stream, error);
  }
  assert_null(stream);
  return result;
}

static void assert_idle(pygrpc_client *client) {
  int32_t state = -1;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_client_state(client, &state, &error), error);
  assert_int_equal(state, PYGRPC_CHANNEL_IDLE);
}

static void every_function_refuses_the_other_cardinalities(void **state) {
  (void)state;
  pygrpc_client *client = client_of(dead_target(), NULL);
  pygrpc_error *error = NULL;
  for (int32_t method = 1; method <= 4; method++) {
    for (int32_t function = 1; function <= 4; function++) {
      if (method == function) continue;
      const int32_t result = call_by(client, kMethods[method], function, &error);
      check_error(result, PYGRPC_E_CARDINALITY, error);
      assert_json_string(pygrpc_error_json(error), "/method",
                         format("/routeguide.RouteGuide/%s", kMethods[method]));
      /* what it is, and which function is for it */
      expect_error(result, PYGRPC_E_CARDINALITY, &error, kMethods[method], kFunctions[method]);
    }
  }
  assert_idle(client);
  pygrpc_client_free(client);
}

static void stream_open_refuses_what_is_not_expected(void **state) {
  (void)state;
  pygrpc_client *client = client_of(dead_target(), NULL);
  pygrpc_error *error = NULL;
  for (int32_t method = 1; method <= 4; method++) {
    for (int32_t expected = 1; expected <= 4; expected++) {
      if (method == expected) continue;
      pygrpc_stream *stream = NULL;
      const char *request = method <= PYGRPC_UNARY_STREAM ? "{}" : NULL;
      expect_error(pygrpc_stream_open(client, kMethods[method], expected, request, NUL, NULL, NULL,
                                      &stream, &error),
                   PYGRPC_E_CARDINALITY, &error, kMethods[method]);
      assert_null(stream);
    }
  }
  assert_idle(client);
  pygrpc_client_free(client);
}

/* Also with the codec binary, if the schema is known. */
static void the_binary_codec_is_no_way_round(void **state) {
  (void)state;
  pygrpc_client *client = client_of(dead_target(), "{\"codec\": \"binary\"}");
  pygrpc_error *error = NULL;
  char *response = NULL;
  expect_error(pygrpc_unary_unary(client, "/routeguide.RouteGuide/ListFeatures", "", 0, NULL,
                                  &response, NULL, &error),
               PYGRPC_E_CARDINALITY, &error, "unary_stream");
  assert_idle(client);
  pygrpc_client_free(client);
}

/* Streams know what they are, by whichever function they were opened. */
static void streams_tell_their_cardinality(void **state) {
  (void)state;
  pygrpc_client *client = client_of(dead_target(), NULL);
  pygrpc_error *error = NULL;
  for (int32_t method = 1; method <= 4; method++) {
    const char *request = method <= PYGRPC_UNARY_STREAM ? "{}" : NULL;
    for (int32_t expected = 0; expected <= method; expected += method) {
      pygrpc_stream *stream = NULL;
      expect_ok(pygrpc_stream_open(client, kMethods[method], expected, request, NUL, NULL, NULL,
                                   &stream, &error),
                error);
      assert_int_equal(pygrpc_stream_cardinality(stream), method);
      pygrpc_stream_free(stream);
    }
  }
  pygrpc_stream *stream = NULL;
  expect_ok(pygrpc_unary_stream(client, "ListFeatures", "{}", NUL, NULL, &stream, &error), error);
  assert_int_equal(pygrpc_stream_cardinality(stream), PYGRPC_UNARY_STREAM);
  pygrpc_stream_free(stream);
  expect_ok(pygrpc_stream_unary(client, "RecordRoute", NULL, &stream, &error), error);
  assert_int_equal(pygrpc_stream_cardinality(stream), PYGRPC_STREAM_UNARY);
  pygrpc_stream_free(stream);
  expect_ok(pygrpc_stream_stream(client, "RouteChat", NULL, &stream, &error), error);
  assert_int_equal(pygrpc_stream_cardinality(stream), PYGRPC_STREAM_STREAM);
  pygrpc_stream_free(stream);
  pygrpc_client_free(client);
}

/* A client without a target serves the schema, and says what it lacks for a call. */
static void no_target(void **state) {
  (void)state;
  pygrpc_client *client = client_of(NULL, NULL);
  pygrpc_error *error = NULL;
  for (int32_t method = 1; method <= 4; method++) {
    int32_t cardinality = 0;
    expect_ok(pygrpc_method_cardinality(client, kMethods[method], &cardinality, &error), error);
    assert_int_equal(cardinality, method);
    expect_error(call_by(client, kMethods[method], method, &error), PYGRPC_E_STATE, &error,
                 "target");
  }
  int32_t channel = 0;
  expect_error(pygrpc_client_state(client, &channel, &error), PYGRPC_E_STATE, &error, "target");
  expect_error(pygrpc_client_wait_ready(client, 1000, &error), PYGRPC_E_STATE, &error, "target");
  expect_error(pygrpc_load(client, "reflection", NULL, &error), PYGRPC_E_STATE, &error, "target");
  pygrpc_client_free(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_function_refuses_the_other_cardinalities),
      cmocka_unit_test(stream_open_refuses_what_is_not_expected),
      cmocka_unit_test(the_binary_codec_is_no_way_round),
      cmocka_unit_test(streams_tell_their_cardinality),
      cmocka_unit_test(no_target),
  };
  return cmocka_run_group_tests(tests, NULL, stop_shared_server);
}
