/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Scenes of processes that open the library at run time, close it, and open it twice; each is
 * played by a process of its own, for test_coexistence.c:
 *
 *     scenes NAME TARGET PROTOS LIBRARY COPY */

#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "loaded.h"

static const char *target, *protos, *library_path, *copy_path;

static void pause_ms(long milliseconds) {
  const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&time, NULL);
}

static void use(const struct loaded *library) {
  pygrpc_client *client = loaded_client(library, target, protos);
  loaded_greet(library, client);
  library->client_free(client);
}

/* ---- Two copies */

static void two_copies(int scope) {
  const struct loaded one = loaded_open(library_path, scope);
  const struct loaded two = loaded_open(copy_path, scope);
  CHECK(one.handle != two.handle && one.unary_unary != two.unary_unary);
  pygrpc_client *client_of_one = loaded_client(&one, target, protos);
  pygrpc_client *client_of_two = loaded_client(&two, target, protos);
  pygrpc_stream *stream_of_one = NULL, *stream_of_two = NULL;
  CHECK(one.stream_stream(client_of_one, "SayHelloBidiStream", NULL, &stream_of_one, NULL) == 0);
  CHECK(two.stream_stream(client_of_two, "SayHelloBidiStream", NULL, &stream_of_two, NULL) == 0);
  for (int i = 0; i < 50; i++) {
    loaded_greet(&one, client_of_one);
    loaded_greet(&two, client_of_two);
    loaded_converse(&one, stream_of_one);
    loaded_converse(&two, stream_of_two);
  }
  /* What one of them ends, the other does not feel. */
  one.client_free(client_of_one);
  CHECK(dlclose(one.handle) == 0);
  loaded_converse(&two, stream_of_two);
  two.stream_free(stream_of_two);
  loaded_greet(&two, client_of_two);
  two.client_free(client_of_two);
  one.stream_free(stream_of_one);
}

static void two_copies_local(void) { two_copies(RTLD_LOCAL); }

static void two_copies_global(void) { two_copies(RTLD_GLOBAL); }

/* ---- Closed and opened again */

static void opened_again_and_again(void) {
  for (int i = 0; i < 50; i++) {
    const struct loaded library = loaded_open(library_path, i % 2 == 0 ? RTLD_LOCAL : RTLD_GLOBAL);
    use(&library);
    CHECK(dlclose(library.handle) == 0);
  }
}

/* As koffi and LuaJIT do it: the handle of dlopen() is closed, and what it gave is used on. */
static void closed_with_handles_open(void) {
  const struct loaded library = loaded_open(library_path, RTLD_LOCAL);
  pygrpc_client *client = loaded_client(&library, target, protos);
  pygrpc_queue *queue = NULL;
  pygrpc_stream *stream = NULL, *queued = NULL;
  CHECK(library.stream_stream(client, "SayHelloBidiStream", NULL, &stream, NULL) == PYGRPC_OK);
  loaded_converse(&library, stream);
  CHECK(library.queue_new(&queue, NULL) == PYGRPC_OK);
  CHECK(library.stream_open(client, "CountForever", 0, "{\"interval\": \"0.01s\"}",
                            PYGRPC_NUL_TERMINATED, NULL, queue, &queued, NULL) == PYGRPC_OK);
  CHECK(library.stream_read_async(queued, 1, NULL) == PYGRPC_OK);
  CHECK(dlclose(library.handle) == 0);
  pause_ms(50); /* messages arrive in a library that is closed */

  const struct loaded again = loaded_open(library_path, RTLD_LOCAL);
  CHECK(again.unary_unary == library.unary_unary);
  loaded_converse(&again, stream);
  loaded_greet(&again, client);
  pygrpc_event *event = NULL;
  size_t count = 0;
  CHECK(again.queue_poll(queue, 60000, &event, 1, &count, NULL) == PYGRPC_OK && count == 1);
  CHECK(strcmp(again.event_message(event, NULL), "{\"number\":\"1\"}") == 0);
  again.event_free(event);
  CHECK(dlclose(again.handle) == 0);
  library.stream_free(queued);
  library.queue_free(queue);
  library.client_free(client);
  library.stream_free(stream);
}

enum { kThreads = 8 };

struct in_flight {
  struct loaded library;
  pygrpc_client *client;
  pthread_barrier_t *begun;
};

static void *read_until_closed(void *argument) {
  const struct in_flight *call = argument;
  const struct loaded *library = &call->library;
  pygrpc_stream *stream = NULL;
  CHECK(library->unary_stream(call->client, "CountForever", "{\"interval\": \"0.01s\"}",
                              PYGRPC_NUL_TERMINATED, NULL, &stream, NULL) == PYGRPC_OK);
  pthread_barrier_wait(call->begun);
  int32_t result = PYGRPC_OK;
  while (result == PYGRPC_OK) {
    char *message = NULL;
    result = library->stream_read(stream, -1, &message, NULL, NULL);
    library->free(message);
  }
  CHECK(result == PYGRPC_E_CLOSED);
  library->stream_free(stream);
  return NULL;
}

