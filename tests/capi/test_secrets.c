/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What must not be shown: each secret that a client can be given, in calls that go well and in
 * calls that fail in many ways, and in options that are wrong. Whatever the process prints (its log
 * at level debug, gRPC's log, the standard error) and whatever it is given (errors, their JSON, the
 * list of options, results) is searched for all of them. */

#include <fcntl.h>
#include <unistd.h>

#include "certificates.h"
#include "harness.h"

/* Each contains this, in a form that survives base64 of a whole: see kForms. */
#define SECRET "Tr0ub4dor"

static const char *const kForms[] = {
    SECRET,
    /* base64 of "user:Tr0ub4dor-basic" */
    "dXNlcjpUcjB1YjRkb3It",
    /* and of the secret alone at each of the three offsets, without what depends on its neighbours
     */
    "cjB1YjRkb3",
    "IwdWI0ZG9y",
    "yMHViNGRvc",
};

static const char *directory;
static struct test_server tls_server;
static char *key_text; /* of an unencrypted key; the middle of its base64 is a secret, too */
static char key_middle[41];

static const char *file(const char *name) { return path_in(directory, name); }

static bool only_proxies;

/* All that was seen, in one file, to be searched at the end. */
static FILE *seen;

static int set_up(void **state) {
  (void)state;
  directory = make_directory();
  make_authority(directory, "authority");
  make_certificate(directory, "server", "DNS:localhost,IP:127.0.0.1", "authority", NULL, NULL);
  make_certificate(directory, "client", "DNS:client.example", "authority", NULL, NULL);
  encrypt_key(directory, "client", "locked", SECRET "-key");
  key_text = pem_as_json(file("client.key"));
  const char *begin = strstr(key_text, "KEY-----\\n");
  assert_non_null(begin);
  memcpy(key_middle, begin + 20, sizeof key_middle - 1);
  write_file(directory, "token", SECRET "-file");
  server_start(&tls_server, "--tls-cert", file("server.pem"), "--tls-key", file("server.key"),
               "--tls-client-ca", file("authority.pem"), NULL);
  seen = fopen(file("seen"), "w");
  assert_non_null(seen);
  start_shared_server(state);
  /* from here on, for the servers would print it */
  if (!only_proxies) setenv("GRPC_VERBOSITY", "DEBUG", 1);
  return 0;
}

static int tear_down(void **state) {
  fclose(seen);
  free(key_text);
  server_stop(&tls_server);
  remove_directory(directory);
  return stop_shared_server(state);
}

static void see(const char *text) {
  if (text != NULL) fprintf(seen, "%s\n", text);
}

static void see_error(pygrpc_error *error) {
  see(pygrpc_error_message(error));
  see(pygrpc_error_json(error));
  pygrpc_error_free(error);
}

/* A call, however it ends. The method may echo what the server got, which is no matter of ours. */
static int32_t try_call(pygrpc_client *client, const char *method, const char *request,
                        const char *call_options) {
  char *reply = NULL;
  pygrpc_error *error = NULL;
  const int32_t result =
      pygrpc_unary_unary(client, method, request, NUL, call_options, &reply, NULL, &error);
  see(reply);
  see_error(error);
  pygrpc_free(reply);
  return result;
}

static void try_stream(pygrpc_client *client, const char *call_options) {
  pygrpc_stream *stream = NULL;
  pygrpc_error *error = NULL;
  if (pygrpc_unary_stream(client, "SayHelloStreamReply", "{}", NUL, call_options, &stream,
                          &error) == PYGRPC_OK) {
    char *text = NULL;
    while (pygrpc_stream_read(stream, -1, &text, NULL, &error) == PYGRPC_OK) pygrpc_free(text);
    see_error(error);
    if (pygrpc_stream_info(stream, -1, &text, NULL, NULL) == PYGRPC_OK) see(text);
    pygrpc_free(text);
    if (pygrpc_stream_trailers(stream, -1, &text, NULL, NULL) == PYGRPC_OK) see(text);
    pygrpc_free(text);
  } else {
    see_error(error);
  }
  pygrpc_stream_free(stream);
}

/* Everything that a client with these options, or a call with those, can be asked for. Whether the
 * client could be made. */
