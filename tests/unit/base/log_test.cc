// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "base/error.h"

namespace pygrpc {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// What a log writes, taken from a pipe.
class LogTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(pipe(ends_), 0); }
  void TearDown() override { close(ends_[0]); }

  // The lines of a log of that level, which is closed after `write` has used it.
  template <typename Write>
  std::string Lines(LogLevel level, const Write& write) {
    {
      Log log(level, ends_[1]);
      write(&log);
    }
    std::string text;
    char bytes[256];
    ssize_t count;
    while ((count = read(ends_[0], bytes, sizeof(bytes))) > 0) {
      text.append(bytes, static_cast<size_t>(count));
    }
    return text;
  }

  int ends_[2];
};

TEST_F(LogTest, ALineHasTimeLevelEventAndFields) {
  std::string text = Lines(LogLevel::kInfo, [](Log* log) {
    LogLine(log, LogLevel::kInfo, "call")
        .Add("method", "/a.B/C")
        .Add("peer", "")
        .Add("count", uint64_t{7})
        .AddDuration("duration_ms", 1234567);
  });
  EXPECT_THAT(text, MatchesRegex("time=20..-..-..T..:..:..[.]......Z level=info event=call "
                                 "method=/a.B/C count=7 duration_ms=1.235\n"));
}

TEST_F(LogTest, ValuesStayOnTheirLineAndInTheirField) {
  std::string text = Lines(LogLevel::kDebug, [](Log* log) {
    LogLine(log, LogLevel::kDebug, "load")
        .Add("a", "two words")
        .Add("b", "x=y")
        .Add("c", "line\nbreak")
        .Add("d", "say \"hi\"");
  });
  EXPECT_THAT(text, HasSubstr(" a=\"two words\" b=\"x=y\" c=\"line\\x0abreak\" d=\""));
  EXPECT_EQ(text.find('\n'), text.size() - 1);
}

TEST_F(LogTest, LevelsAboveTheLogsAreNotWritten) {
  std::string text = Lines(LogLevel::kError, [](Log* log) {
    LogLine info(log, LogLevel::kInfo, "unwanted");
    EXPECT_FALSE(info.wanted());
    LogLine(log, LogLevel::kError, "wanted");
  });
  EXPECT_THAT(text, MatchesRegex("time=[^ ]* level=error event=wanted\n"));
}

TEST(Log, NoLogNoLine) {
  LogLine line(nullptr, LogLevel::kError, "call");
  EXPECT_FALSE(line.wanted());
  line.Add("key", "value").Add("number", uint64_t{1}).AddDuration("time", 1);
}

TEST(Log, SettingsAreALevelAndAFile) {
  LogSettings settings = ParseLogSettings("debug", "it");
  EXPECT_EQ(settings.level, LogLevel::kDebug);
  EXPECT_EQ(settings.file, "");
  settings = ParseLogSettings("error:/a:b", "it");
  EXPECT_EQ(settings.level, LogLevel::kError);
  EXPECT_EQ(settings.file, "/a:b");
  EXPECT_EQ(Log::Open(ParseLogSettings("off:/no/such/place", "it"), "it"), nullptr);
}

TEST(Log, BadSettingsAreNamed) {
  for (const char* text : {"", "INFO", "verbose", "/path", ":info"}) {
    try {
      ParseLogSettings(text, "the option");
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code, Code::kOption);
      EXPECT_THAT(error.message, HasSubstr("the option takes \"off\""));
    }
  }
  try {
    Log::Open({LogLevel::kInfo, "/no/such/place/log"}, "the option");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::kOption);
    EXPECT_THAT(error.message, HasSubstr("the option: cannot write to the file"));
    EXPECT_THAT(error.message, HasSubstr("/no/such/place/log"));
  }
}

}  // namespace
}  // namespace pygrpc
