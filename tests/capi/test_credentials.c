/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * How calls are authorized: tokens, basic auth, Google's credentials. And that no secret shows. */

#include <sys/stat.h>
#include <unistd.h>

#include "certificates.h"
#include "harness.h"

static const char *directory;
static struct test_server tls_server;

static const char *file(const char *name) { return path_in(directory, name); }

static int set_up(void **state) {
  directory = make_directory();
  make_authority(directory, "authority");
  make_certificate(directory, "server", "DNS:localhost,IP:127.0.0.1", "authority", NULL, NULL);
  server_start(&tls_server, "--tls-cert", file("server.pem"), "--tls-key", file("server.key"),
               NULL);
  /* gRPC's own roots, which only Google's credentials use here */
  setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", file("authority.pem"), 1);
  return start_shared_server(state);
}

static int tear_down(void **state) {
  server_stop(&tls_server);
  remove_directory(directory);
  return stop_shared_server(state);
}

/* The options of a client of the TLS server, and further ones. */
static const char *tls_options(const char *more) {
  return format("{\"transport\": \"tls\", \"tls\": {\"ca\": \"%s\"}%s%s}", file("authority.pem"),
                more[0] == '\0' ? "" : ", ", more);
}

static pygrpc_client *tls_client(const char *more) {
  return client_of(tls_server.target, tls_options(more));
}

/* What the server got as "authorization". NULL: nothing. */
static void expect_authorization(pygrpc_client *client, const char *options,
                                 const char *authorization) {
  char *reply = call(client, "EchoMetadata", "{}", options);
  const char *entry = format("{\"key\":\"authorization\",\"text\":\"%s\"}",
                             authorization == NULL ? "" : authorization);
  if (authorization == NULL) {
    assert_null(strstr(reply, "\"authorization\""));
  } else {
    assert_contains(reply, entry);
    /* once, and no other */
    const char *first = strstr(reply, "\"authorization\"");
    assert_null(strstr(first + 1, "\"authorization\""));
  }
  pygrpc_free(reply);
}

static void a_token(void **state) {
  (void)state;
  pygrpc_client *client = tls_client("\"token\": \"abc.DEF-123\"");
  expect_authorization(client, NULL, "Bearer abc.DEF-123");
  /* a call's own stands in its place, in any form */
  expect_authorization(client, "{\"token\": \"other\"}", "Bearer other");
  expect_authorization(client, "{\"metadata\": {\"authorization\": \"Digest 1\"}}", "Digest 1");
  expect_authorization(client, "{\"metadata\": {\"x-a\": \"1\"}}", "Bearer abc.DEF-123");
  expect_authorization(client, NULL, "Bearer abc.DEF-123");
  pygrpc_client_free(client);

  client = tls_client("\"metadata\": {\"authorization\": \"Digest 1\"}");
  expect_authorization(client, "{\"token\": \"other\"}", "Bearer other");
  pygrpc_client_free(client);
  client = tls_client("");
  expect_authorization(client, NULL, NULL);
  pygrpc_client_free(client);
}

