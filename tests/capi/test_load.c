/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Loading schemas: every kind of source, what is wrong with them, and that a failure changes
 * nothing. No server is needed. */

#include <unistd.h>

#include "harness.h"

static const char *directory;

static int set_up(void **state) {
  (void)state;
  directory = make_directory();
  return 0;
}

static int tear_down(void **state) {
  remove_directory(directory);
  return stop_shared_server(state);
}

static bool knows_type(pygrpc_client *client, const char *type) {
  char *bytes = NULL;
  const int32_t result = pygrpc_json_to_binary(client, type, "{}", NUL, NULL, &bytes, NULL, NULL);
  pygrpc_free(bytes);
  return result == PYGRPC_OK;
}

static bool knows_method(pygrpc_client *client, const char *method) {
  int32_t cardinality = 0;
  return pygrpc_method_cardinality(client, method, &cardinality, NULL) == PYGRPC_OK;
}

static pygrpc_client *empty_client(void) { return new_client(NULL, NULL); }

/* A client that looks for files in the tests' directory. */
static pygrpc_client *local_client(void) {
  return new_client(NULL, format("{\"proto_path\": [\"%s\"]}", directory));
}

static void load_text(pygrpc_client *client, const char *name, const char *text) {
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_load_proto(client, name, text, NUL, &error), error);
}

/* ---- Sources
 * -----------------------------------------------------------------------------------*/

static void every_name_of_a_file(void **state) {
  (void)state;
  char absolute[512];
  snprintf(absolute, sizeof absolute, "%s/helloworld.proto", protos());
  const char *const names[] = {"helloworld_pb2", "helloworld", "helloworld.proto", absolute};
  for (size_t i = 0; i < COUNT_OF(names); i++) {
    pygrpc_client *client = empty_client();
    load(client, names[i]);
    assert_true(knows_method(client, "helloworld.Greeter/SayHello"));
    /* again, by any name, is fine */
    for (size_t j = 0; j < COUNT_OF(names); j++) load(client, names[j]);
    assert_true(knows_method(client, "SayHello"));
    pygrpc_client_free(client);
  }
}

static void files_in_folders_and_their_imports(void **state) {
  (void)state;
  pygrpc_client *client = empty_client();
  load(client, "pygrpc_test/test.proto");
  assert_true(knows_method(client, "Test/Echo"));
  assert_true(knows_type(client, "pygrpc.test.AllTypes"));
  pygrpc_client_free(client);
}

/* The proto path: the option of the load, of the client, the environment, the current directory. */
static void places_to_look(void **state) {
  (void)state;
  write_file(directory, "a/first.proto", "syntax = \"proto3\"; message FromA {}");
  write_file(directory, "b/first.proto", "syntax = \"proto3\"; message FromB {}");
  write_file(directory, "c/first.proto", "syntax = \"proto3\"; message FromC {}");
  write_file(directory, "d/first.proto", "syntax = \"proto3\"; message FromD {}");
  const char *of_client = format("{\"proto_path\": [\"%s/b\"]}", directory);
  const char *of_load = format("{\"proto_path\": [\"%s/a\"]}", directory);
  char *before = getcwd(NULL, 0);
  assert_int_equal(chdir(path_in(directory, "d")), 0);
  setenv("PYGRPC_PROTO_PATH", format("/no/such:%s/c", directory), 1);
  pygrpc_error *error = NULL;

  pygrpc_client *client = new_client(NULL, of_client);
  expect_ok(pygrpc_load(client, "first.proto", of_load, &error), error);
  assert_true(knows_type(client, "FromA"));
  pygrpc_client_free(client);

  client = new_client(NULL, of_client);
  expect_ok(pygrpc_load(client, "first.proto", NULL, &error), error);
  assert_true(knows_type(client, "FromB"));
  pygrpc_client_free(client);

  client = empty_client();
  expect_ok(pygrpc_load(client, "first.proto", NULL, &error), error);
  assert_true(knows_type(client, "FromC"));
  pygrpc_client_free(client);

  unsetenv("PYGRPC_PROTO_PATH");
  client = empty_client();
  expect_ok(pygrpc_load(client, "first.proto", NULL, &error), error);
  assert_true(knows_type(client, "FromD"));
  pygrpc_client_free(client);

  assert_int_equal(chdir(before), 0);
  free(before);
}

