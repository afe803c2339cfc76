// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/health.h"

#include <nlohmann/json.hpp>

#include "rpc/builtin.h"

namespace pygrpc::rpc {

std::shared_ptr<const Method> HealthMethod(std::string_view name) {
  return BuiltinCatalog()->FindMethod("/grpc.health.v1.Health/" + std::string(name));
}

std::shared_ptr<const CallOptions> HealthOptions(const CallOptions& given) {
  auto options = std::make_shared<CallOptions>(given);
  options->codec = Codec::kJson;
  options->json = transcode::JsonOptions();
  options->json.print_defaults = true;  // UNKNOWN is the default
  return options;
}

std::string HealthRequest(std::string_view service) {
  return nlohmann::json({{"service", service}}).dump();
}

}  // namespace pygrpc::rpc
