/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Metadata both ways: the option, headers and trailers, repeated keys, "-bin" keys. */

#include "harness.h"

/* The entries of a MetadataReply with a key: their number, and the value of one of them as text in
 * quotes, or NULL. */
static int count_entries(const char *reply, const char *key) {
  int count = 0;
  for (int i = 0; i < json_count_at(reply, "/metadata"); i++) {
    char *found = json_string_at(reply, format("/metadata/%d/key", i));
    if (found != NULL && strcmp(found, key) == 0) count++;
    free(found);
  }
  return count;
}

static void assert_entry(const char *reply, const char *key, int index, const char *field,
                         const char *value) {
  for (int i = 0; i < json_count_at(reply, "/metadata"); i++) {
    char *found = json_string_at(reply, format("/metadata/%d/key", i));
    const bool match = found != NULL && strcmp(found, key) == 0 && index-- == 0;
    free(found);
    if (!match) continue;
    assert_json_string(reply, format("/metadata/%d/%s", i, field), value);
    return;
  }
  print_error("there is no %s in %s\n", key, reply);
  fail();
}

static void metadata_reaches_the_server(void **state) {
  (void)state;
  static const char kOptions[] =
      "{\"metadata\": {\"x-one\": \"1\", \"x-many\": [\"b\", \"a\", \"b\"], \"x-empty\": \"\","
      "\"x-none\": [], \"x-data-bin\": \"AP8Q\", \"x-raw-bin\": [\"AA==\", \"AQI\"],"
      "\"authorization\": \"Bearer a.b-c\", \"X-Upper\": \"Kept As It Is\"}}";
  char *reply = call(shared_client, "EchoMetadata", "{}", kOptions);
  assert_int_equal(count_entries(reply, "x-one"), 1);
  assert_entry(reply, "x-one", 0, "text", "1");
  assert_int_equal(count_entries(reply, "x-many"), 3);
  assert_entry(reply, "x-many", 0, "text", "b");
  assert_entry(reply, "x-many", 1, "text", "a");
  assert_entry(reply, "x-many", 2, "text", "b");
  assert_int_equal(count_entries(reply, "x-empty"), 1);
  assert_int_equal(count_entries(reply, "x-none"), 0);
  assert_entry(reply, "x-data-bin", 0, "binary", "AP8Q");
  assert_entry(reply, "x-raw-bin", 0, "binary", "AA==");
  assert_entry(reply, "x-raw-bin", 1, "binary", "AQI=");
  assert_entry(reply, "authorization", 0, "text", "Bearer a.b-c");
  assert_entry(reply, "x-upper", 0, "text", "Kept As It Is");
  pygrpc_free(reply);
}

/* The client's metadata go with every call; a call's own replace those of the same key. */
static void defaults_of_the_client(void **state) {
  (void)state;
  pygrpc_client *other =
      test_client("{\"metadata\": {\"x-a\": [\"1\", \"2\"], \"x-b\": \"kept\"}}");
  char *reply = call(other, "EchoMetadata", "{}", NULL);
  assert_int_equal(count_entries(reply, "x-a"), 2);
  assert_entry(reply, "x-b", 0, "text", "kept");
  pygrpc_free(reply);
  reply = call(other, "EchoMetadata", "{}", "{\"metadata\": {\"x-a\": \"3\", \"x-c\": \"new\"}}");
  assert_int_equal(count_entries(reply, "x-a"), 1);
  assert_entry(reply, "x-a", 0, "text", "3");
  assert_entry(reply, "x-b", 0, "text", "kept");
  assert_entry(reply, "x-c", 0, "text", "new");
  pygrpc_free(reply);
  pygrpc_client_free(other);
}

static void metadata_of_every_cardinality(void **state) {
  (void)state;
  static const char kOptions[] = "{\"metadata\": {\"x-call-tag\": \"all-cardinalities\"}}";
  pygrpc_free(call(shared_client, "Test/Ping", "{}", kOptions));
  pygrpc_stream *streams[] = {
      open_stream(shared_client, "Test/EchoServerStream", "{}", kOptions),
      open_stream(shared_client, "Test/EchoClientStream", NULL, kOptions),
      open_stream(shared_client, "Test/EchoBidi", NULL, kOptions),
  };
  wait_for_started("all-cardinalities", 4);
  for (size_t i = 0; i < COUNT_OF(streams); i++) pygrpc_stream_free(streams[i]);
}

