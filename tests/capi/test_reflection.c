/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Schemas by server reflection: v1, v1alpha, none; asked for, and by the first call. */

#include "harness.h"

static struct test_server v1_server, v1alpha_server, mute_server;

static int set_up(void **state) {
  server_start(&v1_server, "--reflection", "v1", NULL);
  server_start(&v1alpha_server, "--reflection", "v1alpha", NULL);
  server_start(&mute_server, "--no-reflection", NULL);
  return start_shared_server(state);
}

static int tear_down(void **state) {
  server_stop(&v1_server);
  server_stop(&v1alpha_server);
  server_stop(&mute_server);
  return stop_shared_server(state);
}

static void both_versions(void **state) {
  (void)state;
  const char *const targets[] = {shared_server.target, v1_server.target, v1alpha_server.target};
  for (size_t i = 0; i < COUNT_OF(targets); i++) {
    pygrpc_client *client = new_client(targets[i], NULL);
    pygrpc_error *error = NULL;
    expect_ok(pygrpc_load(client, "reflection", NULL, &error), error);
    expect_greeting(client, "SayHello");
    char *response = call(client, "Test/Echo", "{\"timestamp\": \"2026-01-01T00:00:00Z\"}", NULL);
    assert_string_equal(response, "{\"timestamp\":\"2026-01-01T00:00:00Z\"}");
    pygrpc_free(response);
    /* again is fine */
    expect_ok(pygrpc_load(client, "reflection", NULL, &error), error);
    expect_greeting(client, "SayHello");
    pygrpc_client_free(client);
  }
}

static void the_first_call_asks(void **state) {
  (void)state;
  const char *const targets[] = {v1_server.target, v1alpha_server.target};
  for (size_t i = 0; i < COUNT_OF(targets); i++) {
    pygrpc_client *client = new_client(targets[i], NULL);
    expect_greeting(client, "SayHello");
    pygrpc_client_free(client);

    /* by any function that needs the schema */
    client = new_client(targets[i], NULL);
    int32_t cardinality = 0;
    pygrpc_error *error = NULL;
    expect_ok(pygrpc_method_cardinality(client, "RouteChat", &cardinality, &error), error);
    assert_int_equal(cardinality, PYGRPC_STREAM_STREAM);
    pygrpc_client_free(client);

    client = new_client(targets[i], NULL);
    pygrpc_stream *stream = open_stream(client, "SayHelloStreamReply", "{}", NULL);
    for (int j = 0; j < 5; j++) pygrpc_free(read_message(stream));
    expect_end(stream);
    pygrpc_stream_free(stream);
    pygrpc_client_free(client);
  }
}

static void errors_after_reflection(void **state) {
  (void)state;
  pygrpc_client *client = new_client(shared_server.target, NULL);
  char *response = NULL;
  pygrpc_error *error = NULL;
  expect_error(pygrpc_unary_unary(client, "SayHelo", "{}", NUL, NULL, &response, NULL, &error),
               PYGRPC_E_NOT_FOUND, &error, "SayHelo", "SayHello");
  expect_error(pygrpc_unary_unary(client, "Test/Echo", "{\"int32Valu\": 1}", NUL, NULL, &response,
                                  NULL, &error),
               PYGRPC_E_JSON, &error, "int32Value");
  pygrpc_client_free(client);
}

static void reflection_switched_off(void **state) {
  (void)state;
  pygrpc_client *client = new_client(shared_server.target, "{\"reflection\": false}");
  char *response = NULL;
  pygrpc_error *error = NULL;
  expect_error(pygrpc_unary_unary(client, "SayHello", "{}", NUL, NULL, &response, NULL, &error),
               PYGRPC_E_NOT_FOUND, &error, "SayHello");
  int32_t channel = -1;
  expect_ok(pygrpc_client_state(client, &channel, &error), error);
  assert_int_equal(channel, PYGRPC_CHANNEL_IDLE);
  /* Asking for it by name is something else. */
  expect_ok(pygrpc_load(client, "reflection", NULL, &error), error);
  expect_greeting(client, "SayHello");
  pygrpc_client_free(client);
}

/* What is loaded counts: the server is not asked. */
static void no_reflection_where_something_is_loaded(void **state) {
  (void)state;
  pygrpc_client *client = new_client(shared_server.target, NULL);
  load(client, "helloworld.proto");
  char *response = NULL;
  pygrpc_error *error = NULL;
  expect_error(pygrpc_unary_unary(client, "GetFeature", "{}", NUL, NULL, &response, NULL, &error),
               PYGRPC_E_NOT_FOUND, &error, "GetFeature");
  /* both together */
  expect_ok(pygrpc_load(client, "reflection", NULL, &error), error);
  pygrpc_free(call(client, "GetFeature", "{}", NULL));
  expect_greeting(client, "SayHello");
  pygrpc_client_free(client);
}

