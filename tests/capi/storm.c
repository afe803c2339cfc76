/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0 */

#include "storm.h"

#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

/* ---- Random numbers
 * ----------------------------------------------------------------------------*/

static uint64_t seed;
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void choose_seed(void) {
  const char *given = getenv("PYGRPC_TEST_SEED");
  seed = given == NULL ? 20261122 : strtoull(given, NULL, 10);
  printf("# PYGRPC_TEST_SEED=%" PRIu64 "\n", seed);
  fflush(stdout);
}

/* Of splitmix64, as those below. */
static uint64_t next_number(uint64_t *state) {
  uint64_t number = *state += 0x9E3779B97F4A7C15u;
  number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9u;
  number = (number ^ (number >> 27)) * 0x94D049BB133111EBu;
  return number ^ (number >> 31);
}

struct chance new_chance(uint64_t number) {
  pthread_once(&seed_once, choose_seed);
  struct chance chance = {seed + (number << 32)};
  next_number(&chance.state);
  return chance;
}

uint32_t chance_below(struct chance *chance, uint32_t limit) {
  return (uint32_t)(next_number(&chance->state) >> 32) % limit;
}

void pause_us(int64_t microseconds) {
  const struct timespec time = {microseconds / 1000000, microseconds % 1000000 * 1000};
  nanosleep(&time, NULL);
}

int storm_count(int count) {
  const int factor = time_factor();
  if (factor <= 1) return count;
  return factor <= 4 ? count / 10 : count / 40;
}

/* ---- Calls
 * -------------------------------------------------------------------------------------*/

bool fails(struct failure *failure, const char *what, int32_t result, pygrpc_error *error) {
  if (failure->text[0] == '\0') {
    snprintf(failure->text, sizeof failure->text, "%s: %s: %s", what, pygrpc_code_name(result),
             pygrpc_error_message(error));
  }
  pygrpc_error_free(error);
  return false;
}

void assert_no_failure(const struct failure *failure) { assert_string_equal(failure->text, ""); }

pygrpc_client *storm_client(const char *target, const char *options) {
  pygrpc_client *client = client_of(target == NULL ? shared_server.target : target, options);
  load(client, "pygrpc_test/scale.proto");
  return client;
}

static bool unary_call(pygrpc_client *client, int number, struct failure *failure) {
  char request[64], expected[64], *response = NULL;
  pygrpc_error *error = NULL;
  snprintf(request, sizeof request, "{\"name\": \"%d\"}", number);
  snprintf(expected, sizeof expected, "{\"message\":\"Hello, %d!\"}", number);
  const int32_t result = pygrpc_unary_unary(client, "SayHello", request, NUL, "{\"timeout\": 120}",
                                            &response, NULL, &error);
  if (result != PYGRPC_OK) return fails(failure, "SayHello", result, error);
  const bool same = strcmp(response, expected) == 0;
  if (!same) fails(failure, response, result, NULL);
  pygrpc_free(response);
  return same;
}

/* Reads `count` messages that have the number, or count from 1 where `number` is 0; then the end.
 */
static bool read_all(pygrpc_stream *stream, int count, const char *method,
                     struct failure *failure) {
  for (int i = 0;; i++) {
    char *message = NULL;
    pygrpc_error *error = NULL;
    const int32_t result = pygrpc_stream_read(stream, 120000, &message, NULL, &error);
    pygrpc_free(message);
    if (result == PYGRPC_END && i == count) return true;
    if (result != PYGRPC_OK || i == count) return fails(failure, method, result, error);
  }
}

static bool write_all(pygrpc_stream *stream, int number, const char *method,
                      struct failure *failure) {
  char message[64];
  snprintf(message, sizeof message, "{\"number\": %d}", number);
  pygrpc_error *error = NULL;
  int32_t result;
  for (int i = 0; i < kMessagesOfCall; i++) {
    result = pygrpc_stream_write(stream, message, NUL, -1, &error);
    if (result != PYGRPC_OK) return fails(failure, method, result, error);
  }
  result = pygrpc_stream_half_close(stream, &error);
  return result == PYGRPC_OK || fails(failure, method, result, error);
}

