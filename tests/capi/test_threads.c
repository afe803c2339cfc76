/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Threads: what may go on at the same time does, and what may not is E_STATE. Threads note what
 * they saw; the test's own thread judges. */

#include "harness.h"

/* A read or a write in a thread of its own, with what came of it. */
struct operation {
  pygrpc_stream *stream;
  const char *message; /* to write */
  int32_t result;
  char *received;
  pygrpc_error *error;
};

/* The main thread may be the first to be told off, when it asks whether this one is there yet. */
static void *read_once(void *argument) {
  struct operation *operation = argument;
  do {
    pygrpc_error_free(operation->error);
    operation->error = NULL;
    operation->result =
        pygrpc_stream_read(operation->stream, -1, &operation->received, NULL, &operation->error);
  } while (operation->result == PYGRPC_E_STATE);
  return NULL;
}

/* The same for as many writes as are taken. */
static void *write_to_the_end(void *argument) {
  struct operation *operation = argument;
  do {
    pygrpc_error_free(operation->error);
    operation->error = NULL;
    operation->result =
        pygrpc_stream_write(operation->stream, operation->message, NUL, -1, &operation->error);
  } while (operation->result == PYGRPC_OK || operation->result == PYGRPC_E_STATE);
  return NULL;
}

/* Reads without waiting until another thread is found to be reading. */
static void wait_for_a_reader(pygrpc_stream *stream) {
  for (;;) {
    char *message = NULL;
    pygrpc_error *error = NULL;
    const int32_t result = pygrpc_stream_read(stream, 0, &message, NULL, &error);
    assert_null(message);
    if (result == PYGRPC_E_STATE) {
      expect_error(result, PYGRPC_E_STATE, &error, "read");
      return;
    }
    expect_code(result, PYGRPC_PENDING, error);
    pause_ms(1);
  }
}

static void two_readers(void **state) {
  (void)state;
  pygrpc_stream *stream = open_stream(shared_client, "EchoPayloads", NULL, NULL);
  struct operation reader = {.stream = stream};
  pthread_t thread;
  start_thread(&thread, read_once, &reader);
  wait_for_a_reader(stream);
  /* The first reader is not disturbed. */
  write_message(stream, "{\"body\": \"AAAA\"}");
  join_thread(thread);
  assert_int_equal(reader.result, PYGRPC_OK);
  assert_string_equal(reader.received, "{\"body\":\"AAAA\"}");
  pygrpc_free(reader.received);
  /* and when it is done, another may read */
  write_message(stream, "{}");
  expect_message(stream, "{}");
  half_close(stream);
  expect_end(stream);
  pygrpc_stream_free(stream);
}

/* Fills the way to a server that does not read, until a write would wait; a server that is held up
 * may take more later. */
static void fill(pygrpc_stream *stream, const char *payload) {
  pygrpc_error *error = NULL;
  int32_t result = PYGRPC_OK;
  while (result == PYGRPC_OK) result = pygrpc_stream_write(stream, payload, NUL, 200, &error);
  expect_code(result, PYGRPC_PENDING, error);
}

/* Writes without waiting until another thread is found to be writing, and to stay with it. */
static void wait_for_a_writer(pygrpc_stream *stream, const char *payload) {
  for (int found = 0; found < 20;) {
    pygrpc_error *error = NULL;
    const int32_t result = pygrpc_stream_write(stream, payload, NUL, 0, &error);
    if (result == PYGRPC_E_STATE) {
      expect_error(result, PYGRPC_E_STATE, &error, "writ");
      found++;
    } else {
      expect_code(result, result == PYGRPC_OK ? PYGRPC_OK : PYGRPC_PENDING, error);
      found = 0;
    }
    pause_ms(5);
  }
}

static void two_writers(void **state) {
  (void)state;
  char *payload = payload_json(100000);
  pygrpc_stream *stream = open_stream(shared_client, "Test/NeverRead", NULL, NULL);
  fill(stream, payload);
  struct operation writer = {.stream = stream, .message = payload};
  pthread_t thread;
  start_thread(&thread, write_to_the_end, &writer);
  wait_for_a_writer(stream, payload);
  pygrpc_error *error = NULL;
  expect_error(pygrpc_stream_half_close(stream, &error), PYGRPC_E_STATE, &error, "writ");
  expect_ok(pygrpc_stream_cancel(stream, &error), error);
  join_thread(thread);
  assert_int_equal(writer.result, PYGRPC_END);
  assert_null(writer.error);
  expect_status(stream, 1);
  pygrpc_stream_free(stream);
  free(payload);
}

