/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * JSON to wire format and back, by the functions for it. (Whether every message is right is the
 * matter of the conformance tests; here it is the functions, their options and their errors.) */

#include "harness.h"

static const char kType[] = "pygrpc.test.AllTypes";

static pygrpc_client *client;

static int set_up(void **state) {
  (void)state;
  client = client_of(NULL, NULL);
  return 0;
}

static int tear_down(void **state) {
  pygrpc_client_free(client);
  return stop_shared_server(state);
}

static char *to_binary(const char *json, size_t *size) {
  char *bytes = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_json_to_binary(client, kType, json, NUL, NULL, &bytes, size, &error), error);
  assert_non_null(bytes);
  assert_int_equal(bytes[*size], '\0');
  return bytes;
}

static char *to_json(const char *bytes, size_t size, const char *options) {
  char *json = NULL;
  size_t json_size = 0;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_binary_to_json(client, kType, bytes, size, options, &json, &json_size, &error),
            error);
  assert_int_equal(strlen(json), json_size);
  return json;
}

static void round_trips(void **state) {
  (void)state;
  static const char *const kMessages[] = {
      "{}",
      "{\"int32Value\":-1}",
      "{\"uint64Value\":\"18446744073709551615\"}",
      "{\"doubleValue\":0.1,\"floatValue\":0.1}",
      "{\"doubleValue\":\"NaN\",\"floatValue\":\"-Infinity\"}",
      "{\"boolValue\":true,\"stringValue\":\"a\\\"b\\\\c\\n\xE2\x82\xAC\xF0\x9F\x98\x80\"}",
      "{\"bytesValue\":\"AAECAwQ=\"}",
      "{\"enumValue\":\"GREEN\"}",
      "{\"nestedValue\":{\"number\":7,\"text\":\"t\",\"depth\":\"DEEP\"}}",
      "{\"recursiveValue\":{\"recursiveValue\":{\"recursiveValue\":{\"int32Value\":3}}}}",
      "{\"optionalInt32\":0,\"optionalString\":\"\"}",
      "{\"repeatedInt32\":[1,2,3],\"repeatedString\":[\"\",\"b\"]}",
      "{\"mapStringString\":{\"k\":\"v\"},\"mapBoolBool\":{\"false\":true}}",
      "{\"oneofString\":\"\"}",
      "{\"oneofNull\":null}",
      "{\"any\":{\"@type\":\"type.googleapis.com/pygrpc.test.Standalone\",\"id\":\"5\"}}",
      "{\"timestamp\":\"2026-02-28T23:59:59.500Z\",\"duration\":\"-1.500s\"}",
      "{\"struct\":{\"a\":[1,null,{\"b\":\"c\"}]},\"value\":true,\"listValue\":[\"x\"]}",
      "{\"fieldMask\":\"a.bC,d\"}",
      "{\"int64Wrapper\":\"0\",\"boolWrapper\":false,\"bytesWrapper\":\"\"}",
      "{\"given-json.name\":4,\"CamelCase\":1,\"LeadingUnderscore\":2}",
  };
  for (size_t i = 0; i < COUNT_OF(kMessages); i++) {
    size_t size = 0;
    char *bytes = to_binary(kMessages[i], &size);
    char *json = to_json(bytes, size, NULL);
    assert_string_equal(json, kMessages[i]);
    pygrpc_free(bytes);
    pygrpc_free(json);
  }
}

/* The bytes themselves, NULs among them. */
static void the_wire_format(void **state) {
  (void)state;
  static const struct {
    const char *json;
    const char *bytes;
    size_t size;
  } kCases[] = {
      {"{\"int32Value\": 150}", "\x18\x96\x01", 3},
      {"{\"stringValue\": \"a\\u0000b\"}",
       "\x72\x03"
       "a\0b",
       5},
      {"{\"bytesValue\": \"AAAA\"}", "\x7A\x03\0\0\0", 5},
      {"{\"optionalInt32\": 0}", "\xB8\x01\0", 3},
  };
  for (size_t i = 0; i < COUNT_OF(kCases); i++) {
    size_t size = 0;
    char *bytes = to_binary(kCases[i].json, &size);
    assert_int_equal(size, kCases[i].size);
    assert_memory_equal(bytes, kCases[i].bytes, size);
    pygrpc_free(bytes);
  }
}

