/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Memory that runs out at every allocation in turn: the one that fails makes the function say
 * E_NO_MEMORY, or is got over; nothing is lost, nothing leaks (a leak checker looks at all of
 * this), and the same again works once there is memory. */

#include <fcntl.h>
#include <unistd.h>

#include "failing_allocator.h"
#include "storm.h"

/* What an operation works on; new for each time. */
struct trial {
  pygrpc_client *client; /* has loaded what the tests need, but compiled nothing */
  pygrpc_client *empty;  /* has loaded nothing */
  int pipe[2];
};

struct operation {
  const char *name;
  /* What is tried; the result is that of the function that failed first. It ends the failing of
   * allocations by stop() before it does what has to succeed. */
  int32_t (*act)(struct trial *trial, pygrpc_error **error);
  enum allocator_scope scope;
  bool keeps_protobuf; /* protobuf's allocations do not fail */
  bool unsteady;       /* what gRPC and its threads keep varies by more than a leak would be */
};

static pygrpc_client *loaded; /* keeps the connection */
static const char *empty_options;
static char *descriptors;
static size_t descriptors_size;
static int64_t allocations; /* of the last trial */
static bool failing;

static int set_up(void **state) {
  start_shared_server(state);
  loaded = storm_client(NULL, NULL);
  pygrpc_free(call(loaded, "SayHello", "{}", NULL));
  char *path = strdup(path_in(environment("PYGRPC_TEST_DESCRIPTOR_SETS"), "test.binpb"));
  descriptors = read_file(path, &descriptors_size);
  free(path);
  static char options[600];
  snprintf(options, sizeof options, "{\"proto_path\": [\"%s\"], \"reflection\": false}", protos());
  empty_options = options;
  allocator_prepare();
  return 0;
}

static int tear_down(void **state) {
  free(descriptors);
  pygrpc_client_free(loaded);
  return stop_shared_server(state);
}

static void stop(void) {
  if (failing) allocations = allocator_stop();
  failing = false;
}

/* One try, in which the n-th allocation fails. */
static int32_t attempt(const struct operation *operation, struct trial *trial, int64_t n,
                       bool once) {
  pygrpc_error *error = NULL;
  allocator_fail(n, once, operation->scope, !operation->keeps_protobuf);
  failing = true;
  const int32_t result = operation->act(trial, &error);
  stop();
  if (result >= 0) assert_null(error);
  if (error != NULL) check_error(result, result, error); /* of a queue's, the event had it */
  pygrpc_error_free(error);
  return result;
}

static void run_with(const struct operation *operation, bool once) {
  int32_t usual = PYGRPC_OK;
  int64_t wanted = 0;
  int64_t most = 0;
  for (int64_t n = 0;; n++) {
    struct trial trial = {.pipe = {-1, -1}};
    trial.client = new_client(shared_server.target, "{\"timeout\": 60}");
    trial.empty = new_client(shared_server.target, empty_options);
    pygrpc_error *error = NULL;
    expect_ok(pygrpc_load_client(trial.client, loaded, &error), error);
    if (operation->scope == ALLOCATOR_ALL_THREADS) {
      assert_int_equal(pipe2(trial.pipe, O_NONBLOCK | O_CLOEXEC), 0);
    }
    const int32_t result = attempt(operation, &trial, n, once);
    const int64_t seen = allocations;
    if (n == 0) usual = result;
    if (result != usual && result != PYGRPC_E_NO_MEMORY) {
      print_error("%s, allocation %d: %s\n", operation->name, (int)n, pygrpc_code_name(result));
      fail();
    }
    if (result == PYGRPC_E_NO_MEMORY) wanted++;
    if (n > 0) {
      const int32_t again = attempt(operation, &trial, 0, true);
      if (again != usual) {
        print_error("%s after allocation %d: %s\n", operation->name, (int)n,
                    pygrpc_code_name(again));
        fail();
      }
    }
    pygrpc_client_free(trial.client);
    pygrpc_client_free(trial.empty);
    if (trial.pipe[0] >= 0) {
      close(trial.pipe[0]);
      close(trial.pipe[1]);
    }
    most = seen > most ? seen : most;
    if (n > 0 && seen < n) break;
  }
  assert_int_equal(usual >= 0 || usual != PYGRPC_E_NO_MEMORY, true);
  assert_true(wanted > 0 || most == 0);
  print_message("# %s: %d allocations, %d times E_NO_MEMORY%s\n", operation->name, (int)most,
                (int)wanted, once ? "" : " with all that follow");
}

/* What is lost is lost in every round, whatever else goes on in the process; under sanitizers and
 * valgrind it is they who look. */
