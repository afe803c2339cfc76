/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * NULL and text that is not UTF-8, for every parameter of every function. The message names the
 * parameter by its name in the header; outputs are set to nothing; nothing crashes. No server is
 * needed: all of this is found before any I/O. */

#include "harness.h"

static const char kBadText[] = "caf\xE9";           /* Latin-1 */
static const char kTooLong[] = "\xC0\xAF";          /* an overlong form */
static const char kSurrogate[] = "\xED\xA0\x80";    /* half of a UTF-16 pair */
static const char kCutOff[] = "x\xE2\x82";          /* a character that is cut off */
static const char kTooLarge[] = "\xF4\x90\x80\x80"; /* beyond U+10FFFF */
static const char *const kBad[] = {kBadText, kTooLong, kSurrogate, kCutOff, kTooLarge};

/* A call that must fail, with the same result where no error is asked for. */
#define expect_argument_error(call_with_error, name)                \
  do {                                                              \
    pygrpc_error *error = NULL;                                     \
    pygrpc_error **error_out = &error;                              \
    expect_error(call_with_error, PYGRPC_E_ARGUMENT, &error, name); \
    error_out = NULL;                                               \
    assert_int_equal(call_with_error, PYGRPC_E_ARGUMENT);           \
  } while (0)

/* The same for functions that give text: it must be set to nothing. */
#define expect_argument_error_and_no_text(call_with_error, name) \
  do {                                                           \
    char dummy = 0;                                              \
    text = &dummy;                                               \
    size = 1;                                                    \
    expect_argument_error(call_with_error, name);                \
    assert_null(text);                                           \
    assert_int_equal(size, 0);                                   \
  } while (0)

static pygrpc_client *client;

static int make_client(void **state) {
  (void)state;
  client = client_of(dead_target(), NULL);
  return 0;
}

static int free_client(void **state) {
  pygrpc_client_free(client);
  return stop_shared_server(state);
}

static void client_new(void **state) {
  (void)state;
  pygrpc_client *made = NULL;
  expect_argument_error(pygrpc_client_new("localhost:1", NULL, NULL, error_out), "client");
  for (size_t i = 0; i < COUNT_OF(kBad); i++) {
    expect_argument_error(pygrpc_client_new(kBad[i], NULL, &made, error_out), "target");
    expect_argument_error(pygrpc_client_new("localhost:1", kBad[i], &made, error_out), "options");
  }
  expect_argument_error(pygrpc_client_new("", NULL, &made, error_out), "target");
  assert_null(made);
}

static void client_state_and_wait_ready(void **state) {
  (void)state;
  int32_t channel_state = 0;
  expect_argument_error(pygrpc_client_wait_ready(NULL, 0, error_out), "client");
  expect_argument_error(pygrpc_client_state(NULL, &channel_state, error_out), "client");
  expect_argument_error(pygrpc_client_state(client, NULL, error_out), "state");
}

static void load_from_a_source(void **state) {
  (void)state;
  expect_argument_error(pygrpc_load(NULL, "helloworld.proto", NULL, error_out), "client");
  expect_argument_error(pygrpc_load(client, NULL, NULL, error_out), "source");
  for (size_t i = 0; i < COUNT_OF(kBad); i++) {
    expect_argument_error(pygrpc_load(client, kBad[i], NULL, error_out), "source");
    expect_argument_error(pygrpc_load(client, "helloworld.proto", kBad[i], error_out), "options");
  }
}

