/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Reflection by servers that refuse, answer wrongly, or mean harm: what can be loaded is, and the
 * rest is an error that says why, in bounded time and memory. */

#include "harness.h"

#define GREETER "helloworld.Greeter/SayHello"

static struct test_server server;

static pygrpc_client *client_of_fault(const char *fault, const char *options) {
  server_start(&server, "--reflection-fault", fault, NULL);
  return new_client(server.target, options);
}

static void end(pygrpc_client *client) {
  pygrpc_client_free(client);
  server_stop(&server);
}

static int32_t load_all(pygrpc_client *client, pygrpc_error **error) {
  const char *options = format("{\"reflection_timeout\": %d}", 100 * time_factor());
  return pygrpc_load(client, "reflection", options, error);
}

/* ---- Refusals */

static void a_proxy_that_knows_v1alpha_only(void **state) {
  (void)state;
  const char *const faults[] = {"unavailable-v1", "refused"};
  for (size_t i = 0; i < COUNT_OF(faults); i++) {
    pygrpc_client *client = client_of_fault(faults[i], NULL);
    expect_greeting(client, GREETER);
    end(client);
  }
}

static void what_both_were_asked_and_answered(void **state) {
  (void)state;
  char *response = NULL;
  pygrpc_error *error = NULL;
  pygrpc_client *client = client_of_fault("unavailable", NULL);
  check_error(pygrpc_unary_unary(client, GREETER, "{}", NUL, NULL, &response, NULL, &error),
              PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 14);
  assert_contains(pygrpc_error_message(error), "v1 answered UNAVAILABLE: no healthy upstream");
  assert_contains(pygrpc_error_message(error), "v1alpha answered UNAVAILABLE");
  assert_contains(pygrpc_error_message(error), "load a .proto file");
  pygrpc_error_free(error);
  error = NULL;
  end(client);

  client = client_of_fault("denied", NULL);
  check_error(load_all(client, &error), PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 7);
  assert_contains(pygrpc_error_message(error), "PERMISSION_DENIED: not for you");
  assert_contains(pygrpc_error_message(error), "\"reflection_metadata\"");
  pygrpc_error_free(error);
  error = NULL;
  end(client);

  client = client_of_fault("hangup", NULL);
  expect_error(load_all(client, &error), PYGRPC_E_SCHEMA, &error, "v1 ended with OK",
               "v1alpha ended with OK");
  end(client);
}

static void a_pinned_version(void **state) {
  (void)state;
  pygrpc_error *error = NULL;
  server_start(&server, "--reflection", "v1alpha", NULL);
  pygrpc_client *client = new_client(server.target, "{\"reflection\": \"v1\"}");
  expect_error(load_all(client, &error), PYGRPC_E_SCHEMA, &error, "v1 answered UNIMPLEMENTED",
               "\"reflection\" allows no other version");
  expect_ok(pygrpc_load(client, "reflection", "{\"reflection\": \"v1alpha\"}", &error), error);
  expect_greeting(client, GREETER);
  end(client);
}

static void metadata_of_reflection(void **state) {
  (void)state;
  static const struct {
    const char *client;
    const char *load;
    int32_t result;
  } kCases[] = {
      {NULL, NULL, PYGRPC_E_STATUS},
      {"{\"metadata\": {\"x-key\": \"secret\"}}", NULL, PYGRPC_OK},
      {"{\"metadata\": {\"x-key\": \"secret\"}, \"reflection_metadata\": false}", NULL,
       PYGRPC_E_STATUS},
      {"{\"reflection_metadata\": {\"x-key\": \"secret\"}}", NULL, PYGRPC_OK},
      {"{\"reflection_metadata\": false}", "{\"metadata\": {\"x-key\": \"secret\"}}", PYGRPC_OK},
      {NULL, "{\"reflection_metadata\": {\"x-key\": \"secret\"}}", PYGRPC_OK},
      {"{\"metadata\": {\"x-key\": \"secret\"}}", "{\"reflection_metadata\": {\"x-key\": \"no\"}}",
       PYGRPC_E_STATUS},
  };
  server_start(&server, "--reflection-metadata", "x-key=secret", NULL);
  for (size_t i = 0; i < COUNT_OF(kCases); i++) {
    print_message("# case %zu\n", i);
    pygrpc_client *client = new_client(server.target, kCases[i].client);
    pygrpc_error *error = NULL;
    int32_t result = pygrpc_load(client, "reflection", kCases[i].load, &error);
    assert_int_equal(result, kCases[i].result);
    if (result != PYGRPC_OK) {
      assert_int_equal(pygrpc_error_status(error), 16);
      assert_contains(pygrpc_error_message(error), "v1 answered UNAUTHENTICATED");
      /* the other version would want the same */
      assert_null(strstr(pygrpc_error_message(error), "v1alpha"));
      assert_contains(pygrpc_error_message(error), "\"metadata\"");
    }
    pygrpc_error_free(error);
    pygrpc_client_free(client);
  }
  /* by the first call, with that call's metadata */
  pygrpc_client *client = new_client(server.target, NULL);
  pygrpc_free(call(client, GREETER, "{}", "{\"metadata\": {\"x-key\": \"secret\"}}"));
  end(client);
}

