// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/map_keys.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pygrpc::transcode {
namespace {

MapKey Text(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

TEST(MapKeys, FindsNumbersAgain) {
  MapKeys keys;
  for (uint64_t i = 0; i < 10000; ++i) {
    ASSERT_EQ(keys.Insert({nullptr, i << 32}), i);
    ASSERT_EQ(keys.Insert({nullptr, (i / 2) << 32}), i / 2);
  }
  EXPECT_EQ(keys.size(), 10000u);
}

TEST(MapKeys, FindsTextsAgain) {
  MapKeys keys;
  std::vector<std::string> texts;
  for (int i = 0; i < 3000; ++i) texts.push_back(std::string(i % 40, 'x') + std::to_string(i));
  for (size_t i = 0; i < texts.size(); ++i) {
    ASSERT_EQ(keys.Insert(Text(texts[i])), i);
    const std::string copy = texts[i / 3];
    ASSERT_EQ(keys.Insert(Text(copy)), i / 3);
  }
}

TEST(MapKeys, AKeyThatIsAbsentIsAnEmptyText) {
  MapKeys keys;
  EXPECT_EQ(keys.Insert(MapKey()), 0u);
  EXPECT_EQ(keys.Insert(Text("")), 0u);
  for (int i = 0; i < 20; ++i) keys.Insert(Text(std::to_string(i)));
  EXPECT_EQ(keys.Insert(MapKey()), 0u);
  EXPECT_EQ(keys.Insert(Text("")), 0u);
}

}  // namespace
}  // namespace pygrpc::transcode