static const char kHeadersAndTrailers[] =
    "{\"headers\": [{\"key\": \"x-h\", \"text\": \"1\"}, {\"key\": \"x-h\", \"text\": \"2\"},"
    "{\"key\": \"x-h-bin\", \"binary\": \"AP8Q\"}],"
    "\"trailers\": [{\"key\": \"x-t\", \"text\": \"3\"}, {\"key\": \"x-t\", \"text\": \"4\"},"
    "{\"key\": \"x-t-bin\", \"binary\": \"/w==\"}]}";

static void check_headers(const char *headers) {
  assert_true(json_is_valid(headers));
  assert_json_count(headers, "/x-h", 2);
  assert_json_string(headers, "/x-h/0", "1");
  assert_json_string(headers, "/x-h/1", "2");
  assert_json_count(headers, "/x-h-bin", 1);
  assert_json_string(headers, "/x-h-bin/0", "AP8Q");
  assert_json_absent(headers, "/x-t");
}

static void check_trailers(const char *trailers) {
  assert_true(json_is_valid(trailers));
  assert_json_count(trailers, "/x-t", 2);
  assert_json_string(trailers, "/x-t/0", "3");
  assert_json_string(trailers, "/x-t/1", "4");
  assert_json_count(trailers, "/x-t-bin", 1);
  assert_json_string(trailers, "/x-t-bin/0", "/w==");
  assert_json_absent(trailers, "/x-h");
}

static void headers_and_trailers_of_a_unary_call(void **state) {
  (void)state;
  pygrpc_stream *stream = open_stream(shared_client, "EchoMetadata", kHeadersAndTrailers, NULL);
  pygrpc_free(read_message(stream));
  expect_end(stream);
  pygrpc_error *error = NULL;
  for (int i = 0; i < 2; i++) { /* as often as one likes */
    char *headers = NULL, *trailers = NULL;
    size_t size = 0;
    expect_ok(pygrpc_stream_headers(stream, 0, &headers, &size, &error), error);
    assert_int_equal(strlen(headers), size);
    check_headers(headers);
    expect_ok(pygrpc_stream_trailers(stream, 0, &trailers, &size, &error), error);
    assert_int_equal(strlen(trailers), size);
    check_trailers(trailers);
    pygrpc_free(headers);
    pygrpc_free(trailers);
  }
  pygrpc_stream_free(stream);
}

static void expect_pending(int32_t result, char *json, size_t size, pygrpc_error *error) {
  expect_code(result, PYGRPC_PENDING, error);
  assert_null(json);
  assert_int_equal(size, 0);
}

/* Headers come when the server sends them, trailers at the end. */
static void headers_before_messages_and_trailers_after(void **state) {
  (void)state;
  pygrpc_stream *stream = open_stream(shared_client, "EchoMetadataBidi", NULL, NULL);
  pygrpc_error *error = NULL;
  char dummy = 0, *json = &dummy;
  size_t size = 1;
  int32_t result = pygrpc_stream_headers(stream, 100, &json, &size, &error);
  expect_pending(result, json, size, error);
  json = &dummy;
  size = 1;
  result = pygrpc_stream_trailers(stream, 0, &json, &size, &error);
  expect_pending(result, json, size, error);

  write_message(stream, kHeadersAndTrailers);
  expect_ok(pygrpc_stream_headers(stream, -1, &json, &size, &error), error);
  check_headers(json);
  pygrpc_free(json);
  json = &dummy;
  size = 1;
  result = pygrpc_stream_trailers(stream, 100, &json, &size, &error);
  expect_pending(result, json, size, error);
  half_close(stream);

  /* The status has arrived by now, but there is a message before it that nobody has read. */
  json = &dummy;
  size = 1;
  result = pygrpc_stream_trailers(stream, 200, &json, &size, &error);
  expect_pending(result, json, size, error);
  pygrpc_free(read_message(stream));
  expect_ok(pygrpc_stream_trailers(stream, -1, &json, &size, &error), error);
  check_trailers(json);
  pygrpc_free(json);
  expect_end(stream); /* still to be given, whoever has asked for the trailers before */
  expect_ok(pygrpc_stream_trailers(stream, -1, &json, NULL, &error), error);
  check_trailers(json);
  pygrpc_free(json);
  pygrpc_stream_free(stream);
}