static void another_server(void **state) {
  (void)state;
  pygrpc_error *error = NULL;
  server_start(&server, "--reflection-metadata", "x-key=secret", NULL);
  char *options = strdup(format("{\"target\": \"%s\"}", server.target));
  pygrpc_client *client = new_client(dead_target(), "{\"metadata\": {\"x-key\": \"secret\"}}");
  /* The client's metadata are no business of that server's. */
  check_error(pygrpc_load(client, "reflection", options, &error), PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 16);
  pygrpc_error_free(error);
  error = NULL;
  free(options);
  options =
      strdup(format("{\"target\": \"%s\", \"metadata\": {\"x-key\": \"secret\"}}", server.target));
  expect_ok(pygrpc_load(client, "reflection", options, &error), error);
  int32_t cardinality = 0;
  expect_ok(pygrpc_method_cardinality(client, GREETER, &cardinality, &error), error);
  /* These say where a schema comes from that is not a file's. */
  expect_error(pygrpc_load(client, "helloworld.proto", options, &error), PYGRPC_E_OPTION, &error,
               "\"target\"", "reflection");
  /* A client without a target has none of its own. */
  pygrpc_client *schema_only = new_client(NULL, NULL);
  expect_ok(pygrpc_load(schema_only, "reflection", options, &error), error);
  expect_error(pygrpc_load(schema_only, "reflection", NULL, &error), PYGRPC_E_STATE, &error,
               "target");
  pygrpc_client_free(schema_only);
  free(options);
  end(client);
}

/* ---- Only what is needed */

static void expect_unknown(pygrpc_client *client, const char *symbol) {
  char *json = NULL;
  pygrpc_error *error = NULL;
  check_error(pygrpc_describe(client, symbol, &json, NULL, &error), PYGRPC_E_NOT_FOUND, error);
  pygrpc_error_free(error);
}

static void symbols_of_a_load(void **state) {
  (void)state;
  pygrpc_error *error = NULL;
  server_start(&server, NULL);
  pygrpc_client *client = new_client(server.target, NULL);
  expect_ok(pygrpc_load(client, "reflection:helloworld.Greeter", NULL, &error), error);
  expect_greeting(client, GREETER);
  expect_unknown(client, "routeguide.RouteGuide");
  /* several, in two ways; types are symbols, too */
  expect_ok(pygrpc_load(client, "reflection:routeguide.Point,pygrpc.test.Proto2Test",
                        "{\"symbols\": [\"pygrpc.test.Test.Echo\"]}", &error),
            error);
  pygrpc_free(call(client, "GetFeature", "{}", NULL));
  pygrpc_free(call(client, "Test/Echo", "{}", NULL));
  expect_unknown(client, "NoPackage");

  expect_error(pygrpc_load(client, "reflection:no.Such", NULL, &error), PYGRPC_E_SCHEMA, &error,
               "no.Such", "NOT_FOUND");
  expect_error(pygrpc_load(client, "reflection:", NULL, &error), PYGRPC_E_ARGUMENT, &error,
               "symbol");
  expect_error(pygrpc_load(client, "reflection:a,,b", NULL, &error), PYGRPC_E_ARGUMENT, &error,
               "symbol");
  expect_error(pygrpc_load(client, "helloworld.proto", "{\"symbols\": \"x\"}", &error),
               PYGRPC_E_OPTION, &error, "\"symbols\"", "reflection");
  end(client);
}

