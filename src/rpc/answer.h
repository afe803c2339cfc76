// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_ANSWER_H_
#define PYGRPC_RPC_ANSWER_H_

#include <string>

#include "base/error.h"
#include "rpc/method.h"
#include "rpc/rpc.h"

namespace pygrpc::rpc {

// What an RPC has come to so far, as the JSON object that pygrpc_stream_info() describes. Any
// thread, at any time.
std::string AnswerJson(const Rpc& rpc, const Method& method);

// StatusError() of an RPC that has ended, with what else is known of it: the headers, the times.
Error AnswerError(const Rpc& rpc, const Status& status, const Method& method);

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_ANSWER_H_
