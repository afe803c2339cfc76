// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// The options of the library, from a profile, the flags, and -o.

#ifndef PYGRPC_CLI_LIBRARY_OPTIONS_H_
#define PYGRPC_CLI_LIBRARY_OPTIONS_H_

#include <nlohmann/json.hpp>

#include "profiles.h"
#include "settings.h"

namespace pygrpc::cli {

struct LibraryOptions {
  nlohmann::ordered_json client = nlohmann::ordered_json::object();  // and of its calls
  nlohmann::ordered_json load = nlohmann::ordered_json::object();    // what a client has no use for
};

// What is more explicit wins: -o over other flags, those over the profile. Throws UsageError; the
// values are for the library to check.
LibraryOptions BuildOptions(const Settings& settings, const Profile& profile);

}  // namespace pygrpc::cli

#endif  // PYGRPC_CLI_LIBRARY_OPTIONS_H_
