// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_SERVICE_CONFIG_H_
#define PYGRPC_RPC_SERVICE_CONFIG_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/options.h"

namespace pygrpc::rpc {

// What a service config says of a method that this library itself goes by.
struct MethodConfig {
  std::optional<int64_t> timeout_ms;
  // Bytes; gRPC keeps to them, and says so in words that do not tell whose they are.
  std::optional<int64_t> max_request_size;
  std::optional<int64_t> max_response_size;
};

// The same for all methods.
class MethodConfigs {
 public:
  // As gRPC does, the one of the method, or else of its service, or else of all; nullptr for none.
  const MethodConfig* Find(std::string_view path) const;
  void Add(const std::string& service, const std::string& method, const MethodConfig& config);

 private:
  std::map<std::string, MethodConfig, std::less<>> by_path_;  // "/a.B/C", "/a.B/", ""
};

struct ServiceConfig {
  std::string json;  // for gRPC; empty: none
  MethodConfigs methods;
};

// The service config that the options "service_config" and "health_check" make together. Throws
// Error(kOption) that names the place of a fault: gRPC would tell of it at the first call only, and
// not what it is. Also if these options and "load_balancing" contradict each other.
//
// Timeouts are not for gRPC, which (1.51) lets calls end up to two seconds before them.
ServiceConfig MakeServiceConfig(const OptionValues& values);

// Whether a service config, which may be faulty, has a retry policy for any method.
bool HasRetryPolicy(const std::string& config);

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_SERVICE_CONFIG_H_
