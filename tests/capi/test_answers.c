/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What an RPC came to, whole: pygrpc_stream_info(), of every cardinality, blocking and on a queue,
 * and what an error holds of it. */

#include "harness.h"

static const char *const kMethods[] = {"ReturnStatus", "ReturnStatusServerStream",
                                       "ReturnStatusClientStream", "ReturnStatusBidi"};
static const char *const kCardinalities[] = {"unary_unary", "unary_stream", "stream_unary",
                                             "stream_stream"};

/* An RPC that is used in one of the two ways. */
struct rpc {
  pygrpc_stream *stream;
  pygrpc_queue *queue; /* NULL: blocking */
};

static struct rpc start(pygrpc_client *of, const char *method, const char *request,
                        const char *options, bool with_queue) {
  struct rpc rpc = {NULL, NULL};
  pygrpc_error *error = NULL;
  if (with_queue) expect_ok(pygrpc_queue_new(&rpc.queue, &error), error);
  expect_ok(pygrpc_stream_open(of, method, PYGRPC_ANY_CARDINALITY, request,
                               request == NULL ? 0 : NUL, options, rpc.queue, &rpc.stream, &error),
            error);
  return rpc;
}

static void end(struct rpc *rpc) {
  pygrpc_stream_free(rpc->stream);
  pygrpc_queue_free(rpc->queue);
}

/* The code of the next event, which has this tag. */
static int32_t next_code(struct rpc *rpc, uint64_t tag) {
  pygrpc_event *event = NULL;
  size_t count = 0;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_queue_poll(rpc->queue, -1, &event, 1, &count, &error), error);
  assert_int_equal(pygrpc_event_tag(event), tag);
  const int32_t code = pygrpc_event_code(event);
  pygrpc_event_free(event);
  return code;
}

static int32_t read_code(struct rpc *rpc) {
  pygrpc_error *error = NULL;
  if (rpc->queue != NULL) {
    expect_ok(pygrpc_stream_read_async(rpc->stream, 1, &error), error);
    return next_code(rpc, 1);
  }
  char *message = NULL;
  const int32_t code = pygrpc_stream_read(rpc->stream, -1, &message, NULL, &error);
  pygrpc_free(message);
  pygrpc_error_free(error);
  return code;
}

static int32_t write_code(struct rpc *rpc, const char *message) {
  pygrpc_error *error = NULL;
  if (rpc->queue != NULL) {
    expect_ok(pygrpc_stream_write_async(rpc->stream, message, NUL, 2, &error), error);
    return next_code(rpc, 2);
  }
  const int32_t code = pygrpc_stream_write(rpc->stream, message, NUL, -1, &error);
  assert_null(error);
  return code;
}

static int32_t read_to_the_end(struct rpc *rpc) {
  int32_t code = PYGRPC_OK;
  while (code == PYGRPC_OK) code = read_code(rpc);
  return code;
}

/* A method of the status group, used to its end. */
static struct rpc run(int method, const char *request, bool with_queue) {
  if (method < 2) {
    struct rpc rpc = start(shared_client, kMethods[method], request, NULL, with_queue);
    read_to_the_end(&rpc);
    return rpc;
  }
  /* cppcheck-suppress arrayIndexOutOfBoundsCond ; it takes where loops end for an index */
  struct rpc rpc = start(shared_client, kMethods[method], NULL, NULL, with_queue);
  pygrpc_error *error = NULL;
  assert_int_equal(write_code(&rpc, request), PYGRPC_OK);
  expect_ok(pygrpc_stream_half_close(rpc.stream, &error), error);
  read_to_the_end(&rpc);
  return rpc;
}

static char *info_of(pygrpc_stream *stream, int64_t timeout_ms) {
  char *json = NULL;
  size_t size = 0;
  pygrpc_error *error = NULL;
  expect_ok(pygrpc_stream_info(stream, timeout_ms, &json, &size, &error), error);
  assert_non_null(json);
  assert_int_equal(strlen(json), size);
  assert_true(json_is_valid(json));
  return json;
}