static void expect_no_leak(const struct operation *operation) {
  enum { kRounds = 8 };
  if (time_factor() > 1 || operation->unsteady) return;
  int64_t growth = 0;
  for (int round = 0; round < kRounds; round++) {
    const int64_t before = measure_usage().in_use;
    run_with(operation, round % 2 == 0);
    growth = measure_usage().in_use - before;
    if (round > 0 && growth <= 0) return;
  }
  print_error("%s: %d bytes lost in each round\n", operation->name, (int)growth);
  fail();
}

/* One allocation fails; then, that and all that follow. */
static void run(const struct operation *operations, size_t count) {
  for (size_t i = 0; i < count; i++) {
    run_with(&operations[i], true);
    run_with(&operations[i], false);
    expect_no_leak(&operations[i]);
  }
}

/* ---- Clients and schemas
 * -----------------------------------------------------------------------*/

static int32_t make_client(struct trial *trial, pygrpc_error **error) {
  (void)trial;
  pygrpc_client *client = NULL;
  const int32_t result = pygrpc_client_new("localhost:50051", NULL, &client, error);
  pygrpc_client_free(client);
  return result;
}

static int32_t refuse_target(struct trial *trial, pygrpc_error **error) {
  (void)trial;
  pygrpc_client *client = NULL;
  return pygrpc_client_new("http://localhost:50051", NULL, &client, error);
}

/* What a client without a schema loads, it has; or nothing of it. */
static int32_t load_into_new(struct trial *trial, int32_t (*load)(pygrpc_client *, pygrpc_error **),
                             pygrpc_error **error) {
  pygrpc_client *client = trial->empty;
  const int32_t result = load(client, error);
  stop();
  char *services = NULL;
  pygrpc_error *fault = NULL;
  expect_ok(pygrpc_services(client, &services, NULL, &fault), fault);
  const bool empty = strcmp(services, "[]") == 0;
  assert_int_equal(empty, result != PYGRPC_OK);
  pygrpc_free(services);
  if (result != PYGRPC_OK) {
    expect_ok(load(client, &fault), fault);
    expect_ok(pygrpc_services(client, &services, NULL, &fault), fault);
    assert_string_not_equal(services, "[]");
    pygrpc_free(services);
  }
  return result;
}

static int32_t load_path(pygrpc_client *client, pygrpc_error **error) {
  return pygrpc_load(client, "helloworld.proto", NULL, error);
}

static int32_t load_set(pygrpc_client *client, pygrpc_error **error) {
  return pygrpc_load_descriptor_set(client, descriptors, descriptors_size, error);
}

static int32_t load_text(pygrpc_client *client, pygrpc_error **error) {
  return pygrpc_load_proto(client, "made.proto",
                           "syntax = \"proto3\"; package made; message M { int32 a = 1; "
                           "map<string, M> b = 2; } service S { rpc Call(M) returns (M); }",
                           NUL, error);
}

static int32_t load_other(pygrpc_client *client, pygrpc_error **error) {
  return pygrpc_load_client(client, loaded, error);
}

static int32_t load_reflection(pygrpc_client *client, pygrpc_error **error) {
  return pygrpc_load(client, "reflection:helloworld.Greeter", NULL, error);
}

static int32_t act_path(struct trial *trial, pygrpc_error **error) {
  return load_into_new(trial, load_path, error);
}

static int32_t act_set(struct trial *trial, pygrpc_error **error) {
  return load_into_new(trial, load_set, error);
}

static int32_t act_text(struct trial *trial, pygrpc_error **error) {
  return load_into_new(trial, load_text, error);
}

static int32_t act_other(struct trial *trial, pygrpc_error **error) {
  return load_into_new(trial, load_other, error);
}

static int32_t act_reflection(struct trial *trial, pygrpc_error **error) {
  return load_into_new(trial, load_reflection, error);
}

static void clients_and_their_options(void **state) {
  (void)state;
  static const struct operation kOperations[] = {
      {"pygrpc_client_new", make_client, ALLOCATOR_THIS_THREAD, false, false},
      {"a target that is none", refuse_target, ALLOCATOR_THIS_THREAD, false, false}};
  run(kOperations, COUNT_OF(kOperations));
}

static void loading(void **state) {
  (void)state;
  static const struct operation kOperations[] = {
      {"pygrpc_load", act_path, ALLOCATOR_THIS_THREAD, true, false},
      {"pygrpc_load_descriptor_set", act_set, ALLOCATOR_THIS_THREAD, true, false},
      {"pygrpc_load_proto", act_text, ALLOCATOR_THIS_THREAD, true, false},
      {"pygrpc_load_client", act_other, ALLOCATOR_THIS_THREAD, true, false},
      {"reflection", act_reflection, ALLOCATOR_THIS_THREAD, true, true}};
  run(kOperations, COUNT_OF(kOperations));
}