static void headers_of_a_call_that_never_answers(void **state) {
  (void)state;
  pygrpc_stream *stream = open_stream(shared_client, "Test/NeverAnswer", "{}", NULL);
  pygrpc_error *error = NULL;
  char *json = NULL;
  const int64_t start = now_ms();
  expect_code(pygrpc_stream_headers(stream, 200, &json, NULL, &error), PYGRPC_PENDING, error);
  assert_true(now_ms() - start >= 195);
  expect_code(pygrpc_stream_trailers(stream, 0, &json, NULL, &error), PYGRPC_PENDING, error);
  expect_ok(pygrpc_stream_cancel(stream, &error), error);
  /* It ended without headers. */
  expect_ok(pygrpc_stream_headers(stream, -1, &json, NULL, &error), error);
  assert_string_equal(json, "{}");
  pygrpc_free(json);
  expect_ok(pygrpc_stream_trailers(stream, -1, &json, NULL, &error), error);
  assert_string_equal(json, "{}");
  pygrpc_free(json);
  expect_status(stream, 1);
  pygrpc_stream_free(stream);
}

struct waiter {
  pygrpc_stream *stream;
  int32_t result;
  char *json;
};

static void *wait_for_headers(void *argument) {
  struct waiter *waiter = argument;
  waiter->result = pygrpc_stream_headers(waiter->stream, -1, &waiter->json, NULL, NULL);
  return NULL;
}

static void *wait_for_trailers(void *argument) {
  struct waiter *waiter = argument;
  waiter->result = pygrpc_stream_trailers(waiter->stream, -1, &waiter->json, NULL, NULL);
  return NULL;
}

/* Threads may wait for headers and trailers while others read and write. */
static void waits_in_other_threads(void **state) {
  (void)state;
  pygrpc_stream *stream = open_stream(shared_client, "EchoMetadataBidi", NULL, NULL);
  struct waiter waiters[4] = {
      {stream, 0, NULL}, {stream, 0, NULL}, {stream, 0, NULL}, {stream, 0, NULL}};
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) {
    start_thread(&threads[i], i % 2 == 0 ? wait_for_headers : wait_for_trailers, &waiters[i]);
  }
  write_message(stream, kHeadersAndTrailers);
  pygrpc_free(read_message(stream));
  half_close(stream);
  expect_end(stream);
  for (int i = 0; i < 4; i++) {
    join_thread(threads[i]);
    assert_int_equal(waiters[i].result, PYGRPC_OK);
    if (i % 2 == 0) {
      check_headers(waiters[i].json);
    } else {
      check_trailers(waiters[i].json);
    }
    pygrpc_free(waiters[i].json);
  }
  pygrpc_stream_free(stream);
}

/* What gRPC itself puts there is its own business. */
static void no_metadata_no_keys(void **state) {
  (void)state;
  pygrpc_stream *stream = open_stream(shared_client, "SayHello", "{}", NULL);
  pygrpc_free(read_message(stream));
  expect_end(stream);
  char *json = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_stream_trailers(stream, 0, &json, NULL, &error), error);
  assert_json_absent(json, "/grpc-status");
  assert_json_absent(json, "/grpc-message");
  pygrpc_free(json);
  pygrpc_stream_free(stream);
}

static void authority_and_user_agent(void **state) {
  (void)state;
  pygrpc_client *other =
      test_client("{\"authority\": \"other.example\", \"user_agent\": \"tester/1.0\"}");
  char *reply = call(other, "EchoMetadata", "{}", NULL);
  assert_json_string(reply, "/authority", "other.example");
  bool found = false;
  for (int i = 0; i < json_count_at(reply, "/metadata"); i++) {
    char *key = json_string_at(reply, format("/metadata/%d/key", i));
    char *text = json_string_at(reply, format("/metadata/%d/text", i));
    found |= strcmp(key, "user-agent") == 0 && strncmp(text, "tester/1.0 ", 11) == 0;
    free(key);
    free(text);
  }
  assert_true(found);
  pygrpc_free(reply);
  pygrpc_client_free(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(metadata_reaches_the_server),
      cmocka_unit_test(defaults_of_the_client),
      cmocka_unit_test(metadata_of_every_cardinality),
      cmocka_unit_test(headers_and_trailers_of_a_unary_call),
      cmocka_unit_test(headers_before_messages_and_trailers_after),
      cmocka_unit_test(headers_of_a_call_that_never_answers),
      cmocka_unit_test(waits_in_other_threads),
      cmocka_unit_test(no_metadata_no_keys),
      cmocka_unit_test(authority_and_user_agent),
  };
  return cmocka_run_group_tests(tests, start_shared_client, stop_shared_client);
}