static void cancel_while_reading(void **state) {
  (void)state;
  for (size_t i = 0; i < kEndlessCallCount; i++) {
    const struct endless_call *endless = &kEndlessCalls[i];
    struct operation reader = {
        .stream = open_stream(shared_client, endless->method, endless->request, NULL)};
    pthread_t thread;
    start_thread(&thread, read_once, &reader);
    wait_for_a_reader(reader.stream);
    pygrpc_error *error = NULL;
    const int64_t start = now_ms();
    expect_ok(pygrpc_stream_cancel(reader.stream, &error), error);
    join_thread(thread);
    assert_within(start, kAtOnceMs);
    check_error(reader.result, PYGRPC_E_STATUS, reader.error);
    assert_int_equal(pygrpc_error_status(reader.error), 1);
    pygrpc_error_free(reader.error);
    pygrpc_stream_free(reader.stream);
  }
}

/* ---- One reader and one writer
 * -----------------------------------------------------------------*/

enum { kMessages = 2000 };

static void *write_numbers(void *argument) {
  pygrpc_stream *stream = argument;
  for (int i = 0; i < kMessages; i++) {
    char message[48];
    snprintf(message, sizeof message, "{\"name\": \"%d\"}", i);
    if (pygrpc_stream_write(stream, message, NUL, -1, NULL) != PYGRPC_OK) return "write";
  }
  return pygrpc_stream_half_close(stream, NULL) == PYGRPC_OK ? NULL : "half-close";
}

static void a_reader_and_a_writer(void **state) {
  (void)state;
  pygrpc_stream *stream = open_stream(shared_client, "SayHelloBidiStream", NULL, NULL);
  pthread_t thread;
  start_thread(&thread, write_numbers, stream);
  for (int i = 0; i < kMessages; i++) {
    expect_message(stream, format("{\"message\":\"Hello, %d!\"}", i));
  }
  expect_end(stream);
  void *failure = NULL;
  assert_int_equal(pthread_join(thread, &failure), 0);
  assert_null(failure);
  pygrpc_stream_free(stream);
}

/* ---- Many threads on one client
 * ----------------------------------------------------------------*/

enum { kThreads = 16, kRounds = 40 };

struct worker {
  int number;
  char failure[512];
};

static bool failed(struct worker *worker, const char *what, int32_t result, pygrpc_error *error) {
  snprintf(worker->failure, sizeof worker->failure, "%s: %s: %s", what, pygrpc_code_name(result),
           pygrpc_error_message(error));
  pygrpc_error_free(error);
  return true;
}

static bool unary_round(struct worker *worker, int round) {
  char request[64], expected[64], *response = NULL;
  pygrpc_error *error = NULL;
  snprintf(request, sizeof request, "{\"name\": \"%d-%d\"}", worker->number, round);
  snprintf(expected, sizeof expected, "{\"message\":\"Hello, %d-%d!\"}", worker->number, round);
  const int32_t result = pygrpc_unary_unary(shared_client, "SayHello", request, NUL,
                                            "{\"timeout\": 120}", &response, NULL, &error);
  if (result != PYGRPC_OK) return failed(worker, "unary", result, error);
  const bool same = strcmp(response, expected) == 0;
  if (!same) failed(worker, response, result, NULL);
  pygrpc_free(response);
  return !same;
}

static bool stream_round(struct worker *worker) {
  pygrpc_stream *stream = NULL;
  pygrpc_error *error = NULL;
  int32_t result =
      pygrpc_unary_stream(shared_client, "SayHelloStreamReply", "{}", NUL, NULL, &stream, &error);
  if (result != PYGRPC_OK) return failed(worker, "open", result, error);
  int messages = 0;
  char *message = NULL;
  while ((result = pygrpc_stream_read(stream, -1, &message, NULL, &error)) == PYGRPC_OK) {
    pygrpc_free(message);
    messages++;
  }
  pygrpc_stream_free(stream);
  if (result != PYGRPC_END || messages != 5) return failed(worker, "read", result, error);
  return false;
}

static bool error_round(struct worker *worker) {
  char *response = NULL;
  pygrpc_error *error = NULL;
  const int32_t result =
      pygrpc_unary_unary(shared_client, "SayHelo", "{}", NUL, NULL, &response, NULL, &error);
  if (result != PYGRPC_E_NOT_FOUND) return failed(worker, "unknown method", result, error);
  pygrpc_error_free(error);
  return false;
}

static void *work(void *argument) {
  struct worker *worker = argument;
  for (int round = 0; round < kRounds; round++) {
    if (unary_round(worker, round) || stream_round(worker) || error_round(worker)) break;
  }
  return NULL;
}

