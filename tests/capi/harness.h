/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the C API share: test servers, clients, checks of results and of JSON, threads,
 * temporary files. Every function that can fail, fails the running test, unless it says otherwise;
 * so they are not for threads that a test has started, save where it says so. */

#ifndef PYGRPC_TESTS_CAPI_HARNESS_H_
#define PYGRPC_TESTS_CAPI_HARNESS_H_

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* clang-format off: this one needs those above. */
#include <cmocka.h>
/* clang-format on */

#include "json_text.h"
#include "pygrpc.h"

#define NUL PYGRPC_NUL_TERMINATED
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* ---- Servers -----------------------------------------------------------------------------------
 * The program is $PYGRPC_TEST_SERVER. A server that a test forgets ends with the test's process. */

struct test_server {
  pid_t pid; /* 0: not running */
  int stdin_fd;
  int port;
  char target[160];
};

/* Starts a server on a free port of 127.0.0.1 and waits until it listens. The rest are its further
 * options, ended by NULL. A given "--port" or "--unix" decides where it listens. */
void server_start(struct test_server *server, ...);

/* The same for any program that prints its port and ends with its input; its arguments, ended by
 * NULL, begin with its name or path. */
void server_start_program(struct test_server *server, const char *const *arguments);

/* Ends it in order. Does nothing if it is not running. */
void server_stop(struct test_server *server);

/* Kills it, as a crash would. */
void server_kill(struct test_server *server);

/* A group's fixture: one server for all its tests. */
extern struct test_server shared_server;
int start_shared_server(void **state);
int stop_shared_server(void **state);

/* The same with a test_client() of that server for all tests. */
extern pygrpc_client *shared_client;
int start_shared_client(void **state);
int stop_shared_client(void **state);

/* A socket of TCP that is bound to a free port of 127.0.0.1, and does not listen yet. */
int bind_free_port(int *port);

/* A port of 127.0.0.1 where nobody listens, and the target it makes. Until 32 others were given
 * only server_start() with this "--port" changes that, as often as one likes. */
int unused_port(void);
const char *dead_target(void);

/* Starts a program found on $PATH, with pipes as its input and output. */
pid_t spawn(const char *const *arguments, int *stdin_fd, int *stdout_fd);

/* Runs a program found on $PATH to its end, without input and output; its exit code. */
int run_program(const char *const *arguments);

/* Says why on the standard error, and fails the running test. */
#define fail_at(file, line, ...) \
  do {                           \
    print_error(__VA_ARGS__);    \
    print_error("\n");           \
    _fail(file, line);           \
  } while (0)

/* ---- Checks of results
 * -------------------------------------------------------------------------*/

/* The result is PYGRPC_OK (or `code`) and no error was given. Here and below, the result is a call
 * that may set the error, so it has to be done before the error is looked at. */
#define expect_ok(result, error) expect_code(result, PYGRPC_OK, error)
#define expect_code(result, code, error)                           \
  do {                                                             \
    const int32_t result_first = (result);                         \
    expect_code_at(result_first, code, error, __FILE__, __LINE__); \
  } while (0)
void expect_code_at(int32_t result, int32_t code, pygrpc_error *error, const char *file, int line);

/* The result and the error, which is freed and set to NULL, have this code; the error is well made
 * (see check_error) and its message has all the texts of the list, which NULL ends. */
#define expect_error(result, code, error, ...)                                  \
  do {                                                                          \
    const int32_t result_first = (result);                                      \
    expect_error_at(result_first, code, error, __FILE__, __LINE__, __VA_ARGS__, \
                    (const char *)NULL);                                        \
  } while (0)
void expect_error_at(int32_t result, int32_t code, pygrpc_error **error, const char *file, int line,
                     ...);

/* The same, for a look at the error's JSON; the error is not freed. The message is one line of
 * UTF-8, the JSON is valid and agrees with the accessors. */
#define check_error(result, code, error)                           \
  do {                                                             \
    const int32_t result_first = (result);                         \
    check_error_at(result_first, code, error, __FILE__, __LINE__); \
  } while (0)
void check_error_at(int32_t result, int32_t code, const pygrpc_error *error, const char *file,
                    int line);

/* The text has the part. */
#define assert_contains(text, part) assert_contains_at(text, part, __FILE__, __LINE__)
void assert_contains_at(const char *text, const char *part, const char *file, int line);

/* The value at a JSON pointer, as it stands in the text; as a decoded string; none at all; the
 * number of its elements. */
#define assert_json(text, pointer, raw) assert_json_at(text, pointer, raw, __FILE__, __LINE__)
#define assert_json_string(text, pointer, expected) \
  assert_json_string_at(text, pointer, expected, __FILE__, __LINE__)
#define assert_json_absent(text, pointer) assert_json_absent_at(text, pointer, __FILE__, __LINE__)
#define assert_json_count(text, pointer, count) \
  assert_json_count_at(text, pointer, count, __FILE__, __LINE__)
void assert_json_at(const char *text, const char *pointer, const char *raw, const char *file,
                    int line);
void assert_json_string_at(const char *text, const char *pointer, const char *expected,
                           const char *file, int line);
void assert_json_absent_at(const char *text, const char *pointer, const char *file, int line);
void assert_json_count_at(const char *text, const char *pointer, int count, const char *file,
                          int line);

/* The integer at a JSON pointer, bare or in quotes. */
int64_t json_integer(const char *text, const char *pointer);

