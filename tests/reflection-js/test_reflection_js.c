/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Reflection of a server in another language, alone and behind a proxy that refuses; see server.js.
 * That one puts all files of a package into one, whose name none of them had. */

#include "harness.h"

static struct test_server server;

static void end(pygrpc_client* client) {
  pygrpc_client_free(client);
  server_stop(&server);
}

static void expect_answers(pygrpc_client* client) {
  char* response = call(client, "SayHello", "{\"name\": \"you\"}", NULL);
  assert_string_equal(response, "{\"message\":\"Hello, you!\"}");
  pygrpc_free(response);
  response = call(client, "Test/Echo", "{\"int32Value\": 5, \"duration\": \"1s\"}", NULL);
  assert_string_equal(response, "{\"int32Value\":5,\"duration\":\"1s\"}");
  pygrpc_free(response);
}

static void both_versions(void** state) {
  (void)state;
  const char* const versions[] = {"both", "v1", "v1alpha"};
  for (size_t i = 0; i < COUNT_OF(versions); i++) {
    print_message("# %s\n", versions[i]);
    server_start(&server, "--versions", versions[i], NULL);
    pygrpc_client* client = new_client(server.target, NULL);
    expect_answers(client);
    end(client);
  }
}

static void only_what_is_needed(void** state) {
  (void)state;
  server_start(&server, NULL);
  pygrpc_client* client = new_client(server.target, "{\"reflection_scope\": \"needed\"}");
  pygrpc_free(call(client, "helloworld.Greeter/SayHello", "{}", NULL));
  char* json = NULL;
  pygrpc_error* error = NULL;
  check_error(pygrpc_describe(client, "pygrpc.test.Test", &json, NULL, &error), PYGRPC_E_NOT_FOUND,
              error);
  pygrpc_error_free(error);
  expect_answers(client);
  end(client);
}

static void with_metadata(void** state) {
  (void)state;
  pygrpc_error* error = NULL;
  server_start(&server, "--metadata", "x-key=secret", NULL);
  pygrpc_client* client = new_client(server.target, NULL);
  check_error(pygrpc_load(client, "reflection", NULL, &error), PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 16);
  assert_contains(pygrpc_error_message(error), "v1 answered UNAUTHENTICATED: x-key is missing");
  pygrpc_error_free(error);
  pygrpc_client_free(client);
  client = new_client(server.target, "{\"metadata\": {\"x-key\": \"secret\"}}");
  expect_answers(client);
  end(client);
}

/* The proxy has a route for v1alpha only. */
static void behind_a_proxy(void** state) {
  (void)state;
  const char* const rules[] = {"v1=404",         "v1=502",   "v1=403",  "v1=503",
                               "v1=unavailable", "v1=reset", "v1=close"};
  for (size_t i = 0; i < COUNT_OF(rules); i++) {
    print_message("# %s\n", rules[i]);
    server_start(&server, "--refuse", rules[i], NULL);
    pygrpc_client* client = new_client(server.target, NULL);
    expect_answers(client);
    end(client);
  }
}

static void behind_a_proxy_that_refuses_both(void** state) {
  (void)state;
  static const struct {
    const char* rule;
    int32_t code;
    const char* answer;
  } kCases[] = {{"both=404", PYGRPC_E_SCHEMA, "UNIMPLEMENTED"},
                {"both=502", PYGRPC_E_STATUS, "UNAVAILABLE"},
                {"both=unavailable", PYGRPC_E_STATUS, "UNAVAILABLE: no route"}};
  for (size_t i = 0; i < COUNT_OF(kCases); i++) {
    print_message("# %s\n", kCases[i].rule);
    server_start(&server, "--refuse", kCases[i].rule, NULL);
    pygrpc_client* client = new_client(server.target, NULL);
    char* response = NULL;
    pygrpc_error* error = NULL;
    expect_error(pygrpc_unary_unary(client, "SayHello", "{}", NUL, NULL, &response, NULL, &error),
                 kCases[i].code, &error, server.target, format("v1 answered %s", kCases[i].answer),
                 format("v1alpha answered %s", kCases[i].answer), "load a .proto file");
    /* which helps */
    load(client, "helloworld.proto");
    pygrpc_free(call(client, "SayHello", "{}", NULL));
    end(client);
  }
}

static void hostile_servers(void** state) {
  (void)state;
  static const struct {
    const char* how;
    const char* options;
    int32_t code;
    const char* named;
  } kCases[] = {
      {"cycle", NULL, PYGRPC_OK, NULL},
      {"names", NULL, PYGRPC_OK, NULL},
      {"gigantic", NULL, PYGRPC_E_STATUS, "\"max_receive_size\""},
      /* One file after the other, and slow machines are to come to the end, too. */
      {"endless", "{\"reflection_max_files\": 500, \"reflection_timeout\": 100}", PYGRPC_E_SCHEMA,
       "\"reflection_max_files\""},
      {"endless", "{\"reflection_max_size\": 50000, \"reflection_timeout\": 100}", PYGRPC_E_SCHEMA,
       "\"reflection_max_size\""},
  };
  for (size_t i = 0; i < COUNT_OF(kCases); i++) {
    print_message("# %s\n", kCases[i].how);
    server_start(&server, "--hostile", kCases[i].how, NULL);
    pygrpc_client* client = new_client(server.target, NULL);
    pygrpc_error* error = NULL;
    int32_t result = pygrpc_load(client, "reflection", kCases[i].options, &error);
    if (kCases[i].code == PYGRPC_OK) {
      expect_ok(result, error);
      /* What is wrong is nothing that this message needs. */
      char* bytes = NULL;
      size_t size = 0;
      expect_ok(pygrpc_json_to_binary(client, "hostile.M", "{}", NUL, NULL, &bytes, &size, &error),
                error);
      pygrpc_free(bytes);
    } else {
      expect_error(result, kCases[i].code, &error, kCases[i].named);
    }
    end(client);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_versions),
      cmocka_unit_test(only_what_is_needed),
      cmocka_unit_test(with_metadata),
      cmocka_unit_test(behind_a_proxy),
      cmocka_unit_test(behind_a_proxy_that_refuses_both),
      cmocka_unit_test(hostile_servers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
