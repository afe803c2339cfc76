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

/* Opens a silent stream through a relay, and has the network fall silent under it; how the next
 * read ends within so many milliseconds. */
static int32_t read_after_freeze(const char *options, int64_t timeout_ms, pygrpc_error **error) {
  struct relay relay;
  relay_start(&relay, RELAY_PLAIN, shared_server.port);
  pygrpc_client *client = client_of(relay.target, options);
  pygrpc_stream *stream =
      open_stream(client, "Test/CountForeverBidi", NULL, "{\"timeout\": \"none\"}");
  write_message(stream, "{\"interval\": \"0.001s\"}");
  pygrpc_free(read_message(stream));
  relay_freeze(&relay);
  char *message = NULL;
  const int64_t start = now_ms();
  int32_t result;
  do {
    result = pygrpc_stream_read(stream, timeout_ms, &message, NULL, error);
    pygrpc_free(message); /* what was on its way */
  } while (result == PYGRPC_OK && now_ms() - start < 60000);
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
  assert_within(start, 10000);

  /* not before the ping's time is up, and without pings not at all */
  error = NULL;
  expect_code(read_after_freeze("{\"keepalive\": {\"time\": \"300ms\", \"timeout\": \"60s\"}}",
                                1500, &error),
              PYGRPC_PENDING, error);
  expect_code(read_after_freeze(NULL, 1500, &error), PYGRPC_PENDING, error);
}

/* Lets a connection without calls be. Gives the time until it sends at least a ping, of 17 bytes,
 * or `limit_ms` if it sends nothing by then. */
static int64_t silence(bool without_calls, int64_t limit_ms) {
  enum { kPing = 17 };
  struct relay relay;
  relay_start(&relay, RELAY_PLAIN, shared_server.port);
  /* gRPC stops after two pings without data, which may be over before the look at it begins */
  pygrpc_client *client = client_of(
      relay.target, format("{\"keepalive\": {\"time\": \"200ms\", \"without_calls\": %s},"
                           "\"channel_arguments\": {\"grpc.http2.max_pings_without_data\": 0}}",
                           without_calls ? "true" : "false"));
  expect_hello(client);
  /* What follows the call, such as window updates, is not what is looked for. */
  pause_ms(500 * time_factor());
  const int64_t before = relay_bytes_up(&relay), start = now_ms();
  while (relay_bytes_up(&relay) - before < kPing && now_ms() - start < limit_ms) pause_ms(20);
  const int64_t passed = now_ms() - start;
  pygrpc_client_free(client);
  relay_stop(&relay);
  return passed;
}

static void keepalive_without_calls(void **state) {
  (void)state;
  const int64_t until_ping = silence(true, 20000);
  print_message("# a ping without calls after %lld ms\n", (long long)until_ping);
  assert_true(until_ping < 20000);
  assert_true(silence(false, until_ping + 1000) >= until_ping + 1000);
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
    assert_within(start, 20000);
  }
  assert_int_equal(state_of(patient), PYGRPC_CHANNEL_READY);
  expect_hello(client); /* connects again */
  pygrpc_client_free(client);
  pygrpc_client_free(patient);
}

/* How often a client tries to connect in two seconds to where it is turned away. */
static int attempts(const char *options) {
  struct relay relay;
  relay_start(&relay, RELAY_CLOSE, 0);
  pygrpc_client *client = client_of(relay.target, options);
  pygrpc_error *error = NULL;
  char *response = NULL;
  check_error(
      pygrpc_unary_unary(client, "SayHello", "{}", NUL,
                         "{\"wait_for_ready\": true, \"timeout\": 2}", &response, NULL, &error),
      PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 4);
  pygrpc_error_free(error);
  pygrpc_client_free(client);
  const int count = relay_connections(&relay);
  relay_stop(&relay);
  return count;
}

static void waits_between_attempts_to_connect(void **state) {
  (void)state;
  /* about 20 */
  const int steady = attempts(
      "{\"reconnect\": {\"initial_backoff\": 0.1, \"min_backoff\": 0.1, \"max_backoff\": 0.1}}");
  /* 0.1 s, and each wait 1.6 times the one before: about 6 */
  const int growing = attempts(
      "{\"reconnect\": {\"initial_backoff\": 0.1, \"min_backoff\": 0.1, \"max_backoff\": 60}}");
  const int late = attempts(
      "{\"reconnect\": {\"initial_backoff\": 30, \"min_backoff\": 0.1, \"max_backoff\": 60}}");
  print_message("# attempts in 2 s: %d steady, %d growing, %d late\n", steady, growing, late);
  assert_true(steady > growing);
  assert_true(growing > late);
  assert_int_equal(late, 1);
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
