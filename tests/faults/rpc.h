/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * One RPC, with blocking reads and writes or on a queue, in the same words: what the tests of
 * faults try to break. Whatever happens, it has to end, with END or an error. Every function fails
 * the running test where it does not. */

#ifndef PYGRPC_TESTS_FAULTS_RPC_H_
#define PYGRPC_TESTS_FAULTS_RPC_H_

#include "harness.h"

enum rpc_mode { RPC_BLOCKING, RPC_QUEUED };
enum { kRpcModes = 2 };

struct rpc {
  pygrpc_queue* queue; /* NULL: blocking */
  pygrpc_stream* stream;
};

/* How an RPC ended. */
struct outcome {
  int32_t code;   /* PYGRPC_END, or that of the error */
  int32_t status; /* of E_STATUS; else -1 */
  bool retriable;
  char reason[32]; /* "" if there is none */
  char message[768];
  int responses; /* that came before */
};

/* Opens a stream; `request` is NULL where requests are streamed. */
void rpc_open(struct rpc* rpc, pygrpc_client* client, enum rpc_mode mode, const char* method,
              const char* request, const char* options);

/* Frees it. */
void rpc_close(struct rpc* rpc);

/* Writes a message; PYGRPC_OK or PYGRPC_END. */
int32_t rpc_write(struct rpc* rpc, const char* message);
void rpc_half_close(struct rpc* rpc);

/* The next message, to be freed; or NULL, and how the RPC ended. */
char* rpc_read(struct rpc* rpc, struct outcome* outcome);

/* Reads to the end. */
void rpc_read_all(struct rpc* rpc, struct outcome* outcome);

/* What an error says, which must be well made. */
void outcome_of_error(struct outcome* outcome, const pygrpc_error* error);

/* The RPC ended with this status and reason. */
#define expect_outcome(outcome, status, reason) \
  expect_outcome_at(outcome, status, reason, __FILE__, __LINE__)
void expect_outcome_at(const struct outcome* outcome, int32_t status, const char* reason,
                       const char* file, int line);

/* A conversation whose every message is known, one for each cardinality, with the shared server. */
struct conversation {
  const char* method;
  const char* request; /* NULL: requests are streamed */
  const char* streamed_request;
  int requests; /* that are streamed */
  bool in_turns;
  int responses;
  const char* response; /* with %d for its number, from 1, if they differ */
};
enum { kConversations = 4 };
extern const struct conversation kConversation[kConversations];

/* Holds it. Every response must be the one that is due, and all of them come before END; an error
 * is left to the caller. A unary call without a queue is done by pygrpc_unary_unary(). */
void converse(pygrpc_client* client, enum rpc_mode mode, const struct conversation* conversation,
              const char* options, struct outcome* outcome);

/* A call on the client goes well, also where it has to connect first; it may be told for a
 * moment that the connection is gone. */
#define expect_usable(client) expect_usable_at(client, __FILE__, __LINE__)
void expect_usable_at(pygrpc_client* client, const char* file, int line);

/* Client options: connections of its own, and the shortest waits before it connects again. */
extern const char kOwnConnections[];

/* $PYGRPC_TEST_LONG is set: everything is to be tried, however long it takes. */
bool long_run(void);

#endif /* PYGRPC_TESTS_FAULTS_RPC_H_ */
