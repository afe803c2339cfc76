// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_STATUS_H_
#define PYGRPC_RPC_STATUS_H_

#include <string>
#include <string_view>

#include "base/error.h"
#include "rpc/channel.h"
#include "rpc/method.h"
#include "rpc/rpc.h"

namespace pygrpc::rpc {

// "NOT_FOUND" for 5; "UNKNOWN" for a number that gRPC does not have.
const char* StatusName(int code);

// Whether a status of gRPC's has this name.
bool IsStatusName(std::string_view name);

// A number that gRPC does not have counts as UNKNOWN (statuscodes.md of the gRPC project).
int StatusCode(int code);

// {"key": ["value", ...]}, "-bin" values in base64, keys in the order of their first value.
std::string MetadataJson(const Metadata& metadata);

// The google.rpc.Status details that came with the trailers, decoded with what is built in and with
// the method's schema, as a JSON array; empty if there are none, or if they are no such message.
std::string DetailsJson(const Metadata& trailers, const Method& method);

// The error of an RPC of `method` that ended with a status other than OK: says what the status
// means here, and decodes the google.rpc.Status details with the method's schema. kClosed if the
// RPC was cancelled because the client was freed.
Error StatusError(const Status& status, const Method& method, const Channel& channel);

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_STATUS_H_
