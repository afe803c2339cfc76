/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0 */

#include "harness.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* ---- Servers
 * -----------------------------------------------------------------------------------*/

struct test_server shared_server;

/* Starts a program and gives one end of each pipe. posix_spawn, unlike fork, runs no handlers of
 * libraries that dislike being forked. */
pid_t spawn(const char *const *arguments, int *stdin_fd, int *stdout_fd) {
  int in[2], out[2];
  assert_int_equal(pipe2(in, O_CLOEXEC), 0);
  assert_int_equal(pipe2(out, O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  pid_t pid = 0;
  const int failure =
      posix_spawnp(&pid, arguments[0], &actions, NULL, (char *const *)arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  *stdin_fd = in[1];
  *stdout_fd = out[0];
  if (failure != 0) fail_at(__FILE__, __LINE__, "%s: %s", arguments[0], strerror(failure));
  return pid;
}

/* The first line that a program prints, or "" if it prints none. */
static void read_line(int fd, char *line, size_t size) {
  size_t used = 0;
  while (used + 1 < size) {
    const ssize_t got = read(fd, line + used, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || line[used] == '\n') break;
    used++;
  }
  line[used] = '\0';
}

void server_start(struct test_server *server, ...) {
  const char *arguments[24] = {environment("PYGRPC_TEST_SERVER"), "--exit-on-stdin-eof"};
  size_t used = 2;
  const char *unix_path = NULL;
  va_list rest;
  va_start(rest, server);
  for (const char *option; (option = va_arg(rest, const char *)) != NULL;) {
    assert_true(used + 1 < COUNT_OF(arguments));
    if (strcmp(arguments[used - 1], "--unix") == 0) unix_path = option;
    arguments[used++] = option;
  }
  va_end(rest);

  server_start_program(server, arguments);
  if (unix_path != NULL) {
    snprintf(server->target, sizeof server->target, "unix:%s", unix_path);
  }
}

void server_start_program(struct test_server *server, const char *const *arguments) {
  int output;
  char line[64];
  server->pid = spawn(arguments, &server->stdin_fd, &output);
  read_line(output, line, sizeof line);
  close(output);
  if (line[0] == '\0') fail_at(__FILE__, __LINE__, "%s does not start", arguments[0]);
  server->port = atoi(line);
  snprintf(server->target, sizeof server->target, "127.0.0.1:%d", server->port);
}

static void end_server(struct test_server *server, int signal_number) {
  if (server->pid == 0) return;
  kill(server->pid, signal_number);
  close(server->stdin_fd);
  while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR) continue;
  server->pid = 0;
}

void server_stop(struct test_server *server) { end_server(server, SIGTERM); }

void server_kill(struct test_server *server) { end_server(server, SIGKILL); }

int start_shared_server(void **state) {
  (void)state;
  server_start(&shared_server, NULL);
  return 0;
}

/* The client that holds the schema which all test clients share. */
static pygrpc_client *schema_client;

int stop_shared_server(void **state) {
  (void)state;
  pygrpc_client_free(schema_client);
  schema_client = NULL;
  server_stop(&shared_server);
  return 0;
}

pygrpc_client *shared_client;

int start_shared_client(void **state) {
  start_shared_server(state);
  shared_client = test_client(NULL);
  return 0;
}

int stop_shared_client(void **state) {
  pygrpc_client_free(shared_client);
  return stop_shared_server(state);
}

int bind_free_port(int *port) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)), 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
  *port = ntohs(address.sin_port);
  return fd;
}

int unused_port(void) {
  static int kept[32]; /* sockets, so that the system gives their ports to nobody else */
  static size_t next;
  int *place = &kept[next++ % COUNT_OF(kept)];
  if (*place > 0) close(*place);
  int port;
  *place = bind_free_port(&port);
  return port;
}

const char *dead_target(void) { return format("127.0.0.1:%d", unused_port()); }

