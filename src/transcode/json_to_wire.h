// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TRANSCODE_JSON_TO_WIRE_H_
#define PYGRPC_TRANSCODE_JSON_TO_WIRE_H_

#include <string_view>

#include "base/buffer.h"
#include "transcode/plan.h"
#include "transcode/transcoder.h"

namespace pygrpc::transcode {

// Appends the wire format of the ProtoJSON text `json` to `out`. Throws Error(kJson); `out` is then
// unspecified but valid.
void ConvertJsonToWire(const MessagePlan& plan, std::string_view json, const JsonOptions& options,
                       Buffer* out);

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TRANSCODE_JSON_TO_WIRE_H_
