/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0 */

#include "rpc.h"

/* Longer than any RPC of these tests may take. */
enum { kHangMs = 60000 };

const char kOwnConnections[] =
    "{\"channel_arguments\": {\"grpc.use_local_subchannel_pool\": 1},"
    "\"reconnect\": {\"initial_backoff\": 0.1, \"max_backoff\": 0.1}}";

const struct conversation kConversation[kConversations] = {
    {"SayHello", "{\"name\": \"you\"}", NULL, 0, false, 1, "{\"message\":\"Hello, you!\"}"},
    {"SayHelloStreamReply", "{\"name\": \"you\"}", NULL, 0, false, 5,
     "{\"message\":\"Hello, you! (%d/5)\"}"},
    {"SinkPayloads", NULL, "{\"body\": \"AAAA\"}", 3, false, 1,
     "{\"messages\":\"3\",\"bytes\":\"9\"}"},
    {"SayHelloBidiStream", NULL, "{\"name\": \"you\"}", 3, true, 3,
     "{\"message\":\"Hello, you!\"}"},
};

bool long_run(void) { return getenv("PYGRPC_TEST_LONG") != NULL; }

void rpc_open(struct rpc* rpc, pygrpc_client* client, enum rpc_mode mode, const char* method,
              const char* request, const char* options) {
  pygrpc_error* error = NULL;
  rpc->queue = NULL;
  if (mode == RPC_QUEUED) expect_ok(pygrpc_queue_new(&rpc->queue, &error), error);
  expect_ok(
      pygrpc_stream_open(client, method, PYGRPC_ANY_CARDINALITY, request, request == NULL ? 0 : NUL,
                         options, rpc->queue, &rpc->stream, &error),
      error);
}

void rpc_close(struct rpc* rpc) {
  pygrpc_stream_free(rpc->stream);
  pygrpc_queue_free(rpc->queue);
}

/* The one event that is due. */
static pygrpc_event* next_event(struct rpc* rpc, uint64_t tag) {
  pygrpc_event* event = NULL;
  size_t count = 0;
  pygrpc_error* error = NULL;
  expect_ok(pygrpc_queue_poll(rpc->queue, kHangMs * time_factor(), &event, 1, &count, &error),
            error);
  assert_int_equal(count, 1);
  assert_int_equal(pygrpc_event_tag(event), tag);
  return event;
}

int32_t rpc_write(struct rpc* rpc, const char* message) {
  pygrpc_error* error = NULL;
  int32_t result;
  if (rpc->queue == NULL) {
    result = pygrpc_stream_write(rpc->stream, message, NUL, kHangMs * time_factor(), &error);
  } else {
    expect_ok(pygrpc_stream_write_async(rpc->stream, message, NUL, 1, &error), error);
    pygrpc_event* event = next_event(rpc, 1);
    result = pygrpc_event_code(event);
    pygrpc_event_free(event);
  }
  if (result != PYGRPC_OK && result != PYGRPC_END) {
    fail_at(__FILE__, __LINE__, "a write ended with %s: %s", pygrpc_code_name(result),
            pygrpc_error_message(error));
  }
  return result;
}

void rpc_half_close(struct rpc* rpc) {
  pygrpc_error* error = NULL;
  expect_ok(pygrpc_stream_half_close(rpc->stream, &error), error);
}

void outcome_of_error(struct outcome* outcome, const pygrpc_error* error) {
  const char* json = pygrpc_error_json(error);
  outcome->code = pygrpc_error_code(error);
  check_error(outcome->code, outcome->code, error);
  outcome->status = pygrpc_error_status(error);
  size_t size = 0;
  const char* retriable = json_find(json, "/retriable", &size);
  outcome->retriable = retriable != NULL && *retriable == 't';
  char* reason = json_string_at(json, "/reason");
  snprintf(outcome->reason, sizeof outcome->reason, "%s", reason == NULL ? "" : reason);
  free(reason);
  snprintf(outcome->message, sizeof outcome->message, "%s", pygrpc_error_message(error));
}

static void set_end(struct outcome* outcome) {
  outcome->code = PYGRPC_END;
  outcome->status = -1;
  outcome->retriable = false;
  outcome->reason[0] = outcome->message[0] = '\0';
}

static char* read_blocking(struct rpc* rpc, struct outcome* outcome) {
  char* message = NULL;
  pygrpc_error* error = NULL;
  const int32_t result =
      pygrpc_stream_read(rpc->stream, kHangMs * time_factor(), &message, NULL, &error);
  if (result == PYGRPC_OK) return message;
  if (result == PYGRPC_PENDING) fail_at(__FILE__, __LINE__, "the RPC hangs");
  set_end(outcome);
  if (result != PYGRPC_END) outcome_of_error(outcome, error);
  assert_int_equal(outcome->code, result);
  pygrpc_error_free(error);
  return NULL;
}

