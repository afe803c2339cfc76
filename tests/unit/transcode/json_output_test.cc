// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/json_output.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>

#include "base/text.h"

namespace pygrpc::transcode {
namespace {

template <typename Number>
std::string Written(char* (*write)(char*, Number), Number value) {
  char text[64];
  return std::string(text, write(text, value));
}

std::string Unsigned(uint64_t value) { return Written<uint64_t>(WriteUnsigned, value); }

std::string Signed(int64_t value) {
  char text[64];
  return std::string(text, WriteSigned(text, value));
}

TEST(WriteInteger, AgreesWithTheStandardLibraryAroundEveryPowerOfTen) {
  uint64_t power = 1;
  for (int digits = 0; digits < 20; ++digits, power *= 10) {
    for (uint64_t value = power - 1; value != power + 2; ++value) {
      EXPECT_EQ(Unsigned(value), std::to_string(value));
    }
    for (uint64_t factor = 2; factor < 10; ++factor) {
      EXPECT_EQ(Unsigned(power * factor), std::to_string(power * factor));
    }
  }
}

TEST(WriteInteger, AgreesWithTheStandardLibraryAtRandom) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100000; ++i) {
    uint64_t value = random() >> (random() % 64);
    ASSERT_EQ(Unsigned(value), std::to_string(value));
    ASSERT_EQ(Signed(static_cast<int64_t>(value)), std::to_string(static_cast<int64_t>(value)));
  }
}

TEST(WriteInteger, TakesTheExtremes) {
  EXPECT_EQ(Unsigned(UINT64_MAX), "18446744073709551615");
  EXPECT_EQ(Signed(INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(Signed(INT64_MAX), "9223372036854775807");
  EXPECT_EQ(Signed(0), "0");
}

double Read(const std::string& text, double) { return std::strtod(text.c_str(), nullptr); }
float Read(const std::string& text, float) { return std::strtof(text.c_str(), nullptr); }

// How many significant digits a decimal has.
size_t Digits(const std::string& text) {
  std::string digits;
  for (char c : text.substr(0, text.find('e'))) {
    if (c >= '0' && c <= '9' && (c != '0' || !digits.empty())) digits += c;
  }
  while (!digits.empty() && digits.back() == '0') digits.pop_back();
  return digits.size();
}

// The text reads back as the value and has no more digits than the shortest text has.
template <typename Number>
void ExpectShortest(char* (*write)(char*, Number), Number value) {
  const std::string text = Written(write, value);
  const Number back = Read(text, value);
  ASSERT_EQ(std::memcmp(&back, &value, sizeof(value)), 0) << text;
  char shortest[64];
  const std::string expected(shortest,
                             std::to_chars(shortest, shortest + sizeof shortest, value).ptr);
  ASSERT_LE(Digits(text), Digits(expected)) << text << " instead of " << expected;
}

TEST(WriteDouble, IsShortestAndExact) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 200000; ++i) {
    uint64_t bits = random();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    ExpectShortest(WriteDouble, value);
  }
}

TEST(WriteDouble, IsShortestAndExactForDecimals) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 200000; ++i) {
    // Up to 18 digits, some of which a double cannot hold, with the point anywhere among them.
    auto digits = static_cast<double>(random() % 1000000000000000000 >> random() % 60);
    double value = digits / std::pow(10, static_cast<double>(random() % 21));
    ExpectShortest(WriteDouble, value);
    ExpectShortest(WriteDouble, -value);
    ExpectShortest(WriteDouble, std::nextafter(value, 0));
    ExpectShortest(WriteDouble, std::nextafter(value, 1e300));
  }
}

TEST(WriteDouble, HasPlainForms) {
  auto text = [](double value) { return Written(WriteDouble, value); };
  EXPECT_EQ(text(0), "0");
  EXPECT_EQ(text(-0.0), "-0.0");
  EXPECT_EQ(text(1.5), "1.5");
  EXPECT_EQ(text(-0.25), "-0.25");
  EXPECT_EQ(text(0.1), "0.1");
  EXPECT_EQ(text(0.001), "0.001");
  EXPECT_EQ(text(19.99), "19.99");
  EXPECT_EQ(text(100), "100");
  EXPECT_EQ(text(9007199254740991), "9007199254740991");
  EXPECT_EQ(text(1e22), "1e+22");
  EXPECT_EQ(text(5e-324), "5e-324");
  EXPECT_EQ(text(1.7976931348623157e308), "1.7976931348623157e+308");
  EXPECT_EQ(text(0.30000000000000004), "0.30000000000000004");
  EXPECT_EQ(text(std::numeric_limits<double>::quiet_NaN()), "\"NaN\"");
  EXPECT_EQ(text(std::numeric_limits<double>::infinity()), "\"Infinity\"");
  EXPECT_EQ(text(-std::numeric_limits<double>::infinity()), "\"-Infinity\"");
}

