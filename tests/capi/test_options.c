/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Options that are wrong: each is E_OPTION with a message that names it. No server is needed. */

#include "harness.h"

struct bad_option {
  const char *options;
  const char *named; /* in the message */
  const char *also;  /* this too */
};

static const struct bad_option kBadForClients[] = {
    {"", "options", "JSON"},
    {"{", "options", "JSON"},
    {"{\"timeout\": 1,}", "options", "JSON"},
    {"{\"timeout\": 1} {}", "options", "JSON"},
    {"[]", "options", "object"},
    {"\"timeout\"", "options", "object"},
    {"{\"transprot\": \"tls\"}", "transprot", "transport"},
    {"{\"TIMEOUT\": 1}", "TIMEOUT", "timeout"},
    {"{\"no such thing at all\": 1}", "no such thing at all", ""},
    {"{\"transport\": \"tsl\"}", "transport", "tls"},
    {"{\"transport\": 1}", "transport", ""},
    {"{\"transport\": \"plaintext\", \"tls\": {\"verify\": false}}", "tls.verify", "transport"},
    {"{\"transport\": \"tls\", \"tls\": {\"cacert\": \"x\"}}", "tls.cacert", ""},
    {"{\"transport\": \"tls\", \"tls\": \"x\"}", "tls", "object"},
    {"{\"transport\": \"tls\", \"tls\": {\"ca\": \"/no/such/file.pem\"}}", "tls.ca",
     "/no/such/file.pem"},
    {"{\"transport\": \"tls\", \"tls\": {\"ca\": \"/dev/null\"}}", "tls.ca", "regular file"},
    {"{\"transport\": \"tls\", \"tls\": {\"key\": \"-----BEGIN PRIVATE KEY-----\"}}",
     "tls.certificate", "tls.key"},
    {"{\"timeout\": -1}", "timeout", ""},
    {"{\"timeout\": \"5 parsecs\"}", "timeout", "parsecs"},
    {"{\"timeout\": \"\"}", "timeout", ""},
    {"{\"timeout\": true}", "timeout", ""},
    {"{\"timeout\": 1e300}", "timeout", ""},
    {"{\"wait_for_ready\": \"yes\"}", "wait_for_ready", ""},
    {"{\"wait_for_ready\": 1}", "wait_for_ready", ""},
    {"{\"reflection\": \"no\"}", "reflection", ""},
    {"{\"max_receive_size\": \"16 MegaByte\"}", "max_receive_size", ""},
    {"{\"max_receive_size\": -1}", "max_receive_size", ""},
    {"{\"max_receive_size\": 99999999999}", "max_receive_size", ""},
    {"{\"proto_path\": [1]}", "proto_path", ""},
    {"{\"codec\": \"xml\"}", "codec", "binary"},
    {"{\"max_depth\": 0}", "max_depth", ""},
    {"{\"max_depth\": 1.5}", "max_depth", ""},
    {"{\"keepalive\": {\"tiem\": 1}}", "keepalive.tiem", "keepalive.time"},
    {"{\"metadata\": []}", "metadata", ""},
    {"{\"metadata\": {\"a b\": \"x\"}}", "a b", ""},
    {"{\"metadata\": {\"\": \"x\"}}", "metadata", ""},
    {"{\"metadata\": {\"key\": 5}}", "key", ""},
    {"{\"metadata\": {\"key\": [\"x\", 5]}}", "key", ""},
    {"{\"metadata\": {\"key\": \"two\\nlines\"}}", "key", ""},
    {"{\"metadata\": {\"key\": \"caf\\u00e9\"}}", "key", ""},
    {"{\"metadata\": {\"key-bin\": \"not base64!\"}}", "key-bin", "base64"},
    {"{\"metadata\": {\"grpc-timeout\": \"1S\"}}", "grpc-timeout", ""},
    {"{\"metadata\": {\":path\": \"/x\"}}", ":path", ""},
};

static void bad_client_options(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT_OF(kBadForClients); i++) {
    const struct bad_option *bad = &kBadForClients[i];
    print_message("# %s\n", bad->options);
    pygrpc_client *client = NULL;
    pygrpc_error *error = NULL;
    expect_error(pygrpc_client_new("127.0.0.1:1", bad->options, &client, &error), PYGRPC_E_OPTION,
                 &error, bad->named, bad->also);
    assert_null(client);
  }
}

static const struct bad_option kBadForCalls[] = {
    {"{", "options", "JSON"},
    {"{\"timeuot\": 1}", "timeuot", "timeout"},
    {"{\"timeout\": -0.5}", "timeout", ""},
    {"{\"metadata\": {\"k\": {}}}", "k", ""},
    {"{\"codec\": \"\"}", "codec", ""},
    /* of the client only; a call says so */
    {"{\"transport\": \"plaintext\"}", "transport", ""},
    {"{\"proto_path\": []}", "proto_path", ""},
    {"{\"max_receive_size\": 1}", "max_receive_size", ""},
};

