/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the schema tells of itself, by the functions for it: their arguments, errors and outputs. */

#include "harness.h"

/* The five functions in one form; what they have no parameter for is ignored. */
enum function { kServices, kDescribe, kTemplate, kJsonSchema, kExport, kFunctions };

static int32_t ask(enum function function, pygrpc_client *of, const char *name, char **text,
                   size_t *size, pygrpc_error **error) {
  switch (function) {
    case kServices:
      return pygrpc_services(of, text, size, error);
    case kDescribe:
      return pygrpc_describe(of, name, text, size, error);
    case kTemplate:
      return pygrpc_template(of, name, text, size, error);
    case kJsonSchema:
      return pygrpc_json_schema(of, name, NULL, text, size, error);
    default:
      return pygrpc_export(of, name == NULL ? NULL : format("[\"%s\"]", name), "proto", text, size,
                           error);
  }
}

static void every_function_gives_json(void **state) {
  (void)state;
  for (enum function function = 0; function < kFunctions; function++) {
    char *text = NULL;
    size_t size = 0;
    pygrpc_error *error = NULL;
    expect_ok(ask(function, shared_client, "helloworld.HelloRequest", &text, &size, &error), error);
    assert_int_equal(strlen(text), size);
    assert_true(json_is_valid(text));
    assert_contains(text, function == kTemplate ? "name" : "HelloRequest");
    pygrpc_free(text);
  }
}

static void arguments(void **state) {
  (void)state;
  for (enum function function = 0; function < kFunctions; function++) {
    char dummy = 0, *text = &dummy;
    size_t size = 1;
    pygrpc_error *error = NULL;
    expect_error(ask(function, NULL, "helloworld.HelloRequest", &text, &size, &error),
                 PYGRPC_E_ARGUMENT, &error, "client");
    assert_null(text);
    assert_int_equal(size, 0);
    expect_error(ask(function, shared_client, "helloworld.HelloRequest", NULL, &size, &error),
                 PYGRPC_E_ARGUMENT, &error, function == kExport ? "bytes" : "json");
    if (function != kServices) {
      expect_error(ask(function, shared_client, "caf\xE9", &text, &size, &error), PYGRPC_E_ARGUMENT,
                   &error, "UTF-8");
    }
  }
  char *text = NULL;
  pygrpc_error *error = NULL;
  expect_error(pygrpc_describe(shared_client, NULL, &text, NULL, &error), PYGRPC_E_ARGUMENT, &error,
               "symbol");
  expect_error(pygrpc_template(shared_client, NULL, &text, NULL, &error), PYGRPC_E_ARGUMENT, &error,
               "type");
  expect_error(pygrpc_export(shared_client, NULL, NULL, &text, NULL, &error), PYGRPC_E_ARGUMENT,
               &error, "format");
  expect_error(pygrpc_export(shared_client, NULL, "yaml", &text, NULL, &error), PYGRPC_E_ARGUMENT,
               &error, "yaml", "descriptor_set");
  expect_error(pygrpc_export(shared_client, "{", "proto", &text, NULL, &error), PYGRPC_E_ARGUMENT,
               &error, "symbols");
  expect_error(pygrpc_json_schema(shared_client, "helloworld.HelloRequest", "{\"nope\": 1}", &text,
                                  NULL, &error),
               PYGRPC_E_OPTION, &error, "nope");
  assert_null(text);
}

static void unknown_and_ambiguous_names(void **state) {
  (void)state;
  for (enum function function = kDescribe; function < kFunctions; function++) {
    char *text = NULL;
    pygrpc_error *error = NULL;
    expect_error(ask(function, shared_client, "helloworld.HelloRequets", &text, NULL, &error),
                 PYGRPC_E_NOT_FOUND, &error, "HelloRequets", "HelloRequest");
    assert_null(text);
  }
  char *text = NULL;
  pygrpc_error *error = NULL;
  expect_error(pygrpc_describe(shared_client, "Ping", &text, NULL, &error), PYGRPC_E_AMBIGUOUS,
               &error, "Ping");
}

/* What is exported can be loaded, and calls go through with it. */
static void an_export_can_be_loaded(void **state) {
  (void)state;
  char *bytes = NULL;
  size_t size = 0;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_export(shared_client, "[\"pygrpc.test.Test\"]", "descriptor_set", &bytes, &size,
                          &error),
            error);
  pygrpc_client *other = new_client(shared_server.target, NULL);
  expect_ok(pygrpc_load_descriptor_set(other, bytes, size, &error), error);
  pygrpc_free(bytes);
  pygrpc_free(call(other, "Echo", "{\"int32Value\": 1}", NULL));
  int32_t cardinality = 0;
  expect_error(pygrpc_method_cardinality(other, "SayHello", &cardinality, &error),
               PYGRPC_E_NOT_FOUND, &error, "SayHello");
  pygrpc_client_free(other);
}

/* A template is a message that can be sent as it is. */
static void a_template_can_be_sent(void **state) {
  (void)state;
  static const char *const kMethods[] = {"SayHello", "Test/Echo", "GetFeature", "EchoProto2"};
  for (size_t i = 0; i < COUNT_OF(kMethods); i++) {
    char *text = NULL;
    pygrpc_error *error = NULL;
    expect_ok(pygrpc_template(shared_client, kMethods[i], &text, NULL, &error), error);
    pygrpc_free(call(shared_client, kMethods[i], text, NULL));
    pygrpc_free(text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_function_gives_json),   cmocka_unit_test(arguments),
      cmocka_unit_test(unknown_and_ambiguous_names), cmocka_unit_test(an_export_can_be_loaded),
      cmocka_unit_test(a_template_can_be_sent),
  };
  return cmocka_run_group_tests(tests, start_shared_client, stop_shared_client);
}
