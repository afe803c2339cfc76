// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/call_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace pygrpc::rpc {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
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
  EXPECT_EQ(options.transport, Transport::kPlaintext);
  EXPECT_TRUE(options.tls.verify);
  EXPECT_TRUE(options.reflection.automatic);
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
          "service_config": {"methodConfig": []}, "channel_arguments": {"grpc.x": 3}})");
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
              Contains(Pair("grpc.service_config", R"({"methodConfig":[]})")));
  options = ParseClientOptions(R"({"keepalive": {"time": "none"}})");
  EXPECT_THAT(options.integer_arguments, Contains(Pair("grpc.keepalive_time_ms", INT32_MAX)));
}

// gRPC would connect without the proxy, and say nothing.
TEST(CallOptions, AProxyThatIsNoneIsRefused) {
  auto sent = [](const std::string& text) {
    return ParseClientOptions((R"({"http_proxy": ")" + text + "\"}").c_str()).text_arguments;
  };
  auto is = [](const std::string& uri) { return ElementsAre(Pair("grpc.http_proxy", uri)); };
  EXPECT_THAT(sent("http://proxy:3128"), is("http://proxy:3128"));
  EXPECT_THAT(sent("http://proxy:3128/"), is("http://proxy:3128"));
  EXPECT_THAT(sent("proxy.example:1"), is("http://proxy.example:1"));
  EXPECT_THAT(sent("us%20er:p%3Aw@127.0.0.1:1"), is("http://us%20er:p%3Aw@127.0.0.1:1"));
  EXPECT_THAT(sent("http://[::1]:65535"), is("http://[::1]:65535"));
  EXPECT_THAT(sent(""), is(""));  // none, whatever the environment says
  for (const char* text : {"nonsense",
                           "http://",
                           "http://S3CRET",
                           "http://u:S3CRET@127.0.0.1",
                           "http://u:S3CRET@:1",
                           "http://u:S3CRET@h:0",
                           "http://u:S3CRET@h:65536",
                           "http://u:S3CRET@h:http",
                           "http://u:S3CRET@h:1/x",
                           "https://u:S3CRET@h:1",
                           "HTTP://u:S3CRET@h:1",
                           "socks5://u:S3CRET@h:1",
                           "http://u:S3C@RET@h:1",
                           "http://u:S3C%40RET@h:1",
                           "http://u:S3CRET#@h:1",
                           "http://u:S3CRET\\u00fc@h:1",
                           "http://u:S3CRET%00@h:1",
                           "http://u:S3CRET@[h]:1",
                           "http://u:S3CRET@[::1%lo]:1",
                           "http://u:S3CRET@::1:1"}) {
    const std::string fault =
        ClientFault((std::string(R"({"http_proxy": ")") + text + "\"}").c_str());
    EXPECT_THAT(fault, AllOf(HasSubstr("option \"http_proxy\" has"), HasSubstr("http://host:port"),
                             Not(HasSubstr("S3C"))))
        << text;
  }
  EXPECT_THAT(ClientFault(R"({"channel_arguments": {"grpc.http_proxy": "x"}})"),
              HasSubstr("\"channel_arguments.grpc.http_proxy\" has"));
}

TEST(CallOptions, WhatStandsInHeadersIsChecked) {
  auto of = [](const std::string& option, const std::string& text) {
    return ClientFault(("{\"" + option + "\": \"" + text + "\"}").c_str());
  };
  auto of_argument = [](const std::string& name, const std::string& text) {
    return ClientFault(
        ("{\"channel_arguments\": {\"grpc." + name + "\": \"" + text + "\"}}").c_str());
  };
  for (const char* text : {"a\\r\\nb: c", "\\u00fc", "\\u007f"}) {
    EXPECT_THAT(of("user_agent", text), HasSubstr("\"user_agent\" takes printable ASCII"));
    EXPECT_THAT(of_argument("primary_user_agent", text), HasSubstr("printable ASCII"));
    EXPECT_THAT(of_argument("secondary_user_agent", text), HasSubstr("printable ASCII"));
  }
  for (const char* text : {"", "a b", "x\\n", "a/b", "u@h", "\\u00fc"}) {
    EXPECT_THAT(of("authority", text), HasSubstr("\"authority\" takes a host")) << text;
    EXPECT_THAT(of_argument("default_authority", text), HasSubstr("takes a host")) << text;
  }
  EXPECT_EQ(of("user_agent", "my tool/1.0 (x; y)"), "no fault");
  EXPECT_EQ(of("user_agent", ""), "no fault");
  EXPECT_EQ(of("authority", "a.example:1"), "no fault");
  EXPECT_EQ(of("authority", "[::1]:443"), "no fault");
}

TEST(CallOptions, WaitForReadyIsSaidOrNot) {
  EXPECT_EQ(ParseClientOptions("{}").call.wait_for_ready, std::nullopt);
  EXPECT_EQ(ParseClientOptions(R"({"wait_for_ready": false})").call.wait_for_ready, false);
  const CallOptions defaults = ParseClientOptions(R"({"wait_for_ready": true})").call;
  EXPECT_EQ(ParseCallOptions("{}", defaults).wait_for_ready, true);
  EXPECT_EQ(ParseCallOptions(R"({"wait_for_ready": false})", defaults).wait_for_ready, false);
}

