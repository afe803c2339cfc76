/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A process that may open no more files: what needs one says so, nothing crashes, spins or waits
 * for ever, and it all works again once there are files to open. Each scene runs in a process of
 * its own. */

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "storm.h"

/* ---- In the scenes' processes
 * ------------------------------------------------------------------
 * They end with 0 if all went as it should. */

#define check(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                        \
    }                                                                 \
  } while (0)

static const char *target;
static rlim_t files_before;

/* From now on no file can be opened: not even what is closed leaves a number free. */
static void take_files(void) {
  struct rlimit limit;
  check(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  files_before = limit.rlim_cur;
  limit.rlim_cur = 0;
  check(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  check(open("/dev/null", O_RDONLY) < 0);
}

static void give_files(void) {
  struct rlimit limit;
  check(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = files_before;
  check(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static double cpu_seconds(void) {
  struct rusage used;
  check(getrusage(RUSAGE_SELF, &used) == 0);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static pygrpc_client *scene_client(void) {
  pygrpc_client *client = NULL;
  char options[600];
  snprintf(options, sizeof options, "{\"proto_path\": [\"%s\"], \"timeout\": 60}",
           getenv("PYGRPC_TEST_PROTOS"));
  check(pygrpc_client_new(target, options, &client, NULL) == PYGRPC_OK);
  return client;
}

static void load_helloworld(pygrpc_client *client) {
  check(pygrpc_load(client, "helloworld.proto", NULL, NULL) == PYGRPC_OK);
}

static int32_t say_hello(pygrpc_client *client, const char *options, pygrpc_error **error) {
  char *response = NULL;
  const int32_t result =
      pygrpc_unary_unary(client, "SayHello", "{}", NUL, options, &response, NULL, error);
  pygrpc_free(response);
  return result;
}

/* Calls until one succeeds: gRPC waits a while before it connects again. */
static void expect_recovery(pygrpc_client *client) {
  const int64_t start = now_ms();
  while (say_hello(client, "{\"wait_for_ready\": true, \"timeout\": 5}", NULL) != PYGRPC_OK) {
    check(now_ms() - start < 60000);
  }
}

/* A call that cannot connect says why, and does not spin until it does. */
static void expect_too_many_files(pygrpc_client *client, const char *options, const char *words) {
  pygrpc_error *error = NULL;
  const double cpu = cpu_seconds();
  const int32_t result = say_hello(client, options, &error);
  check(strstr(pygrpc_error_message(error), words) != NULL);
  check(result == PYGRPC_E_STATUS);
  check(cpu_seconds() - cpu < 0.5 * time_factor());
  pygrpc_error_free(error);
}

/* gRPC cannot start. */
static void expect_no_start(int32_t result, pygrpc_error **error) {
  check(result == PYGRPC_E_STATE);
  check(strstr(pygrpc_error_message(*error), "Too many open files") != NULL);
  pygrpc_error_free(*error);
  *error = NULL;
}

/* gRPC has never been used: it would end the process if it were to start now. */
static void before_the_first_call(void) {
  pygrpc_client *client = scene_client();
  load_helloworld(client);
  pygrpc_queue *queue = NULL;
  pygrpc_event *event = NULL;
  pygrpc_error *error = NULL;
  size_t count = 0;
  take_files();
  expect_no_start(say_hello(client, NULL, &error), &error);
  expect_no_start(pygrpc_client_wait_ready(client, 0, &error), &error);
  check(pygrpc_queue_new(&queue, NULL) == PYGRPC_OK);
  expect_no_start(pygrpc_queue_poll(queue, 0, &event, 1, &count, &error), &error);
  give_files();
  check(pygrpc_queue_poll(queue, 0, &event, 1, &count, NULL) == PYGRPC_PENDING);
  check(say_hello(client, NULL, NULL) == PYGRPC_OK);
  pygrpc_queue_free(queue);
  pygrpc_client_free(client);
}

static void another_connection(void) {
  pygrpc_client *client = scene_client();
  load_helloworld(client);
  check(say_hello(client, NULL, NULL) == PYGRPC_OK);
  pygrpc_client *other = NULL;
  const char *options = "{\"channel_arguments\": {\"grpc.max_reconnect_backoff_ms\": 1000}}";
  take_files();
  check(pygrpc_client_new(target, options, &other, NULL) == PYGRPC_OK);
  check(pygrpc_load_client(other, client, NULL) == PYGRPC_OK);
  expect_too_many_files(other, "{\"timeout\": 60}", "Too many open files");
  expect_too_many_files(other, "{\"timeout\": 2, \"wait_for_ready\": true}", "connection");
  /* What is connected goes on. */
  for (int i = 0; i < 100; i++) check(say_hello(client, NULL, NULL) == PYGRPC_OK);
  give_files();
  expect_recovery(other);
  pygrpc_client_free(other);
  pygrpc_client_free(client);
}

static void schemas(void) {
  pygrpc_client *client = scene_client();
  pygrpc_error *error = NULL;
  take_files();
  check(pygrpc_load(client, "helloworld.proto", NULL, &error) == PYGRPC_E_SCHEMA);
  check(strstr(pygrpc_error_message(error), "Too many open files") != NULL);
  pygrpc_error_free(error);
  give_files();
  load_helloworld(client);
  check(say_hello(client, NULL, NULL) == PYGRPC_OK);
  pygrpc_client_free(client);
}

/* Queues need none, but for the fd that is the caller's. */
static void queues(void) {
  pygrpc_client *client = scene_client();
  load_helloworld(client);
  check(say_hello(client, NULL, NULL) == PYGRPC_OK);
  int ends[2];
  check(pipe(ends) == 0);
  take_files();
  for (int with_fd = 0; with_fd < 2; with_fd++) {
    pygrpc_queue *queue = NULL;
    check(pygrpc_queue_new(&queue, NULL) == PYGRPC_OK);
    if (with_fd == 1) check(pygrpc_queue_set_fd(queue, ends[1], NULL) == PYGRPC_OK);
    pygrpc_stream *stream = NULL;
    check(pygrpc_stream_open(client, "SayHello", PYGRPC_ANY_CARDINALITY, "{}", NUL, NULL, queue,
                             &stream, NULL) == PYGRPC_OK);
    check(pygrpc_stream_read_async(stream, 7, NULL) == PYGRPC_OK);
    pygrpc_event *event = NULL;
    size_t count = 0;
    check(pygrpc_queue_poll(queue, 30000, &event, 1, &count, NULL) == PYGRPC_OK);
    check(pygrpc_event_code(event) == PYGRPC_OK && pygrpc_event_tag(event) == 7);
    pygrpc_event_free(event);
    pygrpc_stream_free(stream);
    pygrpc_queue_free(queue);
  }
  pygrpc_client_free(client);
}

static void (*const kScenes[])(void) = {before_the_first_call, another_connection, schemas, queues};

/* ---- The tests
 * ---------------------------------------------------------------------------------*/

static const char *program; /* this one's path */

static void run_scene(int number) {
  const char *const command[] = {program, format("%d", number), shared_server.target, NULL};
  const int64_t start = now_ms();
  assert_int_equal(run_program(command), 0);
  assert_within(start, 60000);
}

static void no_files_before_the_first_call(void **state) {
  (void)state;
  run_scene(0);
}

static void no_files_for_another_connection(void **state) {
  (void)state;
  run_scene(1);
}

static void no_files_for_schemas(void **state) {
  (void)state;
  run_scene(2);
}

static void no_files_for_queues(void **state) {
  (void)state;
  run_scene(3);
}

/* With a number as argument this program is one of the scenes. */
int main(int argc, char **argv) {
  program = argv[0];
  if (argc == 3) {
    target = argv[2];
    kScenes[atoi(argv[1])]();
    return 0;
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_files_before_the_first_call),
      cmocka_unit_test(no_files_for_another_connection),
      cmocka_unit_test(no_files_for_schemas),
      cmocka_unit_test(no_files_for_queues),
  };
  return cmocka_run_group_tests(tests, start_shared_server, stop_shared_server);
}
