// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/text.h"

namespace pygrpc::rpc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Error ErrorOf(grpc_status_code code, const std::string& message, const char* options = nullptr,
              const Metadata& trailers = {}) {
  Method method;
  method.path = "/test.Service/Method";
  Channel channel("server:1", ParseClientOptions(options));
  Status status;
  status.code = code;
  status.message = message;
  status.trailers = trailers;
  return StatusError(status, method, channel);
}

// One field of the wire format.
std::string Field(int number, const std::string& bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) +
         std::string(1, static_cast<char>(bytes.size())) + bytes;
}

TEST(Status, NamesAreThoseOfGrpc) {
  EXPECT_STREQ(StatusName(0), "OK");
  EXPECT_STREQ(StatusName(5), "NOT_FOUND");
  EXPECT_STREQ(StatusName(16), "UNAUTHENTICATED");
  EXPECT_STREQ(StatusName(17), "UNKNOWN");
  EXPECT_STREQ(StatusName(-1), "UNKNOWN");
}

TEST(Status, MetadataKeepTheirOrderAndTheirBytes) {
  EXPECT_EQ(MetadataJson({}), "{}");
  EXPECT_EQ(MetadataJson({{"b", "1"}, {"a", "2"}, {"b", "3"}, {"c-bin", "\x01\xFF"}}),
            R"({"b":["1","3"],"a":["2"],"c-bin":["Af8="]})");
}

TEST(Status, TheMessageIsOneLine) {
  Error error = ErrorOf(GRPC_STATUS_NOT_FOUND, "no such\nthing \xFF");
  EXPECT_EQ(error.code, Code::kStatus);
  EXPECT_EQ(error.grpc_status, 5);
  EXPECT_EQ(error.message, R"(/test.Service/Method on server:1: NOT_FOUND: no such\x0athing \xff)");
  EXPECT_EQ(error.status_message, "no such\nthing \xFF");
  EXPECT_FALSE(error.retriable);
}

TEST(Status, OnlySomeMayBeRetried) {
  EXPECT_TRUE(ErrorOf(GRPC_STATUS_UNAVAILABLE, "").retriable);
  EXPECT_FALSE(ErrorOf(GRPC_STATUS_INTERNAL, "").retriable);
}

TEST(Status, HintsNameTheOption) {
  EXPECT_THAT(ErrorOf(GRPC_STATUS_RESOURCE_EXHAUSTED, "Received message larger than max (5 vs. 4)",
                      R"({"max_receive_size": 4})")
                  .message,
              HasSubstr("raise the option \"max_receive_size\", now 4 bytes"));
  EXPECT_THAT(ErrorOf(GRPC_STATUS_RESOURCE_EXHAUSTED, "quota").message, Not(HasSubstr("option")));
  Error error =
      ErrorOf(GRPC_STATUS_UNAVAILABLE,
              "failed to connect to all addresses; last error: UNAVAILABLE: Socket closed");
  EXPECT_THAT(error.message, HasSubstr("\"transport\": \"tls\""));
  EXPECT_EQ(error.reason, "tls_expected");
}

TEST(Status, DetailsAreDecoded) {
  std::string info = Field(1, "REASON") + Field(2, "example.com");  // google.rpc.ErrorInfo
  std::string known = Field(1, "type.googleapis.com/google.rpc.ErrorInfo") + Field(2, info);
  std::string unknown = Field(1, "type.googleapis.com/no.Such") + Field(2, "\x01\x02");
  std::string status = "\x08\x05" + Field(3, known) + Field(3, unknown);
  Error error = ErrorOf(GRPC_STATUS_NOT_FOUND, "", nullptr, {{"grpc-status-details-bin", status}});
  EXPECT_EQ(nlohmann::json::parse(error.details_json), nlohmann::json::parse(R"([
      {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "REASON",
       "domain": "example.com"},
      {"@type": "type.googleapis.com/no.Such", "value": "AQI="}])"));
  EXPECT_EQ(error.status_details, status);
}

TEST(Status, RetryInfoSaysThatItMayBeRetried) {
  std::string retry = Field(1, "type.googleapis.com/google.rpc.RetryInfo") + Field(2, "");
  std::string other = Field(1, "type.googleapis.com/google.rpc.ErrorInfo") +
                      Field(2, Field(1, "google.rpc.RetryInfo"));
  EXPECT_TRUE(ErrorOf(GRPC_STATUS_ABORTED, "", nullptr,
                      {{"grpc-status-details-bin", "\x08\x0A" + Field(3, retry)}})
                  .retriable);
  EXPECT_FALSE(ErrorOf(GRPC_STATUS_ABORTED, "", nullptr,
                       {{"grpc-status-details-bin", "\x08\x0A" + Field(3, other)}})
                   .retriable);
}

TEST(Status, DetailsThatAreNoneStayBytes) {
  Error error = ErrorOf(GRPC_STATUS_NOT_FOUND, "", nullptr, {{"grpc-status-details-bin", "\xFF"}});
  EXPECT_EQ(error.details_json, "");
  EXPECT_EQ(error.status_details, "\xFF");
}

TEST(Status, ACallOfAFreedClientIsClosed) {
  Method method;
  method.path = "/test.Service/Method";
  Channel channel("server:1", ParseClientOptions(nullptr));
  channel.Close();
  Status status;
  status.code = GRPC_STATUS_CANCELLED;
  EXPECT_EQ(StatusError(status, method, channel).code, Code::kClosed);
  status.code = GRPC_STATUS_NOT_FOUND;
  EXPECT_EQ(StatusError(status, method, channel).code, Code::kStatus);
}

}  // namespace
}  // namespace pygrpc::rpc
