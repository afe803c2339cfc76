// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_SERVICE_CONFIG_H_
#define PYGRPC_RPC_SERVICE_CONFIG_H_

#include <string>

#include "base/options.h"

namespace pygrpc::rpc {

// The service config that the options "service_config" and "health_check" make together, as JSON
// text; "" for none. Throws Error(kOption) that names the place of a fault: gRPC would tell of it
// at the first call only, and not what it is. Also if these options and "load_balancing" contradict
// each other.
std::string MakeServiceConfig(const OptionValues& values);

// Whether a service config, which may be faulty, has a retry policy for any method.
bool HasRetryPolicy(const std::string& config);

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_SERVICE_CONFIG_H_
