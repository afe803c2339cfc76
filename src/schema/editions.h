// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_EDITIONS_H_
#define PYGRPC_SCHEMA_EDITIONS_H_

#include <google/protobuf/descriptor.pb.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pygrpc::schema {

// google.protobuf.Edition
constexpr int kEdition2023 = 1000;
constexpr int kEdition2024 = 1001;

// The edition of a file; 0 for proto2 and proto3.
int EditionOf(const google::protobuf::FileDescriptorProto& file);

// google.protobuf.FeatureSet as far as it concerns messages: its numbers are the same.
struct Features {
  enum Presence { kExplicit = 1, kImplicit = 2, kRequired = 3 };
  enum EnumType { kOpen = 1, kClosed = 2 };
  enum Encoding { kPacked = 1, kExpanded = 2 };
  enum Utf8 { kVerify = 2, kNone = 3 };
  enum MessageEncoding { kLengthPrefixed = 1, kDelimited = 2 };
  enum JsonFormat { kAllow = 1, kBestEffort = 2 };

  int field_presence = 0;
  int enum_type = 0;
  int repeated_field_encoding = 0;
  int utf8_validation = 0;
  int message_encoding = 0;
  int json_format = 0;

  // Takes what a serialized FeatureSet sets; of what it does not set, the own value stays.
  void Merge(std::string_view serialized);
  std::string Serialize() const;
};

struct FeatureName {
  const char* name;
  int number;                            // in google.protobuf.FeatureSet
  std::vector<std::string_view> values;  // by number; empty where there is none
};
const std::vector<FeatureName>& FeatureNames();

// The number of the field `features` in each kind of options.
constexpr int kFileFeatures = 50;
constexpr int kMessageFeatures = 12;
constexpr int kFieldFeatures = 21;
constexpr int kOneofFeatures = 1;
constexpr int kExtensionRangeFeatures = 50;
constexpr int kEnumFeatures = 7;
constexpr int kEnumValueFeatures = 2;
constexpr int kServiceFeatures = 34;
constexpr int kMethodFeatures = 35;

// The serialized FeatureSet among the unknown fields of some options; empty if there is none.
// (These are asked for by unknown_fields() everywhere, not by reflection, which would first have
// protobuf build descriptors of descriptor.proto: a sixth of the time to a first call.)
std::string FindFeatures(const google::protobuf::UnknownFieldSet& options, int number);

// Turns a file of an edition into one of proto3, if that can say it all, or else of proto2. What
// the syntax chosen cannot say stays in the options of fields and enums, where schema/features.h
// finds it. A proto3 file that uses an enum of a file that became proto2 becomes proto2 as well.
//
// `is_proto2` tells of an imported type, by full name with the leading dot, whether its file is
// proto2 now. Throws Error(kSchema) for an edition that is not known.
void ResolveEdition(google::protobuf::FileDescriptorProto* file,
                    const std::function<bool(const std::string& type)>& is_proto2);

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_EDITIONS_H_
