// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_INFLATE_H_
#define PYGRPC_RPC_INFLATE_H_

#include <grpc/byte_buffer.h>

#include <cstdint>

#include "base/buffer.h"

namespace pygrpc::rpc {

// How a received message is compressed, if it is; gRPC leaves it as it came.
inline bool IsCompressed(const grpc_byte_buffer& message) {
  return message.data.raw.compression != GRPC_COMPRESS_NONE;
}

enum class Inflation {
  kDone,
  kTooLarge,  // there is more of it than the limit allows
  kBroken,    // bytes that are not of the encoding, too few of them, or more behind the end
};

// Appends what a compressed message holds to `out`, up to `limit` bytes (kNone: any number). No
// more memory than that is ever taken, however little of a message holds however much. Throws
// std::bad_alloc.
Inflation Inflate(const grpc_byte_buffer& message, int64_t limit, Buffer* out);

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_INFLATE_H_
