// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/json_well_known.h"

#include <cstddef>

namespace pygrpc::transcode {
namespace {

constexpr int64_t kMaxDurationSeconds = 315576000000;
constexpr int64_t kFirstSecond = -62135596800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253402300799;   // 9999-12-31T23:59:59Z

bool IsDigit(char character) { return character >= '0' && character <= '9'; }

// Takes characters off the front of a text.
class TextReader {
 public:
  explicit TextReader(std::string_view text) : text_(text) {}

  std::string_view rest() const { return text_; }
  bool empty() const { return text_.empty(); }
  char Peek() const { return text_.empty() ? '\0' : text_.front(); }
  bool Take(char expected) {
    if (text_.empty() || text_.front() != expected) return false;
    text_.remove_prefix(1);
    return true;
  }
  // As many digits as there are, at least one, at most `limit`. Returns how many, or 0.
  size_t Digits(size_t limit, int64_t* value) {
    size_t count = 0;
    *value = 0;
    while (count < text_.size() && IsDigit(text_[count])) {
      if (count == limit) return 0;
      *value = *value * 10 + (text_[count++] - '0');
    }
    text_.remove_prefix(count);
    return count;
  }
  // What may follow a dot: one to nine digits. No dot is fine.
  bool Fraction(int32_t* nanos) {
    *nanos = 0;
    if (!Take('.')) return true;
    int64_t value;
    size_t count = Digits(9, &value);
    if (count == 0) return false;
    for (; count < 9; ++count) value *= 10;
    *nanos = static_cast<int32_t>(value);
    return true;
  }

 private:
  std::string_view text_;
};

// The digits of times stand at fixed places. Collects whether all of them were digits.
class FixedDigits {
 public:
  explicit FixedDigits(const char* text) : text_(text) {}
  int Two(size_t at) { return Digit(at) * 10 + Digit(at + 1); }
  bool all_digits() const { return all_digits_; }

 private:
  int Digit(size_t at) {
    const unsigned digit = static_cast<unsigned char>(text_[at]) - unsigned{'0'};
    all_digits_ &= digit < 10;
    return static_cast<int>(digit);
  }

  const char* text_;
  bool all_digits_ = true;
};

bool IsLeapYear(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysInMonth(int year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[month - 1];
}

// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
int64_t DaysFromEpoch(int year, int month, int day) {
  static constexpr int kDaysBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  const int64_t past = year - 1;
  int64_t days = past * 365 + past / 4 - past / 100 + past / 400;
  days += kDaysBefore[month - 1] + (month > 2 && IsLeapYear(year) ? 1 : 0) + day - 1;
  constexpr int64_t kDaysBefore1970 = 719162;
  return days - kDaysBefore1970;
}

}  // namespace

const char* ParseTimestamp(std::string_view text, int64_t* seconds, int32_t* nanos) {
  static const char kExpected[] = "a time such as \"1972-01-01T10:00:20.021Z\"";
  constexpr size_t kDateAndTime = 19;  // "1972-01-01T10:00:20"
  if (text.size() <= kDateAndTime || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
      text[13] != ':' || text[16] != ':') {
    return kExpected;
  }
  FixedDigits digits(text.data());
  const int year = digits.Two(0) * 100 + digits.Two(2);
  const int month = digits.Two(5);
  const int day = digits.Two(8);
  const int hour = digits.Two(11);
  const int minute = digits.Two(14);
  const int second = digits.Two(17);
  TextReader reader(text.substr(kDateAndTime));
  if (!digits.all_digits() || !reader.Fraction(nanos)) return kExpected;
  int64_t offset = 0;
  if (!reader.Take('Z')) {
    std::string_view zone = reader.rest();  // "+01:00"
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return kExpected;
    FixedDigits zone_digits(zone.data());
    const int hours = zone_digits.Two(1);
    const int minutes = zone_digits.Two(4);
    if (!zone_digits.all_digits() || hours > 23 || minutes > 59) return kExpected;
    offset = (hours * 60 + minutes) * 60;
    if (zone[0] == '-') offset = -offset;
  } else if (!reader.empty()) {
    return kExpected;
  }
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month) ||
      hour > 23 || minute > 59 || second > 59) {
    return "a time that exists, in the years 0001 to 9999";
  }
  *seconds = DaysFromEpoch(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
  if (*seconds < kFirstSecond || *seconds > kLastSecond) return "a time in the years 0001 to 9999";
  return nullptr;
}

const char* ParseDuration(std::string_view text, int64_t* seconds, int32_t* nanos) {
  TextReader reader(text);
  const bool negative = reader.Take('-');
  if (!IsDigit(reader.Peek()) || reader.Digits(18, seconds) == 0 || !reader.Fraction(nanos) ||
      !reader.Take('s') || !reader.empty()) {
    return "a duration in seconds such as \"-1.5s\"";
  }
  if (*seconds > kMaxDurationSeconds) return "a duration of at most 315576000000 seconds";
  if (negative) {
    *seconds = -*seconds;
    *nanos = -*nanos;
  }
  return nullptr;
}

const char* ParseFieldMaskPath(std::string_view text, std::string* path) {
  static const char kExpected[] =
      "field names in lowerCamelCase, joined by dots and separated by commas";
  if (text.empty()) return kExpected;
  for (char character : text) {
    if (character >= 'A' && character <= 'Z') {
      path->push_back('_');
      path->push_back(static_cast<char>(character | 0x20));
    } else if (character == '_') {
      return kExpected;
    } else {
      path->push_back(character);  // "*" is a path too, and some have map keys within
    }
  }
  return nullptr;
}

}  // namespace pygrpc::transcode
