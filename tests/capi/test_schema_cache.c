/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The cache of what reflection answered: used while the server agrees, and never else. */

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

static struct test_server server;
static const char *directory;

/* Clients have connections of their own, which a server's end leaves to nobody else. */
static const char *cache_options(const char *more) {
  return format(
      "{\"schema_cache\": \"%s\", \"channel_arguments\":"
      "{\"grpc.use_local_subchannel_pool\": 1}, \"reflection_timeout\": 60%s}",
      directory, more);
}

/* A server on the port of the one before: the cache knows servers by target. */
static void start(const char *option, const char *value) {
  static char port[16];
  snprintf(port, sizeof port, "%d", server.port);
  server_start(&server, "--port", port, option, value, NULL);
}

static int set_up(void **state) {
  (void)state;
  directory = make_directory();
  server.port = unused_port();
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  server_stop(&server);
  remove_directory(directory);
  return 0;
}

/* Loads everything with the cache; whether Greeter's request has the field that only an edited
 * schema has. */
static bool load_edited(const char *more) {
  pygrpc_client *client = new_client(server.target, cache_options(more));
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_load(client, "reflection", NULL, &error), error);
  char *bytes = NULL;
  size_t size = 0;
  int32_t result = pygrpc_json_to_binary(client, "helloworld.HelloRequest",
                                         "{\"addedLater\": \"x\"}", NUL, NULL, &bytes, &size, NULL);
  pygrpc_free(bytes);
  pygrpc_client_free(client);
  return result == PYGRPC_OK;
}

/* The files with that ending; the path of the last one. */
static int count_files(const char *ending, char *path, size_t path_size) {
  int count = 0;
  DIR *listing = opendir(directory);
  assert_non_null(listing);
  for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
    const size_t length = strlen(entry->d_name);
    if (length < strlen(ending) || strcmp(entry->d_name + length - strlen(ending), ending) != 0) {
      continue;
    }
    count++;
    if (path != NULL) snprintf(path, path_size, "%s/%s", directory, entry->d_name);
  }
  closedir(listing);
  return count;
}

static void files_of_the_cache(void **state) {
  (void)state;
  start("--reflection", "both");
  assert_false(load_edited(""));
  char path[600];
  struct stat status;
  const char *const endings[] = {".json", ".binpb"};
  for (size_t i = 0; i < COUNT_OF(endings); i++) {
    assert_int_equal(count_files(endings[i], path, sizeof path), 1);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(strspn(strrchr(path, '/') + 1, "0123456789abcdef"), 64);
  }
  assert_int_equal(count_files("", NULL, 0), 4); /* with "." and ".." */
  /* The content is a descriptor set. */
  pygrpc_client *client = new_client(NULL, NULL);
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_load(client, path, NULL, &error), error);
  pygrpc_client_free(client);
  /* Another question has another answer. */
  client = new_client(server.target, cache_options(""));
  expect_ok(pygrpc_load(client, "reflection:routeguide.RouteGuide", NULL, &error), error);
  pygrpc_client_free(client);
  assert_int_equal(count_files(".json", NULL, 0), 2);
  assert_int_equal(count_files(".binpb", NULL, 0), 2);
}

/* A mark in the cached content that the server never gave: it shows whether the cache was used. */
static void mark_cache(void) {
  char path[600];
  assert_int_equal(count_files(".json", path, sizeof path), 1);
  /* The hash is that of a set with one more file, mark.proto, which declares mark.Mark. */
  const char *const arguments[] = {
      "python3",
      "-c",
      "import hashlib, json, os, sys\n"
      "entry_path, directory = sys.argv[1:]\n"
      "file = b'\\x0a\\x0amark.proto\\x12\\x04mark\\x22\\x06\\x0a\\x04Mark'\n"
      "entry = json.load(open(entry_path))\n"
      "content_path = os.path.join(directory, entry['content'] + '.binpb')\n"
      "content = open(content_path, 'rb').read() + bytes([10, len(file)]) + file\n"
      "entry['content'] = hashlib.sha256(content).hexdigest()\n"
      "open(content_path, 'wb').write(content)\n"
      "os.rename(content_path, os.path.join(directory, entry['content'] + '.binpb'))\n"
      "json.dump(entry, open(entry_path, 'w'))\n",
      path,
      directory,
      NULL};
  assert_int_equal(run_program(arguments), 0);
}

static bool has_mark(const char *more) {
  pygrpc_client *client = new_client(server.target, cache_options(more));
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_load(client, "reflection", NULL, &error), error);
  char *json = NULL;
  int32_t result = pygrpc_describe(client, "mark.Mark", &json, NULL, NULL);
  pygrpc_free(json);
  pygrpc_client_free(client);
  return result == PYGRPC_OK;
}

