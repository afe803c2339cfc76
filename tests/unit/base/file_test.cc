// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "base/file.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace pygrpc {
namespace {

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "file_test.XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  ~FileTest() override { std::filesystem::remove_all(directory_); }

  std::string Write(const std::string& content) const {
    std::string path = directory_ + "/file";
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  std::optional<std::string> Read(const std::string& path, size_t limit) {
    return ReadFile(path, limit, &reason_);
  }

  std::string directory_;
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
  EXPECT_FALSE(Read(directory_ + "/none", 1).has_value());
  EXPECT_EQ(reason_, "No such file or directory");
  EXPECT_FALSE(Read(directory_, 1).has_value());
  EXPECT_EQ(reason_, "it is a directory");
  EXPECT_FALSE(Read("/dev/zero", 1).has_value());
  EXPECT_EQ(reason_, "it is no regular file");
  EXPECT_FALSE(Read(Write("") + "/below", 1).has_value());
  EXPECT_EQ(reason_, "Not a directory");
}

}  // namespace
}  // namespace pygrpc
