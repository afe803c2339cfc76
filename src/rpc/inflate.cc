// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/inflate.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>
#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <new>

#include "base/options.h"

namespace pygrpc::rpc {
namespace {

constexpr size_t kStep = 16 * 1024;  // room is made for at least that, and for as much as there is

// zlib's state, which knows gzip as well as what gRPC calls deflate: the format of zlib.
class Inflater {
 public:
  Inflater(grpc_compression_algorithm algorithm, size_t limit, Buffer* out)
      : limit_(limit), out_(out), start_(out->size()) {
    constexpr int kWindowBits = 15;
    constexpr int kGzip = 16;
    int format = algorithm == GRPC_COMPRESS_GZIP ? kWindowBits + kGzip : kWindowBits;
    if (inflateInit2(&zlib_, format) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&zlib_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Takes the next bytes of the message.
  Inflation Add(const grpc_slice& slice) {
    zlib_.next_in = const_cast<Bytef*>(GRPC_SLICE_START_PTR(slice));
    size_t left = GRPC_SLICE_LENGTH(slice);
    while (left > 0) {
      auto part = static_cast<uInt>(std::min<size_t>(left, std::numeric_limits<uInt>::max()));
      zlib_.avail_in = part;
      left -= part;
      Inflation result = Run();
      if (result != Inflation::kDone) return result;
    }
    return Inflation::kDone;
  }

  bool at_end() const { return at_end_; }

 private:
  Inflation Run() {
    while (true) {
      if (at_end_) return zlib_.avail_in == 0 ? Inflation::kDone : Inflation::kBroken;
      size_t size = out_->size() - start_;
      // Where the limit is reached, one byte more shows whether that was all.
      size_t room = size >= limit_ ? 1 : std::min(limit_ - size, std::max(size, kStep));
      zlib_.next_out = reinterpret_cast<Bytef*>(out_->Reserve(room));
      room = std::min<size_t>(room, std::numeric_limits<uInt>::max());
      zlib_.avail_out = static_cast<uInt>(room);
      int result = inflate(&zlib_, Z_NO_FLUSH);
      size_t made = room - zlib_.avail_out;
      if (made > limit_ - std::min(limit_, size)) return Inflation::kTooLarge;
      out_->SetSize(out_->size() + made);
      switch (result) {
        case Z_STREAM_END:
          at_end_ = true;
          break;
        case Z_OK:
        case Z_BUF_ERROR:  // nothing to be done without more input
          if (zlib_.avail_in == 0 && zlib_.avail_out > 0) return Inflation::kDone;
          break;
        case Z_MEM_ERROR:
          throw std::bad_alloc();
        default:
          return Inflation::kBroken;
      }
    }
  }

  const size_t limit_;
  Buffer* const out_;
  const size_t start_;
  z_stream zlib_ = {};
  bool at_end_ = false;
};

}  // namespace

Inflation Inflate(const grpc_byte_buffer& message, int64_t limit, Buffer* out) {
  auto* buffer = const_cast<grpc_byte_buffer*>(&message);
  if (grpc_byte_buffer_length(buffer) == 0) return Inflation::kDone;  // as gRPC has it
  size_t most = limit == kNone ? std::numeric_limits<size_t>::max() : static_cast<size_t>(limit);
  Inflater inflater(message.data.raw.compression, most, out);
  grpc_byte_buffer_reader reader;
  if (grpc_byte_buffer_reader_init(&reader, buffer) == 0) return Inflation::kBroken;
  Inflation result = Inflation::kDone;
  grpc_slice* slice;
  while (result == Inflation::kDone && grpc_byte_buffer_reader_peek(&reader, &slice) != 0) {
    result = inflater.Add(*slice);
  }
  grpc_byte_buffer_reader_destroy(&reader);
  if (result == Inflation::kDone && !inflater.at_end()) return Inflation::kBroken;
  return result;
}

}  // namespace pygrpc::rpc
