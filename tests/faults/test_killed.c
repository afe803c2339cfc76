/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A server that is killed, or stopped as a machine that hangs, while RPCs of each cardinality are
 * at each point of their way. Each has a client of its own, which is used again afterwards. */

#include <signal.h>
#include <sys/wait.h>

#include "rpc.h"

static const char kTag[] = "killed";

/* Where an RPC is when it happens. */
struct phase {
  const char* name;
  const char* method;
  const char* request; /* NULL: requests are streamed */
  const char* streamed_request;
  int writes;
  bool half_close;
  int reads;
};
static const struct phase kPhases[] = {
    {"unary, no headers yet", "NeverAnswer", "{}", NULL, 0, false, 0},
    {"response stream, no headers yet", "CountForever", "{\"interval\": \"3600s\"}", NULL, 0, false,
     0},
    {"response stream, between messages", "CountForever", "{\"interval\": \"0.001s\"}", NULL, 0,
     false, 3},
    {"request stream, before messages", "NeverRead", NULL, "{}", 0, false, 0},
    {"request stream, between messages", "NeverRead", NULL, "{}", 3, false, 0},
    {"request stream, half-closed", "NeverRead", NULL, "{}", 3, true, 0},
    {"both stream, before messages", "NeverAnswerBidi", NULL, "{}", 0, false, 0},
    {"both stream, no headers yet", "NeverAnswerBidi", NULL, "{}", 3, false, 0},
    {"both stream, half-closed, no headers yet", "NeverAnswerBidi", NULL, "{}", 3, true, 0},
    {"both stream, in turns", "EchoPayloads", NULL, "{}", 2, false, 2},
    {"both stream, between messages", "CountForeverBidi", NULL, "{\"interval\": \"0.001s\"}", 1,
     false, 3},
    {"both stream, half-closed, before the status", "CountForeverBidi", NULL,
     "{\"interval\": \"0.001s\"}", 1, true, 3},
};
enum { kPhaseCount = COUNT_OF(kPhases), kRpcs = kPhaseCount * kRpcModes };

struct running {
  const struct phase* phase;
  pygrpc_client* client;
  struct rpc rpc;
  int64_t start;
};

/* On the port where it was before, if it was. */
static void start_server(struct test_server* server) {
  if (server->port == 0) server->port = unused_port();
  const char* port = format("%d", server->port);
  server_start(server, "--port", port, "--die-with-parent", NULL);
}

/* Returns when all of its threads stand still. */
static void stop_server(const struct test_server* server) {
  int status = 0;
  assert_int_equal(kill(server->pid, SIGSTOP), 0);
  assert_int_equal(waitpid(server->pid, &status, WUNTRACED), server->pid);
  assert_true(WIFSTOPPED(status));
}

static void bring_to_phase(struct running* running, const char* target, enum rpc_mode mode,
                           const char* options) {
  const struct phase* phase = running->phase;
  struct outcome outcome;
  running->client = client_of(target, kOwnConnections);
  running->start = now_ms();
  rpc_open(&running->rpc, running->client, mode, phase->method, phase->request, options);
  for (int i = 0; i < phase->writes; i++) {
    assert_int_equal(rpc_write(&running->rpc, phase->streamed_request), PYGRPC_OK);
  }
  if (phase->half_close) rpc_half_close(&running->rpc);
  for (int i = 0; i < phase->reads; i++) {
    char* message = rpc_read(&running->rpc, &outcome);
    assert_non_null(message);
    free(message);
  }
}

/* Has an RPC in each phase, in both modes; the server has seen all of them. */
static void bring_all_to_phase(struct running* running, const char* target, const char* timeout) {
  const char* options =
      format("{\"metadata\": {\"x-call-tag\": \"%s\"}, \"timeout\": %s}", kTag, timeout);
  for (int i = 0; i < kRpcs; i++) {
    running[i].phase = &kPhases[i / kRpcModes];
    bring_to_phase(&running[i], target, (enum rpc_mode)(i % kRpcModes), options);
  }
  pygrpc_client* client = client_of(target, kOwnConnections);
  char* counts = call(
      client, "GetCallCounts",
      format("{\"tag\": \"%s\", \"waitForStarted\": %d, \"waitAtMost\": \"60s\"}", kTag, kRpcs),
      "{\"timeout\": 70}");
  assert_json_string(counts, "/started", format("%d", kRpcs));
  pygrpc_free(counts);
  pygrpc_client_free(client);
}

/* Reads to the end, and before that, where requests are streamed, writes to the end. */
static void expect_end_of(struct running* running, int32_t status, const char* reason) {
  struct outcome outcome;
  if (running->phase->request == NULL && !running->phase->half_close) {
    /* those that may leave before gRPC knows are few */
    const int64_t start = now_ms();
    while (rpc_write(&running->rpc, running->phase->streamed_request) == PYGRPC_OK) {
      assert_within(start, 60000);
    }
  }
  rpc_read_all(&running->rpc, &outcome);
  if (outcome.status != status) print_error("%s:\n", running->phase->name);
  expect_outcome(&outcome, status, reason);
}

static void expect_all_usable(struct running* running) {
  for (int i = 0; i < kRpcs; i++) {
    expect_usable(running[i].client);
    rpc_close(&running[i].rpc);
    pygrpc_client_free(running[i].client);
  }
}

