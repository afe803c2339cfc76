/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Storms: thousands of calls that are cancelled, run into their deadline, or lose their client or
 * their queue, at moments that nobody chose. Each ends exactly once, and what is left works. */

#include "storm.h"

enum { kCancelled = 1 << 1, kDeadlineExceeded = 1 << 4 };

static pygrpc_client *client;

static int set_up(void **state) {
  start_shared_server(state);
  client = storm_client(NULL, NULL);
  return 0;
}

static int tear_down(void **state) {
  pygrpc_client_free(client);
  return stop_shared_server(state);
}

static void expect_usable(void) {
  struct failure failure = {""};
  for (int32_t cardinality = 1; cardinality <= kCardinalities; cardinality++) {
    whole_call(client, cardinality, 7, &failure);
    assert_no_failure(&failure);
  }
}

/* ---- Cancellation
 * ------------------------------------------------------------------------------
 * Pairs of threads: one makes calls, the other cancels each at a random moment after it was opened,
 * while the first one reads and writes. Who is done with a call last frees it. */

enum { kPairs = 16, kPolled, kAnnounced };

struct cancelled_call {
  pygrpc_stream *stream;
  int users; /* of the two threads */
};

struct pair {
  int number;
  int calls;
  struct polled_queue *queues; /* two */
  uint8_t *accepted;           /* by tag: to which queue it went, 1 or 2; 0: nowhere */
  struct chance chance;
  struct chance canceller_chance;
  int64_t blocking;  /* blocking calls that ended, each once */
  int64_t cancelled; /* those of them that were cancelled */
  struct failure failure;

  pthread_mutex_t mutex;
  pthread_cond_t changed;
  struct cancelled_call *call; /* for the canceller to take */
  bool over;
};

static void leave_call(struct pair *pair, struct cancelled_call *call) {
  pthread_mutex_lock(&pair->mutex);
  const bool last = --call->users == 0;
  pthread_mutex_unlock(&pair->mutex);
  if (!last) return;
  pygrpc_stream_free(call->stream);
  free(call);
}

static void *cancel_calls(void *argument) {
  struct pair *pair = argument;
  for (;;) {
    pthread_mutex_lock(&pair->mutex);
    while (pair->call == NULL && !pair->over) pthread_cond_wait(&pair->changed, &pair->mutex);
    struct cancelled_call *call = pair->call;
    pthread_mutex_unlock(&pair->mutex);
    if (call == NULL) return NULL;
    /* at once, before it is sent, on its way, or after the first answers */
    const uint32_t microseconds = chance_below(&pair->canceller_chance, 1500);
    if (microseconds > 200) pause_us(microseconds);
    pygrpc_error *error = NULL;
    const int32_t result = pygrpc_stream_cancel(call->stream, &error);
    if (result != PYGRPC_OK) fails(&pair->failure, "cancel", result, error);
    pthread_mutex_lock(&pair->mutex);
    pair->call = NULL;
    pthread_cond_broadcast(&pair->changed);
    pthread_mutex_unlock(&pair->mutex);
    leave_call(pair, call);
  }
}

/* Gives the call to the canceller, once that has done with the one before. */
static struct cancelled_call *hand_over(struct pair *pair, pygrpc_stream *stream) {
  struct cancelled_call *call = malloc(sizeof *call);
  if (call == NULL) abort();
  *call = (struct cancelled_call){stream, 2};
  pthread_mutex_lock(&pair->mutex);
  while (pair->call != NULL) pthread_cond_wait(&pair->changed, &pair->mutex);
  pair->call = call;
  pthread_cond_broadcast(&pair->changed);
  pthread_mutex_unlock(&pair->mutex);
  return call;
}

