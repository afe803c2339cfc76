/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Large messages: what goes through, and which option to raise for what does not. */

#include "harness.h"

enum { kMebibyte = 1 << 20 };

static int set_up(void **state) {
  (void)state;
  server_start(&shared_server, "--max-receive-size", "-1", NULL);
  return 0;
}

static const char *payload_request(int64_t size) {
  return format("{\"size\": \"%lld\"}", (long long)size);
}

/* {"body":"..."} of a body of so many bytes. */
static size_t json_size(int64_t body) { return 11 + (size_t)(body + 2) / 3 * 4; }

static void expect_too_large(pygrpc_client *client, int64_t size) {
  char *response = NULL;
  pygrpc_error *error = NULL;
  check_error(pygrpc_unary_unary(client, "GetPayload", payload_request(size), NUL, NULL, &response,
                                 NULL, &error),
              PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 8);
  assert_contains(pygrpc_error_message(error), "max_receive_size");
  pygrpc_error_free(error);
  assert_null(response);

  pygrpc_stream *stream =
      open_stream(client, "StreamPayloads",
                  format("{\"messages\": \"2\", \"size\": \"%lld\"}", (long long)size), NULL);
  char *message = NULL;
  error = NULL;
  check_error(pygrpc_stream_read(stream, -1, &message, NULL, &error), PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 8);
  assert_contains(pygrpc_error_message(error), "max_receive_size");
  pygrpc_error_free(error);
  pygrpc_stream_free(stream);

  /* The client goes on. */
  pygrpc_free(call(client, "SayHello", "{}", NULL));
}

static void the_limit_unless_given(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  char *response = call(client, "GetPayload", payload_request(4 * kMebibyte - 100), NULL);
  assert_int_equal(strlen(response), json_size(4 * kMebibyte - 100));
  pygrpc_free(response);
  expect_too_large(client, 4 * kMebibyte + 1);
  pygrpc_client_free(client);
}

static void a_given_limit(void **state) {
  (void)state;
  pygrpc_client *client = test_client("{\"max_receive_size\": \"1KiB\"}");
  expect_too_large(client, 1100);
  pygrpc_free(call(client, "GetPayload", payload_request(900), NULL));
  pygrpc_client_free(client);

  static const char *const kRaised[] = {"{\"max_receive_size\": \"32MiB\"}",
                                        "{\"max_receive_size\": \"none\"}"};
  for (size_t i = 0; i < COUNT_OF(kRaised); i++) {
    client = test_client(kRaised[i]);
    char *response =
        call(client, "GetPayload", payload_request(20 * kMebibyte), "{\"timeout\": \"1m\"}");
    assert_int_equal(strlen(response), json_size(20 * kMebibyte));
    pygrpc_free(response);
    pygrpc_client_free(client);
  }
}

static void a_limit_of_requests(void **state) {
  (void)state;
  pygrpc_client *client = test_client("{\"max_send_size\": \"1KiB\"}");
  char *large = payload_json(400), *response = NULL;
  pygrpc_error *error = NULL;
  check_error(pygrpc_unary_unary(client, "PutPayload", large, NUL, NULL, &response, NULL, &error),
              PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 8);
  assert_contains(pygrpc_error_message(error), "max_send_size");
  pygrpc_error_free(error);
  free(large);
  pygrpc_free(call(client, "PutPayload", "{\"body\": \"AAAA\"}", NULL));
  pygrpc_client_free(client);
}

static void a_large_request(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  const size_t units = 20 * kMebibyte / 3;
  char *large = payload_json(units);
  char *response = call(client, "PutPayload", large, "{\"timeout\": \"1m\"}");
  assert_json_string(response, "/bytes", format("%zu", 3 * units));
  free(large);
  pygrpc_free(response);
  pygrpc_client_free(client);
}

static void large_messages_both_ways(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  char *large = payload_json(kMebibyte);
  pygrpc_stream *stream = open_stream(client, "EchoPayloads", NULL, NULL);
  for (int i = 0; i < 8; i++) {
    write_message(stream, large);
    expect_message(stream, large);
  }
  half_close(stream);
  expect_end(stream);
  pygrpc_stream_free(stream);
  free(large);
  pygrpc_client_free(client);
}

/* ---- What bounds the memory of gRPC must not be felt by who keeps within the limits. */

enum { kNearLimit = 4 * kMebibyte - 100 };

struct caller {
  pthread_t thread;
  pygrpc_client *client;
  int32_t result;
  size_t size;
};

static void *get_payload(void *argument) {
  struct caller *caller = argument;
  char *response = NULL, request[64];
  snprintf(request, sizeof request, "{\"size\": \"%d\"}", kNearLimit);
  caller->result = pygrpc_unary_unary(caller->client, "GetPayload", request, NUL,
                                      "{\"timeout\": \"5m\"}", &response, &caller->size, NULL);
  pygrpc_free(response);
  return NULL;
}

