/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Servers that break the rules of HTTP/2 or gRPC, each in one way; see faulty_server.py. Whatever
 * they do, the process lives, every RPC ends with a status and, where there is more to say, a
 * reason, and the client goes on to the next one. */

#include "rpc.h"

static struct test_server server;
static const char* directory;

static int set_up(void** state) {
  (void)state;
  directory = make_directory();
  const char* const program[] = {environment("PYGRPC_TEST_FAULTY_SERVER"), directory, NULL};
  server_start_program(&server, program);
  return 0;
}

static int tear_down(void** state) {
  server_stop(&server);
  remove_directory(directory);
  return stop_shared_server(state);
}

static pygrpc_client* client_of_fault(const char* fault) {
  return client_of(format("unix:%s/%s", directory, fault), kOwnConnections);
}

/* How an RPC has to end: END for a status of 0. */
struct end {
  int32_t status;
  const char* reason;
};
enum { kWire = -1 }; /* as a status: the RPC goes well, and its message is E_WIRE */

struct expectation {
  const char* fault;
  struct end unary;
  struct end stream; /* of responses */
};
#define BOTH(fault, status, reason)             \
  {                                             \
    fault, {status, reason}, { status, reason } \
  }

static bool is_as_expected(const struct outcome* outcome, const struct end* end) {
  if (end->status == 0) return outcome->code == PYGRPC_END;
  if (end->status == kWire) return outcome->code == PYGRPC_E_WIRE;
  return outcome->code == PYGRPC_E_STATUS && outcome->status == end->status &&
         strcmp(outcome->reason, end->reason) == 0;
}

/* One RPC, whatever its messages are. */
static void run(pygrpc_client* client, enum rpc_mode mode, const char* method,
                struct outcome* outcome) {
  struct rpc rpc;
  rpc_open(&rpc, client, mode, method, "{}", "{\"timeout\": 60}");
  rpc_read_all(&rpc, outcome);
  rpc_close(&rpc);
}

/* All of them, four RPCs each on one client; says which are not as expected. */
static void expect_all(const struct expectation* expectations, size_t count) {
  int wrong = 0;
  for (size_t i = 0; i < count; i++) {
    const struct expectation* expectation = &expectations[i];
    pygrpc_client* client = client_of_fault(expectation->fault);
    const int64_t start = now_ms();
    for (int turn = 0; turn < 4; turn++) {
      const bool streams = turn >= 2;
      struct outcome outcome;
      run(client, (enum rpc_mode)(turn % kRpcModes), streams ? "SayHelloStreamReply" : "SayHello",
          &outcome);
      if (is_as_expected(&outcome, streams ? &expectation->stream : &expectation->unary)) continue;
      wrong++;
      print_error("%s, %s: %s, status %d, \"%s\", %d responses: %s\n", expectation->fault,
                  streams ? "stream" : "unary", pygrpc_code_name(outcome.code), outcome.status,
                  outcome.reason, outcome.responses, outcome.message);
    }
    assert_within(start, 2 * kAtOnceMs);
    pygrpc_client_free(client);
  }
  assert_int_equal(wrong, 0);
}

static void the_server_can_be_right(void** state) {
  (void)state;
  static const struct expectation kAnswer[] = {BOTH("answer", 0, "")};
  expect_all(kAnswer, COUNT_OF(kAnswer));
}

static void no_http2(void** state) {
  (void)state;
  static const struct expectation kNoHttp2[] = {
      BOTH("babble", 14, "http2_expected"),
      BOTH("http1-page", 14, "http2_expected"),
  };
  expect_all(kNoHttp2, COUNT_OF(kNoHttp2));
}