static void a_directory(void **state) {
  (void)state;
  write_file(directory, "tree/one.proto",
             "syntax = \"proto3\"; import \"sub/two.proto\"; message One { sub.Two two = 1; }");
  write_file(directory, "tree/sub/two.proto",
             "syntax = \"proto3\"; package sub; message Two { int32 a = 1; }");
  write_file(directory, "tree/readme.txt", "not a schema");
  pygrpc_client *client = empty_client();
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_load(client, path_in(directory, "tree"), NULL, &error), error);
  assert_true(knows_type(client, "One"));
  assert_true(knows_type(client, "sub.Two"));
  pygrpc_client_free(client);

  /* One that is bad spoils it all. */
  write_file(directory, "tree/sub/bad.proto", "syntax = \"proto3\"; message {");
  client = empty_client();
  expect_error(pygrpc_load(client, path_in(directory, "tree"), NULL, &error), PYGRPC_E_SCHEMA,
               &error, "bad.proto:1:");
  assert_false(knows_type(client, "One"));
  pygrpc_client_free(client);
}

static void a_directory_without_schemas(void **state) {
  (void)state;
  write_file(directory, "nothing/readme.txt", "not a schema");
  pygrpc_client *client = empty_client();
  pygrpc_error *error = NULL;
  expect_error(pygrpc_load(client, path_in(directory, "nothing"), NULL, &error), PYGRPC_E_SCHEMA,
               &error, "nothing", ".proto");
  pygrpc_client_free(client);
}

static void descriptor_sets(void **state) {
  (void)state;
  static const char *const kFiles[] = {"test.binpb", "test.binpb.gz"};
  for (size_t i = 0; i < COUNT_OF(kFiles); i++) {
    const char *path = path_in(environment("PYGRPC_TEST_DESCRIPTOR_SETS"), kFiles[i]);
    pygrpc_client *by_path = empty_client(), *by_bytes = empty_client();
    pygrpc_error *error = NULL;
    expect_ok(pygrpc_load(by_path, path, NULL, &error), error);
    size_t size;
    char *bytes = read_file(path, &size);
    expect_ok(pygrpc_load_descriptor_set(by_bytes, bytes, size, &error), error);
    expect_ok(pygrpc_load_descriptor_set(by_bytes, bytes, size, &error), error);
    memset(bytes, 0, size);
    free(bytes);
    assert_true(knows_method(by_path, "SayHello") && knows_method(by_bytes, "SayHello"));
    assert_true(knows_method(by_path, "Test/Echo") && knows_method(by_bytes, "Test/Echo"));
    pygrpc_client_free(by_path);
    pygrpc_client_free(by_bytes);
  }
}

