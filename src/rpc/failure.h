// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_FAILURE_H_
#define PYGRPC_RPC_FAILURE_H_

#include <string>

#include "rpc/channel.h"
#include "rpc/rpc.h"

namespace pygrpc::rpc {

// Why an RPC failed, beyond its status.
struct Failure {
  const char* reason = "";  // a word that stays the same, see docs/errors.md; empty: none is known
  std::string hint;         // what to look at; may be empty
  bool retriable = false;   // the same call may succeed later
};

// The status message of a unary response that ended well without a message.
inline constexpr char kNoMessage[] = "the server ended the call with OK but sent no message";

// Tells it from what gRPC says of a status other than OK. Does no I/O.
Failure Diagnose(const Status& status, const Channel& channel);

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_FAILURE_H_
