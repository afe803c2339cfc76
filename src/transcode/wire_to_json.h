// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TRANSCODE_WIRE_TO_JSON_H_
#define PYGRPC_TRANSCODE_WIRE_TO_JSON_H_

#include <cstddef>
#include <string_view>

#include "base/buffer.h"
#include "transcode/plan.h"
#include "transcode/transcoder.h"

namespace pygrpc::transcode {

// Appends the ProtoJSON of the message in `spans` to `out`. Throws Error(kWire) for bytes that are
// no valid message and Error(kJson) for a message without a JSON form; `out` is then unspecified
// but valid.
void ConvertWireToJson(const MessagePlan& plan, const std::string_view* spans, size_t count,
                       const JsonOptions& options, Buffer* out);

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TRANSCODE_WIRE_TO_JSON_H_
