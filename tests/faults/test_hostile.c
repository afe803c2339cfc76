/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Servers that attack their clients (tests/faults/hostile_server.py). Each client is a process of
 * its own, this program once more, so that what it takes of memory is its own, and so that a crash
 * is seen: it makes a call that is answered, one that is attacked, and calls that are answered
 * again. */

#include <unistd.h>

#include "storm.h"

enum { kCallsAfter = 3 };

/* ---- The client */

/* How the attacked call is made. */
enum manner { UNARY, BINARY, STREAM, ASYNC_UNARY, ASYNC_STREAM };

/* A line of /proc/self/status, in KiB. */
static int64_t memory(const char* name) {
  char line[128];
  int64_t size = -1;
  FILE* file = fopen("/proc/self/status", "r");
  assert_non_null(file);
  while (size < 0 && fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, name, strlen(name)) == 0) size = atoll(line + strlen(name) + 1);
  }
  fclose(file);
  return size;
}

/* From now on VmHWM is the most that the process has had since now. */
static void forget_peak(void) {
  FILE* file = fopen("/proc/self/clear_refs", "w");
  assert_non_null(file);
  fputs("5", file);
  fclose(file);
}

/* Reads until the stream's end or failure, and counts the messages before that. */
static int32_t read_all(pygrpc_stream* stream, int* messages, pygrpc_error** error) {
  for (;; ++*messages) {
    char* message = NULL;
    const int32_t result = pygrpc_stream_read(stream, -1, &message, NULL, error);
    pygrpc_free(message);
    if (result != PYGRPC_OK) return result;
  }
}

/* The same by way of a queue. The error is the event's, which is to be freed with it. */
static int32_t read_all_async(pygrpc_stream* stream, pygrpc_queue* queue, int* messages,
                              pygrpc_event** last, pygrpc_error** error) {
  for (;; ++*messages) {
    size_t count = 0;
    expect_ok(pygrpc_stream_read_async(stream, 1, error), *error);
    expect_ok(pygrpc_queue_poll(queue, -1, last, 1, &count, error), *error);
    const int32_t result = pygrpc_event_code(*last);
    if (result != PYGRPC_OK) return result;
    pygrpc_event_free(*last);
  }
}

static void report(int32_t result, int messages, const pygrpc_error* error, int64_t start,
                   int64_t before) {
  const int64_t milliseconds = now_ms() - start;
  if (result < 0) check_error(result, result, error);
  printf("{\"code\": %d, \"messages\": %d, \"ms\": %lld, \"growth\": %lld, \"error\": %s}\n",
         (int)result, messages, (long long)milliseconds, (long long)(memory("VmHWM:") - before),
         error == NULL ? "null" : pygrpc_error_json(error));
}

static void attacked_call(pygrpc_client* client, enum manner manner, const char* options) {
  const bool streams = manner == STREAM || manner == ASYNC_STREAM;
  pygrpc_queue* queue = NULL;
  pygrpc_stream* stream = NULL;
  pygrpc_event* event = NULL;
  pygrpc_error* error = NULL;
  char* response = NULL;
  int messages = 0;
  if (manner == ASYNC_UNARY || manner == ASYNC_STREAM) {
    expect_ok(pygrpc_queue_new(&queue, &error), error);
  }
  const int64_t before = memory("VmRSS:");
  const int64_t start = now_ms();
  if (manner == UNARY || manner == BINARY) {
    const int32_t result = pygrpc_unary_unary(client, "SayHello", manner == UNARY ? "{}" : "", NUL,
                                              options, &response, NULL, &error);
    report(result, response != NULL, error, start, before);
    pygrpc_error_free(error);
    pygrpc_free(response);
    return;
  }
  expect_ok(pygrpc_stream_open(client, streams ? "SayHelloStreamReply" : "SayHello",
                               PYGRPC_ANY_CARDINALITY, "{}", NUL, options, queue, &stream, &error),
            error);
  if (queue == NULL) {
    const int32_t result = read_all(stream, &messages, &error);
    report(result, messages, error, start, before);
    pygrpc_error_free(error);
    error = NULL;
  } else {
    const int32_t result = read_all_async(stream, queue, &messages, &event, &error);
    report(result, messages, pygrpc_event_error(event), start, before);
    pygrpc_event_free(event);
  }
  /* What has failed stays so. */
  check_error(pygrpc_stream_read(stream, -1, &response, NULL, &error), PYGRPC_E_STATE, error);
  pygrpc_error_free(error);
  pygrpc_stream_free(stream);
  pygrpc_queue_free(queue);
}