static void many_large_messages_at_once(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  static struct caller callers[64];
  for (size_t i = 0; i < COUNT_OF(callers); i++) {
    callers[i].client = client;
    start_thread(&callers[i].thread, get_payload, &callers[i]);
  }
  for (size_t i = 0; i < COUNT_OF(callers); i++) {
    join_thread(callers[i].thread);
    assert_int_equal(callers[i].result, PYGRPC_OK);
    assert_int_equal(callers[i].size, json_size(kNearLimit));
  }
  pygrpc_client_free(client);
}

/* Of one stream, and of several whose reader takes a message of each in turn. */
static void streams_of_large_messages(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  enum { kMessages = 12 };
  static pygrpc_stream *streams[4];
  for (size_t count = 1; count <= COUNT_OF(streams); count *= 4) {
    for (size_t i = 0; i < count; i++) {
      streams[i] = open_stream(
          client, "StreamPayloads",
          format("{\"messages\": \"%d\", \"size\": \"%d\"}", kMessages, kNearLimit), NULL);
    }
    for (int message = 0; message < kMessages; message++) {
      for (size_t i = 0; i < count; i++) pygrpc_free(read_message(streams[i]));
    }
    for (size_t i = 0; i < count; i++) {
      expect_end(streams[i]);
      pygrpc_stream_free(streams[i]);
    }
  }
  pygrpc_client_free(client);
}

/* Small messages that wait to be read keep the buffers that they came in. */
static void streams_that_nobody_reads(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  enum { kMessages = 20000 };
  static pygrpc_stream *streams[16];
  for (size_t i = 0; i < COUNT_OF(streams); i++) {
    streams[i] = open_stream(client, "StreamPayloads",
                             format("{\"messages\": \"%d\", \"size\": \"30\"}", kMessages), NULL);
    pygrpc_free(read_message(streams[i]));
  }
  /* all that flow control allows comes while these are waited for */
  for (int i = 0; i < 20; i++) {
    pygrpc_free(call(client, "GetPayload", payload_request(kMebibyte), NULL));
  }
  for (size_t i = 0; i < COUNT_OF(streams); i++) {
    for (int message = 1; message < kMessages; message++) pygrpc_free(read_message(streams[i]));
    expect_end(streams[i]);
    pygrpc_stream_free(streams[i]);
  }
  pygrpc_client_free(client);
}

/* A compressed response counts by what it is when it is unpacked. */
static void compressed_responses(void **state) {
  (void)state;
  const char *directory = make_directory();
  const char *log = path_in(directory, "log");
  pygrpc_client *client = test_client(format("{\"log\": \"info:%s\"}", log));
  static const char *const kCompressions[] = {"UNCOMPRESSED", "DEFLATE", "GZIP"};
  for (size_t i = 0; i < COUNT_OF(kCompressions); i++) {
    char *response = call(
        client, "GetPayload",
        format("{\"size\": \"300000\", \"fill\": 120, \"compression\": \"%s\"}", kCompressions[i]),
        NULL);
    assert_int_equal(strlen(response), json_size(300000));
    assert_memory_equal(response, "{\"body\":\"eHh4eHh4", 17);
    pygrpc_free(response);
  }
  size_t size = 0;
  char *lines = read_file(log, &size);
  assert_contains(lines, "bytes_received=300004"); /* UNCOMPRESSED */
  int others = 0;
  for (const char *at = lines; (at = strstr(at, "bytes_received=")) != NULL; at++) {
    if (atoll(at + 15) < 10000) others++;
  }
  assert_int_equal(others, 2); /* so the server was told that it may compress */
  free(lines);
  char *response = NULL;
  pygrpc_error *error = NULL;
  check_error(
      pygrpc_unary_unary(client, "GetPayload", "{\"size\": \"5000000\", \"compression\": \"GZIP\"}",
                         NUL, NULL, &response, NULL, &error),
      PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 8);
  assert_contains(pygrpc_error_message(error), "max_receive_size");
  pygrpc_error_free(error);
  lines = read_file(log, &size);
  assert_contains(lines, "event=response_rejected method=/pygrpc.test.Test/GetPayload");
  assert_contains(lines, "status=RESOURCE_EXHAUSTED");
  free(lines);
  pygrpc_client_free(client);
  remove_directory(directory);
}

static void compressed_requests(void **state) {
  (void)state;
  pygrpc_client *client = test_client(NULL);
  char *large = payload_json(100000);
  char *response = call(client, "PutPayload", large, "{\"compression\": \"gzip\"}");
  assert_json_string(response, "/bytes", "300000");
  pygrpc_free(response);
  free(large);
  pygrpc_client_free(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_limit_unless_given),    cmocka_unit_test(a_given_limit),
      cmocka_unit_test(a_limit_of_requests),       cmocka_unit_test(a_large_request),
      cmocka_unit_test(large_messages_both_ways),  cmocka_unit_test(many_large_messages_at_once),
      cmocka_unit_test(streams_of_large_messages), cmocka_unit_test(streams_that_nobody_reads),
      cmocka_unit_test(compressed_responses),      cmocka_unit_test(compressed_requests),
  };
  return cmocka_run_group_tests(tests, set_up, stop_shared_server);
}
