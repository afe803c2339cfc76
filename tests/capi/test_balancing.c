/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Several servers behind one client: how calls are spread, servers that die and come back, retries,
 * outlier detection, and health checks. */

#include <pthread.h>

#include "harness.h"

enum { kServers = 3 };

static struct test_server servers[kServers];

static int start_servers(void **state) {
  (void)state;
  for (int i = 0; i < kServers; i++) {
    server_start(&servers[i], "--port", format("%d", unused_port()), NULL);
  }
  return 0;
}

static int stop_servers(void **state) {
  (void)state;
  for (int i = 0; i < kServers; i++) server_stop(&servers[i]);
  return 0;
}

static const char *all_servers(void) {
  return format("ipv4:%s,%s,%s", servers[0].target, servers[1].target, servers[2].target);
}

static pygrpc_client *scale_client(const char *target, const char *options) {
  pygrpc_client *client = client_of(target, options);
  load(client, "pygrpc_test/scale.proto");
  return client;
}

/* The process that answers; 0 if the call fails with the given status. May be used by threads. */
static int who_answers(pygrpc_client *client, int failure) {
  char *response = NULL;
  pygrpc_error *error = NULL;
  const int32_t result =
      pygrpc_unary_unary(client, "WhoAmI", "{}", NUL, "{\"timeout\": 60}", &response, NULL, &error);
  int pid = -1;
  if (result == PYGRPC_OK) {
    pid = (int)json_integer(response, "/pid");
  } else if (failure != 0 && pygrpc_error_status(error) == failure) {
    pid = 0;
  } else {
    print_error("%s\n", pygrpc_error_message(error));
  }
  pygrpc_free(response);
  pygrpc_error_free(error);
  return pid;
}

static int server_of(int pid) {
  for (int i = 0; i < kServers; i++) {
    if (servers[i].pid == pid) return i;
  }
  fail_msg("no server has the process id %d", pid);
  return -1;
}

/* Calls until each of the servers has answered. */
static void wait_for_all(pygrpc_client *client, int failure) {
  bool seen[kServers] = {false};
  int missing = kServers;
  const int64_t start = now_ms();
  while (missing > 0) {
    const int pid = who_answers(client, failure);
    assert_int_not_equal(pid, -1);
    if (pid != 0 && !seen[server_of(pid)]) {
      seen[server_of(pid)] = true;
      missing--;
    }
    assert_within(start, 60000);
  }
}

static void round_robin_spreads_evenly(void **state) {
  (void)state;
  pygrpc_client *client = scale_client(all_servers(), "{\"load_balancing\": \"round_robin\"}");
  wait_for_all(client, 0);
  int calls[kServers] = {0};
  for (int i = 0; i < 300; i++) calls[server_of(who_answers(client, 0))]++;
  print_message("# 300 calls: %d, %d, %d\n", calls[0], calls[1], calls[2]);
  for (int i = 0; i < kServers; i++) assert_in_range(calls[i], 95, 105);
  pygrpc_client_free(client);

  /* The same through a service config. */
  client = scale_client(all_servers(),
                        "{\"service_config\": {\"loadBalancingConfig\": [{\"round_robin\": {}}]}}");
  wait_for_all(client, 0);
  pygrpc_client_free(client);
}

static void pick_first_stays_with_one(void **state) {
  (void)state;
  pygrpc_client *client = scale_client(all_servers(), NULL);
  const int pid = who_answers(client, 0);
  assert_int_equal(server_of(pid), 0);
  for (int i = 0; i < 50; i++) assert_int_equal(who_answers(client, 0), pid);
  pygrpc_client_free(client);
}

/* ---- A server that dies under load */

struct load {
  pygrpc_client *client;
  pthread_mutex_t mutex;
  bool stop;
  int64_t calls;
  int64_t lost;
  int64_t by_server[kServers];
  int64_t by_others;   /* a process that none of servers[] was when the load began */
  int64_t by_the_dead; /* of calls that began when it was dead */
  int pids[kServers];
  int dead_pid; /* 0: none */
};

static void *call_on_and_on(void *argument) {
  struct load *work = argument;
  int dead_pid = 0;
  for (bool stop = false; !stop;) {
    const int pid = who_answers(work->client, 0);
    pthread_mutex_lock(&work->mutex);
    work->calls++;
    if (dead_pid != 0 && pid == dead_pid) work->by_the_dead++;
    dead_pid = work->dead_pid;
    if (pid <= 0) work->lost++;
    bool known = pid <= 0;
    for (int i = 0; i < kServers; i++) {
      if (work->pids[i] != pid) continue;
      work->by_server[i]++;
      known = true;
    }
    if (!known) work->by_others++;
    stop = work->stop;
    pthread_mutex_unlock(&work->mutex);
  }
  return NULL;
}

