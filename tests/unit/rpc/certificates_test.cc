// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/error.h"
#include "rpc/authorization.h"
#include "temp_dir.h"

namespace pygrpc::rpc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class Directory : public ::testing::Test {
 protected:
  void SetUp() override { ForgetVariables(); }
  void TearDown() override { ForgetVariables(); }
  static void ForgetVariables() {
    unsetenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH");
    unsetenv("SSL_CERT_FILE");
  }
  std::string Put(const std::string& place, const std::string& text) {
    return directory_.Write(place.substr(1), text);
  }
  TempDir directory_;
  const std::string& root_ = directory_.path();
};

TEST_F(Directory, RootsAreFoundWhereDistributionsKeepThem) {
  for (const char* place :
       {"/etc/ssl/certs/ca-certificates.crt",                 // Debian, and Alpine's package
        "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, what that links to
        "/etc/ssl/ca-bundle.pem",                             // SUSE
        "/etc/ssl/cert.pem"}) {                               // Alpine itself
    std::string path = Put(place, place);
    EXPECT_EQ(SystemRoots(root_), place);
    std::filesystem::remove(path);
  }
}

TEST_F(Directory, AnEmptyFileHoldsNoRoots) {
  Put("/etc/ssl/certs/ca-certificates.crt", "");
  Put("/etc/ssl/cert.pem", "alpine");
  EXPECT_EQ(SystemRoots(root_), "alpine");
}

TEST_F(Directory, VariablesNameRootsFirst) {
  Put("/etc/ssl/cert.pem", "alpine");
  setenv("SSL_CERT_FILE", Put("/second", "second").c_str(), 1);
  EXPECT_EQ(SystemRoots(root_), "second");
  setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", Put("/first", "first").c_str(), 1);
  EXPECT_EQ(SystemRoots(root_), "first");
  setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "/no/such/file", 1);
  try {
    SystemRoots(root_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.message, HasSubstr("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"));
    EXPECT_THAT(error.message, HasSubstr("/no/such/file"));
  }
}

TEST_F(Directory, WhereThereAreNoRootsTheErrorSaysWhereItLooked) {
  try {
    SystemRoots(root_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::kOption);
    EXPECT_THAT(error.message, HasSubstr("tls.ca"));
    EXPECT_THAT(error.message, HasSubstr(root_ + "/etc/pki/tls/certs/ca-bundle.crt"));
    EXPECT_THAT(error.searched, SizeIs(5));
  }
}

std::string FaultOfKey(const std::string& pem, const std::optional<std::string>& password) {
  try {
    PlainPrivateKey(pem, password);
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::kOption);
    return error.message;
  }
  return "no fault";
}

TEST(PrivateKey, WhatIsNoneIsRefusedWithoutShowingIt) {
  constexpr char kText[] = "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n";
  EXPECT_THAT(FaultOfKey(kText, std::nullopt), HasSubstr("no private key that can be read"));
  EXPECT_THAT(FaultOfKey(kText, "SECRET"), Not(HasSubstr("SECRET")));
  EXPECT_THAT(FaultOfKey("", std::nullopt), HasSubstr("\"tls.key\""));
}

TEST(TrustStore, TakesPemOnly) {
  EXPECT_THROW(TrustStore::Of("", "option \"tls.ca\""), Error);
  EXPECT_THROW(TrustStore::Of("nothing", "option \"tls.ca\""), Error);
}

TEST(Authorization, IsOneHeader) {
  EXPECT_EQ(Authorization::Token("abc")->Header(), "Bearer abc");
  EXPECT_EQ(Authorization::Basic("Aladdin", "open sesame")->Header(),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_THROW(Authorization::Token(""), Error);
  EXPECT_THROW(Authorization::Token("a\nb"), Error);
  EXPECT_THROW(Authorization::Token("\xC3\xA4"), Error);
  EXPECT_THROW(Authorization::Basic("a:b", ""), Error);
}

TEST_F(Directory, ATokenFileIsReadAgainOnlyWhenItHasChanged) {
  std::string path = Put("/token", " \n");
  EXPECT_THROW(Authorization::TokenFile(path), Error);  // empty, and none before
  Put("/token", "one\r\n");
  auto authorization = Authorization::TokenFile(path);
  EXPECT_EQ(authorization->Header(), "Bearer one");
  Put("/token", "three");
  EXPECT_EQ(authorization->Header(), "Bearer one");
  authorization->Refresh();
  EXPECT_EQ(authorization->Header(), "Bearer three");
  Put("/token", "fo ur");
  EXPECT_THROW(authorization->Refresh(), Error);
  EXPECT_EQ(authorization->Header(), "Bearer three");
}

}  // namespace
}  // namespace pygrpc::rpc
