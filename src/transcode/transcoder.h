// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TRANSCODE_TRANSCODER_H_
#define PYGRPC_TRANSCODE_TRANSCODER_H_

#include <google/protobuf/descriptor.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/buffer.h"
#include "schema/type_resolver.h"

namespace pygrpc::transcode {

// The member that holds the fields which the schema lacks, if they are to be kept: no name of a
// field can begin like that.
inline constexpr std::string_view kUnknownKey = "@unknown";

// The switches of ProtoJSON, per client and per call.
struct JsonOptions {
  bool print_defaults = false;  // print fields without presence even when they are default
  bool enum_numbers = false;    // print enums as numbers
  bool proto_names = false;     // print names as in the .proto, not json_name
  bool int64_numbers = false;   // print 64-bit integers as JSON numbers, not strings
  bool keep_unknown = false;    // unknown fields of the wire format as base64, under kUnknownKey
  bool ignore_unknown = false;  // skip unknown JSON fields (and unknown enum names)
  uint32_t max_depth = 100;     // nesting of objects and arrays, Struct and Any included
};

struct MessagePlan;  // one message type, compiled (plan.h)

// Compiles message types into plans, each at most once and only when asked for, and converts
// between ProtoJSON and wire format with them. Thread-safe. Immutable from outside: belongs to one
// snapshot of a schema, which `resolver` speaks for and which must outlive it.
class Transcoder {
 public:
  explicit Transcoder(const schema::TypeResolver* resolver);
  ~Transcoder();
  Transcoder(const Transcoder&) = delete;
  Transcoder& operator=(const Transcoder&) = delete;

  // The plan of a type; valid as long as the transcoder. Compiled on first use.
  const MessagePlan* Plan(const google::protobuf::Descriptor* type) const;

  // Appends the wire format of `json` to `out`. Throws Error(kJson) with json_path, byte_offset,
  // expected, found and near_names; `out` is then unspecified but valid.
  void JsonToWire(const MessagePlan* plan, std::string_view json, const JsonOptions& options,
                  Buffer* out) const;

  // Appends the ProtoJSON of a message to `out`. The message is the concatenation of `count`
  // spans, as gRPC hands them over. Throws Error(kWire) for bytes that are no valid message and
  // Error(kJson) for a message that has no JSON form (a Timestamp out of range, say).
  void WireToJson(const MessagePlan* plan, const std::string_view* spans, size_t count,
                  const JsonOptions& options, Buffer* out) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TRANSCODE_TRANSCODER_H_
