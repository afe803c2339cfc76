// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TRANSCODE_WIRE_TO_JSON_PATH_H_
#define PYGRPC_TRANSCODE_WIRE_TO_JSON_PATH_H_

#include <cstdint>

#include "base/error.h"
#include "transcode/plan.h"
#include "transcode/wire_to_json_writer.h"

namespace pygrpc::transcode {

// The error for a fault in the message [begin, end). Only now, by reading the message once more, is
// it found out which field the fault is in: messages without faults need not keep track.
Error MakeWireError(const MessagePlan& plan, const uint8_t* begin, const uint8_t* end,
                    const WireFault& fault);

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TRANSCODE_WIRE_TO_JSON_PATH_H_
