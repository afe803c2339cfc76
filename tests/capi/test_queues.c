/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Asynchronous reads and writes: queues that are polled, and queues that announce themselves on an
 * fd. Every test runs in both ways. */

#include <poll.h>
#include <unistd.h>

#include "event_queue.h"
#include "harness.h"

static void expect_no_event(struct queue *queue, int64_t timeout_ms) {
  pygrpc_event *event = NULL;
  size_t count = 7;
  pygrpc_error *error = NULL;
  expect_code(pygrpc_queue_poll(queue->handle, timeout_ms, &event, 1, &count, &error),
              PYGRPC_PENDING, error);
  assert_int_equal(count, 0);
}

/* The next event is this one; it is freed. */
static void expect_event(struct queue *queue, uint64_t tag, int32_t code, const char *message) {
  pygrpc_event *event = next_event(queue);
  assert_int_equal(pygrpc_event_tag(event), tag);
  const pygrpc_error *error = pygrpc_event_error(event);
  if (pygrpc_event_code(event) != code) {
    print_error("%s: %s\n", pygrpc_code_name(pygrpc_event_code(event)),
                pygrpc_error_message(error));
  }
  assert_int_equal(pygrpc_event_code(event), code);
  size_t size = 99;
  const char *found = pygrpc_event_message(event, &size);
  if (message == NULL) {
    assert_null(found);
    assert_int_equal(size, 0);
  } else {
    assert_string_equal(found, message);
    assert_int_equal(size, strlen(message));
  }
  if (code < 0) {
    check_error(code, code, error);
  } else {
    assert_null(error);
  }
  pygrpc_event_free(event);
}

static pygrpc_stream *open_on(struct queue *queue, const char *method, const char *request) {
  pygrpc_stream *stream = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_stream_open(shared_client, method, PYGRPC_ANY_CARDINALITY, request,
                               request == NULL ? 0 : NUL, NULL, queue->handle, &stream, &error),
            error);
  return stream;
}

static void read_async(pygrpc_stream *stream, uint64_t tag) {
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_stream_read_async(stream, tag, &error), error);
}

static void write_async(pygrpc_stream *stream, const char *message, uint64_t tag) {
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_stream_write_async(stream, message, NUL, tag, &error), error);
}

/* ---- The four cardinalities
 * --------------------------------------------------------------------*/

static void all_cardinalities(bool with_fd) {
  struct queue queue = new_queue(with_fd);
  pygrpc_stream *stream = open_on(&queue, "SayHello", "{\"name\": \"you\"}");
  read_async(stream, 1);
  expect_event(&queue, 1, PYGRPC_OK, "{\"message\":\"Hello, you!\"}");
  read_async(stream, UINT64_MAX);
  expect_event(&queue, UINT64_MAX, PYGRPC_END, NULL);
  pygrpc_stream_free(stream);

  stream = open_on(&queue, "SayHelloStreamReply", "{\"name\": \"you\"}");
  for (int i = 1; i <= 5; i++) {
    read_async(stream, (uint64_t)i);
    expect_event(&queue, (uint64_t)i, PYGRPC_OK, format("{\"message\":\"Hello, you! (%d/5)\"}", i));
  }
  read_async(stream, 6);
  expect_event(&queue, 6, PYGRPC_END, NULL);
  pygrpc_stream_free(stream);

  stream = open_on(&queue, "Test/SinkPayloads", NULL);
  for (uint64_t i = 0; i < 10; i++) {
    write_async(stream, "{\"body\": \"AAAA\"}", i);
    expect_event(&queue, i, PYGRPC_OK, NULL);
  }
  half_close(stream);
  read_async(stream, 20);
  expect_event(&queue, 20, PYGRPC_OK, "{\"messages\":\"10\",\"bytes\":\"30\"}");
  read_async(stream, 21);
  expect_event(&queue, 21, PYGRPC_END, NULL);
  pygrpc_stream_free(stream);

  stream = open_on(&queue, "SayHelloBidiStream", NULL);
  for (int i = 0; i < 100; i++) {
    write_async(stream, format("{\"name\": \"%d\"}", i), 2 * (uint64_t)i);
    expect_event(&queue, 2 * (uint64_t)i, PYGRPC_OK, NULL);
    read_async(stream, 2 * (uint64_t)i + 1);
    expect_event(&queue, 2 * (uint64_t)i + 1, PYGRPC_OK, format("{\"message\":\"Hello, %d!\"}", i));
  }
  half_close(stream);
  read_async(stream, 0);
  expect_event(&queue, 0, PYGRPC_END, NULL);
  pygrpc_stream_free(stream);
  expect_no_event(&queue, 0);
  free_queue(&queue);
}