static char* read_queued(struct rpc* rpc, struct outcome* outcome) {
  pygrpc_error* error = NULL;
  expect_ok(pygrpc_stream_read_async(rpc->stream, 2, &error), error);
  pygrpc_event* event = next_event(rpc, 2);
  const int32_t result = pygrpc_event_code(event);
  char* message = NULL;
  if (result == PYGRPC_OK) {
    message = strdup(pygrpc_event_message(event, NULL));
    assert_non_null(message);
  } else {
    set_end(outcome);
    if (result != PYGRPC_END) outcome_of_error(outcome, pygrpc_event_error(event));
    assert_int_equal(outcome->code, result);
  }
  pygrpc_event_free(event);
  return message;
}

char* rpc_read(struct rpc* rpc, struct outcome* outcome) {
  if (rpc->queue != NULL) return read_queued(rpc, outcome);
  char* message = read_blocking(rpc, outcome);
  if (message == NULL) return NULL;
  char* copy = strdup(message); /* so that both modes give what free() takes */
  pygrpc_free(message);
  return copy;
}

void rpc_read_all(struct rpc* rpc, struct outcome* outcome) {
  outcome->responses = 0;
  for (char* message; (message = rpc_read(rpc, outcome)) != NULL;) {
    outcome->responses++;
    free(message);
  }
}

void expect_outcome_at(const struct outcome* outcome, int32_t status, const char* reason,
                       const char* file, int line) {
  if (outcome->code != PYGRPC_E_STATUS || outcome->status != status ||
      strcmp(outcome->reason, reason) != 0) {
    fail_at(file, line, "not status %d with reason \"%s\", but %s, status %d, \"%s\": %s", status,
            reason, pygrpc_code_name(outcome->code), outcome->status, outcome->reason,
            outcome->message);
  }
}

/* A response must be the one that is due. */
static void check_response(const struct conversation* conversation, const char* message,
                           struct outcome* outcome) {
  char due[128];
  const int number = ++outcome->responses;
  const char* place = strstr(conversation->response, "%d");
  if (place == NULL) {
    snprintf(due, sizeof due, "%s", conversation->response);
  } else {
    snprintf(due, sizeof due, "%.*s%d%s", (int)(place - conversation->response),
             conversation->response, number, place + 2);
  }
  if (number > conversation->responses || strcmp(message, due) != 0) {
    fail_at(__FILE__, __LINE__, "response %d of %s is %s", number, conversation->method, message);
  }
}

/* Writes what is to be written; false if the RPC ended before. */
static bool speak(struct rpc* rpc, const struct conversation* conversation,
                  struct outcome* outcome) {
  for (int i = 0; i < conversation->requests; i++) {
    if (rpc_write(rpc, conversation->streamed_request) == PYGRPC_END) return true;
    if (!conversation->in_turns) continue;
    char* message = rpc_read(rpc, outcome);
    if (message == NULL) return false;
    check_response(conversation, message, outcome);
    free(message);
  }
  if (conversation->request == NULL) rpc_half_close(rpc);
  return true;
}

static void call_unary(pygrpc_client* client, const struct conversation* conversation,
                       const char* options, struct outcome* outcome) {
  char* response = NULL;
  pygrpc_error* error = NULL;
  const int32_t result = pygrpc_unary_unary(client, conversation->method, conversation->request,
                                            NUL, options, &response, NULL, &error);
  set_end(outcome);
  if (result != PYGRPC_OK) {
    outcome_of_error(outcome, error);
    assert_int_equal(outcome->code, result);
    assert_null(response);
  } else {
    check_response(conversation, response, outcome);
  }
  pygrpc_free(response);
  pygrpc_error_free(error);
}

void converse(pygrpc_client* client, enum rpc_mode mode, const struct conversation* conversation,
              const char* options, struct outcome* outcome) {
  outcome->responses = 0;
  if (mode == RPC_BLOCKING && conversation == &kConversation[0]) {
    call_unary(client, conversation, options, outcome);
  } else {
    struct rpc rpc;
    rpc_open(&rpc, client, mode, conversation->method, conversation->request, options);
    if (speak(&rpc, conversation, outcome)) {
      for (char* message; (message = rpc_read(&rpc, outcome)) != NULL;) {
        check_response(conversation, message, outcome);
        free(message);
      }
    }
    rpc_close(&rpc);
  }
  if (outcome->code == PYGRPC_END && outcome->responses != conversation->responses) {
    fail_at(__FILE__, __LINE__, "%s ended well after %d responses of %d", conversation->method,
            outcome->responses, conversation->responses);
  }
}

void expect_usable_at(pygrpc_client* client, const char* file, int line) {
  /* gRPC looks at its sockets only where somebody waits: where a connection ended after the last
   * RPC did, it is the next one that finds out. And until it has heard of it everywhere, another
   * one may be given the same connection. */
  struct outcome outcome;
  const int64_t start = now_ms();
  do {
    converse(client, RPC_BLOCKING, &kConversation[0], "{\"wait_for_ready\": true, \"timeout\": 60}",
             &outcome);
    if (outcome.code == PYGRPC_END) return;
    pause_ms(1);
  } while (outcome.status == 14 && outcome.retriable && now_ms() - start < kHangMs);
  fail_at(file, line, "the client is not usable any more: %s", outcome.message);
}
