// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/read_pace.h"

#include <gtest/gtest.h>

namespace pygrpc::rpc {
namespace {

using std::chrono::microseconds;

// A reader whose clock moves only by what it does.
class Reader {
 public:
  // Messages that are there, then a read that misses and gets its message after a while.
  void Read(int messages, microseconds wait) {
    for (int i = 0; i < messages; ++i) pace_.Got(now_, now_);
    const ReadPace::Clock::time_point begun = now_;
    now_ += wait;
    pace_.Got(begun, now_);
  }
  // How many times that is done until a pause is due; at most `limit`.
  int ReadsUntilPause(int messages, microseconds wait, int limit) {
    for (int reads = 1; reads <= limit; ++reads) {
      Read(messages, wait);
      if (Pauses()) return reads;
    }
    return -1;
  }
  bool Pauses() { return pace_.TakePause().count() > 0; }

 private:
  ReadPace pace_;
  ReadPace::Clock::time_point now_{std::chrono::hours(1)};
};

constexpr microseconds kSoon(10);

TEST(ReadPace, WhoMissesOftenAndSoonPauses) {
  Reader reader;
  // The first of all comes after none.
  EXPECT_EQ(reader.ReadsUntilPause(1, kSoon, 100), 17);
  EXPECT_FALSE(reader.Pauses());  // once for each miss
}

TEST(ReadPace, PausesGoOnWhileTheyBringMuch) {
  Reader reader;
  reader.ReadsUntilPause(1, kSoon, 100);
  for (int i = 0; i < 100; ++i) {
    reader.Read(50, microseconds(500));
    EXPECT_TRUE(reader.Pauses());
  }
}

TEST(ReadPace, PausesThatBringLittleEndForLong) {
  Reader reader;
  reader.ReadsUntilPause(1, kSoon, 100);
  EXPECT_EQ(reader.ReadsUntilPause(1, kSoon, 1000), 1 + 300 + 16);
}

TEST(ReadPace, ASlowServerIsWaitedFor) {
  Reader reader;
  EXPECT_EQ(reader.ReadsUntilPause(1, microseconds(1000), 1000), -1);
}

TEST(ReadPace, MessagesThatAreThereAreNoReason) {
  Reader reader;
  EXPECT_EQ(reader.ReadsUntilPause(1, microseconds(0), 1000), -1);
}

TEST(ReadPace, MissesOfOneReadAreOne) {
  ReadPace pace;
  const ReadPace::Clock::time_point now{std::chrono::hours(1)};
  for (int i = 0; i < 1000; ++i) pace.Missed(now);
  EXPECT_EQ(pace.TakePause().count(), 0);
}

}  // namespace
}  // namespace pygrpc::rpc