static void http2_but_no_grpc(void** state) {
  (void)state;
  static const struct expectation kNoGrpc[] = {
      BOTH("http-400", 13, "not_grpc"),
      BOTH("http-401", 16, "not_grpc"),
      BOTH("http-403", 7, "not_grpc"),
      BOTH("http-404", 12, "not_grpc"),
      BOTH("http-418", 2, "not_grpc"),
      BOTH("http-429", 14, "not_grpc"),
      BOTH("http-500", 2, "not_grpc"),
      BOTH("http-502", 14, "not_grpc"),
      BOTH("http-503", 14, "not_grpc"),
      BOTH("http-504", 14, "not_grpc"),
      BOTH("http-200", 2, "protocol_error"),
      BOTH("no-trailers", 2, "protocol_error"),
      BOTH("no-grpc-status", 2, "no_status"),
      BOTH("only-no-grpc-status", 2, "no_status"),
      /* gRPC does not look at these; the answer is one all the same */
      BOTH("no-http-status", 0, ""),
      BOTH("other-content-type", 0, ""),
      {"bad-http-status", {13, "no_message"}, {0, ""}},
  };
  expect_all(kNoGrpc, COUNT_OF(kNoGrpc));
}

static void statuses_that_are_none(void** state) {
  (void)state;
  static const struct expectation kStatuses[] = {
      BOTH("status-text", 2, ""),     BOTH("status-empty", 2, ""),
      BOTH("status-negative", 2, ""), BOTH("status-unknown", 2, ""),
      BOTH("status-huge", 2, ""),     BOTH("message-percent", 5, ""),
      BOTH("message-not-hex", 5, ""), BOTH("message-no-utf8", 5, ""),
      BOTH("message-lines", 5, ""),   BOTH("message-long", 5, ""),
  };
  expect_all(kStatuses, COUNT_OF(kStatuses));
}

static void metadata_that_are_none(void** state) {
  (void)state;
  static const struct expectation kMetadata[] = {
      BOTH("binary-no-base64", 2, "protocol_error"),
      BOTH("headers-8k", 8, "metadata_limit"),
      BOTH("headers-16k", 8, "metadata_limit"),
      BOTH("trailers-16k", 8, "metadata_limit"),
      BOTH("trailers-many", 8, "metadata_limit"),
      /* harmless */
      BOTH("upper-case", 0, ""),
      BOTH("empty-key", 0, ""),
      BOTH("odd-key", 0, ""),
      BOTH("odd-value", 0, ""),
      BOTH("line-in-value", 0, ""),
  };
  expect_all(kMetadata, COUNT_OF(kMetadata));
}

/* gRPC does not tell of a message that is cut off where the status comes all the same: a stream
 * ends without it. */
static void bodies_that_are_none(void** state) {
  (void)state;
  static const struct expectation kBodies[] = {
      {"body-flag", {13, "no_message"}, {0, ""}},       {"body-short", {13, "no_message"}, {0, ""}},
      {"body-cut-prefix", {13, "no_message"}, {0, ""}}, {"body-none", {13, "no_message"}, {0, ""}},
      {"body-no-message", {kWire, ""}, {kWire, ""}},
  };
  expect_all(kBodies, COUNT_OF(kBodies));
}

static void frames_against_the_rules(void** state) {
  (void)state;
  static const struct expectation kFrames[] = {
      BOTH("babble-later", 2, "protocol_error"),
      BOTH("continuation-alone", 2, "protocol_error"),
      BOTH("headers-interrupted", 2, "protocol_error"),
      BOTH("hpack-bad-index", 2, "protocol_error"),
      BOTH("hpack-cut", 2, "protocol_error"),
      BOTH("settings-odd-size", 2, "protocol_error"),
      BOTH("settings-bad-window", 2, "protocol_error"),
      BOTH("window-zero-update", 2, "protocol_error"),
      BOTH("frame-too-large", 13, "protocol_error"),
      /* what gRPC passes over */
      BOTH("data-no-stream", 0, ""),
      BOTH("data-other-stream", 0, ""),
      BOTH("frame-unknown", 0, ""),
      BOTH("push-promise", 0, ""),
      BOTH("window-overflow", 0, ""),
  };
  expect_all(kFrames, COUNT_OF(kFrames));
}

/* ---- RST_STREAM and GOAWAY */

