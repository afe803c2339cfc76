/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the tests share that make very many calls: calls of every cardinality, for threads to make;
 * random numbers; queues that threads poll; what the process uses. */

#ifndef PYGRPC_TESTS_CAPI_STORM_H_
#define PYGRPC_TESTS_CAPI_STORM_H_

#include "harness.h"

/* ---- Random numbers
 * ------------------------------------------------------------------------------
 * The same in each run, unless $PYGRPC_TEST_SEED says otherwise. */

struct chance {
  uint64_t state;
};

/* A sequence of its own for each number. The first use prints the seed. */
struct chance new_chance(uint64_t number);

/* 0 to limit - 1. */
uint32_t chance_below(struct chance *chance, uint32_t limit);

void pause_us(int64_t microseconds);

/* How many of `count` to make: fewer where the library runs under a sanitizer or valgrind. */
int storm_count(int count);

/* ---- Calls
 * ---------------------------------------------------------------------------------------
 * By the services Greeter and Scale, one method of each cardinality. The functions are for threads:
 * what went wrong is noted, and the test looks at it. */

struct failure {
  char text[512]; /* "": none */
};

/* Notes the first failure; frees the error. Gives false. */
bool fails(struct failure *failure, const char *what, int32_t result, pygrpc_error *error);
void assert_no_failure(const struct failure *failure);

/* A client of the shared server, or of another target, that has loaded what these calls need. */
pygrpc_client *storm_client(const char *target, const char *options);

enum { kCardinalities = 4, kMessagesOfCall = 3 };

/* A whole call of this cardinality, PYGRPC_UNARY_UNARY to PYGRPC_STREAM_STREAM, whose answers are
 * looked at; streams have kMessagesOfCall messages each way. Blocks. False, with the failure noted,
 * if it is not as it should be. */
bool whole_call(pygrpc_client *client, int32_t cardinality, int number, struct failure *failure);

/* Opens a call that never ends, of any cardinality; `queue` as in pygrpc_stream_open(). */
int32_t open_endless(pygrpc_client *client, int32_t cardinality, pygrpc_queue *queue,
                     pygrpc_stream **stream, pygrpc_error **error);

/* Reads messages until there are no more; what the last read came to. */
int32_t read_to_end(pygrpc_stream *stream, pygrpc_error **error);

/* ---- Queues
 * --------------------------------------------------------------------------------------
 * A queue whose events are taken by threads of its own and counted by their tag, which has to be
 * below `tags`. */

/* Among the statuses that may come: also PYGRPC_E_CLOSED. */
#define STATUS_OR_CLOSED (UINT32_C(1) << 31)

struct polled_queue {
  pygrpc_queue *handle;
  int pipe[2]; /* -1 each where there is no fd */
  int threads;
  pthread_t pollers[4];
  volatile int ending;
  uint32_t tags;
  uint8_t *events; /* how many have come of each tag */
  int64_t *times;  /* when the last one came, by clock_us() */
  volatile int64_t total;
  /* What may come: the gRPC statuses as bits. */
  uint32_t statuses;
  volatile int64_t with_status;
  struct failure failure;
  pthread_mutex_t mutex;
};

/* `with_fd`: it announces itself on a pipe, and has one poller. `statuses`: of which statuses
 * events may be, as bits; others are failures, as other errors are. */
void polled_queue_start(struct polled_queue *queue, bool with_fd, int threads, uint32_t tags,
                        uint32_t statuses);
/* Waits until so many events have come; false if they have not in time. */
bool polled_queue_wait(struct polled_queue *queue, int64_t total, int64_t timeout_ms);
/* Ends the pollers and frees the queue; failures are those of the test. */
void polled_queue_stop(struct polled_queue *queue);

/* ---- What the process uses
 * -----------------------------------------------------------------------*/

/* Microseconds of a clock that only goes forward. */
int64_t clock_us(void);

struct usage {
  int64_t in_use;  /* bytes that malloc() has given out */
  int64_t private; /* bytes of memory that only this process has */
  int threads;
  int files;
};

/* After malloc_trim(). */
struct usage measure_usage(void);

/* Waits until threads and files are at most as many as they were, for gRPC lets go of both a while
 * after it needs them no more; then gives the usage, whatever it is. */
struct usage settled_usage(const struct usage *before, int64_t timeout_ms);

/* Prints a figure of docs/reliability.md. */
void print_figure(const char *name, double value, const char *unit);

#endif /* PYGRPC_TESTS_CAPI_STORM_H_ */