static void services_as_they_are_called(void **state) {
  (void)state;
  static const char kNeeded[] = "{\"reflection_scope\": \"needed\"}";
  pygrpc_error *error = NULL;
  server_start(&server, NULL);
  pygrpc_client *client = new_client(server.target, kNeeded);
  expect_greeting(client, GREETER);
  expect_unknown(client, "routeguide.RouteGuide");
  int32_t cardinality = 0;
  expect_ok(
      pygrpc_method_cardinality(client, "routeguide.RouteGuide.RouteChat", &cardinality, &error),
      error);
  assert_int_equal(cardinality, PYGRPC_STREAM_STREAM);
  expect_unknown(client, "NoPackage");
  pygrpc_free(call(client, "/NoPackage/EchoText", "{\"text\": \"x\"}", NULL));
  expect_unknown(client, "pygrpc.test.Test");
  /* Only the list tells what a bare name means, or that there is no such thing. */
  char *response = NULL;
  expect_error(pygrpc_unary_unary(client, "helloworld.Greter/SayHello", "{}", NUL, NULL, &response,
                                  NULL, &error),
               PYGRPC_E_NOT_FOUND, &error, "Greter");
  pygrpc_free(call(client, "pygrpc.test.Test/Echo", "{}", NULL));
  pygrpc_client_free(client);

  client = new_client(server.target, kNeeded);
  pygrpc_free(call(client, "SayHello", "{}", NULL));
  pygrpc_free(call(client, "GetFeature", "{}", NULL));
  pygrpc_client_free(client);

  /* nothing to be had */
  client = new_client(server.target, "{\"reflection_scope\": \"needed\", \"reflection\": false}");
  expect_error(pygrpc_unary_unary(client, GREETER, "{}", NUL, NULL, &response, NULL, &error),
               PYGRPC_E_NOT_FOUND, &error, "SayHello");
  end(client);
}

static void a_server_that_lists_nothing(void **state) {
  (void)state;
  pygrpc_error *error = NULL;
  pygrpc_client *client = client_of_fault("unlisted", "{\"reflection_scope\": \"needed\"}");
  expect_error(load_all(client, &error), PYGRPC_E_SCHEMA, &error, "does not list its services",
               "reflection:package.Service");
  expect_greeting(client, GREETER);
  end(client);
}

/* ---- Answers that are not as they should be */

static void answers_that_can_be_repaired(void **state) {
  (void)state;
  const char *const faults[] = {"unordered", "renamed", "talkative", "undescribed", "other"};
  for (size_t i = 0; i < COUNT_OF(faults); i++) {
    print_message("# %s\n", faults[i]);
    server_start(&server, "--reflection-fault", faults[i], "--reflection-no-imports", NULL);
    pygrpc_client *client = new_client(server.target, NULL);
    pygrpc_error *error = NULL;
    expect_ok(load_all(client, &error), error);
    expect_greeting(client, GREETER);
    if (strcmp(faults[i], "other") != 0) {
      char *response = call(client, "Test/Echo", "{\"timestamp\": \"2026-01-01T00:00:00Z\"}", NULL);
      assert_string_equal(response, "{\"timestamp\":\"2026-01-01T00:00:00Z\"}");
      pygrpc_free(response);
    }
    end(client);
  }
}

static void what_is_missing_is_named_where_it_is_needed(void **state) {
  (void)state;
  char *response = NULL;
  pygrpc_error *error = NULL;
  server_start(&server, "--reflection-fault", "missing", "--reflection-no-imports", NULL);
  pygrpc_client *client = new_client(server.target, NULL);
  expect_greeting(client, GREETER);
  expect_error(pygrpc_unary_unary(client, "Test/Echo", "{}", NUL, NULL, &response, NULL, &error),
               PYGRPC_E_SCHEMA, &error, "pygrpc_test/test.proto",
               "its import \"pygrpc_test/all_types.proto\" is missing");
  end(client);

  client = client_of_fault("undescribed", NULL);
  expect_error(
      pygrpc_unary_unary(client, "ghost.Ghost/Do", "{}", NUL, NULL, &response, NULL, &error),
      PYGRPC_E_NOT_FOUND, &error, "the server lists \"ghost.Ghost\"", "NOT_FOUND");
  end(client);
}

static void hostile_servers(void **state) {
  (void)state;
  static const struct {
    const char *fault;
    const char *named;
    const char *also;
  } kCases[] = {
      {"endless", "reflection_max_files", "50000"},
      {"large", "reflection_max_size", "268435456"},
      {"list", "reflection_max_files", "50000"},
      {"garbage", "file_containing_symbol \"hostile.Hostile\"", "no FileDescriptorProto"},
      {"names", "bad file name", "etc"},
      {"differing", "link.proto", "content"},
  };
  for (size_t i = 0; i < COUNT_OF(kCases); i++) {
    print_message("# %s\n", kCases[i].fault);
    pygrpc_client *client = client_of_fault(kCases[i].fault, NULL);
    pygrpc_error *error = NULL;
    expect_error(load_all(client, &error), PYGRPC_E_SCHEMA, &error, kCases[i].named, kCases[i].also,
                 server.target);
    end(client);
  }
}