/* Reads and writes until the call is over. */
static void use_blocking(struct pair *pair, pygrpc_stream *stream, int32_t cardinality) {
  int32_t result = PYGRPC_OK;
  pygrpc_error *error = NULL;
  while (result == PYGRPC_OK && cardinality >= PYGRPC_STREAM_UNARY) {
    result = pygrpc_stream_write(stream, "{\"number\": 1}", NUL, -1, &error);
    if (result == PYGRPC_OK && cardinality == PYGRPC_STREAM_STREAM) break;
  }
  if (result != PYGRPC_OK && result != PYGRPC_END) {
    fails(&pair->failure, "write", result, error);
    return;
  }
  result = read_to_end(stream, &error);
  if (result != PYGRPC_E_STATUS || pygrpc_error_status(error) != 1) {
    fails(&pair->failure, "read", result, error);
    return;
  }
  pygrpc_error_free(error);
  error = NULL;
  pair->blocking++;
  char *message = NULL;
  result = pygrpc_stream_read(stream, -1, &message, NULL, &error);
  if (result != PYGRPC_E_STATE) fails(&pair->failure, "a second end", result, NULL);
  pygrpc_error_free(error);
}

static void note_accepted(struct pair *pair, uint32_t tag, int queue, int32_t result,
                          pygrpc_error *error) {
  if (result == PYGRPC_OK) {
    pair->accepted[tag] = (uint8_t)(queue + 1);
  } else {
    fails(&pair->failure, "start", result, error);
  }
}

static void *make_calls(void *argument) {
  struct pair *pair = argument;
  for (int i = 0; i < pair->calls && pair->failure.text[0] == '\0'; i++) {
    const int32_t cardinality = 1 + (int32_t)chance_below(&pair->chance, kCardinalities);
    const int kind = (int)chance_below(&pair->chance, 3); /* of the queues, or blocking */
    pygrpc_queue *queue = kind < 2 ? pair->queues[kind].handle : NULL;
    pygrpc_stream *stream = NULL;
    pygrpc_error *error = NULL;
    int32_t result = open_endless(client, cardinality, queue, &stream, &error);
    if (result != PYGRPC_OK) {
      fails(&pair->failure, "open", result, error);
      break;
    }
    struct cancelled_call *call = hand_over(pair, stream);
    const uint32_t tag = 2 * (uint32_t)(pair->number * pair->calls + i);
    if (queue == NULL) {
      use_blocking(pair, stream, cardinality);
    } else {
      result = pygrpc_stream_read_async(stream, tag, &error);
      note_accepted(pair, tag, kind, result, error);
      if (cardinality >= PYGRPC_STREAM_UNARY) {
        error = NULL;
        result = pygrpc_stream_write_async(stream, "{\"number\": 1}", NUL, tag + 1, &error);
        note_accepted(pair, tag + 1, kind, result, error);
      }
    }
    leave_call(pair, call);
  }
  pthread_mutex_lock(&pair->mutex);
  while (pair->call != NULL) pthread_cond_wait(&pair->changed, &pair->mutex);
  pair->over = true;
  pthread_cond_broadcast(&pair->changed);
  pthread_mutex_unlock(&pair->mutex);
  return NULL;
}

/* Each operation that a queue has accepted, and nothing else, has become one event. */
static void expect_one_event_each(struct polled_queue *queue, int number, const uint8_t *accepted) {
  int64_t wanted = 0;
  for (uint32_t tag = 0; tag < queue->tags; tag++) wanted += accepted[tag] == number + 1;
  assert_true(wanted > 0);
  assert_true(polled_queue_wait(queue, wanted, 60000 * time_factor()));
  pause_ms(50); /* for an event too many */
  pthread_mutex_lock(&queue->mutex);
  for (uint32_t tag = 0; tag < queue->tags; tag++) {
    if (queue->events[tag] != (accepted[tag] == number + 1)) {
      print_error("tag %u: %d events\n", tag, queue->events[tag]);
      fail();
    }
  }
  pthread_mutex_unlock(&queue->mutex);
}