static bool use(const char *target, const char *options, const char *call_options) {
  pygrpc_client *client = NULL;
  pygrpc_error *error = NULL;
  if (pygrpc_client_new(target, options, &client, &error) != PYGRPC_OK) {
    see_error(error);
    return false;
  }
  error = NULL;
  pygrpc_load(client, format("%s/helloworld.proto", protos()), NULL, &error);
  see_error(error);
  error = NULL;
  pygrpc_load(client, "reflection", "{\"timeout\": \"2s\"}", &error);
  see_error(error);
  try_call(client, "SayHello", "{\"name\": \"you\"}", call_options);
  try_call(client, "SayHello", "{\"nam\": \"you\"}", call_options);
  try_call(client, "SayHelo", "{}", call_options);
  try_call(client, "pygrpc.test.Test/ReturnStatus", "{\"code\": 16, \"message\": \"no\"}",
           call_options);
  try_call(client, "pygrpc.test.Test/NotImplemented", "{}", call_options);
  try_call(client, "pygrpc.test.Test/NeverAnswer", "{}", "{\"timeout\": \"50ms\"}");
  try_stream(client, call_options);
  char *text = NULL;
  error = NULL;
  if (pygrpc_health(client, NULL, call_options, &text, NULL, &error) == PYGRPC_OK) see(text);
  pygrpc_free(text);
  see_error(error);
  pygrpc_client_free(client);
  return true;
}

static const char *tls_options(const char *more) {
  return format(
      "{\"transport\": \"tls\", \"timeout\": \"3s\", \"log\": \"debug\", \"tls\": {\"ca\": \"%s\", "
      "\"certificate\": \"%s/client.pem\", \"key\": \"%s/client.key\"}%s%s}",
      file("authority.pem"), directory, directory, more[0] == '\0' ? "" : ", ", more);
}

/* Options that hold a secret, for a client and for a call. */
static const char *secret_option(size_t i) {
  static const char *const kOptions[] = {
      "\"token\": \"" SECRET "-token\"",
      "\"basic_auth\": {\"username\": \"user\", \"password\": \"" SECRET "-basic\"}",
      "\"metadata\": {\"authorization\": \"Digest " SECRET "\"}",
      "\"metadata\": {\"x-api-key\": \"" SECRET "\", \"cookie\": \"a=" SECRET "\"}",
      "\"metadata\": {\"x-key-bin\": \"VHIwdWI0ZG9y\"}",
  };
  if (i < COUNT_OF(kOptions)) return kOptions[i];
  return i == COUNT_OF(kOptions) ? format("\"token_file\": \"%s\"", file("token")) : NULL;
}

static void in_calls_over_tls(void) {
  for (size_t i = 0; secret_option(i) != NULL; i++) {
    assert_true(use(tls_server.target, tls_options(secret_option(i)), NULL));
    assert_true(use(tls_server.target, tls_options(""), format("{%s}", secret_option(i))));
    /* where nobody listens; where the server is another one */
    use(dead_target(), tls_options(secret_option(i)), NULL);
    use(shared_server.target, tls_options(secret_option(i)), NULL);
  }
}

static void in_calls_over_plaintext(void) {
  for (size_t i = 0; secret_option(i) != NULL; i++) {
    /* refused without the option that allows it */
    use(shared_server.target, format("{\"log\": \"debug\", %s}", secret_option(i)), NULL);
    use(shared_server.target, "{\"log\": \"debug\"}", format("{%s}", secret_option(i)));
    use(shared_server.target,
        format("{\"log\": \"debug\", \"allow_plaintext_credentials\": true, %s}", secret_option(i)),
        NULL);
  }
}