/* By the code of the RST_STREAM, as gRPC's own table has it. */
static const int32_t kStatusOfReset[] = {13, 13, 13, 13, 13, 13, 13, 14, 1, 13, 13, 8, 7, 13, 13};

/* Each code, for both methods in both modes. `responses` of a stream come before; what nobody had
 * asked for yet when the reset came, gRPC drops. */
static void expect_resets(const char* fault, int responses) {
  int responded = 0;
  for (int turn = 0; turn < 4; turn++) {
    const bool streams = turn >= 2;
    pygrpc_client* client = client_of_fault(fault);
    for (size_t code = 0; code < COUNT_OF(kStatusOfReset); code++) {
      struct outcome outcome;
      run(client, (enum rpc_mode)(turn % kRpcModes), streams ? "SayHelloStreamReply" : "SayHello",
          &outcome);
      expect_outcome(&outcome, kStatusOfReset[code], "stream_reset");
      assert_int_equal(outcome.retriable, outcome.status == 14);
      assert_in_range(outcome.responses, 0, streams ? responses : 0);
      responded += outcome.responses;
    }
    pygrpc_client_free(client);
  }
  assert_int_equal(responded > 0, responses > 0);
}

static void streams_reset_with_each_code(void** state) {
  (void)state;
  expect_resets("reset-before", 0);
  expect_resets("reset-midway", 1);
  /* after the status it means nothing */
  static const struct expectation kAfter[] = {BOTH("reset-after", 0, "")};
  for (size_t i = 0; i < COUNT_OF(kStatusOfReset); i++) expect_all(kAfter, COUNT_OF(kAfter));
}

static void a_server_that_goes_away(void** state) {
  (void)state;
  static const struct expectation kGoAway[] = {
      BOTH("goaway-and-answer", 0, ""),
      BOTH("goaway-open", 14, "goaway"),
      BOTH("goaway-protocol-error", 14, "goaway"),
  };
  expect_all(kGoAway, COUNT_OF(kGoAway));
}

static void goaway_in_mid_stream(void** state) {
  (void)state;
  for (int mode = 0; mode < kRpcModes; mode++) {
    pygrpc_client* client = client_of_fault("goaway-midway");
    struct rpc rpc;
    struct outcome outcome;
    rpc_open(&rpc, client, (enum rpc_mode)mode, "SayHelloBidiStream", NULL, "{\"timeout\": 60}");
    assert_int_equal(rpc_write(&rpc, "{}"), PYGRPC_OK);
    char* message = rpc_read(&rpc, &outcome);
    assert_non_null(message);
    free(message);
    rpc_write(&rpc, "{}");
    rpc_read_all(&rpc, &outcome);
    expect_outcome(&outcome, 14, "goaway");
    assert_true(outcome.retriable);
    rpc_close(&rpc);
    pygrpc_client_free(client);
  }
}

/* A call that the server says it has not taken may be made again: by the caller, or by gRPC where a
 * policy asks for it. */
static void goaway_before_the_call(void** state) {
  (void)state;
  static const char* const kFaults[] = {"goaway-not-taken", "goaway-not-taken-error"};
  static const char kRetries[] =
      "{\"channel_arguments\": {\"grpc.use_local_subchannel_pool\": 1}, \"service_config\":"
      "{\"methodConfig\": [{\"name\": [{}], \"retryPolicy\": {\"maxAttempts\": 2,"
      "\"initialBackoff\": \"0.01s\", \"maxBackoff\": \"0.01s\", \"backoffMultiplier\": 1,"
      "\"retryableStatusCodes\": [\"UNAVAILABLE\"]}}]}}";
  for (size_t i = 0; i < COUNT_OF(kFaults); i++) {
    for (int mode = 0; mode < kRpcModes; mode++) {
      struct outcome outcome;
      pygrpc_client* client = client_of_fault(kFaults[i]);
      run(client, (enum rpc_mode)mode, "SayHello", &outcome);
      expect_outcome(&outcome, 14, "goaway");
      assert_true(outcome.retriable);
      run(client, (enum rpc_mode)mode, "SayHello", &outcome);
      assert_int_equal(outcome.code, PYGRPC_END);
      pygrpc_client_free(client);

      client = client_of(format("unix:%s/%s", directory, kFaults[i]), kRetries);
      run(client, (enum rpc_mode)mode, "SayHello", &outcome);
      assert_int_equal(outcome.code, PYGRPC_END);
      pygrpc_client_free(client);
    }
  }
}

