// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "base/error.h"

namespace pygrpc {

const char* CodeName(Code code) {
  switch (code) {
    case Code::kOk:
      return "OK";
    case Code::kArgument:
      return "E_ARGUMENT";
    case Code::kOption:
      return "E_OPTION";
    case Code::kSchema:
      return "E_SCHEMA";
    case Code::kNotFound:
      return "E_NOT_FOUND";
    case Code::kAmbiguous:
      return "E_AMBIGUOUS";
    case Code::kCardinality:
      return "E_CARDINALITY";
    case Code::kJson:
      return "E_JSON";
    case Code::kWire:
      return "E_WIRE";
    case Code::kStatus:
      return "E_STATUS";
    case Code::kState:
      return "E_STATE";
    case Code::kClosed:
      return "E_CLOSED";
    case Code::kForked:
      return "E_FORKED";
    case Code::kNoMemory:
      return "E_NO_MEMORY";
    case Code::kInternal:
      return "E_INTERNAL";
  }
  return "E_UNKNOWN";
}

}  // namespace pygrpc
