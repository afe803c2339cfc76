/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * TLS: a given CA, a wrong one, client certificates, and each transport spoken to the other. The
 * certificates are made by openssl when the tests start. */

#include "certificates.h"
#include "harness.h"

static const char *directory;
static struct test_server tls_server, mutual_server;

static const char *file(const char *name) { return path_in(directory, name); }

static int set_up(void **state) {
  directory = make_directory();
  make_authority(directory, "authority");
  make_authority(directory, "stranger");
  make_certificate(directory, "server", "DNS:localhost,IP:127.0.0.1", "authority", NULL, NULL);
  make_certificate(directory, "client", "DNS:client.example", "authority", NULL, NULL);
  server_start(&tls_server, "--tls-cert", file("server.pem"), "--tls-key", file("server.key"),
               NULL);
  server_start(&mutual_server, "--tls-cert", file("server.pem"), "--tls-key", file("server.key"),
               "--tls-client-ca", file("authority.pem"), NULL);
  return start_shared_server(state);
}

static int tear_down(void **state) {
  server_stop(&tls_server);
  server_stop(&mutual_server);
  remove_directory(directory);
  return stop_shared_server(state);
}

/* {"transport": "tls", "tls": {...}} */
static const char *tls_options(const char *tls) {
  return format("{\"transport\": \"tls\", \"tls\": {%s}}", tls);
}

/* A call that fails fast as UNAVAILABLE, with these words in its message. */
static void expect_refusal(const char *target, const char *options, const char *words) {
  pygrpc_client *client = client_of(target, options);
  char *response = NULL;
  pygrpc_error *error = NULL;
  const int64_t start = now_ms();
  const int32_t result = pygrpc_unary_unary(client, "SayHello", "{}", NUL, "{\"timeout\": 600}",
                                            &response, NULL, &error);
  check_error(result, PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 14);
  assert_contains(pygrpc_error_message(error), words);
  pygrpc_error_free(error);
  assert_null(response);
  assert_within(start, kAtOnceMs);
  pygrpc_client_free(client);
}

static void a_given_authority(void **state) {
  (void)state;
  const char *options = tls_options(format("\"ca\": \"%s\"", file("authority.pem")));
  expect_greeting_of(tls_server.target, options);
  expect_greeting_of(format("localhost:%d", tls_server.port), options);
}

static void an_authority_as_text(void **state) {
  (void)state;
  char *pem = pem_as_json(file("authority.pem"));
  expect_greeting_of(tls_server.target, tls_options(format("\"ca\": %s", pem)));
  free(pem);
}

static void streams_over_tls(void **state) {
  (void)state;
  pygrpc_client *client =
      client_of(tls_server.target, tls_options(format("\"ca\": \"%s\"", file("authority.pem"))));
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_client_wait_ready(client, 20000, &error), error);
  pygrpc_stream *stream = open_stream(client, "SayHelloBidiStream", NULL, NULL);
  write_message(stream, "{\"name\": \"you\"}");
  expect_message(stream, "{\"message\":\"Hello, you!\"}");
  half_close(stream);
  expect_end(stream);
  pygrpc_stream_free(stream);
  pygrpc_client_free(client);
}

static void a_wrong_authority(void **state) {
  (void)state;
  expect_refusal(tls_server.target, tls_options(format("\"ca\": \"%s\"", file("stranger.pem"))),
                 "tls.ca");
}

/* The system's authorities do not know ours. */
static void no_authority(void **state) {
  (void)state;
  expect_refusal(tls_server.target, "{\"transport\": \"tls\"}", "certificate");
}

static void the_name_in_the_certificate(void **state) {
  (void)state;
  const char *ca = format("\"ca\": \"%s\"", file("authority.pem"));
  expect_greeting_of(tls_server.target,
                     tls_options(format("%s, \"server_name\": \"localhost\"", ca)));
  expect_refusal(tls_server.target,
                 tls_options(format("%s, \"server_name\": \"other.example\"", ca)),
                 "other.example");
}

static void verification_switched_off_by_name(void **state) {
  (void)state;
  expect_greeting_of(tls_server.target, tls_options("\"verify\": false"));
}

static void tls_to_a_plaintext_server(void **state) {
  (void)state;
  expect_refusal(shared_server.target, tls_options(format("\"ca\": \"%s\"", file("authority.pem"))),
                 "TLS");
}

static void plaintext_to_a_tls_server(void **state) {
  (void)state;
  expect_refusal(tls_server.target, NULL, "TLS");
  /* streams are told the same */
  pygrpc_client *client = client_of(tls_server.target, NULL);
  pygrpc_stream *stream = open_stream(client, "SayHelloStreamReply", "{}", NULL);
  expect_status(stream, 14);
  pygrpc_stream_free(stream);
  pygrpc_client_free(client);
}

static void client_certificates(void **state) {
  (void)state;
  const char *ca = format("\"ca\": \"%s\"", file("authority.pem"));
  const char *options = tls_options(format("%s, \"certificate\": \"%s\", \"key\": \"%s\"", ca,
                                           file("client.pem"), file("client.key")));
  pygrpc_client *client = client_of(mutual_server.target, options);
  char *reply = call(client, "EchoMetadata", "{}", NULL);
  assert_contains(reply, "client.example");
  pygrpc_free(reply);
  pygrpc_client_free(client);
  expect_refusal(mutual_server.target, tls_options(ca), "");
}

static void certificates_that_are_no_certificates(void **state) {
  (void)state;
  pygrpc_client *client = NULL;
  pygrpc_error *error = NULL;
  const char *garbage = write_file(
      directory, "garbage.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  /* found when the client is made or by its first call, but found */
  int32_t result = pygrpc_client_new(
      tls_server.target, tls_options(format("\"ca\": \"%s\"", garbage)), &client, &error);
  if (result == PYGRPC_OK) {
    load(client, "helloworld.proto");
    char *response = NULL;
    const int64_t start = now_ms();
    result = pygrpc_unary_unary(client, "SayHello", "{}", NUL, "{\"timeout\": 600}", &response,
                                NULL, &error);
    assert_within(start, kAtOnceMs);
  }
  assert_true(result == PYGRPC_E_OPTION || result == PYGRPC_E_STATUS);
  check_error(result, result, error);
  if (result == PYGRPC_E_STATUS) assert_int_equal(pygrpc_error_status(error), 14);
  pygrpc_error_free(error);
  pygrpc_client_free(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_given_authority),
      cmocka_unit_test(an_authority_as_text),
      cmocka_unit_test(streams_over_tls),
      cmocka_unit_test(a_wrong_authority),
      cmocka_unit_test(no_authority),
      cmocka_unit_test(the_name_in_the_certificate),
      cmocka_unit_test(verification_switched_off_by_name),
      cmocka_unit_test(tls_to_a_plaintext_server),
      cmocka_unit_test(plaintext_to_a_tls_server),
      cmocka_unit_test(client_certificates),
      cmocka_unit_test(certificates_that_are_no_certificates),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