/* ---- What only the deadline ends */

struct endless {
  const char *fault, *method, *reason;
  pygrpc_client* client;
  struct rpc rpc;
};

/* All at once, so that each can have its time on a busy machine. They are connected before, for
 * what takes so long is not to be the connection. */
static void answers_that_never_end(void** state) {
  (void)state;
  static const char* const kFaults[] = {"hang", "hold-headers", "goaway-calm", "no-streams",
                                        "no-window"};
  enum { kUnended = 2, kCases = kRpcModes * (2 * COUNT_OF(kFaults) + kUnended) };
  struct endless endless[kCases], *end = endless;
  for (int mode = 0; mode < kRpcModes; mode++) {
    struct endless* const first = end;
    for (size_t i = 0; i < COUNT_OF(kFaults); i++) {
      *end++ = (struct endless){.fault = kFaults[i], .method = "SayHello", .reason = "deadline"};
      *end = end[-1];
      (end++)->method = "SayHelloStreamReply";
    }
    /* gRPC takes one message, and the status only after all of them */
    *end++ = (struct endless){
        .fault = "body-two", .method = "SayHello", .reason = "deadline_after_response"};
    *end = end[-1];
    (end++)->fault = "data-before-headers";
    for (struct endless* each = first; each < end; each++) {
      pygrpc_error* error = NULL;
      each->client = client_of_fault(each->fault);
      expect_ok(pygrpc_client_wait_ready(each->client, 60000 * time_factor(), &error), error);
    }
  }
  for (size_t i = 0; i < kCases; i++) {
    rpc_open(&endless[i].rpc, endless[i].client, (enum rpc_mode)(i / (kCases / kRpcModes)),
             endless[i].method, "{}", "{\"timeout\": 4}");
  }
  const int64_t start = now_ms();
  for (struct endless* each = endless; each < end; each++) {
    struct outcome outcome;
    rpc_read_all(&each->rpc, &outcome);
    if (outcome.status != 4) print_error("%s, %s\n", each->fault, each->method);
    expect_outcome(&outcome, 4, each->reason);
    rpc_close(&each->rpc);
    pygrpc_client_free(each->client);
  }
  assert_within(start, 30000);
}

/* ---- Limits of the server */

static void a_window_that_opens_late(void** state) {
  (void)state;
  static const struct expectation kLate[] = {BOTH("late-window", 0, "")};
  expect_all(kLate, COUNT_OF(kLate));
}

/* All calls are made at once; the server takes them one by one. */
static void one_call_at_a_time(void** state) {
  (void)state;
  enum { kCalls = 4 };
  for (int mode = 0; mode < kRpcModes; mode++) {
    pygrpc_client* client = client_of_fault("one-stream");
    struct rpc rpcs[kCalls];
    for (int i = 0; i < kCalls; i++) {
      rpc_open(&rpcs[i], client, (enum rpc_mode)mode, "SayHello", "{}", "{\"timeout\": 60}");
    }
    for (int i = 0; i < kCalls; i++) {
      struct outcome outcome;
      rpc_read_all(&rpcs[i], &outcome);
      assert_int_equal(outcome.code, PYGRPC_END);
      assert_int_equal(outcome.responses, 1);
      rpc_close(&rpcs[i]);
    }
    pygrpc_client_free(client);
  }
}

