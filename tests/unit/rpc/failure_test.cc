// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace pygrpc::rpc {
namespace {

using ::testing::HasSubstr;

constexpr char kTls[] = R"({"transport": "tls"})";

Failure Of(grpc_status_code code, const std::string& message, const char* options = nullptr,
           bool reached = false, uint64_t bytes_sent = 0) {
  Channel channel("server:1", ParseClientOptions(options));
  Status status;
  status.code = code;
  status.message = message;
  status.reached = reached;
  status.bytes_sent = bytes_sent;
  return Diagnose(status, channel);
}

Failure Connecting(const std::string& last, const char* options) {
  return Of(GRPC_STATUS_UNAVAILABLE,
            "failed to connect to all addresses; last error: UNKNOWN: ipv4:10.0.0.1:1: " + last,
            options);
}

TEST(Failure, AnswersThatAreNone) {
  EXPECT_STREQ(Of(GRPC_STATUS_UNKNOWN, "Stream removed").reason, "protocol_error");
  EXPECT_STREQ(Of(GRPC_STATUS_INTERNAL, "frame of size 9 overflows local window of 5").reason,
               "protocol_error");
  EXPECT_STREQ(Of(GRPC_STATUS_UNKNOWN, "No status received").reason, "no_status");
  EXPECT_STREQ(Of(GRPC_STATUS_INTERNAL, kNoMessage).reason, "no_message");
  EXPECT_STREQ(Of(GRPC_STATUS_UNKNOWN, "a Stream removed by its owner").reason, "");
  EXPECT_STREQ(Of(GRPC_STATUS_INTERNAL, "no answer").reason, "");
}

TEST(Failure, AResponseWithoutAnEnd) {
  Channel channel("server:1", ParseClientOptions(nullptr));
  Status status;
  status.code = GRPC_STATUS_DEADLINE_EXCEEDED;
  status.reached = true;
  EXPECT_STREQ(Diagnose(status, channel).reason, "deadline");
  EXPECT_THAT(Diagnose(status, channel).hint, HasSubstr("the option \"timeout\" was over"));
  status.has_response = true;
  EXPECT_STREQ(Diagnose(status, channel).reason, "deadline_after_response");
  EXPECT_FALSE(Diagnose(status, channel).retriable);
}

TEST(Failure, ATimeoutOfTheServiceConfigIsNotTheOptionTimeout) {
  Channel channel("server:1", ParseClientOptions(nullptr));
  Status status;
  status.code = GRPC_STATUS_DEADLINE_EXCEEDED;
  status.timeout_of_config = true;
  EXPECT_STREQ(Diagnose(status, channel).reason, "deadline_connecting");
  EXPECT_THAT(Diagnose(status, channel).hint,
              HasSubstr("timeout in the option \"service_config\""));
  status.reached = true;
  EXPECT_THAT(Diagnose(status, channel).hint,
              HasSubstr("timeout in the option \"service_config\""));
  status.has_response = true;
  EXPECT_THAT(Diagnose(status, channel).hint,
              HasSubstr("timeout in the option \"service_config\""));
}

TEST(Failure, ASilentOrLostConnectionIsNotTheServersWord) {
  EXPECT_STREQ(Of(GRPC_STATUS_UNAVAILABLE, "the shop is closed").reason, "");
  EXPECT_TRUE(Of(GRPC_STATUS_UNAVAILABLE, "the shop is closed").retriable);
  EXPECT_STREQ(Of(GRPC_STATUS_NOT_FOUND, "Socket closed").reason, "");
  EXPECT_FALSE(Of(GRPC_STATUS_NOT_FOUND, "Socket closed").retriable);
}

TEST(Failure, OfConnecting) {
  EXPECT_STREQ(Connecting("Failed to connect to remote host: Connection refused", nullptr).reason,
               "connection_refused");
  EXPECT_STREQ(Connecting("Failed to connect to remote host: No route to host", nullptr).reason,
               "connection_failed");
  EXPECT_STREQ(Connecting("Failed to connect to remote host: Timeout occurred", nullptr).reason,
               "connect_timeout");
  EXPECT_STREQ(Of(GRPC_STATUS_UNAVAILABLE, "DNS resolution failed for x: why").reason,
               "name_resolution");
  EXPECT_STREQ(Of(GRPC_STATUS_UNAVAILABLE,
                  "connections to all backends failing; last error: UNKNOWN: ipv4:10.0.0.1:1: "
                  "Failed to connect to remote host: Connection refused")
                   .reason,
               "connection_refused");
}

TEST(Failure, OfTheWrongTransport) {
  for (const char* text : {"Tls handshake failed: SSL_ERROR_SSL: wrong version number",
                           "Ssl handshake failed: SSL_ERROR_SSL: WRONG_VERSION_NUMBER"}) {
    Failure failure = Connecting(text, kTls);
    EXPECT_STREQ(failure.reason, "plaintext_expected");
    EXPECT_THAT(failure.hint, HasSubstr("\"transport\": \"plaintext\""));
    EXPECT_FALSE(failure.retriable);
  }
  Failure failure = Connecting("Socket closed", nullptr);
  EXPECT_STREQ(failure.reason, "tls_expected");
  EXPECT_THAT(failure.hint, HasSubstr("\"transport\": \"tls\""));
  EXPECT_STREQ(Connecting("Socket closed", kTls).reason, "connection_reset");
}

TEST(Failure, OfTheHandshake) {
  auto reason = [](const std::string& text) {
    return std::string(Connecting("Tls handshake failed: SSL_ERROR_SSL: " + text, kTls).reason);
  };
  EXPECT_EQ(reason("tlsv1 alert protocol version"), "tls_version");
  EXPECT_EQ(reason("tlsv13 alert certificate required"), "client_certificate_required");
  EXPECT_EQ(reason("sslv3 alert handshake failure"), "client_certificate_required");
  EXPECT_EQ(reason("internal error"), "tls_handshake");
  EXPECT_EQ(reason("tlsv1 alert no application protocol"), "http2_expected");
  EXPECT_STREQ(Connecting("Cannot check peer: missing selected ALPN property.", kTls).reason,
               "http2_expected");
}

TEST(Failure, OfTheCertificate) {
  for (const char* reason :
       {"certificate_expired", "certificate_not_yet_valid", "certificate_wrong_host",
        "certificate_unknown_authority", "certificate_invalid"}) {
    Failure failure =
        Connecting(std::string("Custom verification check failed with error: UNAUTHENTICATED: ") +
                       reason + ": the certificate is bad",
                   kTls);
    EXPECT_STREQ(failure.reason, reason);
    EXPECT_FALSE(failure.retriable);
  }
}

TEST(Failure, OfCallsInProgress) {
  EXPECT_STREQ(Of(GRPC_STATUS_UNAVAILABLE, "Socket closed").reason, "connection_reset");
  EXPECT_STREQ(Of(GRPC_STATUS_UNAVAILABLE, "recvmsg:Connection reset by peer").reason,
               "connection_reset");
  EXPECT_STREQ(Of(GRPC_STATUS_UNAVAILABLE, "GOAWAY received").reason, "goaway");
  EXPECT_STREQ(Of(GRPC_STATUS_UNAVAILABLE, "keepalive watchdog timeout").reason,
               "keepalive_timeout");
  EXPECT_STREQ(Of(GRPC_STATUS_CANCELLED, "CANCELLED").reason, "cancelled");
  Failure failure = Of(GRPC_STATUS_UNAVAILABLE, "Received RST_STREAM with error code 7");
  EXPECT_STREQ(failure.reason, "stream_reset");
  EXPECT_TRUE(failure.retriable);
  EXPECT_FALSE(Of(GRPC_STATUS_CANCELLED, "Received RST_STREAM with error code 8").retriable);
  failure = Of(GRPC_STATUS_UNAVAILABLE, "Received http2 header with status: 503");
  EXPECT_STREQ(failure.reason, "not_grpc");
  EXPECT_TRUE(failure.retriable);
}

TEST(Failure, OfDeadlines) {
  Failure failure = Of(GRPC_STATUS_DEADLINE_EXCEEDED, "Deadline Exceeded");
  EXPECT_STREQ(failure.reason, "deadline_connecting");
  EXPECT_TRUE(failure.retriable);
  failure = Of(GRPC_STATUS_DEADLINE_EXCEEDED, "Deadline Exceeded", nullptr, /*reached=*/true);
  EXPECT_STREQ(failure.reason, "deadline");
  EXPECT_FALSE(failure.retriable);
}

TEST(Failure, OfLimits) {
  constexpr char kFour[] = R"({"max_receive_size": 4})";
  auto of = [](const std::string& text, const char* options, uint64_t sent) {
    return std::string(
        Of(GRPC_STATUS_RESOURCE_EXHAUSTED, text, options, /*reached=*/true, sent).reason);
  };
  EXPECT_EQ(of("Received message larger than max (5 vs. 4)", kFour, 2), "receive_limit");
  EXPECT_EQ(of("Received message larger than max (5 vs. 3)", kFour, 5), "server_receive_limit");
  EXPECT_EQ(of("Received message larger than max (5 vs. 4)", kFour, 5), "server_receive_limit");
  EXPECT_EQ(of("grpc: received message larger than max (5 vs. 3)", kFour, 5),
            "server_receive_limit");
  EXPECT_EQ(of("gRPC message exceeds maximum size 3: 5", kFour, 5), "server_receive_limit");
  EXPECT_EQ(of("Sent message larger than max (5 vs. 4)", kFour, 0), "send_limit");
  EXPECT_EQ(of("quota", kFour, 0), "");
  EXPECT_EQ(of("larger than max", R"({"max_receive_size": "none"})", 0), "server_receive_limit");
}

TEST(Failure, OfTheServiceConfigsLimits) {
  Channel channel("server:1", ParseClientOptions(R"({"max_receive_size": 9, "max_send_size": 9})"));
  Status status;
  status.code = GRPC_STATUS_RESOURCE_EXHAUSTED;
  status.config.max_request_size = 3;
  status.config.max_response_size = 4;
  status.message = "Received message larger than max (5 vs. 4)";
  EXPECT_STREQ(Diagnose(status, channel).reason, "receive_limit");
  EXPECT_THAT(
      Diagnose(status, channel).hint,
      HasSubstr("\"maxResponseMessageBytes\" in the option \"service_config\", now 4 bytes"));
  status.bytes_sent = 5;
  EXPECT_STREQ(Diagnose(status, channel).reason, "server_receive_limit");
  status.message = "Sent message larger than max (5 vs. 3)";
  EXPECT_STREQ(Diagnose(status, channel).reason, "send_limit");
  EXPECT_THAT(
      Diagnose(status, channel).hint,
      HasSubstr("\"maxRequestMessageBytes\" in the option \"service_config\", now 3 bytes"));
  status.message = "Sent message larger than max (10 vs. 9)";
  EXPECT_THAT(Diagnose(status, channel).hint, HasSubstr("\"max_send_size\""));
}

std::string Content(const std::string& file) {
  std::ifstream stream(std::string(PYGRPC_SOURCE_DIR) + "/" + file);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::set<std::string> Words(const std::string& text, const std::string& pattern) {
  std::regex regex(pattern);
  std::set<std::string> words;
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it) {
    words.insert((*it)[1]);
  }
  return words;
}

TEST(Failure, EveryReasonIsDocumented) {
  std::set<std::string> used = Words(Content("src/rpc/failure.cc"),
                                     "\\{\"([a-z0-9]+_[a-z0-9_]+|deadline|cancelled|goaway)\",");
  EXPECT_THAT(used, ::testing::Contains("certificate_wrong_host"));
  EXPECT_EQ(used, Words(Content("docs/errors.md"), "\n\\| `([a-z][a-z0-9_]+)` \\|"));
}

}  // namespace
}  // namespace pygrpc::rpc
