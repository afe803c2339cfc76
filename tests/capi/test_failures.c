/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Failures told apart: each has its reason, and those that are knowable at once come at once. */

#include "harness.h"
#include "relay.h"

static const char *kTls = "{\"transport\": \"tls\", \"tls\": {\"verify\": false}}";

/* A server of raw frames that behaves as named; see tests/faults/raw_server.py. */
static struct test_server raw_server(const char *behaviour) {
  struct test_server server;
  const char *const program[] = {environment("PYGRPC_TEST_RAW_SERVER"), behaviour, NULL};
  server_start_program(&server, program);
  return server;
}

static void expect_raw(const char *behaviour, const char *options, int32_t status,
                       const char *reason, bool retriable) {
  struct test_server server = raw_server(behaviour);
  expect_call_failure(server.target, options, NULL, status, reason, retriable, "");
  server_stop(&server);
}

/* The same of a stream that has had a message. */
static void expect_raw_stream(const char *behaviour, int32_t status, const char *reason) {
  struct test_server server = raw_server(behaviour);
  pygrpc_client *client = client_of(server.target, NULL);
  pygrpc_stream *stream = open_stream(client, "SayHelloBidiStream", NULL, "{\"timeout\": 600}");
  write_message(stream, "{\"name\": \"you\"}");
  expect_message(stream, "{\"message\":\"Hello\"}");
  write_message(stream, "{\"name\": \"you\"}");
  const int64_t start = now_ms();
  char *message = NULL;
  pygrpc_error *error = NULL;
  check_error(pygrpc_stream_read(stream, -1, &message, NULL, &error), PYGRPC_E_STATUS, error);
  assert_within(start, kAtOnceMs);
  assert_int_equal(pygrpc_error_status(error), status);
  assert_json_string(pygrpc_error_json(error), "/reason", reason);
  pygrpc_error_free(error);
  pygrpc_stream_free(stream);
  pygrpc_client_free(client);
  server_stop(&server);
}

static void the_raw_server_is_right_about_http2(void **state) {
  (void)state;
  struct test_server server = raw_server("answer");
  pygrpc_client *client = client_of(server.target, NULL);
  char *response = call(client, "SayHello", "{}", NULL);
  assert_string_equal(response, "{\"message\":\"Hello\"}");
  pygrpc_free(response);
  pygrpc_client_free(client);
  server_stop(&server);
}

static void nobody_listens(void **state) {
  (void)state;
  expect_call_failure(dead_target(), NULL, NULL, 14, "connection_refused", true, "running");
  expect_call_failure(dead_target(), kTls, NULL, 14, "connection_refused", true, "running");
}

static void a_name_that_does_not_resolve(void **state) {
  (void)state;
  expect_call_failure("no-such-host.invalid:50051", NULL, NULL, 14, "name_resolution", true,
                      "no-such-host.invalid");
}

static void tls_to_what_speaks_none(void **state) {
  (void)state;
  expect_call_failure(shared_server.target, kTls, NULL, 14, "plaintext_expected", false,
                      "\"transport\": \"plaintext\"");
  expect_raw("http1", kTls, 14, "plaintext_expected", false);
  expect_raw("ssh", kTls, 14, "plaintext_expected", false);
  expect_raw("close-at-once", kTls, 14, "connection_reset", true);
}

/* What a port for TLS answers to plaintext; the test of TLS has a real one. */
static void plaintext_to_what_may_be_tls(void **state) {
  (void)state;
  expect_raw("tls-alert", NULL, 14, "tls_expected", true);
  expect_raw("close-at-once", NULL, 14, "tls_expected", true);
}

static void what_is_no_grpc_server(void **state) {
  (void)state;
  expect_raw("http1", NULL, 14, "http2_expected", false);
  expect_raw("ssh", NULL, 14, "http2_expected", false);
  expect_raw("http-404", NULL, 12, "not_grpc", false);
}

static void a_deadline_before_there_is_a_connection(void **state) {
  (void)state;
  struct relay silent;
  relay_start(&silent, RELAY_SILENT, 0);
  const char *options = format("{\"timeout\": %d}", time_factor());
  expect_call_failure(silent.target, "{\"connect_timeout\": 600}", options, 4,
                      "deadline_connecting", true, "connection");
  expect_call_failure(
      silent.target,
      "{\"connect_timeout\": 600, \"transport\": \"tls\", \"tls\": {\"verify\": false}}", options,
      4, "deadline_connecting", true, "connection");
  relay_stop(&silent);
  expect_call_failure(dead_target(), NULL,
                      format("{\"timeout\": %d, \"wait_for_ready\": true}", time_factor()), 4,
                      "deadline_connecting", true, "connection");
}

