/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A name server on a thread of its own, for targets of the form dns://127.0.0.1:PORT/name:port.
 * Until it is mended, the first letters of a name say how it fails; see dns.c. Then it answers
 * every question for an A record with 127.0.0.1. */

#ifndef PYGRPC_TESTS_FAULTS_DNS_H_
#define PYGRPC_TESTS_FAULTS_DNS_H_

#include <pthread.h>
#include <stdbool.h>

struct dns_server {
  int port;

  /* Behind the functions below. */
  int fd;
  int wake[2];
  pthread_t thread;
  pthread_mutex_t mutex;
  bool mended;
  int questions;
};

/* Fails the running test where it cannot start. */
void dns_start(struct dns_server* server);
void dns_stop(struct dns_server* server);

void dns_mend(struct dns_server* server);

/* How many questions it has got. */
int dns_questions(struct dns_server* server);

#endif /* PYGRPC_TESTS_FAULTS_DNS_H_ */
