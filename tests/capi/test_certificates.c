/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is told of certificates, keys and versions of TLS: each fault by its own reason, at once. */

#include <sys/stat.h>
#include <unistd.h>

#include "certificates.h"
#include "harness.h"

#define HOSTS "DNS:localhost,IP:127.0.0.1"

static const char *directory;
static struct test_server good_server, mutual_server;

static const char *file(const char *name) { return path_in(directory, name); }

static int set_up(void **state) {
  (void)state;
  unsetenv("SSLKEYLOGFILE");
  directory = make_directory();
  make_authority(directory, "authority");
  make_authority(directory, "stranger");
  make_certificate(directory, "good", HOSTS, "authority", NULL, NULL);
  make_certificate(directory, "client", "DNS:client.example", "authority", NULL, NULL);
  make_certificate(directory, "other", "DNS:client.example", "stranger", NULL, NULL);
  server_start(&good_server, "--tls-cert", file("good.pem"), "--tls-key", file("good.key"), NULL);
  server_start(&mutual_server, "--tls-cert", file("good.pem"), "--tls-key", file("good.key"),
               "--tls-client-ca", file("authority.pem"), NULL);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  server_stop(&good_server);
  server_stop(&mutual_server);
  remove_directory(directory);
  return 0;
}

/* The options of a client that trusts the authority; `more` is further options of tls. */
static const char *trusting(const char *more) {
  return format("{\"transport\": \"tls\", \"tls\": {\"ca\": \"%s\"%s%s}}", file("authority.pem"),
                more[0] == '\0' ? "" : ", ", more);
}

static void expect_fault_of_server(const char *name, const char *reason, const char *words) {
  struct test_server server;
  server_start(&server, "--tls-cert", format("%s/%s.pem", directory, name), "--tls-key",
               format("%s/%s.key", directory, name), NULL);
  expect_call_failure(server.target, trusting(""), NULL, 14, reason, false, words);
  /* without verification, none of it matters */
  expect_greeting_of(server.target, "{\"transport\": \"tls\", \"tls\": {\"verify\": false}}");
  server_stop(&server);
}

static void a_certificate_that_has_expired(void **state) {
  (void)state;
  make_certificate(directory, "expired", HOSTS, "authority", "20200101000000Z", "20210203040506Z");
  expect_fault_of_server("expired", "certificate_expired", "valid until 2021-02-03 04:05:06 UTC");
}

static void a_certificate_that_is_not_yet_valid(void **state) {
  (void)state;
  make_certificate(directory, "early", HOSTS, "authority", "21200101000000Z", "21210101000000Z");
  expect_fault_of_server("early", "certificate_not_yet_valid", "2120-01-01 00:00:00 UTC");
}

static void a_certificate_for_another_host(void **state) {
  (void)state;
  make_certificate(directory, "elsewhere", "DNS:other.example,IP:10.9.8.7", "authority", NULL,
                   NULL);
  expect_fault_of_server("elsewhere", "certificate_wrong_host",
                         "DNS:other.example, IP Address:10.9.8.7, not for 127.0.0.1");
  expect_call_failure(good_server.target, trusting("\"server_name\": \"other.example\""), NULL, 14,
                      "certificate_wrong_host", false, "not for other.example");
  expect_greeting_of(good_server.target, trusting("\"server_name\": \"localhost\""));
}

static void a_certificate_of_an_unknown_authority(void **state) {
  (void)state;
  make_certificate(directory, "foreign", HOSTS, "stranger", NULL, NULL);
  expect_fault_of_server("foreign", "certificate_unknown_authority", "CN=stranger");
  expect_call_failure(good_server.target, "{\"transport\": \"tls\"}", NULL, 14,
                      "certificate_unknown_authority", false, "\"tls.ca\"");
}

static void a_certificate_that_signs_itself(void **state) {
  (void)state;
  make_authority(directory, "alone");
  expect_fault_of_server("alone", "certificate_unknown_authority", "signed by itself");
}

/* Any certificate that is trusted by name ends a chain. */
static void trust_in_one_certificate(void **state) {
  (void)state;
  expect_greeting_of(
      good_server.target,
      format("{\"transport\": \"tls\", \"tls\": {\"ca\": \"%s\"}}", file("good.pem")));
}

/* ---- The client's certificate */

static const char *identity(const char *certificate, const char *key) {
  return trusting(format("\"certificate\": \"%s/%s\", \"key\": \"%s/%s\"", directory, certificate,
                         directory, key));
}

static void a_client_certificate_is_missing(void **state) {
  (void)state;
  expect_call_failure(mutual_server.target, trusting(""), NULL, 14, "client_certificate_required",
                      true, "\"tls.certificate\"");
}

static void a_client_certificate_is_unknown(void **state) {
  (void)state;
  expect_call_failure(mutual_server.target, identity("other.pem", "other.key"), NULL, 14,
                      "client_certificate_rejected", true, "\"tls.certificate\"");
  expect_greeting_of(mutual_server.target, identity("client.pem", "client.key"));
}

/* ---- The client's key */

static void expect_option_fault(const char *options, const char *words) {
  pygrpc_client *client = NULL;
  pygrpc_error *error = NULL;
  expect_error(pygrpc_client_new(mutual_server.target, options, &client, &error), PYGRPC_E_OPTION,
               &error, words);
  assert_null(client);
}

