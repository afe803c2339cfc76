/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The fds that queues announce themselves on: which may be given, and that none is written to once
 * it was taken back. */

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"

static pygrpc_queue *queue_on(int fd) {
  pygrpc_queue *queue = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_queue_new(&queue, &error), error);
  expect_ok(pygrpc_queue_set_fd(queue, fd, &error), error);
  return queue;
}

static void wake(pygrpc_queue *queue) {
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_queue_wakeup(queue, &error), error);
}

static bool is_readable(int fd) {
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  return poll(&wait, 1, 0) == 1;
}

static void fds_that_nobody_can_write_to(void **state) {
  (void)state;
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  pygrpc_queue *queue = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_queue_new(&queue, &error), error);
  expect_error(pygrpc_queue_set_fd(queue, 1 << 20, &error), PYGRPC_E_ARGUMENT, &error,
               "fd 1048576 is not open");
  expect_error(pygrpc_queue_set_fd(queue, -2, &error), PYGRPC_E_ARGUMENT, &error, "fd -2");
  expect_error(pygrpc_queue_set_fd(queue, ends[0], &error), PYGRPC_E_ARGUMENT, &error,
               "open for reading only");
  expect_ok(pygrpc_queue_set_fd(queue, ends[1], &error), error);
  wake(queue);
  assert_true(is_readable(ends[0]));
  pygrpc_queue_free(queue);
  close(ends[0]);
  close(ends[1]);
}

static void sockets_and_eventfds(void **state) {
  (void)state;
  int ends[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  pygrpc_queue *queue = queue_on(ends[1]);
  wake(queue);
  assert_true(is_readable(ends[0]));
  pygrpc_queue_free(queue);
  close(ends[0]);
  close(ends[1]);

  const int event_fd = eventfd(0, EFD_NONBLOCK);
  assert_true(event_fd >= 0);
  queue = queue_on(event_fd);
  assert_false(is_readable(event_fd));
  wake(queue);
  eventfd_t value = 0;
  assert_int_equal(eventfd_read(event_fd, &value), 0);
  assert_int_equal(value, 1);
  pygrpc_queue_free(queue);
  close(event_fd);
}

/* Whoever wakes the queue does not wait for room, also where the fd would block. */
static void a_full_pipe(void **state) {
  (void)state;
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  const int room = fcntl(ends[1], F_SETPIPE_SZ, 4096);
  assert_true(room > 0);
  pygrpc_queue *queue = queue_on(ends[1]);
  for (int i = 0; i < room + 100; i++) wake(queue);
  assert_true(is_readable(ends[0]));
  pygrpc_queue_free(queue);
  close(ends[0]);
  close(ends[1]);
}

struct waker {
  pygrpc_queue *queue;
  atomic_bool stops;
};

static void *keep_waking(void *argument) {
  struct waker *waker = (struct waker *)argument;
  while (!atomic_load(&waker->stops)) pygrpc_queue_wakeup(waker->queue, NULL);
  return NULL;
}

/* Its number may be somebody else's file at once. */
static void nothing_is_written_to_an_fd_that_was_taken_back(void **state) {
  (void)state;
  int ends[2], others[2];
  assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
  assert_int_equal(pipe2(others, O_NONBLOCK), 0);
  const int own = fcntl(ends[1], F_DUPFD_CLOEXEC, 100);
  assert_true(own >= 100);
  struct waker waker = {.queue = queue_on(own)};
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, keep_waking, &waker), 0);
  const int rounds = time_factor() > 1 ? 200 : 5000;
  for (int i = 0; i < rounds; i++) {
    pygrpc_error *error = NULL;
    expect_ok(pygrpc_queue_set_fd(waker.queue, -1, &error), error);
    assert_int_equal(dup2(others[1], own), own);
    sched_yield();
    assert_int_equal(dup2(ends[1], own), own);
    expect_ok(pygrpc_queue_set_fd(waker.queue, own, &error), error);
    char bytes[64];
    while (read(ends[0], bytes, sizeof bytes) > 0) continue;
  }
  atomic_store(&waker.stops, true);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_false(is_readable(others[0]));
  pygrpc_queue_free(waker.queue);
  close(own);
  for (int i = 0; i < 2; i++) {
    close(ends[i]);
    close(others[i]);
  }
}

/* What came while there was no fd is announced to the next one. */
static void events_that_wait_for_an_fd(void **state) {
  (void)state;
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  pygrpc_queue *queue = queue_on(-1);
  pygrpc_stream *stream = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_stream_open(shared_client, "SayHello", PYGRPC_ANY_CARDINALITY, "{}", NUL, NULL,
                               queue, &stream, &error),
            error);
  expect_ok(pygrpc_stream_read_async(stream, 1, &error), error);
  /* the status is there with the response */
  char *info = NULL;
  expect_ok(pygrpc_stream_info(stream, -1, &info, NULL, &error), error);
  pygrpc_free(info);
  pygrpc_event *event = NULL;
  size_t count = 0;
  expect_ok(pygrpc_queue_set_fd(queue, ends[1], &error), error);
  struct pollfd wait = {.fd = ends[0], .events = POLLIN};
  assert_int_equal(poll(&wait, 1, 60000), 1);
  expect_ok(pygrpc_queue_poll(queue, 0, &event, 1, &count, &error), error);
  assert_int_equal(pygrpc_event_tag(event), 1);
  pygrpc_event_free(event);
  pygrpc_stream_free(stream);
  pygrpc_queue_free(queue);
  close(ends[0]);
  close(ends[1]);
}

/* Milliseconds that no clock can tell are no limit. */
static void the_longest_wait(void **state) {
  (void)state;
  static const int64_t kTimeouts[] = {INT64_MAX, INT64_MAX / 2, INT64_C(10000000000000)};
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  pygrpc_error *error = NULL;
  for (int with_fd = 0; with_fd < 2; with_fd++) {
    for (size_t i = 0; i < COUNT_OF(kTimeouts); i++) {
      pygrpc_queue *queue = NULL;
      expect_ok(pygrpc_queue_new(&queue, &error), error);
      if (with_fd == 1) expect_ok(pygrpc_queue_set_fd(queue, ends[1], &error), error);
      pygrpc_stream *stream = NULL;
      expect_ok(pygrpc_stream_open(shared_client, "Sleep", PYGRPC_ANY_CARDINALITY,
                                   "{\"delay\": \"0.1s\"}", NUL, NULL, queue, &stream, &error),
                error);
      expect_ok(pygrpc_stream_read_async(stream, 1, &error), error);
      pygrpc_event *event = NULL;
      size_t count = 0;
      expect_ok(pygrpc_queue_poll(queue, kTimeouts[i], &event, 1, &count, &error), error);
      assert_int_equal(count, 1);
      pygrpc_event_free(event);
      pygrpc_stream_free(stream);
      pygrpc_queue_free(queue);
    }
  }
  close(ends[0]);
  close(ends[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fds_that_nobody_can_write_to),
      cmocka_unit_test(sockets_and_eventfds),
      cmocka_unit_test(a_full_pipe),
      cmocka_unit_test(nothing_is_written_to_an_fd_that_was_taken_back),
      cmocka_unit_test(events_that_wait_for_an_fd),
      cmocka_unit_test(the_longest_wait),
  };
  return cmocka_run_group_tests(tests, start_shared_client, stop_shared_client);
}