/* ---- Clients and calls
 * -------------------------------------------------------------------------*/

/* A client without a schema. */
pygrpc_client *new_client(const char *target, const char *options);

/* A client of the shared server that has loaded the services Greeter, RouteGuide, Test and
 * Proto2Test. The load is shared by all of them. */
pygrpc_client *test_client(const char *options);

/* The same for any target. */
pygrpc_client *client_of(const char *target, const char *options);

/* Loads a file below $PYGRPC_TEST_PROTOS. */
void load(pygrpc_client *client, const char *file);

/* What comes at once has so many milliseconds for it: more than a busy machine takes, and less than
 * the 20 s after which gRPC gives up to connect. */
enum { kAtOnceMs = 15000 };

/* A unary call by a new client that fails at once, though it has 600 s unless call_options say
 * otherwise: with a status, a "reason" and "retriable" as given, and with the words in its message.
 */
#define expect_call_failure(target, options, call_options, status, reason, retriable, words) \
  expect_call_failure_at(target, options, call_options, status, reason, retriable, words,    \
                         __FILE__, __LINE__)
void expect_call_failure_at(const char *target, const char *options, const char *call_options,
                            int32_t status, const char *reason, bool retriable, const char *words,
                            const char *file, int line);

/* A unary call that succeeds; the response is to be freed with pygrpc_free(). Without options it
 * has a minute, and more in slow runs. */
#define call(client, method, request, options) \
  call_at(client, method, request, options, __FILE__, __LINE__)
char *call_at(pygrpc_client *client, const char *method, const char *request, const char *options,
              const char *file, int line);

/* SayHello, under any of its names, answers as it should; the client, or a new client_of() that
 * target, calls it. */
#define expect_greeting(client, method) expect_greeting_at(client, method, __FILE__, __LINE__)
#define expect_greeting_of(target, options) \
  expect_greeting_of_at(target, options, __FILE__, __LINE__)
void expect_greeting_at(pygrpc_client *client, const char *method, const char *file, int line);
void expect_greeting_of_at(const char *target, const char *options, const char *file, int line);

/* A stream of any method; `request` is NULL where requests are streamed. */
#define open_stream(client, method, request, options) \
  open_stream_at(client, method, request, options, __FILE__, __LINE__)
pygrpc_stream *open_stream_at(pygrpc_client *client, const char *method, const char *request,
                              const char *options, const char *file, int line);

/* Steps of a stream that succeed. A message that was read is to be freed. */
#define write_message(stream, message) write_message_at(stream, message, __FILE__, __LINE__)
#define half_close(stream) half_close_at(stream, __FILE__, __LINE__)
#define read_message(stream) read_message_at(stream, __FILE__, __LINE__)
#define expect_message(stream, message) expect_message_at(stream, message, __FILE__, __LINE__)
#define expect_end(stream) expect_end_at(stream, __FILE__, __LINE__)
void write_message_at(pygrpc_stream *stream, const char *message, const char *file, int line);
void half_close_at(pygrpc_stream *stream, const char *file, int line);
char *read_message_at(pygrpc_stream *stream, const char *file, int line);
void expect_message_at(pygrpc_stream *stream, const char *message, const char *file, int line);
void expect_end_at(pygrpc_stream *stream, const char *file, int line);

/* The next read gives no message but E_STATUS with this gRPC status. */
#define expect_status(stream, status) expect_status_at(stream, status, __FILE__, __LINE__)
void expect_status_at(pygrpc_stream *stream, int32_t status, const char *file, int line);

/* Calls of the service Test that a server never ends, as open_stream() wants them. */
struct endless_call {
  const char *method;
  const char *request;
};
enum { kEndlessCallCount = 4 };
extern const struct endless_call kEndlessCalls[kEndlessCallCount];

/* Waits, on a client of its own, until the shared server has started, or has seen cancelled, so
 * many calls with this x-call-tag. */
void wait_for_started(const char *tag, int count);
void wait_for_cancelled(const char *tag, int count);

/* ---- Time, threads, files
 * ----------------------------------------------------------------------*/

/* Milliseconds of a clock that only goes forward. */
int64_t now_ms(void);

/* Less than so many milliseconds have passed since `start`; $PYGRPC_TEST_TIME_FACTOR stretches them
 * for slow runs, such as valgrind's. */
#define assert_within(start, limit_ms) assert_within_at(start, limit_ms, __FILE__, __LINE__)
void assert_within_at(int64_t start, int64_t limit_ms, const char *file, int line);
int time_factor(void);

void pause_ms(int64_t milliseconds);

void start_thread(pthread_t *thread, void *(*run)(void *), void *argument);
void join_thread(pthread_t thread);

/* What this process has at the moment. */
int count_threads(void);
int count_open_files(void);

/* A new directory below $TMPDIR, and files in it. A path lives until the next 8 were made. */
const char *make_directory(void);
void remove_directory(const char *directory);
const char *path_in(const char *directory, const char *name);
const char *write_file(const char *directory, const char *name, const char *text);
char *read_file(const char *path, size_t *size);

/* Text by printf, which lives until the next 16 were made. */
const char *format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

/* A Payload with a body of 3 * units zero bytes, to be freed. */
char *payload_json(size_t units);

/* $PYGRPC_TEST_PROTOS, and another variable of the environment that has to be there. */
const char *protos(void);
const char *environment(const char *name);

#endif /* PYGRPC_TESTS_CAPI_HARNESS_H_ */
