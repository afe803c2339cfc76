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
//
// Fields are written in the order of the text, also those that hold their default. Of what JSON
// leaves open: a field, a oneof or a map key that is given twice is an error; numbers in quotes
// follow the grammar of JSON's numbers; a number that an enum does not know is written as it is;
// required fields of proto2 that are missing are for the receiver to refuse, who may know a newer
// version of the type.
void ConvertJsonToWire(const MessagePlan& plan, std::string_view json, const JsonOptions& options,
                       Buffer* out);

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TRANSCODE_JSON_TO_WIRE_H_