static void descriptor_sets_that_are_none(void **state) {
  (void)state;
  pygrpc_client *client = empty_client();
  pygrpc_error *error = NULL;
  expect_error(pygrpc_load_descriptor_set(client, "\xFF\xFF\xFF", 3, &error), PYGRPC_E_SCHEMA,
               &error, "FileDescriptorSet");
  expect_error(pygrpc_load_descriptor_set(client, "plain text, no set", NUL, &error),
               PYGRPC_E_SCHEMA, &error, "FileDescriptorSet");
  expect_error(pygrpc_load_descriptor_set(client, "\x1F\x8B\x08", 3, &error), PYGRPC_E_SCHEMA,
               &error, "gzip");

  size_t size;
  char *bytes = read_file(path_in(environment("PYGRPC_TEST_DESCRIPTOR_SETS"), "test.binpb"), &size);
  expect_error(pygrpc_load_descriptor_set(client, bytes, size - 7, &error), PYGRPC_E_SCHEMA, &error,
               "");
  free(bytes);
  bytes = read_file(path_in(environment("PYGRPC_TEST_DESCRIPTOR_SETS"), "test.binpb.gz"), &size);
  expect_error(pygrpc_load_descriptor_set(client, bytes, size / 2, &error), PYGRPC_E_SCHEMA, &error,
               "gzip");
  free(bytes);

  /* what it imports is not in it */
  bytes = read_file(path_in(environment("PYGRPC_TEST_DESCRIPTOR_SETS"), "incomplete.binpb"), &size);
  expect_error(pygrpc_load_descriptor_set(client, bytes, size, &error), PYGRPC_E_SCHEMA, &error,
               "pygrpc_test/all_types.proto");
  free(bytes);
  assert_false(knows_type(client, "pygrpc.test.Payload"));

  const char *garbage = write_file(directory, "garbage.binpb", "plain text, no set");
  expect_error(pygrpc_load(client, garbage, NULL, &error), PYGRPC_E_SCHEMA, &error,
               "garbage.binpb");
  pygrpc_client_free(client);
}

static void the_well_known_types_need_no_file(void **state) {
  (void)state;
  pygrpc_client *client = empty_client();
  load_text(client, "w.proto",
            "syntax = \"proto3\"; import \"google/protobuf/timestamp.proto\";"
            "import \"google/rpc/status.proto\"; message W { google.protobuf.Timestamp t = 1; "
            "google.rpc.Status s = 2; }");
  assert_true(knows_type(client, "W"));
  pygrpc_client_free(client);
}

/* ---- Texts in memory
 * ---------------------------------------------------------------------------*/

static void texts_in_memory(void **state) {
  (void)state;
  pygrpc_client *client = empty_client();
  pygrpc_error *error = NULL;
  static const char kText[] = "syntax = \"proto3\"; message InMemory { int32 a = 1; } garbage";
  expect_ok(pygrpc_load_proto(client, "m.proto", kText, strlen(kText) - 8, &error), error);
  assert_true(knows_type(client, "InMemory"));
  /* others import it by that name */
  load_text(client, "dir/n.proto",
            "syntax = \"proto3\"; import \"m.proto\"; message N { InMemory m = 1; }");
  assert_true(knows_type(client, "N"));
  pygrpc_client_free(client);
}

/* A text whose imports are missing is an error, and yet it is kept until they come. */
static void texts_in_the_wrong_order(void **state) {
  (void)state;
  pygrpc_client *client = empty_client();
  pygrpc_error *error = NULL;
  const int32_t result = pygrpc_load_proto(
      client, "top.proto",
      "syntax = \"proto3\"; import \"bottom.proto\"; message Top { Bottom b = 1; }", NUL, &error);
  expect_error(result, PYGRPC_E_SCHEMA, &error, "bottom.proto");
  assert_false(knows_type(client, "Top"));
  load_text(client, "bottom.proto", "syntax = \"proto3\"; message Bottom {}");
  assert_true(knows_type(client, "Bottom"));
  assert_true(knows_type(client, "Top"));
  pygrpc_client_free(client);
}

