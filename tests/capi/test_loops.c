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

/* Runs a step so many times, after as many times as it needs to fill its caches. What it leaves may
 * not be so much that it comes of a leak of every 10th step. */
static void run_flat(void (*step)(int round), int warm_up, int count) {
  warm_up = rounds(warm_up);
  count = rounds(count);
  for (int i = 0; i < warm_up; i++) step(i);
  const struct footprint before = footprint();
  for (int i = 0; i < count; i++) step(warm_up + i);
  struct footprint after = footprint();
  /* What gRPC does behind, it may still be doing. */
  for (const int64_t start = now_ms();
       (after.files > before.files || after.threads > before.threads) && now_ms() - start < 5000;
       after = footprint()) {
    pause_ms(10);
  }
  print_message("# %d rounds: heap %zu -> %zu, files %d -> %d, threads %d -> %d\n", count,
                before.heap, after.heap, before.files, after.files, before.threads, after.threads);
  assert_true(after.files <= before.files);
  assert_true(after.threads <= before.threads + 2); /* gRPC's own pool breathes */
  assert_true(after.heap < before.heap + 64 * 1024 + (size_t)count * 8);
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

static void long_stream(void **state) {
  (void)state;
  pygrpc_stream *stream = open_stream(shared_client, "EchoPayloads", NULL, NULL);
  char *payload = payload_json(100);
  struct footprint before = {0, 0, 0};
  const int count = rounds(10000);
  for (int i = 0; i < count; i++) {
    if (i == count / 10) before = footprint();
    write_message(stream, payload);
    pygrpc_free(read_message(stream));
  }
  assert_true(footprint().heap < before.heap + 64 * 1024);
  half_close(stream);
  expect_end(stream);
  pygrpc_stream_free(stream);
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