/* A good answer; a connection that the attack has cost may take a failure to be made anew. */
static void expect_answer(pygrpc_client* client) {
  const int64_t start = now_ms();
  for (;;) {
    char* response = NULL;
    pygrpc_error* error = NULL;
    const int32_t result = pygrpc_unary_unary(client, "SayHello", "{}", NUL, "{\"timeout\": 60}",
                                              &response, NULL, &error);
    if (result == PYGRPC_E_STATUS && now_ms() - start < 30000) {
      pygrpc_error_free(error);
      pause_ms(50);
      continue;
    }
    expect_ok(result, error);
    assert_string_equal(response, "{\"message\":\"Hello\"}");
    pygrpc_free(response);
    return;
  }
}

static int run_client(const char* target, int manner, const char* options, int64_t timeout_ms) {
  pygrpc_client* client = client_of(target, *options == '\0' ? NULL : options);
  expect_answer(client);
  forget_peak();
  attacked_call(client, (enum manner)manner,
                format("{\"timeout\": \"%lldms\"%s}", (long long)timeout_ms,
                       manner == BINARY ? ", \"codec\": \"binary\"" : ""));
  for (int i = 0; i < kCallsAfter; i++) expect_answer(client);
  pygrpc_client_free(client);
  void* state = NULL;
  return stop_shared_server(&state); /* there is none, but the schema's client is freed */
}

/* ---- What becomes of it */

struct attack {
  const char* name; /* of hostile_server.py */
  int32_t status;
  const char* reason;
  const char* words; /* of the message */
  int messages;      /* before the failure, of a stream */
  bool by_grpc;      /* which may drop what nobody has asked for when the failure comes */
};
static const enum manner kEveryManner[] = {UNARY, BINARY, STREAM, ASYNC_UNARY, ASYNC_STREAM};
static const enum manner kTwoManners[] = {UNARY, ASYNC_STREAM};
enum { kMoment = 15000, kDeadline = 300, kFar = 30000 }; /* ms */
enum { kFloodMs = 1000 };                                /* how long the server floods */

/* Runs a client against an attack; its report, to be freed. */
static char* run_attack(const char* attack, enum manner manner, int64_t timeout_ms) {
  char program[512] = "", report[8192];
  assert_true(readlink("/proc/self/exe", program, sizeof program - 1) > 0);
  struct test_server server;
  const char* const arguments[] = {environment("PYGRPC_TEST_HOSTILE_SERVER"), attack, NULL};
  server_start_program(&server, arguments);
  FILE* client = popen(format("exec %s %s %d '%s' %lld", program, server.target, (int)manner, "",
                              (long long)timeout_ms),
                       "r");
  assert_non_null(client);
  const size_t size = fread(report, 1, sizeof report - 1, client);
  report[size] = '\0';
  const int status = pclose(client);
  server_stop(&server);
  if (status != 0) {
    print_error("%s, manner %d: the client ended with %#x\n%s", attack, (int)manner, status,
                report);
  }
  assert_int_equal(status, 0); /* no signal, nothing leaked, answers before and after */
  return strdup(report);
}

/* The most of memory and of time that an attack took, in all manners. */
struct cost {
  double mebibytes;
  int64_t milliseconds;
};

static void add_cost(struct cost* cost, const char* report) {
  const double mebibytes = (double)json_integer(report, "/growth") / 1024;
  const int64_t milliseconds = json_integer(report, "/ms");
  if (cost->mebibytes < mebibytes) cost->mebibytes = mebibytes;
  if (cost->milliseconds < milliseconds) cost->milliseconds = milliseconds;
}

/* What a busy machine adds comes and goes; what the library takes, it takes each time. So what
 * takes too much is measured again. */
enum { kMeasurements = 4 };

static bool is_within(const char* report, double mebibytes, int64_t milliseconds) {
  struct cost cost = {0, 0};
  add_cost(&cost, report);
  return (time_factor() > 1 || cost.mebibytes <= mebibytes) &&
         cost.milliseconds <= milliseconds * time_factor();
}

/* Sanitizers and valgrind take memory of their own. */
static void check_cost(const char* attack, const struct cost* cost, double mebibytes,
                       int64_t milliseconds) {
  print_figure(format("%s: memory", attack), cost->mebibytes, "MiB");
  print_figure(format("%s: answer", attack), (double)cost->milliseconds, "ms");
  if (time_factor() == 1) assert_true(cost->mebibytes <= mebibytes);
  assert_true(cost->milliseconds <= milliseconds * time_factor());
}