static void ten_thousand_calls_cancelled(void **state) {
  (void)state;
  struct polled_queue queues[2];
  struct pair pairs[kPairs];
  pthread_t threads[kPairs][2];
  const int calls = storm_count(10000) / kPairs;
  const uint32_t tags = 2 * (uint32_t)(calls * kPairs);
  uint8_t *accepted = calloc(tags, 1);
  assert_non_null(accepted);
  polled_queue_start(&queues[0], false, 2, tags, kCancelled);
  polled_queue_start(&queues[1], true, 1, tags, kCancelled);
  const int64_t start = now_ms();
  for (int i = 0; i < kPairs; i++) {
    pairs[i] = (struct pair){.number = i, .calls = calls, .queues = queues, .accepted = accepted};
    pairs[i].chance = new_chance((uint64_t)(2 * i));
    pairs[i].canceller_chance = new_chance((uint64_t)(2 * i + 1));
    pthread_mutex_init(&pairs[i].mutex, NULL);
    pthread_cond_init(&pairs[i].changed, NULL);
    start_thread(&threads[i][0], make_calls, &pairs[i]);
    start_thread(&threads[i][1], cancel_calls, &pairs[i]);
  }
  int64_t blocking = 0;
  for (int i = 0; i < kPairs; i++) {
    join_thread(threads[i][0]);
    join_thread(threads[i][1]);
    assert_no_failure(&pairs[i].failure);
    blocking += pairs[i].blocking;
    pthread_mutex_destroy(&pairs[i].mutex);
    pthread_cond_destroy(&pairs[i].changed);
  }
  assert_true(blocking > 0);
  for (int i = 0; i < 2; i++) expect_one_event_each(&queues[i], i, accepted);
  print_message("# %d calls cancelled in %d ms, %d of them blocking\n", calls * kPairs,
                (int)(now_ms() - start), (int)blocking);
  for (int i = 0; i < 2; i++) polled_queue_stop(&queues[i]);
  free(accepted);
  expect_usable();
}

/* ---- Deadlines
 * ---------------------------------------------------------------------------------*/

static int compare_times(const void *left, const void *right) {
  const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  return (a > b) - (a < b);
}

enum { kDeadlineMs = 100, kLatestMs = 2000, kMeasurements = 12 };

/* How long the calls of a storm took, in ms. */
struct spread {
  double p50, p99, longest;
};

/* A storm on one queue. */
static struct spread deadline_storm(bool with_fd) {
  const int calls = storm_count(5000);
  struct polled_queue queue;
  pygrpc_stream **streams = calloc((size_t)calls, sizeof *streams);
  int64_t *times = calloc((size_t)calls, sizeof *times);
  assert_non_null(streams);
  assert_non_null(times);
  expect_usable(); /* the connection is there */
  polled_queue_start(&queue, with_fd, 1, (uint32_t)calls, kDeadlineExceeded);
  for (int i = 0; i < calls; i++) {
    pygrpc_error *error = NULL;
    times[i] = clock_us();
    expect_ok(pygrpc_stream_open(client, "Silence", PYGRPC_UNARY_UNARY, "{}", NUL,
                                 format("{\"timeout\": \"%dms\"}", kDeadlineMs), queue.handle,
                                 &streams[i], &error),
              error);
    expect_ok(pygrpc_stream_read_async(streams[i], (uint64_t)i, &error), error);
  }
  const int64_t opened = clock_us() - times[0];
  assert_true(polled_queue_wait(&queue, calls, 60000 * time_factor()));
  for (int i = 0; i < calls; i++) {
    assert_int_equal(queue.events[i], 1);
    times[i] = queue.times[i] - times[i];
    pygrpc_stream_free(streams[i]);
  }
  assert_int_equal(queue.with_status, calls);
  polled_queue_stop(&queue);
  qsort(times, (size_t)calls, sizeof *times, compare_times);
  const struct spread spread = {(double)times[calls / 2] / 1000,
                                (double)times[(calls - 1) * 99 / 100] / 1000,
                                (double)times[calls - 1] / 1000};
  print_message("# %d calls with %d ms each, begun within %d ms\n", calls, kDeadlineMs,
                (int)(opened / 1000));
  assert_true(times[0] >= 1000 * (kDeadlineMs - 1));
  free(streams);
  free(times);
  expect_usable();
  return spread;
}

/* Prints figures whose names begin so. */
static void expect_deadlines(bool with_fd, const char *name) {
  struct spread spread = deadline_storm(with_fd);
  /* A machine that stands still for a while does not do so each time; a library that is late is. */
  for (int n = 1; n < kMeasurements && spread.p99 >= kLatestMs * time_factor(); n++) {
    print_message("# p99 was %g ms; once more\n", spread.p99);
    spread = deadline_storm(with_fd);
  }
  print_figure(format("%s, p50", name), spread.p50, "ms");
  print_figure(format("%s, p99", name), spread.p99, "ms");
  print_figure(format("%s, longest", name), spread.longest, "ms");
  assert_true(spread.p99 < kLatestMs * time_factor());
}