TEST(WriteFloat, IsShortestAndExact) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 300000; ++i) {
    auto bits = static_cast<uint32_t>(random());
    float value;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    ExpectShortest(WriteFloat, value);
    auto digits = static_cast<float>(random() % 100000000 >> random() % 24);
    float decimal = digits / std::pow(10.0f, static_cast<float>(random() % 12));
    ExpectShortest(WriteFloat, decimal);
    ExpectShortest(WriteFloat, -std::nextafter(decimal, 0.0f));
  }
}

TEST(WriteFloat, HasPlainForms) {
  auto text = [](float value) { return Written(WriteFloat, value); };
  EXPECT_EQ(text(0.1f), "0.1");
  EXPECT_EQ(text(-0.0f), "-0.0");
  EXPECT_EQ(text(3.25f), "3.25");
  EXPECT_EQ(text(16777215), "16777215");
  EXPECT_EQ(text(3.4028235e38f), "3.4028235e+38");
  EXPECT_EQ(text(-std::numeric_limits<float>::infinity()), "\"-Infinity\"");
}

// Escapes byte by byte.
std::string Expected(const std::string& text) {
  std::string json = "\"";
  for (char c : text) {
    static const std::string kShort = "\"\\\b\f\n\r\t";
    static const std::string kLetters = "\"\\bfnrt";
    size_t at = c == '\0' ? std::string::npos : kShort.find(c);
    char escape[8];
    if (at != std::string::npos) {
      json += {'\\', kLetters[at]};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::snprintf(escape, sizeof escape, "\\u%04x", c);
      json += escape;
    } else {
      json += c;
    }
  }
  return json + "\"";
}

// Writes the text from memory that ends with it, and from memory that goes on.
std::string String(const std::string& text) {
  std::string results[2];
  for (size_t more : {0, 64}) {
    std::unique_ptr<uint8_t[]> memory(new uint8_t[text.size() + more]);
    std::memcpy(memory.get(), text.data(), text.size());
    std::memset(memory.get() + text.size(), '"', more);
    Buffer buffer;
    JsonOutput output(&buffer, 0);
    char* out = output.WriteString(output.Begin(), memory.get(), text.size(),
                                   memory.get() + text.size() + more);
    if (out == nullptr) {
      results[more != 0] = "not UTF-8";
      continue;
    }
    output.Finish(out);
    results[more != 0] = buffer.view();
  }
  EXPECT_EQ(results[0], results[1]);
  return results[0];
}

TEST(WriteString, EscapesEveryCharacterAtEveryPlace) {
  for (size_t size = 0; size < 70; ++size) {
    const std::string plain(size, 'x');
    ASSERT_EQ(String(plain), "\"" + plain + "\"");
    for (size_t at = 0; at < size; at += 1 + size / 20) {
      for (int c = 0; c < 128; ++c) {
        std::string text = plain;
        text[at] = static_cast<char>(c);
        ASSERT_EQ(String(text), Expected(text));
      }
    }
  }
}

TEST(WriteString, ManyEscapesGrowTheBuffer) {
  const std::string text(5000, '\x01');
  EXPECT_EQ(String(text), Expected(text));
}

TEST(WriteString, TakesUtf8AndNothingElse) {
  const std::string good[] = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF",
                              "\xF4\x8F\xBF\xBF"};
  const std::string bad[] = {"\x80",         "\xC3",         "\xE2\x82",         "\xC0\xAF",
                             "\xED\xA0\x80", "\xE0\x80\x80", "\xF5\x80\x80\x80", "\xF4\x90\x80\x80",
                             "\xFF"};
  for (size_t before = 0; before < 40; ++before) {
    for (size_t after = 0; after < 80; after += 7) {
      for (const std::string& middle : good) {
        std::string text = std::string(before, 'a') + middle + std::string(after, '\n');
        ASSERT_EQ(String(text), Expected(text));
      }
      for (const std::string& middle : bad) {
        ASSERT_EQ(String(std::string(before, '"') + middle + std::string(after, 'b')), "not UTF-8");
      }
    }
  }
}

TEST(WriteBase64, AgreesWithThePlainEncoderAtEveryLength) {
  std::mt19937 random(5);
  std::string bytes;
  for (int size = 0; size < 300; ++size) {
    Buffer buffer;
    JsonOutput output(&buffer, 0);
    output.Finish(output.WriteBase64(output.Begin(), reinterpret_cast<const uint8_t*>(bytes.data()),
                                     bytes.size()));
    ASSERT_EQ(buffer.view(), "\"" + Base64Encode(bytes) + "\"");
    bytes += static_cast<char>(random());
  }
}

}  // namespace
}  // namespace pygrpc::transcode