/* ---- Statuses and misuse
 * -----------------------------------------------------------------------*/

static void statuses(bool with_fd) {
  struct queue queue = new_queue(with_fd);
  pygrpc_stream *stream = open_on(&queue, "ReturnStatus", "{\"code\": 5, \"message\": \"gone\"}");
  read_async(stream, 1);
  pygrpc_event *event = next_event(&queue);
  assert_int_equal(pygrpc_event_code(event), PYGRPC_E_STATUS);
  const pygrpc_error *status = pygrpc_event_error(event);
  assert_int_equal(pygrpc_error_status(status), 5);
  assert_json_string(pygrpc_error_json(status), "/statusMessage", "gone");
  pygrpc_event_free(event);
  pygrpc_error *error = NULL;
  expect_error(pygrpc_stream_read_async(stream, 2, &error), PYGRPC_E_STATE, &error, "");
  pygrpc_stream_free(stream);

  /* a response that is no message; the next read tells the end */
  stream = open_on(&queue, "Test/SendWire", "\"cgVhYg==\"");
  read_async(stream, 3);
  expect_event(&queue, 3, PYGRPC_E_WIRE, NULL);
  read_async(stream, 4);
  expect_event(&queue, 4, PYGRPC_END, NULL);
  pygrpc_stream_free(stream);
  free_queue(&queue);
}

static void misuse(bool with_fd) {
  struct queue queue = new_queue(with_fd);
  pygrpc_error *error = NULL;
  pygrpc_stream *stream = open_on(&queue, "Test/NeverAnswerBidi", NULL);
  read_async(stream, 1);
  expect_error(pygrpc_stream_read_async(stream, 2, &error), PYGRPC_E_STATE, &error, "read");
  /* a fault in the message is told at once, and is no event */
  expect_error(pygrpc_stream_write_async(stream, "{\"bod\": 1}", NUL, 3, &error), PYGRPC_E_JSON,
               &error, "body");
  write_async(stream, "{}", 4);
  expect_event(&queue, 4, PYGRPC_OK, NULL);
  half_close(stream);
  expect_error(pygrpc_stream_write_async(stream, "{}", NUL, 5, &error), PYGRPC_E_STATE, &error,
               "half-close");
  /* blocking calls are for streams without a queue */
  char *text = NULL;
  expect_error(pygrpc_stream_read(stream, 0, &text, NULL, &error), PYGRPC_E_STATE, &error, "");
  expect_ok(pygrpc_stream_cancel(stream, &error), error);
  expect_event(&queue, 1, PYGRPC_E_STATUS, NULL);
  pygrpc_stream_free(stream);

  stream = open_on(&queue, "Test/NeverAnswer", "{}");
  expect_error(pygrpc_stream_write_async(stream, "{}", NUL, 6, &error), PYGRPC_E_STATE, &error,
               "request");
  pygrpc_stream_free(stream);
  free_queue(&queue);

  stream = open_stream(shared_client, "Test/NeverAnswerBidi", NULL, NULL);
  expect_error(pygrpc_stream_read_async(stream, 1, &error), PYGRPC_E_STATE, &error, "queue");
  expect_error(pygrpc_stream_write_async(stream, "{}", NUL, 1, &error), PYGRPC_E_STATE, &error,
               "queue");
  pygrpc_stream_free(stream);
}

/* ---- The end of streams, queues and clients
 * ----------------------------------------------------*/

/* A read that was accepted becomes an event, also when its stream is gone. */
static void a_stream_freed_with_a_read_in_flight(bool with_fd) {
  struct queue queue = new_queue(with_fd);
  pygrpc_stream *stream = open_on(&queue, "Test/NeverAnswer", "{}");
  read_async(stream, 9);
  pygrpc_stream_free(stream);
  pygrpc_event *event = next_event(&queue);
  assert_int_equal(pygrpc_event_tag(event), 9);
  assert_true(pygrpc_event_code(event) < 0);
  pygrpc_event_free(event);
  expect_no_event(&queue, 0);
  free_queue(&queue);
}