static void five_thousand_deadlines(void **state) {
  (void)state;
  expect_deadlines(false, "5,000 deadlines of 100 ms at once");
}

static void five_thousand_deadlines_of_an_event_loop(void **state) {
  (void)state;
  expect_deadlines(true, "5,000 deadlines with an fd at once");
}

/* ---- Clients and streams, opened and closed
 * ----------------------------------------------------*/

enum { kClosers = 8 };

struct closer {
  struct chance chance;
  int rounds;
  struct polled_queue *queue;
  uint32_t first_tag;
  uint32_t accepted;
  struct failure failure;
};

struct unary_in_flight {
  pygrpc_client *client;
  int32_t result;
};

static void *call_silence(void *argument) {
  struct unary_in_flight *call = argument;
  char *response = NULL;
  call->result = pygrpc_unary_unary(call->client, "Silence", "{}", NUL, "{\"timeout\": 600}",
                                    &response, NULL, NULL);
  return NULL;
}

/* A client that is freed while another thread calls it. */
static void free_client_in_flight(struct closer *closer) {
  struct unary_in_flight unary = {NULL, PYGRPC_OK};
  pygrpc_error *error = NULL;
  int32_t result = pygrpc_client_new(shared_server.target, NULL, &unary.client, &error);
  if (result == PYGRPC_OK) result = pygrpc_load_client(unary.client, client, &error);
  if (result != PYGRPC_OK) {
    fails(&closer->failure, "client", result, error);
    return;
  }
  pthread_t thread;
  if (pthread_create(&thread, NULL, call_silence, &unary) != 0) abort();
  /* it is in flight once it has a channel */
  int32_t channel = PYGRPC_CHANNEL_IDLE;
  while (channel == PYGRPC_CHANNEL_IDLE &&
         pygrpc_client_state(unary.client, &channel, NULL) == PYGRPC_OK) {
    pause_us(20);
  }
  pause_us(chance_below(&closer->chance, 2000));
  pygrpc_client_free(unary.client);
  if (pthread_join(thread, NULL) != 0) abort();
  if (unary.result != PYGRPC_E_CLOSED) fails(&closer->failure, "in flight", unary.result, NULL);
}

/* Uses one of a client's streams a little, in one way or another. */
static void touch(struct closer *closer, pygrpc_stream *stream, bool async) {
  pygrpc_error *error = NULL;
  char *message = NULL;
  int32_t result = PYGRPC_OK;
  if (async && chance_below(&closer->chance, 2) == 0) {
    result = pygrpc_stream_read_async(stream, closer->first_tag + closer->accepted, &error);
    if (result == PYGRPC_OK) closer->accepted++;
  } else if (!async && chance_below(&closer->chance, 2) == 0) {
    result = pygrpc_stream_read(stream, 1, &message, NULL, &error);
    pygrpc_free(message);
  } else if (!async && pygrpc_stream_cardinality(stream) >= PYGRPC_STREAM_UNARY) {
    result = pygrpc_stream_write(stream, "{}", NUL, 0, &error);
  }
  if (result < 0) fails(&closer->failure, "use", result, error);
}

/* A client with streams, each in some state, which is freed before, among or after them. */
static void open_and_close(struct closer *closer, int round) {
  enum { kStreams = 6 };
  struct failure *failure = &closer->failure;
  pygrpc_client *other = NULL;
  pygrpc_stream *streams[kStreams] = {NULL};
  pygrpc_error *error = NULL;
  /* one in four has a connection of its own */
  char options[120] = "{}";
  if (round % 4 == 0) {
    snprintf(options, sizeof options,
             "{\"channel_arguments\": {\"grpc.max_reconnect_backoff_ms\": %u}}",
             100000 + closer->first_tag + (uint32_t)round);
  }
  int32_t result = pygrpc_client_new(shared_server.target, options, &other, &error);
  if (result == PYGRPC_OK) result = pygrpc_load_client(other, client, &error);
  if (result != PYGRPC_OK) {
    fails(failure, "client", result, error);
    return;
  }
  for (int i = 0; i < kStreams; i++) {
    const int32_t cardinality = 1 + (int32_t)chance_below(&closer->chance, kCardinalities);
    const bool async = chance_below(&closer->chance, 2) == 0;
    result =
        open_endless(other, cardinality, async ? closer->queue->handle : NULL, &streams[i], &error);
    if (result != PYGRPC_OK) {
      fails(failure, "open", result, error);
      break;
    }
    touch(closer, streams[i], async);
  }
  const uint32_t when = chance_below(&closer->chance, kStreams + 1);
  for (uint32_t i = 0; i <= kStreams; i++) {
    if (i == when) pygrpc_client_free(other);
    if (i < kStreams) pygrpc_stream_free(streams[i]);
  }
}

