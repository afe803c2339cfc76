/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0 */

#include "event_queue.h"

#include <poll.h>
#include <unistd.h>

struct queue new_queue(bool with_fd) {
  struct queue queue = {NULL, -1, -1};
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_queue_new(&queue.handle, &error), error);
  assert_non_null(queue.handle);
  if (with_fd) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    queue.out = ends[0];
    queue.in = ends[1];
    expect_ok(pygrpc_queue_set_fd(queue.handle, queue.in, &error), error);
  }
  return queue;
}

void free_queue(struct queue *queue) {
  pygrpc_queue_free(queue->handle);
  if (queue->out >= 0) {
    close(queue->in);
    close(queue->out);
  }
}

pygrpc_event *next_event(const struct queue *queue) {
  pygrpc_event *event = NULL;
  size_t count = 0;
  pygrpc_error *error = NULL;
  if (queue->out < 0) {
    expect_ok(pygrpc_queue_poll(queue->handle, -1, &event, 1, &count, &error), error);
  } else {
    for (;;) {
      const int32_t result = pygrpc_queue_poll(queue->handle, 0, &event, 1, &count, &error);
      if (result == PYGRPC_OK) break;
      expect_code(result, PYGRPC_PENDING, error);
      struct pollfd wait = {.fd = queue->out, .events = POLLIN};
      char byte;
      assert_int_equal(poll(&wait, 1, 60000 * time_factor()), 1);
      assert_int_equal(read(queue->out, &byte, 1), 1);
    }
  }
  assert_int_equal(count, 1);
  assert_non_null(event);
  return event;
}