/* ---- Transcoding
 * -------------------------------------------------------------*/

static int32_t drop(int32_t result, char *text) {
  assert_int_equal(text == NULL, result != PYGRPC_OK);
  pygrpc_free(text);
  return result;
}

static int32_t encode(struct trial *trial, pygrpc_error **error) {
  char *bytes = NULL;
  const int32_t result = pygrpc_json_to_binary(
      trial->client, "pygrpc.test.EchoStreamRequest",
      "{\"count\": 3, \"delay\": \"1.5s\", \"message\": {}}", NUL, NULL, &bytes, NULL, error);
  return drop(result, bytes);
}

static int32_t decode(struct trial *trial, pygrpc_error **error) {
  char *json = NULL;
  const int32_t result =
      pygrpc_binary_to_json(trial->client, "pygrpc.test.EchoStreamRequest",
                            "\x0a\x00\x10\x03\x1a\x02\x08\x01", 8, NULL, &json, NULL, error);
  return drop(result, json);
}

static int32_t refuse_json(struct trial *trial, pygrpc_error **error) {
  char *bytes = NULL;
  const int32_t result = pygrpc_json_to_binary(trial->client, "helloworld.HelloRequest",
                                               "{\"nom\": \"x\"}", NUL, NULL, &bytes, NULL, error);
  return drop(result, bytes);
}

static void transcoding(void **state) {
  (void)state;
  static const struct operation kOperations[] = {
      {"pygrpc_json_to_binary", encode, ALLOCATOR_THIS_THREAD, true, false},
      {"pygrpc_binary_to_json", decode, ALLOCATOR_THIS_THREAD, true, false},
      {"a field that is unknown", refuse_json, ALLOCATOR_THIS_THREAD, true, false}};
  run(kOperations, COUNT_OF(kOperations));
}

/* ---- Blocking calls
 * ----------------------------------------------------------------------------*/

static int32_t call_unary(struct trial *trial, pygrpc_error **error) {
  char *response = NULL;
  const int32_t result = pygrpc_unary_unary(trial->client, "SayHello", "{\"name\": \"you\"}", NUL,
                                            NULL, &response, NULL, error);
  return drop(result, response);
}

static int32_t call_unknown(struct trial *trial, pygrpc_error **error) {
  char *response = NULL;
  const int32_t result =
      pygrpc_unary_unary(trial->client, "SayHelo", "{}", NUL, NULL, &response, NULL, error);
  return drop(result, response);
}

/* The whole of a stream. */
static int32_t call_stream(struct trial *trial, const char *method, int32_t cardinality,
                           pygrpc_error **error) {
  const bool writes = cardinality >= PYGRPC_STREAM_UNARY;
  pygrpc_stream *stream = NULL;
  int32_t result = pygrpc_stream_open(trial->client, method, cardinality, writes ? NULL : "{}",
                                      writes ? 0 : NUL, NULL, NULL, &stream, error);
  if (result == PYGRPC_OK && writes) {
    result = pygrpc_stream_write(stream, "{\"number\": 1}", NUL, -1, error);
    if (result == PYGRPC_OK) result = pygrpc_stream_half_close(stream, error);
  }
  while (result == PYGRPC_OK) {
    char *text = NULL;
    result = pygrpc_stream_read(stream, -1, &text, NULL, error);
    pygrpc_free(text);
  }
  pygrpc_stream_free(stream);
  return result;
}

static int32_t unary_stream(struct trial *trial, pygrpc_error **error) {
  return call_stream(trial, "SayHelloStreamReply", PYGRPC_UNARY_STREAM, error);
}

static int32_t stream_unary(struct trial *trial, pygrpc_error **error) {
  return call_stream(trial, "Collect", PYGRPC_STREAM_UNARY, error);
}

static int32_t stream_stream(struct trial *trial, pygrpc_error **error) {
  return call_stream(trial, "Exchange", PYGRPC_STREAM_STREAM, error);
}

static void blocking_calls(void **state) {
  (void)state;
  static const struct operation kOperations[] = {
      {"pygrpc_unary_unary", call_unary, ALLOCATOR_THIS_THREAD, true, false},
      {"pygrpc_unary_stream", unary_stream, ALLOCATOR_THIS_THREAD, true, false},
      {"pygrpc_stream_unary", stream_unary, ALLOCATOR_THIS_THREAD, true, false},
      {"pygrpc_stream_stream", stream_stream, ALLOCATOR_THIS_THREAD, true, false},
      {"an unknown method", call_unknown, ALLOCATOR_THIS_THREAD, true, false}};
  run(kOperations, COUNT_OF(kOperations));
}

/* ---- Asynchronous calls
 * ------------------------------------------------------------------------*/

