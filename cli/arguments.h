// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Reads the command line.

#ifndef PYGRPC_CLI_ARGUMENTS_H_
#define PYGRPC_CLI_ARGUMENTS_H_

#include <string>
#include <vector>

#include "commands.h"
#include "settings.h"

namespace pygrpc::cli {

struct Parsed {
  const Command* command = nullptr;  // nullptr: only text is to be printed
  Settings settings;
  std::string text;
};

// Throws UsageError.
Parsed ParseArguments(int argc, const char* const* argv);

// The same for the words of a line that is not finished, the subcommand first: there may be too few
// of them. Throws UsageError.
Settings ParseUnfinished(const std::vector<std::string>& words);

// What --help prints: of a command, or of all where it is nullptr.
std::string HelpText(const Command* command);

}  // namespace pygrpc::cli

#endif  // PYGRPC_CLI_ARGUMENTS_H_
