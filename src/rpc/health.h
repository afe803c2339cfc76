// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_HEALTH_H_
#define PYGRPC_RPC_HEALTH_H_

#include <memory>
#include <string>
#include <string_view>

#include "rpc/call_options.h"
#include "rpc/method.h"

namespace pygrpc::rpc {

// A method of grpc.health.v1.Health, "Check" or "Watch", as the library itself knows it.
std::shared_ptr<const Method> HealthMethod(std::string_view name);

// What is to be said where a call of `method` ended with the status `code`; empty for most codes,
// and for methods of other services.
std::string HealthHint(const Method& method, int code);

// The options of such a call: its messages are JSON that always has a status, whatever the caller's
// codec and defaults.
std::shared_ptr<const CallOptions> HealthOptions(const CallOptions& given);

// The request for a service; empty for the server as a whole.
std::string HealthRequest(std::string_view service);

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_HEALTH_H_
