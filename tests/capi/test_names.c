/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Names of methods and types: every form, ambiguous ones, unknown ones. */

#include "harness.h"

static int32_t cardinality_of(pygrpc_client *client, const char *method) {
  int32_t cardinality = -1;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_method_cardinality(client, method, &cardinality, &error), error);
  return cardinality;
}

static void every_form_of_a_method_name(void **state) {
  (void)state;
  static const char *const kForms[] = {
      "SayHello",
      "Greeter/SayHello",
      "Greeter.SayHello",
      "helloworld.Greeter/SayHello",
      "helloworld.Greeter.SayHello",
      "/helloworld.Greeter/SayHello",
  };
  pygrpc_client *client = test_client(NULL);
  for (size_t i = 0; i < COUNT_OF(kForms); i++) {
    assert_int_equal(cardinality_of(client, kForms[i]), PYGRPC_UNARY_UNARY);
    /* twice: found by resolving, then where it was kept */
    for (int j = 0; j < 2; j++) expect_greeting(client, kForms[i]);
  }
  pygrpc_client_free(client);
}

static void forms_of_a_service_without_a_package(void **state) {
  (void)state;
  static const char *const kForms[] = {"EchoText", "NoPackage/EchoText", "NoPackage.EchoText",
                                       "/NoPackage/EchoText"};
  pygrpc_client *client = new_client(shared_server.target, NULL);
  load(client, "pygrpc_test/no_package.proto");
  for (size_t i = 0; i < COUNT_OF(kForms); i++) {
    char *response = call(client, kForms[i], "{\"text\": \"plain\"}", NULL);
    assert_string_equal(response, "{\"text\":\"plain\"}");
    pygrpc_free(response);
  }
  pygrpc_client_free(client);
}

static void every_cardinality_is_told(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  assert_int_equal(cardinality_of(client, "GetFeature"), PYGRPC_UNARY_UNARY);
  assert_int_equal(cardinality_of(client, "ListFeatures"), PYGRPC_UNARY_STREAM);
  assert_int_equal(cardinality_of(client, "RecordRoute"), PYGRPC_STREAM_UNARY);
  assert_int_equal(cardinality_of(client, "RouteChat"), PYGRPC_STREAM_STREAM);
  pygrpc_client_free(client);
}

static void an_ambiguous_method(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  pygrpc_error *error = NULL;
  char *response = NULL;
  const int32_t result =
      pygrpc_unary_unary(client, "Ping", "{}", NUL, NULL, &response, NULL, &error);
  check_error(result, PYGRPC_E_AMBIGUOUS, error);
  const char *json = pygrpc_error_json(error);
  assert_contains(pygrpc_error_message(error), "Ping");
  assert_contains(pygrpc_error_message(error), "pygrpc.test.Test/Ping");
  assert_contains(pygrpc_error_message(error), "pygrpc.test.Proto2Test/Ping");
  assert_json_count(json, "/candidates", 2);
  pygrpc_error_free(error);
  error = NULL;
  assert_null(response);

  /* Any longer form is clear. */
  static const char *const kClear[] = {"Test/Ping", "Proto2Test.Ping", "/pygrpc.test.Test/Ping"};
  for (size_t i = 0; i < COUNT_OF(kClear); i++) {
    response = call(client, kClear[i], "{}", NULL);
    assert_string_equal(response, "{}");
    pygrpc_free(response);
  }
  pygrpc_client_free(client);
}

static void unknown_methods(void **state) {
  (void)state;
  static const struct {
    const char *name;
    const char *near; /* NULL: none that is near */
  } kUnknown[] = {
      {"SayHelo", "SayHello"},
      {"sayhello", "SayHello"},
      {"Greeter/SayHelo", "SayHello"},
      {"helloworld.Greter/SayHello", "helloworld.Greeter"},
      {"/helloworld.Greeter/SayHallo", "SayHello"},
      {"helloworld.Greeter", NULL},
      {"helloworld.HelloRequest", NULL},
      {"Zzzzzzzzzzzzzz", NULL},
      {"/", NULL},
      {".", NULL},
      {"//", NULL},
      {"Greeter//SayHello", NULL},
      {"Greeter/SayHello/", NULL},
      {" SayHello", NULL},
  };
  pygrpc_client *client = test_client(NULL);
  for (size_t i = 0; i < COUNT_OF(kUnknown); i++) {
    print_message("# %s\n", kUnknown[i].name);
    pygrpc_error *error = NULL;
    char *response = NULL;
    const int32_t result =
        pygrpc_unary_unary(client, kUnknown[i].name, "{}", NUL, NULL, &response, NULL, &error);
    check_error(result, PYGRPC_E_NOT_FOUND, error);
    assert_contains(pygrpc_error_message(error), kUnknown[i].name);
    if (kUnknown[i].near != NULL) {
      char *near = json_string_at(pygrpc_error_json(error), "/near/0");
      assert_contains(near, kUnknown[i].near);
      assert_contains(pygrpc_error_message(error), kUnknown[i].near);
      free(near);
    }
    pygrpc_error_free(error);
    assert_null(response);
  }

  /* The empty name is nothing that could be found. */
  pygrpc_error *error = NULL;
  int32_t cardinality = 7;
  const int32_t result = pygrpc_method_cardinality(client, "", &cardinality, &error);
  assert_true(result == PYGRPC_E_NOT_FOUND || result == PYGRPC_E_ARGUMENT);
  pygrpc_error_free(error);

  /* The client goes on as before. */
  pygrpc_free(call(client, "SayHello", "{}", NULL));
  pygrpc_client_free(client);
}

