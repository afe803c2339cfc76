// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_UNIT_TRANSCODE_RANDOM_MESSAGE_H_
#define PYGRPC_TESTS_UNIT_TRANSCODE_RANDOM_MESSAGE_H_

#include <google/protobuf/message.h>

#include <string>

#include "transcode/random_schema.h"
#include "transcode/random_source.h"

namespace pygrpc::differential {

// Fills an empty message with values that have a JSON form: well-known types stay in their ranges,
// an Any holds a type of the schema.
void FillRandomly(const DynamicSchema& schema, RandomSource* random,
                  google::protobuf::Message* message);

// Serializes with map entries in a fixed order, required fields or not.
std::string Serialize(const google::protobuf::Message& message);

// Brings equal messages to equal bytes: writes every Any of a known type, at any depth, in the one
// order of Serialize(); of entries of a map with the same key, which DynamicMessage keeps, leaves
// the last; makes one NaN of all; drops unknown fields.
void Normalize(const DynamicSchema& schema, google::protobuf::Message* message);

}  // namespace pygrpc::differential

#endif  // PYGRPC_TESTS_UNIT_TRANSCODE_RANDOM_MESSAGE_H_
