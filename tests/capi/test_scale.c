/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Very many calls open at once, and a reader that does not read. */

#include <unistd.h>

#include "harness.h"

/* Sanitizers and valgrind take their time, and their memory. */
static int stream_count(void) { return time_factor() > 1 ? 1000 : 10000; }

static pygrpc_client *scale_client(void) {
  pygrpc_client *client = test_client(NULL);
  load(client, "pygrpc_test/scale.proto");
  return client;
}

/* The memory of this process that is in use, in bytes. */
static int64_t resident_bytes(void) {
  long long size = 0, resident = 0; /* in pages */
  FILE *file = fopen("/proc/self/statm", "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%lld %lld", &size, &resident), 2);
  fclose(file);
  return resident * sysconf(_SC_PAGESIZE);
}

/* What sanitizers and valgrind may take besides: they keep freed memory, to find its use. */
static int64_t of_tools(void) { return time_factor() > 1 ? 512 << 20 : 0; }

/* Takes events until `wanted` have come; each is a write, or a read of the message that its stream
 * wrote, or, where `ends`, an end. The tag is the stream's number; writes have kWrite besides. */
enum { kWrite = 1 << 20, kBatch = 256 };

static void take_events(pygrpc_queue *queue, int wanted, bool ends) {
  for (int taken = 0; taken < wanted;) {
    pygrpc_event *events[kBatch];
    size_t count = 0;
    pygrpc_error *error = NULL;
    expect_ok(pygrpc_queue_poll(queue, 60000 * time_factor(), events, kBatch, &count, &error),
              error);
    for (size_t i = 0; i < count; i++) {
      const uint64_t tag = pygrpc_event_tag(events[i]);
      if (ends) {
        assert_int_equal(pygrpc_event_code(events[i]), PYGRPC_END);
      } else {
        assert_int_equal(pygrpc_event_code(events[i]), PYGRPC_OK);
        if (tag < kWrite) {
          const char *message = pygrpc_event_message(events[i], NULL);
          assert_string_equal(message, format("{\"number\":\"%d\"}", (int)tag));
        }
      }
      pygrpc_event_free(events[i]);
    }
    taken += (int)count;
  }
}

static void thousands_of_streams_at_once(void **state) {
  (void)state;
  const int count = stream_count();
  pygrpc_client *client = scale_client();
  pygrpc_queue *queue = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_queue_new(&queue, &error), error);
  pygrpc_free(call(client, "WhoAmI", "{}", NULL)); /* the connection is there */
  const int64_t before = resident_bytes();
  const int threads = count_threads();
  pygrpc_stream **streams = calloc((size_t)count, sizeof *streams);
  assert_non_null(streams);

  /* All of them are open, with a message each way, before the first one is closed. */
  for (int i = 0; i < count; i++) {
    expect_ok(pygrpc_stream_open(client, "Exchange", PYGRPC_STREAM_STREAM, NULL, 0, NULL, queue,
                                 &streams[i], &error),
              error);
    const char *message = format("{\"number\": %d}", i + 1);
    expect_ok(
        pygrpc_stream_write_async(streams[i], message, NUL, (uint64_t)(kWrite + i + 1), &error),
        error);
    expect_ok(pygrpc_stream_read_async(streams[i], (uint64_t)(i + 1), &error), error);
  }
  take_events(queue, 2 * count, false);
  const int64_t grown = resident_bytes() - before;
  print_message("# %d streams open at once: %lld bytes each, %d more threads\n", count,
                (long long)(grown / count), count_threads() - threads);
  assert_true(grown < (int64_t)count * 64 * 1024 + of_tools());
  assert_true(count_threads() - threads < 32);

  for (int i = 0; i < count; i++) {
    expect_ok(pygrpc_stream_half_close(streams[i], &error), error);
    expect_ok(pygrpc_stream_read_async(streams[i], (uint64_t)(i + 1), &error), error);
  }
  take_events(queue, count, true);
  for (int i = 0; i < count; i++) pygrpc_stream_free(streams[i]);
  free(streams);
  pygrpc_queue_free(queue);
  pygrpc_client_free(client);
}

static int64_t flooded(pygrpc_client *client) {
  char *response = call(client, "GetFlood", "{}", "{\"print_defaults\": true, \"timeout\": 60}");
  const int64_t messages = json_integer(response, "/messages");
  pygrpc_free(response);
  return messages;
}

/* Waits until the server writes no more; how many messages it has written. */
static int64_t wait_for_stall(pygrpc_client *client) {
  const int64_t start = now_ms();
  int64_t messages = flooded(client);
  for (int unchanged = 0; unchanged < 5;) {
    pause_ms(100);
    const int64_t now = flooded(client);
    unchanged = now == messages && now > 0 ? unchanged + 1 : 0;
    messages = now;
    assert_within(start, 60000);
  }
  return messages;
}

/* A server that sends without end is stopped by flow control when nobody reads, and goes on when
 * somebody does. No more than `limit` bytes are under way at a stop. */
static void expect_flow_control(const char *options, int64_t limit) {
  enum { kSize = 4096, kRead = 5000 };
  struct test_server server;
  server_start(&server, NULL);
  pygrpc_client *client = client_of(server.target, options);
  load(client, "pygrpc_test/scale.proto");
  pygrpc_free(call(client, "WhoAmI", "{}", NULL));
  const int64_t before = resident_bytes();
  pygrpc_stream *stream =
      open_stream(client, "Flood", format("{\"size\": %d}", kSize), "{\"timeout\": \"none\"}");
  const int64_t first = wait_for_stall(client);
  const int64_t first_grown = resident_bytes() - before;
  for (int i = 0; i < kRead; i++) {
    char *message = read_message(stream);
    if (i == kRead - 1) assert_int_equal(json_integer(message, "/number"), kRead);
    pygrpc_free(message);
  }
  const int64_t second = wait_for_stall(client);
  const int64_t second_grown = resident_bytes() - before;
  print_message(
      "# under way when nobody reads: %lld KiB, of which this process has %lld KiB; after "
      "%d messages were read: %lld KiB, and %lld KiB\n",
      (long long)first * kSize / 1024, (long long)first_grown / 1024, (int)kRead,
      (long long)(second - kRead) * kSize / 1024, (long long)second_grown / 1024);
  assert_true(first * kSize < limit);
  assert_true(second >= kRead);
  assert_true((second - kRead) * kSize < limit);
  /* and what the allocator does not give back */
  assert_true(first_grown < limit + (16 << 20) + of_tools());
  assert_true(second_grown < limit + (16 << 20) + of_tools());
  pygrpc_stream_free(stream);
  pygrpc_client_free(client);
  server_stop(&server);
}

static void a_slow_reader_stops_the_sender(void **state) {
  (void)state;
  /* gRPC widens its window as far as it takes the connection to be fast and long. */
  expect_flow_control(NULL, 128 << 20);
  /* Unless told not to: then the window is that of HTTP/2, 64 KiB. */
  expect_flow_control("{\"channel_arguments\": {\"grpc.http2.bdp_probe\": 0}}", 4 << 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(thousands_of_streams_at_once),
      cmocka_unit_test(a_slow_reader_stops_the_sender),
  };
  return cmocka_run_group_tests(tests, start_shared_server, stop_shared_server);
}
