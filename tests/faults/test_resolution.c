/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Names whose resolution fails, and later does not. */

#include "dns.h"
#include "rpc.h"

static const char* target_of(const struct dns_server* dns, const char* name) {
  return format("dns://127.0.0.1:%d/%s.pygrpc.test:%d", dns->port, name, shared_server.port);
}

static void a_name_server_that_works(void** state) {
  (void)state;
  struct dns_server dns;
  dns_start(&dns);
  pygrpc_client* client = client_of(target_of(&dns, "good"), kOwnConnections);
  expect_usable(client);
  assert_true(dns_questions(&dns) > 0);
  pygrpc_client_free(client);
  dns_stop(&dns);
}

/* A call at once says why; one that waits goes well when the name can be resolved again. */
static void names_that_fail_and_recover(void** state) {
  (void)state;
  static const char* const kNames[] = {"unknown", "broken", "refused"};
  enum { kClients = COUNT_OF(kNames) * kRpcModes };
  pygrpc_client* clients[kClients];
  struct dns_server dns;
  struct outcome outcome;
  dns_start(&dns);
  for (int i = 0; i < kClients; i++) {
    const int64_t start = now_ms();
    clients[i] = client_of(target_of(&dns, kNames[i / kRpcModes]), kOwnConnections);
    converse(clients[i], (enum rpc_mode)(i % kRpcModes), &kConversation[i % kConversations],
             "{\"timeout\": 60}", &outcome);
    if (outcome.status != 14) print_error("%s: ", kNames[i / kRpcModes]);
    expect_outcome(&outcome, 14, "name_resolution");
    assert_true(outcome.retriable);
    assert_non_null(strstr(outcome.message, kNames[i / kRpcModes]));
    assert_within(start, kAtOnceMs);
  }
  dns_mend(&dns);
  const int64_t mended = now_ms();
  for (int i = 0; i < kClients; i++) {
    converse(clients[i], (enum rpc_mode)(i % kRpcModes), &kConversation[(i + 1) % kConversations],
             "{\"wait_for_ready\": true, \"timeout\": 60}", &outcome);
    assert_int_equal(outcome.code, PYGRPC_END);
    pygrpc_client_free(clients[i]);
  }
  print_message("# figure: calls go well after name resolution recovered by = %d ms\n",
                (int)(now_ms() - mended));
  dns_stop(&dns);
}

/* Nobody answers, or not what can be read: what ends the call is its deadline, whether it would
 * wait or not. */
static void a_name_server_that_is_silent(void** state) {
  (void)state;
  struct dns_server dns;
  struct outcome outcome;
  dns_start(&dns);
  for (int i = 0; i < kConversations * kRpcModes; i++) {
    pygrpc_client* client =
        client_of(target_of(&dns, i < kConversations ? "silent" : "garbage"), kOwnConnections);
    const int64_t start = now_ms();
    converse(client, (enum rpc_mode)(i % kRpcModes), &kConversation[i / kRpcModes],
             "{\"timeout\": 0.2}", &outcome);
    expect_outcome(&outcome, 4, "deadline_connecting");
    assert_true(outcome.retriable);
    assert_within(start, kAtOnceMs);
    pygrpc_client_free(client);
  }
  assert_true(dns_questions(&dns) > 0);
  dns_stop(&dns);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_name_server_that_works),
      cmocka_unit_test(names_that_fail_and_recover),
      cmocka_unit_test(a_name_server_that_is_silent),
  };
  return cmocka_run_group_tests(tests, start_shared_server, stop_shared_server);
}