static void load_from_memory(void **state) {
  (void)state;
  expect_argument_error(pygrpc_load_descriptor_set(NULL, "", 0, error_out), "client");
  expect_argument_error(pygrpc_load_descriptor_set(client, NULL, 5, error_out), "bytes");
  expect_argument_error(pygrpc_load_descriptor_set(client, NULL, NUL, error_out), "bytes");
  expect_argument_error(pygrpc_load_proto(NULL, "a.proto", "", NUL, error_out), "client");
  expect_argument_error(pygrpc_load_proto(client, NULL, "", NUL, error_out), "filename");
  expect_argument_error(pygrpc_load_proto(client, "a.proto", NULL, NUL, error_out), "text");
  expect_argument_error(pygrpc_load_proto(client, "a.proto", NULL, 3, error_out), "text");
  for (size_t i = 0; i < COUNT_OF(kBad); i++) {
    expect_argument_error(pygrpc_load_proto(client, kBad[i], "", NUL, error_out), "filename");
  }
  expect_argument_error(pygrpc_load_client(NULL, client, error_out), "client");
  expect_argument_error(pygrpc_load_client(client, NULL, error_out), "other");
}

static void json_to_binary(void **state) {
  (void)state;
  static const char kType[] = "helloworld.HelloRequest";
  char *text;
  size_t size;
#define TO_BINARY(client, type, json, json_size, options, bytes) \
  pygrpc_json_to_binary(client, type, json, json_size, options, bytes, &size, error_out)
  expect_argument_error_and_no_text(TO_BINARY(NULL, kType, "{}", NUL, NULL, &text), "client");
  expect_argument_error_and_no_text(TO_BINARY(client, NULL, "{}", NUL, NULL, &text), "type");
  expect_argument_error_and_no_text(TO_BINARY(client, kType, NULL, NUL, NULL, &text), "json");
  expect_argument_error_and_no_text(TO_BINARY(client, kType, NULL, 2, NULL, &text), "json");
  expect_argument_error(TO_BINARY(client, kType, "{}", NUL, NULL, NULL), "bytes");
  for (size_t i = 0; i < COUNT_OF(kBad); i++) {
    expect_argument_error_and_no_text(TO_BINARY(client, kBad[i], "{}", NUL, NULL, &text), "type");
    expect_argument_error_and_no_text(TO_BINARY(client, kType, "{}", NUL, kBad[i], &text),
                                      "options");
  }
#undef TO_BINARY
}

static void binary_to_json(void **state) {
  (void)state;
  static const char kType[] = "helloworld.HelloRequest";
  char *text;
  size_t size;
#define TO_JSON(client, type, bytes, bytes_size, options, json) \
  pygrpc_binary_to_json(client, type, bytes, bytes_size, options, json, &size, error_out)
  expect_argument_error_and_no_text(TO_JSON(NULL, kType, "", 0, NULL, &text), "client");
  expect_argument_error_and_no_text(TO_JSON(client, NULL, "", 0, NULL, &text), "type");
  expect_argument_error_and_no_text(TO_JSON(client, kType, NULL, 2, NULL, &text), "bytes");
  expect_argument_error_and_no_text(TO_JSON(client, kType, NULL, NUL, NULL, &text), "bytes");
  expect_argument_error(TO_JSON(client, kType, "", 0, NULL, NULL), "json");
  for (size_t i = 0; i < COUNT_OF(kBad); i++) {
    expect_argument_error_and_no_text(TO_JSON(client, kBad[i], "", 0, NULL, &text), "type");
    expect_argument_error_and_no_text(TO_JSON(client, kType, "", 0, kBad[i], &text), "options");
  }
#undef TO_JSON
}

static void method_cardinality(void **state) {
  (void)state;
  int32_t cardinality = 0;
  expect_argument_error(pygrpc_method_cardinality(NULL, "SayHello", &cardinality, error_out),
                        "client");
  expect_argument_error(pygrpc_method_cardinality(client, NULL, &cardinality, error_out), "method");
  expect_argument_error(pygrpc_method_cardinality(client, "SayHello", NULL, error_out),
                        "cardinality");
  for (size_t i = 0; i < COUNT_OF(kBad); i++) {
    expect_argument_error(pygrpc_method_cardinality(client, kBad[i], &cardinality, error_out),
                          "method");
  }
}

