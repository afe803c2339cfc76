/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0 */

#include "relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"

enum { kMaxPairs = 16, kChunk = 65536 };

struct pair {
  int client, server; /* -1: none */
  struct relay_cut cut;
  bool draining; /* both are closed for what we say; what they say is dropped */
  bool frozen;
};

static int listen_on_free_port(int backlog, int *port) {
  const int fd = bind_free_port(port);
  assert_int_equal(listen(fd, backlog), 0);
  return fd;
}

static int connect_to(int port, int type) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons((uint16_t)port);
  const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS) {
    return fd;
  }
  close(fd);
  return -1;
}

static bool send_all(int fd, const char *bytes, size_t size) {
  while (size > 0) {
    const ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes += sent;
    size -= (size_t)sent;
  }
  return true;
}

static void close_pair(struct pair *pair) {
  if (pair->client >= 0) close(pair->client);
  if (pair->server >= 0) close(pair->server);
  pair->client = pair->server = -1;
}

/* Reads the head of a CONNECT request, byte by byte, for what follows is the server's. */
static bool answer_connect(struct relay *relay, int client) {
  char head[2048];
  size_t used = 0;
  while (used + 1 < sizeof head) {
    const ssize_t got = recv(client, head + used, 1, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    head[++used] = '\0';
    if (used >= 4 && memcmp(head + used - 4, "\r\n\r\n", 4) == 0) break;
  }
  const size_t line = strcspn(head, "\r\n");
  pthread_mutex_lock(&relay->mutex);
  snprintf(relay->connect_line, sizeof relay->connect_line, "%.*s", (int)line, head);
  pthread_mutex_unlock(&relay->mutex);
  const char *answer =
      relay->kind == RELAY_FORBID ? "HTTP/1.1 403 Forbidden\r\n\r\n" : "HTTP/1.1 200 OK\r\n\r\n";
  return send_all(client, answer, strlen(answer)) && relay->kind != RELAY_FORBID;
}

/* Has the kernel send RST when the socket is closed. */
static void reset_when_closed(int fd) {
  const struct linger linger = {1, 0};
  assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), 0);
}

static void cut_pair(struct relay *relay, struct pair *pair) {
  pthread_mutex_lock(&relay->mutex);
  relay->has_cut = true;
  pthread_mutex_unlock(&relay->mutex);
  pair->cut.armed = false;
  switch (pair->cut.ending) {
    case RELAY_RESETS:
      reset_when_closed(pair->client);
      reset_when_closed(pair->server);
      close_pair(pair);
      break;
    case RELAY_ENDS:
      shutdown(pair->client, SHUT_WR);
      shutdown(pair->server, SHUT_WR);
      pair->draining = true;
      break;
    case RELAY_FREEZES:
      pair->frozen = true;
      break;
  }
}

static void take_connection(struct relay *relay, struct pair *pairs) {
  const int client = accept4(relay->listener, NULL, NULL, SOCK_CLOEXEC);
  if (client < 0) return;
  struct pair made = {.client = client, .server = -1};
  pthread_mutex_lock(&relay->mutex);
  relay->connections++;
  made.cut = relay->cut;
  relay->cut.armed = false;
  pthread_mutex_unlock(&relay->mutex);
  bool keep = relay->kind != RELAY_CLOSE;
  if (relay->kind == RELAY_PROXY || relay->kind == RELAY_FORBID) {
    keep = answer_connect(relay, client);
  }
  if (keep && relay->kind != RELAY_SILENT) {
    made.server = connect_to(relay->server_port, SOCK_STREAM);
    keep = made.server >= 0;
  }
  for (int i = 0; keep && i < kMaxPairs; i++) {
    if (pairs[i].client < 0) {
      pairs[i] = made;
      if (made.cut.armed && made.cut.left == 0) cut_pair(relay, &pairs[i]);
      return;
    }
  }
  close_pair(&made);
}

/* Byte by byte, if that is asked for. */
static bool send_slowly(struct relay *relay, bool up, int fd, const char *bytes, size_t size) {
  pthread_mutex_lock(&relay->mutex);
  const bool dripping = relay->dripping && (relay->drip_direction == RELAY_UP) == up;
  const int64_t gap_us = relay->drip_gap_us;
  pthread_mutex_unlock(&relay->mutex);
  if (!dripping) return send_all(fd, bytes, size);
  const struct timespec gap = {gap_us / 1000000, gap_us % 1000000 * 1000};
  for (size_t i = 0; i < size; i++) {
    struct pollfd end = {relay->wake[0], 0, 0}; /* which only relay_stop() brings about */
    if (!send_all(fd, bytes + i, 1) || ppoll(&end, 1, &gap, NULL) > 0) return false;
  }
  return true;
}

/* Hands on what there is; false when an end has closed. */
static bool hand_on(struct relay *relay, struct pair *pair, bool up) {
  char bytes[kChunk];
  const int from = up ? pair->client : pair->server, to = up ? pair->server : pair->client;
  struct relay_cut *cut = &pair->cut;
  const bool counted = cut->armed && (cut->direction == RELAY_UP) == up;
  const size_t wanted =
      counted && cut->left < (int64_t)sizeof bytes ? (size_t)cut->left : sizeof bytes;
  const ssize_t got = recv(from, bytes, wanted, 0);
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) return false;
  if (up) {
    pthread_mutex_lock(&relay->mutex);
    relay->bytes_up += got;
    pthread_mutex_unlock(&relay->mutex);
  }
  if (pair->draining) return true;
  if (to >= 0 && !send_slowly(relay, up, to, bytes, (size_t)got)) return false;
  if (counted && (cut->left -= got) == 0) cut_pair(relay, pair);
  return true;
}

