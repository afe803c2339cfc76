/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The library beside itself and beside others in one process. Each scene is a process of its own:
 * of ./scenes, which opens the library at run time, or of a program with generated code. */

#include "harness.h"

static void play(const char *scene) {
  const char *const command[] = {environment("PYGRPC_TEST_SCENES"),
                                 scene,
                                 shared_server.target,
                                 protos(),
                                 environment("PYGRPC_TEST_LIBRARY"),
                                 environment("PYGRPC_TEST_LIBRARY_COPY"),
                                 NULL};
  assert_int_equal(run_program(command), 0);
}

#define SCENE(name)                \
  static void name(void **state) { \
    (void)state;                   \
    play(#name);                   \
  }
SCENE(two_copies_local)
SCENE(two_copies_global)
SCENE(opened_again_and_again)
SCENE(closed_with_handles_open)
SCENE(closed_with_calls_in_flight)
SCENE(closed_by_other_threads)
SCENE(closed_after_its_users_ended)
SCENE(closed_before_the_end)
SCENE(opened_after_fork)
SCENE(forked_after_another_user)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_copies_local),
      cmocka_unit_test(two_copies_global),
      cmocka_unit_test(opened_again_and_again),
      cmocka_unit_test(closed_with_handles_open),
      cmocka_unit_test(closed_with_calls_in_flight),
      cmocka_unit_test(closed_by_other_threads),
      cmocka_unit_test(closed_after_its_users_ended),
      cmocka_unit_test(closed_before_the_end),
      cmocka_unit_test(opened_after_fork),
      cmocka_unit_test(forked_after_another_user),
  };
  return cmocka_run_group_tests(tests, start_shared_server, stop_shared_server);
}
