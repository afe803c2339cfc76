/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The log: what it says at which level, where it goes, and what it never says. */

#include <fcntl.h>
#include <unistd.h>

#include "harness.h"

static const char *directory;

static int set_up(void **state) {
  start_shared_server(state);
  unsetenv("PYGRPC_LOG");
  return 0;
}

static int make_place(void **state) {
  (void)state;
  directory = make_directory();
  return 0;
}

static int remove_place(void **state) {
  (void)state;
  remove_directory(directory);
  return 0;
}

static const char *log_path(void) { return path_in(directory, "log"); }

static char *read_log(void) {
  size_t size = 0;
  return read_file(log_path(), &size);
}

static int count_of(const char *text, const char *part) {
  int count = 0;
  while ((text = strstr(text, part)) != NULL) {
    count++;
    text += strlen(part);
  }
  return count;
}

/* One call that goes well and one that fails. */
static void call_twice(pygrpc_client *client) {
  char *reply = call(client, "SayHello", "{\"name\": \"you\"}", NULL);
  pygrpc_free(reply);
  pygrpc_error *error = NULL;
  check_error(pygrpc_unary_unary(client, "ReturnStatus", "{\"code\": 5, \"message\": \"hush\"}",
                                 NUL, NULL, &reply, NULL, &error),
              PYGRPC_E_STATUS, error);
  pygrpc_error_free(error);
}

static void what_a_line_says(void **state) {
  (void)state;
  pygrpc_client *client = test_client(format("{\"log\": {\"file\": \"%s\"}}", log_path()));
  call_twice(client);
  pygrpc_client_free(client);
  char *log = read_log();
  assert_int_equal(count_of(log, "\n"), 2);
  assert_int_equal(strncmp(log, "time=20", 7), 0);
  assert_contains(log, "Z level=info event=call method=/helloworld.Greeter/SayHello target=");
  assert_contains(log, format(" target=%s peer=ipv4:%s status=OK duration_ms=",
                              shared_server.target, shared_server.target));
  assert_contains(log, " messages_sent=1 messages_received=1 bytes_sent=5 bytes_received=13\n");
  assert_contains(log, " level=error event=call method=/pygrpc.test.Test/ReturnStatus target=");
  assert_contains(log, " status=NOT_FOUND duration_ms=");
  assert_contains(log, " messages_sent=1 messages_received=0 ");
  free(log);
}

static void levels(void **state) {
  (void)state;
  static const struct {
    const char *level;
    int failed, good, starts, loads, clients;
  } kLevels[] = {
      {"off", 0, 0, 0, 0, 0},
      {"error", 1, 0, 0, 0, 0},
      {"info", 1, 1, 0, 0, 0},
      {"debug", 1, 1, 2, 1, 1},
  };
  for (size_t i = 0; i < COUNT_OF(kLevels); i++) {
    write_file(directory, "log", "");
    pygrpc_client *client =
        test_client(format("{\"log\": \"%s:%s\"}", kLevels[i].level, log_path()));
    load(client, "helloworld.proto");
    call_twice(client);
    pygrpc_client_free(client);
    char *log = read_log();
    assert_int_equal(count_of(log, "status=NOT_FOUND"), kLevels[i].failed);
    assert_int_equal(count_of(log, "status=OK"), kLevels[i].good);
    assert_int_equal(count_of(log, " level=debug event=start method=/"), kLevels[i].starts);
    assert_int_equal(count_of(log, " level=debug event=load source="), kLevels[i].loads);
    assert_int_equal(count_of(log, " level=debug event=client target="), kLevels[i].clients);
    free(log);
  }
}

static void reflection_is_told_of(void **state) {
  (void)state;
  pygrpc_client *client =
      new_client(shared_server.target, format("{\"log\": \"debug:%s\"}", log_path()));
  char *reply = call(client, "SayHello", "{}", NULL);
  pygrpc_free(reply);
  pygrpc_client_free(client);
  char *log = read_log();
  assert_int_equal(count_of(log, " level=debug event=reflection target="), 1);
  assert_contains(log, " event=call method=/grpc.reflection.v1.ServerReflection/");
  free(log);
}

