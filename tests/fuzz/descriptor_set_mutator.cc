// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include <google/protobuf/descriptor.pb.h>

#include <cstddef>
#include <cstdint>

#include "message_mutator.h"

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  google::protobuf::FileDescriptorSet set;
  return pygrpc::fuzz::MutateMessage(&set, data, size, max_size, seed);
}
