// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// What each subcommand does. They print on standard output, throw what went wrong, and give the
// exit status.

#ifndef PYGRPC_CLI_RUN_H_
#define PYGRPC_CLI_RUN_H_

#include "settings.h"

namespace pygrpc::cli {

int RunCall(const Settings& settings);
int RunList(const Settings& settings);
int RunDescribe(const Settings& settings);
int RunTemplate(const Settings& settings);
int RunSchema(const Settings& settings);
int RunTools(const Settings& settings);
int RunExport(const Settings& settings);
int RunEncode(const Settings& settings);
int RunDecode(const Settings& settings);
int RunHealth(const Settings& settings);
int RunOptions(const Settings& settings);
int RunCompletion(const Settings& settings);

}  // namespace pygrpc::cli

#endif  // PYGRPC_CLI_RUN_H_