/* Takes the one event that is to come, even if a poll found no memory; its code. */
static int32_t take_event(pygrpc_queue *queue, uint64_t tag) {
  for (;;) {
    pygrpc_event *event = NULL;
    size_t count = 0;
    pygrpc_error *error = NULL;
    const int32_t result = pygrpc_queue_poll(queue, 60000, &event, 1, &count, &error);
    if (result == PYGRPC_E_NO_MEMORY) {
      assert_int_equal(count, 0);
      pygrpc_error_free(error);
      stop();
      continue;
    }
    expect_code(result, PYGRPC_OK, error);
    assert_int_equal(count, 1);
    assert_int_equal(pygrpc_event_tag(event), tag);
    const int32_t code = pygrpc_event_code(event);
    if (code < 0) check_error(code, code, pygrpc_event_error(event));
    pygrpc_event_free(event);
    return code;
  }
}

/* The whole of a call on a queue: what was accepted becomes an event. */
static int32_t call_async(struct trial *trial, const char *method, int32_t cardinality,
                          pygrpc_error **error) {
  const bool writes = cardinality >= PYGRPC_STREAM_UNARY;
  pygrpc_queue *queue = NULL;
  pygrpc_stream *stream = NULL;
  int32_t result = pygrpc_queue_new(&queue, error);
  if (result == PYGRPC_OK && trial->pipe[1] >= 0) {
    result = pygrpc_queue_set_fd(queue, trial->pipe[1], error);
  }
  if (result == PYGRPC_OK) {
    result = pygrpc_stream_open(trial->client, method, cardinality, writes ? NULL : "{}",
                                writes ? 0 : NUL, NULL, queue, &stream, error);
  }
  if (result == PYGRPC_OK && writes) {
    result = pygrpc_stream_write_async(stream, "{\"number\": 1}", NUL, 1, error);
    if (result == PYGRPC_OK) result = take_event(queue, 1);
    if (result == PYGRPC_OK) result = pygrpc_stream_half_close(stream, error);
  }
  while (result == PYGRPC_OK) {
    result = pygrpc_stream_read_async(stream, 2, error);
    if (result == PYGRPC_OK) result = take_event(queue, 2);
  }
  pygrpc_stream_free(stream);
  pygrpc_queue_free(queue);
  return result;
}

static int32_t async_unary_unary(struct trial *trial, pygrpc_error **error) {
  return call_async(trial, "SayHello", PYGRPC_UNARY_UNARY, error);
}

static int32_t async_unary_stream(struct trial *trial, pygrpc_error **error) {
  return call_async(trial, "SayHelloStreamReply", PYGRPC_UNARY_STREAM, error);
}

static int32_t async_stream_unary(struct trial *trial, pygrpc_error **error) {
  return call_async(trial, "Collect", PYGRPC_STREAM_UNARY, error);
}

static int32_t async_stream_stream(struct trial *trial, pygrpc_error **error) {
  return call_async(trial, "Exchange", PYGRPC_STREAM_STREAM, error);
}

static void asynchronous_calls(void **state) {
  (void)state;
  static const struct operation kOperations[] = {
      {"unary_unary on a queue", async_unary_unary, ALLOCATOR_THIS_THREAD, true, false},
      {"unary_stream on a queue", async_unary_stream, ALLOCATOR_THIS_THREAD, true, false},
      {"stream_unary on a queue", async_stream_unary, ALLOCATOR_THIS_THREAD, true, false},
      {"stream_stream on a queue", async_stream_stream, ALLOCATOR_THIS_THREAD, true, false}};
  run(kOperations, COUNT_OF(kOperations));
}

/* The same where a thread of the library takes the completions. */
static void asynchronous_calls_of_an_event_loop(void **state) {
  (void)state;
  static const struct operation kOperations[] = {
      {"unary_unary with an fd", async_unary_unary, ALLOCATOR_ALL_THREADS, true, true},
      {"unary_stream with an fd", async_unary_stream, ALLOCATOR_ALL_THREADS, true, true},
      {"stream_unary with an fd", async_stream_unary, ALLOCATOR_ALL_THREADS, true, true},
      {"stream_stream with an fd", async_stream_stream, ALLOCATOR_ALL_THREADS, true, true}};
  run(kOperations, COUNT_OF(kOperations));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(clients_and_their_options),
      cmocka_unit_test(loading),
      cmocka_unit_test(transcoding),
      cmocka_unit_test(blocking_calls),
      cmocka_unit_test(asynchronous_calls),
      cmocka_unit_test(asynchronous_calls_of_an_event_loop),
  };
  const char *only = getenv("PYGRPC_TEST_FILTER");
  if (only != NULL) cmocka_set_test_filter(only);
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
