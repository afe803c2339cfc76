// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// The manual page, pygrpc(1), made from the tables of commands.h. `pygrpc __manual` prints it;
// scripts/generate-manual-page keeps it in the tree.

#ifndef PYGRPC_CLI_MANUAL_H_
#define PYGRPC_CLI_MANUAL_H_

#include <string>

namespace pygrpc::cli {

std::string ManualPage();

}  // namespace pygrpc::cli

#endif  // PYGRPC_CLI_MANUAL_H_