static void *open_and_close_many(void *argument) {
  struct closer *closer = argument;
  for (int round = 0; round < closer->rounds && closer->failure.text[0] == '\0'; round++) {
    open_and_close(closer, round);
    if (round % 8 == 0) free_client_in_flight(closer);
  }
  return NULL;
}

static void clients_and_streams_opened_and_closed(void **state) {
  (void)state;
  expect_usable();
  const struct usage before = measure_usage();
  struct polled_queue queue;
  struct closer closers[kClosers];
  pthread_t threads[kClosers];
  const int rounds = storm_count(2000) / kClosers;
  const uint32_t tags = 6 * (uint32_t)rounds;
  polled_queue_start(&queue, false, 1, tags * kClosers, kCancelled | STATUS_OR_CLOSED);
  const int64_t start = now_ms();
  for (int i = 0; i < kClosers; i++) {
    closers[i] = (struct closer){.rounds = rounds, .queue = &queue};
    closers[i].chance = new_chance(100 + (uint64_t)i);
    closers[i].first_tag = tags * (uint32_t)i;
    start_thread(&threads[i], open_and_close_many, &closers[i]);
  }
  int64_t accepted = 0;
  for (int i = 0; i < kClosers; i++) {
    join_thread(threads[i]);
    assert_no_failure(&closers[i].failure);
    accepted += closers[i].accepted;
  }
  assert_true(accepted > 0);
  assert_true(polled_queue_wait(&queue, accepted, 60000 * time_factor()));
  for (int i = 0; i < kClosers; i++) {
    for (uint32_t tag = 0; tag < tags; tag++) {
      assert_int_equal(queue.events[closers[i].first_tag + tag], tag < closers[i].accepted);
    }
  }
  polled_queue_stop(&queue);
  print_message("# %d clients with 6 streams each in %d ms\n", rounds * kClosers,
                (int)(now_ms() - start));
  /* gRPC closes what it has let go of while somebody waits for an answer. */
  const int64_t freed = now_ms();
  while (count_open_files() > before.files) {
    expect_usable();
    assert_within(freed, 60000);
  }
  print_message("# their files were closed within %d ms\n", (int)(now_ms() - freed));
}

/* ---- Queues freed with work in flight
 * ----------------------------------------------------------*/

struct freer {
  struct chance chance;
  int rounds;
  struct failure failure;
};

struct reader {
  pygrpc_stream *stream;
  struct failure failure;
};

/* Reads until the queue is gone. */
static void *read_until_closed(void *argument) {
  struct reader *reader = argument;
  for (uint64_t tag = 0;; tag++) {
    pygrpc_error *error = NULL;
    const int32_t result = pygrpc_stream_read_async(reader->stream, tag, &error);
    const bool over = result == PYGRPC_E_CLOSED;
    /* E_STATE: the read before is under way */
    if (!over && result != PYGRPC_OK && result != PYGRPC_E_STATE) {
      fails(&reader->failure, "read_async", result, error);
      return NULL;
    }
    pygrpc_error_free(error);
    if (over) return NULL;
    if (result == PYGRPC_E_STATE) pause_us(50);
  }
}

