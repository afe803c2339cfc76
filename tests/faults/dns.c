/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0 */

#include "dns.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"

enum { kHeader = 12, kLargest = 512, kTypeA = 1 };

/* What is done with a question, by the name that it is for. */
static const struct {
  const char* prefix;
  int code; /* of the answer; kSilence: none, kGarbage: one that is none */
} kFailures[] = {{"unknown", 3}, {"broken", 2}, {"refused", 5}, {"silent", -1}, {"garbage", -2}};
enum { kSilence = -1, kGarbage = -2, kNoError = 0 };

/* The end of the question that begins after the header; 0 if it is none. */
static size_t end_of_question(const unsigned char* query, size_t size) {
  size_t at = kHeader;
  while (at < size && query[at] != 0) at += query[at] + 1u;
  return at + 5 <= size ? at + 5 : 0;
}

static int code_for(struct dns_server* server, const unsigned char* query) {
  pthread_mutex_lock(&server->mutex);
  const bool mended = server->mended;
  server->questions++;
  pthread_mutex_unlock(&server->mutex);
  if (mended) return kNoError;
  for (size_t i = 0; i < COUNT_OF(kFailures); i++) {
    const size_t length = strlen(kFailures[i].prefix);
    if (memcmp(query + kHeader + 1, kFailures[i].prefix, length) == 0) return kFailures[i].code;
  }
  return kNoError;
}

/* Makes the answer in place; its size. */
static size_t make_answer(unsigned char* packet, size_t end, int code) {
  static const unsigned char kRecord[] = {0xC0, kHeader, 0, kTypeA, 0,   1, 0, 0,
                                          0,    0,       0, 4,      127, 0, 0, 1};
  const bool found = code == kNoError && packet[end - 3] == kTypeA;
  packet[2] = 0x81; /* an answer, to a question that asked for recursion */
  packet[3] = (unsigned char)(0x80 | code);
  memset(packet + 6, 0, 6); /* no records of any kind ... */
  if (!found) return end;
  packet[7] = 1; /* ... but one */
  memcpy(packet + end, kRecord, sizeof kRecord);
  return end + sizeof kRecord;
}

static void answer(struct dns_server* server) {
  unsigned char packet[kLargest];
  struct sockaddr_in from;
  socklen_t from_size = sizeof from;
  /* room for the record */
  const ssize_t got =
      recvfrom(server->fd, packet, sizeof packet - 16, 0, (struct sockaddr*)&from, &from_size);
  if (got <= kHeader + 16) return;
  const size_t end = end_of_question(packet, (size_t)got);
  if (end == 0) return;
  const int code = code_for(server, packet);
  if (code == kSilence) return;
  size_t size = end;
  if (code == kGarbage) {
    memset(packet + 2, 0xFF, end - 2);
  } else {
    size = make_answer(packet, end, code);
  }
  sendto(server->fd, packet, size, 0, (struct sockaddr*)&from, from_size);
}

/* Until the wake-up pipe is closed. */
static void* run(void* argument) {
  struct dns_server* server = argument;
  for (;;) {
    struct pollfd fds[] = {{server->wake[0], POLLIN, 0}, {server->fd, POLLIN, 0}};
    if (poll(fds, COUNT_OF(fds), -1) < 0) continue;
    if (fds[0].revents != 0) return NULL;
    answer(server);
  }
}

void dns_start(struct dns_server* server) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  memset(server, 0, sizeof *server);
  server->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  assert_true(server->fd >= 0);
  assert_int_equal(bind(server->fd, (struct sockaddr*)&address, size), 0);
  assert_int_equal(getsockname(server->fd, (struct sockaddr*)&address, &size), 0);
  server->port = ntohs(address.sin_port);
  assert_int_equal(pipe(server->wake), 0);
  assert_int_equal(pthread_mutex_init(&server->mutex, NULL), 0);
  start_thread(&server->thread, run, server);
}

void dns_stop(struct dns_server* server) {
  close(server->wake[1]);
  join_thread(server->thread);
  close(server->wake[0]);
  close(server->fd);
  pthread_mutex_destroy(&server->mutex);
}

void dns_mend(struct dns_server* server) {
  pthread_mutex_lock(&server->mutex);
  server->mended = true;
  pthread_mutex_unlock(&server->mutex);
}

int dns_questions(struct dns_server* server) {
  pthread_mutex_lock(&server->mutex);
  const int questions = server->questions;
  pthread_mutex_unlock(&server->mutex);
  return questions;
}
