/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the options of a connection do, seen from the other end of it. */

#include "harness.h"
#include "relay.h"

static int32_t state_of(pygrpc_client *client) {
  int32_t state = -1;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_client_state(client, &state, &error), error);
  return state;
}

static void expect_hello(pygrpc_client *client) {
  char *response = call(client, "SayHello", "{\"name\": \"you\"}", "{\"timeout\": 60}");
  assert_string_equal(response, "{\"message\":\"Hello, you!\"}");
  pygrpc_free(response);
}

/* ---- Keepalive */

/* Opens a stream through a relay, and has the network fall silent under it; how the next read ends
 * within so many milliseconds. A server that pauses longer than a ping may take is dead before. */
static int32_t read_after_freeze(const char *options, int64_t timeout_ms, pygrpc_error **error) {
  struct relay relay;
  relay_start(&relay, RELAY_PLAIN, shared_server.port);
  pygrpc_client *client = client_of(relay.target, options);
  pygrpc_stream *stream =
      open_stream(client, "Test/CountForeverBidi", NULL, "{\"timeout\": \"none\"}");
  char *message = NULL;
  int32_t result = pygrpc_stream_write(stream, "{\"interval\": \"0.001s\"}", NUL, -1, error);
  assert_true(result == PYGRPC_OK || result == PYGRPC_END);
  result = pygrpc_stream_read(stream, -1, &message, NULL, error);
  pygrpc_free(message);
  relay_freeze(&relay);
  const int64_t start = now_ms();
  while (result == PYGRPC_OK && now_ms() - start < 60000) {
    result = pygrpc_stream_read(stream, timeout_ms, &message, NULL, error);
    pygrpc_free(message); /* what was on its way */
  }
  pygrpc_stream_free(stream);
  pygrpc_client_free(client);
  relay_stop(&relay);
  return result;
}

static void keepalive_finds_a_dead_connection(void **state) {
  (void)state;
  pygrpc_error *error = NULL;
  const int64_t start = now_ms();
  check_error(read_after_freeze("{\"keepalive\": {\"time\": \"300ms\", \"timeout\": \"300ms\"}}",
                                -1, &error),
              PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 14);
  pygrpc_error_free(error);
  assert_within(start, 60000);

  /* not before the ping's time is up, and without pings not at all */
  error = NULL;
  expect_code(read_after_freeze("{\"keepalive\": {\"time\": \"300ms\", \"timeout\": \"60s\"}}",
                                1500, &error),
              PYGRPC_PENDING, error);
  expect_code(read_after_freeze(NULL, 1500, &error), PYGRPC_PENDING, error);
}

/* A connection that had a call, and has none any more. */
struct quiet_connection {
  struct relay relay;
  pygrpc_client *client;
  int64_t sent; /* bytes, until then */
};

static void be_quiet(struct quiet_connection *connection, bool without_calls) {
  relay_start(&connection->relay, RELAY_PLAIN, shared_server.port);
  /* gRPC stops after two pings without data, which may be over before the look at it begins */
  connection->client =
      client_of(connection->relay.target,
                format("{\"keepalive\": {\"time\": \"200ms\", \"without_calls\": %s},"
                       "\"channel_arguments\": {\"grpc.http2.max_pings_without_data\": 0}}",
                       without_calls ? "true" : "false"));
  expect_hello(connection->client);
}

static int64_t sent_since(struct quiet_connection *connection) {
  return relay_bytes_up(&connection->relay) - connection->sent;
}

static void end_quiet(struct quiet_connection *connection) {
  pygrpc_client_free(connection->client);
  relay_stop(&connection->relay);
}

/* Of two connections without calls one sends three pings, and the other less than two meanwhile: a
 * window update and the answer to a ping may follow a call late. */
static void keepalive_without_calls(void **state) {
  (void)state;
  enum { kPing = 17 }; /* bytes */
  struct quiet_connection with, without;
  be_quiet(&without, false);
  be_quiet(&with, true);
  pause_ms(500 * time_factor());
  with.sent = relay_bytes_up(&with.relay);
  without.sent = relay_bytes_up(&without.relay);
  /* gRPC looks at its sockets and its clock at once where somebody waits for anything. */
  pygrpc_client *client = test_client(NULL);
  pygrpc_stream *waiting = open_stream(client, "Test/NeverAnswerBidi", NULL, NULL);
  const int64_t start = now_ms();
  while (sent_since(&with) < 3 * kPing) {
    char *message = NULL;
    pygrpc_error *error = NULL;
    expect_code(pygrpc_stream_read(waiting, 20, &message, NULL, &error), PYGRPC_PENDING, error);
    assert_within(start, 60000);
  }
  print_message("# three pings without calls after %lld ms\n", (long long)(now_ms() - start));
  assert_true(sent_since(&without) < 2 * kPing);
  end_quiet(&with);
  end_quiet(&without);
  pygrpc_stream_free(waiting);
  pygrpc_client_free(client);
}

