/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0 */

#ifndef PYGRPC_TESTS_CAPI_EVENT_QUEUE_H_
#define PYGRPC_TESTS_CAPI_EVENT_QUEUE_H_

#include "harness.h"

/* A queue, and the pipe that it announces itself on; -1 for one that is polled. */
struct queue {
  pygrpc_queue *handle;
  int in, out;
};

struct queue new_queue(bool with_fd);
void free_queue(struct queue *queue);

/* The next event of a queue, in the way that is meant for it. */
pygrpc_event *next_event(const struct queue *queue);

#endif