/* The report of a client that fails as it should. */
static char* expect_failure(const struct attack* attack, enum manner manner) {
  const bool streams = manner == STREAM || manner == ASYNC_STREAM;
  char* report = run_attack(attack->name, manner, kFar);
  assert_int_equal(json_integer(report, "/code"), PYGRPC_E_STATUS);
  assert_int_equal(json_integer(report, "/error/status"), attack->status);
  assert_json_string(report, "/error/reason", attack->reason);
  assert_contains(report, attack->words);
  const int64_t messages = json_integer(report, "/messages");
  const int64_t most = streams ? attack->messages : 0;
  assert_true(messages == most || (attack->by_grpc && messages < most));
  return report;
}

static void expect_failures(const struct attack* attacks, size_t count, const enum manner* manners,
                            size_t manner_count, double mebibytes) {
  for (size_t i = 0; i < count; i++) {
    const struct attack* attack = &attacks[i];
    struct cost cost = {0, 0};
    for (size_t j = 0; j < manner_count; j++) {
      char* report = expect_failure(attack, manners[j]);
      for (int n = 1; n < kMeasurements && !is_within(report, mebibytes, kMoment); n++) {
        free(report);
        report = expect_failure(attack, manners[j]);
      }
      add_cost(&cost, report);
      free(report);
    }
    check_cost(attack->name, &cost, mebibytes, kMoment);
  }
}
#define EXPECT_FAILURES(attacks, manners, mebibytes) \
  expect_failures(attacks, COUNT_OF(attacks), manners, COUNT_OF(manners), mebibytes)

static void bombs(void** state) {
  (void)state;
  static const char kWords[] = "larger than 4194304 bytes after decompression; raise the option ";
  static const struct attack kBombs[] = {
      {"gzip-bomb", 8, "receive_limit", kWords, 0, false},
      {"deflate-bomb", 8, "receive_limit", kWords, 0, false},
  };
  EXPECT_FAILURES(kBombs, kEveryManner, 32);
  static const struct attack kLater[] = {{"gzip-bomb-later", 8, "receive_limit", kWords, 1, false}};
  static const enum manner kStreams[] = {STREAM, ASYNC_STREAM};
  EXPECT_FAILURES(kLater, kStreams, 32);
}

static void broken_compression(void** state) {
  (void)state;
  static const char kWords[] = "cannot be decompressed; the server compressed a response badly";
  static const struct attack kBroken[] = {
      {"gzip-members", 2, "decompression_failed", kWords, 0, false},
      {"gzip-truncated", 2, "decompression_failed", kWords, 0, false},
      {"gzip-garbage", 2, "decompression_failed", kWords, 0, false},
  };
  EXPECT_FAILURES(kBroken, kTwoManners, 32);
}

static void expect_one_message(const char* attack, enum manner manner) {
  char* report = run_attack(attack, manner, kFar);
  const bool unary = manner == UNARY || manner == BINARY;
  assert_int_equal(json_integer(report, "/code"), unary ? PYGRPC_OK : PYGRPC_END);
  assert_int_equal(json_integer(report, "/messages"), 1);
  free(report);
}

static void compression_that_is_right(void** state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(kEveryManner); i++) {
    expect_one_message("gzip-reply", kEveryManner[i]);
  }
  expect_one_message("gzip-empty", UNARY);
}

/* gRPC hands these over as they came, without a word of it; so they are no such message. */
static void compression_that_is_unknown(void** state) {
  (void)state;
  static const char* const kUnknown[] = {"no-encoding", "unknown-encoding"};
  for (size_t i = 0; i < COUNT_OF(kUnknown); i++) {
    char* report = run_attack(kUnknown[i], UNARY, kFar);
    assert_int_equal(json_integer(report, "/code"), PYGRPC_E_WIRE);
    free(report);
  }
}

static void a_huge_message(void** state) {
  (void)state;
  static const struct attack kHuge[] = {{"huge-message", 8, "receive_limit",
                                         "may receive by the option \\\"max_receive_size\\\"", 0,
                                         true}};
  EXPECT_FAILURES(kHuge, kEveryManner, 32);
}

/* gRPC takes 32 bytes and more to note where each byte is that comes in a frame of its own. */
static void a_message_in_tiny_frames(void** state) {
  (void)state;
  static const struct attack kTiny[] = {{"tiny-frames", 8, "receive_limit",
                                         "may receive by the option \\\"max_receive_size\\\"", 0,
                                         true}};
  static const enum manner kOneManner[] = {UNARY};
  EXPECT_FAILURES(kTiny, kOneManner, 160);
}

static void metadata_without_end(void** state) {
  (void)state;
  static const struct attack kEndless[] = {
      {"endless-fields", 8, "metadata_limit", "\\\"grpc.max_metadata_size\\\"", 0, true},
      {"endless-table", 8, "metadata_limit", "\\\"grpc.max_metadata_size\\\"", 0, true},
      {"large-headers", 8, "metadata_limit", "\\\"grpc.max_metadata_size\\\"", 0, true},
      {"endless-trailers", 8, "metadata_limit", "\\\"grpc.max_metadata_size\\\"", 1, true},
  };
  EXPECT_FAILURES(kEndless, kTwoManners, 32);
}