static void a_cache_that_agrees_is_used(void **state) {
  (void)state;
  start("--reflection", "both");
  assert_false(load_edited(""));
  mark_cache();
  assert_true(has_mark(""));
  assert_true(has_mark(", \"schema_cache_check\": \"list\""));
  /* by the first call, too */
  pygrpc_client *client = new_client(server.target, cache_options(""));
  pygrpc_free(call(client, "SayHello", "{}", NULL));
  char *json = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_describe(client, "mark.Mark", &json, NULL, &error), error);
  pygrpc_free(json);
  pygrpc_client_free(client);
  /* after a restart of the server */
  server_stop(&server);
  start("--reflection", "both");
  assert_true(has_mark(""));
}

static void a_changed_message_is_noticed(void **state) {
  (void)state;
  start("--reflection", "both");
  assert_false(load_edited(""));
  mark_cache();
  assert_true(has_mark(""));
  server_stop(&server);
  start("--reflection-fault", "edited");
  assert_true(load_edited(""));
  assert_false(has_mark(""));
  /* What nothing refers to any more is gone. */
  assert_int_equal(count_files(".binpb", NULL, 0), 1);
  server_stop(&server);
  start("--reflection", "both");
  assert_false(load_edited(""));
}

static void a_changed_list_is_noticed(void **state) {
  (void)state;
  start("--reflection", "both");
  assert_false(load_edited(""));
  mark_cache();
  server_stop(&server);
  start("--reflection", "v1");
  assert_false(has_mark(", \"schema_cache_check\": \"list\""));
}

static void spoil(const char *ending, const char *text) {
  char path[600];
  assert_true(count_files(ending, path, sizeof path) > 0);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static void damaged_and_foreign_files(void **state) {
  (void)state;
  start("--reflection", "both");
  assert_false(load_edited(""));
  const char *const texts[] = {"",
                               "{",
                               "[]",
                               "{\"format\": 1}",
                               "{\"format\": 2}",
                               "{\"format\": 1, \"question\": \"x\", \"content\": \"../../x\"}"};
  for (size_t i = 0; i < COUNT_OF(texts); i++) {
    spoil(".json", texts[i]);
    assert_false(load_edited(""));
    mark_cache(); /* it was written anew */
    assert_true(has_mark(""));
  }
  char path[600];
  int contents = count_files(".binpb", NULL, 0);
  for (int i = 0; i < contents; i++) {
    assert_true(count_files(".binpb", path, sizeof path) > 0);
    unlink(path);
  }
  assert_false(has_mark(""));
  spoil(".binpb", "no descriptor set");
  assert_false(has_mark(""));
  /* A file that others may write is nobody's word. */
  mark_cache();
  count_files(".json", path, sizeof path);
  assert_int_equal(chmod(path, 0666), 0);
  assert_false(has_mark(""));
  /* A link leads who knows where. */
  count_files(".json", path, sizeof path);
  const char *elsewhere = path_in(directory, "elsewhere");
  assert_int_equal(rename(path, elsewhere), 0);
  assert_int_equal(symlink(elsewhere, path), 0);
  assert_false(has_mark(""));
  unlink(elsewhere);
}

static void directories(void **state) {
  (void)state;
  start("--reflection", "both");
  pygrpc_error *error = NULL;
  /* made, with those above it */
  char *options = strdup(format("{\"schema_cache\": \"%s/a/b\"}", directory));
  pygrpc_client *client = new_client(server.target, options);
  expect_ok(pygrpc_load(client, "reflection", NULL, &error), error);
  pygrpc_client_free(client);
  free(options);
  struct stat status;
  assert_int_equal(stat(path_in(directory, "a/b"), &status), 0);
  assert_int_equal(status.st_mode & 0777, 0700);

  const char *file = write_file(directory, "file", "x");
  client = new_client(server.target, NULL);
  expect_error(
      pygrpc_load(client, "reflection", format("{\"schema_cache\": \"%s\"}", file), &error),
      PYGRPC_E_OPTION, &error, "schema_cache", file);
  pygrpc_client_free(client);
}

static void *load_often(void *argument) {
  (void)argument;
  for (int i = 0; i < 10; i++) load_edited("");
  return NULL;
}

static void many_at_once(void **state) {
  (void)state;
  start("--reflection", "both");
  pthread_t threads[4];
  for (size_t i = 0; i < COUNT_OF(threads); i++) start_thread(&threads[i], load_often, NULL);
  for (size_t i = 0; i < COUNT_OF(threads); i++) join_thread(threads[i]);
  assert_int_equal(count_files(".json", NULL, 0), 1);
  assert_int_equal(count_files(".binpb", NULL, 0), 1);
  assert_int_equal(count_files(".tmp", NULL, 0), 0);
}

#define cache_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      cache_test(files_of_the_cache),
      cache_test(a_cache_that_agrees_is_used),
      cache_test(a_changed_message_is_noticed),
      cache_test(a_changed_list_is_noticed),
      cache_test(damaged_and_foreign_files),
      cache_test(directories),
      cache_test(many_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
