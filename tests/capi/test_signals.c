/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Signals, one each millisecond, during every function that waits: its timeout or its deadline is
 * kept, its result is right, and the program's handler runs meanwhile. */

#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "harness.h"
#include "relay.h"

enum { kWaitMs = 300, kLateMs = kAtOnceMs };

static int handled; /* signals, by whichever thread gets them */

static void count_signal(int number) {
  (void)number;
  __atomic_fetch_add(&handled, 1, __ATOMIC_RELAXED);
}

static int signals_handled(void) { return __atomic_load_n(&handled, __ATOMIC_RELAXED); }

static void every_ms(long microseconds) {
  const struct itimerval interval = {{0, microseconds}, {0, microseconds}};
  assert_int_equal(setitimer(ITIMER_REAL, &interval, NULL), 0);
}

/* What a thread waits for while the signals arrive. */
struct place {
  pygrpc_client *client;      /* of the shared server */
  pygrpc_client *unconnected; /* of nobody */
  pygrpc_client *unanswered;  /* of a socket that says nothing */
  pygrpc_stream *silent;      /* a stream of which nothing comes */
  pygrpc_stream *full;        /* a stream whose server reads nothing */
  char *payload;              /* for that */
  int64_t began;              /* when the wait began */
  pygrpc_queue *queue;
  pygrpc_queue *queue_with_fd;
  char *text; /* what a function gave out, freed by the check */
};

static int32_t read_silent(struct place *place) {
  return pygrpc_stream_read(place->silent, kWaitMs, &place->text, NULL, NULL);
}

static int32_t headers_of_silent(struct place *place) {
  return pygrpc_stream_headers(place->silent, kWaitMs, &place->text, NULL, NULL);
}

static int32_t trailers_of_silent(struct place *place) {
  return pygrpc_stream_trailers(place->silent, kWaitMs, &place->text, NULL, NULL);
}

static int32_t info_of_silent(struct place *place) {
  const int32_t result = pygrpc_stream_info(place->silent, kWaitMs, &place->text, NULL, NULL);
  return result == PYGRPC_OK && strstr(place->text, "\"ended\":false") ? PYGRPC_PENDING : result;
}

static int32_t write_to_full(struct place *place) {
  /* some more may fit: the server's window grows */
  int32_t result = PYGRPC_OK;
  for (int i = 0; i < 100 && result == PYGRPC_OK; i++) {
    place->began = now_ms();
    result = pygrpc_stream_write(place->full, place->payload, NUL, kWaitMs, NULL);
  }
  return result;
}

static int32_t wait_ready(struct place *place) {
  return pygrpc_client_wait_ready(place->unconnected, kWaitMs, NULL);
}

static int32_t poll_queue(pygrpc_queue *queue) {
  pygrpc_event *event = NULL;
  size_t count = 0;
  return pygrpc_queue_poll(queue, kWaitMs, &event, 1, &count, NULL);
}

static int32_t poll_own(struct place *place) { return poll_queue(place->queue); }

static int32_t poll_with_fd(struct place *place) { return poll_queue(place->queue_with_fd); }

/* With E_STATUS, DEADLINE_EXCEEDED is as good as PENDING. */
static int32_t end_of_call(int32_t result, pygrpc_error *error) {
  const int32_t status = pygrpc_error_status(error);
  pygrpc_error_free(error);
  return result == PYGRPC_E_STATUS && status == 4 ? PYGRPC_PENDING : result;
}

static int32_t unary(struct place *place) {
  pygrpc_error *error = NULL;
  const int32_t result = pygrpc_unary_unary(place->client, "NeverAnswer", "{}", NUL,
                                            "{\"timeout\": \"300ms\"}", &place->text, NULL, &error);
  return end_of_call(result, error);
}

static int32_t unary_unanswered(struct place *place) {
  pygrpc_error *error = NULL;
  const int32_t result = pygrpc_unary_unary(place->unanswered, "NeverAnswer", "{}", NUL,
                                            "{\"timeout\": \"300ms\", \"wait_for_ready\": true}",
                                            &place->text, NULL, &error);
  return end_of_call(result, error);
}

