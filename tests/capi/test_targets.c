/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where a client connects to: the schemes of targets, targets that are wrong, and how long an
 * attempt to connect may take. */

#include <unistd.h>

#include "harness.h"
#include "relay.h"

static void expect_hello(const char *target) {
  print_message("# %s\n", target);
  expect_greeting_of(target, NULL);
}

static void hosts_and_addresses(void **state) {
  (void)state;
  const int port = shared_server.port;
  expect_hello(format("localhost:%d", port));
  expect_hello(format("dns:localhost:%d", port));
  expect_hello(format("dns:///localhost:%d", port));
  expect_hello(format("ipv4:127.0.0.1:%d", port));
  expect_hello(format("ipv4:127.0.0.1:%d,127.0.0.1:%d", port, port));
  /* the first of them is down */
  expect_hello(format("ipv4:127.0.0.1:%d,127.0.0.1:%d", unused_port(), port));
}

static void ipv6_addresses(void **state) {
  (void)state;
  struct test_server server;
  server_start(&server, "--bind", "::1", NULL);
  expect_hello(format("[::1]:%d", server.port));
  expect_hello(format("ipv6:[::1]:%d", server.port));
  expect_hello(format("dns:///[::1]:%d", server.port));
  server_stop(&server);
}

static void unix_sockets(void **state) {
  (void)state;
  const char *directory = make_directory();
  struct test_server server;
  const char *path = path_in(directory, "socket");
  server_start(&server, "--unix", path, NULL);
  expect_hello(format("unix:%s", path));
  expect_hello(format("unix://%s", path));
  server_stop(&server);
  remove_directory(directory);

  const char *name = format("pygrpc-test-%d", (int)getpid());
  server_start(&server, "--unix", format("@%s", name), NULL);
  expect_hello(format("unix-abstract:%s", name));
  server_stop(&server);
}

/* Without a bootstrap file there is no control plane to ask, and the call says so. */
static void xds_without_a_bootstrap(void **state) {
  (void)state;
  pygrpc_client *client = client_of("xds:///service", NULL);
  pygrpc_error *error = NULL;
  char *response = NULL;
  check_error(pygrpc_unary_unary(client, "SayHello", "{}", NUL, NULL, &response, NULL, &error),
              PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 14);
  assert_contains(pygrpc_error_message(error), "GRPC_XDS_BOOTSTRAP");
  pygrpc_error_free(error);
  pygrpc_client_free(client);
}

/* A wrong target is told when the client is made, not by the first call. */
static void wrong_targets(void **state) {
  (void)state;
  static const struct {
    const char *target;
    const char *named;
  } kWrong[] = {
      {"", "empty"},
      {"http://localhost:50051", "xds:"},
      {"tcp://localhost:50051", "\"tcp:\""},
      {"localhost:port", "\"port\""},
      {"localhost:99999", "65535"},
      {"ipv4:localhost:50051", "localhost:50051"},
      {"ipv4:10.0.0.1", "a port"},
      {"ipv6:::1", "[2001:db8::1]:50051"},
      {"unix:", "socket"},
      {"xds:///", "service"},
      {"/run/socket", "unix:"},
      {"two words", "space"},
  };
  for (size_t i = 0; i < COUNT_OF(kWrong); i++) {
    print_message("# %s\n", kWrong[i].target);
    pygrpc_client *client = NULL;
    pygrpc_error *error = NULL;
    expect_error(pygrpc_client_new(kWrong[i].target, NULL, &client, &error), PYGRPC_E_ARGUMENT,
                 &error, kWrong[i].target, kWrong[i].named);
    assert_null(client);
  }
}

/* What only gRPC can check is told by the first call, as what it is. */
static void options_that_grpc_refuses(void **state) {
  (void)state;
  pygrpc_client *client = test_client(
      "{\"service_config\": {\"loadBalancingConfig\": [{\"outlier_detection_experimental\":"
      "{\"baseEjectionTime\": 5, \"childPolicy\": [{\"round_robin\": {}}]}}]}}");
  pygrpc_error *error = NULL;
  char *response = NULL;
  for (int i = 0; i < 2; i++) {
    expect_error(pygrpc_unary_unary(client, "SayHello", "{}", NUL, NULL, &response, NULL, &error),
                 PYGRPC_E_OPTION, &error, "baseEjectionTime", shared_server.target);
  }
  pygrpc_client_free(client);
}

/* The call fails when the time to connect is up, long before its deadline, and says why. */
static void expect_connect_timeout(int port, int timeout_ms, const char *options) {
  pygrpc_client *client = client_of(format("127.0.0.1:%d", port), options);
  pygrpc_error *error = NULL;
  char *response = NULL;
  const int64_t start = now_ms();
  check_error(pygrpc_unary_unary(client, "SayHello", "{}", NUL, "{\"timeout\": 60}", &response,
                                 NULL, &error),
              PYGRPC_E_STATUS, error);
  assert_true(now_ms() - start >= timeout_ms - 20);
  assert_within(start, kAtOnceMs);
  assert_int_equal(pygrpc_error_status(error), 14);
  assert_contains(pygrpc_error_message(error), "connect_timeout");
  assert_json(pygrpc_error_json(error), "/retriable", "true");
  pygrpc_error_free(error);
  pygrpc_client_free(client);
}

static void a_host_that_does_not_answer(void **state) {
  (void)state;
  struct black_hole hole;
  black_hole_open(&hole);
  const int timeout_ms = 300 * time_factor();
  expect_connect_timeout(hole.port, timeout_ms,
                         format("{\"connect_timeout\": \"%dms\"}", timeout_ms));
  expect_connect_timeout(hole.port, 2 * timeout_ms,
                         format("{\"reconnect\": {\"min_backoff\": \"%dms\","
                                "\"initial_backoff\": \"100ms\"}}",
                                2 * timeout_ms));

  /* Without the option, a call of a second does not live to see it. */
  pygrpc_client *client = client_of(format("127.0.0.1:%d", hole.port), NULL);
  pygrpc_error *error = NULL;
  char *response = NULL;
  check_error(pygrpc_unary_unary(client, "SayHello", "{}", NUL, "{\"timeout\": 1}", &response, NULL,
                                 &error),
              PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 4);
  pygrpc_error_free(error);
  pygrpc_client_free(client);
  black_hole_close(&hole);
}

static void a_server_that_says_nothing(void **state) {
  (void)state;
  struct relay relay;
  relay_start(&relay, RELAY_SILENT, 0);
  const int timeout_ms = 300 * time_factor();
  expect_connect_timeout(relay.port, timeout_ms,
                         format("{\"connect_timeout\": \"%dms\"}", timeout_ms));
  relay_stop(&relay);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hosts_and_addresses),
      cmocka_unit_test(ipv6_addresses),
      cmocka_unit_test(unix_sockets),
      cmocka_unit_test(xds_without_a_bootstrap),
      cmocka_unit_test(wrong_targets),
      cmocka_unit_test(options_that_grpc_refuses),
      cmocka_unit_test(a_host_that_does_not_answer),
      cmocka_unit_test(a_server_that_says_nothing),
  };
  unsetenv("GRPC_XDS_BOOTSTRAP");
  unsetenv("GRPC_XDS_BOOTSTRAP_CONFIG");
  return cmocka_run_group_tests(tests, start_shared_server, stop_shared_server);
}
