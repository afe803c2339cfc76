/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * How an RPC ends: every status, by every cardinality, with message, details and trailers. */

#include "harness.h"

static const char *const kStatusNames[] = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
};

static const char *const kMethods[] = {"ReturnStatus", "ReturnStatusServerStream",
                                       "ReturnStatusClientStream", "ReturnStatusBidi"};

/* Starts a method of the status group with its request, by whichever cardinality. */
static pygrpc_stream *start(int method, const char *request) {
  if (method < 2) return open_stream(shared_client, kMethods[method], request, NULL);
  /* cppcheck-suppress arrayIndexOutOfBoundsCond ; it takes where loops end for an index */
  pygrpc_stream *stream = open_stream(shared_client, kMethods[method], NULL, NULL);
  write_message(stream, request);
  half_close(stream);
  return stream;
}

/* Reads to the end of a stream; the error to be freed, or NULL after END. */
static pygrpc_error *read_to_the_end(pygrpc_stream *stream) {
  for (;;) {
    char *message = NULL;
    pygrpc_error *error = NULL;
    const int32_t result = pygrpc_stream_read(stream, -1, &message, NULL, &error);
    pygrpc_free(message);
    if (result == PYGRPC_OK) continue;
    if (result == PYGRPC_END) return NULL;
    check_error(result, PYGRPC_E_STATUS, error);
    return error;
  }
}

static void check_status(const pygrpc_error *error, int32_t code, const char *method) {
  const char *json = pygrpc_error_json(error), *message = pygrpc_error_message(error);
  assert_int_equal(pygrpc_error_status(error), code);
  assert_json_string(json, "/statusName", kStatusNames[code]);
  assert_json_string(json, "/statusMessage", "it says: no \xE2\x9C\x97");
  assert_json_string(json, "/method", format("/pygrpc.test.Test/%s", method));
  assert_contains(message, kStatusNames[code]);
  assert_contains(message, "it says: no \xE2\x9C\x97");
}

static void every_status_of_every_cardinality(void **state) {
  (void)state;
  for (int method = 0; method < 4; method++) {
    for (int32_t code = 0; code <= 16; code++) {
      const char *request =
          format("{\"code\": %d, \"message\": \"it says: no \xE2\x9C\x97\"}", code);
      pygrpc_stream *stream = start(method, request);
      pygrpc_error *error = read_to_the_end(stream);
      if (code == 0) {
        assert_null(error);
      } else {
        assert_non_null(error);
        check_status(error, code, kMethods[method]);
      }
      pygrpc_error_free(error);
      pygrpc_stream_free(stream);
    }
  }
}

static void every_status_of_the_short_form(void **state) {
  (void)state;
  for (int32_t code = 0; code <= 16; code++) {
    const char *request = format("{\"code\": %d, \"message\": \"it says: no \xE2\x9C\x97\"}", code);
    char dummy = 0, *response = &dummy;
    size_t size = 1;
    pygrpc_error *error = NULL;
    const int32_t result = pygrpc_unary_unary(shared_client, "ReturnStatus", request, NUL, NULL,
                                              &response, &size, &error);
    if (code == 0) {
      expect_ok(result, error);
      assert_string_equal(response, "{}");
      pygrpc_free(response);
    } else {
      check_error(result, PYGRPC_E_STATUS, error);
      check_status(error, code, "ReturnStatus");
      assert_null(response);
      assert_int_equal(size, 0);
      pygrpc_error_free(error);
    }
  }
}

/* A number that gRPC does not know is UNKNOWN, not something outside the space of numbers. */
static void a_status_out_of_range(void **state) {
  (void)state;
  static const int kCodes[] = {17, 99, 1000};
  for (size_t i = 0; i < COUNT_OF(kCodes); i++) {
    char *response = NULL;
    pygrpc_error *error = NULL;
    const int32_t result = pygrpc_unary_unary(
        shared_client, "ReturnStatus", format("{\"code\": %d, \"message\": \"odd\"}", kCodes[i]),
        NUL, NULL, &response, NULL, &error);
    check_error(result, PYGRPC_E_STATUS, error);
    assert_int_equal(pygrpc_error_status(error), 2);
    pygrpc_error_free(error);
  }
}

static void messages_come_before_the_status(void **state) {
  (void)state;
  pygrpc_stream *stream = start(1, "{\"code\": 9, \"afterMessages\": 3}");
  for (int i = 1; i <= 3; i++) expect_message(stream, format("{\"number\":\"%d\"}", i));
  expect_status(stream, 9);
  pygrpc_stream_free(stream);
}

static void a_method_that_is_not_implemented(void **state) {
  (void)state;
  char *response = NULL;
  pygrpc_error *error = NULL;
  const int32_t result = pygrpc_unary_unary(shared_client, "Test/NotImplemented", "{}", NUL, NULL,
                                            &response, NULL, &error);
  check_error(result, PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 12);
  assert_contains(pygrpc_error_message(error), "/pygrpc.test.Test/NotImplemented");
  pygrpc_error_free(error);
}

