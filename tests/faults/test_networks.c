/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Networks that lose everything without a word, that are slow, and that let nobody through. */

#include "relay.h"
#include "rpc.h"

/* An RPC of each cardinality that the server never ends, in both modes. */
static const struct {
  const char* method;
  const char* request;
} kEndless[] = {
    {"NeverAnswer", "{}"},
    {"CountForever", "{\"interval\": \"3600s\"}"},
    {"NeverRead", NULL},
    {"NeverAnswerBidi", NULL},
};
enum { kRpcs = COUNT_OF(kEndless) * kRpcModes };

struct running {
  pygrpc_client* client;
  struct rpc rpc;
  int64_t start;
};

static void open_endless(struct running* running, int index, const char* options) {
  running->start = now_ms();
  rpc_open(&running->rpc, running->client, (enum rpc_mode)(index % kRpcModes),
           kEndless[index / kRpcModes].method, kEndless[index / kRpcModes].request, options);
}

static void open_all(struct running* running, const char* target, const char* client_options,
                     const char* options) {
  for (int i = 0; i < kRpcs; i++) {
    running[i].client = client_of(target, client_options);
    open_endless(&running[i], i, options);
  }
}

static void close_all(struct running* running) {
  for (int i = 0; i < kRpcs; i++) {
    rpc_close(&running[i].rpc);
    pygrpc_client_free(running[i].client);
  }
}

/* Connects all clients through the relay, freezes it, and opens the RPCs, each on a connection of
 * its own; when it was frozen. Before that there is no RPC, so keepalive, which takes a busy
 * machine for a silent one, looks for nothing. */
static int64_t freeze_under(struct relay* relay, struct running* running,
                            const char* client_options, const char* options) {
  relay_start(relay, RELAY_PLAIN, shared_server.port);
  for (int i = 0; i < kRpcs; i++) {
    pygrpc_error* error = NULL;
    running[i].client = client_of(relay->target, client_options);
    expect_ok(pygrpc_client_wait_ready(running[i].client, 60000 * time_factor(), &error), error);
  }
  assert_true(relay_connections(relay) >= kRpcs);
  relay_freeze(relay);
  const int64_t frozen = now_ms();
  for (int i = 0; i < kRpcs; i++) open_endless(&running[i], i, options);
  return frozen;
}

static void a_black_hole_with_keepalive(void** state) {
  (void)state;
  enum { kTimeMs = 400, kTimeoutMs = 400 };
  struct relay relay;
  struct running running[kRpcs];
  const char* options = format(
      "{\"keepalive\": {\"time\": \"%dms\", \"timeout\": \"%dms\"}, \"channel_arguments\":"
      "{\"grpc.use_local_subchannel_pool\": 1, \"grpc.http2.max_pings_without_data\": 0},"
      "\"reconnect\": {\"initial_backoff\": 0.1}}",
      kTimeMs, kTimeoutMs);
  const int64_t frozen = freeze_under(&relay, running, options, "{\"timeout\": 600}");
  for (int i = 0; i < kRpcs; i++) {
    struct outcome outcome;
    rpc_read_all(&running[i].rpc, &outcome);
    expect_outcome(&outcome, 14, "keepalive_timeout");
    assert_true(outcome.retriable);
  }
  const int64_t took = now_ms() - frozen;
  print_message(
      "# figure: UNAVAILABLE in a black hole with keepalive of 0.4 s and 0.4 s after = "
      "%d ms\n",
      (int)took);
  assert_within(frozen, kTimeMs + kTimeoutMs + kAtOnceMs);
  relay_thaw(&relay);
  for (int i = 0; i < kRpcs; i++) expect_usable(running[i].client);
  close_all(running);
  relay_stop(&relay);
}

static void a_black_hole_without(void** state) {
  (void)state;
  const int timeout_ms = time_factor() > 1 ? 6000 : 2500;
  struct relay relay;
  struct running running[kRpcs];
  freeze_under(&relay, running, kOwnConnections, format("{\"timeout\": \"%dms\"}", timeout_ms));
  for (int i = 0; i < kRpcs; i++) {
    struct outcome outcome;
    rpc_read_all(&running[i].rpc, &outcome);
    expect_outcome(&outcome, 4, "deadline");
    assert_true(now_ms() - running[i].start >= timeout_ms - 10);
    assert_within(running[i].start + timeout_ms, kAtOnceMs);
  }
  close_all(running);
  relay_stop(&relay);
}

/* From some byte on nothing arrives. Where the client looks for that, it goes on to another
 * connection. On a busy machine it may give up the connection before that byte; nothing else ends
 * the RPC but that, in either case. */