static void limits_are_options(void **state) {
  (void)state;
  pygrpc_error *error = NULL;
  pygrpc_client *client = client_of_fault("endless", NULL);
  expect_error(pygrpc_load(client, "reflection", "{\"reflection_max_files\": 20}", &error),
               PYGRPC_E_SCHEMA, &error, "more than 20 files", "reflection_max_files");
  expect_error(pygrpc_load(client, "reflection", "{\"reflection_max_size\": \"2KiB\"}", &error),
               PYGRPC_E_SCHEMA, &error, "more than 2048 bytes", "reflection_max_size");
  end(client);

  client = client_of_fault("silent", NULL);
  int64_t start = now_ms();
  check_error(pygrpc_load(client, "reflection", "{\"reflection_timeout\": 0.2}", &error),
              PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 4);
  assert_contains(pygrpc_error_message(error), "\"reflection_timeout\"");
  pygrpc_error_free(error);
  error = NULL;
  assert_within(start, kAtOnceMs);
  end(client);

  /* that of all messages */
  client = client_of_fault("gigantic", NULL);
  check_error(load_all(client, &error), PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 8);
  assert_contains(pygrpc_error_message(error), "\"max_receive_size\"");
  pygrpc_error_free(error);
  error = NULL;
  pygrpc_client *generous = new_client(server.target, "{\"max_receive_size\": \"16MiB\"}");
  expect_ok(load_all(generous, &error), error);
  pygrpc_client_free(generous);
  end(client);
}

static void long_chains_and_cycles(void **state) {
  (void)state;
  static const char kType[] = "hostile.Root";
  char *bytes = NULL;
  size_t size = 0;
  pygrpc_error *error = NULL;
  pygrpc_client *client = client_of_fault("chain", NULL);
  expect_ok(load_all(client, &error), error);
  expect_ok(pygrpc_json_to_binary(client, kType, "{\"field1\": {\"field1\": {}}}", NUL, NULL,
                                  &bytes, &size, &error),
            error);
  assert_int_equal(size, 4);
  pygrpc_free(bytes);
  end(client);

  client = client_of_fault("cycle", NULL);
  expect_ok(load_all(client, &error), error);
  expect_error(pygrpc_json_to_binary(client, kType, "{}", NUL, NULL, &bytes, &size, &error),
               PYGRPC_E_SCHEMA, &error, "import cycle", "link.proto");
  end(client);
}

static void files_of_an_edition(void **state) {
  (void)state;
  char *bytes = NULL;
  size_t size = 0;
  pygrpc_error *error = NULL;
  pygrpc_client *client = client_of_fault("edition", NULL);
  expect_ok(load_all(client, &error), error);
  /* Its fields have presence: the empty text is sent. */
  expect_ok(pygrpc_json_to_binary(client, "hostile.Root", "{\"field1\": \"\"}", NUL, NULL, &bytes,
                                  &size, &error),
            error);
  assert_int_equal(size, 2);
  pygrpc_free(bytes);
  end(client);
}

/* ---- Several servers in one client */

static void schemas_of_two_servers(void **state) {
  (void)state;
  struct test_server edited;
  pygrpc_error *error = NULL;
  server_start(&server, NULL);
  server_start(&edited, "--reflection-fault", "edited", NULL);
  pygrpc_client *client = new_client(server.target, NULL);
  pygrpc_client *other = new_client(edited.target, NULL);
  expect_ok(pygrpc_load(client, "reflection:routeguide.RouteGuide", NULL, &error), error);
  expect_ok(pygrpc_load(other, "reflection:helloworld.Greeter", NULL, &error), error);
  expect_ok(pygrpc_load_client(client, other, &error), error);
  pygrpc_free(call(client, "GetFeature", "{}", NULL));
  pygrpc_free(call(client, GREETER, "{\"addedLater\": \"x\"}", NULL));
  /* The same file, with another content: both sources are named, and nothing changes. */
  expect_error(pygrpc_load(client, "reflection", NULL, &error), PYGRPC_E_SCHEMA, &error,
               "two different files are called \"helloworld.proto\"", server.target, edited.target);
  pygrpc_free(call(client, GREETER, "{\"addedLater\": \"x\"}", NULL));
  pygrpc_client_free(other);
  server_stop(&edited);
  end(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_proxy_that_knows_v1alpha_only),
      cmocka_unit_test(what_both_were_asked_and_answered),
      cmocka_unit_test(a_pinned_version),
      cmocka_unit_test(metadata_of_reflection),
      cmocka_unit_test(another_server),
      cmocka_unit_test(symbols_of_a_load),
      cmocka_unit_test(services_as_they_are_called),
      cmocka_unit_test(a_server_that_lists_nothing),
      cmocka_unit_test(answers_that_can_be_repaired),
      cmocka_unit_test(what_is_missing_is_named_where_it_is_needed),
      cmocka_unit_test(hostile_servers),
      cmocka_unit_test(limits_are_options),
      cmocka_unit_test(long_chains_and_cycles),
      cmocka_unit_test(files_of_an_edition),
      cmocka_unit_test(schemas_of_two_servers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