/* The number at a JSON pointer, or -1. */
static double number_at(const char *json, const char *pointer) {
  size_t size = 0;
  const char *at = json_find(json, pointer, &size);
  return at == NULL ? -1 : strtod(at, NULL);
}

/* Every combination of cardinality and way. */
#define FOR_EACH_RPC(method, with_queue)     \
  for (int method = 0; method < 4; method++) \
    for (int with_queue = 0; with_queue < 2; with_queue++)

static void the_answer_of_a_call_that_goes_well(void **state) {
  (void)state;
  FOR_EACH_RPC(method, with_queue) {
    const char *request =
        "{\"headersFirst\": true, \"afterMessages\": 1, \"trailers\": [{\"key\": \"x-trailer\", "
        "\"text\": \"t\"}]}";
    struct rpc rpc = run(method, request, with_queue);
    char *json = info_of(rpc.stream, -1);
    assert_json_string(json, "/method", format("/pygrpc.test.Test/%s", kMethods[method]));
    assert_json_string(json, "/target", shared_server.target);
    assert_json_string(json, "/cardinality", kCardinalities[method]);
    assert_json_string(json, "/peer", format("ipv4:%s", shared_server.target));
    assert_json(json, "/ended", "true");
    assert_json_string(json, "/headers/x-headers-first/0", "yes");
    assert_json(json, "/status", "0");
    assert_json_string(json, "/statusName", "OK");
    assert_json_string(json, "/message", "");
    assert_json_string(json, "/trailers/x-trailer/0", "t");
    assert_json(json, "/messagesSent", "1");
    assert_json(json, "/messagesReceived", "1");
    const double headers = number_at(json, "/timing/headers");
    const double first = number_at(json, "/timing/firstMessage");
    const double total = number_at(json, "/timing/total");
    assert_true(headers > 0 && headers <= first && first <= total);
    pygrpc_free(json);
    end(&rpc);
  }
}

static void the_answer_of_a_call_that_fails(void **state) {
  (void)state;
  FOR_EACH_RPC(method, with_queue) {
    struct rpc rpc = run(method,
                         "{\"code\": 9, \"message\": \"not yet\", \"headersFirst\": true, "
                         "\"standardDetails\": [\"ERROR_INFO\"]}",
                         with_queue);
    char *json = info_of(rpc.stream, -1);
    assert_json(json, "/status", "9");
    assert_json_string(json, "/statusName", "FAILED_PRECONDITION");
    assert_json_string(json, "/message", "not yet");
    assert_json_string(json, "/details/0/reason", "OUT_OF_STOCK");
    assert_json_string(json, "/headers/x-headers-first/0", "yes");
    assert_json_count(json, "/trailers/grpc-status-details-bin", 1);
    assert_json(json, "/messagesReceived", "0");
    assert_json_absent(json, "/timing/firstMessage");
    pygrpc_free(json);
    end(&rpc);
  }
}

/* An answer of one block of headers, which are the trailers. */
static void trailers_only(void **state) {
  (void)state;
  FOR_EACH_RPC(method, with_queue) {
    struct rpc rpc = run(method, "{\"code\": 5, \"message\": \"gone\"}", with_queue);
    char *json = info_of(rpc.stream, -1);
    assert_json(json, "/ended", "true");
    assert_json(json, "/status", "5");
    assert_json_string(json, "/message", "gone");
    assert_json_count(json, "/headers", 0);
    assert_json_string(json, "/peer", format("ipv4:%s", shared_server.target));
    assert_true(number_at(json, "/timing/total") >= number_at(json, "/timing/headers"));
    assert_json_absent(json, "/details");
    pygrpc_free(json);
    end(&rpc);
  }
}

/* Details may come with OK; gRPC C++ sends them at the end of a stream of responses. */
static void details_of_an_ok(void **state) {
  (void)state;
  struct rpc rpc = run(1, "{\"afterMessages\": 1, \"standardDetails\": [\"HELP\"]}", false);
  char *json = info_of(rpc.stream, -1);
  assert_json(json, "/status", "0");
  assert_json_string(json, "/details/0/@type", "type.googleapis.com/google.rpc.Help");
  pygrpc_free(json);
  end(&rpc);
}

