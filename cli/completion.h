// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// What shells offer when a command line is half written.
//
// The script of a shell runs `pygrpc __complete SHELL WORD...`: the words of the line after the
// command's own, the last one up to the cursor. Printed are lines of
//
//     CANDIDATE<tab>DESCRIPTION   a word that may stand in the last one's place
//     :files PREFIX               names of files may, after what is already there of it, PREFIX
//     :directories PREFIX         the same with directories

#ifndef PYGRPC_CLI_COMPLETION_H_
#define PYGRPC_CLI_COMPLETION_H_

#include <string>
#include <vector>

namespace pygrpc::cli {

// `arguments` are those after __complete. Says nothing of errors, for they would land in the midst
// of the line; a server that does not answer ends the process within two seconds.
int Complete(const std::vector<std::string>& arguments);

}  // namespace pygrpc::cli

#endif  // PYGRPC_CLI_COMPLETION_H_
