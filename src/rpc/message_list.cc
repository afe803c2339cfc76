// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/message_list.h"

#include <cstdint>

#include "base/error.h"
#include "rpc/stream.h"

namespace pygrpc::rpc {
namespace {

constexpr size_t kFrameHeader = 5;

void WriteFrameHeader(char* at, size_t size) {
  auto length = static_cast<uint32_t>(size);  // gRPC knows no longer messages
  *at++ = 0;
  for (int shift = 24; shift >= 0; shift -= 8) *at++ = static_cast<char>(length >> shift & 0xff);
}

}  // namespace

void MessageList::Add(const Message& message) {
  const size_t before = out_->size();
  const bool binary = options_.codec == Codec::kBinary;
  try {
    if (binary) {
      out_->Reserve(kFrameHeader);
      out_->SetSize(before + kFrameHeader);
    } else {
      out_->Append(size_ == 0 ? '[' : ',');
    }
    const size_t start = out_->size();
    DecodeResponse(method_, options_, message, rpc_, out_);
    if (binary) WriteFrameHeader(out_->data() + before, out_->size() - start);
  } catch (const Error&) {
    out_->SetSize(before);
    throw;
  }
  ++size_;
}

void MessageList::Close() {
  if (options_.codec != Codec::kBinary) out_->Append(']');
}

}  // namespace pygrpc::rpc