/* Metadata, messages and the values of options may be secrets. */
static void secrets_stay_out(void **state) {
  (void)state;
  pygrpc_client *client =
      test_client(format("{\"log\": \"debug:%s\", \"metadata\": {\"x-token\": \"s3cret-default\"}, "
                         "\"user_agent\": \"s3cret-agent\"}",
                         log_path()));
  char *reply =
      call(client, "EchoMetadata", "{\"headers\": [{\"key\": \"x-a\", \"text\": \"s3cret-1\"}]}",
           "{\"metadata\": {\"x-b\": \"s3cret-2\"}}");
  pygrpc_free(reply);
  pygrpc_error *error = NULL;
  check_error(
      pygrpc_unary_unary(client, "ReturnStatus", "{\"code\": 16, \"message\": \"s3cret-message\"}",
                         NUL, NULL, &reply, NULL, &error),
      PYGRPC_E_STATUS, error);
  pygrpc_error_free(error);
  pygrpc_client_free(client);
  char *log = read_log();
  assert_int_equal(count_of(log, "event=call"), 2);
  assert_contains(log, "options=log,metadata,user_agent");
  assert_int_equal(count_of(log, "s3cret"), 0);
  free(log);
}

/* Streams, blocking and on a queue, and one that is freed before its end. */
static void streams(void **state) {
  (void)state;
  pygrpc_client *client = test_client(format("{\"log\": \"info:%s\"}", log_path()));
  pygrpc_stream *stream = open_stream(client, "EchoPayloads", NULL, NULL);
  for (int i = 0; i < 3; i++) {
    write_message(stream, "{\"body\": \"AAAA\"}");
    pygrpc_free(read_message(stream));
  }
  half_close(stream);
  expect_end(stream);
  pygrpc_stream_free(stream);

  pygrpc_queue *queue = NULL;
  pygrpc_event *event = NULL;
  size_t count = 0;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_queue_new(&queue, &error), error);
  expect_ok(pygrpc_stream_open(client, "SayHello", PYGRPC_ANY_CARDINALITY, "{}", NUL, NULL, queue,
                               &stream, &error),
            error);
  expect_ok(pygrpc_stream_read_async(stream, 1, &error), error);
  expect_ok(pygrpc_queue_poll(queue, -1, &event, 1, &count, &error), error);
  pygrpc_event_free(event);
  pygrpc_stream_free(stream);
  pygrpc_queue_free(queue);

  stream = open_stream(client, "NeverAnswer", "{}", NULL);
  pygrpc_stream_free(stream);
  pygrpc_client_free(client);
  char *log = read_log();
  assert_int_equal(count_of(log, "\n"), 3);
  assert_contains(log, "method=/pygrpc.test.Test/EchoPayloads");
  assert_contains(log, " messages_sent=3 messages_received=3 bytes_sent=15 bytes_received=15\n");
  assert_int_equal(count_of(log, "method=/helloworld.Greeter/SayHello"), 1);
  assert_contains(log, "method=/pygrpc.test.Test/NeverAnswer");
  assert_contains(log, "status=CANCELLED");
  free(log);
}

static void the_environment(void **state) {
  (void)state;
  setenv("PYGRPC_LOG", format("info:%s", log_path()), 1);
  pygrpc_client *client = test_client(NULL);
  pygrpc_client *silent = test_client("{\"log\": \"off\"}");
  setenv("PYGRPC_LOG", "everything", 1);
  pygrpc_client *refused = NULL;
  pygrpc_error *error = NULL;
  expect_error(pygrpc_client_new("localhost:1", NULL, &refused, &error), PYGRPC_E_OPTION, &error,
               "PYGRPC_LOG", "\"debug\"", "\"everything\"");
  unsetenv("PYGRPC_LOG");
  call_twice(client);
  call_twice(silent);
  pygrpc_client_free(client);
  pygrpc_client_free(silent);
  char *log = read_log();
  assert_int_equal(count_of(log, "\n"), 2);
  free(log);
}

/* Points a descriptor of this process at a file, and back. */
static int redirect(int fd, const char *path) {
  const int saved = dup(fd);
  const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  assert_true(saved >= 0 && file >= 0);
  dup2(file, fd);
  close(file);
  return saved;
}

static void restore(int fd, int saved) {
  dup2(saved, fd);
  close(saved);
}

