/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is done ten thousand times costs no more at the end than at the start: no memory, no file
 * descriptor, no thread stays behind. */

#include <malloc.h>

#include "harness.h"

/* Under valgrind and the sanitizers fewer rounds; there, a leak of one round is found by itself. */
static int rounds(int count) { return time_factor() > 1 ? count / 20 : count; }

struct footprint {
  size_t heap;
  int files;
  int threads;
};

static struct footprint footprint(void) {
  const struct mallinfo2 heap = mallinfo2();
  return (struct footprint){heap.uordblks + heap.hblkhd, count_open_files(), count_threads()};
}

/* gRPC's own pools breathe, the more the slower its threads get to run. */
enum { kOfPools = 16 };

/* Runs a step `count` times; false if the heap has more after it than a leak of every 10th step
 * would leave. */
static bool stays_flat(void (*step)(int round), int first, int count) {
  const struct footprint before = footprint();
  for (int i = 0; i < count; i++) step(first + i);
  struct footprint after = footprint();
  /* What gRPC does behind, it may still be doing. */
  const int64_t start = now_ms();
  while (after.files > before.files || after.threads > before.threads + kOfPools) {
    assert_within(start, 60000);
    pause_ms(10);
    after = footprint();
  }
  print_message("# %d rounds: heap %zu -> %zu, files %d -> %d, threads %d -> %d\n", count,
                before.heap, after.heap, before.files, after.files, before.threads, after.threads);
  return after.heap < before.heap + 64 * 1024 + (size_t)count * 8;
}

/* Runs a step so many times, after as many times as it needs to fill its caches. What gRPC reads
 * into may be large at the moment that the heap is looked at; a leak grows each time. */
static void run_flat(void (*step)(int round), int warm_up, int count) {
  warm_up = rounds(warm_up);
  count = rounds(count);
  for (int i = 0; i < warm_up; i++) step(i);
  bool flat = false;
  for (int part = 0; !flat && part < 3; part++) {
    flat = stays_flat(step, warm_up + part * count, count);
  }
  assert_true(flat);
}

static void unary_step(int round) {
  (void)round;
  pygrpc_free(call(shared_client, "SayHello", "{\"name\": \"you\"}", NULL));
}

static void unary_calls(void **state) {
  (void)state;
  run_flat(unary_step, 1000, 10000);
}

/* Options that differ with every call must not be kept. */
static void options_step(int round) {
  pygrpc_free(call(shared_client, "SayHello", "{}",
                   format("{\"timeout\": \"%dms\", \"metadata\": {\"x-request-id\": \"%d\"}}",
                          20000 + round, round)));
}

static void ever_new_options(void **state) {
  (void)state;
  run_flat(options_step, 2000, 10000);
}

static void failing_step(int round) {
  char *response = NULL;
  pygrpc_error *error = NULL;
  int32_t result;
  switch (round % 5) {
    case 0:
      result = pygrpc_unary_unary(shared_client, "SayHello", "{\"name\": [", NUL, NULL, &response,
                                  NULL, &error);
      expect_error(result, PYGRPC_E_JSON, &error, "");
      break;
    case 1:
      result = pygrpc_unary_unary(shared_client, format("Unknown%d", round), "{}", NUL, NULL,
                                  &response, NULL, &error);
      expect_error(result, PYGRPC_E_NOT_FOUND, &error, "Unknown");
      break;
    case 2:
      result =
          pygrpc_unary_unary(shared_client, "RouteChat", "{}", NUL, NULL, &response, NULL, &error);
      expect_error(result, PYGRPC_E_CARDINALITY, &error, "");
      break;
    case 3:
      result = pygrpc_unary_unary(shared_client, "SayHello", "{}", NUL,
                                  format("{\"bad%d\": 1}", round), &response, NULL, &error);
      expect_error(result, PYGRPC_E_OPTION, &error, "bad");
      break;
    default:
      result = pygrpc_unary_unary(shared_client, "ReturnStatus",
                                  "{\"code\": 5, \"standardDetails\": [\"ERROR_INFO\"]}", NUL, NULL,
                                  &response, NULL, &error);
      expect_error(result, PYGRPC_E_STATUS, &error, "");
  }
}

static void failing_calls(void **state) {
  (void)state;
  run_flat(failing_step, 1000, 10000);
}

static void stream_step(int round) {
  pygrpc_stream *stream = open_stream(shared_client, "SayHelloBidiStream", NULL, NULL);
  write_message(stream, "{\"name\": \"you\"}");
  if (round % 3 != 0) pygrpc_free(read_message(stream));
  if (round % 3 == 1) {
    half_close(stream);
    expect_end(stream);
  }
  pygrpc_stream_free(stream);
}

static void streams(void **state) {
  (void)state;
  run_flat(stream_step, 1000, 10000);
}

static pygrpc_stream *echo;
static char *payload;

static void message_step(int round) {
  (void)round;
  write_message(echo, payload);
  pygrpc_free(read_message(echo));
}

static void long_stream(void **state) {
  (void)state;
  echo = open_stream(shared_client, "EchoPayloads", NULL, NULL);
  payload = payload_json(100);
  run_flat(message_step, 1000, 9000);
  half_close(echo);
  expect_end(echo);
  pygrpc_stream_free(echo);
  free(payload);
}

static void conversion_step(int round) {
  char *bytes = NULL, *json = NULL;
  size_t size = 0;
  pygrpc_error *error = NULL;
  expect_ok(
      pygrpc_json_to_binary(shared_client, "helloworld.HelloRequest",
                            format("{\"name\": \"%d\"}", round), NUL, NULL, &bytes, &size, &error),
      error);
  expect_ok(pygrpc_binary_to_json(shared_client, "helloworld.HelloRequest", bytes, size, NULL,
                                  &json, NULL, &error),
            error);
  pygrpc_free(bytes);
  pygrpc_free(json);
}

static void conversions(void **state) {
  (void)state;
  run_flat(conversion_step, 1000, 10000);
}

/* A client that loads, calls, and goes. */
static void client_step(int round) {
  (void)round;
  pygrpc_client *other = new_client(shared_server.target, NULL);
  load(other, "helloworld.proto");
  pygrpc_free(call(other, "SayHello", "{}", NULL));
  pygrpc_client_free(other);
}

static void clients(void **state) {
  (void)state;
  run_flat(client_step, 200, 1000);
}

static void load_step(int round) {
  pygrpc_client *other = new_client(NULL, NULL);
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_load_proto(other, "a.proto", "syntax = \"proto3\"; message A { A a = 1; }", NUL,
                              &error),
            error);
  expect_error(pygrpc_load_proto(other, "b.proto", "syntax = \"proto3\"; message B { X x = 1; }",
                                 NUL, &error),
               PYGRPC_E_SCHEMA, &error, "X");
  if (round % 2 == 0) load(other, "route_guide.proto");
  pygrpc_client_free(other);
}

static void loads(void **state) {
  (void)state;
  run_flat(load_step, 200, 2000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unary_calls),   cmocka_unit_test(ever_new_options),
      cmocka_unit_test(failing_calls), cmocka_unit_test(streams),
      cmocka_unit_test(long_stream),   cmocka_unit_test(conversions),
      cmocka_unit_test(clients),       cmocka_unit_test(loads),
  };
  return cmocka_run_group_tests(tests, start_shared_client, stop_shared_client);
}
