// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/transcoder.h"

#include "transcode/json_to_wire.h"
#include "transcode/plan.h"
#include "transcode/simd.h"
#include "transcode/wire_to_json.h"

namespace pygrpc::transcode {

class Transcoder::Impl {
 public:
  explicit Impl(const schema::TypeResolver* resolver) : plans(resolver) {}

  PlanStore plans;
};

Transcoder::Transcoder(const schema::TypeResolver* resolver)
    : impl_(std::make_unique<Impl>(resolver)) {
  Simd();  // while all of simdjson is there; a thread may need it after exit() only
}

Transcoder::~Transcoder() = default;

const MessagePlan* Transcoder::Plan(const google::protobuf::Descriptor* type) const {
  return impl_->plans.Message(type);
}

void Transcoder::JsonToWire(const MessagePlan* plan, std::string_view json,
                            const JsonOptions& options, Buffer* out) const {
  ConvertJsonToWire(*plan, json, options, out);
}

void Transcoder::WireToJson(const MessagePlan* plan, const std::string_view* spans, size_t count,
                            const JsonOptions& options, Buffer* out) const {
  ConvertWireToJson(*plan, spans, count, options, out);
}

}  // namespace pygrpc::transcode
