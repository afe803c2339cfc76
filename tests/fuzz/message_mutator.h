// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_FUZZ_MESSAGE_MUTATOR_H_
#define PYGRPC_TESTS_FUZZ_MESSAGE_MUTATOR_H_

#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>

namespace pygrpc::fuzz {

// The input of a fuzzer that is a serialized message, changed in a few of its fields; most times,
// that is, and else, or if it is no such message, as bytes.
size_t MutateMessage(google::protobuf::Message* message, uint8_t* data, size_t size,
                     size_t max_size, unsigned seed);

}  // namespace pygrpc::fuzz

#endif  // PYGRPC_TESTS_FUZZ_MESSAGE_MUTATOR_H_
