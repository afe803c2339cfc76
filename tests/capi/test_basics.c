/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The parts that need neither client nor server: version, codes, options, and NULL handles. */

#include "harness.h"

static void version_is_three_numbers(void **state) {
  (void)state;
  int major = -1, minor = -1, patch = -1;
  char rest;
  assert_int_equal(sscanf(pygrpc_version(), "%d.%d.%d%c", &major, &minor, &patch, &rest), 3);
  assert_true(major >= 0 && minor >= 0 && patch >= 0);
  assert_ptr_equal(pygrpc_version(), pygrpc_version());
}

static void abi_version_serves_the_header(void **state) {
  (void)state;
  assert_int_equal(pygrpc_abi_version(), PYGRPC_ABI_VERSION);
}

static void every_code_has_its_name(void **state) {
  (void)state;
  static const struct {
    int32_t code;
    int32_t number;
    const char *name;
  } kCodes[] = {
      {PYGRPC_OK, 0, "OK"},
      {PYGRPC_END, 1, "END"},
      {PYGRPC_PENDING, 2, "PENDING"},
      {PYGRPC_E_ARGUMENT, -1, "E_ARGUMENT"},
      {PYGRPC_E_OPTION, -2, "E_OPTION"},
      {PYGRPC_E_SCHEMA, -3, "E_SCHEMA"},
      {PYGRPC_E_NOT_FOUND, -4, "E_NOT_FOUND"},
      {PYGRPC_E_AMBIGUOUS, -5, "E_AMBIGUOUS"},
      {PYGRPC_E_CARDINALITY, -6, "E_CARDINALITY"},
      {PYGRPC_E_JSON, -7, "E_JSON"},
      {PYGRPC_E_WIRE, -8, "E_WIRE"},
      {PYGRPC_E_STATUS, -9, "E_STATUS"},
      {PYGRPC_E_STATE, -10, "E_STATE"},
      {PYGRPC_E_CLOSED, -11, "E_CLOSED"},
      {PYGRPC_E_FORKED, -12, "E_FORKED"},
      {PYGRPC_E_NO_MEMORY, -13, "E_NO_MEMORY"},
      {PYGRPC_E_INTERNAL, -14, "E_INTERNAL"},
      {3, 3, "E_UNKNOWN"},
      {-15, -15, "E_UNKNOWN"},
      {INT32_MAX, INT32_MAX, "E_UNKNOWN"},
      {INT32_MIN, INT32_MIN, "E_UNKNOWN"},
  };
  for (size_t i = 0; i < COUNT_OF(kCodes); i++) {
    assert_int_equal(kCodes[i].code, kCodes[i].number);
    assert_string_equal(pygrpc_code_name(kCodes[i].code), kCodes[i].name);
  }
}

static void numbers_of_the_header_are_frozen(void **state) {
  (void)state;
  assert_int_equal(PYGRPC_ANY_CARDINALITY, 0);
  assert_int_equal(PYGRPC_UNARY_UNARY, 1);
  assert_int_equal(PYGRPC_UNARY_STREAM, 2);
  assert_int_equal(PYGRPC_STREAM_UNARY, 3);
  assert_int_equal(PYGRPC_STREAM_STREAM, 4);
  assert_int_equal(PYGRPC_CHANNEL_IDLE, 0);
  assert_int_equal(PYGRPC_CHANNEL_CONNECTING, 1);
  assert_int_equal(PYGRPC_CHANNEL_READY, 2);
  assert_int_equal(PYGRPC_CHANNEL_TRANSIENT_FAILURE, 3);
  assert_int_equal(PYGRPC_CHANNEL_SHUTDOWN, 4);
  assert_true(PYGRPC_NUL_TERMINATED == SIZE_MAX);
}

static char *options_list(void) {
  char *json = NULL;
  size_t size = 0;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_options_json(&json, &size, &error), error);
  assert_int_equal(strlen(json), size);
  assert_true(json_is_valid(json));
  return json;
}