static void free_a_queue(struct freer *freer, bool with_fd) {
  enum { kStreams = 8, kReaders = 2 };
  pygrpc_queue *queue = NULL;
  pygrpc_stream *streams[kStreams] = {NULL};
  pygrpc_error *error = NULL;
  int32_t result = pygrpc_queue_new(&queue, &error);
  if (result == PYGRPC_OK && with_fd) result = pygrpc_queue_set_fd(queue, -1, &error);
  for (int i = 0; i < kStreams && result == PYGRPC_OK; i++) {
    const int32_t cardinality = 1 + i % kCardinalities;
    result = open_endless(client, cardinality, queue, &streams[i], &error);
    if (result == PYGRPC_OK && i >= kReaders) {
      result = pygrpc_stream_read_async(streams[i], 1, &error);
    }
    if (result == PYGRPC_OK && cardinality >= PYGRPC_STREAM_UNARY) {
      result = pygrpc_stream_write_async(streams[i], "{}", NUL, 2, &error);
    }
  }
  if (result != PYGRPC_OK) fails(&freer->failure, "start", result, error);
  struct reader readers[kReaders];
  pthread_t threads[kReaders];
  for (int i = 0; i < kReaders; i++) {
    readers[i] = (struct reader){.stream = streams[i]};
    if (pthread_create(&threads[i], NULL, read_until_closed, &readers[i]) != 0) abort();
  }
  for (uint32_t polls = chance_below(&freer->chance, 3); polls > 0; polls--) {
    pygrpc_event *event = NULL;
    size_t count = 0;
    pygrpc_queue_poll(queue, 1, &event, 1, &count, NULL);
    if (count == 1) pygrpc_event_free(event);
  }
  for (int i = kReaders; i < kStreams; i++) {
    if (chance_below(&freer->chance, 3) != 0) continue;
    pygrpc_stream_free(streams[i]);
    streams[i] = NULL;
  }
  pause_us(chance_below(&freer->chance, 1000));
  pygrpc_queue_free(queue);
  for (int i = 0; i < kReaders; i++) {
    if (pthread_join(threads[i], NULL) != 0) abort();
    if (readers[i].failure.text[0] != '\0') freer->failure = readers[i].failure;
  }
  for (int i = 0; i < kStreams; i++) {
    if (streams[i] != NULL) {
      result = pygrpc_stream_read_async(streams[i], 3, NULL);
      if (result != PYGRPC_E_CLOSED) fails(&freer->failure, "after the queue", result, NULL);
    }
    pygrpc_stream_free(streams[i]);
  }
}

static void *free_queues(void *argument) {
  struct freer *freer = argument;
  for (int round = 0; round < freer->rounds && freer->failure.text[0] == '\0'; round++) {
    free_a_queue(freer, round % 2 == 1);
  }
  return NULL;
}

static void queues_freed_with_work_in_flight(void **state) {
  (void)state;
  struct freer freers[kClosers];
  pthread_t threads[kClosers];
  const int64_t start = now_ms();
  for (int i = 0; i < kClosers; i++) {
    freers[i] = (struct freer){.rounds = storm_count(800) / kClosers};
    freers[i].chance = new_chance(200 + (uint64_t)i);
    start_thread(&threads[i], free_queues, &freers[i]);
  }
  for (int i = 0; i < kClosers; i++) {
    join_thread(threads[i]);
    assert_no_failure(&freers[i].failure);
  }
  print_message("# %d queues with 8 calls each in %d ms\n", freers[0].rounds * kClosers,
                (int)(now_ms() - start));
  expect_usable();
}

/* ---- Many threads on one client
 * ----------------------------------------------------------------*/

enum { kThreads = 64 };

struct caller {
  int number;
  int rounds;
  struct failure failure;
};

static void *call_all(void *argument) {
  struct caller *caller = argument;
  for (int i = 0; i < caller->rounds; i++) {
    const int32_t cardinality = 1 + (caller->number + i) % kCardinalities;
    if (!whole_call(client, cardinality, caller->number * 1000 + i, &caller->failure)) break;
  }
  return NULL;
}

static void sixty_four_threads_on_one_client(void **state) {
  (void)state;
  struct caller callers[kThreads];
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; i++) {
    callers[i] = (struct caller){.number = i, .rounds = storm_count(80)};
    start_thread(&threads[i], call_all, &callers[i]);
  }
  for (int i = 0; i < kThreads; i++) {
    join_thread(threads[i]);
    assert_no_failure(&callers[i].failure);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ten_thousand_calls_cancelled),
      cmocka_unit_test(five_thousand_deadlines),
      cmocka_unit_test(five_thousand_deadlines_of_an_event_loop),
      cmocka_unit_test(clients_and_streams_opened_and_closed),
      cmocka_unit_test(queues_freed_with_work_in_flight),
      cmocka_unit_test(sixty_four_threads_on_one_client),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