static void an_encrypted_key(void **state) {
  (void)state;
  encrypt_key(directory, "client", "locked", "open sesame");
  const char *locked = identity("client.pem", "locked.key");
  expect_option_fault(locked, "is encrypted; give the option \"tls.key_password\"");
  const char *with_password =
      "\"certificate\": \"%s/client.pem\", \"key\": \"%s/%s.key\", "
      "\"key_password\": \"%s\"";
  expect_option_fault(trusting(format(with_password, directory, directory, "locked", "wrong")),
                      "\"tls.key_password\" does not decrypt");
  expect_option_fault(trusting(format(with_password, directory, directory, "client", "any")),
                      "is not encrypted");
  expect_option_fault(trusting("\"key_password\": \"any\""), "no \"tls.key\"");
  expect_greeting_of(mutual_server.target, trusting(format(with_password, directory, directory,
                                                           "locked", "open sesame")));
}

static void an_encrypted_key_as_text(void **state) {
  (void)state;
  encrypt_key(directory, "client", "locked", "open sesame");
  char *certificate = pem_as_json(file("client.pem")), *key = pem_as_json(file("locked.key"));
  expect_greeting_of(mutual_server.target,
                     trusting(format("\"certificate\": %s, \"key\": %s, \"key_password\": "
                                     "\"open sesame\"",
                                     certificate, key)));
  free(certificate);
  free(key);
}

static void keys_and_certificates_that_do_not_fit(void **state) {
  (void)state;
  expect_option_fault(identity("client.pem", "other.key"), "is not that of the first certificate");
  expect_option_fault(identity("client.pem", "client.pem"), "holds no private key");
  expect_option_fault(identity("client.key", "client.key"), "\"tls.certificate\" holds no");
  write_file(directory, "broken.pem",
             "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  expect_option_fault(
      format("{\"transport\": \"tls\", \"tls\": {\"ca\": \"%s\"}}", file("broken.pem")),
      "\"tls.ca\" holds no certificates");
}

/* ---- Versions of TLS */

static void only_tls_1_3(void **state) {
  (void)state;
  struct test_server old;
  const char *const old_program[] = {environment("PYGRPC_TEST_RAW_SERVER"),
                                     "answer",
                                     "--tls12",
                                     file("good.pem"),
                                     file("good.key"),
                                     NULL};
  server_start_program(&old, old_program);
  pygrpc_client *client = client_of(old.target, trusting("\"min_version\": \"1.2\""));
  pygrpc_free(call(client, "SayHello", "{}", NULL));
  pygrpc_client_free(client);
  expect_call_failure(old.target, trusting("\"min_version\": \"1.3\""), NULL, 14, "tls_version",
                      false, "\"tls.min_version\"");
  server_stop(&old);

  expect_greeting_of(good_server.target, trusting("\"min_version\": \"1.3\""));
  expect_call_failure(good_server.target,
                      trusting("\"min_version\": \"1.3\", \"server_name\": \"other.example\""),
                      NULL, 14, "certificate_wrong_host", false, "\"tls.server_name\"");
  expect_call_failure(
      good_server.target,
      format("{\"transport\": \"tls\", \"tls\": {\"ca\": \"%s\", \"min_version\": \"1.3\"}}",
             file("stranger.pem")),
      NULL, 14, "certificate_invalid", false, "\"tls.ca\"");
  expect_call_failure(mutual_server.target, trusting("\"min_version\": \"1.3\""), NULL, 14,
                      "client_certificate_required", true, "\"tls.certificate\"");
  expect_option_fault(trusting("\"min_version\": \"1.3\", \"verify\": false"), "\"tls.verify\"");
  expect_option_fault(
      trusting(format("\"min_version\": \"1.3\", \"key_log\": \"%s/keys\"", directory)),
      "\"tls.key_log\"");
  expect_option_fault(trusting("\"min_version\": \"1.1\""), "\"1.2\" or \"1.3\"");
}

/* ---- The log of keys */

static void expect_key_log(const char *path, const char *options) {
  expect_greeting_of(good_server.target, options);
  size_t size;
  char *keys = read_file(path, &size);
  assert_contains(keys, "CLIENT_TRAFFIC_SECRET_0 ");
  free(keys);
  struct stat status;
  assert_int_equal(stat(path, &status), 0);
  assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_log_of_keys(void **state) {
  (void)state;
  expect_key_log(file("by_option"), trusting(format("\"key_log\": \"%s\"", file("by_option"))));
  setenv("SSLKEYLOGFILE", file("by_environment"), 1);
  expect_key_log(file("by_environment"), trusting(""));
  setenv("SSLKEYLOGFILE", file("no/such/place"), 1);
  expect_option_fault(trusting(""), "SSLKEYLOGFILE");
  unsetenv("SSLKEYLOGFILE");
  expect_option_fault(trusting(format("\"key_log\": \"%s\"", file("no/such/place"))),
                      "\"tls.key_log\"");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_certificate_that_has_expired),
      cmocka_unit_test(a_certificate_that_is_not_yet_valid),
      cmocka_unit_test(a_certificate_for_another_host),
      cmocka_unit_test(a_certificate_of_an_unknown_authority),
      cmocka_unit_test(a_certificate_that_signs_itself),
      cmocka_unit_test(trust_in_one_certificate),
      cmocka_unit_test(a_client_certificate_is_missing),
      cmocka_unit_test(a_client_certificate_is_unknown),
      cmocka_unit_test(an_encrypted_key),
      cmocka_unit_test(an_encrypted_key_as_text),
      cmocka_unit_test(keys_and_certificates_that_do_not_fit),
      cmocka_unit_test(only_tls_1_3),
      cmocka_unit_test(a_log_of_keys),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