bool whole_call(pygrpc_client *client, int32_t cardinality, int number, struct failure *failure) {
  pygrpc_stream *stream = NULL;
  pygrpc_error *error = NULL;
  int32_t result = PYGRPC_OK;
  bool done = false;
  switch (cardinality) {
    case PYGRPC_UNARY_UNARY:
      return unary_call(client, number, failure);
    case PYGRPC_UNARY_STREAM:
      result = pygrpc_unary_stream(client, "SayHelloStreamReply", "{}", NUL, NULL, &stream, &error);
      done = result == PYGRPC_OK && read_all(stream, 5, "SayHelloStreamReply", failure);
      break;
    case PYGRPC_STREAM_UNARY:
      result = pygrpc_stream_unary(client, "Collect", NULL, &stream, &error);
      done = result == PYGRPC_OK && write_all(stream, number, "Collect", failure) &&
             read_all(stream, 1, "Collect", failure);
      break;
    default:
      result = pygrpc_stream_stream(client, "Exchange", NULL, &stream, &error);
      done = result == PYGRPC_OK && write_all(stream, number, "Exchange", failure) &&
             read_all(stream, kMessagesOfCall, "Exchange", failure);
  }
  pygrpc_stream_free(stream);
  return result == PYGRPC_OK ? done : fails(failure, "open", result, error);
}

int32_t open_endless(pygrpc_client *client, int32_t cardinality, pygrpc_queue *queue,
                     pygrpc_stream **stream, pygrpc_error **error) {
  static const struct {
    const char *method;
    const char *request;
  } kEndless[] = {
      {"Silence", "{}"}, {"Flood", "{\"size\": 64}"}, {"Collect", NULL}, {"Exchange", NULL}};
  const char *request = kEndless[cardinality - 1].request;
  return pygrpc_stream_open(client, kEndless[cardinality - 1].method, cardinality, request,
                            request == NULL ? 0 : NUL, "{\"timeout\": \"none\"}", queue, stream,
                            error);
}

int32_t read_to_end(pygrpc_stream *stream, pygrpc_error **error) {
  int32_t result;
  do {
    char *message = NULL;
    result = pygrpc_stream_read(stream, -1, &message, NULL, error);
    pygrpc_free(message);
  } while (result == PYGRPC_OK);
  return result;
}

/* ---- Queues
 * ------------------------------------------------------------------------------------*/

static void count_event(struct polled_queue *queue, const pygrpc_event *event) {
  const uint64_t tag = pygrpc_event_tag(event);
  const int32_t code = pygrpc_event_code(event);
  const pygrpc_error *error = pygrpc_event_error(event);
  const int64_t now = clock_us();
  pthread_mutex_lock(&queue->mutex);
  if (tag >= queue->tags) {
    fails(&queue->failure, "an event with a tag that was never given", code, NULL);
  } else {
    if (queue->events[tag] < UINT8_MAX) queue->events[tag]++;
    queue->times[tag] = now;
  }
  if (code == PYGRPC_E_STATUS) {
    queue->with_status++;
    if ((queue->statuses >> pygrpc_error_status(error) & 1) == 0) {
      fails(&queue->failure, pygrpc_error_message(error), code, NULL);
    }
  } else if (code != PYGRPC_OK && code != PYGRPC_END &&
             (code != PYGRPC_E_CLOSED || (queue->statuses & STATUS_OR_CLOSED) == 0)) {
    fails(&queue->failure, pygrpc_error_message(error), code, NULL);
  }
  queue->total++;
  pthread_mutex_unlock(&queue->mutex);
}

static void wait_for_byte(int fd) {
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  char bytes[64];
  if (poll(&wait, 1, 100) == 1 && read(fd, bytes, sizeof bytes) < 0) perror("read");
}

