/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Connections that are cut at each byte of an RPC, either way, by a reset and by a close in order.
 * An RPC that is cut ends well with all of its messages, after gRPC has tried it again, or with
 * UNAVAILABLE; never with wrong or missing data, and never by its deadline. */

#include "relay.h"
#include "rpc.h"

struct count {
  int cut, well, unavailable;
};

/* Connections of clients that are gone may take a moment to be closed. */
static void expect_open_files(int files) {
  const int64_t start = now_ms();
  while (count_open_files() > files) {
    assert_within(start, 60000);
    pause_ms(10);
  }
}

/* One RPC that is cut after so many bytes; false if it is over before. It has a relay of its own: a
 * client that is gone may still have been connecting. */
static bool cut_once(enum relay_direction direction, int64_t after, enum relay_ending ending,
                     enum rpc_mode mode, const struct conversation* conversation,
                     struct count* count) {
  struct relay relay;
  relay_start(&relay, RELAY_PLAIN, shared_server.port);
  relay_cut(&relay, direction, after, ending);
  pygrpc_client* client = client_of(relay.target, kOwnConnections);
  struct outcome outcome;
  converse(client, mode, conversation, "{\"timeout\": 60}", &outcome);
  const bool cut = relay_has_cut(&relay);
  if (cut) {
    count->cut++;
    if (outcome.code == PYGRPC_END) {
      count->well++;
    } else {
      count->unavailable++;
      if (outcome.status != 14 || !outcome.retriable || outcome.reason[0] == '\0') {
        print_error("%s cut after %d bytes %s: status %d, \"%s\": %s\n", conversation->method,
                    (int)after, direction == RELAY_UP ? "up" : "down", outcome.status,
                    outcome.reason, outcome.message);
      }
      assert_int_equal(outcome.status, 14);
      assert_true(outcome.retriable);
      assert_string_not_equal(outcome.reason, "");
    }
    /* To connect again may take 0.1 s, which adds up. */
    if (long_run() || after % 5 == 0) expect_usable(client);
  } else {
    assert_int_equal(outcome.code, PYGRPC_END);
  }
  pygrpc_client_free(client);
  relay_stop(&relay);
  return cut;
}

/* Each byte of the conversation, or each `step`-th; both modes take turns. */
static struct count cut_everywhere(const struct conversation* conversation, int64_t step) {
  struct count count = {0};
  pygrpc_client* first = test_client(kOwnConnections); /* what gRPC opens once and keeps */
  expect_usable(first);
  pygrpc_client_free(first);
  const int files = count_open_files();
  for (int direction = RELAY_UP; direction <= RELAY_DOWN; direction++) {
    for (int ending = RELAY_RESETS; ending <= RELAY_ENDS; ending++) {
      const int before = count.cut;
      int turn = ending;
      /* The ways to cut share the bytes that are left out. */
      int64_t after = ending * (step / 2);
      while (cut_once(direction, after, ending, (enum rpc_mode)(turn % kRpcModes), conversation,
                      &count)) {
        after += step;
        turn++;
      }
      /* The preface, the settings and the headers alone have more. */
      assert_true((count.cut - before) * step > 60);
    }
  }
  assert_true(count.unavailable > 0);
  expect_open_files(files);
  print_message("# %s: %d calls cut, of which %d went well and %d were UNAVAILABLE\n",
                conversation->method, count.cut, count.well, count.unavailable);
  return count;
}

static void unary_calls_cut_at_every_byte(void** state) {
  (void)state;
  /* under sanitizers, which are slow, it is each third byte */
  const struct count count = cut_everywhere(&kConversation[0], time_factor() > 1 ? 3 : 1);
  print_message("# figure: unary calls cut = %d calls\n", count.cut);
}

static void streams_cut_at_many_bytes(void** state) {
  (void)state;
  int cut = 0;
  for (int i = 1; i < kConversations; i++) {
    cut += cut_everywhere(&kConversation[i], long_run() ? 1 : 7).cut;
  }
  print_message("# figure: streams cut = %d calls\n", cut);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unary_calls_cut_at_every_byte),
      cmocka_unit_test(streams_cut_at_many_bytes),
  };
  return cmocka_run_group_tests(tests, start_shared_server, stop_shared_server);
}
