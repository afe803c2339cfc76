/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Unary calls, by the short form and by a stream; requests that do not fit. */

#include <time.h>

#include "harness.h"

static void a_call_is_answered(void **state) {
  (void)state;
  expect_greeting_of(shared_server.target, NULL);
}

/* The size counts, not the NUL; and what follows is not read. */
static void the_size_of_a_request(void **state) {
  (void)state;
  static const char kTwo[] = "{\"name\": \"you\"}{\"name\": \"them\"}";
  pygrpc_client *client = test_client(NULL);
  pygrpc_error *error = NULL;
  char *response = NULL;
  size_t size = 0;
  expect_ok(pygrpc_unary_unary(client, "SayHello", kTwo, 15, NULL, &response, &size, &error),
            error);
  assert_string_equal(response, "{\"message\":\"Hello, you!\"}");
  assert_int_equal(size, strlen(response));
  pygrpc_free(response);

  /* A request without a NUL, on the heap, so that a checker sees a read beyond it. */
  char *exact = malloc(15);
  memcpy(exact, kTwo, 15);
  expect_ok(pygrpc_unary_unary(client, "SayHello", exact, 15, NULL, &response, NULL, &error),
            error);
  assert_string_equal(response, "{\"message\":\"Hello, you!\"}");
  pygrpc_free(response);
  free(exact);

  expect_error(pygrpc_unary_unary(client, "SayHello", kTwo, NUL, NULL, &response, &size, &error),
               PYGRPC_E_JSON, &error, "");
  expect_error(pygrpc_unary_unary(client, "SayHello", kTwo, 0, NULL, &response, &size, &error),
               PYGRPC_E_JSON, &error, "");
  assert_null(response);
  assert_int_equal(size, 0);
  pygrpc_client_free(client);
}

/* All that the caller gives may change or go as soon as the function returns. */
static void arguments_are_copied(void **state) {
  (void)state;
  char target[192], options[64], method[64], request[64];
  snprintf(target, sizeof target, "%s", shared_server.target);
  snprintf(options, sizeof options, "{\"timeout\": \"20s\"}");
  snprintf(method, sizeof method, "EchoPayloads");
  snprintf(request, sizeof request, "{\"body\": \"AAAA\"}");
  pygrpc_client *client = client_of(target, options);
  memset(target, 'x', sizeof target - 1);
  memset(options, 'x', sizeof options - 1);
  pygrpc_error *error = NULL;
  pygrpc_stream *stream = NULL;
  expect_ok(pygrpc_stream_stream(client, method, NULL, &stream, &error), error);
  memset(method, 'x', sizeof method - 1);
  expect_ok(pygrpc_stream_write(stream, request, NUL, -1, &error), error);
  memset(request, 'x', sizeof request - 1);
  half_close(stream);
  expect_message(stream, "{\"body\":\"AAAA\"}");
  expect_end(stream);
  pygrpc_stream_free(stream);
  pygrpc_client_free(client);
}

static void outputs_that_nobody_asks_for(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  char *response = NULL;
  assert_int_equal(pygrpc_unary_unary(client, "SayHello", "{}", NUL, NULL, &response, NULL, NULL),
                   PYGRPC_OK);
  assert_string_equal(response, "{\"message\":\"Hello, !\"}");
  pygrpc_free(response);
  assert_int_equal(pygrpc_unary_unary(client, "SayHello", "{", NUL, NULL, &response, NULL, NULL),
                   PYGRPC_E_JSON);
  assert_null(response);
  pygrpc_client_free(client);
}

/* An error that is already there is neither freed nor touched on success. */
static void an_error_is_untouched_on_success(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  pygrpc_error *error = NULL;
  char *response = NULL;
  assert_int_equal(pygrpc_unary_unary(client, "SayHello", "[]", NUL, NULL, &response, NULL, &error),
                   PYGRPC_E_JSON);
  pygrpc_error *first = error;
  assert_int_equal(pygrpc_unary_unary(client, "SayHello", "{}", NUL, NULL, &response, NULL, &error),
                   PYGRPC_OK);
  assert_ptr_equal(error, first);
  assert_int_equal(pygrpc_error_code(first), PYGRPC_E_JSON);
  pygrpc_error_free(first);
  pygrpc_free(response);
  pygrpc_client_free(client);
}

