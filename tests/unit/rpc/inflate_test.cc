// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/inflate.h"

#include <grpc/slice.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/options.h"
#include "rpc/rpc.h"

namespace pygrpc::rpc {
namespace {

constexpr size_t kWhole = ~size_t{0};

std::string Compressed(const std::string& bytes, grpc_compression_algorithm algorithm) {
  z_stream zlib = {};
  deflateInit2(&zlib, Z_BEST_SPEED, Z_DEFLATED, algorithm == GRPC_COMPRESS_GZIP ? 31 : 15, 8,
               Z_DEFAULT_STRATEGY);
  std::string result(deflateBound(&zlib, bytes.size()), '\0');
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  zlib.avail_in = static_cast<uInt>(bytes.size());
  zlib.next_out = reinterpret_cast<Bytef*>(&result[0]);
  zlib.avail_out = static_cast<uInt>(result.size());
  EXPECT_EQ(deflate(&zlib, Z_FINISH), Z_STREAM_END);
  result.resize(zlib.total_out);
  deflateEnd(&zlib);
  return result;
}

// The message as it may come: in slices of so many bytes.
Message InSlices(const std::string& bytes, grpc_compression_algorithm algorithm, size_t size) {
  std::vector<grpc_slice> slices;
  for (size_t at = 0; at < bytes.size();) {
    size_t length = std::min(size, bytes.size() - at);
    slices.push_back(grpc_slice_from_copied_buffer(bytes.data() + at, length));
    at += length;
  }
  Message message(grpc_raw_compressed_byte_buffer_create(slices.data(), slices.size(), algorithm));
  for (grpc_slice& slice : slices) grpc_slice_unref(slice);
  return message;
}

// Not all alike, so that it takes more than a few bytes.
std::string Text(size_t size) {
  std::string text;
  for (size_t i = 0; text.size() < size; ++i) text += std::to_string(i * i);
  text.resize(size);
  return text;
}

class InflateTest : public testing::TestWithParam<grpc_compression_algorithm> {
 protected:
  Inflation Run(const std::string& bytes, int64_t limit, size_t slice = kWhole) {
    out_.Clear();
    return Inflate(*InSlices(bytes, GetParam(), slice).get(), limit, &out_);
  }

  Buffer out_;
};

TEST_P(InflateTest, WhatWasCompressed) {
  for (size_t size : {0u, 1u, 1000u, 16384u, 16385u, 1000000u}) {
    const std::string text = Text(size);
    const std::string bytes = Compressed(text, GetParam());
    for (size_t slice : {kWhole, size_t{1000}, size_t{1}}) {
      ASSERT_EQ(Run(bytes, kNone, slice), Inflation::kDone);
      ASSERT_EQ(out_.view(), text);
    }
  }
}

TEST_P(InflateTest, TheLimitIsExact) {
  for (size_t size : {1u, 1000u, 16384u, 32768u, 100000u}) {
    const std::string bytes = Compressed(Text(size), GetParam());
    for (size_t slice : {kWhole, size_t{7}}) {
      EXPECT_EQ(Run(bytes, static_cast<int64_t>(size), slice), Inflation::kDone);
      EXPECT_EQ(out_.view(), Text(size));
      EXPECT_EQ(Run(bytes, static_cast<int64_t>(size) - 1, slice), Inflation::kTooLarge);
      EXPECT_EQ(Run(bytes, 0, slice), Inflation::kTooLarge);
    }
  }
}

TEST_P(InflateTest, NoMoreMemoryThanTheLimit) {
  const std::string bytes = Compressed(std::string(5'000'000, 'x'), GetParam());
  EXPECT_EQ(Run(bytes, 100'000), Inflation::kTooLarge);
  EXPECT_LE(out_.capacity(), 150'000u);
}

TEST_P(InflateTest, WhatStoodThereStays) {
  out_.Append("before ");
  const std::string bytes = Compressed("after", GetParam());
  Message message = InSlices(bytes, GetParam(), kWhole);
  EXPECT_EQ(Inflate(*message.get(), 5, &out_), Inflation::kDone);
  EXPECT_EQ(out_.view(), "before after");
}

TEST_P(InflateTest, BrokenBytes) {
  const std::string bytes = Compressed(Text(1000), GetParam());
  for (size_t slice : {kWhole, size_t{3}}) {
    for (size_t size = 1; size < bytes.size(); ++size) {
      ASSERT_EQ(Run(bytes.substr(0, size), kNone, slice), Inflation::kBroken) << size;
    }
    EXPECT_EQ(Run(bytes + "x", kNone, slice), Inflation::kBroken);
    EXPECT_EQ(Run(bytes + bytes, kNone, slice), Inflation::kBroken);
    EXPECT_EQ(Run(Text(1000), kNone, slice), Inflation::kBroken);
    std::string wrong_checksum = bytes;
    wrong_checksum.back() ^= 1;
    EXPECT_EQ(Run(wrong_checksum, kNone, slice), Inflation::kBroken);
  }
}

TEST_P(InflateTest, NothingAtAllIsAnEmptyMessage) {
  EXPECT_EQ(Run("", 0), Inflation::kDone);
  EXPECT_EQ(out_.size(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Encodings, InflateTest,
                         testing::Values(GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE));

}  // namespace
}  // namespace pygrpc::rpc