static int64_t read_count(struct load *work, const int64_t *count) {
  pthread_mutex_lock(&work->mutex);
  const int64_t value = *count;
  pthread_mutex_unlock(&work->mutex);
  return value;
}

static void wait_for_count(struct load *work, const int64_t *count, int64_t wanted) {
  const int64_t start = now_ms();
  while (read_count(work, count) < wanted) {
    pause_ms(5);
    assert_within(start, 60000);
  }
}

#define RETRY_UNAVAILABLE(backoff)                                            \
  "\"methodConfig\": [{\"name\": [{}], \"retryPolicy\": {\"maxAttempts\": 5," \
  "\"initialBackoff\": \"" backoff                                            \
  "\", \"maxBackoff\": \"5s\", \"backoffMultiplier\": 3,"                     \
  "\"retryableStatusCodes\": [\"UNAVAILABLE\"]}}]"

static void a_server_that_dies_loses_no_call(void **state) {
  (void)state;
  struct load work = {.mutex = PTHREAD_MUTEX_INITIALIZER};
  work.client =
      scale_client(all_servers(),
                   "{\"load_balancing\": \"round_robin\", \"reconnect\": {\"initial_backoff\":"
                   "0.1, \"min_backoff\": 20, \"max_backoff\": 0.3},"
                   "\"service_config\": {" RETRY_UNAVAILABLE("0.2s") "}}");
  for (int i = 0; i < kServers; i++) work.pids[i] = servers[i].pid;
  wait_for_all(work.client, 0);
  pthread_t threads[4];
  for (size_t i = 0; i < COUNT_OF(threads); i++) start_thread(&threads[i], call_on_and_on, &work);

  for (int i = 0; i < kServers; i++) wait_for_count(&work, &work.by_server[i], 50);
  const int port = servers[1].port;
  server_kill(&servers[1]);
  pthread_mutex_lock(&work.mutex);
  work.dead_pid = work.pids[1];
  const int64_t before_kill = work.calls;
  pthread_mutex_unlock(&work.mutex);
  wait_for_count(&work, &work.calls, before_kill + 600);

  server_start(&servers[1], "--port", format("%d", port), NULL);
  wait_for_count(&work, &work.by_others, 50);

  pthread_mutex_lock(&work.mutex);
  work.stop = true;
  pthread_mutex_unlock(&work.mutex);
  for (size_t i = 0; i < COUNT_OF(threads); i++) join_thread(threads[i]);
  print_message("# %lld calls, %lld lost; by server %lld, %lld, %lld, restarted %lld\n",
                (long long)work.calls, (long long)work.lost, (long long)work.by_server[0],
                (long long)work.by_server[1], (long long)work.by_server[2],
                (long long)work.by_others);
  assert_int_equal(work.lost, 0);
  assert_int_equal(work.by_the_dead, 0);
  pygrpc_client_free(work.client);
}

/* ---- Service configs */

static void retries_are_attempts_of_the_server(void **state) {
  (void)state;
  struct test_server failing;
  server_start(&failing, "--fail", "14", NULL);
  pygrpc_client *client =
      scale_client(failing.target, "{\"service_config\": {" RETRY_UNAVAILABLE("0.01s") "}}");
  assert_int_equal(who_answers(client, 14), 0);
  pygrpc_client_free(client);

  /* A status that the policy does not name is final. */
  client = scale_client(
      failing.target,
      "{\"service_config\": {\"methodConfig\": [{\"name\": [{\"service\": \"pygrpc.test.Test\"}],"
      "\"retryPolicy\": {\"maxAttempts\": 3, \"initialBackoff\": \"0.01s\", \"maxBackoff\": \"1s\","
      "\"backoffMultiplier\": 1, \"retryableStatusCodes\": [\"ABORTED\"]}}]}}");
  static const struct { int status, attempts; } kCases[] = {{10, 3}, {9, 1}};
  for (size_t i = 0; i < COUNT_OF(kCases); i++) {
    char *response = NULL;
    pygrpc_error *error = NULL;
    const char *tag = format("attempts-%d", kCases[i].status);
    check_error(
        pygrpc_unary_unary(client, "ReturnStatus", format("{\"code\": %d}", kCases[i].status), NUL,
                           format("{\"metadata\": {\"x-call-tag\": \"%s\"}}", tag), &response, NULL,
                           &error),
        PYGRPC_E_STATUS, error);
    assert_int_equal(pygrpc_error_status(error), kCases[i].status);
    pygrpc_error_free(error);
    response = call(client, "GetCallCounts", format("{\"tag\": \"%s\"}", tag), NULL);
    assert_int_equal(json_integer(response, "/started"), kCases[i].attempts);
    pygrpc_free(response);
  }
  pygrpc_client_free(client);
  server_stop(&failing);
}