static void a_connection_that_dies_away(void** state) {
  (void)state;
  static const int64_t kUp[] = {0, 24, 250}, kDown[] = {0, 40, 110};
  static const char kOptions[] =
      "{\"keepalive\": {\"time\": 0.1, \"timeout\": 0.1}, \"connect_timeout\": 0.5,"
      "\"channel_arguments\": {\"grpc.use_local_subchannel_pool\": 1}}";
  for (int direction = RELAY_UP; direction <= RELAY_DOWN; direction++) {
    for (size_t i = 0; i < COUNT_OF(kUp); i++) {
      struct relay relay;
      struct outcome outcome;
      relay_start(&relay, RELAY_PLAIN, shared_server.port);
      relay_cut(&relay, direction, direction == RELAY_UP ? kUp[i] : kDown[i], RELAY_FREEZES);
      pygrpc_client* client = client_of(relay.target, kOptions);
      const int64_t start = now_ms();
      converse(client, (enum rpc_mode)(i % kRpcModes),
               &kConversation[(i + 2 * (size_t)direction) % kConversations], "{\"timeout\": 60}",
               &outcome);
      assert_int_equal(outcome.status, 14);
      assert_true(outcome.retriable);
      assert_true(strcmp(outcome.reason, "keepalive_timeout") == 0 ||
                  strcmp(outcome.reason, "connect_timeout") == 0);
      assert_within(start, kAtOnceMs);
      expect_usable(client);
      pygrpc_client_free(client);
      relay_stop(&relay);
    }
  }
}

/* Every conversation goes well byte by byte, either way. */
static void a_slow_drip(void** state) {
  (void)state;
  for (int direction = RELAY_UP; direction <= RELAY_DOWN; direction++) {
    struct relay relay;
    relay_start(&relay, RELAY_PLAIN, shared_server.port);
    relay_drip(&relay, direction, 200);
    for (int i = 0; i < kConversations * kRpcModes; i++) {
      struct outcome outcome;
      pygrpc_client* client = client_of(relay.target, kOwnConnections);
      converse(client, (enum rpc_mode)(i % kRpcModes), &kConversation[i / kRpcModes],
               "{\"timeout\": 60}", &outcome);
      assert_int_equal(outcome.code, PYGRPC_END);
      pygrpc_client_free(client);
    }
    relay_stop(&relay);
  }
}

/* Each byte that comes is no reason to wait longer than the deadline. */
static void a_drip_that_is_too_slow(void** state) {
  (void)state;
  for (int i = 0; i < kConversations * kRpcModes; i++) {
    struct relay relay;
    struct outcome outcome;
    relay_start(&relay, RELAY_PLAIN, shared_server.port);
    relay_drip(&relay, i % 2 == 0 ? RELAY_DOWN : RELAY_UP, 20000);
    pygrpc_client* client = client_of(relay.target, kOwnConnections);
    const int64_t start = now_ms();
    converse(client, (enum rpc_mode)(i % kRpcModes), &kConversation[i / kRpcModes],
             "{\"timeout\": 0.3}", &outcome);
    assert_int_equal(outcome.status, 4);
    assert_true(now_ms() - start >= 290);
    assert_within(start, kAtOnceMs);
    pygrpc_client_free(client);
    relay_stop(&relay);
  }
}

/* Nobody answers the first packet, or nobody anything after it. */
static void half_open_connections(void** state) {
  (void)state;
  struct black_hole hole;
  struct relay silent;
  black_hole_open(&hole);
  relay_start(&silent, RELAY_SILENT, 0);
  char hole_target[40];
  snprintf(hole_target, sizeof hole_target, "127.0.0.1:%d", hole.port);
  const char* targets[] = {hole_target, silent.target};
  for (size_t t = 0; t < COUNT_OF(targets); t++) {
    struct running running[kRpcs];
    struct outcome outcome;
    int64_t start = now_ms();
    open_all(running, targets[t], "{\"connect_timeout\": 0.4}", "{\"timeout\": 60}");
    for (int i = 0; i < kRpcs; i++) {
      rpc_read_all(&running[i].rpc, &outcome);
      expect_outcome(&outcome, 14, "connect_timeout");
      assert_true(outcome.retriable);
    }
    assert_within(start, kAtOnceMs);
    close_all(running);

    start = now_ms();
    open_all(running, targets[t], kOwnConnections, "{\"timeout\": 0.4}");
    for (int i = 0; i < kRpcs; i++) {
      rpc_read_all(&running[i].rpc, &outcome);
      expect_outcome(&outcome, 4, "deadline_connecting");
      assert_true(outcome.retriable);
    }
    assert_within(start, kAtOnceMs);
    close_all(running);
  }
  relay_stop(&silent);
  black_hole_close(&hole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_black_hole_with_keepalive), cmocka_unit_test(a_black_hole_without),
      cmocka_unit_test(a_connection_that_dies_away), cmocka_unit_test(a_slow_drip),
      cmocka_unit_test(a_drip_that_is_too_slow),     cmocka_unit_test(half_open_connections),
  };
  return cmocka_run_group_tests(tests, start_shared_server, stop_shared_server);
}
