/* Copyright 2026 The pygrpc Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A relay between a client and a server, on a thread of its own: counts connections and bytes, can
 * be an HTTP proxy, and can fall silent, break off at any byte or be slow, as a bad network does.
 */

#ifndef PYGRPC_TESTS_CAPI_RELAY_H_
#define PYGRPC_TESTS_CAPI_RELAY_H_

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum relay_kind {
  RELAY_PLAIN,  /* hands everything on */
  RELAY_PROXY,  /* wants "CONNECT host:port" first */
  RELAY_FORBID, /* answers that with 403 */
  RELAY_CLOSE,  /* closes each connection at once */
  RELAY_SILENT, /* takes connections, and says nothing */
};

enum relay_direction { RELAY_UP, RELAY_DOWN }; /* to the server, to the client */

/* How a connection is cut. */
enum relay_ending {
  RELAY_RESETS,  /* both ends are reset */
  RELAY_ENDS,    /* both ends are closed in order; what still comes is dropped */
  RELAY_FREEZES, /* nothing is handed on any more, and nothing is closed */
};

struct relay {
  int port; /* where it listens, on 127.0.0.1 */
  char target[40];

  /* Behind the accessors below. */
  enum relay_kind kind;
  int server_port;
  int listener;
  int wake[2];
  pthread_t thread;
  pthread_mutex_t mutex;
  bool frozen;
  struct relay_cut {
    bool armed; /* of a relay: for its next connection */
    enum relay_direction direction;
    enum relay_ending ending;
    int64_t left; /* bytes */
  } cut;
  bool has_cut;
  bool dripping;
  enum relay_direction drip_direction;
  int64_t drip_gap_us;
  int connections;
  int64_t bytes_up;
  char connect_line[256];
};

/* Fails the running test where it cannot start. */
void relay_start(struct relay *relay, enum relay_kind kind, int server_port);
void relay_stop(struct relay *relay);

/* From now on nothing is handed on, and nothing is closed; and the end of that. */
void relay_freeze(struct relay *relay);
void relay_thaw(struct relay *relay);

/* Cuts the next connection once so many bytes were handed on in that direction; only the next one.
 * relay_has_cut() tells whether that has happened. */
void relay_cut(struct relay *relay, enum relay_direction direction, int64_t after,
               enum relay_ending ending);
bool relay_has_cut(struct relay *relay);

/* From now on bytes go in that direction one by one, so long after each other. */
void relay_drip(struct relay *relay, enum relay_direction direction, int64_t gap_us);

/* How many connections it has taken; how many bytes clients have sent. */
int relay_connections(struct relay *relay);
int64_t relay_bytes_up(struct relay *relay);

/* The first line of the last CONNECT, as format() gives texts. */
const char *relay_connect_line(struct relay *relay);

/* A socket of 127.0.0.1 that is bound and listens, but whose queue is full, so that the kernel
 * drops what wants to connect; ended with black_hole_close(). */
struct black_hole {
  int port;
  int listener;
  int fillers[8];
};
void black_hole_open(struct black_hole *hole);
void black_hole_close(struct black_hole *hole);

#endif /* PYGRPC_TESTS_CAPI_RELAY_H_ */