static void closed_with_calls_in_flight(void) {
  const struct loaded library = loaded_open(library_path, RTLD_LOCAL);
  pthread_barrier_t begun;
  pthread_barrier_init(&begun, NULL, kThreads + 1);
  struct in_flight call = {library, loaded_client(&library, target, protos), &begun};
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; i++) {
    CHECK(pthread_create(&threads[i], NULL, read_until_closed, &call) == 0);
  }
  pthread_barrier_wait(&begun);
  CHECK(dlclose(library.handle) == 0);
  pause_ms(50);
  library.client_free(call.client);
  for (int i = 0; i < kThreads; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}

static void *open_use_close(void *argument) {
  (void)argument;
  for (int i = 0; i < 10; i++) {
    const struct loaded library = loaded_open(library_path, RTLD_LOCAL);
    use(&library);
    CHECK(dlclose(library.handle) == 0);
  }
  return NULL;
}

/* The last dlclose() may be anybody's, at any time. */
static void closed_by_other_threads(void) {
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; i++) {
    CHECK(pthread_create(&threads[i], NULL, open_use_close, NULL) == 0);
  }
  for (int i = 0; i < kThreads; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}

static void *use_and_wait(void *argument) {
  const struct loaded *library = argument;
  pygrpc_client *client = loaded_client(library, target, protos);
  pygrpc_stream *stream = NULL;
  CHECK(library->stream_stream(client, "SayHelloBidiStream", NULL, &stream, NULL) == PYGRPC_OK);
  loaded_converse(library, stream);
  library->stream_free(stream);
  library->client_free(client);
  return NULL;
}

/* The thread that closes it never used it, and none that did is left: nothing of the application's
 * holds the library, but gRPC's threads and its own still run in it. */
static void closed_after_its_users_ended(void) {
  for (int i = 0; i < 5; i++) {
    struct loaded library = loaded_open(library_path, RTLD_LOCAL);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, use_and_wait, &library) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(dlclose(library.handle) == 0);
    pause_ms(100);
    /* cppcheck-suppress leakReturnValNotUsed ; the library is never unloaded */
    CHECK(dlopen(library_path, RTLD_NOW | RTLD_NOLOAD) == library.handle);
    CHECK(dlclose(library.handle) == 0);
  }
}

/* gRPC's threads, and this library's, are still there when main() returns. */
static void closed_before_the_end(void) {
  const struct loaded library = loaded_open(library_path, RTLD_LOCAL);
  pygrpc_stream *stream = NULL;
  CHECK(library.unary_stream(loaded_client(&library, target, protos), "CountForever", "{}",
                             PYGRPC_NUL_TERMINATED, NULL, &stream, NULL) == PYGRPC_OK);
  CHECK(dlclose(library.handle) == 0);
}

/* ---- Fork */

static void expect_end(pid_t child) {
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static pid_t fork_child(void) {
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) alarm(60);
  return child;
}

/* Each process opens the library for itself. */
static void opened_after_fork(void) {
  for (int i = 0; i < 3; i++) {
    const pid_t child = fork_child();
    if (child == 0) {
      const struct loaded library = loaded_open(library_path, RTLD_LOCAL);
      use(&library);
      _exit(0);
    }
    expect_end(child);
  }
  const struct loaded library = loaded_open(library_path, RTLD_LOCAL);
  use(&library);
}

/* gRPC is one for the whole process: what another user of it has started is lost in a fork, too. */
static void forked_after_another_user(void) {
  const struct loaded one = loaded_open(library_path, RTLD_LOCAL);
  const struct loaded two = loaded_open(copy_path, RTLD_LOCAL);
  pygrpc_client *client_of_two = loaded_client(&two, target, protos);
  use(&one);
  const pid_t child = fork_child();
  if (child == 0) {
    char *reply = NULL;
    pygrpc_error *error = NULL;
    CHECK(two.unary_unary(client_of_two, "SayHello", "{}", PYGRPC_NUL_TERMINATED, NULL, &reply,
                          NULL, &error) == PYGRPC_E_FORKED);
    two.error_free(error);
    two.client_free(client_of_two);
    _exit(0);
  }
  expect_end(child);
  loaded_greet(&two, client_of_two);
  use(&one);
  two.client_free(client_of_two);
}

static const struct {
  const char *name;
  void (*play)(void);
} kScenes[] = {
    {"two_copies_local", two_copies_local},
    {"two_copies_global", two_copies_global},
    {"opened_again_and_again", opened_again_and_again},
    {"closed_with_handles_open", closed_with_handles_open},
    {"closed_with_calls_in_flight", closed_with_calls_in_flight},
    {"closed_by_other_threads", closed_by_other_threads},
    {"closed_after_its_users_ended", closed_after_its_users_ended},
    {"closed_before_the_end", closed_before_the_end},
    {"opened_after_fork", opened_after_fork},
    {"forked_after_another_user", forked_after_another_user},
};

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  target = argv[2];
  protos = argv[3];
  library_path = argv[4];
  copy_path = argv[5];
  for (size_t i = 0; i < sizeof kScenes / sizeof *kScenes; i++) {
    if (strcmp(kScenes[i].name, argv[1]) == 0) {
      kScenes[i].play();
      return 0;
    }
  }
  return 2;
}
