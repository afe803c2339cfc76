/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Processes that fork. This process itself never calls a server: each scene is played by a child of
 * its own, which is as fresh as this one. */

#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

/* In a child, a check that fails ends it with the line's number on the standard error. */
#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      fflush(stderr);                                                 \
      _exit(1);                                                       \
    }                                                                 \
  } while (0)

static bool ended_well(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) continue;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Plays a scene in a child, which gets no longer than this to the end of it. */
static pid_t play(void (*scene)(void)) {
  fflush(NULL);
  const pid_t child = fork();
  if (child == 0) {
    alarm((unsigned)(120 * time_factor()));
    scene();
    _exit(0);
  }
  return child;
}

static void greet(void) {
  char *response = NULL;
  pygrpc_error *error = NULL;
  const char *options = format("{\"timeout\": %d}", 60 * time_factor());
  const int32_t result = pygrpc_unary_unary(shared_client, "SayHello", "{\"name\": \"you\"}", NUL,
                                            options, &response, NULL, &error);
  if (result != PYGRPC_OK) fprintf(stderr, "%s\n", pygrpc_error_message(error));
  CHECK(result == PYGRPC_OK);
  CHECK(strcmp(response, "{\"message\":\"Hello, you!\"}") == 0);
  pygrpc_free(response);
}

static void expect_forked(int32_t result, pygrpc_error **error) {
  CHECK(result == PYGRPC_E_FORKED);
  CHECK(pygrpc_error_code(*error) == PYGRPC_E_FORKED);
  CHECK(strstr(pygrpc_error_message(*error), "fork") != NULL);
  pygrpc_error_free(*error);
  *error = NULL;
}

/* What a client without I/O can still do. */
static void use_the_schema(void) {
  char *bytes = NULL;
  size_t size = 0;
  CHECK(pygrpc_json_to_binary(shared_client, "helloworld.HelloRequest", "{\"name\": \"a\"}", NUL,
                              NULL, &bytes, &size, NULL) == PYGRPC_OK);
  CHECK(size == 3);
  pygrpc_free(bytes);
  int32_t cardinality = 0;
  CHECK(pygrpc_method_cardinality(shared_client, "RouteChat", &cardinality, NULL) == PYGRPC_OK);
  CHECK(cardinality == PYGRPC_STREAM_STREAM);
  CHECK(pygrpc_load_proto(shared_client, "child.proto", "syntax = \"proto3\"; message C {}", NUL,
                          NULL) == PYGRPC_OK);
}

/* ---- Load, then fork
 * ---------------------------------------------------------------------------*/

static void call_all(void) {
  greet();
  pygrpc_stream *stream = NULL;
  CHECK(pygrpc_unary_stream(shared_client, "SayHelloStreamReply", "{}", NUL, NULL, &stream, NULL) ==
        0);
  char *message = NULL;
  for (int i = 0; i < 5; i++) {
    CHECK(pygrpc_stream_read(stream, -1, &message, NULL, NULL) == PYGRPC_OK);
    pygrpc_free(message);
  }
  CHECK(pygrpc_stream_read(stream, -1, &message, NULL, NULL) == PYGRPC_END);
  pygrpc_stream_free(stream);
}

static void load_then_fork(void **state) {
  (void)state;
  pid_t children[4];
  for (size_t i = 0; i < COUNT_OF(children); i++) children[i] = play(call_all);
  for (size_t i = 0; i < COUNT_OF(children); i++) assert_true(ended_well(children[i]));
}

/* Failing before any I/O is no use of gRPC. */
static void fail_then_fork_scene(void) {
  char *response = NULL;
  CHECK(pygrpc_unary_unary(shared_client, "SayHelo", "{}", NUL, NULL, &response, NULL, NULL) ==
        PYGRPC_E_NOT_FOUND);
  CHECK(pygrpc_unary_unary(shared_client, "SayHello", "{", NUL, NULL, &response, NULL, NULL) ==
        PYGRPC_E_JSON);
  CHECK(pygrpc_unary_unary(shared_client, "RouteChat", "{}", NUL, NULL, &response, NULL, NULL) ==
        PYGRPC_E_CARDINALITY);
  CHECK(ended_well(play(call_all)));
}