int run_program(const char *const *arguments) {
  int in, out, status = 0;
  const pid_t pid = spawn(arguments, &in, &out);
  close(in);
  char ignored[512];
  while (read(out, ignored, sizeof ignored) > 0) continue;
  close(out);
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- Checks of results
 * -------------------------------------------------------------------------*/

void expect_code_at(int32_t result, int32_t code, pygrpc_error *error, const char *file, int line) {
  if (result != code) {
    fail_at(file, line, "got %s instead of %s: %s", pygrpc_code_name(result),
            pygrpc_code_name(code), pygrpc_error_json(error));
  }
  if (error != NULL) {
    fail_at(file, line, "%s with an error: %s", pygrpc_code_name(result),
            pygrpc_error_message(error));
  }
}

void check_error_at(int32_t result, int32_t code, const pygrpc_error *error, const char *file,
                    int line) {
  const char *message = pygrpc_error_message(error);
  if (result != code) {
    fail_at(file, line, "got %s instead of %s: %s", pygrpc_code_name(result),
            pygrpc_code_name(code), message);
  }
  if (error == NULL) fail_at(file, line, "%s without an error", pygrpc_code_name(result));
  if (pygrpc_error_code(error) != code) {
    fail_at(file, line, "the error's code is %d, not %d", pygrpc_error_code(error), code);
  }
  if (message[0] == '\0' || !is_one_line_of_utf8(message)) {
    fail_at(file, line, "the message is not one line of UTF-8: \"%s\"", message);
  }
  const char *json = pygrpc_error_json(error);
  if (!json_is_valid(json)) fail_at(file, line, "the error's JSON is broken: %s", json);
  assert_json_at(json, "/code", format("%d", code), file, line);
  assert_json_string_at(json, "/name", pygrpc_code_name(code), file, line);
  assert_json_string_at(json, "/message", message, file, line);
  const int32_t status = pygrpc_error_status(error);
  if (code == PYGRPC_E_STATUS) {
    if (status < 1 || status > 16) fail_at(file, line, "the gRPC status is %d", status);
    assert_json_at(json, "/status", format("%d", status), file, line);
  } else {
    if (status != -1) fail_at(file, line, "the gRPC status is %d, not -1", status);
    assert_json_absent_at(json, "/status", file, line);
  }
}

void expect_error_at(int32_t result, int32_t code, pygrpc_error **error, const char *file, int line,
                     ...) {
  check_error_at(result, code, *error, file, line);
  va_list parts;
  va_start(parts, line);
  for (const char *part; (part = va_arg(parts, const char *)) != NULL;) {
    assert_contains_at(pygrpc_error_message(*error), part, file, line);
  }
  va_end(parts);
  pygrpc_error_free(*error);
  *error = NULL;
}

void assert_contains_at(const char *text, const char *part, const char *file, int line) {
  if (text == NULL || strstr(text, part) == NULL) {
    fail_at(file, line, "\"%s\" does not contain \"%s\"", text == NULL ? "(NULL)" : text, part);
  }
}

void assert_json_at(const char *text, const char *pointer, const char *raw, const char *file,
                    int line) {
  size_t size = 0;
  const char *found = json_find(text, pointer, &size);
  if (found == NULL) fail_at(file, line, "there is no %s in %s", pointer, text);
  if (size != strlen(raw) || memcmp(found, raw, size) != 0) {
    fail_at(file, line, "%s is %.*s, not %s, in %s", pointer, (int)size, found, raw, text);
  }
}

void assert_json_string_at(const char *text, const char *pointer, const char *expected,
                           const char *file, int line) {
  char *found = json_string_at(text, pointer);
  if (found == NULL) fail_at(file, line, "there is no string %s in %s", pointer, text);
  const bool equal = strcmp(found, expected) == 0;
  if (!equal) print_error("%s is \"%s\", not \"%s\", in %s\n", pointer, found, expected, text);
  free(found);
  if (!equal) _fail(file, line);
}

void assert_json_absent_at(const char *text, const char *pointer, const char *file, int line) {
  size_t size;
  if (json_find(text, pointer, &size) != NULL) fail_at(file, line, "%s is in %s", pointer, text);
}

void assert_json_count_at(const char *text, const char *pointer, int count, const char *file,
                          int line) {
  const int found = json_count_at(text, pointer);
  if (found != count) {
    fail_at(file, line, "%s has %d elements, not %d, in %s", pointer, found, count, text);
  }
}

int64_t json_integer(const char *text, const char *pointer) {
  size_t size = 0;
  const char *found = json_find(text, pointer, &size);
  if (found == NULL) fail_at(__FILE__, __LINE__, "there is no %s in %s", pointer, text);
  return strtoll(*found == '"' ? found + 1 : found, NULL, 10);
}

/* ---- Clients and calls
 * -------------------------------------------------------------------------*/

pygrpc_client *new_client(const char *target, const char *options) {
  pygrpc_client *client = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_client_new(target, options, &client, &error), error);
  assert_non_null(client);
  return client;
}