static void in_keys(void) {
  static const char *const kTls[] = {
      "\"certificate\": \"%s/client.pem\", \"key\": \"%s/locked.key\", "
      "\"key_password\": \"" SECRET "-key\"",
      "\"certificate\": \"%s/client.pem\", \"key\": \"%s/locked.key\", "
      "\"key_password\": \"" SECRET "-wrong\"",
      "\"certificate\": \"%s/client.pem\", \"key\": \"%s/client.key\", "
      "\"key_password\": \"" SECRET "-needless\"",
      "\"ca\": \"%s/authority.pem\", \"certificat\": \"%s\", \"key_password\": \"" SECRET "\"",
  };
  for (size_t i = 0; i < COUNT_OF(kTls); i++) {
    use(tls_server.target,
        format("{\"transport\": \"tls\", \"log\": \"debug\", \"tls\": {%s}}",
               format(kTls[i], directory, directory)),
        NULL);
  }
  /* the key as text: whole, cut, in the wrong places */
  static const char *const kTexts[] = {
      "\"certificate\": \"%s/client.pem\", \"key\": %s",
      "\"certificate\": \"%s/server.pem\", \"key\": %s",
      "\"ca\": \"%s/authority.pem\", \"certificate\": %s",
      "\"server_name\": \"%s\", \"ca\": %s",
      "\"ca\": \"%s/authority.pem\", \"min_version\": %s",
      "\"ca\": \"%s/authority.pem\", \"verify\": %s",
  };
  for (size_t i = 0; i < COUNT_OF(kTexts); i++) {
    use(tls_server.target,
        format("{\"transport\": \"tls\", \"log\": \"debug\", \"tls\": {%s}}",
               format(kTexts[i], directory, key_text)),
        NULL);
  }
  char *cut = strdup(key_text);
  strcpy(strstr(cut, "-----END"), "\"");
  use(tls_server.target,
      format("{\"transport\": \"tls\", \"tls\": {\"certificate\": \"%s/client.pem\", \"key\": %s}}",
             directory, cut),
      NULL);
  /* without its frame it looks like the path of a file, with and without its lines */
  char *body = strstr(cut, "KEY-----\\n") + strlen("KEY-----\\n");
  for (int lines = 1; lines >= 0; lines--) {
    for (char *at = body; lines == 0 && (at = strstr(at, "\\n")) != NULL;) {
      memmove(at, at + 2, strlen(at + 2) + 1);
    }
    use(tls_server.target,
        format("{\"transport\": \"tls\", \"tls\": {\"certificate\": \"%s/client.pem\", "
               "\"key\": \"%s}}",
               directory, body),
        NULL);
  }
  free(cut);
}

/* Secrets of the wrong type, in the wrong place, or with a fault in them. */
static void in_wrong_options(void) {
  static const char *const kWrong[] = {
      "{\"token\": [\"" SECRET "\"]}",
      "{\"token\": {\"" SECRET "\": 1}}",
      "{\"token\": \"" SECRET "\\n\"}",
      "{\"token\": \"" SECRET "\", \"token_file\": \"x\"}",
      "{\"token\": \"" SECRET "\", \"basic_auth\": {\"username\": \"a\", \"password\": \"b\"}}",
      "{\"token_file\": [\"" SECRET "\"]}",
      "{\"transport\": \"tls\", \"token_file\": \"" SECRET "\"}",
      "{\"transport\": \"tls\", \"tls\": {\"certificate\": \"x\", \"key\": \"" SECRET "\"}}",
      "{\"basic_auth\": \"user:" SECRET "\"}",
      "{\"basic_auth\": {\"username\": \"us:er\", \"password\": \"" SECRET "\"}}",
      "{\"basic_auth\": {\"username\": \"user\", \"password\": [\"" SECRET "\"]}}",
      "{\"basic_auth\": {\"username\": \"user\", \"password\": \"" SECRET "\\u0001\"}}",
      "{\"basic_auth\": {\"password\": \"" SECRET "\"}}",
      "{\"metadata\": {\"authorization\": \"" SECRET "\\u0007\"}}",
      "{\"metadata\": {\"authorization\": {\"" SECRET "\": 1}}}",
      "{\"metadata\": \"authorization: " SECRET "\"}",
      "{\"metadata\": {\"x-key-bin\": \"" SECRET "!\"}}",
      "{\"transport\": \"tls\", \"tls\": \"" SECRET "\"}",
      "{\"transport\": \"tls\", \"tls\": {\"key_password\": [\"" SECRET "\"]}}",
      "{\"transport\": \"plaintext\", \"tls\": {\"key_password\": \"" SECRET "\"}}",
      "{\"token\": \"" SECRET "\"",
      "{\"token\": \"" SECRET "\" \"timeout\": 1}",
      "{\"token\": " SECRET "}",
      "{\"authorization\": \"" SECRET "\"}",
      "{\"password\": \"" SECRET "\"}",
  };
  for (size_t i = 0; i < COUNT_OF(kWrong); i++) {
    use(shared_server.target, kWrong[i], NULL);
    use(shared_server.target, "{\"log\": \"debug\"}", kWrong[i]);
  }
}

