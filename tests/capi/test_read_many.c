/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Several responses by one read: blocking, on a queue that is polled, and on one that announces
 * itself on an fd. */

#include <poll.h>
#include <unistd.h>

#include "event_queue.h"
#include "harness.h"

/* Any more than one does. */
enum { kMax = 50 };

/* Reads that block have no queue. */
static const struct queue kBlocking = {NULL, -1, -1};

static pygrpc_stream *open_for(const struct queue *reader, pygrpc_client *of, const char *method,
                               const char *request, const char *options) {
  pygrpc_stream *stream = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_stream_open(of, method, PYGRPC_ANY_CARDINALITY, request,
                               request == NULL ? 0 : NUL, options, reader->handle, &stream, &error),
            error);
  return stream;
}

/* What a read came to. The texts are to be freed. */
struct result {
  int32_t code;
  char *messages;
  size_t size;
  char *error_text;
};

static struct result read_many(const struct queue *reader, pygrpc_stream *stream, size_t max) {
  struct result result = {0, NULL, 0, NULL};
  pygrpc_error *error = NULL;
  if (reader->handle == NULL) {
    result.code = pygrpc_stream_read_many(stream, max, -1, &result.messages, &result.size, &error);
    if (error != NULL) {
      check_error(result.code, result.code, error);
      result.error_text = strdup(pygrpc_error_message(error));
      pygrpc_error_free(error);
    }
    return result;
  }
  expect_ok(pygrpc_stream_read_many_async(stream, max, 7, &error), error);
  pygrpc_event *event = next_event(reader);
  assert_int_equal(pygrpc_event_tag(event), 7);
  result.code = pygrpc_event_code(event);
  const char *messages = pygrpc_event_message(event, &result.size);
  if (messages != NULL) {
    assert_int_equal(messages[result.size], '\0');
    result.messages = malloc(result.size + 1);
    memcpy(result.messages, messages, result.size + 1);
  }
  if (pygrpc_event_error(event) != NULL) {
    result.error_text = strdup(pygrpc_error_message(pygrpc_event_error(event)));
  }
  pygrpc_event_free(event);
  return result;
}

static void expect_over(const struct queue *reader, pygrpc_stream *stream) {
  struct result result = read_many(reader, stream, kMax);
  assert_int_equal(result.code, PYGRPC_END);
  assert_null(result.messages);
  pygrpc_stream_free(stream);
}

/* How many numbers {"number": "N"} an array has, which go on from `next`. */
static int64_t check_numbers(const char *messages, int64_t next) {
  int64_t count = 0;
  size_t length = 0;
  while (json_find(messages, format("/%lld/number", (long long)count), &length) != NULL) {
    assert_int_equal(json_integer(messages, format("/%lld/number", (long long)count)),
                     next + count);
    count++;
  }
  assert_json_count(messages, "", (int)count);
  return count;
}

/* All messages come, each once, in their order, and with one read there are never more than asked
 * for; a server that does not stop is read in batches, once it is ahead of the reader. */
static void batches(const struct queue *reader) {
  pygrpc_stream *stream = open_for(reader, shared_client, "CountForever", "{}", NULL);
  struct result result = read_many(reader, stream, 1);
  assert_int_equal(result.code, PYGRPC_OK);
  int64_t next = json_integer(result.messages, "/0/number");
  next += check_numbers(result.messages, next);
  pygrpc_free(result.messages);
  const bool batched = reader->handle == NULL || reader->out >= 0;
  int reads = 0;
  const int64_t first = next, start = now_ms();
  while (next < first + 2000 || (batched && next - first < reads + 100)) {
    assert_within(start, 60000);
    result = read_many(reader, stream, kMax);
    assert_int_equal(result.code, PYGRPC_OK);
    const int64_t count = check_numbers(result.messages, next);
    assert_in_range(count, 1, kMax);
    next += count;
    pygrpc_free(result.messages);
    reads++;
  }
  pygrpc_stream_free(stream);
}

/* A read waits for no more than the first message: for all of them it would take a minute. */
static void does_not_wait(const struct queue *reader) {
  enum { kMany = 1200 };
  pygrpc_stream *stream =
      open_for(reader, shared_client, "CountForever", "{\"interval\": \"0.05s\"}", NULL);
  for (int64_t i = 0; i < 3; i++) {
    struct result result = read_many(reader, stream, kMany);
    assert_int_equal(result.code, PYGRPC_OK);
    assert_in_range(check_numbers(result.messages, json_integer(result.messages, "/0/number")), 1,
                    kMany - 1);
    pygrpc_free(result.messages);
  }
  pygrpc_stream_free(stream);
}