/* ---- Details
 * -----------------------------------------------------------------------------------*/

static const char *const kDetails[] = {
    "ERROR_INFO",  "RETRY_INFO",   "DEBUG_INFO",    "QUOTA_FAILURE", "PRECONDITION_FAILURE",
    "BAD_REQUEST", "REQUEST_INFO", "RESOURCE_INFO", "HELP",          "LOCALIZED_MESSAGE"};
static const char *const kDetailTypes[] = {
    "ErrorInfo",  "RetryInfo",   "DebugInfo",    "QuotaFailure", "PreconditionFailure",
    "BadRequest", "RequestInfo", "ResourceInfo", "Help",         "LocalizedMessage"};

static void standard_details_are_decoded(void **state) {
  (void)state;
  for (int method = 0; method < 4; method++) {
    for (size_t i = 0; i < COUNT_OF(kDetails); i++) {
      pygrpc_stream *stream =
          start(method, format("{\"code\": 3, \"message\": \"bad\", \"standardDetails\": [\"%s\"]}",
                               kDetails[i]));
      pygrpc_error *error = read_to_the_end(stream);
      assert_non_null(error);
      const char *json = pygrpc_error_json(error);
      assert_json_string(json, "/statusMessage", "bad");
      assert_json_count(json, "/details", 1);
      assert_json_string(json, "/details/0/@type",
                         format("type.googleapis.com/google.rpc.%s", kDetailTypes[i]));
      /* decoded: there are fields besides the type, and no bytes */
      assert_true(json_count_at(json, "/details/0") >= 2);
      assert_json_absent(json, "/details/0/value");
      pygrpc_error_free(error);
      pygrpc_stream_free(stream);
    }
  }
}

static void many_details_keep_their_order(void **state) {
  (void)state;
  pygrpc_stream *stream = start(
      0,
      "{\"code\": 8, \"standardDetails\": [\"HELP\", \"ERROR_INFO\"], \"details\": [{\"@type\": "
      "\"type.googleapis.com/google.protobuf.Duration\", \"value\": \"1.5s\"}]}");
  pygrpc_error *error = read_to_the_end(stream);
  const char *json = pygrpc_error_json(error);
  assert_json_count(json, "/details", 3);
  assert_json_string(json, "/details/0/@type", "type.googleapis.com/google.rpc.Help");
  assert_json_string(json, "/details/1/@type", "type.googleapis.com/google.rpc.ErrorInfo");
  assert_json_string(json, "/details/2/value", "1.500s");
  pygrpc_error_free(error);
  pygrpc_stream_free(stream);
}

/* A type of the client's own schema is decoded by it. */
static void a_detail_of_the_loaded_schema(void **state) {
  (void)state;
  pygrpc_stream *stream = start(
      0,
      "{\"code\": 8, \"details\": [{\"@type\": \"type.googleapis.com/pygrpc.test.Standalone\","
      "\"id\": \"7\", \"tags\": [\"a\"]}]}");
  pygrpc_error *error = read_to_the_end(stream);
  const char *json = pygrpc_error_json(error);
  assert_json_string(json, "/details/0/id", "7");
  assert_json_string(json, "/details/0/tags/0", "a");
  pygrpc_error_free(error);
  pygrpc_stream_free(stream);
}

/* An unknown type keeps its URL and its bytes, and does not spoil the others. */
static void a_detail_of_unknown_type(void **state) {
  (void)state;
  pygrpc_stream *stream =
      start(0, "{\"code\": 8, \"standardDetails\": [\"UNKNOWN_TYPE\", \"HELP\"]}");
  pygrpc_error *error = read_to_the_end(stream);
  const char *json = pygrpc_error_json(error);
  assert_json_count(json, "/details", 2);
  assert_json_string(json, "/details/0/@type", "type.googleapis.com/pygrpc.test.Unpublished");
  assert_json_string(json, "/details/0/value", "CJYB");
  assert_json_string(json, "/details/1/@type", "type.googleapis.com/google.rpc.Help");
  pygrpc_error_free(error);
  pygrpc_stream_free(stream);
}

/* Bytes that are no google.rpc.Status: the status counts all the same, the bytes are in the
 * trailers.*/
static void details_that_are_broken(void **state) {
  (void)state;
  pygrpc_stream *stream =
      start(0, "{\"code\": 5, \"message\": \"m\", \"rawDetails\": \"/////w==\"}");
  pygrpc_error *error = read_to_the_end(stream);
  assert_non_null(error);
  const char *json = pygrpc_error_json(error);
  assert_int_equal(pygrpc_error_status(error), 5);
  assert_json_string(json, "/statusMessage", "m");
  assert_json_absent(json, "/details/0");
  assert_json_string(json, "/trailers/grpc-status-details-bin/0", "/////w==");
  pygrpc_error_free(error);
  pygrpc_stream_free(stream);
}

