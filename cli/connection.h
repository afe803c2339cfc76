// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// A client of the library, as the command line asks for it.

#ifndef PYGRPC_CLI_CONNECTION_H_
#define PYGRPC_CLI_CONNECTION_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "library.h"
#include "settings.h"

namespace pygrpc::cli {

struct Connection {
  Client client;
  std::string target;                  // empty: files alone
  std::vector<std::string> arguments;  // those that follow the target
  nlohmann::ordered_json options;      // of the client
  bool loaded = false;                 // whether it has a schema already, or asks the server for it
};

// Makes a client and loads the schemas that the flags and the profile name. The first argument is
// the target, unless files are named and it cannot be one: then there is none. Throws UsageError
// and LibraryError.
Connection Connect(const Settings& settings);

// The same for commands that call: they have a target. `with_schema` is false where the command
// needs none.
Connection ConnectToTarget(const Settings& settings, bool with_schema);

// Shows, if there is a target, that it is asked for its schema.
void ShowSchemaSpinner(const Connection& connection);

}  // namespace pygrpc::cli

#endif  // PYGRPC_CLI_CONNECTION_H_