static void to_the_end(const struct queue *reader) {
  pygrpc_stream *stream =
      open_for(reader, shared_client, "SayHelloStreamReply", "{\"name\": \"you\"}", NULL);
  for (int next = 1; next <= 5;) {
    struct result result = read_many(reader, stream, 2);
    assert_int_equal(result.code, PYGRPC_OK);
    size_t length = 0;
    int count = 0;
    for (; json_find(result.messages, format("/%d", count), &length) != NULL; count++) {
      assert_json_string(result.messages, format("/%d/message", count),
                         format("Hello, you! (%d/5)", next++));
    }
    assert_in_range(count, 1, 2);
    pygrpc_free(result.messages);
  }
  expect_over(reader, stream);

  /* one response, and none */
  stream = open_for(reader, shared_client, "SayHello", "{\"name\": \"you\"}", NULL);
  struct result result = read_many(reader, stream, kMax);
  assert_int_equal(result.code, PYGRPC_OK);
  assert_string_equal(result.messages, "[{\"message\":\"Hello, you!\"}]");
  assert_int_equal(result.size, strlen(result.messages));
  pygrpc_free(result.messages);
  expect_over(reader, stream);
  stream =
      open_for(reader, shared_client, "ReturnStatus", "{\"code\": 5, \"message\": \"gone\"}", NULL);
  result = read_many(reader, stream, kMax);
  assert_int_equal(result.code, PYGRPC_E_STATUS);
  assert_null(result.messages);
  assert_contains(result.error_text, "gone");
  free(result.error_text);
  pygrpc_stream_free(stream);
}

/* With the codec "binary" each message has gRPC's frame. */
static void frames(const struct queue *reader) {
  static const char kRequest[] = "\x0A\x01z"; /* HelloRequest.name = "z" */
  pygrpc_stream *stream =
      open_for(reader, shared_client, "SayHelloStreamReply", kRequest, "{\"codec\": \"binary\"}");
  for (int next = 1; next <= 5;) {
    struct result result = read_many(reader, stream, kMax);
    assert_int_equal(result.code, PYGRPC_OK);
    size_t at = 0;
    while (at < result.size) {
      const char *expected = format("\x0A\x0FHello, z! (%d/5)", next++);
      const size_t length = strlen(expected);
      const char header[5] = {0, 0, 0, 0, (char)length};
      assert_in_range(length + sizeof header, 1, result.size - at);
      assert_memory_equal(result.messages + at, header, sizeof header);
      assert_memory_equal(result.messages + at + sizeof header, expected, length);
      at += sizeof header + length;
    }
    pygrpc_free(result.messages);
  }
  expect_over(reader, stream);
}

/* A response that has no JSON form: those before it come first, then its error, then the others. */
static void one_is_bad(const struct queue *reader) {
  pygrpc_client *other = new_client(shared_server.target, NULL);
  pygrpc_error *error = NULL;
  /* What is sent as bytes comes back as a string, although it is no text. */
  expect_ok(pygrpc_load_proto(other, "bad.proto",
                              "syntax = \"proto3\"; package pygrpc.test;"
                              "message Sent { bytes value = 15; }"
                              "message Received { string value = 15; }"
                              "service Test {"
                              "  rpc EchoBidi(stream Sent) returns (stream Received);"
                              "}",
                              NUL, &error),
            error);
  pygrpc_stream *stream = open_for(reader, other, "EchoBidi", NULL, NULL);
  static const char *const kRequests[] = {"{\"value\": \"YQ==\"}", "{\"value\": \"/w==\"}",
                                          "{\"value\": \"Yg==\"}"};
  for (size_t i = 0; i < COUNT_OF(kRequests); i++) {
    if (reader->handle == NULL) {
      write_message(stream, kRequests[i]);
      continue;
    }
    expect_ok(pygrpc_stream_write_async(stream, kRequests[i], NUL, 9, &error), error);
    pygrpc_event *event = next_event(reader);
    assert_int_equal(pygrpc_event_code(event), PYGRPC_OK);
    pygrpc_event_free(event);
  }
  expect_ok(pygrpc_stream_half_close(stream, &error), error);
  struct result result = read_many(reader, stream, kMax);
  assert_int_equal(result.code, PYGRPC_OK);
  assert_string_equal(result.messages, "[{\"value\":\"a\"}]");
  pygrpc_free(result.messages);
  result = read_many(reader, stream, kMax);
  assert_int_equal(result.code, PYGRPC_E_WIRE);
  assert_contains(result.error_text, "Received");
  assert_null(result.messages);
  free(result.error_text);
  result = read_many(reader, stream, kMax);
  assert_int_equal(result.code, PYGRPC_OK);
  assert_string_equal(result.messages, "[{\"value\":\"b\"}]");
  pygrpc_free(result.messages);
  expect_over(reader, stream);
  pygrpc_client_free(other);
}