/* With the client's proto_path; and what is wrong with one fails no other load. */
static void texts_that_wait(void **state) {
  (void)state;
  write_file(directory, "waited/on_disk.proto", "syntax = \"proto3\"; message OnDisk {}");
  pygrpc_client *client = new_client(NULL, format("{\"proto_path\": [\"%s/waited\"]}", directory));
  pygrpc_error *error = NULL;
  const char *text =
      "syntax = \"proto3\"; import \"on_disk.proto\"; import \"late.proto\";"
      "message Top { OnDisk o = 1; Late l = 2; }";
  expect_error(pygrpc_load_proto(client, "top.proto", text, NUL, &error), PYGRPC_E_SCHEMA, &error,
               "\"top.proto\" is kept");
  text = "syntax = \"proto3\"; import \"late.proto\"; message Wrong { Undefined u = 1; }";
  expect_error(pygrpc_load_proto(client, "wrong.proto", text, NUL, &error), PYGRPC_E_SCHEMA, &error,
               "\"wrong.proto\" is kept");
  char *bytes = NULL;
  expect_error(pygrpc_json_to_binary(client, "Top", "{}", NUL, NULL, &bytes, NULL, &error),
               PYGRPC_E_NOT_FOUND, &error, "\"top.proto\" waits for its import \"late.proto\"");
  load_text(client, "late.proto", "syntax = \"proto3\"; message Late {}");
  assert_true(knows_type(client, "Late"));
  assert_true(knows_type(client, "Top"));
  expect_error(pygrpc_json_to_binary(client, "Wrong", "{}", NUL, NULL, &bytes, NULL, &error),
               PYGRPC_E_NOT_FOUND, &error, "\"Undefined\" is not defined");
  pygrpc_client_free(client);
}

/* ---- Faults
 * ------------------------------------------------------------------------------------*/

static void a_missing_file(void **state) {
  (void)state;
  pygrpc_client *client = local_client();
  pygrpc_error *error = NULL;
  const int32_t result = pygrpc_load(client, "missing.proto", NULL, &error);
  check_error(result, PYGRPC_E_SCHEMA, error);
  assert_contains(pygrpc_error_message(error), "missing.proto");
  assert_contains(pygrpc_error_message(error), directory);
  bool listed = false;
  const char *json = pygrpc_error_json(error);
  for (int i = 0; i < json_count_at(json, "/searched"); i++) {
    char *place = json_string_at(json, format("/searched/%d", i));
    listed |= strstr(place, directory) != NULL;
    free(place);
  }
  assert_true(listed);
  pygrpc_error_free(error);

  error = NULL;
  expect_error(pygrpc_load(client, "/no/such/file.proto", NULL, &error), PYGRPC_E_SCHEMA, &error,
               "/no/such/file.proto");
  expect_error(pygrpc_load(client, "no_such_pb2", NULL, &error), PYGRPC_E_SCHEMA, &error,
               "no_such");
  pygrpc_client_free(client);
}

static void a_missing_import(void **state) {
  (void)state;
  write_file(directory, "importer.proto",
             "syntax = \"proto3\";\n\nimport \"gone/away.proto\";\nmessage M {}\n");
  pygrpc_client *client = local_client();
  pygrpc_error *error = NULL;
  check_error(pygrpc_load(client, "importer.proto", NULL, &error), PYGRPC_E_SCHEMA, error);
  assert_contains(pygrpc_error_message(error), "importer.proto");
  assert_contains(pygrpc_error_message(error), "gone/away.proto");
  assert_true(json_count_at(pygrpc_error_json(error), "/searched") >= 1);
  pygrpc_error_free(error);
  assert_false(knows_type(client, "M"));
  pygrpc_client_free(client);
}

/* Line and column of the fault, counted from 1. */
static void a_broken_file(void **state) {
  (void)state;
  write_file(directory, "broken.proto",
             "syntax = \"proto3\";\nmessage M {\n  string name 1;\n  strin g = 2;\n}\n");
  pygrpc_client *client = local_client();
  pygrpc_error *error = NULL;
  check_error(pygrpc_load(client, "broken.proto", NULL, &error), PYGRPC_E_SCHEMA, error);
  assert_contains(pygrpc_error_message(error), "broken.proto:3:15");
  const char *json = pygrpc_error_json(error);
  char *file = json_string_at(json, "/locations/0/file");
  assert_contains(file, "broken.proto");
  free(file);
  assert_json(json, "/locations/0/line", "3");
  assert_json(json, "/locations/0/column", "15");
  char *message = json_string_at(json, "/locations/0/message");
  assert_non_null(message);
  free(message);
  pygrpc_error_free(error);
  pygrpc_client_free(client);
}

