// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// What a service config may hold is in grpc/service_config/service_config.proto of the gRPC
// project; the limits are those of gRPC's core.

#include "rpc/service_config.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "rpc/status.h"

namespace pygrpc::rpc {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kOption[] = "service_config";
constexpr int64_t kMaxInt = std::numeric_limits<int32_t>::max();  // as gRPC's

// Policies of gRPC's core. What their own settings may be is left to gRPC.
constexpr char kOutlierDetection[] = "outlier_detection_experimental";
constexpr std::string_view kPolicies[] = {"pick_first", "round_robin", "grpclb", kOutlierDetection,
                                          "rls_experimental"};
// What a control plane's configs are made of. gRPC trusts those: from elsewhere some of these end
// the process (with 1.51.1: ring_hash with any call, weighted_target with a weight of 0).
constexpr std::string_view kPoliciesOfXds[] = {"ring_hash_experimental",
                                               "priority_experimental",
                                               "weighted_target_experimental",
                                               "cds_experimental",
                                               "xds_cluster_impl_experimental",
                                               "xds_cluster_manager_experimental",
                                               "xds_cluster_resolver_experimental",
                                               "xds_wrr_locality_experimental"};

// A value and where it stands.
struct Place {
  const Json& value;
  std::string path;

  Place At(const char* key) const { return {value.at(key), path + "." + key}; }
  Place At(size_t index) const {
    return {value.at(index), path + "[" + std::to_string(index) + "]"};
  }
  bool Has(const char* key) const { return value.contains(key); }
};

[[noreturn]] void Fault(const std::string& path, const std::string& what) {
  Error error(Code::kOption, "option " + Quote(path) + " " + what);
  error.json_path = "$." + path;
  throw error;
}

[[noreturn]] void Takes(const Place& place, const std::string& what) {
  Fault(place.path, "takes " + what + ", not " + Quote(place.value.dump()));
}

void CheckKeys(const Place& place, const std::vector<std::string>& known) {
  if (!place.value.is_object()) Takes(place, "an object");
  for (const auto& [key, value] : place.value.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    Error error(Code::kOption, "option " + Quote(place.path + "." + key) + " is unknown");
    error.json_path = "$." + place.path + "." + key;
    error.near_names = NearNames(key, known);
    error.message += "; what stands there is " +
                     JoinAlternatives(error.near_names.empty() ? known : error.near_names);
    throw error;
  }
}

void CheckArray(const Place& place) {
  if (!place.value.is_array()) Takes(place, "an array");
}

void CheckText(const Place& place) {
  if (!place.value.is_string()) Takes(place, "text");
}

// "1.5s": digits, up to nine more after a point, and the unit.
bool ParseDuration(const std::string& text, double* seconds) {
  size_t end = text.size();
  if (end < 2 || text[end - 1] != 's') return false;
  size_t point = text.find('.');
  size_t whole = std::min(point, end - 1);
  if (whole == 0 || whole > 12 || (point != std::string::npos && end - 2 - point > 9)) return false;
  if (point != std::string::npos && point + 2 == end) return false;
  double value = 0;
  double scale = 1;
  for (size_t i = 0; i + 1 < end; ++i) {
    if (i == point) continue;
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
    if (i > point) scale *= 10;
  }
  *seconds = value / scale;
  return true;
}

// gRPC takes what is below a millisecond for 0.
void CheckDuration(const Place& place, bool positive) {
  constexpr double kLongest = 315576000000;  // ten thousand years, as protobuf's durations
  double seconds = 0;
  if (!place.value.is_string() ||
      !ParseDuration(place.value.get_ref<const std::string&>(), &seconds) || seconds > kLongest ||
      (positive && seconds < 0.001)) {
    Takes(place, positive ? "a duration like \"0.1s\", of \"0.001s\" to \"315576000000s\""
                          : "a duration like \"1.5s\", up to \"315576000000s\"");
  }
}

void CheckInteger(const Place& place, int64_t least, const char* what) {
  const Json& value = place.value;
  if (!value.is_number_integer() || value < least || value > kMaxInt) {
    Takes(place,
          std::string(what) + ", " + std::to_string(least) + " to " + std::to_string(kMaxInt));
  }
}

// gRPC reads it as a float.
void CheckMultiplier(const Place& place) {
  constexpr double kLeast = std::numeric_limits<float>::min();
  if (!place.value.is_number() || place.value.get<double>() < kLeast) {
    Takes(place, "a number over 0 that a float can hold");
  }
}

// gRPC takes thousandths, and a number as JSON writes it without an exponent.
void CheckTokenRatio(const Place& place) {
  constexpr double kMost = 1000;
  if (!place.value.is_number() || place.value.get<double>() < 0.001 ||
      place.value.get<double>() > kMost) {
    Takes(place, "a number of 0.001 to 1000");
  }
}

void CheckSize(const Place& place) {
  const Json& value = place.value;
  int64_t size = -1;
  if (value.is_string()) {
    const std::string& text = value.get_ref<const std::string&>();
    const bool digits = !text.empty() && text.size() <= std::to_string(kMaxInt).size() &&
                        text.find_first_not_of("0123456789") == std::string::npos;
    if (digits) size = std::stoll(text);
  } else if (value.is_number_integer() && value <= kMaxInt) {
    size = value.get<int64_t>();
  }
  if (size < 0 || size > kMaxInt) {
    Takes(place, "a number of bytes, up to " + std::to_string(kMaxInt));
  }
}

void CheckRetryPolicy(const Place& policy) {
  CheckKeys(policy, {"maxAttempts", "initialBackoff", "maxBackoff", "backoffMultiplier",
                     "retryableStatusCodes", "perAttemptRecvTimeout"});
  for (const char* key : {"maxAttempts", "initialBackoff", "maxBackoff", "backoffMultiplier",
                          "retryableStatusCodes"}) {
    if (!policy.Has(key)) Fault(policy.path, "lacks " + Quote(key));
  }
  CheckInteger(policy.At("maxAttempts"), 2, "a number of attempts");
  CheckDuration(policy.At("initialBackoff"), true);
  CheckDuration(policy.At("maxBackoff"), true);
  CheckMultiplier(policy.At("backoffMultiplier"));
  if (policy.Has("perAttemptRecvTimeout")) CheckDuration(policy.At("perAttemptRecvTimeout"), true);
  Place codes = policy.At("retryableStatusCodes");
  if (!codes.value.is_array() || codes.value.empty()) Takes(codes, "an array of status names");
  for (size_t i = 0; i < codes.value.size(); ++i) {
    Place code = codes.At(i);
    if (!code.value.is_string() || !IsStatusName(code.value.get_ref<const std::string&>())) {
      Takes(code, "the name of a status, like \"UNAVAILABLE\"");
    }
  }
}

// The pairs of service and method seen so far are in `names`.
void CheckName(const Place& name, std::set<std::pair<std::string, std::string>>* names) {
  CheckKeys(name, {"service", "method"});
  std::string parts[2];
  const char* const keys[] = {"service", "method"};
  for (int i = 0; i < 2; ++i) {
    if (!name.Has(keys[i])) continue;
    CheckText(name.At(keys[i]));
    parts[i] = name.At(keys[i]).value.get<std::string>();
  }
  if (parts[0].empty() && !parts[1].empty()) Fault(name.path, "has a method without its service");
  if (!names->emplace(parts[0], parts[1]).second) {
    Fault(name.path, "stands for what an earlier name stands for, too");
  }
}

void CheckMethodConfig(const Place& config, std::set<std::pair<std::string, std::string>>* names) {
  if (config.value.is_object() && config.Has("hedgingPolicy")) {
    Fault(config.path + ".hedgingPolicy", "is not supported by gRPC's core; retryPolicy is");
  }
  CheckKeys(config, {"name", "timeout", "waitForReady", "maxRequestMessageBytes",
                     "maxResponseMessageBytes", "retryPolicy"});
  if (config.Has("name")) {
    Place list = config.At("name");
    CheckArray(list);
    for (size_t i = 0; i < list.value.size(); ++i) CheckName(list.At(i), names);
  }
  if (config.Has("timeout")) CheckDuration(config.At("timeout"), false);
  if (config.Has("waitForReady") && !config.At("waitForReady").value.is_boolean()) {
    Takes(config.At("waitForReady"), "true or false");
  }
  for (const char* key : {"maxRequestMessageBytes", "maxResponseMessageBytes"}) {
    if (config.Has(key)) CheckSize(config.At(key));
  }
  if (config.Has("retryPolicy")) CheckRetryPolicy(config.At("retryPolicy"));
}

bool IsPolicy(const std::string& name) {
  return std::find(std::begin(kPolicies), std::end(kPolicies), name) != std::end(kPolicies);
}

// gRPC looks for outliers again and again without a pause, and does nothing else, if there is none
// between two looks.
void CheckOutlierInterval(const Place& list, const Json& policy) {
  const Json interval = policy.is_object() ? policy.value("interval", Json()) : Json();
  double seconds = 0;
  if (interval.is_null()) return;
  if (interval.is_string() && ParseDuration(interval.get<std::string>(), &seconds) &&
      seconds >= 0.001) {
    return;
  }
  Fault(list.path, "has the interval " + Quote(interval.dump()) +
                       " between two looks for outliers, which takes a duration like \"10s\", of "
                       "\"0.001s\" or more");
}

// Policies have others within them, in places that each names as it likes.
void CheckPolicies(const Place& list) {
  std::vector<const Json*> waiting = {&list.value};
  while (!waiting.empty()) {
    const Json& value = *waiting.back();
    waiting.pop_back();
    if (!value.is_structured()) continue;
    for (const Json& inner : value) waiting.push_back(&inner);
    if (!value.is_object()) continue;
    if (value.contains(kOutlierDetection)) CheckOutlierInterval(list, value.at(kOutlierDetection));
    for (std::string_view policy : kPoliciesOfXds) {
      if (!value.contains(std::string(policy))) continue;
      Fault(list.path, "holds the policy " + Quote(policy) +
                           ", which is for a control plane to give (xDS); from here it may end "
                           "this process");
    }
  }
}

// The first policy of the list that gRPC knows is taken, so there has to be one.
std::string CheckPolicyList(const Place& list) {
  CheckArray(list);
  CheckPolicies(list);
  std::string chosen;
  for (size_t i = 0; i < list.value.size(); ++i) {
    Place policy = list.At(i);
    if (!policy.value.is_object() || policy.value.size() != 1 ||
        !policy.value.begin()->is_object()) {
      Takes(policy, "an object of one policy, like {\"round_robin\": {}}");
    }
    const std::string& name = policy.value.begin().key();
    if (chosen.empty() && IsPolicy(name)) chosen = name;
  }
  if (chosen.empty()) {
    Takes(list, "a list with one policy at least that gRPC knows: " +
                    JoinAlternatives({std::begin(kPolicies), std::end(kPolicies)}));
  }
  return chosen;
}

// The balancing policy that the config chooses; "" for none.
std::string CheckBalancing(const Place& config) {
  if (config.Has("loadBalancingConfig")) return CheckPolicyList(config.At("loadBalancingConfig"));
  if (!config.Has("loadBalancingPolicy")) return "";
  Place policy = config.At("loadBalancingPolicy");
  CheckText(policy);
  std::string name = policy.value.get<std::string>();
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;  // as gRPC does
  });
  if (name != "pick_first" && name != "round_robin" && name != "grpclb") {
    Takes(policy, "\"pick_first\" or \"round_robin\"; others go into loadBalancingConfig");
  }
  return name;
}