static void fail_then_fork(void **state) {
  (void)state;
  assert_true(ended_well(play(fail_then_fork_scene)));
}

/* ---- Use, then fork
 * ----------------------------------------------------------------------------*/

static pygrpc_stream *parents_stream, *parents_counting;
static pygrpc_queue *parents_queue, *parents_queue_with_fd;

static void a_forked_child(void) {
  char *text = NULL;
  pygrpc_stream *stream = NULL;
  pygrpc_error *error = NULL;
  const int64_t start = now_ms();
  expect_forked(pygrpc_unary_unary(shared_client, "SayHello", "{}", NUL, NULL, &text, NULL, &error),
                &error);
  expect_forked(
      pygrpc_unary_stream(shared_client, "SayHelloStreamReply", "{}", NUL, NULL, &stream, &error),
      &error);
  expect_forked(pygrpc_stream_unary(shared_client, "RecordRoute", NULL, &stream, &error), &error);
  expect_forked(pygrpc_stream_stream(shared_client, "RouteChat", NULL, &stream, &error), &error);
  expect_forked(
      pygrpc_stream_open(shared_client, "SayHello", 0, "{}", NUL, NULL, NULL, &stream, &error),
      &error);
  expect_forked(pygrpc_client_wait_ready(shared_client, -1, &error), &error);
  int32_t channel = 0;
  expect_forked(pygrpc_client_state(shared_client, &channel, &error), &error);
  expect_forked(pygrpc_load(shared_client, "reflection", NULL, &error), &error);
  expect_forked(pygrpc_health(shared_client, NULL, NULL, &text, NULL, &error), &error);
  expect_forked(pygrpc_health_watch(shared_client, NULL, NULL, NULL, &stream, &error), &error);

  /* the parent's stream */
  expect_forked(pygrpc_stream_read(parents_stream, -1, &text, NULL, &error), &error);
  expect_forked(pygrpc_stream_write(parents_stream, "{}", NUL, -1, &error), &error);
  expect_forked(pygrpc_stream_half_close(parents_stream, &error), &error);
  expect_forked(pygrpc_stream_headers(parents_stream, -1, &text, NULL, &error), &error);
  expect_forked(pygrpc_stream_trailers(parents_stream, -1, &text, NULL, &error), &error);
  expect_forked(pygrpc_stream_info(parents_stream, -1, &text, NULL, &error), &error);

  /* the parent's queues, and one of its own */
  pygrpc_queue *const queues[] = {parents_queue, parents_queue_with_fd};
  for (size_t i = 0; i < COUNT_OF(queues); i++) {
    pygrpc_event *event = NULL;
    size_t count = 0;
    expect_forked(pygrpc_queue_poll(queues[i], -1, &event, 1, &count, &error), &error);
    expect_forked(pygrpc_stream_open(shared_client, "SayHello", 0, "{}", NUL, NULL, queues[i],
                                     &stream, &error),
                  &error);
  }
  expect_forked(pygrpc_stream_read_async(parents_counting, 2, &error), &error);
  pygrpc_queue *own = NULL;
  CHECK(pygrpc_queue_new(&own, NULL) == PYGRPC_OK);
  expect_forked(
      pygrpc_stream_open(shared_client, "SayHello", 0, "{}", NUL, NULL, own, &stream, &error),
      &error);
  pygrpc_queue_free(own);
  CHECK(text == NULL && stream == NULL);

  /* a new client is no way round */
  pygrpc_client *other = NULL;
  CHECK(pygrpc_client_new(shared_server.target, NULL, &other, NULL) == PYGRPC_OK);
  CHECK(pygrpc_load_client(other, shared_client, NULL) == PYGRPC_OK);
  expect_forked(pygrpc_unary_unary(other, "SayHello", "{}", NUL, NULL, &text, NULL, &error),
                &error);
  pygrpc_client_free(other);
  CHECK(pygrpc_client_new(shared_server.target, NULL, &other, NULL) == PYGRPC_OK);
  expect_forked(pygrpc_services(other, &text, NULL, &error), &error); /* it has to ask for them */
  pygrpc_client_free(other);

  use_the_schema();
  pygrpc_stream_cancel(parents_stream, NULL);
  pygrpc_stream_free(parents_stream);
  pygrpc_stream_free(parents_counting);
  pygrpc_queue_free(parents_queue);
  pygrpc_queue_free(parents_queue_with_fd);
  pygrpc_client_free(shared_client);
  CHECK(now_ms() - start < 60000 * time_factor());
}

