// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "barrier.h"

using namespace pygrpc::capi;  // NOLINT: the shims speak of little else

int32_t pygrpc_client_new(const char *target, const char *options, pygrpc_client **client,
                          pygrpc_error **error) {
  return Guard(error, [&] {
    *Require(client, "client") = nullptr;
    if (target != nullptr) Name(target, "target");
    auto made = std::make_unique<pygrpc_client>();
    made->client = std::make_shared<pygrpc::rpc::Client>(target, Options(options));
    *client = made.release();
    return PYGRPC_OK;
  });
}

void pygrpc_client_free(pygrpc_client *client) {
  if (client == nullptr) return;
  client->client->Close();
  delete client;
}

int32_t pygrpc_client_wait_ready(pygrpc_client *client, int64_t timeout_ms, pygrpc_error **error) {
  return Guard(
      error, [&] { return ClientOf(client)->WaitReady(timeout_ms) ? PYGRPC_OK : PYGRPC_PENDING; });
}

int32_t pygrpc_client_state(pygrpc_client *client, int32_t *state, pygrpc_error **error) {
  return Guard(error, [&] {
    *Require(state, "state") = PYGRPC_CHANNEL_IDLE;
    *state = ClientOf(client)->State();
    return PYGRPC_OK;
  });
}