struct bad_request {
  const char *json;
  const char *path;  /* of the fault */
  const char *named; /* in the message, besides */
};

/* Requests of Test/Echo that do not fit. */
static const struct bad_request kBadRequests[] = {
    {"{", NULL, ""},
    {"", NULL, ""},
    {"nonsense", NULL, ""},
    {"{\"int32Value\": 1", NULL, ""},
    {"{\"int32Value\" 1}", NULL, ""},
    {"{\"int32Value\": 1} x", NULL, ""},
    {"{'int32Value': 1}", NULL, ""},
    {"[]", "$", "object"},
    {"3", "$", "object"},
    {"\"text\"", "$", "object"},
    {"{\"int32Value\": \"x\"}", "$.int32Value", "x"},
    {"{\"int32Value\": 2147483648}", "$.int32Value", "2147483648"},
    {"{\"int32Value\": 1.5}", "$.int32Value", "1.5"},
    {"{\"uint32Value\": -1}", "$.uint32Value", "-1"},
    {"{\"uint64Value\": \"18446744073709551616\"}", "$.uint64Value", ""},
    {"{\"boolValue\": \"true\"}", "$.boolValue", ""},
    {"{\"stringValue\": 5}", "$.stringValue", "string"},
    {"{\"bytesValue\": \"?\"}", "$.bytesValue", "base64"},
    {"{\"enumValue\": \"GREEEN\"}", "$.enumValue", "GREEN"},
    {"{\"nestedValue\": []}", "$.nestedValue", ""},
    {"{\"nestedValue\": {\"numbr\": 1}}", "$.nestedValue", "number"},
    {"{\"repeatedInt32\": [1, 2, \"x\"]}", "$.repeatedInt32[2]", ""},
    {"{\"repeatedInt32\": 1}", "$.repeatedInt32", "array"},
    {"{\"repeatedNested\": [{}, {\"number\": {}}]}", "$.repeatedNested[1].number", ""},
    {"{\"mapStringNested\": {\"a\": {\"number\": \"x\"}}}", "$.mapStringNested", ""},
    {"{\"mapInt32Int32\": {\"x\": 1}}", "$.mapInt32Int32", ""},
    {"{\"oneofInt32\": 1, \"oneofString\": \"a\"}", "$.oneofString", "choice"},
    {"{\"timestamp\": \"yesterday\"}", "$.timestamp", ""},
    {"{\"duration\": \"5 s\"}", "$.duration", ""},
    {"{\"int32Valu\": 1}", "$", "int32Value"},
};

static void requests_that_do_not_fit(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  for (size_t i = 0; i < COUNT_OF(kBadRequests); i++) {
    const struct bad_request *bad = &kBadRequests[i];
    print_message("# %s\n", bad->json);
    pygrpc_error *error = NULL;
    char dummy = 0, *response = &dummy;
    size_t size = 1;
    const int32_t result =
        pygrpc_unary_unary(client, "Test/Echo", bad->json, NUL, NULL, &response, &size, &error);
    check_error(result, PYGRPC_E_JSON, error);
    assert_null(response);
    assert_int_equal(size, 0);
    const char *message = pygrpc_error_message(error), *json = pygrpc_error_json(error);
    assert_contains(message, bad->named);
    assert_json_string(json, "/method", "/pygrpc.test.Test/Echo");
    const int64_t offset = json_integer(json, "/offset");
    assert_true(offset >= 0 && offset <= (int64_t)strlen(bad->json));
    if (bad->path != NULL) {
      char *path = json_string_at(json, "/path");
      assert_non_null(path);
      assert_true(strncmp(path, bad->path, strlen(bad->path)) == 0);
      assert_contains(message, path);
      free(path);
    }
    pygrpc_error_free(error);
  }
  /* None of them has hurt the client. */
  pygrpc_free(call(client, "Test/Echo", "{}", NULL));
  pygrpc_client_free(client);
}

