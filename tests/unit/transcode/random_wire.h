// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_UNIT_TRANSCODE_RANDOM_WIRE_H_
#define PYGRPC_TESTS_UNIT_TRANSCODE_RANDOM_WIRE_H_

#include <google/protobuf/message.h>

#include <string>

#include "transcode/random_schema.h"
#include "transcode/random_source.h"

namespace pygrpc::differential {

// The wire format of two messages of one type merged, written as no library writes it but as every
// parser must take it: fields out of order, repeated elements apart, sub-messages in pieces,
// several members of a oneof, map keys twice, packed and unpacked mixed, varints that are too long,
// numbers a closed enum does not know, unknown fields, fields of the wrong wire type.
std::string ScrambledWire(const DynamicSchema& schema, RandomSource* random,
                          const google::protobuf::Message& first,
                          const google::protobuf::Message& second);

}  // namespace pygrpc::differential

#endif  // PYGRPC_TESTS_UNIT_TRANSCODE_RANDOM_WIRE_H_