static void a_queue_freed_with_reads_in_flight(bool with_fd) {
  struct queue queue = new_queue(with_fd);
  pygrpc_stream *streams[8];
  for (uint64_t i = 0; i < COUNT_OF(streams); i++) {
    streams[i] = open_on(&queue, i % 2 == 0 ? "Test/NeverAnswerBidi" : "Test/CountForever",
                         i % 2 == 0 ? NULL : "{}");
    read_async(streams[i], i);
  }
  const int64_t start = now_ms();
  free_queue(&queue);
  assert_within(start, kAtOnceMs);
  pygrpc_error *error = NULL;
  for (size_t i = 0; i < COUNT_OF(streams); i++) {
    assert_true(pygrpc_stream_read_async(streams[i], 1, &error) < 0);
    pygrpc_error_free(error);
    error = NULL;
    pygrpc_stream_free(streams[i]);
  }
}

static void a_client_freed_with_reads_in_flight(bool with_fd) {
  struct queue queue = new_queue(with_fd);
  pygrpc_client *other = test_client(NULL);
  pygrpc_stream *stream = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_stream_open(other, "Test/NeverAnswerBidi", 0, NULL, 0, NULL, queue.handle,
                               &stream, &error),
            error);
  read_async(stream, 3);
  pygrpc_client_free(other);
  expect_event(&queue, 3, PYGRPC_E_CLOSED, NULL);
  pygrpc_stream_free(stream);
  free_queue(&queue);
}

/* ---- Many streams, batches, wake-ups
 * -----------------------------------------------------------*/

enum { kStreams = 200 };

static void many_streams(bool with_fd) {
  struct queue queue = new_queue(with_fd);
  pygrpc_stream *streams[kStreams];
  int left = kStreams;
  int messages[kStreams] = {0};
  for (uint64_t i = 0; i < kStreams; i++) {
    streams[i] = open_on(&queue, "SayHelloStreamReply", "{}");
    read_async(streams[i], i);
  }
  while (left > 0) {
    pygrpc_event *event = next_event(&queue);
    const uint64_t tag = pygrpc_event_tag(event);
    const int32_t code = pygrpc_event_code(event);
    pygrpc_event_free(event);
    assert_true(tag < kStreams);
    if (code == PYGRPC_OK) {
      messages[tag]++;
      read_async(streams[tag], tag);
    } else {
      assert_int_equal(code, PYGRPC_END);
      assert_int_equal(messages[tag], 5);
      pygrpc_stream_free(streams[tag]);
      left--;
    }
  }
  free_queue(&queue);
}

static void several_events_at_once(bool with_fd) {
  struct queue queue = new_queue(with_fd);
  pygrpc_stream *streams[10];
  for (uint64_t i = 0; i < 10; i++) {
    streams[i] = open_on(&queue, "SayHello", "{}");
    read_async(streams[i], i);
  }
  bool seen[10] = {false};
  for (size_t total = 0; total < 10;) {
    pygrpc_event *events[4];
    size_t count = 0;
    pygrpc_error *error = NULL;
    expect_ok(pygrpc_queue_poll(queue.handle, -1, events, 4, &count, &error), error);
    assert_true(count >= 1 && count <= 4);
    for (size_t i = 0; i < count; i++) {
      const uint64_t tag = pygrpc_event_tag(events[i]);
      assert_true(tag < 10 && !seen[tag]);
      seen[tag] = true;
      pygrpc_event_free(events[i]);
    }
    total += count;
  }
  for (int i = 0; i < 10; i++) pygrpc_stream_free(streams[i]);
  free_queue(&queue);
}

/* The number of responses that have arrived. */
static int arrived(pygrpc_stream *stream) {
  char *json = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_stream_info(stream, 0, &json, NULL, &error), error);
  const char *found = strstr(json, "\"messagesReceived\":");
  assert_non_null(found);
  const int count = atoi(found + strlen("\"messagesReceived\":"));
  pygrpc_free(json);
  return count;
}

/* What the library reads ahead of a stream whose first message was read, that one included. */
enum { kReadAhead = 171 };

/* A stream of CountForever: its first message was read, and as many as are read ahead have arrived.
 */
