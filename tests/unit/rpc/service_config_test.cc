// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/service_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "rpc/call_options.h"
#include "rpc/channel.h"

namespace pygrpc::rpc {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// The service config that gRPC gets, or the fault of the options.
std::string Made(const std::string& options) {
  try {
    for (const auto& [name, value] : ParseClientOptions(options.c_str()).text_arguments) {
      if (name == "grpc.service_config") return value;
    }
    return "none";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::kOption);
    return error.message;
  }
}

std::string OfConfig(const std::string& config) {
  return Made(R"({"service_config": )" + config + "}");
}

std::string OfRetryPolicy(const std::string& policy) {
  return OfConfig(R"({"methodConfig": [{"name": [{}], "retryPolicy": )" + policy + "}]}");
}

TEST(ServiceConfig, IsHandedOn) {
  EXPECT_EQ(Made("{}"), "none");
  EXPECT_EQ(OfConfig("{}"), "{}");
  constexpr char kWhole[] =
      R"({"loadBalancingConfig":[{"unheard_of":{}},{"round_robin":{}}],)"
      R"("methodConfig":[{"name":[{"service":"a.B","method":"C"},{"service":"a.B"},{}],)"
      R"("waitForReady":true,"maxRequestMessageBytes":10,)"
      R"("maxResponseMessageBytes":"20","retryPolicy":{"maxAttempts":3,"initialBackoff":"0.1s",)"
      R"("maxBackoff":"1s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}],)"
      R"("retryThrottling":{"maxTokens":10,"tokenRatio":0.1},)"
      R"("healthCheckConfig":{"serviceName":"a.B"}})";
  EXPECT_EQ(OfConfig(kWhole), kWhole);
}

// What the library keeps to itself, for gRPC would end calls too soon.
TEST(ServiceConfig, TimeoutsByMethod) {
  const ClientOptions options = ParseClientOptions(R"({"service_config": {"methodConfig": [
      {"name": [{"service": "a.B", "method": "C"}, {"service": "a.D"}], "timeout": "1.0004s"},
      {"name": [{"service": "a.B"}], "waitForReady": true},
      {"name": [{"service": "a.E"}], "timeout": "0s"},
      {"name": [{"service": "a.F"}], "timeout": "0.000000001s"},
      {"timeout": "9s"},
      {"name": [{}], "timeout": "100.5s"}]}})");
  for (const auto& [name, value] : options.text_arguments) EXPECT_THAT(value, Not(HasSubstr("0s")));
  auto timeout = [&](const char* path) {
    const MethodConfig* config = options.methods.Find(path);
    return config == nullptr ? std::nullopt : config->timeout_ms;
  };
  EXPECT_EQ(timeout("/a.B/C"), 1000);
  EXPECT_EQ(timeout("/a.D/C"), 1000);
  EXPECT_EQ(timeout("/a.B/D"), std::nullopt);  // what a service has stands in place of the default
  EXPECT_EQ(timeout("/a.E/C"), std::nullopt);
  EXPECT_EQ(timeout("/a.F/C"), 1);
  EXPECT_EQ(timeout("/B/C"), 100500);
  EXPECT_EQ(ParseClientOptions("{}").methods.Find("/a.B/C"), nullptr);
}

// What a control plane says, gRPC takes in place of it.
TEST(ServiceConfig, IsNotForTargetsOfAControlPlane) {
  const ClientOptions options = ParseClientOptions(
      R"({"service_config": {"methodConfig": [{"name": [{}], "timeout": "1s"}]}})");
  EXPECT_NE(Channel("server:1", options).ConfigOf("/a.B/C"), nullptr);
  EXPECT_EQ(Channel("xds:///server", options).ConfigOf("/a.B/C"), nullptr);
}

