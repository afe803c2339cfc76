/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Messages of every kind through a real server, by every cardinality. */

#include "harness.h"

/* As the library prints them: compact, fields by number, 64-bit integers in quotes. */
static const char *const kMessages[] = {
    "{}",
    "{\"doubleValue\":1e+300,\"floatValue\":-0.25}",
    "{\"int32Value\":-2147483648,\"int64Value\":\"-9223372036854775808\"}",
    "{\"uint32Value\":4294967295,\"uint64Value\":\"18446744073709551615\"}",
    "{\"sint32Value\":-1,\"sint64Value\":\"-1\",\"fixed32Value\":1,\"fixed64Value\":\"1\"}",
    "{\"sfixed32Value\":-1,\"sfixed64Value\":\"-1\",\"boolValue\":true}",
    "{\"stringValue\":\"\xE6\x97\xA5\xE6\x9C\xAC\xF0\x9F\x98\x80\",\"bytesValue\":\"/+8=\"}",
    "{\"enumValue\":\"INFRARED\",\"nestedValue\":{\"number\":1}}",
    "{\"optionalBool\":false,\"optionalBytes\":\"\",\"optionalNested\":{}}",
    "{\"repeatedDouble\":[0,1.5,\"NaN\"],\"repeatedBool\":[true,false]}",
    "{\"repeatedEnum\":[\"RED\",\"BLUE\"],\"repeatedNested\":[{},{\"text\":\"x\"}]}",
    "{\"unpackedInt32\":[1,2],\"unpackedEnum\":[\"GREEN\"]}",
    "{\"mapInt32Int32\":{\"-1\":1},\"mapBoolBool\":{\"true\":false}}",
    "{\"mapStringNested\":{\"\":{\"number\":2}},\"mapStringValue\":{\"v\":[1,null]}}",
    "{\"oneofValue\":null}",
    "{\"any\":{\"@type\":\"type.googleapis.com/google.protobuf.Duration\",\"value\":\"1s\"}}",
    "{\"timestamp\":\"1970-01-01T00:00:00Z\",\"duration\":\"0s\",\"struct\":{},\"empty\":{}}",
    "{\"repeatedDuration\":[\"1s\",\"0.000000001s\"],\"repeatedStringWrapper\":[\"a\",\"\"]}",
};

static void unary(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(kMessages); i++) {
    char *response = call(shared_client, "Test/Echo", kMessages[i], NULL);
    assert_string_equal(response, kMessages[i]);
    pygrpc_free(response);
  }
}

static void server_streams(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(kMessages); i++) {
    pygrpc_stream *stream = open_stream(shared_client, "Test/EchoServerStream",
                                        format("{\"message\":%s,\"count\":3}", kMessages[i]), NULL);
    for (int copy = 0; copy < 3; copy++) expect_message(stream, kMessages[i]);
    expect_end(stream);
    pygrpc_stream_free(stream);
  }
}

static void client_streams(void **state) {
  (void)state;
  pygrpc_stream *stream = open_stream(shared_client, "Test/EchoClientStream", NULL, NULL);
  for (size_t i = 0; i < COUNT_OF(kMessages); i++) write_message(stream, kMessages[i]);
  half_close(stream);
  char *list = read_message(stream);
  assert_json_count(list, "/messages", COUNT_OF(kMessages));
  for (size_t i = 0; i < COUNT_OF(kMessages); i++) {
    assert_json(list, format("/messages/%zu", i), kMessages[i]);
  }
  pygrpc_free(list);
  expect_end(stream);
  pygrpc_stream_free(stream);
}

static void both_ways(void **state) {
  (void)state;
  pygrpc_stream *stream = open_stream(shared_client, "Test/EchoBidi", NULL, NULL);
  for (size_t i = 0; i < COUNT_OF(kMessages); i++) {
    write_message(stream, kMessages[i]);
    expect_message(stream, kMessages[i]);
  }
  half_close(stream);
  expect_end(stream);
  pygrpc_stream_free(stream);
}

static void switches_of_json(void **state) {
  (void)state;
  static const char kMessage[] = "{\"int64Value\":\"5\",\"enumValue\":\"RED\",\"nestedValue\":{}}";
  char *response = call(shared_client, "Test/Echo", kMessage,
                        "{\"int64_numbers\": true, \"enum_numbers\": true, \"proto_names\": true}");
  assert_string_equal(response, "{\"int64_value\":5,\"enum_value\":1,\"nested_value\":{}}");
  pygrpc_free(response);

  pygrpc_stream *stream = open_stream(shared_client, "Test/EchoBidi", NULL,
                                      "{\"print_defaults\": true, \"ignore_unknown\": true}");
  write_message(stream, "{\"noSuchField\":1,\"int32Value\":7}");
  response = read_message(stream);
  assert_json(response, "/int32Value", "7");
  assert_json_string(response, "/stringValue", "");
  assert_json(response, "/repeatedInt32", "[]");
  pygrpc_free(response);
  pygrpc_stream_free(stream);
}