static void basic_auth(void **state) {
  (void)state;
  pygrpc_client *client =
      tls_client("\"basic_auth\": {\"username\": \"Aladdin\", \"password\": \"open sesame\"}");
  expect_authorization(client, NULL, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  expect_authorization(client, "{\"basic_auth\": {\"username\": \"a\", \"password\": \"\"}}",
                       "Basic YTo=");
  pygrpc_client_free(client);
}

/* As programs do that renew tokens: a new file renamed into place. */
static void put_token(const char *text) {
  write_file(directory, "token.new", text);
  assert_int_equal(rename(file("token.new"), file("token")), 0);
}

static void a_file_that_holds_a_token(void **state) {
  (void)state;
  put_token("first\n");
  pygrpc_client *client = tls_client(format("\"token_file\": \"%s\"", file("token")));
  expect_authorization(client, NULL, "Bearer first");
  expect_authorization(client, NULL, "Bearer first");
  put_token("second");
  expect_authorization(client, NULL, "Bearer second");
  /* as large as before, in the same place, and maybe within the same tick of the clock */
  write_file(directory, "token", "sEcond");
  expect_authorization(client, NULL, "Bearer sEcond");
  /* while it is being written */
  write_file(directory, "token", "");
  expect_authorization(client, NULL, "Bearer sEcond");
  write_file(directory, "token", "third");
  expect_authorization(client, NULL, "Bearer third");
  assert_int_equal(unlink(file("token")), 0);
  char *response = NULL;
  pygrpc_error *error = NULL;
  expect_error(pygrpc_unary_unary(client, "EchoMetadata", "{}", NUL, NULL, &response, NULL, &error),
               PYGRPC_E_OPTION, &error, "\"token_file\"", file("token"));
  /* health is asked for by calls, too */
  expect_error(pygrpc_health(client, "", NULL, &response, NULL, &error), PYGRPC_E_OPTION, &error,
               "\"token_file\"");
  pygrpc_stream *watch = NULL;
  expect_error(pygrpc_health_watch(client, "", NULL, NULL, &watch, &error), PYGRPC_E_OPTION, &error,
               "\"token_file\"");
  put_token("fourth");
  pygrpc_stream *stream = open_stream(client, "EchoMetadata", "{}", NULL);
  char *reply = read_message(stream);
  assert_contains(reply, "Bearer fourth");
  pygrpc_free(reply);
  pygrpc_stream_free(stream);
  pygrpc_client_free(client);
}

static void reflection_is_authorized_too(void **state) {
  (void)state;
  put_token("first");
  pygrpc_client *client =
      new_client(tls_server.target, tls_options(format("\"token_file\": \"%s\"", file("token"))));
  expect_authorization(client, NULL, "Bearer first");
  /* what went with reflection is told by the file alone: it is read for it */
  assert_int_equal(unlink(file("token")), 0);
  pygrpc_error *error = NULL;
  expect_error(pygrpc_load(client, "reflection", NULL, &error), PYGRPC_E_OPTION, &error,
               "\"token_file\"");
  expect_ok(pygrpc_load(client, "reflection", "{\"reflection_metadata\": false}", &error), error);
  pygrpc_client_free(client);
}

static void expect_option_fault(const char *options, const char *words) {
  pygrpc_client *client = NULL;
  pygrpc_error *error = NULL;
  expect_error(pygrpc_client_new("localhost:1", options, &client, &error), PYGRPC_E_OPTION, &error,
               words);
  assert_null(client);
}

static void not_over_plaintext(void **state) {
  (void)state;
  put_token("first");
  const char *const secrets[] = {"\"token\": \"abc\"",
                                 format("\"token_file\": \"%s\"", file("token")),
                                 "\"basic_auth\": {\"username\": \"a\", \"password\": \"b\"}"};
  for (size_t i = 0; i < COUNT_OF(secrets); i++) {
    expect_option_fault(format("{%s}", secrets[i]), "\"allow_plaintext_credentials\": true");
    pygrpc_client *client = test_client(NULL);
    char *response = NULL;
    pygrpc_error *error = NULL;
    expect_error(pygrpc_unary_unary(client, "EchoMetadata", "{}", NUL, format("{%s}", secrets[i]),
                                    &response, NULL, &error),
                 PYGRPC_E_OPTION, &error, "in plaintext");
    pygrpc_client_free(client);
    /* unless that is asked for by name */
    client = test_client(format("{%s, \"allow_plaintext_credentials\": true}", secrets[i]));
    expect_authorization(client, NULL,
                         i == 0   ? "Bearer abc"
                         : i == 1 ? "Bearer first"
                                  : "Basic YTpi");
    pygrpc_client_free(client);
  }
}

static void options_that_do_not_go_together(void **state) {
  (void)state;
  expect_option_fault(tls_options("\"token\": \"a\", \"token_file\": \"b\""), "\"token_file\"");
  expect_option_fault(tls_options("\"token\": \"a\", \"basic_auth\": {\"username\": \"a\", "
                                  "\"password\": \"b\"}"),
                      "\"basic_auth.username\"");
  expect_option_fault(tls_options("\"token\": \"a\", \"metadata\": {\"authorization\": \"b\"}"),
                      "\"metadata.authorization\"");
  expect_option_fault(tls_options("\"basic_auth\": {\"username\": \"a\"}"), "go together");
  expect_option_fault(tls_options("\"basic_auth\": {\"username\": \"a:b\", \"password\": \"\"}"),
                      "colon");
  expect_option_fault(tls_options("\"token\": \"\""), "is empty");
  expect_option_fault(tls_options("\"token\": \"a b\""), "white space");
  expect_option_fault(tls_options("\"token_file\": \"/no/such/file\""), "/no/such/file");
  /* it would be read once only, and the next call would wait for whoever writes to it */
  assert_int_equal(mkfifo(file("pipe"), 0600), 0);
  expect_option_fault(tls_options(format("\"token_file\": \"%s\"", file("pipe"))),
                      "it is no regular file");
  expect_option_fault("{\"transport\": \"alts\", \"tls\": {\"verify\": false}}",
                      "the transport is alts");
  expect_option_fault("{\"transport\": \"google_default\", \"token\": \"a\"}", "google_default");
}

/* ---- Google's */

static void alts(void **state) {
  (void)state;
  char product[128] = "";
  FILE *dmi = fopen("/sys/class/dmi/id/product_name", "r");
  if (dmi != NULL) {
    if (fgets(product, sizeof product, dmi) == NULL) product[0] = '\0';
    fclose(dmi);
  }
  const bool on_google = strncmp(product, "Google", 6) == 0;
  pygrpc_client *client = client_of(shared_server.target, "{\"transport\": \"alts\"}");
  char *response = NULL;
  pygrpc_error *error = NULL;
  check_error(pygrpc_unary_unary(client, "SayHello", "{}", NUL, NULL, &response, NULL, &error),
              on_google ? PYGRPC_E_STATUS : PYGRPC_E_OPTION, error);
  if (!on_google) assert_contains(pygrpc_error_message(error), "\"alts\"");
  pygrpc_error_free(error);
  pygrpc_client_free(client);
}

/* A service account's key makes tokens by itself: JSON Web Tokens, signed here. */
static void a_service_account_of_google(void **state) {
  (void)state;
  const char *const make_key[] = {"openssl", "genrsa", "-out", file("account.key"), "2048", NULL};
  assert_int_equal(run_program(make_key), 0);
  char *key = pem_as_json(file("account.key"));
  static const char kAccount[] =
      "{\"type\": \"service_account\", \"project_id\": \"p\", \"private_key_id\": \"1\", "
      "\"client_email\": \"tests@p.iam.gserviceaccount.com\", \"client_id\": \"1\", "
      "\"private_key\": ";
  char *account = malloc(sizeof kAccount + strlen(key) + 2);
  strcpy(account, kAccount);
  strcat(account, key);
  strcat(account, "}");
  setenv("GOOGLE_APPLICATION_CREDENTIALS", write_file(directory, "account.json", account), 1);
  free(account);
  free(key);
  pygrpc_client *client =
      client_of(format("localhost:%d", tls_server.port), "{\"transport\": \"google_default\"}");
  char *reply = call(client, "EchoMetadata", "{}", NULL);
  assert_contains(reply, "{\"key\":\"authorization\",\"text\":\"Bearer eyJ");
  pygrpc_free(reply);
  pygrpc_client_free(client);
  unsetenv("GOOGLE_APPLICATION_CREDENTIALS");
}

/* ---- Secrets */

#define SECRET "sEcReT-5d41"

static char *said; /* all that was said about anything */
static size_t said_size;

static void note(const char *text) {
  const size_t size = strlen(text);
  char *longer = realloc(said, said_size + size + 2);
  assert_non_null(longer);
  said = longer;
  memcpy(said + said_size, text, size);
  said[said_size + size] = '\n';
  said_size += size + 1;
  said[said_size] = '\0';
}

static void note_error(pygrpc_error *error) {
  assert_non_null(error);
  note(pygrpc_error_message(error));
  note(pygrpc_error_json(error));
  pygrpc_error_free(error);
}

static void note_file(const char *path) {
  size_t size;
  char *text = read_file(path, &size);
  note(text);
  free(text);
}

/* Options with a secret in them, all of them wrong. */
static void provoke_option_faults(void) {
  static const char *const kWrong[] = {
      "{\"token\": \"" SECRET "\"}",
      "{\"token\": \"" SECRET,
      "{\"token\": [\"" SECRET "\"]}",
      "{\"token\": \"" SECRET " and more\", \"transport\": \"tls\"}",
      "{\"tokne\": \"" SECRET "\"}",
      "{\"token\": {\"is\": \"" SECRET "\"}}",
      "{\"basic_auth\": \"" SECRET "\"}",
      "{\"basic_auth\": {\"pasword\": \"" SECRET "\"}}",
      "{\"basic_auth\": {\"password\": \"" SECRET "\"}}",
      "{\"basic_auth\": {\"username\": \"a\", \"password\": \"" SECRET "\"}}",
      "{\"basic_auth\": {\"username\": \"a:\", \"password\": \"" SECRET
      "\"}, "
      "\"transport\": \"tls\"}",
      "{\"token\": \"" SECRET "\", \"metadata\": {\"authorization\": \"" SECRET
      "\"}, "
      "\"transport\": \"tls\"}",
      "{\"metadata\": {\"authorization\": \"" SECRET "\\n\"}}",
      "{\"metadata\": {\"authorization\": {\"is\": \"" SECRET "\"}}}",
      "{\"tls\": {\"key_password\": \"" SECRET "\"}}",
      "{\"transport\": \"tls\", \"tls\": {\"key_password\": \"" SECRET "\"}}",
      "{\"transport\": \"tls\", \"tls\": {\"key\": \"-----BEGIN PRIVATE KEY-----\\n" SECRET
      "\\n-----END PRIVATE KEY-----\\n\"}}",
      "{\"transport\": \"tls\", \"tls\": {\"certificate\": \"-----BEGIN \", \"key\": "
      "\"-----BEGIN PRIVATE KEY-----\\n" SECRET "\\n-----END PRIVATE KEY-----\\n\"}}",
      "{\"http_proxy\": 5, \"token\": \"" SECRET "\"}",
  };
  for (size_t i = 0; i < COUNT_OF(kWrong); i++) {
    pygrpc_client *client = NULL;
    pygrpc_error *error = NULL;
    assert_int_equal(pygrpc_client_new("localhost:1", kWrong[i], &client, &error), PYGRPC_E_OPTION);
    note_error(error);
  }
  const char *const by_file[] = {
      format("{\"transport\": \"tls\", \"token_file\": \"%s\"}",
             write_file(directory, "bad_token", SECRET "\n" SECRET)),
      format("{\"transport\": \"tls\", \"tls\": {\"certificate\": \"%s/server.pem\", \"key\": "
             "\"%s/locked.key\", \"key_password\": \"" SECRET "-wrong\"}}",
             directory, directory)};
  for (size_t i = 0; i < COUNT_OF(by_file); i++) {
    pygrpc_client *client = NULL;
    pygrpc_error *error = NULL;
    assert_int_equal(pygrpc_client_new("localhost:1", by_file[i], &client, &error),
                     PYGRPC_E_OPTION);
    note_error(error);
  }
}

/* Calls that fail, and one that does not, by clients that have secrets. */
static void provoke_call_faults(const char *log) {
  const char *more = format("\"token\": \"" SECRET "\", \"log\": \"debug:%s\"", log);
  const char *plain = format("{\"token\": \"" SECRET
                             "\", \"allow_plaintext_credentials\": true, \"log\": "
                             "\"debug:%s\"}",
                             log);
  pygrpc_client *clients[] = {
      tls_client(more), client_of(dead_target(), plain), client_of(tls_server.target, plain),
      client_of(shared_server.target, tls_options(more)),
      tls_client("\"basic_auth\": {\"username\": \"" SECRET "\", \"password\": \"" SECRET "\"}")};
  static const char *const kOptions[] = {
      NULL, "{\"timeout\": 0}", "{\"token\": \"" SECRET "-2\"}",
      "{\"basic_auth\": {\"username\": \"a\", \"password\": \"" SECRET "-3\"}}",
      "{\"metadata\": {\"authorization\": \"" SECRET "-4\"}}"};
  for (size_t i = 0; i < COUNT_OF(clients); i++) {
    for (size_t j = 0; j < COUNT_OF(kOptions); j++) {
      pygrpc_stream *stream =
          open_stream(clients[i], "ReturnStatus", "{\"code\": 16}", kOptions[j]);
      char *message = NULL;
      pygrpc_error *error = NULL;
      assert_int_equal(pygrpc_stream_read(stream, -1, &message, NULL, &error), PYGRPC_E_STATUS);
      note_error(error);
      char *info = NULL;
      error = NULL;
      expect_ok(pygrpc_stream_info(stream, 0, &info, NULL, &error), error);
      note(info);
      pygrpc_free(info);
      pygrpc_stream_free(stream);
    }
    pygrpc_client_free(clients[i]);
  }
}

static void secrets_never_show(void **state) {
  (void)state;
  encrypt_key(directory, "server", "locked", SECRET);
  const char *log = strdup(file("log")), *stderr_file = strdup(file("stderr"));
  fflush(stderr);
  const int saved = dup(STDERR_FILENO);
  assert_non_null(freopen(stderr_file, "w", stderr));
  provoke_option_faults();
  provoke_call_faults(log);
  fflush(stderr);
  dup2(saved, STDERR_FILENO);
  close(saved);
  note_file(stderr_file);
  note_file(log);
  char *options = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_options_json(&options, NULL, &error), error);
  note(options);
  pygrpc_free(options);
  free((char *)log);
  free((char *)stderr_file);

  assert_contains(said, "ReturnStatus"); /* the calls were logged, at least */
  const char *shown = strstr(said, SECRET);
  if (shown != NULL) fail_msg("a secret shows: %.200s", shown > said + 100 ? shown - 100 : said);
  /* nor in base64, as basic auth sends it; of any length before it, one of these is in it */
  static const char *const kBase64[] = {"c0VjUmVU", "NFY1Jl", "zRWNSZV"};
  for (size_t i = 0; i < COUNT_OF(kBase64); i++) assert_null(strstr(said, kBase64[i]));
  free(said);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_token),
      cmocka_unit_test(basic_auth),
      cmocka_unit_test(a_file_that_holds_a_token),
      cmocka_unit_test(reflection_is_authorized_too),
      cmocka_unit_test(not_over_plaintext),
      cmocka_unit_test(options_that_do_not_go_together),
      cmocka_unit_test(alts),
      cmocka_unit_test(a_service_account_of_google),
      cmocka_unit_test(secrets_never_show),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
