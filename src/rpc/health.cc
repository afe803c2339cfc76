// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/health.h"

#include <nlohmann/json.hpp>

#include "rpc/builtin.h"

namespace pygrpc::rpc {
namespace {

constexpr std::string_view kService = "/grpc.health.v1.Health/";

}  // namespace

std::shared_ptr<const Method> HealthMethod(std::string_view name) {
  return BuiltinCatalog()->FindMethod(std::string(kService) + std::string(name));
}

bool IsHealthMethod(const Method& method) {
  return method.path.compare(0, kService.size(), kService) == 0;
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
