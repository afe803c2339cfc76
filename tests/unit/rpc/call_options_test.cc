// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/call_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pygrpc::rpc {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::string ClientFault(const char* text) {
  try {
    ParseClientOptions(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::kOption);
    return error.message;
  }
  return "no fault";
}

TEST(CallOptions, DefaultsOfAClient) {
  ClientOptions options = ParseClientOptions(nullptr);
  EXPECT_FALSE(options.tls_transport);
  EXPECT_TRUE(options.tls.verify);
  EXPECT_TRUE(options.reflection);
  EXPECT_EQ(options.max_receive_size, 4 << 20);
  EXPECT_FALSE(options.call.timeout_ms.has_value());
  EXPECT_EQ(options.call.codec, Codec::kJson);
  EXPECT_EQ(options.call.json.max_depth, 100u);
}

TEST(CallOptions, AClientGivesDefaultsToItsCalls) {
  ClientOptions client = ParseClientOptions(
      R"({"timeout": "5s", "proto_names": true, "metadata": {"a": "client", "b": "client"}})");
  CallOptions call = ParseCallOptions(
      R"({"timeout": "none", "metadata": {"b": ["1", "2"], "c": "call"}, "codec": "binary"})",
      client.call);
  EXPECT_EQ(call.timeout_ms, kNone);
  EXPECT_TRUE(call.json.proto_names);
  EXPECT_EQ(call.codec, Codec::kBinary);
  EXPECT_THAT(call.metadata,
              ElementsAre(Pair("a", "client"), Pair("b", "1"), Pair("b", "2"), Pair("c", "call")));
  EXPECT_EQ(client.call.timeout_ms, 5000);
}

TEST(CallOptions, BecomeChannelArguments) {
  ClientOptions options = ParseClientOptions(
      R"({"max_receive_size": "16MiB", "max_send_size": "none", "user_agent": "mine",
          "keepalive": {"time": "30s", "without_calls": true}, "load_balancing": "round_robin",
          "service_config": {"loadBalancingConfig": []}, "channel_arguments": {"grpc.x": 3}})");
  EXPECT_EQ(options.max_receive_size, 16 << 20);
  EXPECT_THAT(options.integer_arguments,
              Contains(Pair("grpc.max_receive_message_length", 16 << 20)));
  EXPECT_THAT(options.integer_arguments, Contains(Pair("grpc.max_send_message_length", -1)));
  EXPECT_THAT(options.integer_arguments, Contains(Pair("grpc.keepalive_time_ms", 30000)));
  EXPECT_THAT(options.integer_arguments, Contains(Pair("grpc.keepalive_permit_without_calls", 1)));
  EXPECT_THAT(options.integer_arguments, Contains(Pair("grpc.x", 3)));
  EXPECT_THAT(options.text_arguments, Contains(Pair("grpc.primary_user_agent", "mine")));
  EXPECT_THAT(options.text_arguments, Contains(Pair("grpc.lb_policy_name", "round_robin")));
  EXPECT_THAT(options.text_arguments,
              Contains(Pair("grpc.service_config", R"({"loadBalancingConfig":[]})")));
  options = ParseClientOptions(R"({"keepalive": {"time": "none"}})");
  EXPECT_THAT(options.integer_arguments, Contains(Pair("grpc.keepalive_time_ms", INT32_MAX)));
}

TEST(CallOptions, TlsIsAskedForByName) {
  EXPECT_THAT(ClientFault(R"({"tls": {"verify": false}})"), HasSubstr("\"transport\": \"tls\""));
  EXPECT_THAT(ClientFault(R"({"transport": "tls", "tls": {"ca": "/no/such/file"}})"),
              HasSubstr("/no/such/file"));
  EXPECT_THAT(ClientFault(R"({"transport": "ssl"})"), HasSubstr("\"plaintext\" or \"tls\""));
  EXPECT_THAT(ClientFault(R"({"transport": "tls", "tls": {"key": "-----BEGIN KEY-----"}})"),
              HasSubstr("go together"));
  ClientOptions options = ParseClientOptions(
      R"({"transport": "tls", "tls": {"ca": "-----BEGIN CERTIFICATE-----", "server_name": "x"}})");
  EXPECT_TRUE(options.tls_transport);
  EXPECT_EQ(options.tls.ca, "-----BEGIN CERTIFICATE-----");
  EXPECT_EQ(options.tls.server_name, "x");
}

TEST(CallOptions, OfALoad) {
  std::vector<std::string> proto_path;
  CallOptions options =
      ParseLoadOptions(R"({"proto_path": ["a", "b"], "timeout": 1})", {}, &proto_path);
  EXPECT_THAT(proto_path, ElementsAre("a", "b"));
  EXPECT_EQ(options.timeout_ms, 1000);
  EXPECT_THROW(ParseLoadOptions(R"({"codec": "json"})", {}, &proto_path), Error);
}

}  // namespace
}  // namespace pygrpc::rpc
