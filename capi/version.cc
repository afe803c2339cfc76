// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include <cstdlib>

#include "barrier.h"
#include "base/error.h"
#include "base/options.h"
#include "rpc/call_options.h"

using namespace pygrpc::capi;  // NOLINT: the shims speak of little else

const char *pygrpc_version(void) { return PYGRPC_VERSION; }

int32_t pygrpc_abi_version(void) { return PYGRPC_ABI_VERSION; }

const char *pygrpc_code_name(int32_t code) {
  if (code == PYGRPC_END) return "END";
  if (code == PYGRPC_PENDING) return "PENDING";
  return pygrpc::CodeName(static_cast<pygrpc::Code>(code));
}

int32_t pygrpc_options_json(char **json, size_t *size, pygrpc_error **error) {
  return Guard(error, [&] {
    TextOut out(json, size, "json");
    out.Give(pygrpc::OptionsJson(pygrpc::rpc::OptionsTable()));
    return PYGRPC_OK;
  });
}

void pygrpc_free(void *memory) { std::free(memory); }
