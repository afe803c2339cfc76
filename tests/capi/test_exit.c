/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Processes that end with everything open: streams, queues, clients, and a thread in each function
 * that waits. However they end, they end at once, with the code that they meant. */

#include <fcntl.h>
#include <unistd.h>

#include "harness.h"

/* ---- The process that ends */

enum { kCode = 7 };

static char proto_path[600];
static const char *target;

/* Handles that are still there when a process ends are no leak. */
static pygrpc_client *volatile client;
static pygrpc_queue *volatile queues[2];
static pygrpc_stream *volatile streams[6];
static volatile int waiting;

static void must(int32_t result) {
  if (result != PYGRPC_OK) _exit(100 - result);
}

static pygrpc_client *new_one(const char *where) {
  pygrpc_client *made = NULL;
  must(pygrpc_client_new(where, proto_path, &made, NULL));
  must(pygrpc_load(made, "pygrpc_test/test.proto", NULL, NULL));
  return made;
}

static pygrpc_stream *open_one(const char *method, const char *request, pygrpc_queue *queue) {
  pygrpc_stream *stream = NULL;
  must(pygrpc_stream_open(client, method, 0, request, NUL, NULL, queue, &stream, NULL));
  return stream;
}

static void wait_in_unary(void) {
  char *text = NULL;
  pygrpc_unary_unary(client, "NeverAnswer", "{}", NUL, "{\"timeout\": \"1h\"}", &text, NULL, NULL);
}

static void wait_in_read(void) {
  char *text = NULL;
  pygrpc_stream_read(streams[0], -1, &text, NULL, NULL);
  pygrpc_free(text);
}

static void wait_in_read_with_timeout(void) {
  char *text = NULL;
  pygrpc_stream_read(streams[1], 3600000, &text, NULL, NULL);
}

static void wait_in_write(void) {
  char *payload = payload_json(300000); /* larger than what a thread keeps room for */
  while (pygrpc_stream_write(streams[2], payload, NUL, -1, NULL) == PYGRPC_OK) continue;
  free(payload);
}

static void wait_in_headers(void) {
  char *text = NULL;
  pygrpc_stream_headers(streams[3], -1, &text, NULL, NULL);
  pygrpc_free(text);
}

static void wait_until_ready(void) {
  pygrpc_client *nowhere = new_one("127.0.0.1:1");
  pygrpc_client_wait_ready(nowhere, -1, NULL);
  pygrpc_client_free(nowhere);
}

static void poll_queue(pygrpc_queue *queue) {
  pygrpc_event *event = NULL;
  size_t count = 0;
  pygrpc_queue_poll(queue, -1, &event, 1, &count, NULL);
  pygrpc_event_free(event);
}

static void wait_in_poll(void) { poll_queue(queues[0]); }

static void wait_in_poll_with_fd(void) { poll_queue(queues[1]); }

static void (*const kWaits[])(void) = {
    wait_in_unary,    wait_in_read, wait_in_read_with_timeout, wait_in_write, wait_in_headers,
    wait_until_ready, wait_in_poll, wait_in_poll_with_fd,
};

static void *wait_in_thread(void *argument) {
  /* A thread's first JSON is converted before the end: simdjson's own objects are gone then. */
  char *bytes = NULL;
  must(pygrpc_json_to_binary(client, "pygrpc.test.Payload", "{}", NUL, NULL, &bytes, NULL, NULL));
  pygrpc_free(bytes);
  __atomic_add_fetch(&waiting, 1, __ATOMIC_RELAXED);
  kWaits[(size_t)argument]();
  return NULL;
}