/* ---- Connections that come and go */

static void an_idle_channel_lets_go(void **state) {
  (void)state;
  pygrpc_client *client = test_client("{\"idle_timeout\": 1}");
  pygrpc_client *patient = test_client("{\"idle_timeout\": 600}");
  expect_hello(client);
  expect_hello(patient);
  const int64_t start = now_ms();
  while (state_of(client) != PYGRPC_CHANNEL_IDLE) {
    pause_ms(20);
    assert_within(start, 60000);
  }
  assert_int_equal(state_of(patient), PYGRPC_CHANNEL_READY);
  expect_hello(client); /* connects again */
  pygrpc_client_free(client);
  pygrpc_client_free(patient);
}

/* How long a client takes for so many attempts to connect to where it is turned away; and how many
 * there were `after_ms` later. */
static int64_t time_of_attempts(int count, const char *options, int64_t after_ms, int *total) {
  struct relay relay;
  relay_start(&relay, RELAY_CLOSE, 0);
  pygrpc_client *client = client_of(relay.target, options);
  const int64_t start = now_ms();
  pygrpc_stream *stream =
      open_stream(client, "SayHello", "{}", "{\"wait_for_ready\": true, \"timeout\": \"none\"}");
  int64_t took = -1;
  while (took < 0 || now_ms() - start < took + after_ms) {
    char *message = NULL;
    pygrpc_error *error = NULL;
    expect_code(pygrpc_stream_read(stream, 10, &message, NULL, &error), PYGRPC_PENDING, error);
    if (took < 0 && relay_connections(&relay) >= count) took = now_ms() - start;
    assert_within(start, 60000);
  }
  *total = relay_connections(&relay);
  pygrpc_stream_free(stream);
  pygrpc_client_free(client);
  relay_stop(&relay);
  return took;
}

/* gRPC makes each wait up to a fifth shorter or longer. */
static void waits_between_attempts_to_connect(void **state) {
  (void)state;
  int total;
  const int64_t steady = time_of_attempts(
      14, "{\"reconnect\": {\"initial_backoff\": 0.1, \"min_backoff\": 0.1, \"max_backoff\": 0.1}}",
      0, &total);
  /* each wait 1.6 times the one before */
  const int64_t growing = time_of_attempts(
      6, "{\"reconnect\": {\"initial_backoff\": 0.1, \"min_backoff\": 0.1, \"max_backoff\": 60}}",
      0, &total);
  time_of_attempts(
      1, "{\"reconnect\": {\"initial_backoff\": 30, \"min_backoff\": 0.1, \"max_backoff\": 60}}",
      1500, &total);
  print_message(
      "# 14 attempts in %lld ms steadily, 6 in %lld ms ever later, %d with a late second\n",
      (long long)steady, (long long)growing, total);
  assert_in_range(steady, 1000, 50000); /* 14 that grow take a minute */
  assert_true(growing >= 1200);         /* 6 that do not, half of that */
  assert_int_equal(total, 1);
}

/* ---- Sharing */

static void clients_that_are_alike_share_a_connection(void **state) {
  (void)state;
  struct relay relay;
  relay_start(&relay, RELAY_PLAIN, shared_server.port);
  pygrpc_client *first = client_of(relay.target, NULL);
  pygrpc_client *second = client_of(relay.target, NULL);
  expect_hello(first);
  expect_hello(second);
  assert_int_equal(relay_connections(&relay), 1);
  /* other limits, another connection */
  pygrpc_client *other = client_of(relay.target, "{\"max_receive_size\": \"5MiB\"}");
  expect_hello(other);
  assert_int_equal(relay_connections(&relay), 2);
  pygrpc_client_free(first);
  pygrpc_client_free(second);
  pygrpc_client_free(other);
  relay_stop(&relay);
}

/* ---- Proxies */