static int32_t read_with_deadline(struct place *place) {
  pygrpc_error *error = NULL;
  pygrpc_stream *stream = NULL;
  int32_t result = pygrpc_stream_stream(place->client, "NeverAnswerBidi",
                                        "{\"timeout\": \"300ms\"}", &stream, NULL);
  if (result != PYGRPC_OK) return result;
  result = pygrpc_stream_read(stream, -1, &place->text, NULL, &error);
  pygrpc_stream_free(stream);
  return end_of_call(result, error);
}

static int32_t health(struct place *place) {
  pygrpc_error *error = NULL;
  const int32_t result =
      pygrpc_health(place->unanswered, NULL, "{\"timeout\": \"300ms\", \"wait_for_ready\": true}",
                    &place->text, NULL, &error);
  return end_of_call(result, error);
}

static int32_t load_by_reflection(struct place *place) {
  pygrpc_error *error = NULL;
  const int32_t result =
      pygrpc_load(place->unanswered, "reflection", "{\"timeout\": \"300ms\"}", &error);
  return end_of_call(result, error);
}

static const struct {
  const char *name;
  int32_t (*wait)(struct place *place);
} kWaits[] = {
    {"pygrpc_stream_read", read_silent},
    {"pygrpc_stream_headers", headers_of_silent},
    {"pygrpc_stream_trailers", trailers_of_silent},
    {"pygrpc_stream_info", info_of_silent},
    {"pygrpc_stream_write", write_to_full},
    {"pygrpc_client_wait_ready", wait_ready},
    {"pygrpc_queue_poll", poll_own},
    {"pygrpc_queue_poll, with an fd", poll_with_fd},
    {"pygrpc_unary_unary", unary},
    {"pygrpc_unary_unary, not connected", unary_unanswered},
    {"pygrpc_stream_read, to the deadline", read_with_deadline},
    {"pygrpc_health", health},
    {"pygrpc_load", load_by_reflection},
};

static struct place place;
static struct relay silence;
static int ends[2];

static int set_up(void **state) {
  start_shared_server(state);
  relay_start(&silence, RELAY_SILENT, 0);
  place.client = test_client(NULL);
  place.unconnected = new_client(dead_target(), NULL);
  place.unanswered = client_of(silence.target, NULL);
  place.silent = open_stream(place.client, "NeverAnswerBidi", NULL, NULL);
  place.full = open_stream(place.client, "Test/NeverRead", NULL, NULL);
  place.payload = payload_json(300000);
  pygrpc_error *error = NULL;
  assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  expect_ok(pygrpc_queue_new(&place.queue, &error), error);
  expect_ok(pygrpc_queue_new(&place.queue_with_fd, &error), error);
  expect_ok(pygrpc_queue_set_fd(place.queue_with_fd, ends[1], &error), error);
  return 0;
}

static int tear_down(void **state) {
  pygrpc_queue_free(place.queue_with_fd);
  pygrpc_queue_free(place.queue);
  pygrpc_stream_free(place.full);
  free(place.payload);
  pygrpc_stream_free(place.silent);
  pygrpc_client_free(place.unanswered);
  pygrpc_client_free(place.unconnected);
  pygrpc_client_free(place.client);
  close(ends[0]);
  close(ends[1]);
  relay_stop(&silence);
  return stop_shared_server(state);
}

/* A wait that does not end would be stopped by nobody. */
enum { kEndlessMs = 30000 };
static pthread_t watchdog;
static pthread_mutex_t watch_mutex = PTHREAD_MUTEX_INITIALIZER;
static const char *watched_name; /* NULL: nothing more is to come */
static int64_t watched_since;

static void begin(const char *name) {
  pthread_mutex_lock(&watch_mutex);
  watched_name = name;
  watched_since = now_ms();
  pthread_mutex_unlock(&watch_mutex);
}