static void unknown_methods_by_every_entry(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  pygrpc_stream *stream = NULL;
  pygrpc_error *error = NULL;
  int32_t cardinality = 0;
  expect_error(pygrpc_method_cardinality(client, "RouteChatt", &cardinality, &error),
               PYGRPC_E_NOT_FOUND, &error, "RouteChatt", "RouteChat");
  expect_error(pygrpc_unary_stream(client, "RouteChatt", "{}", NUL, NULL, &stream, &error),
               PYGRPC_E_NOT_FOUND, &error, "RouteChatt", "RouteChat");
  expect_error(pygrpc_stream_unary(client, "RouteChatt", NULL, &stream, &error), PYGRPC_E_NOT_FOUND,
               &error, "RouteChatt", "RouteChat");
  expect_error(pygrpc_stream_stream(client, "RouteChatt", NULL, &stream, &error),
               PYGRPC_E_NOT_FOUND, &error, "RouteChatt", "RouteChat");
  expect_error(pygrpc_stream_open(client, "RouteChatt", 0, NULL, 0, NULL, NULL, &stream, &error),
               PYGRPC_E_NOT_FOUND, &error, "RouteChatt", "RouteChat");
  assert_null(stream);
  pygrpc_client_free(client);
}

static int32_t convert(pygrpc_client *client, const char *type, pygrpc_error **error) {
  char *bytes = NULL;
  size_t size = 0;
  const int32_t result = pygrpc_json_to_binary(client, type, "{}", NUL, NULL, &bytes, &size, error);
  if (result == PYGRPC_OK) {
    assert_non_null(bytes);
    assert_int_equal(size, 0);
  } else {
    assert_null(bytes);
  }
  pygrpc_free(bytes);
  return result;
}

static void names_of_types(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  pygrpc_error *error = NULL;
  expect_ok(convert(client, "helloworld.HelloRequest", &error), error);
  expect_ok(convert(client, ".helloworld.HelloRequest", &error), error);
  expect_ok(convert(client, "pygrpc.test.AllTypes.Nested", &error), error);
  expect_ok(convert(client, "google.protobuf.Empty", &error), error);
  expect_error(convert(client, "helloworld.HelloRequets", &error), PYGRPC_E_NOT_FOUND, &error,
               "helloworld.HelloRequets", "helloworld.HelloRequest");
  expect_error(convert(client, "helloworld.Greeter", &error), PYGRPC_E_NOT_FOUND, &error,
               "helloworld.Greeter");
  expect_error(convert(client, "pygrpc.test.Color", &error), PYGRPC_E_NOT_FOUND, &error,
               "pygrpc.test.Color");
  char *json = NULL;
  expect_error(pygrpc_binary_to_json(client, "no.Such", "", 0, NULL, &json, NULL, &error),
               PYGRPC_E_NOT_FOUND, &error, "no.Such");
  pygrpc_client_free(client);
}

static void an_ambiguous_type(void **state) {
  (void)state;
  pygrpc_client *client = new_client(NULL, NULL);
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_load_proto(client, "a.proto",
                              "syntax = \"proto3\"; package a; message Same {} message Only {}",
                              NUL, &error),
            error);
  expect_ok(pygrpc_load_proto(client, "b.proto", "syntax = \"proto3\"; package b; message Same {}",
                              NUL, &error),
            error);
  expect_ok(convert(client, "Only", &error), error);
  expect_ok(convert(client, "a.Same", &error), error);
  expect_error(convert(client, "Same", &error), PYGRPC_E_AMBIGUOUS, &error, "a.Same", "b.Same");
  char *json = NULL;
  expect_error(pygrpc_binary_to_json(client, "Same", "", 0, NULL, &json, NULL, &error),
               PYGRPC_E_AMBIGUOUS, &error, "a.Same", "b.Same");
  pygrpc_client_free(client);
}

/* A name that meant one method means none when another one like it is loaded. */
static void a_short_name_may_become_ambiguous(void **state) {
  (void)state;
  static const char kAlike[] =
      "syntax = \"proto3\"; package alike; import \"helloworld.proto\";"
      "service Greeter { rpc SayHello(helloworld.HelloRequest) returns (helloworld.HelloReply); }";
  pygrpc_client *client = new_client(shared_server.target, NULL);
  load(client, "helloworld.proto");
  pygrpc_free(call(client, "SayHello", "{}", NULL));
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_load_proto(client, "alike.proto", kAlike, NUL, &error), error);
  char *response = NULL;
  expect_error(pygrpc_unary_unary(client, "SayHello", "{}", NUL, NULL, &response, NULL, &error),
               PYGRPC_E_AMBIGUOUS, &error, "helloworld.Greeter/SayHello", "alike.Greeter/SayHello");
  expect_error(
      pygrpc_unary_unary(client, "Greeter/SayHello", "{}", NUL, NULL, &response, NULL, &error),
      PYGRPC_E_AMBIGUOUS, &error, "helloworld.Greeter/SayHello", "alike.Greeter/SayHello");
  pygrpc_free(call(client, "helloworld.Greeter/SayHello", "{}", NULL));
  pygrpc_client_free(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_form_of_a_method_name),
      cmocka_unit_test(forms_of_a_service_without_a_package),
      cmocka_unit_test(every_cardinality_is_told),
      cmocka_unit_test(an_ambiguous_method),
      cmocka_unit_test(unknown_methods),
      cmocka_unit_test(unknown_methods_by_every_entry),
      cmocka_unit_test(names_of_types),
      cmocka_unit_test(an_ambiguous_type),
      cmocka_unit_test(a_short_name_may_become_ambiguous),
  };
  return cmocka_run_group_tests(tests, start_shared_server, stop_shared_server);
}