static void proto2(void **state) {
  (void)state;
  static const char *const kProto2[] = {
      "{}",
      "{\"int32Value\":0,\"stringValue\":\"\",\"season\":\"SUMMER\"}",
      "{\"singlegroup\":{\"number\":1,\"text\":\"g\"},\"manygroups\":[{\"number\":2},{}]}",
      "{\"[pygrpc.test.extension_int32]\":5,\"[pygrpc.test.extension_strings]\":[\"a\",\"b\"]}",
      "{\"[pygrpc.test.ExtensionScope.scoped_extension]\":{\"text\":\"x\"}}",
  };
  for (size_t i = 0; i < COUNT_OF(kProto2); i++) {
    char *response = call(shared_client, "EchoProto2", kProto2[i], NULL);
    assert_string_equal(response, kProto2[i]);
    pygrpc_free(response);
  }
}

/* The request that the server gets, byte for byte. */
static void the_wire_format_of_a_request(void **state) {
  (void)state;
  char *response = call(shared_client, "Test/ReceiveWire", "{\"int32Value\": 150}", NULL);
  assert_string_equal(response, "\"GJYB\"");
  pygrpc_free(response);
}

/* Any bytes as a response. */
static char *send_wire(const char *base64, const char *options) {
  return call(shared_client, "Test/SendWire", format("\"%s\"", base64), options);
}

static void responses_that_are_not_canonical(void **state) {
  (void)state;
  /* int32_value 1, then unknown field 1000, then int32_value 2 */
  char *response = send_wire("GAHAPgUYAg==", NULL);
  assert_string_equal(response, "{\"int32Value\":2}");
  pygrpc_free(response);
}

static void responses_that_are_no_message(void **state) {
  (void)state;
  char *response = NULL;
  pygrpc_error *error = NULL;
  const int32_t result = pygrpc_unary_unary(shared_client, "Test/SendWire", "\"cgVhYg==\"", NUL,
                                            NULL, &response, NULL, &error);
  check_error(result, PYGRPC_E_WIRE, error);
  assert_contains(pygrpc_error_message(error), "pygrpc.test.AllTypes");
  assert_json_string(pygrpc_error_json(error), "/method", "/pygrpc.test.Test/SendWire");
  assert_non_null(json_find(pygrpc_error_json(error), "/offset", &(size_t){0}));
  pygrpc_error_free(error);
  assert_null(response);

  /* by a stream: the message is skipped, and the call goes on to its end */
  pygrpc_stream *stream = open_stream(shared_client, "Test/SendWire", "\"cgVhYg==\"", NULL);
  error = NULL;
  expect_error(pygrpc_stream_read(stream, -1, &response, NULL, &error), PYGRPC_E_WIRE, &error,
               "pygrpc.test.AllTypes");
  assert_null(response);
  expect_end(stream);
  pygrpc_stream_free(stream);

  /* With another codec nobody minds. */
  size_t size = 0;
  expect_ok(pygrpc_unary_unary(shared_client, "Test/SendWire", "\x0A\x02\xFF\xFE", 4,
                               "{\"codec\": \"binary\"}", &response, &size, &error),
            error);
  assert_int_equal(size, 2);
  assert_memory_equal(response, "\xFF\xFE", 2);
  pygrpc_free(response);
}

/* Valid bytes of a message that JSON cannot say. */
static void responses_without_a_json_form(void **state) {
  (void)state;
  char *response = NULL;
  pygrpc_error *error = NULL;
  /* timestamp { nanos: -1 } */
  const int32_t result =
      pygrpc_unary_unary(shared_client, "Test/SendWire", "\"0gcLEP///////////wE=\"", NUL, NULL,
                         &response, NULL, &error);
  check_error(result, PYGRPC_E_JSON, error);
  assert_contains(pygrpc_error_message(error), "imestamp");
  pygrpc_error_free(error);
  assert_null(response);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unary),
      cmocka_unit_test(server_streams),
      cmocka_unit_test(client_streams),
      cmocka_unit_test(both_ways),
      cmocka_unit_test(switches_of_json),
      cmocka_unit_test(proto2),
      cmocka_unit_test(the_wire_format_of_a_request),
      cmocka_unit_test(responses_that_are_not_canonical),
      cmocka_unit_test(responses_that_are_no_message),
      cmocka_unit_test(responses_without_a_json_form),
  };
  return cmocka_run_group_tests(tests, start_shared_client, stop_shared_client);
}