static void stderr_and_never_stdout(void **state) {
  (void)state;
  char *err = strdup(path_in(directory, "err")), *out = strdup(path_in(directory, "out"));
  fflush(NULL);
  const int saved_err = redirect(STDERR_FILENO, err), saved_out = redirect(STDOUT_FILENO, out);
  char *reply = NULL;
  int32_t results[2];
  static const char *const kOptions[] = {"{\"log\": \"debug\"}", NULL};
  for (int i = 0; i < 2; i++) { /* no checks: they would print there */
    pygrpc_client *client = NULL;
    pygrpc_client_new(shared_server.target, kOptions[i], &client, NULL);
    pygrpc_load(client, path_in(protos(), "helloworld.proto"), NULL, NULL);
    results[i] = pygrpc_unary_unary(client, "SayHello", "{}", NUL, NULL, &reply, NULL, NULL);
    pygrpc_free(reply);
    pygrpc_client_free(client);
  }
  fflush(NULL);
  restore(STDERR_FILENO, saved_err);
  restore(STDOUT_FILENO, saved_out);
  assert_int_equal(results[0], PYGRPC_OK);
  assert_int_equal(results[1], PYGRPC_OK);
  size_t size = 0;
  char *text = read_file(err, &size);
  assert_int_equal(count_of(text, "event=call method=/helloworld.Greeter/SayHello"), 1);
  free(text);
  text = read_file(out, &size);
  assert_int_equal(size, 0);
  free(text);
  free(err);
  free(out);
}

static void *call_often(void *client) {
  for (int i = 0; i < 50; i++) {
    char *reply = NULL;
    pygrpc_unary_unary(client, "SayHello", "{}", NUL, "{\"timeout\": 60}", &reply, NULL, NULL);
    pygrpc_free(reply);
  }
  return NULL;
}

/* Lines of several threads do not mix. */
static void threads(void **state) {
  (void)state;
  pygrpc_client *client = test_client(format("{\"log\": \"info:%s\"}", log_path()));
  pthread_t made[4];
  for (size_t i = 0; i < COUNT_OF(made); i++) start_thread(&made[i], call_often, client);
  for (size_t i = 0; i < COUNT_OF(made); i++) join_thread(made[i]);
  pygrpc_client_free(client);
  char *log = read_log();
  int lines = 0;
  char *rest = NULL;
  for (char *line = strtok_r(log, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    lines++;
    assert_int_equal(strncmp(line, "time=", 5), 0);
    assert_int_equal(count_of(line, "time="), 1);
    assert_contains(line, " messages_received=1 bytes_sent=0 bytes_received=10");
  }
  assert_int_equal(lines, 200);
  free(log);
}

static void bad_options(void **state) {
  (void)state;
  pygrpc_client *client = NULL;
  pygrpc_error *error = NULL;
  expect_error(pygrpc_client_new("h:1", "{\"log\": \"loud\"}", &client, &error), PYGRPC_E_OPTION,
               &error, "\"log\"", "\"debug\"", "\"loud\"");
  expect_error(pygrpc_client_new("h:1", "{\"log\": {\"level\": \"warn\"}}", &client, &error),
               PYGRPC_E_OPTION, &error, "\"log.level\"", "\"debug\"", "\"warn\"");
  expect_error(pygrpc_client_new("h:1", "{\"log\": {\"levle\": \"info\"}}", &client, &error),
               PYGRPC_E_OPTION, &error, "\"log.levle\"", "\"log.level\"");
  expect_error(pygrpc_client_new("h:1", "{\"log\": 7}", &client, &error), PYGRPC_E_OPTION, &error,
               "\"log\"", "text or an object");
  expect_error(
      pygrpc_client_new("h:1", "{\"log\": \"info:/no/such/directory/log\"}", &client, &error),
      PYGRPC_E_OPTION, &error, "\"log\"", "/no/such/directory/log", "No such file");
  expect_error(
      pygrpc_client_new("h:1", format("{\"log\": {\"file\": \"%s\"}}", directory), &client, &error),
      PYGRPC_E_OPTION, &error, "\"log\"", "directory");
  assert_null(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(what_a_line_says, make_place, remove_place),
      cmocka_unit_test_setup_teardown(levels, make_place, remove_place),
      cmocka_unit_test_setup_teardown(reflection_is_told_of, make_place, remove_place),
      cmocka_unit_test_setup_teardown(secrets_stay_out, make_place, remove_place),
      cmocka_unit_test_setup_teardown(streams, make_place, remove_place),
      cmocka_unit_test_setup_teardown(the_environment, make_place, remove_place),
      cmocka_unit_test_setup_teardown(stderr_and_never_stdout, make_place, remove_place),
      cmocka_unit_test_setup_teardown(threads, make_place, remove_place),
      cmocka_unit_test_setup_teardown(bad_options, make_place, remove_place),
  };
  return cmocka_run_group_tests(tests, set_up, stop_shared_server);
}