static pygrpc_stream *open_and_read_ahead(struct queue *queue) {
  pygrpc_stream *stream = open_on(queue, "CountForever", "{}");
  read_async(stream, 1);
  expect_event(queue, 1, PYGRPC_OK, "{\"number\":\"1\"}");
  for (int wait = 0; arrived(stream) < kReadAhead && wait < 6000 * time_factor(); ++wait) {
    pause_ms(10);
  }
  assert_int_equal(arrived(stream), kReadAhead);
  return stream;
}

/* Messages that nobody has asked for stop to arrive. */
static void a_slow_reader(void **state) {
  (void)state;
  struct queue queue = new_queue(true);
  pygrpc_stream *stream = open_and_read_ahead(&queue);
  pause_ms(100);
  assert_int_equal(arrived(stream), kReadAhead);
  for (uint64_t number = 2; number < 200; ++number) {
    char text[40];
    snprintf(text, sizeof text, "{\"number\":\"%d\"}", (int)number);
    read_async(stream, number);
    expect_event(&queue, number, PYGRPC_OK, text);
  }
  assert_in_range(arrived(stream), 199, 199 + kReadAhead);
  pygrpc_stream_free(stream);
  free_queue(&queue);
}

/* What was read ahead is not given out after a cancellation. */
static void a_cancellation_after_reading_ahead(void **state) {
  (void)state;
  struct queue queue = new_queue(true);
  pygrpc_stream *stream = open_and_read_ahead(&queue);
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_stream_cancel(stream, &error), error);
  read_async(stream, 2);
  expect_event(&queue, 2, PYGRPC_E_STATUS, NULL);
  pygrpc_stream_free(stream);
  free_queue(&queue);
}

/* As long as as many events as asked for come, no byte does. */
static void no_byte_before_it_is_needed(void **state) {
  (void)state;
  struct queue queue = new_queue(true);
  pygrpc_stream *stream = open_and_read_ahead(&queue);
  struct pollfd byte = {.fd = queue.out, .events = POLLIN};
  char first;
  if (poll(&byte, 1, 0) == 1) assert_int_equal(read(queue.out, &first, 1), 1);
  for (uint64_t number = 2; number < kReadAhead; ++number) {
    pygrpc_event *event = NULL;
    size_t count = 0;
    pygrpc_error *error = NULL;
    read_async(stream, number);
    expect_ok(pygrpc_queue_poll(queue.handle, 0, &event, 1, &count, &error), error);
    pygrpc_event_free(event);
    assert_int_equal(poll(&byte, 1, 0), 0);
  }
  expect_no_event(&queue, 0);
  read_async(stream, kReadAhead);
  assert_int_equal(poll(&byte, 1, 20000 * time_factor()), 1);
  pygrpc_stream_free(stream);
  free_queue(&queue);
}

static void *wake_up(void *argument) {
  pause_ms(50);
  pygrpc_queue_wakeup(argument, NULL);
  return NULL;
}

static void timeouts_and_wakeups(bool with_fd) {
  struct queue queue = new_queue(with_fd);
  pygrpc_stream *stream = open_on(&queue, "Test/NeverAnswer", "{}");
  read_async(stream, 1);
  expect_no_event(&queue, 0);
  int64_t start = now_ms();
  expect_no_event(&queue, 200);
  assert_true(now_ms() - start >= 195);
  assert_within(start, kAtOnceMs);

  /* one that waits */
  pthread_t thread;
  start = now_ms();
  start_thread(&thread, wake_up, queue.handle);
  expect_no_event(&queue, 60000);
  join_thread(thread);
  assert_within(start, kAtOnceMs);
  /* or else the next one */
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_queue_wakeup(queue.handle, &error), error);
  start = now_ms();
  expect_no_event(&queue, 60000);
  assert_within(start, kAtOnceMs);
  pygrpc_stream_free(stream);
  pygrpc_event_free(next_event(&queue));
  free_queue(&queue);
}

/* ---- Arguments
 * ---------------------------------------------------------------------------------*/

