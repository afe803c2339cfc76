// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// pygrpc options.

#include <pygrpc.h>

#include "errors.h"
#include "library.h"
#include "output.h"
#include "run.h"

namespace pygrpc::cli {

int RunOptions(const Settings& settings) {
  Output output(settings);
  Text text;
  Call(pygrpc_options_json, text.data(), text.size());
  output.PrintLong(text.view());
  return kSuccess;
}

}  // namespace pygrpc::cli