static void an_http_proxy(void **state) {
  (void)state;
  struct relay relay;
  relay_start(&relay, RELAY_PROXY, shared_server.port);
  const char *options = format("{\"http_proxy\": \"http://%s\"}", relay.target);
  /* The name is looked up by the proxy, or nowhere. */
  pygrpc_client *client = client_of("service.example:50051", options);
  expect_hello(client);
  assert_int_equal(relay_connections(&relay), 1);
  assert_contains(relay_connect_line(&relay), "CONNECT service.example:50051 ");
  pygrpc_client_free(client);
  /* without the scheme, too */
  client = client_of("service.example:50052", format("{\"http_proxy\": \"%s\"}", relay.target));
  expect_hello(client);
  assert_int_equal(relay_connections(&relay), 2);
  pygrpc_client_free(client);
  relay_stop(&relay);
}

static void a_proxy_that_says_no(void **state) {
  (void)state;
  struct relay relay;
  relay_start(&relay, RELAY_FORBID, shared_server.port);
  pygrpc_client *client =
      client_of(shared_server.target, format("{\"http_proxy\": \"http://%s\"}", relay.target));
  pygrpc_error *error = NULL;
  char *response = NULL;
  check_error(pygrpc_unary_unary(client, "SayHello", "{}", NUL, NULL, &response, NULL, &error),
              PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 14);
  assert_contains(pygrpc_error_message(error), "403");
  pygrpc_error_free(error);
  assert_contains(relay_connect_line(&relay), shared_server.target);
  pygrpc_client_free(client);
  relay_stop(&relay);
}

/* ---- What is sent */

/* The bytes on the wire of a request of 300,000 zero bytes. */
static int64_t sent_for_a_payload(const char *client_options, const char *options) {
  struct relay relay;
  relay_start(&relay, RELAY_PLAIN, shared_server.port);
  pygrpc_client *client = client_of(relay.target, client_options);
  char *request = payload_json(100000);
  char *response = call(client, "PutPayload", request, options);
  assert_json_string(response, "/bytes", "300000");
  free(request);
  pygrpc_free(response);
  pygrpc_client_free(client);
  const int64_t sent = relay_bytes_up(&relay);
  relay_stop(&relay);
  return sent;
}

static void gzip_makes_requests_smaller(void **state) {
  (void)state;
  const int64_t plain = sent_for_a_payload(NULL, NULL);
  assert_true(plain > 300000);
  assert_true(sent_for_a_payload(NULL, "{\"compression\": \"gzip\"}") < 30000);
  assert_true(sent_for_a_payload("{\"compression\": \"gzip\"}", NULL) < 30000);
  assert_true(sent_for_a_payload("{\"compression\": \"gzip\"}", "{\"compression\": \"none\"}") >
              300000);
}

/* Arguments that have no option of their own reach gRPC, text and integers. */
static void channel_arguments(void **state) {
  (void)state;
  pygrpc_client *client = test_client(
      "{\"channel_arguments\": {\"grpc.secondary_user_agent\": \"by-argument/2\","
      "\"grpc.max_metadata_size\": 400}}");
  char *reply = call(client, "EchoMetadata", "{}", NULL);
  assert_contains(reply, "by-argument/2");
  pygrpc_free(reply);

  pygrpc_error *error = NULL;
  char large[600];
  memset(large, 'x', sizeof large - 1);
  large[sizeof large - 1] = '\0';
  const char *request = format("{\"headers\": [{\"key\": \"large\", \"text\": \"%s\"}]}", large);
  check_error(pygrpc_unary_unary(client, "EchoMetadata", request, NUL, NULL, &reply, NULL, &error),
              PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 8);
  pygrpc_error_free(error);
  pygrpc_client_free(client);

  client = test_client(NULL);
  pygrpc_free(call(client, "EchoMetadata", request, NULL));
  pygrpc_client_free(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keepalive_finds_a_dead_connection),
      cmocka_unit_test(keepalive_without_calls),
      cmocka_unit_test(an_idle_channel_lets_go),
      cmocka_unit_test(waits_between_attempts_to_connect),
      cmocka_unit_test(clients_that_are_alike_share_a_connection),
      cmocka_unit_test(an_http_proxy),
      cmocka_unit_test(a_proxy_that_says_no),
      cmocka_unit_test(gzip_makes_requests_smaller),
      cmocka_unit_test(channel_arguments),
  };
  return cmocka_run_group_tests(tests, start_shared_server, stop_shared_server);
}