static bool is_frozen(struct relay *relay) {
  pthread_mutex_lock(&relay->mutex);
  const bool frozen = relay->frozen;
  pthread_mutex_unlock(&relay->mutex);
  return frozen;
}

/* Until the wake-up pipe is closed. */
static void *run(void *argument) {
  struct relay *relay = argument;
  struct pair pairs[kMaxPairs];
  for (int i = 0; i < kMaxPairs; i++) pairs[i] = (struct pair){.client = -1, .server = -1};
  for (;;) {
    struct pollfd fds[2 + 2 * kMaxPairs];
    const bool frozen = is_frozen(relay);
    fds[0] = (struct pollfd){relay->wake[0], POLLIN, 0};
    fds[1] = (struct pollfd){frozen ? -1 : relay->listener, POLLIN, 0};
    for (int i = 0; i < kMaxPairs; i++) {
      const bool still = frozen || pairs[i].frozen;
      fds[2 + 2 * i] = (struct pollfd){still ? -1 : pairs[i].client, POLLIN, 0};
      fds[3 + 2 * i] = (struct pollfd){still ? -1 : pairs[i].server, POLLIN, 0};
    }
    if (poll(fds, COUNT_OF(fds), -1) < 0) continue;
    if (fds[0].revents != 0) {
      char byte;
      if (read(relay->wake[0], &byte, 1) <= 0) break;
      continue;
    }
    for (int i = 0; i < kMaxPairs; i++) {
      bool open = true;
      if (fds[2 + 2 * i].revents != 0) open = hand_on(relay, &pairs[i], true);
      const bool same = pairs[i].server == fds[3 + 2 * i].fd && !pairs[i].frozen;
      if (open && same && fds[3 + 2 * i].revents != 0) open = hand_on(relay, &pairs[i], false);
      if (!open) close_pair(&pairs[i]);
    }
    if (fds[1].revents != 0) take_connection(relay, pairs);
  }
  for (int i = 0; i < kMaxPairs; i++) close_pair(&pairs[i]);
  return NULL;
}

void relay_start(struct relay *relay, enum relay_kind kind, int server_port) {
  memset(relay, 0, sizeof *relay);
  relay->kind = kind;
  relay->server_port = server_port;
  relay->listener = listen_on_free_port(16, &relay->port);
  snprintf(relay->target, sizeof relay->target, "127.0.0.1:%d", relay->port);
  assert_int_equal(pipe(relay->wake), 0);
  assert_int_equal(pthread_mutex_init(&relay->mutex, NULL), 0);
  start_thread(&relay->thread, run, relay);
}

void relay_stop(struct relay *relay) {
  close(relay->wake[1]);
  join_thread(relay->thread);
  close(relay->wake[0]);
  close(relay->listener);
  pthread_mutex_destroy(&relay->mutex);
}

static void set_frozen(struct relay *relay, bool frozen) {
  pthread_mutex_lock(&relay->mutex);
  relay->frozen = frozen;
  pthread_mutex_unlock(&relay->mutex);
  assert_int_equal(write(relay->wake[1], "", 1), 1);
}

void relay_freeze(struct relay *relay) { set_frozen(relay, true); }
void relay_thaw(struct relay *relay) { set_frozen(relay, false); }

void relay_cut(struct relay *relay, enum relay_direction direction, int64_t after,
               enum relay_ending ending) {
  pthread_mutex_lock(&relay->mutex);
  relay->cut = (struct relay_cut){true, direction, ending, after};
  relay->has_cut = false;
  pthread_mutex_unlock(&relay->mutex);
}

bool relay_has_cut(struct relay *relay) {
  pthread_mutex_lock(&relay->mutex);
  const bool cut = relay->has_cut;
  pthread_mutex_unlock(&relay->mutex);
  return cut;
}

void relay_drip(struct relay *relay, enum relay_direction direction, int64_t gap_us) {
  pthread_mutex_lock(&relay->mutex);
  relay->dripping = true;
  relay->drip_direction = direction;
  relay->drip_gap_us = gap_us;
  pthread_mutex_unlock(&relay->mutex);
}

int relay_connections(struct relay *relay) {
  pthread_mutex_lock(&relay->mutex);
  const int connections = relay->connections;
  pthread_mutex_unlock(&relay->mutex);
  return connections;
}

int64_t relay_bytes_up(struct relay *relay) {
  pthread_mutex_lock(&relay->mutex);
  const int64_t bytes = relay->bytes_up;
  pthread_mutex_unlock(&relay->mutex);
  return bytes;
}

const char *relay_connect_line(struct relay *relay) {
  pthread_mutex_lock(&relay->mutex);
  const char *line = format("%s", relay->connect_line);
  pthread_mutex_unlock(&relay->mutex);
  return line;
}

void black_hole_open(struct black_hole *hole) {
  hole->listener = listen_on_free_port(0, &hole->port);
  for (size_t i = 0; i < COUNT_OF(hole->fillers); i++) {
    hole->fillers[i] = connect_to(hole->port, SOCK_STREAM | SOCK_NONBLOCK);
    assert_true(hole->fillers[i] >= 0);
  }
}

void black_hole_close(struct black_hole *hole) {
  for (size_t i = 0; i < COUNT_OF(hole->fillers); i++) close(hole->fillers[i]);
  close(hole->listener);
}