TEST(ServiceConfig, AFaultIsNamedWithItsPlace) {
  EXPECT_THAT(OfConfig(R"({"methodConfgi": []})"),
              AllOf(HasSubstr("service_config.methodConfgi"), HasSubstr("\"methodConfig\"")));
  EXPECT_THAT(OfConfig(R"({"methodConfig": {}})"), HasSubstr("service_config.methodConfig"));
  EXPECT_THAT(OfConfig(R"({"methodConfig": [{"name": [{}]}, {"timeout": 5}]})"),
              HasSubstr("service_config.methodConfig[1].timeout"));
  for (const char* text :
       {"5", "s", "5 s", "-1s", ".5s", "1.s", "1.0000000001s", "1.2.3s", "1e3s"}) {
    EXPECT_THAT(OfConfig(R"({"methodConfig": [{"timeout": ")" + std::string(text) + "\"}]}"),
                HasSubstr("duration like \"1.5s\""))
        << text;
  }
  EXPECT_THAT(OfConfig(R"({"methodConfig": [{"name": [{"method": "M"}]}]})"),
              HasSubstr("method without its service"));
  EXPECT_THAT(OfConfig(R"({"methodConfig": [{"name": [{}]}, {"name": [{"service": ""}]}]})"),
              HasSubstr("methodConfig[1].name[0]"));
  EXPECT_THAT(OfConfig(R"({"methodConfig": [{"waitForReady": "yes"}]})"),
              HasSubstr("true or false"));
  EXPECT_THAT(OfConfig(R"({"methodConfig": [{"maxRequestMessageBytes": -1}]})"),
              HasSubstr("bytes"));
  for (const char* size : {"2147483648", "\"2147483648\"", "1e3", "18446744073709551615",
                           "\"99999999999999999999999999\"", "\"\""}) {
    EXPECT_THAT(
        OfConfig(R"({"methodConfig": [{"maxResponseMessageBytes": )" + std::string(size) + "}]}"),
        HasSubstr("up to 2147483647"))
        << size;
  }
  EXPECT_THAT(OfConfig(R"({"methodConfig": [{"timeout": "315576000001s"}]})"),
              HasSubstr("methodConfig[0].timeout"));
  EXPECT_THAT(OfConfig(R"({"methodConfig": [{"hedgingPolicy": {}}]})"), HasSubstr("not supported"));
  EXPECT_THAT(OfConfig(R"({"retryThrottling": {"maxTokens": 10}})"), HasSubstr("\"tokenRatio\""));
  EXPECT_THAT(OfConfig(R"({"retryThrottling": {"maxTokens": 0, "tokenRatio": 1}})"),
              HasSubstr("retryThrottling.maxTokens"));
  EXPECT_THAT(OfConfig(R"({"retryThrottling": {"maxTokens": 0.5, "tokenRatio": 1}})"),
              HasSubstr("retryThrottling.maxTokens"));
  for (const char* ratio : {"0.0009", "1e-9", "1001", "1e300", "\"1\""}) {
    EXPECT_THAT(OfConfig(R"({"retryThrottling": {"maxTokens": 10, "tokenRatio": )" +
                         std::string(ratio) + "}}"),
                HasSubstr("retryThrottling.tokenRatio"))
        << ratio;
  }
  EXPECT_THAT(OfConfig(R"({"healthCheckConfig": {"serviceName": 1}})"),
              HasSubstr("healthCheckConfig.serviceName"));
}

TEST(ServiceConfig, RetryPolicies) {
  const std::string good =
      R"({"maxAttempts": 2, "initialBackoff": "1s", "maxBackoff": "1s", "backoffMultiplier": 1.5,
          "retryableStatusCodes": ["UNAVAILABLE"]})";
  EXPECT_THAT(OfRetryPolicy(good), HasSubstr("\"maxAttempts\":2"));
  struct Change {
    const char* from;
    const char* to;
    const char* named;
  };
  for (const Change& change : {
           Change{"\"maxAttempts\": 2, ", "", "lacks \"maxAttempts\""},
           Change{": 2,", ": 1,", "retryPolicy.maxAttempts"},
           Change{": 2,", ": 2147483648,", "retryPolicy.maxAttempts"},
           Change{": 2,", ": 4611686018427387904,", "retryPolicy.maxAttempts"},
           Change{"\"1s\", \"max", "\"0s\", \"max", "retryPolicy.initialBackoff"},
           Change{"\"1s\", \"max", "\"0.0009s\", \"max", "retryPolicy.initialBackoff"},
           Change{"\"1s\", \"back", "\"999999999999s\", \"back", "retryPolicy.maxBackoff"},
           Change{"1.5", "0", "retryPolicy.backoffMultiplier"},
           Change{"1.5", "1e-300", "retryPolicy.backoffMultiplier"},
           Change{"[\"UNAVAILABLE\"]", "[]", "retryPolicy.retryableStatusCodes"},
           Change{"UNAVAILABLE", "Unavailable", "retryableStatusCodes[0]"},
       }) {
    std::string bad = good;
    bad.replace(bad.find(change.from), std::string(change.from).size(), change.to);
    EXPECT_THAT(OfRetryPolicy(bad), HasSubstr(change.named)) << bad;
  }
}

TEST(ServiceConfig, Balancing) {
  EXPECT_THAT(OfConfig(R"({"loadBalancingConfig": []})"), HasSubstr("\"round_robin\""));
  EXPECT_THAT(OfConfig(R"({"loadBalancingConfig": [{"nope": {}}]})"), HasSubstr("\"round_robin\""));
  EXPECT_THAT(OfConfig(R"({"loadBalancingConfig": "round_robin"})"), HasSubstr("an array"));
  EXPECT_THAT(OfConfig(R"({"loadBalancingConfig": [{"a": {}, "b": {}}]})"),
              HasSubstr("loadBalancingConfig[0]"));
  EXPECT_THAT(OfConfig(R"({"loadBalancingPolicy": "nope"})"), HasSubstr("loadBalancingPolicy"));
  // With these gRPC would end the process.
  EXPECT_THAT(OfConfig(R"({"loadBalancingConfig": [{"ring_hash_experimental": {}}]})"),
              HasSubstr("ring_hash_experimental"));
  EXPECT_THAT(OfConfig(R"({"loadBalancingConfig": [{"outlier_detection_experimental": {
                           "childPolicy": [{"weighted_target_experimental": {"targets": {}}}]}}]})"),
              HasSubstr("weighted_target_experimental"));
  EXPECT_THAT(OfConfig(R"({"loadBalancingConfig": [{"outlier_detection_experimental": {
                           "interval": "0s", "childPolicy": [{"round_robin": {}}]}}]})"),
              HasSubstr("0.001s"));
  EXPECT_THAT(OfConfig(R"({"loadBalancingPolicy": "ROUND_ROBIN"})"), HasSubstr("ROUND_ROBIN"));
}

