// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/health.h"

#include <grpc/status.h>

#include <nlohmann/json.hpp>

#include "rpc/builtin.h"

namespace pygrpc::rpc {
namespace {

constexpr std::string_view kService = "/grpc.health.v1.Health/";

}  // namespace

std::shared_ptr<const Method> HealthMethod(std::string_view name) {
  return BuiltinCatalog()->FindMethod(std::string(kService) + std::string(name));
}

std::string HealthHint(const Method& method, int code) {
  bool is_health = method.path.compare(0, kService.size(), kService) == 0;
  if (!is_health || code != GRPC_STATUS_UNIMPLEMENTED) return "";
  return "the server has no health service, grpc.health.v1.Health";
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