static void bad_call_options(void **state) {
  (void)state;
  pygrpc_client *client = client_of(dead_target(), NULL);
  pygrpc_error *error = NULL;
  for (size_t i = 0; i < COUNT_OF(kBadForCalls); i++) {
    const struct bad_option *bad = &kBadForCalls[i];
    print_message("# %s\n", bad->options);
    char *text = NULL;
    pygrpc_stream *stream = NULL;
    expect_error(
        pygrpc_unary_unary(client, "SayHello", "{}", NUL, bad->options, &text, NULL, &error),
        PYGRPC_E_OPTION, &error, bad->named, bad->also);
    expect_error(pygrpc_unary_stream(client, "SayHelloStreamReply", "{}", NUL, bad->options,
                                     &stream, &error),
                 PYGRPC_E_OPTION, &error, bad->named, bad->also);
    expect_error(pygrpc_stream_unary(client, "RecordRoute", bad->options, &stream, &error),
                 PYGRPC_E_OPTION, &error, bad->named, bad->also);
    expect_error(pygrpc_stream_stream(client, "RouteChat", bad->options, &stream, &error),
                 PYGRPC_E_OPTION, &error, bad->named, bad->also);
    expect_error(
        pygrpc_stream_open(client, "SayHello", 0, "{}", NUL, bad->options, NULL, &stream, &error),
        PYGRPC_E_OPTION, &error, bad->named, bad->also);
    expect_error(pygrpc_json_to_binary(client, "helloworld.HelloRequest", "{}", NUL, bad->options,
                                       &text, NULL, &error),
                 PYGRPC_E_OPTION, &error, bad->named, bad->also);
    expect_error(pygrpc_binary_to_json(client, "helloworld.HelloRequest", "", 0, bad->options,
                                       &text, NULL, &error),
                 PYGRPC_E_OPTION, &error, bad->named, bad->also);
    assert_null(text);
    assert_null(stream);
  }
  pygrpc_client_free(client);
}

static void bad_load_options(void **state) {
  (void)state;
  static const struct bad_option kBad[] = {
      {"{\"proto_paht\": []}", "proto_paht", "proto_path"},
      {"{\"proto_path\": 3}", "proto_path", ""},
      {"{\"codec\": \"json\"}", "codec", ""},
      {"null", "options", "object"},
  };
  pygrpc_client *client = new_client(NULL, NULL);
  pygrpc_error *error = NULL;
  for (size_t i = 0; i < COUNT_OF(kBad); i++) {
    print_message("# %s\n", kBad[i].options);
    expect_error(pygrpc_load(client, "helloworld.proto", kBad[i].options, &error), PYGRPC_E_OPTION,
                 &error, kBad[i].named, kBad[i].also);
  }
  pygrpc_client_free(client);
}

/* The nearest known name is in the JSON too, for tools. */
static void an_unknown_option_is_near_to_known_ones(void **state) {
  (void)state;
  pygrpc_client *client = NULL;
  pygrpc_error *error = NULL;
  check_error(pygrpc_client_new(NULL, "{\"time_out\": 1}", &client, &error), PYGRPC_E_OPTION,
              error);
  assert_json_string(pygrpc_error_json(error), "/near/0", "timeout");
  pygrpc_error_free(error);
}

static void good_options(void **state) {
  (void)state;
  static const char *const kGood[] = {
      "{}",
      " { } ",
      "{\"timeout\": 0}",
      "{\"timeout\": 2.5}",
      "{\"timeout\": \"250ms\"}",
      "{\"timeout\": \"2s\"}",
      "{\"timeout\": \"1m\"}",
      "{\"timeout\": \"1h\"}",
      "{\"timeout\": \"none\"}",
      "{\"timeout\": null}",
      "{\"max_receive_size\": 1048576}",
      "{\"max_receive_size\": \"16MiB\"}",
      "{\"max_receive_size\": \"none\"}",
      "{\"proto_path\": []}",
      "{\"proto_path\": \"one/directory\"}",
      "{\"proto_path\": [\"/no/such/directory\"]}",
      "{\"reflection\": false}",
      "{\"transport\": \"tls\"}",
      "{\"transport\": \"tls\", \"tls\": {\"verify\": false}}",
      "{\"metadata\": {}}",
      "{\"metadata\": {\"authorization\": \"Bearer x\", \"x\": [\"1\", \"2\"], \"b-bin\": "
      "\"AAE=\"}}",
      "{\"metadata\": {\"empty\": \"\", \"none\": []}}",
      "{\"codec\": \"binary\", \"print_defaults\": true, \"enum_numbers\": true}",
      "{\"proto_names\": true, \"int64_numbers\": true, \"ignore_unknown\": true}",
      "{\"wait_for_ready\": true, \"compression\": \"gzip\", \"max_depth\": 10}",
  };
  for (size_t i = 0; i < COUNT_OF(kGood); i++) {
    print_message("# %s\n", kGood[i]);
    pygrpc_client_free(new_client("127.0.0.1:1", kGood[i]));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bad_client_options),
      cmocka_unit_test(bad_call_options),
      cmocka_unit_test(bad_load_options),
      cmocka_unit_test(an_unknown_option_is_near_to_known_ones),
      cmocka_unit_test(good_options),
  };
  return cmocka_run_group_tests(tests, NULL, stop_shared_server);
}
