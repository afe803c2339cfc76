/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Servers that break the rules of HTTP/2 or gRPC, each in one way; see faulty_server.py. Whatever
 * they do, the process lives, every RPC ends with a status and, where there is more to say, a reason,
 * and the client goes on to the next one. */

#include "rpc.h"

static struct test_server server;
static const char *directory;

static int set_up(void **state) {
  (void)state;
  directory = make_directory();
  const char *const program[] = {environment("PYGRPC_TEST_FAULTY_SERVER"), directory, NULL};
  server_start_program(&server, program);
  return 0;
}

static int tear_down(void **state) {
  server_stop(&server);
  remove_directory(directory);
  return stop_shared_server(state);
}

static pygrpc_client *client_of_fault(const char *fault) {
  return client_of(format("unix:%s/%s", directory, fault), kOwnConnections);
}

/* How an RPC has to end: END for a status of 0. */
struct end {
  int32_t status;
  const char *reason;
};
enum { kWire = -1 }; /* as a status: the RPC goes well, and its message is E_WIRE */

struct expectation {
  const char *fault;
  struct end unary;
  struct end stream; /* of responses */
};
#define BOTH(fault, status, reason) \
  { fault, {status, reason}, {status, reason} }

static bool is_as_expected(const struct outcome *outcome, const struct end *end) {
  if (end->status == 0) return outcome->code == PYGRPC_END;
  if (end->status == kWire) return outcome->code == PYGRPC_E_WIRE;
  return outcome->code == PYGRPC_E_STATUS && outcome->status == end->status &&
         strcmp(outcome->reason, end->reason) == 0;
}

/* One RPC, whatever its messages are. */
static void run(pygrpc_client *client, enum rpc_mode mode, const char *method,
                struct outcome *outcome) {
  struct rpc rpc;
  rpc_open(&rpc, client, mode, method, "{}", "{\"timeout\": 60}");
  rpc_read_all(&rpc, outcome);
  rpc_close(&rpc);
}

/* All of them, four RPCs each on one client; says which are not as expected. */
static void expect_all(const struct expectation *expectations, size_t count) {
  int wrong = 0;
  for (size_t i = 0; i < count; i++) {
    const struct expectation *expectation = &expectations[i];
    pygrpc_client *client = client_of_fault(expectation->fault);
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
    assert_within(start, 5000);
    pygrpc_client_free(client);
  }
  assert_int_equal(wrong, 0);
}

static void the_server_can_be_right(void **state) {
  (void)state;
  static const struct expectation kAnswer[] = {BOTH("answer", 0, "")};
  expect_all(kAnswer, COUNT_OF(kAnswer));
}

static void no_http2(void **state) {
  (void)state;
  static const struct expectation kNoHttp2[] = {
      BOTH("babble", 14, "http2_expected"),
      BOTH("http1-page", 14, "http2_expected"),
  };
  expect_all(kNoHttp2, COUNT_OF(kNoHttp2));
}

static void http2_but_no_grpc(void **state) {
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

static void statuses_that_are_none(void **state) {
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

static void metadata_that_are_none(void **state) {
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

/* gRPC does not tell of a message that is cut off where the status comes all the same: a stream ends
 * without it. */
static void bodies_that_are_none(void **state) {
  (void)state;
  static const struct expectation kBodies[] = {
      {"body-flag", {13, "no_message"}, {0, ""}},
      {"body-short", {13, "no_message"}, {0, ""}},
      {"body-cut-prefix", {13, "no_message"}, {0, ""}},
      {"body-none", {13, "no_message"}, {0, ""}},
      {"body-no-message", {kWire, ""}, {kWire, ""}},
  };
  expect_all(kBodies, COUNT_OF(kBodies));
}

static void frames_against_the_rules(void **state) {
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
      /* what gRPC passes over */
      BOTH("data-no-stream", 0, ""),
      BOTH("data-other-stream", 0, ""),
      BOTH("frame-unknown", 0, ""),
      BOTH("push-promise", 0, ""),
      BOTH("window-overflow", 0, ""),
  };
  expect_all(kFrames, COUNT_OF(kFrames));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_server_can_be_right), cmocka_unit_test(no_http2),
      cmocka_unit_test(http2_but_no_grpc),       cmocka_unit_test(statuses_that_are_none),
      cmocka_unit_test(metadata_that_are_none),  cmocka_unit_test(bodies_that_are_none),
      cmocka_unit_test(frames_against_the_rules),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
