/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The codec "binary": the same functions take and give protobuf bytes. With a full method path no
 * schema is needed. */

#include "harness.h"

static const char kBinary[] = "{\"codec\": \"binary\"}";
static const char kSayHello[] = "/helloworld.Greeter/SayHello";
static const char kRequest[] = "\x0A\x03you";
static const char kReply[] = "\x0A\x0BHello, you!";

/* A client that knows nothing and may not ask. */
static pygrpc_client *bare_client(void) {
  return new_client(shared_server.target, "{\"reflection\": false}");
}

static void without_a_schema(void **state) {
  (void)state;
  pygrpc_client *client = bare_client();
  char *response = NULL;
  size_t size = 0;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_unary_unary(client, kSayHello, kRequest, 5, kBinary, &response, &size, &error),
            error);
  assert_int_equal(size, sizeof kReply - 1);
  assert_memory_equal(response, kReply, sizeof kReply); /* with a NUL behind it */
  pygrpc_free(response);
  pygrpc_client_free(client);
}

static void with_a_schema(void **state) {
  (void)state;
  pygrpc_client *client = test_client(kBinary);
  char *response = NULL;
  size_t size = 0;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_unary_unary(client, "SayHello", kRequest, 5, NULL, &response, &size, &error),
            error);
  assert_int_equal(size, sizeof kReply - 1);
  assert_memory_equal(response, kReply, sizeof kReply);
  pygrpc_free(response);
  /* and back to JSON for one call */
  response = call(client, "SayHello", "{\"name\": \"you\"}", "{\"codec\": \"json\"}");
  assert_string_equal(response, "{\"message\":\"Hello, you!\"}");
  pygrpc_free(response);
  pygrpc_client_free(client);
}

static void expect_bytes(pygrpc_stream *stream, const char *bytes, size_t size) {
  char *message = NULL;
  size_t message_size = 0;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_stream_read(stream, -1, &message, &message_size, &error), error);
  assert_int_equal(message_size, size);
  assert_memory_equal(message, bytes, size);
  pygrpc_free(message);
}

static void streams_without_a_schema(void **state) {
  (void)state;
  pygrpc_client *client = bare_client();
  pygrpc_error *error = NULL;
  pygrpc_stream *stream = NULL;
  expect_ok(pygrpc_unary_stream(client, "/helloworld.Greeter/SayHelloStreamReply", kRequest, 5,
                                kBinary, &stream, &error),
            error);
  for (int i = 0; i < 5; i++) {
    expect_bytes(stream, format("\x0A\x11Hello, you! (%d/5)", i + 1), 19);
  }
  expect_end(stream);
  pygrpc_stream_free(stream);

  expect_ok(pygrpc_stream_stream(client, "/helloworld.Greeter/SayHelloBidiStream", kBinary, &stream,
                                 &error),
            error);
  expect_ok(pygrpc_stream_write(stream, kRequest, 5, -1, &error), error);
  expect_bytes(stream, kReply, sizeof kReply - 1);
  half_close(stream);
  expect_end(stream);
  pygrpc_stream_free(stream);

  expect_ok(
      pygrpc_stream_unary(client, "/routeguide.RouteGuide/RecordRoute", kBinary, &stream, &error),
      error);
  expect_ok(pygrpc_stream_write(stream, "\x08\x01", 2, -1, &error), error);
  half_close(stream);
  expect_bytes(stream, "\x08\x01", 2);
  expect_end(stream);
  pygrpc_stream_free(stream);
  pygrpc_client_free(client);
}

static void empty_messages(void **state) {
  (void)state;
  pygrpc_client *client = bare_client();
  char *response = NULL;
  size_t size = 1;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_unary_unary(client, "/pygrpc.test.Test/Ping", "", 0, kBinary, &response, &size,
                               &error),
            error);
  assert_non_null(response);
  assert_int_equal(size, 0);
  assert_string_equal(response, "");
  pygrpc_free(response);
  pygrpc_client_free(client);
}

/* Bytes of any kind, NULs among them, both ways. */
static void all_bytes(void **state) {
  (void)state;
  char request[3 + 256] = {0x0A, (char)0x80, 0x02};
  for (int i = 0; i < 256; i++) request[3 + i] = (char)i;
  pygrpc_client *client = bare_client();
  pygrpc_error *error = NULL;
  pygrpc_stream *stream = NULL;
  expect_ok(
      pygrpc_stream_stream(client, "/pygrpc.test.Test/EchoPayloads", kBinary, &stream, &error),
      error);
  expect_ok(pygrpc_stream_write(stream, request, sizeof request, -1, &error), error);
  expect_bytes(stream, request, sizeof request);
  pygrpc_stream_free(stream);
  pygrpc_client_free(client);
}

/* A short name needs a schema; and a full path, too, where the messages are JSON. */
static void names_without_a_schema(void **state) {
  (void)state;
  pygrpc_client *client = bare_client();
  char *response = NULL;
  pygrpc_error *error = NULL;
  expect_error(
      pygrpc_unary_unary(client, "SayHello", kRequest, 5, kBinary, &response, NULL, &error),
      PYGRPC_E_NOT_FOUND, &error, "SayHello");
  expect_error(pygrpc_unary_unary(client, kSayHello, "{}", NUL, NULL, &response, NULL, &error),
               PYGRPC_E_NOT_FOUND, &error, "SayHello");
  assert_null(response);
  pygrpc_client_free(client);
}

/* The server's word, where the client has no schema to know better. */
static void a_method_that_the_server_does_not_know(void **state) {
  (void)state;
  pygrpc_client *client = bare_client();
  char *response = NULL;
  pygrpc_error *error = NULL;
  check_error(pygrpc_unary_unary(client, "/no.such.Service/Method", "", 0, kBinary, &response, NULL,
                                 &error),
              PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 12);
  pygrpc_error_free(error);
  pygrpc_client_free(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_a_schema),
      cmocka_unit_test(with_a_schema),
      cmocka_unit_test(streams_without_a_schema),
      cmocka_unit_test(empty_messages),
      cmocka_unit_test(all_bytes),
      cmocka_unit_test(names_without_a_schema),
      cmocka_unit_test(a_method_that_the_server_does_not_know),
  };
  return cmocka_run_group_tests(tests, start_shared_server, stop_shared_server);
}