void load(pygrpc_client *client, const char *file) {
  pygrpc_error *error = NULL;
  const char *options = format("{\"proto_path\": [\"%s\"]}", protos());
  expect_ok(pygrpc_load(client, file, options, &error), error);
}

pygrpc_client *client_of(const char *target, const char *options) {
  if (schema_client == NULL) {
    schema_client = new_client(NULL, NULL);
    load(schema_client, "helloworld.proto");
    load(schema_client, "route_guide.proto");
    load(schema_client, "pygrpc_test/test.proto");
    load(schema_client, "pygrpc_test/proto2.proto");
  }
  pygrpc_client *client = new_client(target, options);
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_load_client(client, schema_client, &error), error);
  return client;
}

pygrpc_client *test_client(const char *options) { return client_of(shared_server.target, options); }

char *call_at(pygrpc_client *client, const char *method, const char *request, const char *options,
              const char *file, int line) {
  char *response = NULL;
  size_t size = 0;
  pygrpc_error *error = NULL;
  if (options == NULL) options = format("{\"timeout\": %d}", 60 * time_factor());
  const int32_t result =
      pygrpc_unary_unary(client, method, request, NUL, options, &response, &size, &error);
  expect_code_at(result, PYGRPC_OK, error, file, line);
  if (response == NULL) fail_at(file, line, "OK without a response");
  if (strlen(response) != size) fail_at(file, line, "the size is %zu: %s", size, response);
  return response;
}

void expect_greeting_at(pygrpc_client *client, const char *method, const char *file, int line) {
  char *response = call_at(client, method, "{\"name\": \"you\"}", NULL, file, line);
  _assert_string_equal(response, "{\"message\":\"Hello, you!\"}", file, line);
  pygrpc_free(response);
}

void expect_greeting_of_at(const char *target, const char *options, const char *file, int line) {
  pygrpc_client *client = client_of(target, options);
  expect_greeting_at(client, "SayHello", file, line);
  pygrpc_client_free(client);
}

void expect_call_failure_at(const char *target, const char *options, const char *call_options,
                            int32_t status, const char *reason, bool retriable, const char *words,
                            const char *file, int line) {
  pygrpc_client *client = client_of(target, options);
  char *response = NULL;
  pygrpc_error *error = NULL;
  if (call_options == NULL) call_options = "{\"timeout\": 600}";
  const int64_t start = now_ms();
  const int32_t result = pygrpc_unary_unary(client, "SayHello", "{\"name\": \"you\"}", NUL,
                                            call_options, &response, NULL, &error);
  assert_within_at(start, kAtOnceMs, file, line);
  check_error_at(result, PYGRPC_E_STATUS, error, file, line);
  if (response != NULL) fail_at(file, line, "E_STATUS with a response");
  const char *json = pygrpc_error_json(error);
  if (pygrpc_error_status(error) != status) {
    fail_at(file, line, "the status is not %d: %s", status, json);
  }
  assert_json_string_at(json, "/reason", reason, file, line);
  assert_json_at(json, "/retriable", retriable ? "true" : "false", file, line);
  assert_contains_at(pygrpc_error_message(error), words, file, line);
  pygrpc_error_free(error);
  pygrpc_client_free(client);
}