static void killed_in_each_phase(void** state) {
  (void)state;
  struct test_server server = {0};
  struct running running[kRpcs];
  start_server(&server);
  bring_all_to_phase(running, server.target, "600");
  server_kill(&server);
  const int64_t start = now_ms();
  for (int i = 0; i < kRpcs; i++) expect_end_of(&running[i], 14, "connection_reset");
  assert_within(start, kAtOnceMs);
  start_server(&server);
  expect_all_usable(running);
  print_message("# figure: RPCs whose server is killed = %d calls\n", kRpcs);
  server_stop(&server);
}

/* Before the first connection, and after the last RPC. */
static void killed_before_and_after(void** state) {
  (void)state;
  struct test_server server = {0};
  pygrpc_client* clients[kConversations * kRpcModes];
  struct outcome outcome;
  start_server(&server);
  for (size_t i = 0; i < COUNT_OF(clients); i++) {
    clients[i] = client_of(server.target, kOwnConnections);
  }
  for (int round = 0; round < 2; round++) {
    server_kill(&server);
    for (size_t i = 0; i < COUNT_OF(clients); i++) {
      converse(clients[i], (enum rpc_mode)(i % kRpcModes), &kConversation[i / kRpcModes],
               "{\"timeout\": 600}", &outcome);
      assert_int_equal(outcome.status, 14);
      assert_true(outcome.retriable);
      if (round == 0) expect_outcome(&outcome, 14, "connection_refused");
    }
    start_server(&server);
    for (size_t i = 0; i < COUNT_OF(clients); i++) expect_usable(clients[i]);
  }
  for (size_t i = 0; i < COUNT_OF(clients); i++) pygrpc_client_free(clients[i]);
  server_stop(&server);
}

/* The kernel takes connections of a process that is stopped, so they are there, and say nothing. */
static void killed_while_connecting(void** state) {
  (void)state;
  struct test_server server = {0};
  struct running running[kRpcs];
  start_server(&server);
  stop_server(&server);
  for (int i = 0; i < kRpcs; i++) {
    running[i].phase = &kPhases[i / kRpcModes];
    running[i].client = client_of(server.target, kOwnConnections);
    rpc_open(&running[i].rpc, running[i].client, (enum rpc_mode)(i % kRpcModes),
             running[i].phase->method, running[i].phase->request, "{\"timeout\": 600}");
    pygrpc_error* error = NULL;
    char* headers = NULL;
    expect_code(pygrpc_stream_headers(running[i].rpc.stream, 1, &headers, NULL, &error),
                PYGRPC_PENDING, error);
  }
  server_kill(&server);
  for (int i = 0; i < kRpcs; i++) {
    struct outcome outcome;
    rpc_read_all(&running[i].rpc, &outcome);
    assert_int_equal(outcome.status, 14);
    assert_true(outcome.retriable);
    assert_string_not_equal(outcome.reason, "");
  }
  start_server(&server);
  expect_all_usable(running);
  server_stop(&server);
}

static void stopped_in_each_phase(void** state) {
  (void)state;
  /* within which all of them have to come to their phase */
  const int timeout_ms = time_factor() > 1 ? 12000 : 6000;
  struct test_server server = {0};
  struct running running[kRpcs];
  start_server(&server);
  bring_all_to_phase(running, server.target, format("\"%dms\"", timeout_ms));
  stop_server(&server);
  int64_t latest = 0;
  for (int i = 0; i < kRpcs; i++) {
    struct outcome outcome;
    rpc_read_all(&running[i].rpc, &outcome);
    const int64_t late = now_ms() - running[i].start - timeout_ms;
    if (late > latest) latest = late;
    expect_outcome(&outcome, 4, "deadline");
    assert_true(late >= -10);
    assert_within(running[i].start + timeout_ms, kAtOnceMs);
  }
  print_message("# figure: latest deadline of RPCs whose server hangs = %d ms\n", (int)latest);
  assert_int_equal(kill(server.pid, SIGCONT), 0);
  expect_all_usable(running);
  server_stop(&server);
}

static void stopped_before_the_connection(void** state) {
  (void)state;
  struct test_server server = {0};
  struct outcome outcome;
  start_server(&server);
  stop_server(&server);
  pygrpc_client* clients[kConversations * kRpcModes];
  for (size_t i = 0; i < COUNT_OF(clients); i++) {
    clients[i] = client_of(server.target, kOwnConnections);
    const int64_t start = now_ms();
    converse(clients[i], (enum rpc_mode)(i % kRpcModes), &kConversation[i / kRpcModes],
             "{\"timeout\": 0.2}", &outcome);
    expect_outcome(&outcome, 4, "deadline_connecting");
    assert_within(start, kAtOnceMs);
  }
  assert_int_equal(kill(server.pid, SIGCONT), 0);
  for (size_t i = 0; i < COUNT_OF(clients); i++) {
    expect_usable(clients[i]);
    pygrpc_client_free(clients[i]);
  }
  server_stop(&server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(killed_in_each_phase),          cmocka_unit_test(killed_before_and_after),
      cmocka_unit_test(killed_while_connecting),       cmocka_unit_test(stopped_in_each_phase),
      cmocka_unit_test(stopped_before_the_connection),
  };
  return cmocka_run_group_tests(tests, start_shared_server, stop_shared_server);
}