static void expect_count(pygrpc_queue *queue, const char *message) {
  pygrpc_event *event = NULL;
  size_t count = 0;
  CHECK(pygrpc_queue_poll(queue, -1, &event, 1, &count, NULL) == PYGRPC_OK);
  CHECK(strcmp(pygrpc_event_message(event, NULL), message) == 0);
  pygrpc_event_free(event);
}

static void use_then_fork_scene(void) {
  greet();
  int ends[2];
  CHECK(pipe(ends) == 0);
  CHECK(pygrpc_queue_new(&parents_queue, NULL) == PYGRPC_OK);
  CHECK(pygrpc_queue_new(&parents_queue_with_fd, NULL) == PYGRPC_OK);
  CHECK(pygrpc_queue_set_fd(parents_queue_with_fd, ends[1], NULL) == PYGRPC_OK);
  CHECK(pygrpc_stream_open(shared_client, "CountForever", 0, "{\"interval\": \"0.01s\"}", NUL, NULL,
                           parents_queue, &parents_counting, NULL) == PYGRPC_OK);
  CHECK(pygrpc_stream_read_async(parents_counting, 1, NULL) == PYGRPC_OK);
  CHECK(pygrpc_stream_stream(shared_client, "SayHelloBidiStream", NULL, &parents_stream, NULL) ==
        0);
  CHECK(pygrpc_stream_write(parents_stream, "{\"name\": \"1\"}", NUL, -1, NULL) == PYGRPC_OK);
  for (int i = 0; i < 3; i++) {
    CHECK(ended_well(play(a_forked_child)));
    /* The parent goes on: its streams have lost nothing, and calls go through. */
    greet();
  }
  expect_count(parents_queue, "{\"number\":\"1\"}");
  CHECK(pygrpc_stream_read_async(parents_counting, 2, NULL) == PYGRPC_OK);
  expect_count(parents_queue, "{\"number\":\"2\"}");
  pygrpc_stream_free(parents_counting);
  pygrpc_queue_free(parents_queue);
  pygrpc_queue_free(parents_queue_with_fd);
  char *message = NULL;
  CHECK(pygrpc_stream_read(parents_stream, -1, &message, NULL, NULL) == PYGRPC_OK);
  CHECK(strcmp(message, "{\"message\":\"Hello, 1!\"}") == 0);
  pygrpc_free(message);
  CHECK(pygrpc_stream_half_close(parents_stream, NULL) == PYGRPC_OK);
  CHECK(pygrpc_stream_read(parents_stream, -1, &message, NULL, NULL) == PYGRPC_END);
  pygrpc_stream_free(parents_stream);
}

static void use_then_fork(void **state) {
  (void)state;
  assert_true(ended_well(play(use_then_fork_scene)));
}

static void wait_then_fork_child(void) {
  char *text = NULL;
  pygrpc_error *error = NULL;
  expect_forked(pygrpc_unary_unary(shared_client, "SayHello", "{}", NUL, NULL, &text, NULL, &error),
                &error);
}

static void wait_then_fork_scene(void) {
  CHECK(pygrpc_client_wait_ready(shared_client, 60000, NULL) == PYGRPC_OK);
  CHECK(ended_well(play(wait_then_fork_child)));
  greet();
}

/* Waiting for a channel is a use, too. */
static void wait_then_fork(void **state) {
  (void)state;
  assert_true(ended_well(play(wait_then_fork_scene)));
}

/* ---- exit() in a child
 * -------------------------------------------------------------------------*/

static void exit_at_once(void) { exit(0); }

static void exit_scene(void) {
  greet();
  CHECK(ended_well(play(exit_at_once)));
  greet();
}

static void a_forked_child_exits(void **state) {
  (void)state;
  assert_true(ended_well(play(exit_scene)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(load_then_fork),       cmocka_unit_test(fail_then_fork),
      cmocka_unit_test(use_then_fork),        cmocka_unit_test(wait_then_fork),
      cmocka_unit_test(a_forked_child_exits),
  };
  return cmocka_run_group_tests(tests, start_shared_client, stop_shared_client);
}