static void a_file_with_unknown_types(void **state) {
  (void)state;
  write_file(directory, "unknown.proto",
             "syntax = \"proto3\";\nmessage M {\n  Nope a = 1;\n  also.Nope b = 2;\n}\n");
  pygrpc_client *client = local_client();
  pygrpc_error *error = NULL;
  check_error(pygrpc_load(client, "unknown.proto", NULL, &error), PYGRPC_E_SCHEMA, error);
  assert_contains(pygrpc_error_message(error), "unknown.proto:3:");
  assert_contains(pygrpc_error_message(error), "Nope");
  assert_json_count(pygrpc_error_json(error), "/locations", 2);
  assert_json(pygrpc_error_json(error), "/locations/1/line", "4");
  pygrpc_error_free(error);
  pygrpc_client_free(client);
}

static void import_cycles(void **state) {
  (void)state;
  write_file(directory, "cycle_a.proto", "syntax = \"proto3\"; import \"cycle_b.proto\";");
  write_file(directory, "cycle_b.proto", "syntax = \"proto3\"; import \"cycle_c.proto\";");
  write_file(directory, "cycle_c.proto", "syntax = \"proto3\"; import \"cycle_a.proto\";");
  write_file(directory, "self.proto", "syntax = \"proto3\"; import \"self.proto\";");
  pygrpc_client *client = local_client();
  pygrpc_error *error = NULL;
  expect_error(pygrpc_load(client, "cycle_a.proto", NULL, &error), PYGRPC_E_SCHEMA, &error,
               "cycle_a.proto", "cycle_b.proto", "cycle_c.proto");
  expect_error(pygrpc_load(client, "self.proto", NULL, &error), PYGRPC_E_SCHEMA, &error,
               "self.proto");
  pygrpc_client_free(client);
}

static void not_a_schema(void **state) {
  (void)state;
  pygrpc_client *client = local_client();
  pygrpc_error *error = NULL;
  write_file(directory, "text.proto", "This is no schema.");
  expect_error(pygrpc_load(client, "text.proto", NULL, &error), PYGRPC_E_SCHEMA, &error,
               "text.proto:1:1");
  write_file(directory, "latin1.proto", "syntax = \"proto3\"; // caf\xE9");
  const int32_t result = pygrpc_load(client, "latin1.proto", NULL, &error);
  assert_true(result == PYGRPC_OK || result == PYGRPC_E_SCHEMA);
  pygrpc_error_free(error);
  pygrpc_client_free(client);
}

/* ---- A failure changes nothing
 * -----------------------------------------------------------------*/

static void conflicts_leave_the_schema_as_it_was(void **state) {
  (void)state;
  static const struct {
    const char *file;
    const char *text;
  } kConflicts[] = {
      /* another text under a name that is taken */
      {"one.proto", "syntax = \"proto3\"; package p; message One { string a = 1; } message New {}"},
      /* a type that is there, in another file */
      {"two.proto", "syntax = \"proto3\"; package p; message New {} message One {}"},
      /* a message where there is a package */
      {"three.proto", "syntax = \"proto3\"; message p {} message New {}"},
  };
  pygrpc_client *client = empty_client();
  load_text(client, "one.proto", "syntax = \"proto3\"; package p; message One { int32 a = 1; }");
  for (size_t i = 0; i < COUNT_OF(kConflicts); i++) {
    pygrpc_error *error = NULL;
    expect_error(pygrpc_load_proto(client, kConflicts[i].file, kConflicts[i].text, NUL, &error),
                 PYGRPC_E_SCHEMA, &error, kConflicts[i].file);
    assert_false(knows_type(client, "New") || knows_type(client, "p.New"));
    char *json = NULL;
    expect_ok(pygrpc_binary_to_json(client, "p.One", "\x08\x05", 2, NULL, &json, NULL, &error),
              error);
    assert_string_equal(json, "{\"a\":5}");
    pygrpc_free(json);
  }
  /* the same again is no conflict, and the client loads on */
  load_text(client, "one.proto", "syntax = \"proto3\"; package p; message One { int32 a = 1; }");
  load_text(client, "two.proto", "syntax = \"proto3\"; package p; message Two {}");
  assert_true(knows_type(client, "p.Two"));
  pygrpc_client_free(client);
}