/* The server ends the RPC while the client could still write. */
static void the_server_ends_early(void **state) {
  (void)state;
  FOR_EACH_RPC(method, with_queue) {
    if (method < 2) continue;
    struct rpc rpc = start(shared_client, kMethods[method], NULL, NULL, with_queue);
    const char *request = "{\"code\": 10, \"message\": \"enough\", \"afterMessages\": 2}";
    assert_int_equal(write_code(&rpc, request), PYGRPC_OK);
    assert_int_equal(write_code(&rpc, request), PYGRPC_OK);
    if (method == 3) {
      assert_int_equal(read_code(&rpc), PYGRPC_OK);
      assert_int_equal(read_code(&rpc), PYGRPC_OK);
    }
    assert_int_equal(read_code(&rpc), PYGRPC_E_STATUS);
    char *json = info_of(rpc.stream, -1);
    assert_json(json, "/status", "10");
    assert_json_string(json, "/message", "enough");
    assert_json(json, "/messagesSent", "2");
    assert_json(json, "/messagesReceived", method == 3 ? "2" : "0");
    pygrpc_free(json);
    end(&rpc);
  }
}

static void before_the_end(void **state) {
  (void)state;
  for (int with_queue = 0; with_queue < 2; with_queue++) {
    struct rpc rpc =
        start(shared_client, "CountForever", "{\"interval\": \"0.001s\"}", NULL, with_queue);
    assert_int_equal(read_code(&rpc), PYGRPC_OK);
    assert_int_equal(read_code(&rpc), PYGRPC_OK);
    char *json = info_of(rpc.stream, 0);
    assert_json(json, "/ended", "false");
    assert_json_string(json, "/peer", format("ipv4:%s", shared_server.target));
    assert_json_absent(json, "/status");
    assert_json_absent(json, "/trailers");
    assert_json_absent(json, "/timing/total");
    if (!with_queue) assert_json(json, "/messagesReceived", "2");
    assert_true(number_at(json, "/timing/firstMessage") > 0);
    assert_non_null(json_find(json, "/headers", &(size_t){0}));
    pygrpc_free(json);
    pygrpc_error *error = NULL;
    expect_ok(pygrpc_stream_cancel(rpc.stream, &error), error);
    read_to_the_end(&rpc);
    json = info_of(rpc.stream, -1);
    assert_json(json, "/ended", "true");
    assert_json_string(json, "/statusName", "CANCELLED");
    assert_json_string(json, "/peer", format("ipv4:%s", shared_server.target));
    assert_true(number_at(json, "/timing/total") > 0);
    pygrpc_free(json);
    end(&rpc);
  }
}

/* It waits no longer than it is told to, and may be asked again. */
static void it_waits_for_the_end(void **state) {
  (void)state;
  for (int method = 0; method < 2; method++) {
    struct rpc rpc = start(shared_client, method == 0 ? "NeverAnswer" : "NeverAnswerBidi",
                           method == 0 ? "{}" : NULL, NULL, false);
    const int64_t begin = now_ms();
    char *json = info_of(rpc.stream, 30);
    assert_true(now_ms() - begin >= 29);
    assert_within(begin, kAtOnceMs);
    assert_json(json, "/ended", "false");
    assert_json_absent(json, "/headers");
    pygrpc_free(json);
    end(&rpc);
  }
  struct rpc rpc = start(shared_client, "Sleep", "{\"delay\": \"0.2s\"}", NULL, false);
  char *json = info_of(rpc.stream, -1);
  assert_json(json, "/ended", "true");
  assert_true(number_at(json, "/timing/total") >= 200);
  pygrpc_free(json);
  /* the response is still there */
  assert_int_equal(read_code(&rpc), PYGRPC_OK);
  assert_int_equal(read_code(&rpc), PYGRPC_END);
  end(&rpc);
}

