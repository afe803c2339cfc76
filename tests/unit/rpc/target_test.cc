// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace pygrpc::rpc {
namespace {

using ::testing::HasSubstr;

std::string FaultOf(const std::string& target) {
  try {
    CheckTarget(target);
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::kArgument);
    return error.message;
  }
  return "no fault";
}

TEST(Target, WhatGrpcTakes) {
  for (const char* target : {"localhost",
                             "localhost:50051",
                             "10.0.0.1",
                             "10.0.0.1:1",
                             "[::1]:50051",
                             "[::1]",
                             "::1",
                             "[fe80::1%eth0]:50051",
                             "host.example.:https",
                             "dns:host",
                             "dns:host:1",
                             "dns:///host:1",
                             "dns://10.0.0.53:53/host:1",
                             "dns:50051",
                             "unix:50051",
                             "ipv4:10.0.0.1:1",
                             "ipv4:10.0.0.1:1,10.0.0.2:65535",
                             "ipv4:///10.0.0.1:1",
                             "ipv6:[::1]:1,[::2]:2",
                             "unix:relative/path",
                             "unix:/absolute",
                             "unix:///absolute",
                             "unix-abstract:name",
                             "xds:///service",
                             "xds:service",
                             "xds://authority/service"}) {
    EXPECT_EQ(FaultOf(target), "no fault") << target;
  }
}

TEST(Target, AnUnknownSchemeNamesTheKnownOnes) {
  for (const char* target :
       {"http://localhost:50051", "https://localhost", "grpc:///x", "tcp:/x"}) {
    EXPECT_THAT(FaultOf(target), HasSubstr("dns:, ipv4:, ipv6:, unix:, unix-abstract: or xds:"));
    EXPECT_THAT(FaultOf(target), HasSubstr(target));
  }
}

TEST(Target, Ports) {
  for (const char* target :
       {"localhost:0", "localhost:65536", "localhost:99999", "localhost:", "localhost:-1",
        "foo:bar", "dns:///h:x", "[::1]:0", "ipv4:10.0.0.1:0", "ipv4:10.0.0.1:1,10.0.0.2:70000"}) {
    EXPECT_THAT(FaultOf(target), HasSubstr("1 to 65535")) << target;
  }
}

TEST(Target, Hosts) {
  EXPECT_THAT(FaultOf(""), HasSubstr("empty"));
  EXPECT_THAT(FaultOf(":50051"), HasSubstr("names no host"));
  EXPECT_THAT(FaultOf("dns:"), HasSubstr("names no host"));
  EXPECT_THAT(FaultOf("dns:///"), HasSubstr("names no host"));
  EXPECT_THAT(FaultOf("a b"), HasSubstr("space"));
  EXPECT_THAT(FaultOf("a\nb:1"), HasSubstr("control"));
  EXPECT_THAT(FaultOf("/run/socket"), HasSubstr("unix:/run/socket"));
  EXPECT_THAT(FaultOf("::1:50051"), HasSubstr("[::1]:50051"));
  EXPECT_THAT(FaultOf("[::1"), HasSubstr("']'"));
  EXPECT_THAT(FaultOf("[host]:1"), HasSubstr("IPv6"));
  EXPECT_THAT(FaultOf("[::1]x"), HasSubstr("port"));
}

TEST(Target, Addresses) {
  for (const char* target : {"ipv4:", "ipv4:10.0.0.1", "ipv4:host:1", "ipv4:10.0.0.1:1,",
                             "ipv4:10.0.0.1:1,,10.0.0.2:1", "ipv4:[::1]:1"}) {
    EXPECT_THAT(FaultOf(target), HasSubstr("ipv4:10.0.0.1:50051,10.0.0.2:50051")) << target;
  }
  for (const char* target : {"ipv6:", "ipv6:::1", "ipv6:[::1]", "ipv6:10.0.0.1:1", "ipv6:x"}) {
    EXPECT_THAT(FaultOf(target), HasSubstr("ipv6:[2001:db8::1]:50051")) << target;
  }
  EXPECT_THAT(FaultOf("ipv4://10.0.0.1:1/x"), HasSubstr("between"));
}

TEST(Target, Sockets) {
  EXPECT_THAT(FaultOf("unix:"), HasSubstr("names no socket"));
  EXPECT_THAT(FaultOf("unix-abstract:"), HasSubstr("names no socket"));
  EXPECT_THAT(FaultOf("unix://host/path"), HasSubstr("between"));
  EXPECT_THAT(FaultOf("unix:/" + std::string(107, 'x')), HasSubstr("107"));
  EXPECT_EQ(FaultOf("unix:/" + std::string(106, 'x')), "no fault");
  EXPECT_THAT(FaultOf("xds:///"), HasSubstr("names no service"));
}

TEST(Target, FormsThatNoPeerHas) {
  EXPECT_EQ(ForGrpc("ipv4:10.0.0.1:50051"), "ipv4:///10.0.0.1:50051");
  EXPECT_EQ(ForGrpc("unix:/run/socket"), "unix:///run/socket");
  for (const char* same : {"localhost:50051", "dns:///host:1", "ipv4:///10.0.0.1:1",
                           "unix:///run/socket", "unix:socket", "ipv6:[::1]:50051"}) {
    EXPECT_EQ(ForGrpc(same), same);
  }
}

// gRPC takes 443 for a name, and 0 for an address.
TEST(Target, AnAddressHasAPort) {
  EXPECT_EQ(ForGrpc("127.0.0.1"), "127.0.0.1:443");
  EXPECT_EQ(ForGrpc("127.0.0.1:https"), "127.0.0.1:443");
  EXPECT_EQ(ForGrpc("127.0.0.1:http"), "127.0.0.1:80");
  EXPECT_EQ(ForGrpc("::1"), "[::1]:443");
  EXPECT_EQ(ForGrpc("[::1]"), "[::1]:443");
  EXPECT_EQ(ForGrpc("[fe80::1%lo]:http"), "[fe80::1%lo]:80");
  EXPECT_EQ(ForGrpc("dns:::1"), "dns:[::1]:443");
  EXPECT_EQ(ForGrpc("dns:[::1]"), "dns:[::1]:443");
  EXPECT_EQ(ForGrpc("dns:///127.0.0.1"), "dns:///127.0.0.1:443");
  EXPECT_EQ(ForGrpc("dns://8.8.8.8:53/[::1]"), "dns://8.8.8.8:53/[::1]:443");
  for (const char* same :
       {"127.0.0.1:1", "[::1]:1", "dns:///[::1]:1", "localhost", "localhost:http", "dns:443",
        "dns:///localhost", "unix:127.0.0.1", "xds:///127.0.0.1"}) {
    EXPECT_EQ(ForGrpc(same), same);
  }
}

}  // namespace
}  // namespace pygrpc::rpc
