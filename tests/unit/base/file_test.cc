// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "base/file.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "temp_dir.h"

namespace pygrpc {
namespace {

class FileTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& content) const { return directory_.Write("file", content); }

  std::optional<std::string> Read(const std::string& path, size_t limit) {
    return ReadFile(path, limit, &reason_);
  }

  TempDir directory_;
  std::string reason_;
};

TEST_F(FileTest, ContentOfAnySizeIsReadWhole) {
  for (size_t size : {0, 1, 16384, 16385, 49152, 1000000}) {
    std::string content(size, '\0');
    for (size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i % 251);
    EXPECT_EQ(Read(Write(content), 1 << 20), content) << size;
  }
}

TEST_F(FileTest, NoMoreThanTheLimitIsRead) {
  EXPECT_TRUE(Read(Write(std::string(1 << 20, 'x')), 1 << 20).has_value());
  EXPECT_FALSE(Read(Write(std::string((1 << 20) + 1, 'x')), 1 << 20).has_value());
  EXPECT_EQ(reason_, "it is larger than 1 MiB");
}

TEST_F(FileTest, TheReasonSaysWhyNothingIsRead) {
  EXPECT_FALSE(Read(directory_.path() + "/none", 1).has_value());
  EXPECT_EQ(reason_, "No such file or directory");
  EXPECT_FALSE(Read(directory_.path(), 1).has_value());
  EXPECT_EQ(reason_, "it is a directory");
  EXPECT_FALSE(Read("/dev/zero", 1).has_value());
  EXPECT_EQ(reason_, "it is no regular file");
  EXPECT_FALSE(Read(Write("") + "/below", 1).has_value());
  EXPECT_EQ(reason_, "Not a directory");
}

TEST(QuoteUnlessSecret, PathsAreShown) {
  for (const char* path : {"/no/such/file", "./none", "../none", "~/none"}) {
    EXPECT_EQ(QuoteUnlessSecret(path, "the key"), '"' + std::string(path) + '"');
  }
  TempDir directory;
  EXPECT_EQ(QuoteUnlessSecret(directory.path() + "/none", "the key"),
            '"' + directory.path() + "/none\"");
}

TEST(QuoteUnlessSecret, WhatMayBeTheSecretIsNot) {
  for (const char* secret : {"MC4CAQAwBQYDK2VwBCIEIN/q+8w5", "ey.JhbG.ciOi", "/a\nb", ""}) {
    EXPECT_EQ(QuoteUnlessSecret(secret, "the key"), "of a name of " +
                                                        std::to_string(std::string(secret).size()) +
                                                        " bytes (or is it the key?)");
  }
}

}  // namespace
}  // namespace pygrpc
