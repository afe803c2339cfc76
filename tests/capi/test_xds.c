/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Targets of xDS: a control plane tells where the servers are, and calls follow it. Run by
 * tests/xds/run, which builds the control plane; skipped where there is no Go to build it with. */

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

/* The program of tests/xds, which see. */
struct control_plane {
  pid_t pid;
  FILE *input, *output;
  int port;
};

static void plane_start(struct control_plane *plane) {
  const char *const arguments[] = {environment("PYGRPC_XDS_CONTROL_PLANE"), NULL};
  int input, output;
  plane->pid = spawn(arguments, &input, &output);
  plane->input = fdopen(input, "w");
  plane->output = fdopen(output, "r");
  assert_int_equal(fscanf(plane->output, "%d", &plane->port), 1);
}

static void plane_stop(struct control_plane *plane) {
  fclose(plane->input); /* with which it ends */
  fclose(plane->output);
  while (waitpid(plane->pid, NULL, 0) < 0 && errno == EINTR) continue;
}

/* From now on these are the service's servers. */
static void plane_publish(struct control_plane *plane, const char *endpoints) {
  int version = 0;
  fprintf(plane->input, "%s\n", endpoints);
  fflush(plane->input);
  assert_int_equal(fscanf(plane->output, " version %d", &version), 1);
}

static int who_answers(pygrpc_client *client) {
  char *response = call(client, "WhoAmI", "{}", "{\"timeout\": 60}");
  const int pid = (int)json_integer(response, "/pid");
  pygrpc_free(response);
  return pid;
}

/* Calls until both have answered since anybody else did: from then on, both are connected and
 * share the calls evenly, however long the connections took. */
static void expect_traffic_to(pygrpc_client *client, pid_t one, pid_t other) {
  bool one_answered = false, other_answered = false;
  int calls_before = 0;
  const int64_t start = now_ms();
  for (; !one_answered || !other_answered; calls_before++) {
    const int pid = who_answers(client);
    if (pid == one) {
      one_answered = true;
    } else if (pid == other) {
      other_answered = true;
    } else {
      one_answered = other_answered = false;
      pause_ms(5);
    }
    assert_within(start, 60000);
  }
  int calls[2] = {0, 0};
  for (int i = 0; i < 30; i++) {
    const int pid = who_answers(client);
    assert_true(pid == one || pid == other);
    calls[pid == one ? 0 : 1]++;
  }
  print_message("# after %d calls %d and %d went to the two servers, and none elsewhere\n",
                calls_before, calls[0], calls[1]);
  assert_in_range(calls[0], 10, 20);
  assert_in_range(calls[1], 10, 20);
}

static void calls_follow_the_control_plane(void **state) {
  (void)state;
  if (getenv("PYGRPC_XDS_CONTROL_PLANE") == NULL) {
    print_message("# there is no Go to build the control plane with\n");
    skip();
  }
  struct test_server servers[3];
  for (size_t i = 0; i < COUNT_OF(servers); i++) server_start(&servers[i], NULL);
  struct control_plane plane;
  plane_start(&plane);
  const char *directory = make_directory();
  const char *bootstrap =
      write_file(directory, "bootstrap.json",
                 format("{\"xds_servers\": [{\"server_uri\": \"127.0.0.1:%d\", \"channel_creds\":"
                        "[{\"type\": \"insecure\"}], \"server_features\": [\"xds_v3\"]}],"
                        "\"node\": {\"id\": \"test\"}}",
                        plane.port));
  assert_int_equal(setenv("GRPC_XDS_BOOTSTRAP", bootstrap, 1), 0);

  plane_publish(&plane, format("%s %s", servers[0].target, servers[1].target));
  pygrpc_client *client = client_of("xds:///service.test", NULL);
  load(client, "pygrpc_test/scale.proto");
  expect_traffic_to(client, servers[0].pid, servers[1].pid);

  /* An update moves the traffic, with no call lost. */
  plane_publish(&plane, format("%s %s", servers[1].target, servers[2].target));
  expect_traffic_to(client, servers[1].pid, servers[2].pid);

  pygrpc_client_free(client);
  plane_stop(&plane);
  remove_directory(directory);
  for (size_t i = 0; i < COUNT_OF(servers); i++) server_stop(&servers[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(calls_follow_the_control_plane)};
  return cmocka_run_group_tests(tests, NULL, stop_shared_server);
}