pygrpc_stream *open_stream_at(pygrpc_client *client, const char *method, const char *request,
                              const char *options, const char *file, int line) {
  pygrpc_stream *stream = NULL;
  pygrpc_error *error = NULL;
  const int32_t result =
      pygrpc_stream_open(client, method, PYGRPC_ANY_CARDINALITY, request, request == NULL ? 0 : NUL,
                         options, NULL, &stream, &error);
  expect_code_at(result, PYGRPC_OK, error, file, line);
  if (stream == NULL) fail_at(file, line, "OK without a stream");
  return stream;
}

void write_message_at(pygrpc_stream *stream, const char *message, const char *file, int line) {
  pygrpc_error *error = NULL;
  const int32_t result = pygrpc_stream_write(stream, message, NUL, -1, &error);
  expect_code_at(result, PYGRPC_OK, error, file, line);
}

void half_close_at(pygrpc_stream *stream, const char *file, int line) {
  pygrpc_error *error = NULL;
  const int32_t result = pygrpc_stream_half_close(stream, &error);
  expect_code_at(result, PYGRPC_OK, error, file, line);
}

char *read_message_at(pygrpc_stream *stream, const char *file, int line) {
  char *message = NULL;
  size_t size = 0;
  pygrpc_error *error = NULL;
  const int32_t result = pygrpc_stream_read(stream, -1, &message, &size, &error);
  expect_code_at(result, PYGRPC_OK, error, file, line);
  if (message == NULL) fail_at(file, line, "OK without a message");
  if (strlen(message) != size) fail_at(file, line, "the size is %zu: %s", size, message);
  return message;
}

void expect_message_at(pygrpc_stream *stream, const char *message, const char *file, int line) {
  char *found = read_message_at(stream, file, line);
  _assert_string_equal(found, message, file, line);
  pygrpc_free(found);
}

/* A read that gives no message, and what it comes to. */
static int32_t read_nothing(pygrpc_stream *stream, pygrpc_error **error, const char *file,
                            int line) {
  char dummy = 0;
  char *message = &dummy;
  size_t size = 1;
  const int32_t result = pygrpc_stream_read(stream, -1, &message, &size, error);
  if (result != PYGRPC_OK && (message != NULL || size != 0)) {
    fail_at(file, line, "%s with a message", pygrpc_code_name(result));
  }
  return result;
}

void expect_end_at(pygrpc_stream *stream, const char *file, int line) {
  pygrpc_error *error = NULL;
  const int32_t result = read_nothing(stream, &error, file, line);
  expect_code_at(result, PYGRPC_END, error, file, line);
}

void expect_status_at(pygrpc_stream *stream, int32_t status, const char *file, int line) {
  pygrpc_error *error = NULL;
  const int32_t result = read_nothing(stream, &error, file, line);
  check_error_at(result, PYGRPC_E_STATUS, error, file, line);
  if (pygrpc_error_status(error) != status) {
    fail_at(file, line, "the status is %d, not %d: %s", pygrpc_error_status(error), status,
            pygrpc_error_message(error));
  }
  pygrpc_error_free(error);
}

const struct endless_call kEndlessCalls[kEndlessCallCount] = {
    {"Test/NeverAnswer", "{}"},
    {"Test/CountForever", "{\"interval\": \"3600s\"}"},
    {"Test/NeverRead", NULL},
    {"Test/NeverAnswerBidi", NULL},
};

static void wait_for_count(const char *tag, const char *wanted, const char *counted, int count) {
  pygrpc_client *client = test_client(NULL);
  char *counts =
      call(client, "Test/GetCallCounts",
           format("{\"tag\": \"%s\", \"%s\": %d, \"waitAtMost\": \"60s\"}", tag, wanted, count),
           "{\"timeout\": 70}");
  if (json_find(counts, counted, &(size_t){0}) == NULL || json_integer(counts, counted) < count) {
    fail_at(__FILE__, __LINE__, "%s: %d of %s expected in %s", tag, count, counted, counts);
  }
  pygrpc_free(counts);
  pygrpc_client_free(client);
}

void wait_for_started(const char *tag, int count) {
  wait_for_count(tag, "waitForStarted", "/started", count);
}

