// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_PROTO_VALUES_H_
#define PYGRPC_SCHEMA_PROTO_VALUES_H_

#include <google/protobuf/descriptor.pb.h>

#include <set>
#include <string>
#include <vector>

#include "schema/inspector.h"

namespace pygrpc::schema {

// How values stand in .proto text.

std::string QuoteForProto(const std::string& text);
const char* ScalarTypeName(google::protobuf::FieldDescriptorProto::Type type);

// An option as it is set: of a repeated one, one entry for each value.
struct OptionValue {
  std::string name;  // of an extension, its full name
  bool is_extension;
  std::string value;
};
// Adds the numbers of options that no loaded file declares to `unknown`.
std::vector<OptionValue> OptionValues(Inspector* inspector,
                                      const google::protobuf::Message& options,
                                      std::set<int>* unknown);

// "features.field_presence = IMPLICIT" for what a serialized FeatureSet sets.
std::vector<std::string> FeatureTexts(const std::string& serialized);

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_PROTO_VALUES_H_