static void in_proxies(void) {
  static const char *const kProxies[] = {
      "{\"http_proxy\": \"http://user:" SECRET "@127.0.0.1:1\"}",
      "{\"http_proxy\": \"http://user:" SECRET "@\"}",
      "{\"http_proxy\": [\"http://user:" SECRET "@127.0.0.1:1\"]}",
      "{\"http_proxy\": \"ftp://user:" SECRET "@127.0.0.1:1\"}",
  };
  for (size_t i = 0; i < COUNT_OF(kProxies); i++) {
    use(shared_server.target, kProxies[i], NULL);
    use("remote.example:1", kProxies[i], NULL);
  }
  setenv("http_proxy", "http://user:" SECRET "@127.0.0.1:1", 1);
  setenv("no_proxy", "", 1);
  use(dead_target(), "{\"log\": \"debug\", \"timeout\": \"1s\"}", NULL);
  use("remote.example:1", "{\"log\": \"debug\", \"timeout\": \"1s\"}", NULL);
  unsetenv("http_proxy");
  unsetenv("no_proxy");
}

static void in_what_is_told_of_options(void) {
  char *text = NULL;
  assert_int_equal(pygrpc_options_json(&text, NULL, NULL), PYGRPC_OK);
  see(text);
  pygrpc_free(text);
}

static void search(const char *name) {
  size_t size = 0;
  char *text = read_file(file(name), &size);
  assert_true(size > 0);
  for (size_t i = 0; i < COUNT_OF(kForms) + 1; i++) {
    const char *form = i < COUNT_OF(kForms) ? kForms[i] : key_middle;
    const char *found = memmem(text, size, form, strlen(form));
    if (found != NULL) {
      const char *line = found;
      while (line > text && line[-1] != '\n') line--;
      fail_msg("%s shows \"%s\": %.400s", name, form, line);
    }
  }
  free(text);
}

/* What goes to the standard error meanwhile lands in a file. */
static int begin_log(void) {
  fflush(stderr);
  const int before = dup(STDERR_FILENO);
  const int log = open(file("log"), O_CREAT | O_WRONLY | O_TRUNC | O_APPEND, 0600);
  assert_true(before >= 0 && log >= 0);
  dup2(log, STDERR_FILENO);
  close(log);
  return before;
}

static void end_log(int before) {
  fflush(stderr);
  dup2(before, STDERR_FILENO);
  close(before);
  fflush(seen);
  search("log");
  search("seen");
}

/* With gRPC's own log at its most talkative. */
static void nothing_shows_a_secret(void **state) {
  (void)state;
  const int before = begin_log();
  in_calls_over_tls();
  in_calls_over_plaintext();
  in_keys();
  in_wrong_options();
  in_what_is_told_of_options();
  end_log(before);
}

static void proxies(void **state) {
  (void)state;
  const int before = begin_log();
  in_proxies();
  end_log(before);
}

static const char *program; /* this one's path */

/* gRPC's own log does show this one, to those who ask for it; and gRPC reads once how much it is to
 * log. So this is a process of its own. */
static void nothing_shows_the_password_of_a_proxy(void **state) {
  (void)state;
  unsetenv("GRPC_VERBOSITY");
  const char *const command[] = {program, "proxies", NULL};
  assert_int_equal(run_program(command), 0);
}

int main(int argc, char **argv) {
  program = argv[0];
  if (argc == 2) {
    only_proxies = true;
    const struct CMUnitTest tests[] = {cmocka_unit_test(proxies)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_shows_a_secret),
      cmocka_unit_test(nothing_shows_the_password_of_a_proxy),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