static void unary_unary(void **state) {
  (void)state;
  char *text;
  size_t size;
#define UNARY(client, method, request, request_size, options, response) \
  pygrpc_unary_unary(client, method, request, request_size, options, response, &size, error_out)
  expect_argument_error_and_no_text(UNARY(NULL, "SayHello", "{}", NUL, NULL, &text), "client");
  expect_argument_error_and_no_text(UNARY(client, NULL, "{}", NUL, NULL, &text), "method");
  expect_argument_error_and_no_text(UNARY(client, "SayHello", NULL, NUL, NULL, &text), "request");
  expect_argument_error_and_no_text(UNARY(client, "SayHello", NULL, 2, NULL, &text), "request");
  expect_argument_error(UNARY(client, "SayHello", "{}", NUL, NULL, NULL), "response");
  for (size_t i = 0; i < COUNT_OF(kBad); i++) {
    expect_argument_error_and_no_text(UNARY(client, kBad[i], "{}", NUL, NULL, &text), "method");
    expect_argument_error_and_no_text(UNARY(client, "SayHello", "{}", NUL, kBad[i], &text),
                                      "options");
  }
#undef UNARY
}

static void unary_stream(void **state) {
  (void)state;
  static const char kMethod[] = "SayHelloStreamReply";
  pygrpc_stream *stream = NULL;
#define OPEN(client, method, request, options, stream) \
  pygrpc_unary_stream(client, method, request, NUL, options, stream, error_out)
  expect_argument_error(OPEN(NULL, kMethod, "{}", NULL, &stream), "client");
  expect_argument_error(OPEN(client, NULL, "{}", NULL, &stream), "method");
  expect_argument_error(OPEN(client, kMethod, NULL, NULL, &stream), "request");
  expect_argument_error(OPEN(client, kMethod, "{}", NULL, NULL), "stream");
  for (size_t i = 0; i < COUNT_OF(kBad); i++) {
    expect_argument_error(OPEN(client, kBad[i], "{}", NULL, &stream), "method");
    expect_argument_error(OPEN(client, kMethod, "{}", kBad[i], &stream), "options");
  }
#undef OPEN
  assert_null(stream);
}

typedef int32_t open_function(pygrpc_client *, const char *, const char *, pygrpc_stream **,
                              pygrpc_error **);

static void check_open_function(open_function *open, const char *method) {
  pygrpc_stream *stream = NULL;
  expect_argument_error(open(NULL, method, NULL, &stream, error_out), "client");
  expect_argument_error(open(client, NULL, NULL, &stream, error_out), "method");
  expect_argument_error(open(client, method, NULL, NULL, error_out), "stream");
  for (size_t i = 0; i < COUNT_OF(kBad); i++) {
    expect_argument_error(open(client, kBad[i], NULL, &stream, error_out), "method");
    expect_argument_error(open(client, method, kBad[i], &stream, error_out), "options");
  }
  assert_null(stream);
}

static void stream_unary_and_stream_stream(void **state) {
  (void)state;
  check_open_function(pygrpc_stream_unary, "RecordRoute");
  check_open_function(pygrpc_stream_stream, "RouteChat");
}

static void stream_open(void **state) {
  (void)state;
  pygrpc_stream *stream = NULL;
#define OPEN(client, method, cardinality, request, options, stream) \
  pygrpc_stream_open(client, method, cardinality, request, NUL, options, NULL, stream, error_out)
  expect_argument_error(OPEN(NULL, "SayHello", 0, "{}", NULL, &stream), "client");
  expect_argument_error(OPEN(client, NULL, 0, "{}", NULL, &stream), "method");
  expect_argument_error(OPEN(client, "SayHello", 0, "{}", NULL, NULL), "stream");
  /* A request where there is to be one, and nowhere else. */
  expect_argument_error(OPEN(client, "SayHello", 0, NULL, NULL, &stream), "request");
  expect_argument_error(OPEN(client, "SayHelloStreamReply", 0, NULL, NULL, &stream), "request");
  expect_argument_error(OPEN(client, "RecordRoute", 0, "{}", NULL, &stream), "request");
  expect_argument_error(OPEN(client, "RouteChat", 0, "{}", NULL, &stream), "request");
  static const int32_t kNoCardinality[] = {-1, 5, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < COUNT_OF(kNoCardinality); i++) {
    expect_argument_error(OPEN(client, "SayHello", kNoCardinality[i], "{}", NULL, &stream),
                          "cardinality");
  }
  for (size_t i = 0; i < COUNT_OF(kBad); i++) {
    expect_argument_error(OPEN(client, kBad[i], 0, "{}", NULL, &stream), "method");
    expect_argument_error(OPEN(client, "SayHello", 0, "{}", kBad[i], &stream), "options");
  }
#undef OPEN
  assert_null(stream);
}