/* Where nothing came, who the server is may not be known; the target is not in its place. */
static void expect_no_other_peer(const char *json) {
  size_t size = 0;
  if (json_find(json, "/peer", &size) == NULL) return;
  assert_json_string(json, "/peer", format("ipv4:%s", shared_server.target));
}

static void the_deadline(void **state) {
  (void)state;
  for (int with_queue = 0; with_queue < 2; with_queue++) {
    struct rpc rpc = start(shared_client, "NeverAnswer", "{}",
                           "{\"timeout\": 0.1, \"wait_for_ready\": true}", with_queue);
    assert_int_equal(read_code(&rpc), PYGRPC_E_STATUS);
    char *json = info_of(rpc.stream, -1);
    assert_json_string(json, "/statusName", "DEADLINE_EXCEEDED");
    expect_no_other_peer(json);
    assert_true(number_at(json, "/timing/total") >= 90);
    pygrpc_free(json);
    end(&rpc);
  }
}

/* The first RPC has to connect, the next one has not. */
static void the_time_to_connect(void **state) {
  (void)state;
  for (int method = 0; method < 4; method++) {
    for (int with_queue = 0; with_queue < 2; with_queue++) {
      pygrpc_client *fresh = shared_client;
      shared_client = test_client(NULL);
      struct rpc rpc = run(method, "{\"afterMessages\": 1}", with_queue);
      char *json = info_of(rpc.stream, -1);
      const double connect = number_at(json, "/timing/connect");
      assert_true(connect > 0);
      assert_true(connect <= number_at(json, "/timing/headers"));
      pygrpc_free(json);
      end(&rpc);
      rpc = run(method, "{\"afterMessages\": 1}", with_queue);
      json = info_of(rpc.stream, -1);
      assert_json_absent(json, "/timing/connect");
      pygrpc_free(json);
      end(&rpc);
      pygrpc_client_free(shared_client);
      shared_client = fresh;
    }
  }
}

static void nobody_there(void **state) {
  (void)state;
  pygrpc_client *other = client_of(dead_target(), NULL);
  for (int with_queue = 0; with_queue < 2; with_queue++) {
    struct rpc rpc = start(other, "SayHello", "{}", NULL, with_queue);
    assert_int_equal(read_code(&rpc), PYGRPC_E_STATUS);
    char *json = info_of(rpc.stream, -1);
    assert_json_string(json, "/statusName", "UNAVAILABLE");
    assert_json_absent(json, "/peer");
    assert_json_absent(json, "/timing/connect");
    assert_json_absent(json, "/timing/headers");
    pygrpc_free(json);
    end(&rpc);
  }
  pygrpc_client_free(other);
}

/* gRPC forgets the peer of a call that it ends itself, and gives out the target then. */
static void ends_of_this_side(void **state) {
  (void)state;
  const char *port = strrchr(shared_server.target, ':');
  const char *const targets[] = {format("localhost%s", port),
                                 format("ipv4:127.0.0.1:1,%s", shared_server.target)};
  for (size_t i = 0; i < COUNT_OF(targets); i++) {
    pygrpc_client *client = client_of(targets[i], "{\"max_receive_size\": 1000}");
    pygrpc_free(call(client, "SayHello", "{}", "{\"timeout\": 60}"));
    for (int with_queue = 0; with_queue < 2; with_queue++) {
      struct rpc rpc = start(client, "GetPayload", "{\"size\": 2000}", NULL, with_queue);
      assert_int_equal(read_code(&rpc), PYGRPC_E_STATUS);
      char *json = info_of(rpc.stream, -1);
      assert_json_string(json, "/statusName", "RESOURCE_EXHAUSTED");
      expect_no_other_peer(json);
      pygrpc_free(json);
      end(&rpc);
      rpc = start(client, "NeverAnswer", "{}", "{\"timeout\": 0.1}", with_queue);
      assert_int_equal(read_code(&rpc), PYGRPC_E_STATUS);
      json = info_of(rpc.stream, -1);
      assert_json_string(json, "/statusName", "DEADLINE_EXCEEDED");
      expect_no_other_peer(json);
      pygrpc_free(json);
      end(&rpc);
    }
    pygrpc_client_free(client);
  }
}