static void a_timeout_by_service_config(void **state) {
  (void)state;
  pygrpc_client *client = client_of(
      servers[0].target,
      "{\"timeout\": 60, \"service_config\": {\"methodConfig\": [{\"name\": [{\"service\":"
      "\"pygrpc.test.Test\", \"method\": \"NeverAnswer\"}], \"timeout\": \"0.2s\"}]}}");
  char *response = NULL;
  pygrpc_error *error = NULL;
  const int64_t start = now_ms();
  check_error(
      pygrpc_unary_unary(client, "Test/NeverAnswer", "{}", NUL, NULL, &response, NULL, &error),
      PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 4);
  assert_within(start, kAtOnceMs);
  pygrpc_error_free(error);
  pygrpc_client_free(client);
}

/* One of three servers fails every call: it is taken out, and no call fails any more. It may be
 * connected to after the others; until then its share is theirs. */
static void outlier_detection_takes_a_bad_server_out(void **state) {
  (void)state;
  struct test_server failing;
  server_start(&failing, "--fail", "13", NULL);
  pygrpc_client *client = scale_client(
      format("ipv4:%s,%s,%s", servers[0].target, failing.target, servers[2].target),
      "{\"service_config\": {\"loadBalancingConfig\": [{\"outlier_detection_experimental\": {"
      "\"interval\": \"0.5s\", \"baseEjectionTime\": \"300s\", \"maxEjectionPercent\": 50,"
      "\"failurePercentageEjection\": {\"threshold\": 50, \"enforcementPercentage\": 100,"
      "\"minimumHosts\": 3, \"requestVolume\": 2},"
      "\"childPolicy\": [{\"round_robin\": {}}]}}]}}");
  int failures = 0, calls = 0, good_in_a_row = 0;
  const int64_t start = now_ms();
  /* Of a round of three, one fails: that many good ones in a row are no accident. */
  while (failures < 2 || good_in_a_row < 60) {
    const bool good = who_answers(client, 13) > 0;
    calls++;
    good_in_a_row = good ? good_in_a_row + 1 : 0;
    if (!good) failures++;
    assert_within(start, 60000);
  }
  print_message("# %d of the first %d calls failed, then none\n", failures, calls - 60);
  pygrpc_client_free(client);
  server_stop(&failing);
}

/* ---- Health checks */

/* A server without reflection does not have that service, so to its clients it is not healthy. */
#define CHECKED "\"health_check\": \"grpc.reflection.v1.ServerReflection\""

static void health_checks_choose_servers(void **state) {
  (void)state;
  struct test_server without;
  server_start(&without, "--no-reflection", NULL);
  const char *target = format("ipv4:%s,%s", servers[0].target, without.target);

  pygrpc_client *client = scale_client(target, "{\"load_balancing\": \"round_robin\"}");
  const int64_t start = now_ms();
  while (who_answers(client, 0) != without.pid) assert_within(start, 60000);
  pygrpc_client_free(client);

  client = scale_client(target, "{\"load_balancing\": \"round_robin\", " CHECKED "}");
  for (int i = 0; i < 60; i++) {
    assert_int_equal(who_answers(client, 0), servers[0].pid);
    pause_ms(5);
  }
  pygrpc_client_free(client);

  /* where none is left, calls fail at once, with the reason */
  client = scale_client(without.target, "{\"load_balancing\": \"round_robin\", " CHECKED "}");
  char *response = NULL;
  pygrpc_error *error = NULL;
  check_error(
      pygrpc_unary_unary(client, "WhoAmI", "{}", NUL, "{\"timeout\": 60}", &response, NULL, &error),
      PYGRPC_E_STATUS, error);
  assert_int_equal(pygrpc_error_status(error), 14);
  assert_contains(pygrpc_error_message(error), "unhealthy");
  pygrpc_error_free(error);
  pygrpc_client_free(client);

  /* "" asks for the server as a whole */
  client =
      scale_client(without.target, "{\"load_balancing\": \"round_robin\", \"health_check\": \"\"}");
  assert_int_equal(who_answers(client, 0), without.pid);
  pygrpc_client_free(client);
  server_stop(&without);

  /* a server that cannot be asked counts as healthy */
  server_start(&without, "--no-health", NULL);
  client = scale_client(without.target, "{\"load_balancing\": \"round_robin\", " CHECKED "}");
  assert_int_equal(who_answers(client, 0), without.pid);
  pygrpc_client_free(client);
  server_stop(&without);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(round_robin_spreads_evenly),
      cmocka_unit_test(pick_first_stays_with_one),
      cmocka_unit_test(a_server_that_dies_loses_no_call),
      cmocka_unit_test(retries_are_attempts_of_the_server),
      cmocka_unit_test(a_timeout_by_service_config),
      cmocka_unit_test(outlier_detection_takes_a_bad_server_out),
      cmocka_unit_test(health_checks_choose_servers),
  };
  return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