static void stream_functions(void **state) {
  (void)state;
  char *text;
  size_t size;
  expect_argument_error(pygrpc_stream_write(NULL, "{}", NUL, 0, error_out), "stream");
  expect_argument_error(pygrpc_stream_half_close(NULL, error_out), "stream");
  expect_argument_error(pygrpc_stream_cancel(NULL, error_out), "stream");
  expect_argument_error_and_no_text(pygrpc_stream_read(NULL, 0, &text, &size, error_out), "stream");
  expect_argument_error_and_no_text(pygrpc_stream_headers(NULL, 0, &text, &size, error_out),
                                    "stream");
  expect_argument_error_and_no_text(pygrpc_stream_trailers(NULL, 0, &text, &size, error_out),
                                    "stream");

  pygrpc_stream *stream = open_stream(client, "RouteChat", NULL, NULL);
  expect_argument_error(pygrpc_stream_write(stream, NULL, NUL, 0, error_out), "message");
  expect_argument_error(pygrpc_stream_write(stream, NULL, 2, 0, error_out), "message");
  expect_argument_error(pygrpc_stream_read(stream, 0, NULL, &size, error_out), "message");
  expect_argument_error(pygrpc_stream_headers(stream, 0, NULL, &size, error_out), "json");
  expect_argument_error(pygrpc_stream_trailers(stream, 0, NULL, &size, error_out), "json");
  pygrpc_stream_free(stream);
}

/* Payloads and the texts of .proto files are not scanned beforehand: whoever reads them finds the
 * bad byte, and says where it is. */
static void payloads_that_are_not_utf8(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(kBad); i++) {
    const char *json = format("{\"name\": \"%s\"}", kBad[i]);
    char *bytes = NULL;
    pygrpc_error *error = NULL;
    const int32_t result = pygrpc_json_to_binary(client, "helloworld.HelloRequest", json, NUL, NULL,
                                                 &bytes, NULL, &error);
    check_error(result, PYGRPC_E_JSON, error);
    assert_contains(pygrpc_error_message(error), "UTF-8");
    const int64_t offset = json_integer(pygrpc_error_json(error), "/offset");
    assert_true(offset >= 9 && offset < (int64_t)strlen(json));
    pygrpc_error_free(error);
    assert_null(bytes);

    error = NULL;
    const char *text = format("syntax = \"proto3\";\n// %s\n", kBad[i]);
    expect_error(pygrpc_load_proto(client, "a.proto", text, NUL, &error), PYGRPC_E_SCHEMA, &error,
                 "a.proto:2:", "UTF-8");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(client_new),
      cmocka_unit_test(client_state_and_wait_ready),
      cmocka_unit_test(load_from_a_source),
      cmocka_unit_test(load_from_memory),
      cmocka_unit_test(json_to_binary),
      cmocka_unit_test(binary_to_json),
      cmocka_unit_test(method_cardinality),
      cmocka_unit_test(unary_unary),
      cmocka_unit_test(unary_stream),
      cmocka_unit_test(stream_unary_and_stream_stream),
      cmocka_unit_test(stream_open),
      cmocka_unit_test(stream_functions),
      cmocka_unit_test(payloads_that_are_not_utf8),
  };
  return cmocka_run_group_tests(tests, make_client, free_client);
}