static void open_everything(void) {
  client = new_one(target);
  char *text = NULL;
  must(pygrpc_unary_unary(client, "Test/Ping", "{}", NUL, NULL, &text, NULL, NULL));
  pygrpc_free(text);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) _exit(99);
  for (int i = 0; i < 2; i++) {
    pygrpc_queue *queue = NULL;
    must(pygrpc_queue_new(&queue, NULL));
    queues[i] = queue;
  }
  must(pygrpc_queue_set_fd(queues[1], ends[1], NULL));
  streams[0] = open_one("NeverAnswerBidi", NULL, NULL);
  streams[1] = open_one("NeverAnswerBidi", NULL, NULL);
  streams[2] = open_one("Test/NeverRead", NULL, NULL);
  streams[3] = open_one("NeverAnswerBidi", NULL, NULL);
  for (int i = 0; i < 2; i++) {
    streams[4 + i] = open_one("CountForever", "{\"interval\": \"0.001s\"}", queues[i]);
    must(pygrpc_stream_read_async(streams[4 + i], 1, NULL));
  }
  for (size_t i = 0; i < COUNT_OF(kWaits); i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, wait_in_thread, (void *)i) != 0) _exit(98);
  }
  while (__atomic_load_n(&waiting, __ATOMIC_RELAXED) < (int)COUNT_OF(kWaits)) pause_ms(1);
  pause_ms(50); /* most of them wait by now; none of the ways out depends on it */
}

static void end_by_exit(void) { exit(kCode); }

static void end_by_quick_exit(void) { quick_exit(kCode); }

static void end_by_underscore_exit(void) { _exit(kCode); }

static void end_by_return(void) {} /* main() returns */

/* The library is used, and its handles are freed, by what runs at exit. */
static void free_the_client(void) {
  char *text = NULL;
  must(pygrpc_unary_unary(client, "Test/Ping", "{}", NUL, NULL, &text, NULL, NULL));
  pygrpc_free(text);
  pygrpc_client_free(client);
}

static void end_with_use_at_exit(void) {
  atexit(free_the_client);
  exit(kCode);
}

static void *exit_from_thread(void *argument) {
  (void)argument;
  pause_ms(20);
  exit(kCode);
}

/* The main thread is in a call meanwhile. */
static void end_by_another_thread(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, exit_from_thread, NULL) != 0) _exit(97);
  wait_in_unary();
}

static void leave_main(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, exit_from_thread, NULL) != 0) _exit(97);
  pthread_exit(NULL);
}

static void (*const kWays[])(void) = {
    end_by_exit,   end_by_quick_exit,    end_by_underscore_exit,
    end_by_return, end_with_use_at_exit, end_by_another_thread,
    leave_main,
};

/* ---- The tests */

static const char *program; /* this one's path */

static void expect_ended(size_t way) {
  const char *const command[] = {program, format("%zu", way), shared_server.target, NULL};
  const int64_t start = now_ms();
  assert_int_equal(run_program(command), kCode);
  assert_within(start, 60000);
}

static void exit_with_everything_open(void **state) {
  (void)state;
  expect_ended(0);
}

static void quick_exit_with_everything_open(void **state) {
  (void)state;
  expect_ended(1);
  expect_ended(2);
}

static void return_from_main_with_everything_open(void **state) {
  (void)state;
  expect_ended(3);
}

static void use_by_what_runs_at_exit(void **state) {
  (void)state;
  expect_ended(4);
}

static void exit_by_another_thread(void **state) {
  (void)state;
  expect_ended(5);
}

static void exit_after_the_main_thread(void **state) {
  (void)state;
  /* glibc does not destroy the main thread's thread_locals then, so a leak checker misses them. */
  setenv("LSAN_OPTIONS", "detect_leaks=0", 1);
  expect_ended(6);
}

/* With a number as argument this program is the process that ends. */
int main(int argc, char **argv) {
  program = argv[0];
  if (argc == 3) {
    target = argv[2];
    snprintf(proto_path, sizeof proto_path, "{\"proto_path\": [\"%s\"]}",
             getenv("PYGRPC_TEST_PROTOS"));
    open_everything();
    kWays[atoi(argv[1])]();
    return kCode;
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exit_with_everything_open),
      cmocka_unit_test(quick_exit_with_everything_open),
      cmocka_unit_test(return_from_main_with_everything_open),
      cmocka_unit_test(use_by_what_runs_at_exit),
      cmocka_unit_test(exit_by_another_thread),
      cmocka_unit_test(exit_after_the_main_thread),
  };
  return cmocka_run_group_tests(tests, start_shared_server, stop_shared_server);
}