static void a_fault_in_json_is_told_in_full(void **state) {
  (void)state;
  static const char kRequest[] = "{\"repeatedNested\": [{\"number\": 1}, {\"number\": \"many\"}]}";
  pygrpc_client *client = test_client(NULL);
  pygrpc_error *error = NULL;
  char *response = NULL;
  const int32_t result =
      pygrpc_unary_unary(client, "Test/Echo", kRequest, NUL, NULL, &response, NULL, &error);
  check_error(result, PYGRPC_E_JSON, error);
  const char *json = pygrpc_error_json(error);
  assert_json_string(json, "/path", "$.repeatedNested[1].number");
  assert_json(json, "/offset", format("%d", (int)(strstr(kRequest, "\"many\"") - kRequest)));
  char *found = json_string_at(json, "/found");
  assert_contains(found, "many");
  free(found);
  char *expected = json_string_at(json, "/expected");
  assert_contains(expected, "int32");
  free(expected);
  assert_json_absent(json, "/near");
  assert_json_absent(json, "/locations");
  pygrpc_error_free(error);

  error = NULL;
  check_error(pygrpc_unary_unary(client, "Test/Echo", "{\"nestedValue\": {\"numbr\": 1}}", NUL,
                                 NULL, &response, NULL, &error),
              PYGRPC_E_JSON, error);
  assert_json_string(pygrpc_error_json(error), "/near/0", "number");
  pygrpc_error_free(error);
  pygrpc_client_free(client);
}

/* The processor's time that this thread has had. */
static int64_t processor_ms(void) {
  struct timespec time;
  assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), 0);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Hostile nesting is refused at once. */
static void deep_nesting(void **state) {
  (void)state;
  const size_t depth = 100000;
  char *request = malloc(2 * depth + 32);
  size_t used = (size_t)sprintf(request, "{\"value\": ");
  memset(request + used, '[', depth);
  memset(request + used + depth, ']', depth);
  strcpy(request + used + 2 * depth, "}");
  pygrpc_client *client = test_client(NULL);
  pygrpc_error *error = NULL;
  char *response = NULL;
  const int64_t start = processor_ms();
  expect_error(pygrpc_unary_unary(client, "Test/Echo", request, NUL, NULL, &response, NULL, &error),
               PYGRPC_E_JSON, &error, "max_depth");
  assert_true(processor_ms() - start < 500 * time_factor());
  free(request);
  pygrpc_client_free(client);
}

/* A unary call by a stream: the request is sent and half-closed by the opening. */
static void unary_by_a_stream(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  for (int32_t cardinality = 0; cardinality <= PYGRPC_UNARY_UNARY; cardinality++) {
    pygrpc_stream *stream = NULL;
    pygrpc_error *error = NULL;
    expect_ok(pygrpc_stream_open(client, "SayHello", cardinality, "{\"name\": \"you\"}", NUL, NULL,
                                 NULL, &stream, &error),
              error);
    expect_message(stream, "{\"message\":\"Hello, you!\"}");
    expect_end(stream);
    char *message = NULL;
    expect_error(pygrpc_stream_read(stream, -1, &message, NULL, &error), PYGRPC_E_STATE, &error,
                 "");
    pygrpc_stream_free(stream);
  }
  pygrpc_client_free(client);
}

static void empty_messages(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  static const char *const kEmpty[] = {"{}", " {\n} ", "{\"int32Value\": 0}"};
  for (size_t i = 0; i < COUNT_OF(kEmpty); i++) {
    char *response = call(client, "Test/Echo", kEmpty[i], NULL);
    assert_string_equal(response, "{}");
    pygrpc_free(response);
  }
  char *response = call(client, "Test/Ping", "{}", NULL);
  assert_string_equal(response, "{}");
  pygrpc_free(response);
  pygrpc_client_free(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_call_is_answered),
      cmocka_unit_test(the_size_of_a_request),
      cmocka_unit_test(arguments_are_copied),
      cmocka_unit_test(outputs_that_nobody_asks_for),
      cmocka_unit_test(an_error_is_untouched_on_success),
      cmocka_unit_test(requests_that_do_not_fit),
      cmocka_unit_test(a_fault_in_json_is_told_in_full),
      cmocka_unit_test(deep_nesting),
      cmocka_unit_test(unary_by_a_stream),
      cmocka_unit_test(empty_messages),
  };
  return cmocka_run_group_tests(tests, start_shared_server, stop_shared_server);
}
