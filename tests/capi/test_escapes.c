/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Names of files that a server makes up, or that stand in what it sends, lead nowhere: nothing is
 * read or written outside of what the user named. */

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

static const char *directory; /* of each test: "proto" is the proto path, "cache" the cache */

static int make_place(void **state) {
  (void)state;
  directory = make_directory();
  assert_int_equal(mkdir(path_in(directory, "proto"), 0700), 0);
  return 0;
}

static int remove_place(void **state) {
  (void)state;
  remove_directory(directory);
  return 0;
}

static const char *options(void) {
  return format("{\"proto_path\": [\"%s/proto\"], \"schema_cache\": \"%s/cache\"}", directory,
                directory);
}

/* The names in a folder of the place, without the two that each has. */
static int count_names(const char *folder) {
  DIR *listing = opendir(path_in(directory, folder));
  assert_non_null(listing);
  int count = 0;
  for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) count++;
  }
  closedir(listing);
  return count;
}

/* Each file of the cache is named by a hash. */
static void expect_names_of_the_cache(void) {
  DIR *listing = opendir(path_in(directory, "cache"));
  assert_non_null(listing);
  int count = 0;
  for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
    if (entry->d_name[0] == '.') continue;
    count++;
    assert_int_equal(strspn(entry->d_name, "0123456789abcdef"), 64);
    const char *ending = entry->d_name + 64;
    assert_true(strcmp(ending, ".json") == 0 || strcmp(ending, ".binpb") == 0);
  }
  closedir(listing);
  assert_int_equal(count, 2);
}

/* Calls go through whatever the server's files are called; but no file is named so. */
static void names_from_reflection(void **state) {
  (void)state;
  static const struct {
    const char *fault, *name;
  } kCases[] = {{"climbing", "../climbed.proto"}, {"absolute", "/tmp/absolute.proto"}};
  for (size_t i = 0; i < COUNT_OF(kCases); i++) {
    struct test_server server;
    server_start(&server, "--reflection-fault", kCases[i].fault, NULL);
    pygrpc_client *client = new_client(server.target, options());
    pygrpc_error *error = NULL;
    expect_ok(pygrpc_load(client, "reflection", NULL, &error), error);
    char *text = NULL;
    size_t size = 0;
    expect_ok(pygrpc_services(client, &text, NULL, &error), error);
    assert_json_string(text, "/0/name", "hostile.Hostile");
    pygrpc_free(text);

    const int32_t result = pygrpc_export(client, NULL, "proto", &text, &size, &error);
    expect_error(result, PYGRPC_E_SCHEMA, &error, kCases[i].name, "leads out");
    assert_null(text);
    expect_ok(pygrpc_export(client, NULL, "descriptor_set", &text, &size, &error), error);
    /* ... which is refused where names count */
    pygrpc_client *other = new_client(NULL, NULL);
    const int32_t loaded = pygrpc_load_descriptor_set(other, text, size, &error);
    expect_error(loaded, PYGRPC_E_SCHEMA, &error, "bad file name", kCases[i].name);
    pygrpc_client_free(other);
    pygrpc_free(text);
    pygrpc_client_free(client);
    expect_names_of_the_cache();
    assert_int_equal(count_names("."), 2);
    const char *const command[] = {"rm", "-r", path_in(directory, "cache"), NULL};
    assert_int_equal(run_program(command), 0);
    server_stop(&server);
  }
}

/* What a server's files import is asked of the server, and never looked for on the proto path. */
static void imports_from_reflection(void **state) {
  (void)state;
  assert_int_equal(mkdir(path_in(directory, "proto/vendored"), 0700), 0);
  write_file(path_in(directory, "proto/vendored"), "helloworld.proto", "this is no .proto file");
  write_file(path_in(directory, "proto"), "helloworld.proto", "this is none either");
  struct test_server server;
  server_start(&server, "--reflection-fault", "renamed", NULL);
  pygrpc_client *client = new_client(server.target, options());
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_load(client, "reflection", NULL, &error), error);
  expect_greeting(client, "SayHello");
  pygrpc_client_free(client);
  server_stop(&server);
}

/* An import leads to what is below a directory of the proto path, or nowhere. */
static void imports_of_proto_text(void **state) {
  (void)state;
  write_file(directory, "outside.proto", "syntax = \"proto3\"; message Outside {}");
  static const char *const kImports[] = {"../outside.proto", "./outside.proto",
                                         "a/../../outside.proto", "a//outside.proto",
                                         "..\\\\outside.proto"};
  for (size_t i = 0; i <= COUNT_OF(kImports); i++) {
    const char *import =
        i < COUNT_OF(kImports) ? kImports[i] : format("%s/outside.proto", directory);
    pygrpc_client *client = new_client(NULL, options());
    pygrpc_error *error = NULL;
    const char *text =
        format("syntax = \"proto3\"; import \"%s\"; message M { Outside field = 1; }", import);
    expect_error(pygrpc_load_proto(client, "m.proto", text, NUL, &error), PYGRPC_E_SCHEMA, &error,
                 "outside.proto");
    /* the same from a file */
    write_file(path_in(directory, "proto"), "file.proto", text);
    expect_error(pygrpc_load(client, "file.proto", NULL, &error), PYGRPC_E_SCHEMA, &error,
                 "outside.proto");
    pygrpc_client_free(client);
  }
}

/* The cache neither follows a link out of its directory nor writes through one. */
static void links_in_the_cache(void **state) {
  (void)state;
  struct test_server server;
  server_start(&server, NULL);
  pygrpc_client *client = new_client(server.target, options());
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_load(client, "reflection", NULL, &error), error);
  pygrpc_client_free(client);

  /* each file becomes a link to a file outside */
  const char *const outside = write_file(directory, "outside", "untouched");
  DIR *listing = opendir(path_in(directory, "cache"));
  assert_non_null(listing);
  for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
    if (entry->d_name[0] == '.') continue;
    const char *path = format("%s/cache/%s", directory, entry->d_name);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(outside, path), 0);
  }
  closedir(listing);
  client = new_client(server.target, options());
  expect_ok(pygrpc_load(client, "reflection", NULL, &error), error);
  pygrpc_free(call(client, "SayHello", "{}", NULL));
  pygrpc_client_free(client);
  server_stop(&server);
  size_t size = 0;
  char *text = read_file(path_in(directory, "outside"), &size);
  assert_string_equal(text, "untouched");
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(names_from_reflection, make_place, remove_place),
      cmocka_unit_test_setup_teardown(imports_from_reflection, make_place, remove_place),
      cmocka_unit_test_setup_teardown(imports_of_proto_text, make_place, remove_place),
      cmocka_unit_test_setup_teardown(links_in_the_cache, make_place, remove_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
