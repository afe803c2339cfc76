// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "barrier.h"

using namespace pygrpc::capi;  // NOLINT: the shims speak of little else

int32_t pygrpc_load(pygrpc_client *client, const char *source, const char *options,
                    pygrpc_error **error) {
  return Guard(error, [&] {
    ClientOf(client)->Load(Name(source, "source"), Options(options));
    return PYGRPC_OK;
  });
}

int32_t pygrpc_load_descriptor_set(pygrpc_client *client, const char *bytes, size_t size,
                                   pygrpc_error **error) {
  return Guard(error, [&] {
    ClientOf(client)->LoadDescriptorSet(Payload(bytes, size, "bytes"));
    return PYGRPC_OK;
  });
}

int32_t pygrpc_load_proto(pygrpc_client *client, const char *filename, const char *text,
                          size_t size, pygrpc_error **error) {
  return Guard(error, [&] {
    ClientOf(client)->LoadProto(Name(filename, "filename"), Payload(text, size, "text"));
    return PYGRPC_OK;
  });
}

int32_t pygrpc_load_client(pygrpc_client *client, pygrpc_client *other, pygrpc_error **error) {
  return Guard(error, [&] {
    auto target = ClientOf(client);
    target->LoadClient(ClientOf(other, "other").get());
    return PYGRPC_OK;
  });
}
