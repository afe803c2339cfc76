/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A soak: calls of every cardinality, cancellations, failures and clients for a while, after which
 * the process uses no more memory, files and threads than after a warm-up.
 *
 * $PYGRPC_TEST_SOAK_SECONDS says how long, 20 unless given; and it goes on until there were 10,000
 * calls of each cardinality and 10,000 cancellations. Under sanitizers and valgrind it is a few
 * seconds, and nothing is said of memory: they keep what is freed. */

#include <malloc.h>

#include "storm.h"

enum { kWorkers = 4, kCancelled = 1 << 1, kCallsOfEach = 10000, kLimitMebibytes = 1 };

struct soak {
  pygrpc_client *client;
  struct polled_queue queue;
  pthread_mutex_t mutex;
  int64_t calls[kCardinalities]; /* that were made, by cardinality */
  int64_t cancelled;
  int64_t events;  /* asked for */
  int64_t minimum; /* of each of these */
  int64_t end;     /* by now_ms(), and not before the minimum is there */
};

struct worker {
  struct soak *soak;
  int number;
  struct chance chance;
  struct failure failure;
};

static void cancel_blocking(struct worker *worker, int32_t cardinality) {
  pygrpc_stream *stream = NULL;
  pygrpc_error *error = NULL;
  int32_t result = open_endless(worker->soak->client, cardinality, NULL, &stream, &error);
  if (result != PYGRPC_OK) {
    fails(&worker->failure, "open", result, error);
    return;
  }
  if (chance_below(&worker->chance, 2) == 0) pause_us(chance_below(&worker->chance, 500));
  pygrpc_stream_cancel(stream, NULL);
  result = read_to_end(stream, &error);
  if (result != PYGRPC_E_STATUS || pygrpc_error_status(error) != 1) {
    fails(&worker->failure, "cancelled", result, error);
  } else {
    pygrpc_error_free(error);
  }
  pygrpc_stream_free(stream);
}

static void cancel_async(struct worker *worker, int32_t cardinality) {
  pygrpc_stream *stream = NULL;
  pygrpc_error *error = NULL;
  int32_t result =
      open_endless(worker->soak->client, cardinality, worker->soak->queue.handle, &stream, &error);
  if (result == PYGRPC_OK) {
    result = pygrpc_stream_read_async(stream, (uint64_t)worker->number, &error);
  }
  if (result != PYGRPC_OK) fails(&worker->failure, "open on a queue", result, error);
  pthread_mutex_lock(&worker->soak->mutex);
  worker->soak->events++;
  pthread_mutex_unlock(&worker->soak->mutex);
  if (chance_below(&worker->chance, 2) == 0) pygrpc_stream_cancel(stream, NULL);
  pygrpc_stream_free(stream);
}

/* A client that lives for one call, and a call that fails before it begins. */
static void come_and_go(struct worker *worker) {
  pygrpc_client *client = NULL;
  pygrpc_error *error = NULL;
  int32_t result = pygrpc_client_new(shared_server.target, NULL, &client, &error);
  if (result == PYGRPC_OK) result = pygrpc_load_client(client, worker->soak->client, &error);
  if (result != PYGRPC_OK) fails(&worker->failure, "client", result, error);
  whole_call(client, PYGRPC_UNARY_UNARY, worker->number, &worker->failure);
  char *response = NULL;
  error = NULL;
  result = pygrpc_unary_unary(client, "SayHelo", "{}", NUL, NULL, &response, NULL, &error);
  if (result != PYGRPC_E_NOT_FOUND || !json_is_valid(pygrpc_error_json(error))) {
    fails(&worker->failure, "SayHelo", result, NULL);
  }
  pygrpc_error_free(error);
  pygrpc_client_free(client);
}

/* One call of each cardinality, and one that is cancelled. */
static bool make_round(struct worker *worker, int round) {
  struct soak *soak = worker->soak;
  for (int32_t cardinality = 1; cardinality <= kCardinalities; cardinality++) {
    if (!whole_call(soak->client, cardinality, round, &worker->failure)) break;
  }
  const int32_t cardinality = 1 + (int32_t)chance_below(&worker->chance, kCardinalities);
  if (round % 2 == 0) {
    cancel_blocking(worker, cardinality);
  } else {
    cancel_async(worker, cardinality);
  }
  if (round % 32 == 0) come_and_go(worker);
  pthread_mutex_lock(&soak->mutex);
  for (int i = 0; i < kCardinalities; i++) soak->calls[i]++;
  soak->cancelled++;
  const bool enough = soak->cancelled >= soak->minimum && now_ms() >= soak->end;
  pthread_mutex_unlock(&soak->mutex);
  return !enough && worker->failure.text[0] == '\0';
}