static void no_details(void **state) {
  (void)state;
  pygrpc_stream *stream = start(0, "{\"code\": 5}");
  pygrpc_error *error = read_to_the_end(stream);
  assert_json_absent(pygrpc_error_json(error), "/details/0");
  pygrpc_error_free(error);
  pygrpc_stream_free(stream);
}

/* ---- Trailers
 * ----------------------------------------------------------------------------------*/

/* With headers of its own before the status, or as one block of headers that is all
 * (Trailers-Only), the trailers are the trailers. */
static void trailers_of_an_error(void **state) {
  (void)state;
  for (int method = 0; method < 4; method++) {
    for (int headers_first = 0; headers_first <= 1; headers_first++) {
      pygrpc_stream *stream =
          start(method,
                format("{\"code\": 7, \"message\": \"stop\", \"headersFirst\": %s, \"trailers\": ["
                       "{\"key\": \"x-a\", \"text\": \"1\"}, {\"key\": \"x-a\", \"text\": \"2\"},"
                       "{\"key\": \"x-b-bin\", \"binary\": \"AP8=\"}]}",
                       headers_first ? "true" : "false"));
      pygrpc_error *error = read_to_the_end(stream);
      assert_non_null(error);
      const char *json = pygrpc_error_json(error);
      assert_json_count(json, "/trailers/x-a", 2);
      assert_json_string(json, "/trailers/x-a/0", "1");
      assert_json_string(json, "/trailers/x-a/1", "2");
      assert_json_string(json, "/trailers/x-b-bin/0", "AP8=");

      char *headers = NULL, *trailers = NULL;
      pygrpc_error *none = NULL;
      expect_ok(pygrpc_stream_headers(stream, -1, &headers, NULL, &none), none);
      expect_ok(pygrpc_stream_trailers(stream, -1, &trailers, NULL, &none), none);
      if (headers_first) {
        assert_json_string(headers, "/x-headers-first/0", "yes");
      } else {
        assert_json_absent(headers, "/x-a");
        assert_json_absent(headers, "/x-headers-first");
      }
      assert_json_string(trailers, "/x-a/0", "1");
      assert_json_string(trailers, "/x-a/1", "2");
      assert_json_string(trailers, "/x-b-bin/0", "AP8=");
      pygrpc_free(headers);
      pygrpc_free(trailers);
      pygrpc_error_free(error);
      pygrpc_stream_free(stream);
    }
  }
}

static void trailers_only_keeps_its_details(void **state) {
  (void)state;
  char *response = NULL;
  pygrpc_error *error = NULL;
  check_error(pygrpc_unary_unary(
                  shared_client, "ReturnStatus",
                  "{\"code\": 3, \"message\": \"m\", \"standardDetails\": [\"BAD_REQUEST\"]}", NUL,
                  NULL, &response, NULL, &error),
              PYGRPC_E_STATUS, error);
  assert_json_string(pygrpc_error_json(error), "/details/0/@type",
                     "type.googleapis.com/google.rpc.BadRequest");
  pygrpc_error_free(error);
}

/* ---- Retriable
 * ---------------------------------------------------------------------------------*/

static void unavailable_is_retriable(void **state) {
  (void)state;
  static const int kCodes[] = {14, 3, 5, 7, 12};
  for (size_t i = 0; i < COUNT_OF(kCodes); i++) {
    char *response = NULL;
    pygrpc_error *error = NULL;
    check_error(
        pygrpc_unary_unary(shared_client, "ReturnStatus", format("{\"code\": %d}", kCodes[i]), NUL,
                           NULL, &response, NULL, &error),
        PYGRPC_E_STATUS, error);
    size_t size = 0;
    const char *retriable = json_find(pygrpc_error_json(error), "/retriable", &size);
    assert_int_equal(retriable != NULL && strncmp(retriable, "true", size) == 0, kCodes[i] == 14);
    pygrpc_error_free(error);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_status_of_every_cardinality),
      cmocka_unit_test(every_status_of_the_short_form),
      cmocka_unit_test(a_status_out_of_range),
      cmocka_unit_test(messages_come_before_the_status),
      cmocka_unit_test(a_method_that_is_not_implemented),
      cmocka_unit_test(standard_details_are_decoded),
      cmocka_unit_test(many_details_keep_their_order),
      cmocka_unit_test(a_detail_of_the_loaded_schema),
      cmocka_unit_test(a_detail_of_unknown_type),
      cmocka_unit_test(details_that_are_broken),
      cmocka_unit_test(no_details),
      cmocka_unit_test(trailers_of_an_error),
      cmocka_unit_test(trailers_only_keeps_its_details),
      cmocka_unit_test(unavailable_is_retriable),
  };
  return cmocka_run_group_tests(tests, start_shared_client, stop_shared_client);
}