static void *poll_queue(void *argument) {
  enum { kBatch = 64 };
  struct polled_queue *queue = argument;
  for (bool empty = false;;) {
    pygrpc_event *events[kBatch];
    size_t count = 0;
    pygrpc_error *error = NULL;
    const bool with_fd = queue->pipe[0] >= 0;
    if (with_fd && empty) wait_for_byte(queue->pipe[0]);
    const int32_t result =
        pygrpc_queue_poll(queue->handle, with_fd ? 0 : 100, events, kBatch, &count, &error);
    for (size_t i = 0; i < count; i++) {
      count_event(queue, events[i]);
      pygrpc_event_free(events[i]);
    }
    empty = count < kBatch;
    pthread_mutex_lock(&queue->mutex);
    if (result < 0) fails(&queue->failure, "poll", result, error);
    const bool over = queue->ending || result < 0;
    pthread_mutex_unlock(&queue->mutex);
    if (over && count == 0) return NULL;
  }
}

void polled_queue_start(struct polled_queue *queue, bool with_fd, int threads, uint32_t tags,
                        uint32_t statuses) {
  memset(queue, 0, sizeof *queue);
  queue->pipe[0] = queue->pipe[1] = -1;
  queue->tags = tags;
  queue->statuses = statuses;
  queue->threads = with_fd ? 1 : threads;
  queue->events = calloc(tags, sizeof *queue->events);
  queue->times = calloc(tags, sizeof *queue->times);
  assert_non_null(queue->events);
  assert_non_null(queue->times);
  assert_int_equal(pthread_mutex_init(&queue->mutex, NULL), 0);
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_queue_new(&queue->handle, &error), error);
  if (with_fd) {
    assert_int_equal(pipe2(queue->pipe, O_NONBLOCK | O_CLOEXEC), 0);
    expect_ok(pygrpc_queue_set_fd(queue->handle, queue->pipe[1], &error), error);
  }
  for (int i = 0; i < queue->threads; i++) start_thread(&queue->pollers[i], poll_queue, queue);
}

bool polled_queue_wait(struct polled_queue *queue, int64_t total, int64_t timeout_ms) {
  const int64_t end = now_ms() + timeout_ms;
  for (;;) {
    pthread_mutex_lock(&queue->mutex);
    const bool there = queue->total >= total;
    pthread_mutex_unlock(&queue->mutex);
    if (there) return true;
    if (now_ms() > end) return false;
    pause_ms(1);
  }
}

void polled_queue_stop(struct polled_queue *queue) {
  pthread_mutex_lock(&queue->mutex);
  queue->ending = 1;
  pthread_mutex_unlock(&queue->mutex);
  for (int i = 0; i < queue->threads; i++) join_thread(queue->pollers[i]);
  pygrpc_queue_free(queue->handle);
  if (queue->pipe[0] >= 0) {
    close(queue->pipe[0]);
    close(queue->pipe[1]);
  }
  pthread_mutex_destroy(&queue->mutex);
  free(queue->events);
  free(queue->times);
  assert_no_failure(&queue->failure);
}

/* ---- What the process uses
 * ---------------------------------------------------------------------*/

int64_t clock_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The sum of the rows "Private_...: N kB". */
static int64_t private_bytes(void) {
  FILE *file = fopen("/proc/self/smaps_rollup", "r");
  assert_non_null(file);
  int64_t sum = 0;
  for (char line[256]; fgets(line, sizeof line, file) != NULL;) {
    char name[64];
    long long kilobytes;
    if (sscanf(line, "%63[^:]: %lld kB", name, &kilobytes) == 2 &&
        strncmp(name, "Private_", 8) == 0) {
      sum += kilobytes * 1024;
    }
  }
  fclose(file);
  return sum;
}

struct usage measure_usage(void) {
  malloc_trim(0);
  const struct mallinfo2 heap = mallinfo2();
  return (struct usage){.in_use = (int64_t)(heap.uordblks + heap.hblkhd),
                        .private = private_bytes(),
                        .threads = count_threads(),
                        .files = count_open_files()};
}

struct usage settled_usage(const struct usage *before, int64_t timeout_ms) {
  const int64_t end = now_ms() + timeout_ms;
  while ((count_threads() > before->threads || count_open_files() > before->files) &&
         now_ms() < end) {
    pause_ms(20);
  }
  return measure_usage();
}

void print_figure(const char *name, double value, const char *unit) {
  printf("# figure: %s = %.6g %s\n", name, value, unit);
  fflush(stdout);
}