static void a_server_without_reflection(void **state) {
  (void)state;
  pygrpc_client *client = new_client(mute_server.target, NULL);
  pygrpc_error *error = NULL;
  expect_error(pygrpc_load(client, "reflection", NULL, &error), PYGRPC_E_SCHEMA, &error,
               mute_server.target, "reflection", "load");

  /* the same where it is tried by a call */
  char *response = NULL;
  expect_error(pygrpc_unary_unary(client, "SayHello", "{}", NUL, NULL, &response, NULL, &error),
               PYGRPC_E_SCHEMA, &error, mute_server.target, "reflection", "load");

  /* which then works */
  load(client, "helloworld.proto");
  expect_greeting(client, "SayHello");
  pygrpc_client_free(client);
}

static void reflection_of_a_server_that_is_down(void **state) {
  (void)state;
  pygrpc_client *client = new_client(dead_target(), NULL);
  pygrpc_error *error = NULL;
  int64_t start = now_ms();
  check_error(pygrpc_load(client, "reflection", "{\"timeout\": 600}", &error), PYGRPC_E_STATUS,
              error);
  assert_int_equal(pygrpc_error_status(error), 14);
  pygrpc_error_free(error);
  error = NULL;
  char *response = NULL;
  check_error(pygrpc_unary_unary(client, "SayHello", "{}", NUL, "{\"timeout\": 600}", &response,
                                 NULL, &error),
              PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 14);
  pygrpc_error_free(error);
  assert_within(start, kAtOnceMs);
  pygrpc_client_free(client);
}

static void options_of_the_load(void **state) {
  (void)state;
  pygrpc_client *client = new_client(shared_server.target, NULL);
  pygrpc_error *error = NULL;
  check_error(pygrpc_load(client, "reflection", "{\"timeout\": 0}", &error), PYGRPC_E_STATUS,
              error);
  assert_int_equal(pygrpc_error_status(error), 4);
  pygrpc_error_free(error);
  error = NULL;
  expect_ok(pygrpc_load(client, "reflection",
                        "{\"timeout\": \"60s\", \"metadata\": {\"authorization\": \"Bearer x\"}}",
                        &error),
            error);
  expect_greeting(client, "SayHello");
  pygrpc_client_free(client);
}

/* proto2, extensions, services without package, all through reflection */
static void all_kinds_of_files(void **state) {
  (void)state;
  pygrpc_client *client = new_client(shared_server.target, NULL);
  char *response = call(client, "EchoProto2",
                        "{\"season\":\"WINTER\",\"[pygrpc.test.extension_int32]\":5}", NULL);
  assert_string_equal(response, "{\"season\":\"WINTER\",\"[pygrpc.test.extension_int32]\":5}");
  pygrpc_free(response);
  response = call(client, "EchoText", "{\"text\": \"plain\"}", NULL);
  assert_string_equal(response, "{\"text\":\"plain\"}");
  pygrpc_free(response);
  pygrpc_client_free(client);
}

struct first_call {
  pygrpc_client *client;
  int32_t result;
};

static void *call_first(void *argument) {
  struct first_call *call = argument;
  char *response = NULL;
  call->result = pygrpc_unary_unary(call->client, "SayHello", "{}", NUL, "{\"timeout\": 120}",
                                    &response, NULL, NULL);
  pygrpc_free(response);
  return NULL;
}

static void first_calls_of_many_threads(void **state) {
  (void)state;
  pygrpc_client *client = new_client(shared_server.target, NULL);
  struct first_call calls[8];
  pthread_t threads[8];
  for (int i = 0; i < 8; i++) {
    calls[i] = (struct first_call){client, -1};
    start_thread(&threads[i], call_first, &calls[i]);
  }
  for (int i = 0; i < 8; i++) {
    join_thread(threads[i]);
    assert_int_equal(calls[i].result, PYGRPC_OK);
  }
  pygrpc_client_free(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_versions),
      cmocka_unit_test(the_first_call_asks),
      cmocka_unit_test(errors_after_reflection),
      cmocka_unit_test(reflection_switched_off),
      cmocka_unit_test(no_reflection_where_something_is_loaded),
      cmocka_unit_test(a_server_without_reflection),
      cmocka_unit_test(reflection_of_a_server_that_is_down),
      cmocka_unit_test(options_of_the_load),
      cmocka_unit_test(all_kinds_of_files),
      cmocka_unit_test(first_calls_of_many_threads),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
