// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "barrier.h"

using namespace pygrpc::capi;  // NOLINT: the shims speak of little else

int32_t pygrpc_json_to_binary(pygrpc_client *client, const char *type, const char *json,
                              size_t size, const char *options, char **bytes, size_t *bytes_size,
                              pygrpc_error **error) {
  return Guard(error, [&] {
    TextOut out(bytes, bytes_size, "bytes");
    pygrpc::Buffer buffer;
    ClientOf(client)->JsonToBinary(Name(type, "type"), Payload(json, size, "json"),
                                   Options(options), &buffer);
    out.Give(&buffer);
    return PYGRPC_OK;
  });
}

int32_t pygrpc_binary_to_json(pygrpc_client *client, const char *type, const char *bytes,
                              size_t size, const char *options, char **json, size_t *json_size,
                              pygrpc_error **error) {
  return Guard(error, [&] {
    TextOut out(json, json_size, "json");
    pygrpc::Buffer buffer;
    ClientOf(client)->BinaryToJson(Name(type, "type"), Payload(bytes, size, "bytes"),
                                   Options(options), &buffer);
    out.Give(&buffer);
    return PYGRPC_OK;
  });
}