static void empty_messages(void **state) {
  (void)state;
  size_t size = 1;
  char *bytes = to_binary("{}", &size);
  assert_int_equal(size, 0);
  pygrpc_free(bytes);
  char *json = to_json("", 0, NULL);
  assert_string_equal(json, "{}");
  pygrpc_free(json);
}

/* PYGRPC_NUL_TERMINATED is for bytes, too, as long as they have no NUL. */
static void sizes(void **state) {
  (void)state;
  char *json = to_json("\x18\x96\x01", NUL, NULL);
  assert_string_equal(json, "{\"int32Value\":150}");
  pygrpc_free(json);
  char *bytes = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_json_to_binary(client, kType, "{}}}}", 2, NULL, &bytes, NULL, &error), error);
  pygrpc_free(bytes);
  expect_ok(pygrpc_binary_to_json(client, kType, "\x18\x96\x01\xFF", 3, NULL, &json, NULL, &error),
            error);
  pygrpc_free(json);
}

static void switches_of_json(void **state) {
  (void)state;
  static const char kMessage[] =
      "{\"int64Value\": \"5\", \"enumValue\": \"BLUE\", \"lowerSnakeCase2\": 1}";
  size_t size = 0;
  char *bytes = to_binary(kMessage, &size);
  char *json = to_json(bytes, size, "{\"int64_numbers\": true}");
  assert_json(json, "/int64Value", "5");
  pygrpc_free(json);
  json = to_json(bytes, size, "{\"enum_numbers\": true}");
  assert_json(json, "/enumValue", "3");
  pygrpc_free(json);
  json = to_json(bytes, size, "{\"proto_names\": true}");
  assert_json(json, "/lower_snake_case_2", "1");
  assert_json_absent(json, "/lowerSnakeCase2");
  pygrpc_free(json);
  json = to_json(bytes, size, "{\"print_defaults\": true}");
  assert_json(json, "/boolValue", "false");
  assert_json(json, "/repeatedInt32", "[]");
  assert_json(json, "/mapStringString", "{}");
  assert_json_absent(json, "/optionalInt32");
  assert_json_absent(json, "/oneofInt32");
  pygrpc_free(json);
  pygrpc_free(bytes);

  pygrpc_error *error = NULL;
  bytes = NULL;
  expect_error(
      pygrpc_json_to_binary(client, kType, "{\"nope\": [1, {}]}", NUL, NULL, &bytes, &size, &error),
      PYGRPC_E_JSON, &error, "nope");
  expect_ok(pygrpc_json_to_binary(client, kType, "{\"nope\": [1, {}], \"int32Value\": 150}", NUL,
                                  "{\"ignore_unknown\": true}", &bytes, &size, &error),
            error);
  assert_int_equal(size, 3);
  pygrpc_free(bytes);
  expect_error(pygrpc_json_to_binary(client, kType, "{\"value\": [[[1]]]}", NUL,
                                     "{\"max_depth\": 3}", &bytes, &size, &error),
               PYGRPC_E_JSON, &error, "max_depth");
}

/* The switches of a client are the defaults of its conversions. */
static void switches_of_a_client(void **state) {
  (void)state;
  pygrpc_client *other = client_of(NULL, "{\"int64_numbers\": true, \"proto_names\": true}");
  char *json = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_binary_to_json(other, kType, "\x20\x05", 2, NULL, &json, NULL, &error), error);
  assert_string_equal(json, "{\"int64_value\":5}");
  pygrpc_free(json);
  expect_ok(pygrpc_binary_to_json(other, kType, "\x20\x05", 2, "{\"proto_names\": false}", &json,
                                  NULL, &error),
            error);
  assert_string_equal(json, "{\"int64Value\":5}");
  pygrpc_free(json);
  pygrpc_client_free(other);
}

/* Fields that the schema lacks are lost, unless asked for; and go back to what they were. */
static void unknown_fields_can_be_kept(void **state) {
  (void)state;
  static const char kBytes[] = "\x18\x05\xF8\xFF\x0F\x07"; /* int32_value, and number 32767 */
  const size_t size = sizeof kBytes - 1;
  char *json = to_json(kBytes, size, NULL);
  assert_string_equal(json, "{\"int32Value\":5}");
  pygrpc_free(json);
  json = to_json(kBytes, size, "{\"keep_unknown\": true}");
  assert_string_equal(json, "{\"int32Value\":5,\"@unknown\":\"+P8PBw==\"}");
  char *bytes = NULL;
  size_t bytes_size = 0;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_json_to_binary(client, kType, json, NUL, "{\"keep_unknown\": true}", &bytes,
                                  &bytes_size, &error),
            error);
  assert_int_equal(bytes_size, size);
  assert_memory_equal(bytes, kBytes, size);
  pygrpc_free(bytes);
  pygrpc_free(json);
}