void CheckThrottling(const Place& throttling) {
  CheckKeys(throttling, {"maxTokens", "tokenRatio"});
  for (const char* key : {"maxTokens", "tokenRatio"}) {
    if (!throttling.Has(key)) Fault(throttling.path, "lacks " + Quote(key));
  }
  CheckInteger(throttling.At("maxTokens"), 1, "a number of tokens");
  CheckTokenRatio(throttling.At("tokenRatio"));
}

// Gives the balancing policy that the config chooses; "" for none.
std::string CheckConfig(const Place& config) {
  CheckKeys(config, {"loadBalancingConfig", "loadBalancingPolicy", "methodConfig",
                     "retryThrottling", "healthCheckConfig"});
  if (config.Has("methodConfig")) {
    Place list = config.At("methodConfig");
    CheckArray(list);
    std::set<std::pair<std::string, std::string>> names;
    for (size_t i = 0; i < list.value.size(); ++i) CheckMethodConfig(list.At(i), &names);
  }
  if (config.Has("retryThrottling")) CheckThrottling(config.At("retryThrottling"));
  if (config.Has("healthCheckConfig")) {
    CheckKeys(config.At("healthCheckConfig"), {"serviceName"});
    if (config.At("healthCheckConfig").Has("serviceName")) {
      CheckText(config.At("healthCheckConfig").At("serviceName"));
    }
  }
  return CheckBalancing(config);
}

