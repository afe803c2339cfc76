/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Large messages: what goes through, and which option to raise for what does not. */

#include "harness.h"

enum { kMebibyte = 1 << 20 };

static int set_up(void **state) {
  (void)state;
  server_start(&shared_server, "--max-receive-size", "-1", NULL);
  return 0;
}

static const char *payload_request(int64_t size) {
  return format("{\"size\": \"%lld\"}", (long long)size);
}

/* {"body":"..."} of a body of so many bytes. */
static size_t json_size(int64_t body) { return 11 + (size_t)(body + 2) / 3 * 4; }

static void expect_too_large(pygrpc_client *client, int64_t size) {
  char *response = NULL;
  pygrpc_error *error = NULL;
  check_error(pygrpc_unary_unary(client, "GetPayload", payload_request(size), NUL, NULL, &response,
                                 NULL, &error),
              PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 8);
  assert_contains(pygrpc_error_message(error), "max_receive_size");
  pygrpc_error_free(error);
  assert_null(response);

  pygrpc_stream *stream =
      open_stream(client, "StreamPayloads",
                  format("{\"messages\": \"2\", \"size\": \"%lld\"}", (long long)size), NULL);
  char *message = NULL;
  error = NULL;
  check_error(pygrpc_stream_read(stream, -1, &message, NULL, &error), PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 8);
  assert_contains(pygrpc_error_message(error), "max_receive_size");
  pygrpc_error_free(error);
  pygrpc_stream_free(stream);

  /* The client goes on. */
  pygrpc_free(call(client, "SayHello", "{}", NULL));
}

static void the_limit_unless_given(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  char *response = call(client, "GetPayload", payload_request(4 * kMebibyte - 100), NULL);
  assert_int_equal(strlen(response), json_size(4 * kMebibyte - 100));
  pygrpc_free(response);
  expect_too_large(client, 4 * kMebibyte + 1);
  pygrpc_client_free(client);
}

static void a_given_limit(void **state) {
  (void)state;
  pygrpc_client *client = test_client("{\"max_receive_size\": \"1KiB\"}");
  expect_too_large(client, 1100);
  pygrpc_free(call(client, "GetPayload", payload_request(900), NULL));
  pygrpc_client_free(client);

  static const char *const kRaised[] = {"{\"max_receive_size\": \"32MiB\"}",
                                        "{\"max_receive_size\": \"none\"}"};
  for (size_t i = 0; i < COUNT_OF(kRaised); i++) {
    client = test_client(kRaised[i]);
    char *response =
        call(client, "GetPayload", payload_request(20 * kMebibyte), "{\"timeout\": \"1m\"}");
    assert_int_equal(strlen(response), json_size(20 * kMebibyte));
    pygrpc_free(response);
    pygrpc_client_free(client);
  }
}

static void a_limit_of_requests(void **state) {
  (void)state;
  pygrpc_client *client = test_client("{\"max_send_size\": \"1KiB\"}");
  char *large = payload_json(400), *response = NULL;
  pygrpc_error *error = NULL;
  check_error(pygrpc_unary_unary(client, "PutPayload", large, NUL, NULL, &response, NULL, &error),
              PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 8);
  assert_contains(pygrpc_error_message(error), "max_send_size");
  pygrpc_error_free(error);
  free(large);
  pygrpc_free(call(client, "PutPayload", "{\"body\": \"AAAA\"}", NULL));
  pygrpc_client_free(client);
}

static void a_large_request(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  const size_t units = 20 * kMebibyte / 3;
  char *large = payload_json(units);
  char *response = call(client, "PutPayload", large, "{\"timeout\": \"1m\"}");
  assert_json_string(response, "/bytes", format("%zu", 3 * units));
  free(large);
  pygrpc_free(response);
  pygrpc_client_free(client);
}

static void large_messages_both_ways(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  char *large = payload_json(kMebibyte);
  pygrpc_stream *stream = open_stream(client, "EchoPayloads", NULL, NULL);
  for (int i = 0; i < 8; i++) {
    write_message(stream, large);
    expect_message(stream, large);
  }
  half_close(stream);
  expect_end(stream);
  pygrpc_stream_free(stream);
  free(large);
  pygrpc_client_free(client);
}

/* A compressed response counts by what it is when it is unpacked. */
static void compressed_responses(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  static const char *const kCompressions[] = {"UNCOMPRESSED", "DEFLATE", "GZIP"};
  for (size_t i = 0; i < COUNT_OF(kCompressions); i++) {
    char *response = call(
        client, "GetPayload",
        format("{\"size\": \"300000\", \"fill\": 120, \"compression\": \"%s\"}", kCompressions[i]),
        NULL);
    assert_int_equal(strlen(response), json_size(300000));
    assert_memory_equal(response, "{\"body\":\"eHh4eHh4", 17);
    pygrpc_free(response);
  }
  char *response = NULL;
  pygrpc_error *error = NULL;
  check_error(
      pygrpc_unary_unary(client, "GetPayload", "{\"size\": \"5000000\", \"compression\": \"GZIP\"}",
                         NUL, NULL, &response, NULL, &error),
      PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 8);
  assert_contains(pygrpc_error_message(error), "max_receive_size");
  pygrpc_error_free(error);
  pygrpc_client_free(client);
}

static void compressed_requests(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  char *large = payload_json(100000);
  char *response = call(client, "PutPayload", large, "{\"compression\": \"gzip\"}");
  assert_json_string(response, "/bytes", "300000");
  pygrpc_free(response);
  free(large);
  pygrpc_client_free(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_limit_unless_given),   cmocka_unit_test(a_given_limit),
      cmocka_unit_test(a_limit_of_requests),      cmocka_unit_test(a_large_request),
      cmocka_unit_test(large_messages_both_ways), cmocka_unit_test(compressed_responses),
      cmocka_unit_test(compressed_requests),
  };
  return cmocka_run_group_tests(tests, set_up, stop_shared_server);
}