static void sixteen_threads_on_one_client(void **state) {
  (void)state;
  struct worker workers[kThreads];
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; i++) {
    workers[i] = (struct worker){.number = i};
    start_thread(&threads[i], work, &workers[i]);
  }
  for (int i = 0; i < kThreads; i++) {
    join_thread(threads[i]);
    assert_string_equal(workers[i].failure, "");
  }
}

/* ---- Loading while calling
 * ---------------------------------------------------------------------*/

struct loader {
  pygrpc_client *client;
  int number;
  int32_t result;
};

static void *load_many(void *argument) {
  struct loader *loader = argument;
  for (int i = 0; i < 50 && loader->result == PYGRPC_OK; i++) {
    char name[64], text[128];
    snprintf(name, sizeof name, "made/%d_%d.proto", loader->number, i);
    snprintf(text, sizeof text, "syntax = \"proto3\"; package p%d_%d; message M { int32 a = 1; }",
             loader->number, i);
    loader->result = pygrpc_load_proto(loader->client, name, text, NUL, NULL);
  }
  return NULL;
}

/* Calls in flight keep the schema that they began with. */
static void loading_while_calling(void **state) {
  (void)state;
  pygrpc_client *other = test_client(NULL);
  struct loader loaders[4];
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) {
    loaders[i] = (struct loader){other, i, PYGRPC_OK};
    start_thread(&threads[i], load_many, &loaders[i]);
  }
  pygrpc_stream *stream = open_stream(other, "SayHelloBidiStream", NULL, NULL);
  for (int i = 0; i < 100; i++) {
    pygrpc_free(call(other, "SayHello", "{}", NULL));
    write_message(stream, "{\"name\": \"x\"}");
    expect_message(stream, "{\"message\":\"Hello, x!\"}");
  }
  for (int i = 0; i < 4; i++) {
    join_thread(threads[i]);
    assert_int_equal(loaders[i].result, PYGRPC_OK);
  }
  half_close(stream);
  expect_end(stream);
  pygrpc_stream_free(stream);
  char *json = NULL;
  pygrpc_error *error = NULL;
  for (int i = 0; i < 4; i++) {
    expect_ok(pygrpc_binary_to_json(other, format("p%d_49.M", i), "\x08\x07", 2, NULL, &json, NULL,
                                    &error),
              error);
    assert_string_equal(json, "{\"a\":7}");
    pygrpc_free(json);
  }
  pygrpc_client_free(other);
}

/* A stream may be opened by one thread, used by a second, and freed by a third. */
static void *free_stream(void *argument) {
  pygrpc_stream_free(argument);
  return NULL;
}

static void a_stream_goes_from_thread_to_thread(void **state) {
  (void)state;
  struct operation reader = {
      .stream = open_stream(shared_client, "SayHello", "{\"name\": \"you\"}", NULL)};
  pthread_t thread;
  start_thread(&thread, read_once, &reader);
  join_thread(thread);
  assert_int_equal(reader.result, PYGRPC_OK);
  pygrpc_free(reader.received);
  start_thread(&thread, free_stream, reader.stream);
  join_thread(thread);
}

/* An error belongs to whoever has it. */
static void *look_at_error(void *argument) {
  const pygrpc_error *error = argument;
  for (int i = 0; i < 1000; i++) {
    if (!json_is_valid(pygrpc_error_json(error))) return "json";
    if (pygrpc_error_message(error)[0] == '\0') return "message";
    if (pygrpc_error_code(error) != PYGRPC_E_NOT_FOUND) return "code";
  }
  return NULL;
}

static void an_error_in_many_threads(void **state) {
  (void)state;
  int32_t cardinality;
  pygrpc_error *error = NULL;
  assert_int_equal(pygrpc_method_cardinality(shared_client, "Nope", &cardinality, &error),
                   PYGRPC_E_NOT_FOUND);
  pthread_t threads[8];
  for (int i = 0; i < 8; i++) start_thread(&threads[i], look_at_error, error);
  for (int i = 0; i < 8; i++) {
    void *failure = NULL;
    assert_int_equal(pthread_join(threads[i], &failure), 0);
    assert_null(failure);
  }
  pygrpc_error_free(error);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_readers),
      cmocka_unit_test(two_writers),
      cmocka_unit_test(cancel_while_reading),
      cmocka_unit_test(a_reader_and_a_writer),
      cmocka_unit_test(sixteen_threads_on_one_client),
      cmocka_unit_test(loading_while_calling),
      cmocka_unit_test(a_stream_goes_from_thread_to_thread),
      cmocka_unit_test(an_error_in_many_threads),
  };
  return cmocka_run_group_tests(tests, start_shared_client, stop_shared_client);
}