void wait_for_cancelled(const char *tag, int count) {
  wait_for_count(tag, "waitForCancelled", "/cancelled", count);
}

/* ---- Time, threads, files
 * ----------------------------------------------------------------------*/

int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int time_factor(void) {
  const char *factor = getenv("PYGRPC_TEST_TIME_FACTOR");
  return factor == NULL ? 1 : atoi(factor);
}

void assert_within_at(int64_t start, int64_t limit_ms, const char *file, int line) {
  const int64_t took = now_ms() - start, limit = limit_ms * time_factor();
  if (took >= limit) fail_at(file, line, "took %d ms of %d", (int)took, (int)limit);
}

void pause_ms(int64_t milliseconds) {
  const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&time, NULL);
}

void start_thread(pthread_t *thread, void *(*run)(void *), void *argument) {
  assert_int_equal(pthread_create(thread, NULL, run, argument), 0);
}

void join_thread(pthread_t thread) { assert_int_equal(pthread_join(thread, NULL), 0); }

static int count_entries(const char *directory) {
  DIR *entries = opendir(directory);
  assert_non_null(entries);
  int count = 0;
  for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
    if (entry->d_name[0] != '.') count++;
  }
  closedir(entries);
  return count;
}

int count_threads(void) { return count_entries("/proc/self/task"); }

int count_open_files(void) { return count_entries("/proc/self/fd"); }

const char *path_in(const char *directory, const char *name) {
  static char paths[8][512];
  static size_t next;
  char *path = paths[next++ % COUNT_OF(paths)];
  snprintf(path, sizeof paths[0], "%s/%s", directory, name);
  return path;
}

const char *make_directory(void) {
  const char *root = getenv("TMPDIR");
  char *path = strdup(path_in(root == NULL ? "/tmp" : root, "pygrpc-test-XXXXXX"));
  assert_non_null(mkdtemp(path));
  return path;
}

void remove_directory(const char *directory) {
  const char *const command[] = {"rm", "-rf", "--", directory, NULL};
  assert_int_equal(run_program(command), 0);
  free((char *)directory);
}

const char *write_file(const char *directory, const char *name, const char *text) {
  const char *path = path_in(directory, name);
  char parent[512];
  for (const char *slash = strchr(path + strlen(directory) + 1, '/'); slash != NULL;
       slash = strchr(slash + 1, '/')) {
    snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
    mkdir(parent, 0700);
  }
  FILE *file = fopen(path, "wb");
  if (file == NULL) fail_at(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
  fputs(text, file);
  assert_int_equal(fclose(file), 0);
  return path;
}

char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail_at(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  char *bytes = malloc(*size + 1);
  assert_non_null(bytes);
  assert_int_equal(fread(bytes, 1, *size, file), *size);
  bytes[*size] = '\0';
  fclose(file);
  return bytes;
}

const char *format(const char *pattern, ...) {
  static __thread char texts[16][2048];
  static __thread size_t next;
  char *text = texts[next++ % COUNT_OF(texts)];
  va_list arguments;
  va_start(arguments, pattern);
  const int size = vsnprintf(text, sizeof texts[0], pattern, arguments);
  va_end(arguments);
  assert_true(size >= 0 && (size_t)size < sizeof texts[0]);
  return text;
}

char *payload_json(size_t units) {
  static const char kHead[] = "{\"body\":\"", kTail[] = "\"}";
  char *json = malloc(sizeof kHead + 4 * units + sizeof kTail);
  assert_non_null(json);
  char *at = json;
  memcpy(at, kHead, sizeof kHead - 1);
  at += sizeof kHead - 1;
  memset(at, 'A', 4 * units);
  at += 4 * units;
  memcpy(at, kTail, sizeof kTail);
  return json;
}

const char *environment(const char *name) {
  const char *value = getenv(name);
  if (value == NULL || value[0] == '\0') fail_at(__FILE__, __LINE__, "$%s is not set", name);
  return value;
}

const char *protos(void) { return environment("PYGRPC_TEST_PROTOS"); }
