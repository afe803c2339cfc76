// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace pygrpc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr size_t kValid = std::string_view::npos;

TEST(FindInvalidUtf8, AcceptsEveryLength) {
  EXPECT_EQ(FindInvalidUtf8(""), kValid);
  EXPECT_EQ(FindInvalidUtf8("plain ASCII of more than eight bytes"), kValid);
  EXPECT_EQ(FindInvalidUtf8("\xC2\x80 \xDF\xBF"), kValid);
  EXPECT_EQ(FindInvalidUtf8("\xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 \xEF\xBF\xBF"), kValid);
  EXPECT_EQ(FindInvalidUtf8("\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"), kValid);
  EXPECT_EQ(FindInvalidUtf8(std::string_view("a\0b", 3)), kValid);
}

TEST(FindInvalidUtf8, NamesTheFirstBadByte) {
  EXPECT_EQ(FindInvalidUtf8("abc\xFF"), 3u);
  EXPECT_EQ(FindInvalidUtf8("12345678\x80"), 8u);      // a continuation without a start
  EXPECT_EQ(FindInvalidUtf8("\xC0\xAF"), 0u);          // overlong
  EXPECT_EQ(FindInvalidUtf8("\xE0\x9F\xBF"), 0u);      // overlong
  EXPECT_EQ(FindInvalidUtf8("x\xED\xA0\x80"), 1u);     // a surrogate
  EXPECT_EQ(FindInvalidUtf8("\xF0\x8F\xBF\xBF"), 0u);  // overlong
  EXPECT_EQ(FindInvalidUtf8("\xF4\x90\x80\x80"), 0u);  // above U+10FFFF
  EXPECT_EQ(FindInvalidUtf8("\xF5\x80\x80\x80"), 0u);
  EXPECT_EQ(FindInvalidUtf8("ab\xE2\x82"), 2u);  // cut
}

TEST(Quote, EscapesWhatWouldBreakALine) {
  EXPECT_EQ(Quote("name"), "\"name\"");
  EXPECT_EQ(Quote("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(Quote("a\nb\x7F"), R"("a\x0ab\x7f")");
  EXPECT_EQ(Quote("\xFF"), R"("\xff")");
  EXPECT_EQ(Quote("gr\xC3\xBC\xC3\x9F"), "\"gr\xC3\xBC\xC3\x9F\"");
}

TEST(Quote, CutsBetweenCharacters) {
  EXPECT_EQ(Quote("0123456789", 4), "\"0123...\"");
  EXPECT_EQ(Quote("0123", 4), "\"0123\"");
  EXPECT_EQ(Quote("012\xC3\xBC!", 4), "\"012\xC3\xBC...\"");
}

TEST(OneLine, EscapesWhatWouldBreakALine) {
  EXPECT_EQ(OneLine("a \"quoted\" gr\xC3\xBC\xC3\x9F"), "a \"quoted\" gr\xC3\xBC\xC3\x9F");
  EXPECT_EQ(OneLine("a\v\n\xFF"), R"(a\x0b\x0a\xff)");
}

TEST(OneLine, CutsBetweenCharacters) {
  EXPECT_EQ(OneLine("0123456789", 4), "0123...");
  EXPECT_EQ(OneLine("0123", 4), "0123");
  EXPECT_EQ(OneLine("012\xC3\xBC!", 4), "012\xC3\xBC...");
}

TEST(NearNames, FindsSlipsOfTheKeyboard) {
  const std::vector<std::string> known = {"latitude", "longitude", "name", "NAME2"};
  EXPECT_THAT(NearNames("latitud", known), ElementsAre("latitude"));
  EXPECT_THAT(NearNames("nmae", known), ElementsAre("name"));            // two letters swapped
  EXPECT_THAT(NearNames("name2", known), ElementsAre("NAME2", "name"));  // nearest first
  EXPECT_THAT(NearNames("colour", known), IsEmpty());
  EXPECT_THAT(NearNames("", known), IsEmpty());
}

TEST(NearNames, IsBounded) {
  const std::vector<std::string> known(10, "name");
  EXPECT_THAT(NearNames("nam", known), ElementsAre("name"));  // each name once
  EXPECT_THAT(NearNames("aa", {"ab", "ac", "ad", "ae"}, 2), ElementsAre("ab", "ac"));
  EXPECT_THAT(NearNames(std::string(100000, 'x'), {std::string(100000, 'x')}), IsEmpty());
}

TEST(JoinAlternatives, ReadsAsASentence) {
  EXPECT_EQ(JoinAlternatives({}), "");
  EXPECT_EQ(JoinAlternatives({"a"}), "\"a\"");
  EXPECT_EQ(JoinAlternatives({"a", "b"}), "\"a\" or \"b\"");
  EXPECT_EQ(JoinAlternatives({"a", "b", "c"}), "\"a\", \"b\" or \"c\"");
}

// The examples of RFC 4648, section 10.
TEST(Base64, FollowsTheRfc) {
  const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : examples) {
    EXPECT_EQ(Base64Encode(bytes), text);
    std::string decoded = "before";
    ASSERT_TRUE(Base64Decode(text, &decoded)) << text;
    EXPECT_EQ(decoded, bytes);
  }
}

TEST(Base64, RoundTripsEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  std::string decoded;
  ASSERT_TRUE(Base64Decode(Base64Encode(bytes), &decoded));
  EXPECT_EQ(decoded, bytes);
}

TEST(Base64, TakesBothAlphabetsWithAndWithoutPadding) {
  std::string decoded;
  for (const char* text : {"+/+/", "-_-_"}) {
    ASSERT_TRUE(Base64Decode(text, &decoded)) << text;
    EXPECT_EQ(decoded, "\xFB\xFF\xBF");
  }
  ASSERT_TRUE(Base64Decode("Zg", &decoded));
  EXPECT_EQ(decoded, "f");
  for (const char* text : {"Z", "Zg=", "Zm9v=", "Z g=", "Zm9v\n", "=", "Zg===", "\xC3\xBC"}) {
    EXPECT_FALSE(Base64Decode(text, &decoded)) << text;
  }
}

}  // namespace
}  // namespace pygrpc