static void bytes_that_are_no_message(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t size;
  } kBad[] = {
      {"\xFF", 1},     /* a cut-off tag */
      {"\x18", 1},     /* a tag without a value */
      {"\x18\x80", 2}, /* a cut-off varint */
      {"\x72\x05"
       "ab",
       4},                                                     /* a string that is too short */
      {"\x72\x02\xC3\x28", 4},                                 /* a string that is not UTF-8 */
      {"\x09\x01\x02", 3},                                     /* a cut-off double */
      {"\x8A\x01\x02\x08", 4},                                 /* a cut-off message */
      {"\x1F", 1},                                             /* wire type 7 */
      {"\x00\x01", 2},                                         /* field number 0 */
      {"\x1C", 1},                                             /* the end of no group */
      {"\x18\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 12} /* a varint without end */
  };
  for (size_t i = 0; i < COUNT_OF(kBad); i++) {
    char dummy = 0, *json = &dummy;
    size_t size = 1;
    pygrpc_error *error = NULL;
    check_error(pygrpc_binary_to_json(client, kType, kBad[i].bytes, kBad[i].size, NULL, &json,
                                      &size, &error),
                PYGRPC_E_WIRE, error);
    const int64_t offset = json_integer(pygrpc_error_json(error), "/offset");
    assert_true(offset >= 0 && offset <= (int64_t)kBad[i].size);
    assert_contains(pygrpc_error_message(error), kType);
    pygrpc_error_free(error);
    assert_null(json);
    assert_int_equal(size, 0);
  }
}

/* Valid bytes of a message that JSON cannot say. */
static void messages_without_a_json_form(void **state) {
  (void)state;
  char *json = NULL;
  pygrpc_error *error = NULL;
  /* timestamp { nanos: -1 } */
  static const char kTimestamp[] = "\xD2\x07\x0B\x10\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01";
  check_error(pygrpc_binary_to_json(client, kType, kTimestamp, sizeof kTimestamp - 1, NULL, &json,
                                    NULL, &error),
              PYGRPC_E_JSON, error);
  assert_contains(pygrpc_error_message(error), "imestamp");
  pygrpc_error_free(error);
  assert_null(json);
}

/* What is not canonical is read as a full parser reads it. */
static void scattered_fields(void **state) {
  (void)state;
  /* repeated_string "a", int32_value 1, repeated_string "b", int32_value 2 */
  static const char kScattered[] =
      "\xB2\x03\x01"
      "a\x18\x01\xB2\x03\x01"
      "b\x18\x02";
  char *json = to_json(kScattered, sizeof kScattered - 1, NULL);
  assert_json(json, "/repeatedString", "[\"a\",\"b\"]");
  assert_json(json, "/int32Value", "2");
  pygrpc_free(json);
}

static void a_schema_of_the_well_known_types(void **state) {
  (void)state;
  pygrpc_client *empty = new_client(NULL, NULL);
  char *bytes = NULL, *json = NULL;
  size_t size = 0;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_json_to_binary(empty, "google.protobuf.Duration", "\"1.5s\"", NUL, NULL, &bytes,
                                  &size, &error),
            error);
  expect_ok(pygrpc_binary_to_json(empty, "google.protobuf.Duration", bytes, size, NULL, &json, NULL,
                                  &error),
            error);
  assert_string_equal(json, "\"1.500s\"");
  pygrpc_free(bytes);
  pygrpc_free(json);
  pygrpc_client_free(empty);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(round_trips),
      cmocka_unit_test(the_wire_format),
      cmocka_unit_test(empty_messages),
      cmocka_unit_test(sizes),
      cmocka_unit_test(switches_of_json),
      cmocka_unit_test(switches_of_a_client),
      cmocka_unit_test(unknown_fields_can_be_kept),
      cmocka_unit_test(bytes_that_are_no_message),
      cmocka_unit_test(messages_without_a_json_form),
      cmocka_unit_test(scattered_fields),
      cmocka_unit_test(a_schema_of_the_well_known_types),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
