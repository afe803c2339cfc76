// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_UNIT_TRANSCODE_REFERENCE_JSON_H_
#define PYGRPC_TESTS_UNIT_TRANSCODE_REFERENCE_JSON_H_

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "transcode/random_schema.h"
#include "transcode/random_source.h"
#include "transcode/transcoder.h"

namespace pygrpc::differential {

// The message has no JSON form: a Timestamp out of range, a Value of no kind.
struct NoJsonForm : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The ProtoJSON of a message, written plainly from reflection, without any care for speed. With
// `vary` it makes use of every freedom that a sender has: either spelling of names, numbers as
// text, escapes, base64 alphabets, order, white space, null for what is not set.
std::string ReferenceJson(const DynamicSchema& schema, const google::protobuf::Message& message,
                          const transcode::JsonOptions& options, RandomSource* vary = nullptr);

// Whether two texts say the same: numbers by value, objects without order. With `loose_floats` two
// numbers are equal if they are the same float.
bool SameJson(const nlohmann::json& a, const nlohmann::json& b, bool loose_floats);

}  // namespace pygrpc::differential

#endif  // PYGRPC_TESTS_UNIT_TRANSCODE_REFERENCE_JSON_H_