static void waiting_by_service_config(void **state) {
  (void)state;
  const char *options =
      "{\"service_config\": {\"methodConfig\": [{\"name\": [{}], \"waitForReady\": true}]}}";
  expect_call_failure(dead_target(), options, format("{\"timeout\": %d}", time_factor()), 4,
                      "deadline_connecting", true, "connection");
  /* the call's own word comes first */
  expect_call_failure(dead_target(), options, "{\"timeout\": 600, \"wait_for_ready\": false}", 14,
                      "connection_refused", true, "nothing listens there");
}

static void a_deadline_after(void **state) {
  (void)state;
  struct test_server server = raw_server("hang");
  /* also in the form of a target that is the same as the address */
  const char *const targets[] = {server.target, format("ipv4:%s", server.target)};
  for (size_t i = 0; i < COUNT_OF(targets); i++) {
    pygrpc_client *client = client_of(targets[i], NULL);
    pygrpc_error *error = NULL;
    expect_ok(pygrpc_client_wait_ready(client, 60000, &error), error);
    char *response = NULL;
    const int64_t start = now_ms();
    check_error(pygrpc_unary_unary(client, "SayHello", "{}", NUL, "{\"timeout\": 1}", &response,
                                   NULL, &error),
                PYGRPC_E_STATUS, error);
    assert_within(start, kAtOnceMs);
    assert_int_equal(pygrpc_error_status(error), 4);
    assert_json_string(pygrpc_error_json(error), "/reason", "deadline");
    assert_json(pygrpc_error_json(error), "/retriable", "false");
    assert_contains(pygrpc_error_message(error), "\"timeout\"");
    pygrpc_error_free(error);
    pygrpc_client_free(client);
  }
  server_stop(&server);
}

static void cancelled(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  pygrpc_stream *stream = open_stream(client, "NeverAnswer", "{}", NULL);
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_stream_cancel(stream, &error), error);
  char *message = NULL;
  check_error(pygrpc_stream_read(stream, -1, &message, NULL, &error), PYGRPC_E_STATUS, error);
  assert_json_string(pygrpc_error_json(error), "/reason", "cancelled");
  assert_json(pygrpc_error_json(error), "/retriable", "false");
  pygrpc_error_free(error);
  pygrpc_stream_free(stream);
  pygrpc_client_free(client);
}

static void a_connection_that_ends(void **state) {
  (void)state;
  expect_raw("goaway", NULL, 14, "goaway", true);
  expect_raw("close", NULL, 14, "connection_reset", true);
  expect_raw("reset", NULL, 14, "connection_reset", true);
  expect_raw_stream("half-goaway", 14, "goaway");
  expect_raw_stream("half-close", 14, "connection_reset");
  expect_raw_stream("half-reset", 14, "connection_reset");
}

static void a_server_that_is_killed(void **state) {
  (void)state;
  struct test_server server;
  server_start(&server, NULL);
  pygrpc_client *client = client_of(server.target, NULL);
  pygrpc_stream *stream = open_stream(client, "SayHelloBidiStream", NULL, "{\"timeout\": 600}");
  write_message(stream, "{\"name\": \"you\"}");
  expect_message(stream, "{\"message\":\"Hello, you!\"}");
  server_kill(&server);
  char *message = NULL;
  pygrpc_error *error = NULL;
  check_error(pygrpc_stream_read(stream, -1, &message, NULL, &error), PYGRPC_E_STATUS, error);
  assert_json_string(pygrpc_error_json(error), "/reason", "connection_reset");
  pygrpc_error_free(error);
  pygrpc_stream_free(stream);
  pygrpc_client_free(client);
}

static void a_stream_that_is_reset(void **state) {
  (void)state;
  expect_raw("rst-cancel", NULL, 1, "stream_reset", false);
  expect_raw("rst-internal", NULL, 13, "stream_reset", false);
  expect_raw("rst-calm", NULL, 8, "stream_reset", false);
  expect_raw_stream("half-refuse", 14, "stream_reset");
}