std::optional<int64_t> SizeIn(const Json& method, const char* key) {
  auto found = method.find(key);
  if (found == method.end()) return std::nullopt;
  return found->is_string() ? std::stoll(found->get<std::string>()) : found->get<int64_t>();
}

// Puts into `methods` what is in the config, and takes out what gRPC is not to know. The config was
// checked.
void TakeMethodConfigs(Json* config, MethodConfigs* methods) {
  auto list = config->find("methodConfig");
  if (list == config->end()) return;
  for (Json& of_methods : *list) {
    MethodConfig taken;
    double seconds = 0;
    auto timeout = of_methods.find("timeout");
    if (timeout != of_methods.end()) {
      ParseDuration(timeout->get_ref<const std::string&>(), &seconds);
      of_methods.erase(timeout);
    }
    // As in gRPC, 0 is no timeout.
    if (seconds > 0) taken.timeout_ms = std::max<int64_t>(1, std::llround(seconds * 1000));
    taken.max_request_size = SizeIn(of_methods, "maxRequestMessageBytes");
    taken.max_response_size = SizeIn(of_methods, "maxResponseMessageBytes");
    for (const Json& name : of_methods.value("name", Json::array())) {
      methods->Add(name.value("service", ""), name.value("method", ""), taken);
    }
  }
}

}  // namespace