/* Of gRPC's own server it is 8 KiB; it says so with its settings. */
static void metadata_over_the_servers_limit(void** state) {
  (void)state;
  enum { kSize = 20000 };
  char* options = malloc(kSize + 100);
  assert_non_null(options);
  const int head = sprintf(options, "{\"timeout\": 60, \"metadata\": {\"x-large\": \"");
  memset(options + head, 'x', kSize);
  memcpy(options + head + kSize, "\"}}", 4);
  start_shared_server(state);
  for (int turn = 0; turn < kRpcModes * kConversations; turn++) {
    pygrpc_client* client = client_of(shared_server.target, kOwnConnections);
    struct outcome outcome;
    converse(client, (enum rpc_mode)(turn % kRpcModes), &kConversation[turn / kRpcModes], options,
             &outcome);
    /* gRPC's server may end the connection over it */
    if (outcome.status == 14) {
      expect_outcome(&outcome, 14, "connection_reset");
    } else {
      expect_outcome(&outcome, 8, "metadata_limit");
    }
    expect_usable(client);
    pygrpc_client_free(client);
  }
  server_stop(&shared_server);
  free(options);
}

/* ---- Killed amidst an answer */

static void killed_between_headers_and_status(void** state) {
  (void)state;
  struct test_server mortal;
  const char* place = make_directory();
  const char* const program[] = {environment("PYGRPC_TEST_FAULTY_SERVER"), place, NULL};
  server_start_program(&mortal, program);
  struct outcome outcome;

  /* The headers of a unary call on a queue come with its status; those of the call after it, on the
   * same connection, tell that they are there. */
  pygrpc_client* clients[kRpcModes + 1];
  struct rpc rpcs[2 * kRpcModes];
  clients[0] = client_of(format("unix:%s/hold-headers", place), kOwnConnections);
  for (int i = 0; i < kRpcModes; i++) {
    rpc_open(&rpcs[i], clients[0], i == 0 ? RPC_QUEUED : RPC_BLOCKING, "SayHello", "{}",
             "{\"timeout\": 60}");
  }
  char* headers = NULL;
  pygrpc_error* error = NULL;
  expect_ok(pygrpc_stream_headers(rpcs[1].stream, -1, &headers, NULL, &error), error);
  pygrpc_free(headers);

  for (int i = 0; i < kRpcModes; i++) {
    clients[1 + i] = client_of(format("unix:%s/hold-message", place), kOwnConnections);
    struct rpc* rpc = &rpcs[kRpcModes + i];
    rpc_open(rpc, clients[1 + i], (enum rpc_mode)i, "SayHelloBidiStream", NULL,
             "{\"timeout\": 60}");
    assert_int_equal(rpc_write(rpc, "{}"), PYGRPC_OK);
    char* message = rpc_read(rpc, &outcome);
    assert_non_null(message);
    free(message);
  }

  server_kill(&mortal);
  for (size_t i = 0; i < COUNT_OF(rpcs); i++) {
    rpc_read_all(&rpcs[i], &outcome);
    expect_outcome(&outcome, 14, "connection_reset");
    rpc_close(&rpcs[i]);
  }
  for (size_t i = 0; i < COUNT_OF(clients); i++) pygrpc_client_free(clients[i]);
  remove_directory(place);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_server_can_be_right),
      cmocka_unit_test(no_http2),
      cmocka_unit_test(http2_but_no_grpc),
      cmocka_unit_test(statuses_that_are_none),
      cmocka_unit_test(metadata_that_are_none),
      cmocka_unit_test(bodies_that_are_none),
      cmocka_unit_test(frames_against_the_rules),
      cmocka_unit_test(streams_reset_with_each_code),
      cmocka_unit_test(a_server_that_goes_away),
      cmocka_unit_test(goaway_in_mid_stream),
      cmocka_unit_test(goaway_before_the_call),
      cmocka_unit_test(answers_that_never_end),
      cmocka_unit_test(a_window_that_opens_late),
      cmocka_unit_test(one_call_at_a_time),
      cmocka_unit_test(metadata_over_the_servers_limit),
      cmocka_unit_test(killed_between_headers_and_status),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