static void expect_limit(const char *client_options, const char *method, const char *request,
                         const char *reason, const char *words) {
  pygrpc_client *client = test_client(client_options);
  char *response = NULL;
  pygrpc_error *error = NULL;
  check_error(pygrpc_unary_unary(client, method, request, NUL, NULL, &response, NULL, &error),
              PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 8);
  assert_json_string(pygrpc_error_json(error), "/reason", reason);
  assert_json(pygrpc_error_json(error), "/retriable", "false");
  assert_contains(pygrpc_error_message(error), words);
  pygrpc_error_free(error);
  pygrpc_client_free(client);
}

static void messages_over_a_limit(void **state) {
  (void)state;
  char *large = payload_json(2000);
  expect_limit("{\"max_receive_size\": \"1KiB\"}", "GetPayload", "{\"size\": \"5000\"}",
               "receive_limit", "\"max_receive_size\", now 1024 bytes");
  expect_limit("{\"max_send_size\": \"1KiB\"}", "PutPayload", large, "send_limit",
               "\"max_send_size\"");
#define OF_CONFIG(limits) "{\"service_config\": {\"methodConfig\": [{\"name\": [{}], " limits "}]}}"
  expect_limit(OF_CONFIG("\"maxResponseMessageBytes\": 1025"), "GetPayload", "{\"size\": \"5000\"}",
               "receive_limit", "\"maxResponseMessageBytes\" in the option \"service_config\"");
  expect_limit(OF_CONFIG("\"maxRequestMessageBytes\": \"1025\""), "PutPayload", large, "send_limit",
               "\"maxRequestMessageBytes\" in the option \"service_config\"");
  free(large);
  /* The limit of the server is 4 MiB, as the client's own. */
  large = payload_json(1500000);
  expect_limit(NULL, "PutPayload", large, "server_receive_limit", "than the server accepts");
  expect_limit("{\"max_receive_size\": \"none\"}", "PutPayload", large, "server_receive_limit",
               "than the server accepts");
  free(large);
  expect_limit(NULL, "GetPayload", "{\"size\": \"5000000\"}", "receive_limit",
               "\"max_receive_size\", now 4194304 bytes");
}

static void compression_that_the_server_does_not_know(void **state) {
  (void)state;
  struct test_server server = raw_server("compression-refused");
  expect_call_failure(server.target, NULL, "{\"compression\": \"gzip\", \"timeout\": 600}", 12,
                      "compression_unsupported", false, "\"compression\": \"none\"");
  server_stop(&server);
  expect_raw("encoding-broken", NULL, 2, "decompression_failed", false);
}

/* A server that says why itself is left to speak. */
static void statuses_of_servers(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  char *response = NULL;
  pygrpc_error *error = NULL;
  check_error(
      pygrpc_unary_unary(client, "ReturnStatus", "{\"code\": 5, \"message\": \"no such thing\"}",
                         NUL, NULL, &response, NULL, &error),
      PYGRPC_E_STATUS, error);
  assert_json_absent(pygrpc_error_json(error), "/reason");
  assert_json(pygrpc_error_json(error), "/retriable", "false");
  pygrpc_error_free(error);
  error = NULL;
  check_error(
      pygrpc_unary_unary(client, "ReturnStatus", "{\"code\": 14, \"message\": \"come back later\"}",
                         NUL, NULL, &response, NULL, &error),
      PYGRPC_E_STATUS, error);
  assert_json_absent(pygrpc_error_json(error), "/reason");
  assert_json(pygrpc_error_json(error), "/retriable", "true");
  pygrpc_error_free(error);
  pygrpc_client_free(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_raw_server_is_right_about_http2),
      cmocka_unit_test(nobody_listens),
      cmocka_unit_test(a_name_that_does_not_resolve),
      cmocka_unit_test(tls_to_what_speaks_none),
      cmocka_unit_test(plaintext_to_what_may_be_tls),
      cmocka_unit_test(what_is_no_grpc_server),
      cmocka_unit_test(a_deadline_before_there_is_a_connection),
      cmocka_unit_test(waiting_by_service_config),
      cmocka_unit_test(a_deadline_after),
      cmocka_unit_test(cancelled),
      cmocka_unit_test(a_connection_that_ends),
      cmocka_unit_test(a_server_that_is_killed),
      cmocka_unit_test(a_stream_that_is_reset),
      cmocka_unit_test(messages_over_a_limit),
      cmocka_unit_test(compression_that_the_server_does_not_know),
      cmocka_unit_test(statuses_of_servers),
  };
  return cmocka_run_group_tests(tests, start_shared_server, stop_shared_server);
}