const MethodConfig* MethodConfigs::Find(std::string_view path) const {
  if (by_path_.empty()) return nullptr;
  for (std::string_view key : {path, path.substr(0, path.rfind('/') + 1), std::string_view()}) {
    auto found = by_path_.find(key);
    if (found != by_path_.end()) return &found->second;
  }
  return nullptr;
}

void MethodConfigs::Add(const std::string& service, const std::string& method,
                        const MethodConfig& config) {
  by_path_[service.empty() ? "" : "/" + service + "/" + method] = config;
}

ServiceConfig MakeServiceConfig(const OptionValues& values) {
  const OptionValue* given = values.Find(kOption);
  const OptionValue* health_check = values.Find("health_check");
  const OptionValue* load_balancing = values.Find("load_balancing");
  if (given == nullptr && health_check == nullptr) return {};
  Json config = given == nullptr ? Json::object() : Json::parse(given->text);
  std::string policy = CheckConfig({config, kOption});
  if (load_balancing != nullptr && !policy.empty()) {
    const char* key =
        config.contains("loadBalancingConfig") ? "loadBalancingConfig" : "loadBalancingPolicy";
    throw Error(Code::kOption, "options \"load_balancing\" and " +
                                   Quote(std::string(kOption) + "." + key) +
                                   " say the same thing; give one of them");
  }
  ServiceConfig made;
  TakeMethodConfigs(&config, &made.methods);
  made.json = config.dump();
  if (health_check == nullptr) return made;
  if (config.contains("healthCheckConfig")) {
    throw Error(Code::kOption,
                "options \"health_check\" and \"service_config.healthCheckConfig\" say the same "
                "thing; give one of them");
  }
  if (load_balancing != nullptr) policy = load_balancing->text;
  if (policy.empty() || policy == "pick_first") {
    throw Error(Code::kOption,
                "option \"health_check\" needs \"load_balancing\": \"round_robin\"; pick_first, "
                "which is used unless another is given, asks no server for its health");
  }
  config["healthCheckConfig"] = {{"serviceName", health_check->text}};
  made.json = config.dump();
  return made;
}

bool HasRetryPolicy(const std::string& config) {
  const Json parsed = Json::parse(config, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object() || !parsed.contains("methodConfig")) return false;
  const Json& methods = parsed["methodConfig"];
  return std::any_of(methods.begin(), methods.end(),
                     [](const Json& method) { return method.contains("retryPolicy"); });
}

}  // namespace pygrpc::rpc