/* The report of a client that a flood has not drowned. The deadline ends the call. A fast flood may
 * be too much for the memory that gRPC may take, before: so that ends it as well. And a client that
 * is held up until the server has enough of it finds the connection closed. */
static char* expect_end_of_flood(const char* attack, bool has_messages, enum manner manner) {
  char* report = run_attack(attack, manner, kDeadline);
  assert_int_equal(json_integer(report, "/code"), PYGRPC_E_STATUS);
  const int64_t status = json_integer(report, "/error/status");
  if (status == 8) {
    assert_json_string(report, "/error/reason", "receive_limit");
    assert_contains(report, "\\\"max_receive_size\\\"");
  } else if (status == 14 && json_integer(report, "/ms") >= kFloodMs) {
    assert_json_string(report, "/error/reason", "connection_reset");
  } else {
    assert_int_equal(status, 4);
    assert_json_string(report, "/error/reason", "deadline");
    assert_contains(report, "\\\"timeout\\\"");
  }
  if (!has_messages) assert_int_equal(json_integer(report, "/messages"), 0);
  return report;
}

/* What keeps the rules, more or less, and never comes to an end. Most of the cost is the room that
 * gRPC makes for more; docs/security.md has the reason. */
static void expect_ends_of_flood(const char* attack, bool has_messages) {
  enum { kMebibytes = 256 };
  static const enum manner kStreams[] = {STREAM, ASYNC_STREAM};
  struct cost cost = {0, 0};
  for (size_t i = 0; i < COUNT_OF(kStreams); i++) {
    char* report = expect_end_of_flood(attack, has_messages, kStreams[i]);
    for (int n = 1; n < kMeasurements && !is_within(report, kMebibytes, kDeadline + kMoment); n++) {
      free(report);
      report = expect_end_of_flood(attack, has_messages, kStreams[i]);
    }
    add_cost(&cost, report);
    free(report);
  }
  check_cost(attack, &cost, kMebibytes, kDeadline + kMoment);
}

static void floods(void** state) {
  (void)state;
  static const char* const kFloods[] = {"endless-string", "empty-continuations", "settings-flood",
                                        "ping-flood",     "empty-data-flood",    "priority-flood",
                                        "window-flood"};
  for (size_t i = 0; i < COUNT_OF(kFloods); i++) expect_ends_of_flood(kFloods[i], false);
  expect_ends_of_flood("empty-messages", true);
}

/* Of frames that no client knows: what gRPC has read on before it drops them is most of the cost.
 */
static void a_flood_of_unknown_frames(void** state) {
  (void)state;
  expect_ends_of_flood("unknown-flood", false);
}

/* RPCs that are cancelled as soon as they have begun look to a server like an attack, too. */
static void many_quick_cancels(void** state) {
  (void)state;
  enum { kCancels = 5000 };
  server_start(&shared_server, NULL);
  pygrpc_client* client = test_client(NULL);
  pygrpc_free(call(client, "SayHello", "{}", NULL));
  int lost = 0;
  for (int i = 0; i < kCancels; i++) {
    pygrpc_stream* stream = open_stream(client, "NeverAnswer", "{}", NULL);
    pygrpc_error* error = NULL;
    expect_ok(pygrpc_stream_cancel(stream, &error), error);
    pygrpc_stream_free(stream);
    if (i % 500 != 499) continue;
    char* response = NULL;
    if (pygrpc_unary_unary(client, "SayHello", "{}", NUL, "{\"timeout\": 60}", &response, NULL,
                           &error) != PYGRPC_OK) {
      lost++;
      pygrpc_error_free(error);
    }
    pygrpc_free(response);
  }
  print_figure("calls lost after 5,000 quick cancels", lost, "calls");
  assert_int_equal(lost, 0);
  pygrpc_client_free(client);
  void* none = NULL;
  stop_shared_server(&none);
}

int main(int argc, char** argv) {
  if (argc == 5) return run_client(argv[1], atoi(argv[2]), argv[3], atoll(argv[4]));
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bombs),
      cmocka_unit_test(broken_compression),
      cmocka_unit_test(compression_that_is_right),
      cmocka_unit_test(compression_that_is_unknown),
      cmocka_unit_test(a_huge_message),
      cmocka_unit_test(a_message_in_tiny_frames),
      cmocka_unit_test(metadata_without_end),
      cmocka_unit_test(floods),
      cmocka_unit_test(a_flood_of_unknown_frames),
      cmocka_unit_test(many_quick_cancels),
  };
  return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