static void *watch(void *argument) {
  for (;;) {
    pthread_mutex_lock(&watch_mutex);
    const char *name = watched_name;
    const bool endless = now_ms() > watched_since + kEndlessMs * time_factor();
    pthread_mutex_unlock(&watch_mutex);
    if (name == NULL) return argument;
    if (endless) {
      fprintf(stderr, "%s has not ended\n", name);
      _exit(1);
    }
    pause_ms(20);
  }
}

static void start_signals(int flags) {
  struct sigaction action = {.sa_handler = count_signal, .sa_flags = flags};
  sigset_t alarm_signal, before;
  sigemptyset(&alarm_signal);
  sigaddset(&alarm_signal, SIGALRM);
  /* the watchdog takes none of them */
  pthread_sigmask(SIG_BLOCK, &alarm_signal, &before);
  begin("the start");
  start_thread(&watchdog, watch, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
  every_ms(1000);
}

static void stop_signals(void) {
  every_ms(0);
  begin(NULL);
  join_thread(watchdog);
}

/* Waits once; how late it ended. */
static int64_t wait_once(size_t i) {
  begin(kWaits[i].name);
  place.began = now_ms();
  const int32_t result = kWaits[i].wait(&place);
  const int64_t taken = now_ms() - place.began;
  pygrpc_free(place.text);
  place.text = NULL;
  if (result != PYGRPC_PENDING || taken < kWaitMs - 2 || taken > kWaitMs + kLateMs) {
    print_message("# %s: %s after %d ms\n", kWaits[i].name, pygrpc_code_name(result), (int)taken);
  }
  assert_int_equal(result, PYGRPC_PENDING);
  assert_true(taken >= kWaitMs - 2);
  assert_within(place.began, kWaitMs + kLateMs);
  return taken - kWaitMs;
}

static void every_wait(int flags) {
  int64_t latest = 0;
  start_signals(flags);
  for (size_t i = 0; i < COUNT_OF(kWaits); i++) {
    /* The handler was not kept from running. A busy machine joins some signals into one; one that
     * stands still for all of a wait, all of them, but not in each of several waits. */
    enum { kWaitsAtMost = 5, kHandled = 5 };
    int handled_in_wait = 0;
    for (int n = 0; n < kWaitsAtMost && handled_in_wait < kHandled; n++) {
      const int handled_before = signals_handled();
      const int64_t late = wait_once(i);
      handled_in_wait = signals_handled() - handled_before;
      if (late > latest) latest = late;
    }
    assert_true(handled_in_wait >= kHandled);
  }
  stop_signals();
  printf("# figure: lateness of a wait of 300 ms under signals%s = %d ms\n",
         flags == SA_RESTART ? " with SA_RESTART" : "", (int)latest);
}

static void waits_end_in_time(void **state) {
  (void)state;
  every_wait(0);
}

static void waits_end_in_time_with_restart(void **state) {
  (void)state;
  every_wait(SA_RESTART);
}

/* What works, works: of all cardinalities, and through a queue. */
static void results_are_right(void **state) {
  (void)state;
  start_signals(0);
  const int64_t start = now_ms();
  for (int i = 0; i < 50 || now_ms() < start + 300; i++) {
    const char *name = format("{\"name\": \"%d\"}", i);
    begin("a call that goes well");
    char *text = call(place.client, "SayHello", name, NULL);
    assert_string_equal(text, format("{\"message\":\"Hello, %d!\"}", i));
    pygrpc_free(text);
    pygrpc_stream *stream = open_stream(place.client, "SayHelloBidiStream", NULL, NULL);
    write_message(stream, name);
    expect_message(stream, format("{\"message\":\"Hello, %d!\"}", i));
    half_close(stream);
    expect_end(stream);
    pygrpc_stream_free(stream);
  }
  stop_signals();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(waits_end_in_time),
      cmocka_unit_test(waits_end_in_time_with_restart),
      cmocka_unit_test(results_are_right),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
