// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "base/buffer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <utility>

namespace pygrpc {
namespace {

TEST(Buffer, GrowsAndKeepsWhatItHolds) {
  Buffer buffer;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    std::string part = std::to_string(i);
    buffer.Append(part);
    buffer.Append(',');
    expected += part + ',';
  }
  EXPECT_EQ(buffer.view(), expected);
  EXPECT_LE(buffer.capacity(), expected.size() * 3 / 2 + 64);
}

TEST(Buffer, RoomIsWrittenInPlace) {
  Buffer buffer;
  char* at = buffer.Reserve(5);
  std::memcpy(at, "hello", 5);
  buffer.SetEnd(at + 5);
  EXPECT_EQ(buffer.view(), "hello");
  buffer.SetSize(4);
  EXPECT_EQ(buffer.view(), "hell");
  buffer.Append("");
  EXPECT_EQ(buffer.view(), "hell");
}

TEST(Buffer, GivesItsMemoryAway) {
  Buffer buffer;
  buffer.Append("text");
  buffer.Append('\0');
  char* memory = buffer.Release();
  EXPECT_STREQ(memory, "text");
  std::free(memory);
  EXPECT_EQ(buffer.size(), 0u);
  EXPECT_EQ(buffer.Release(), nullptr);
}

TEST(Buffer, Moves) {
  Buffer from;
  from.Append("one");
  Buffer to(std::move(from));
  EXPECT_EQ(to.view(), "one");
  Buffer other;
  other.Append("two");
  to = std::move(other);
  EXPECT_EQ(to.view(), "two");
}

TEST(Buffer, WithoutMemoryIsAsBefore) {
  Buffer buffer;
  buffer.Append("kept");
  EXPECT_THROW(buffer.Reserve(SIZE_MAX), std::bad_alloc);
  EXPECT_THROW(buffer.Reserve(SIZE_MAX / 4), std::bad_alloc);
  EXPECT_EQ(buffer.view(), "kept");
}

}  // namespace
}  // namespace pygrpc