TEST(CallOptions, TlsIsAskedForByName) {
  EXPECT_THAT(ClientFault(R"({"tls": {"verify": false}})"), HasSubstr("\"transport\": \"tls\""));
  EXPECT_THAT(ClientFault(R"({"transport": "tls", "tls": {"ca": "/no/such/file"}})"),
              HasSubstr("/no/such/file"));
  EXPECT_THAT(ClientFault(R"({"transport": "ssl"})"), HasSubstr("\"plaintext\", \"tls\""));
  EXPECT_THAT(ClientFault(R"({"transport": "tls", "tls": {"key": "-----BEGIN KEY-----"}})"),
              HasSubstr("go together"));
  EXPECT_THAT(ClientFault(R"({"transport": "tls", "tls": {"ca": "-----BEGIN CERTIFICATE-----"}})"),
              HasSubstr("\"tls.ca\" holds no certificates"));
  ClientOptions options = ParseClientOptions(
      R"({"transport": "tls", "tls": {"server_name": "x", "min_version": "1.2"}})");
  EXPECT_EQ(options.transport, Transport::kTls);
  EXPECT_EQ(options.tls.server_name, "x");
  EXPECT_FALSE(options.tls.only_1_3);
}

TEST(CallOptions, OfALoad) {
  LoadSettings settings = ParseLoadOptions(R"({"proto_path": ["a", "b"], "timeout": 1})", {});
  EXPECT_THAT(settings.proto_path, ElementsAre("a", "b"));
  EXPECT_EQ(settings.call.timeout_ms, 1000);
  EXPECT_EQ(settings.only_of_reflection, nullptr);
  EXPECT_THROW(ParseLoadOptions(R"({"codec": "json"})", {}), Error);
  EXPECT_THROW(ParseLoadOptions(R"({"target": ""})", {}), Error);
  settings = ParseLoadOptions(R"({"symbols": "a.B", "reflection_max_files": 7})", {});
  EXPECT_THAT(settings.symbols, ElementsAre("a.B"));
  EXPECT_STREQ(settings.only_of_reflection, "symbols");
  EXPECT_EQ(settings.reflection.max_files, 7);
}

TEST(CallOptions, OfReflection) {
  ReflectionOptions options = ParseClientOptions(nullptr).reflection;
  EXPECT_TRUE(options.automatic);
  EXPECT_FALSE(options.needed_only);
  EXPECT_EQ(options.version, ReflectionVersion::kAny);
  options = ParseClientOptions(R"({"reflection": false})").reflection;
  EXPECT_FALSE(options.automatic);
  options = ParseClientOptions(R"({"reflection": "v1alpha", "reflection_scope": "needed",
      "reflection_timeout": "none", "reflection_max_size": "1MiB", "schema_cache": "/x",
      "schema_cache_check": "list"})")
                .reflection;
  EXPECT_TRUE(options.automatic);
  EXPECT_TRUE(options.needed_only);
  EXPECT_EQ(options.version, ReflectionVersion::kV1Alpha);
  EXPECT_EQ(options.timeout_ms, kNone);
  EXPECT_EQ(options.max_size, 1 << 20);
  EXPECT_EQ(options.cache_directory, "/x");
  EXPECT_TRUE(options.check_list_only);
  EXPECT_THAT(ClientFault(R"({"reflection": "v2"})"),
              HasSubstr("true, false, \"v1\" or \"v1alpha\""));
  EXPECT_THAT(ClientFault(R"({"reflection_metadata": "x"})"), HasSubstr("true, false or"));
}

TEST(CallOptions, MetadataOfReflection) {
  auto sent = [](const char* client, const char* load) {
    return *ParseLoadOptions(load, ParseClientOptions(client)).reflection.metadata;
  };
  const char* plain = R"({"metadata": {"a": "1"}})";
  const char* other = R"({"metadata": {"a": "1"}, "reflection_metadata": {"r": "2"}})";
  const char* none = R"({"metadata": {"a": "1"}, "reflection_metadata": false})";
  EXPECT_THAT(sent(plain, nullptr), ElementsAre(Pair("a", "1")));
  EXPECT_THAT(sent(other, nullptr), ElementsAre(Pair("r", "2")));
  EXPECT_THAT(sent(none, nullptr), ElementsAre());
  EXPECT_THAT(sent(plain, R"({"metadata": {"b": "3"}})"),
              ElementsAre(Pair("a", "1"), Pair("b", "3")));
  EXPECT_THAT(sent(other, R"({"metadata": {"b": "3"}})"),
              ElementsAre(Pair("r", "2"), Pair("b", "3")));
  EXPECT_THAT(sent(none, R"({"metadata": {"b": "3"}})"), ElementsAre(Pair("b", "3")));
  EXPECT_THAT(sent(other, R"({"reflection_metadata": true})"), ElementsAre(Pair("a", "1")));
  EXPECT_THAT(sent(plain, R"({"reflection_metadata": false})"), ElementsAre());
  // Another server gets nothing that was not given for it.
  EXPECT_THAT(sent(other, R"({"target": "x:1"})"), ElementsAre());
  EXPECT_THAT(sent(other, R"({"target": "x:1", "metadata": {"b": "3"}})"),
              ElementsAre(Pair("b", "3")));
  EXPECT_THAT(sent(plain, R"({"target": "x:1", "reflection_metadata": true})"),
              ElementsAre(Pair("a", "1")));
}

}  // namespace
}  // namespace pygrpc::rpc