/* Two clients may know two versions of one file. */
static void schemas_are_per_client(void **state) {
  (void)state;
  pygrpc_client *one = empty_client(), *two = empty_client();
  load_text(one, "v.proto", "syntax = \"proto3\"; message V { int32 a = 1; }");
  load_text(two, "v.proto", "syntax = \"proto3\"; message V { int32 b = 1; }");
  char *json = NULL;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_binary_to_json(one, "V", "\x08\x01", 2, NULL, &json, NULL, &error), error);
  assert_string_equal(json, "{\"a\":1}");
  pygrpc_free(json);
  expect_ok(pygrpc_binary_to_json(two, "V", "\x08\x01", 2, NULL, &json, NULL, &error), error);
  assert_string_equal(json, "{\"b\":1}");
  pygrpc_free(json);

  /* and cannot be brought together */
  expect_error(pygrpc_load_client(one, two, &error), PYGRPC_E_SCHEMA, &error, "v.proto");
  expect_ok(pygrpc_binary_to_json(one, "V", "\x08\x01", 2, NULL, &json, NULL, &error), error);
  assert_string_equal(json, "{\"a\":1}");
  pygrpc_free(json);
  pygrpc_client_free(one);
  pygrpc_client_free(two);
}

static void a_schema_from_another_client(void **state) {
  (void)state;
  pygrpc_client *one = empty_client(), *two = empty_client(), *three = empty_client();
  pygrpc_error *error = NULL;
  load(one, "helloworld.proto");
  expect_ok(pygrpc_load_client(two, one, &error), error);
  assert_true(knows_method(two, "SayHello"));
  /* to one that has something already */
  load(three, "route_guide.proto");
  expect_ok(pygrpc_load_client(three, two, &error), error);
  assert_true(knows_method(three, "SayHello") && knows_method(three, "RouteChat"));
  /* what the other loads afterwards is its own */
  load(one, "pygrpc_test/no_package.proto");
  assert_false(knows_method(two, "EchoText"));
  /* and it may go */
  pygrpc_client_free(one);
  assert_true(knows_method(two, "SayHello"));
  load(two, "pygrpc_test/no_package.proto");
  assert_true(knows_method(two, "EchoText"));
  /* from itself, and from one that has nothing */
  pygrpc_client *empty = empty_client();
  expect_ok(pygrpc_load_client(two, two, &error), error);
  expect_ok(pygrpc_load_client(two, empty, &error), error);
  expect_ok(pygrpc_load_client(empty, empty, &error), error);
  assert_true(knows_method(two, "SayHello"));
  pygrpc_client_free(empty);
  pygrpc_client_free(two);
  pygrpc_client_free(three);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_name_of_a_file),
      cmocka_unit_test(files_in_folders_and_their_imports),
      cmocka_unit_test(places_to_look),
      cmocka_unit_test(a_directory),
      cmocka_unit_test(a_directory_without_schemas),
      cmocka_unit_test(descriptor_sets),
      cmocka_unit_test(descriptor_sets_that_are_none),
      cmocka_unit_test(the_well_known_types_need_no_file),
      cmocka_unit_test(texts_in_memory),
      cmocka_unit_test(texts_in_the_wrong_order),
      cmocka_unit_test(texts_that_wait),
      cmocka_unit_test(a_missing_file),
      cmocka_unit_test(a_missing_import),
      cmocka_unit_test(a_broken_file),
      cmocka_unit_test(a_file_with_unknown_types),
      cmocka_unit_test(import_cycles),
      cmocka_unit_test(not_a_schema),
      cmocka_unit_test(conflicts_leave_the_schema_as_it_was),
      cmocka_unit_test(schemas_are_per_client),
      cmocka_unit_test(a_schema_from_another_client),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