/* Targets that are addresses look as peers do, whether there is one or not. */
static void targets_that_are_addresses(void **state) {
  (void)state;
  pygrpc_client *dead = client_of(format("ipv4:%s", dead_target()), NULL);
  struct rpc rpc = start(dead, "SayHello", "{}", NULL, false);
  assert_int_equal(read_code(&rpc), PYGRPC_E_STATUS);
  char *json = info_of(rpc.stream, -1);
  assert_json_absent(json, "/peer");
  pygrpc_free(json);
  end(&rpc);
  pygrpc_client_free(dead);

  const char *target = format("ipv4:%s", shared_server.target);
  pygrpc_client *alive = client_of(target, NULL);
  rpc = start(alive, "ReturnStatus", "{\"code\": 5}", NULL, false);
  assert_int_equal(read_code(&rpc), PYGRPC_E_STATUS);
  json = info_of(rpc.stream, -1);
  assert_json_string(json, "/peer", format("ipv4:%s", shared_server.target));
  pygrpc_free(json);
  end(&rpc);
  pygrpc_client_free(alive);
}

/* An error holds the same, of the short form as of a stream. */
static void errors_hold_the_answer(void **state) {
  (void)state;
  const char *request = "{\"code\": 3, \"headersFirst\": true}";
  char *response = NULL;
  pygrpc_error *error = NULL;
  check_error(pygrpc_unary_unary(shared_client, "ReturnStatus", request, NUL, NULL, &response, NULL,
                                 &error),
              PYGRPC_E_STATUS, error);
  const char *json = pygrpc_error_json(error);
  assert_json_string(json, "/peer", format("ipv4:%s", shared_server.target));
  assert_json_string(json, "/headers/x-headers-first/0", "yes");
  assert_true(number_at(json, "/timing/total") > 0);
  pygrpc_error_free(error);

  for (int method = 0; method < 4; method++) {
    pygrpc_stream *stream =
        open_stream(shared_client, kMethods[method], method < 2 ? request : NULL, NULL);
    if (method >= 2) {
      write_message(stream, request);
      half_close(stream);
    }
    char *message = NULL;
    error = NULL;
    check_error(pygrpc_stream_read(stream, -1, &message, NULL, &error), PYGRPC_E_STATUS, error);
    json = pygrpc_error_json(error);
    assert_json_string(json, "/peer", format("ipv4:%s", shared_server.target));
    assert_json_string(json, "/headers/x-headers-first/0", "yes");
    assert_true(number_at(json, "/timing/headers") <= number_at(json, "/timing/total"));
    pygrpc_error_free(error);
    pygrpc_stream_free(stream);
  }
}