static void *work(void *argument) {
  struct worker *worker = argument;
  for (int round = 0; make_round(worker, round); round++) continue;
  return NULL;
}

static void soak_for(struct soak *soak, int64_t seconds, int64_t minimum, uint64_t part) {
  struct worker workers[kWorkers];
  pthread_t threads[kWorkers];
  memset(soak->calls, 0, sizeof soak->calls);
  soak->cancelled = 0;
  soak->minimum = minimum;
  soak->end = now_ms() + 1000 * seconds;
  for (int i = 0; i < kWorkers; i++) {
    workers[i] = (struct worker){.soak = soak, .number = i};
    workers[i].chance = new_chance(part * kWorkers + (uint64_t)i);
    start_thread(&threads[i], work, &workers[i]);
  }
  for (int i = 0; i < kWorkers; i++) {
    join_thread(threads[i]);
    assert_no_failure(&workers[i].failure);
  }
  assert_true(polled_queue_wait(&soak->queue, soak->events, 60000 * time_factor()));
  assert_int_equal(soak->queue.total, soak->events);
}

/* What the process has more than before, after a while of calls. */
struct growth {
  struct usage before, after;
  double heap, private; /* MiB */
};

static struct growth grow(struct soak *soak, int64_t seconds, uint64_t part) {
  const bool measured = time_factor() == 1;
  /* gRPC lets go of threads and files a while after their use. */
  pause_ms(measured ? 2000 : 500);
  struct growth growth = {.before = measure_usage()};
  const int64_t start = now_ms();
  soak_for(soak, seconds, measured ? kCallsOfEach : 1, part);
  const int64_t took = now_ms() - start;
  growth.after = settled_usage(&growth.before, 30000 * time_factor());
  growth.heap = (double)(growth.after.in_use - growth.before.in_use) / (1 << 20);
  growth.private = (double)(growth.after.private - growth.before.private) / (1 << 20);
  print_message("# %lld calls of each cardinality and %lld cancellations in %d s\n",
                (long long)soak->calls[0], (long long)soak->cancelled, (int)(took / 1000));
  return growth;
}

static bool has_grown(const struct growth *growth) {
  const bool more_memory = growth->heap > kLimitMebibytes || growth->private > kLimitMebibytes;
  return (time_factor() == 1 && more_memory) || growth->after.threads > growth->before.threads ||
         growth->after.files > growth->before.files;
}

static void nothing_grows(void **state) {
  (void)state;
  const bool measured = time_factor() == 1;
  const char *given = getenv("PYGRPC_TEST_SOAK_SECONDS");
  const int64_t seconds = !measured ? 3 : given == NULL ? 20 : atoi(given);
  struct soak soak = {.client = storm_client(NULL, NULL)};
  assert_int_equal(pthread_mutex_init(&soak.mutex, NULL), 0);
  polled_queue_start(&soak.queue, false, 1, kWorkers, kCancelled);

  soak_for(&soak, measured ? 8 + seconds / 10 : 1, measured ? kCallsOfEach / 2 : 1, 1);
  struct growth growth = grow(&soak, seconds, 2);
  /* The heap may lie in more pages now and then, without more in it, and gRPC's threads come and
   * go; what leaks does so again. */
  for (uint64_t part = 3; has_grown(&growth) && part < 6; part++) {
    print_message(
        "# the heap grew by %g MiB, private memory by %g MiB, threads by %d, files by %d;"
        " once more\n",
        growth.heap, growth.private, growth.after.threads - growth.before.threads,
        growth.after.files - growth.before.files);
    growth = grow(&soak, seconds, part);
  }

  const int threads = growth.after.threads - growth.before.threads;
  const int files = growth.after.files - growth.before.files;
  if (measured) {
    print_figure("soak: calls of each cardinality", (double)soak.calls[0], "calls");
    print_figure("soak: growth of the heap", growth.heap, "MiB");
    print_figure("soak: growth of private memory", growth.private, "MiB");
    print_figure("soak: growth of threads", threads, "threads");
    print_figure("soak: growth of files", files, "files");
    assert_true(growth.heap <= kLimitMebibytes);
    assert_true(growth.private <= kLimitMebibytes);
  }
  assert_true(files <= 0);
  assert_true(threads <= 0);
  polled_queue_stop(&soak.queue);
  pthread_mutex_destroy(&soak.mutex);
  pygrpc_client_free(soak.client);
}

int main(void) {
  /* Memory that is free in one arena is none for the others; with few, what is private is in use.
   */
  mallopt(M_ARENA_MAX, 2);
  const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_grows)};
  return cmocka_run_group_tests(tests, start_shared_server, stop_shared_server);
}