static void options_are_listed_with_all_that_one_needs(void **state) {
  (void)state;
  static const char *const kScopes[] = {"client", "call", "load"};
  char *json = options_list();
  assert_json_count(json, "", 3);
  for (size_t s = 0; s < COUNT_OF(kScopes); s++) {
    const int count = json_count_at(json, format("/%s", kScopes[s]));
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
      static const char *const kTexts[] = {"name", "type", "help"};
      size_t size;
      for (size_t k = 0; k < COUNT_OF(kTexts); k++) {
        char *text = json_string_at(json, format("/%s/%d/%s", kScopes[s], i, kTexts[k]));
        assert_non_null(text);
        assert_true(text[0] != '\0');
        free(text);
      }
      assert_non_null(json_find(json, format("/%s/%d/default", kScopes[s], i), &size));
    }
  }
  pygrpc_free(json);
}

/* {"tls": {"ca": VALUE}} for tls.ca. */
static const char *one_option(const char *name, const char *value) {
  const char *dot = strchr(name, '.');
  return dot == NULL ? format("{\"%s\": %s}", name, value)
                     : format("{\"%.*s\": {\"%s\": %s}}", (int)(dot - name), name, dot + 1, value);
}

static void listed_defaults_are_accepted(void **state) {
  (void)state;
  char *json = options_list();
  const int count = json_count_at(json, "/client");
  for (int i = 0; i < count; i++) {
    size_t size;
    const char *value = json_find(json, format("/client/%d/default", i), &size);
    char *name = json_string_at(json, format("/client/%d/name", i));
    /* These defaults are right only together with "transport": "tls". */
    if (strncmp(name, "tls.", 4) != 0) {
      const char *options = one_option(name, format("%.*s", (int)size, value));
      pygrpc_client_free(new_client("127.0.0.1:1", options));
    }
    free(name);
  }
  pygrpc_free(json);
}

static void options_json_checks_its_arguments(void **state) {
  (void)state;
  pygrpc_error *error = NULL;
  size_t size = 0;
  expect_error(pygrpc_options_json(NULL, &size, &error), PYGRPC_E_ARGUMENT, &error, "json");
  assert_int_equal(pygrpc_options_json(NULL, NULL, NULL), PYGRPC_E_ARGUMENT);
  char *json = NULL;
  assert_int_equal(pygrpc_options_json(&json, NULL, NULL), PYGRPC_OK);
  assert_true(json_is_valid(json));
  pygrpc_free(json);
}

static void null_handles_are_fine(void **state) {
  (void)state;
  pygrpc_free(NULL);
  pygrpc_error_free(NULL);
  pygrpc_client_free(NULL);
  pygrpc_stream_free(NULL);
  assert_int_equal(pygrpc_error_code(NULL), PYGRPC_OK);
  assert_string_equal(pygrpc_error_message(NULL), "");
  assert_int_equal(pygrpc_error_status(NULL), -1);
  assert_string_equal(pygrpc_error_json(NULL), "{}");
  assert_int_equal(pygrpc_stream_cardinality(NULL), PYGRPC_E_ARGUMENT);
}

static void getters_borrow(void **state) {
  (void)state;
  pygrpc_error *error = NULL;
  assert_int_equal(pygrpc_options_json(NULL, NULL, &error), PYGRPC_E_ARGUMENT);
  assert_ptr_equal(pygrpc_error_message(error), pygrpc_error_message(error));
  assert_ptr_equal(pygrpc_error_json(error), pygrpc_error_json(error));
  pygrpc_error_free(error);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(version_is_three_numbers),
      cmocka_unit_test(abi_version_serves_the_header),
      cmocka_unit_test(every_code_has_its_name),
      cmocka_unit_test(numbers_of_the_header_are_frozen),
      cmocka_unit_test(options_are_listed_with_all_that_one_needs),
      cmocka_unit_test(listed_defaults_are_accepted),
      cmocka_unit_test(options_json_checks_its_arguments),
      cmocka_unit_test(null_handles_are_fine),
      cmocka_unit_test(getters_borrow),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