TEST(ServiceConfig, WhatIsSaidTwiceIsRefusedWithBothNames) {
  EXPECT_THAT(
      Made(R"({"load_balancing": "round_robin",
                       "service_config": {"loadBalancingConfig": [{"pick_first": {}}]}})"),
      AllOf(HasSubstr("\"load_balancing\""), HasSubstr("\"service_config.loadBalancingConfig\"")));
  EXPECT_THAT(Made(R"({"load_balancing": "pick_first",
                       "service_config": {"loadBalancingPolicy": "round_robin"}})"),
              HasSubstr("\"service_config.loadBalancingPolicy\""));
  EXPECT_THAT(Made(R"({"health_check": "", "load_balancing": "round_robin",
                       "service_config": {"healthCheckConfig": {"serviceName": "x"}}})"),
              AllOf(HasSubstr("\"health_check\""), HasSubstr("healthCheckConfig")));
  EXPECT_THAT(Made(R"({"connect_timeout": 1, "reconnect": {"min_backoff": 1}})"),
              AllOf(HasSubstr("\"connect_timeout\""), HasSubstr("\"reconnect.min_backoff\"")));
  EXPECT_THAT(Made(R"({"user_agent": "x", "channel_arguments": {"grpc.primary_user_agent": "y"}})"),
              HasSubstr("channel_arguments.grpc.primary_user_agent"));
  EXPECT_THAT(Made(R"({"idle_timeout": 5,
                       "channel_arguments": {"grpc.client_idle_timeout_ms": "y"}})"),
              HasSubstr("channel_arguments.grpc.client_idle_timeout_ms"));
}

TEST(ServiceConfig, HealthChecksJoinIt) {
  EXPECT_EQ(Made(R"({"health_check": "a.B", "load_balancing": "round_robin"})"),
            R"({"healthCheckConfig":{"serviceName":"a.B"}})");
  EXPECT_EQ(
      Made(R"({"health_check": "", "service_config":
                     {"loadBalancingConfig": [{"round_robin": {}}]}})"),
      R"({"loadBalancingConfig":[{"round_robin":{}}],"healthCheckConfig":{"serviceName":""}})");
  for (const char* options :
       {R"({"health_check": "a.B"})", R"({"health_check": "a.B", "load_balancing": "pick_first"})",
        R"({"health_check": "a.B", "service_config": {}})",
        R"({"health_check": "", "service_config": {"loadBalancingPolicy": "pick_first"}})"}) {
    EXPECT_THAT(Made(options), HasSubstr("\"load_balancing\": \"round_robin\"")) << options;
  }
}

TEST(ServiceConfig, AShortConnectTimeoutHoldsForTheFirstAttempt) {
  using ::testing::Contains;
  using ::testing::Pair;
  auto arguments = [](const char* text) { return ParseClientOptions(text).integer_arguments; };
  EXPECT_THAT(arguments(R"({"connect_timeout": "300ms"})"),
              AllOf(Contains(Pair("grpc.min_reconnect_backoff_ms", 300)),
                    Contains(Pair("grpc.initial_reconnect_backoff_ms", 300))));
  EXPECT_THAT(arguments(R"({"connect_timeout": "3s"})"),
              AllOf(Contains(Pair("grpc.min_reconnect_backoff_ms", 3000)),
                    Not(Contains(Pair("grpc.initial_reconnect_backoff_ms", 3000)))));
  EXPECT_THAT(
      arguments(R"({"connect_timeout": "300ms", "reconnect": {"initial_backoff": "200ms"}})"),
      Not(Contains(Pair("grpc.initial_reconnect_backoff_ms", 300))));
}

TEST(ServiceConfig, WhetherThereIsARetryPolicy) {
  EXPECT_TRUE(HasRetryPolicy(R"({"methodConfig": [{"name": [{}]}, {"retryPolicy": {}}]})"));
  EXPECT_FALSE(HasRetryPolicy(R"({"methodConfig": [{"name": [{}], "timeout": "1s"}]})"));
  EXPECT_FALSE(HasRetryPolicy(R"({"methodConfig": 5})"));
  EXPECT_FALSE(HasRetryPolicy("{}"));
  EXPECT_FALSE(HasRetryPolicy("no JSON"));
}

}  // namespace
}  // namespace pygrpc::rpc
