/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The library beside a user of grpc++ and libprotobuf, whose generated code has the names of the
 * files that are embedded in it and of those that it loads: linked and opened, in both orders. */

#include "harness.h"

static const char *program(const char *name) {
  return format("%s/%s", environment("PYGRPC_TEST_NEIGHBOURS"), name);
}

static void linked_ours_first(void **state) {
  (void)state;
  const char *const command[] = {program("linked_ours_first"), shared_server.target, protos(),
                                 NULL};
  assert_int_equal(run_program(command), 0);
}

static void linked_theirs_first(void **state) {
  (void)state;
  const char *const command[] = {program("linked_theirs_first"), shared_server.target, protos(),
                                 NULL};
  assert_int_equal(run_program(command), 0);
}

static void open_both(const char *first, const char *second, const char *scope) {
  const char *const who[] = {first, second};
  const char *paths[2];
  for (int i = 0; i < 2; i++) {
    paths[i] =
        environment(strcmp(who[i], "ours") == 0 ? "PYGRPC_TEST_LIBRARY" : "PYGRPC_TEST_NEIGHBOUR");
  }
  const char *const command[] = {program("beside_neighbour"),
                                 shared_server.target,
                                 protos(),
                                 first,
                                 paths[0],
                                 scope,
                                 second,
                                 paths[1],
                                 scope,
                                 NULL};
  assert_int_equal(run_program(command), 0);
}

static void opened_ours_first(void **state) {
  (void)state;
  open_both("ours", "theirs", "local");
}

static void opened_theirs_first(void **state) {
  (void)state;
  open_both("theirs", "ours", "local");
}

static void opened_globally_ours_first(void **state) {
  (void)state;
  open_both("ours", "theirs", "global");
}

static void opened_globally_theirs_first(void **state) {
  (void)state;
  open_both("theirs", "ours", "global");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(linked_ours_first),          cmocka_unit_test(linked_theirs_first),
      cmocka_unit_test(opened_ours_first),          cmocka_unit_test(opened_theirs_first),
      cmocka_unit_test(opened_globally_ours_first), cmocka_unit_test(opened_globally_theirs_first),
  };
  return cmocka_run_group_tests(tests, start_shared_server, stop_shared_server);
}