static void null_arguments(void **state) {
  (void)state;
  pygrpc_queue *queue = NULL;
  pygrpc_event *event = NULL;
  size_t count = 0;
  pygrpc_error *error = NULL;
  expect_error(pygrpc_queue_new(NULL, &error), PYGRPC_E_ARGUMENT, &error, "queue");
  pygrpc_queue_free(NULL);
  pygrpc_event_free(NULL);
  expect_ok(pygrpc_queue_new(&queue, &error), error);
  expect_error(pygrpc_queue_poll(NULL, 0, &event, 1, &count, &error), PYGRPC_E_ARGUMENT, &error,
               "queue");
  expect_error(pygrpc_queue_poll(queue, 0, NULL, 1, &count, &error), PYGRPC_E_ARGUMENT, &error,
               "events");
  expect_error(pygrpc_queue_poll(queue, 0, &event, 0, &count, &error), PYGRPC_E_ARGUMENT, &error,
               "max");
  expect_error(pygrpc_queue_poll(queue, 0, &event, 1, NULL, &error), PYGRPC_E_ARGUMENT, &error,
               "count");
  expect_error(pygrpc_queue_wakeup(NULL, &error), PYGRPC_E_ARGUMENT, &error, "queue");
  expect_error(pygrpc_queue_set_fd(NULL, 1, &error), PYGRPC_E_ARGUMENT, &error, "queue");
  expect_error(pygrpc_queue_set_fd(queue, -2, &error), PYGRPC_E_ARGUMENT, &error, "fd");
  expect_error(pygrpc_stream_read_async(NULL, 1, &error), PYGRPC_E_ARGUMENT, &error, "stream");
  expect_error(pygrpc_stream_write_async(NULL, "{}", NUL, 1, &error), PYGRPC_E_ARGUMENT, &error,
               "stream");
  struct queue wrapped = {queue, -1, -1};
  pygrpc_stream *stream = open_on(&wrapped, "Test/NeverAnswerBidi", NULL);
  expect_error(pygrpc_stream_write_async(stream, NULL, NUL, 1, &error), PYGRPC_E_ARGUMENT, &error,
               "message");
  /* too late for an fd */
  expect_error(pygrpc_queue_set_fd(queue, 1, &error), PYGRPC_E_STATE, &error, "");
  pygrpc_stream_free(stream);
  pygrpc_queue_free(queue);

  size_t size = 5;
  assert_int_equal(pygrpc_event_tag(NULL), 0);
  assert_int_equal(pygrpc_event_code(NULL), PYGRPC_E_ARGUMENT);
  assert_null(pygrpc_event_message(NULL, &size));
  assert_int_equal(size, 0);
  assert_null(pygrpc_event_message(NULL, NULL));
  assert_null(pygrpc_event_error(NULL));
}

/* Each of these both ways. */
#define BOTH_WAYS(test)                         \
  static void test##_polled(void **state) {     \
    (void)state;                                \
    test(false);                                \
  }                                             \
  static void test##_with_an_fd(void **state) { \
    (void)state;                                \
    test(true);                                 \
  }

BOTH_WAYS(all_cardinalities)
BOTH_WAYS(statuses)
BOTH_WAYS(misuse)
BOTH_WAYS(a_stream_freed_with_a_read_in_flight)
BOTH_WAYS(a_queue_freed_with_reads_in_flight)
BOTH_WAYS(a_client_freed_with_reads_in_flight)
BOTH_WAYS(many_streams)
BOTH_WAYS(several_events_at_once)
BOTH_WAYS(timeouts_and_wakeups)

#define TEST_BOTH_WAYS(test) cmocka_unit_test(test##_polled), cmocka_unit_test(test##_with_an_fd)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(null_arguments),
      TEST_BOTH_WAYS(all_cardinalities),
      TEST_BOTH_WAYS(statuses),
      TEST_BOTH_WAYS(misuse),
      TEST_BOTH_WAYS(a_stream_freed_with_a_read_in_flight),
      TEST_BOTH_WAYS(a_queue_freed_with_reads_in_flight),
      TEST_BOTH_WAYS(a_client_freed_with_reads_in_flight),
      TEST_BOTH_WAYS(many_streams),
      TEST_BOTH_WAYS(several_events_at_once),
      TEST_BOTH_WAYS(timeouts_and_wakeups),
      cmocka_unit_test(a_slow_reader),
      cmocka_unit_test(a_cancellation_after_reading_ahead),
      cmocka_unit_test(no_byte_before_it_is_needed),
  };
  return cmocka_run_group_tests(tests, start_shared_client, stop_shared_client);
}