static void every_way(void (*test)(const struct queue *)) {
  for (int way = 0; way < 3; way++) {
    struct queue reader = way == 0 ? kBlocking : new_queue(way == 2);
    test(&reader);
    free_queue(&reader);
  }
}

static void a_flood_is_read_in_batches(void **state) {
  (void)state;
  every_way(batches);
}

static void a_read_waits_for_one_message(void **state) {
  (void)state;
  every_way(does_not_wait);
}

static void all_come_up_to_the_end(void **state) {
  (void)state;
  every_way(to_the_end);
}

static void binary_messages_are_framed(void **state) {
  (void)state;
  every_way(frames);
}

static void a_bad_message_holds_back_no_other(void **state) {
  (void)state;
  every_way(one_is_bad);
}

/* Both kinds of reads may be mixed, also right after a bad message was held back. */
static void mixed_with_single_reads(void **state) {
  (void)state;
  pygrpc_stream *stream =
      open_stream(shared_client, "SayHelloStreamReply", "{\"name\": \"you\"}", NULL);
  struct queue blocking = kBlocking;
  expect_message(stream, "{\"message\":\"Hello, you! (1/5)\"}");
  struct result result = read_many(&blocking, stream, 1);
  assert_string_equal(result.messages, "[{\"message\":\"Hello, you! (2/5)\"}]");
  pygrpc_free(result.messages);
  for (int i = 3; i <= 5; i++) {
    expect_message(stream, format("{\"message\":\"Hello, you! (%d/5)\"}", i));
  }
  expect_end(stream);
  pygrpc_stream_free(stream);
}

static void misuse(void **state) {
  (void)state;
  pygrpc_error *error = NULL;
  char dummy = 0, *messages = &dummy;
  size_t size = 1;
  pygrpc_stream *stream = open_stream(shared_client, "CountForever", "{}", NULL);
  expect_error(pygrpc_stream_read_many(stream, 0, 0, &messages, &size, &error), PYGRPC_E_ARGUMENT,
               &error, "max");
  assert_null(messages);
  assert_int_equal(size, 0);
  expect_error(pygrpc_stream_read_many(stream, 1, 0, NULL, &size, &error), PYGRPC_E_ARGUMENT,
               &error, "messages");
  expect_error(pygrpc_stream_read_many(NULL, 1, 0, &messages, &size, &error), PYGRPC_E_ARGUMENT,
               &error, "stream");
  expect_error(pygrpc_stream_read_many_async(stream, 1, 1, &error), PYGRPC_E_STATE, &error, "");
  pygrpc_stream_free(stream);

  struct queue reader = new_queue(true);
  stream = open_for(&reader, shared_client, "SayHelloStreamReply", "{\"name\": \"you\"}", NULL);
  expect_error(pygrpc_stream_read_many_async(stream, 0, 1, &error), PYGRPC_E_ARGUMENT, &error,
               "max");
  expect_error(pygrpc_stream_read_many_async(NULL, 1, 1, &error), PYGRPC_E_ARGUMENT, &error,
               "stream");
  expect_error(pygrpc_stream_read_many(stream, 1, 0, &messages, &size, &error), PYGRPC_E_STATE,
               &error, "");
  /* A read is under way until its event was polled, whatever has arrived. */
  expect_ok(pygrpc_stream_read_many_async(stream, 1, 1, &error), error);
  struct pollfd wait = {.fd = reader.out, .events = POLLIN};
  assert_int_equal(poll(&wait, 1, 20000 * time_factor()), 1);
  expect_error(pygrpc_stream_read_many_async(stream, 1, 2, &error), PYGRPC_E_STATE, &error,
               "under way");
  expect_error(pygrpc_stream_read_async(stream, 2, &error), PYGRPC_E_STATE, &error, "under way");
  pygrpc_event_free(next_event(&reader));
  expect_ok(pygrpc_stream_read_async(stream, 2, &error), error);
  pygrpc_event_free(next_event(&reader));
  pygrpc_stream_free(stream);
  free_queue(&reader);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_flood_is_read_in_batches),
      cmocka_unit_test(a_read_waits_for_one_message),
      cmocka_unit_test(all_come_up_to_the_end),
      cmocka_unit_test(binary_messages_are_framed),
      cmocka_unit_test(a_bad_message_holds_back_no_other),
      cmocka_unit_test(mixed_with_single_reads),
      cmocka_unit_test(misuse),
  };
  return cmocka_run_group_tests(tests, start_shared_client, stop_shared_client);
}