/* Each type of google/rpc/error_details.proto, with each of its fields, comes out as it went in. */
static void every_standard_detail(void **state) {
  (void)state;
  static const char *const kDetails[] = {
      "{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"R\",\"domain\":\"d\","
      "\"metadata\":{\"k\":\"v\"}}",
      "{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"1.500s\"}",
      "{\"@type\":\"type.googleapis.com/google.rpc.DebugInfo\",\"stackEntries\":[\"a\",\"b\"],"
      "\"detail\":\"d\"}",
      "{\"@type\":\"type.googleapis.com/google.rpc.QuotaFailure\",\"violations\":[{\"subject\":"
      "\"s\",\"description\":\"d\",\"apiService\":\"a\",\"quotaMetric\":\"m\",\"quotaId\":\"i\","
      "\"quotaDimensions\":{\"zone\":\"z\"},\"quotaValue\":\"100\",\"futureQuotaValue\":\"0\"}]}",
      "{\"@type\":\"type.googleapis.com/google.rpc.PreconditionFailure\",\"violations\":[{"
      "\"type\":\"t\",\"subject\":\"s\",\"description\":\"d\"}]}",
      "{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\",\"fieldViolations\":[{\"field\":"
      "\"f\",\"description\":\"d\",\"reason\":\"R\",\"localizedMessage\":{\"locale\":\"en\","
      "\"message\":\"m\"}}]}",
      "{\"@type\":\"type.googleapis.com/google.rpc.RequestInfo\",\"requestId\":\"i\","
      "\"servingData\":\"d\"}",
      "{\"@type\":\"type.googleapis.com/google.rpc.ResourceInfo\",\"resourceType\":\"t\","
      "\"resourceName\":\"n\",\"owner\":\"o\",\"description\":\"d\"}",
      "{\"@type\":\"type.googleapis.com/google.rpc.Help\",\"links\":[{\"description\":\"d\","
      "\"url\":\"u\"}]}",
      "{\"@type\":\"type.googleapis.com/google.rpc.LocalizedMessage\",\"locale\":\"en\","
      "\"message\":\"m\"}",
  };
  for (size_t i = 0; i < COUNT_OF(kDetails); i++) {
    struct rpc rpc = run(0, format("{\"code\": 3, \"details\": [%s]}", kDetails[i]), false);
    char *json = info_of(rpc.stream, -1);
    assert_json_count(json, "/details", 1);
    assert_json(json, "/details/0", kDetails[i]);
    pygrpc_free(json);
    end(&rpc);
  }
}

/* Asked by one thread while another reads. */
static void *ask_again_and_again(void *argument) {
  pygrpc_stream *stream = argument;
  int asked = 0;
  for (bool ended = false; !ended; asked++) {
    char *json = NULL;
    if (pygrpc_stream_info(stream, 1, &json, NULL, NULL) != PYGRPC_OK) return NULL;
    ended = strstr(json, "\"ended\":true") != NULL;
    pygrpc_free(json);
  }
  return asked > 0 ? stream : NULL;
}

static void asked_by_another_thread(void **state) {
  (void)state;
  struct rpc rpc =
      start(shared_client, "StreamPayloads", "{\"messages\": 300, \"size\": 10}", NULL, false);
  pthread_t thread;
  start_thread(&thread, ask_again_and_again, rpc.stream);
  assert_int_equal(read_to_the_end(&rpc), PYGRPC_END);
  void *result = NULL;
  pthread_join(thread, &result);
  assert_non_null(result);
  char *json = info_of(rpc.stream, 0);
  assert_json(json, "/messagesReceived", "300");
  pygrpc_free(json);
  end(&rpc);
}

static void arguments(void **state) {
  (void)state;
  char *json = (char *)"before";
  size_t size = 7;
  pygrpc_error *error = NULL;
  expect_error(pygrpc_stream_info(NULL, 0, &json, &size, &error), PYGRPC_E_ARGUMENT, &error,
               "stream is NULL");
  assert_null(json);
  assert_int_equal(size, 0);
  struct rpc rpc = start(shared_client, "SayHello", "{}", NULL, false);
  expect_error(pygrpc_stream_info(rpc.stream, 0, NULL, NULL, &error), PYGRPC_E_ARGUMENT, &error,
               "json is NULL");
  end(&rpc);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_answer_of_a_call_that_goes_well),
      cmocka_unit_test(the_answer_of_a_call_that_fails),
      cmocka_unit_test(trailers_only),
      cmocka_unit_test(details_of_an_ok),
      cmocka_unit_test(the_server_ends_early),
      cmocka_unit_test(before_the_end),
      cmocka_unit_test(it_waits_for_the_end),
      cmocka_unit_test(the_deadline),
      cmocka_unit_test(the_time_to_connect),
      cmocka_unit_test(nobody_there),
      cmocka_unit_test(ends_of_this_side),
      cmocka_unit_test(targets_that_are_addresses),
      cmocka_unit_test(errors_hold_the_answer),
      cmocka_unit_test(every_standard_detail),
      cmocka_unit_test(asked_by_another_thread),
      cmocka_unit_test(arguments),
  };
  return cmocka_run_group_tests(tests, start_shared_client, stop_shared_client);
}
