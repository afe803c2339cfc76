// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// A file that gives names to what one calls every day:
//
//     {"greeter": {"target": "greeter.example:443", "options": {"transport": "tls"},
//                  "proto": ["/src/protos/helloworld.proto"], "proto_path": ["/src/protos"]}}

#ifndef PYGRPC_CLI_PROFILES_H_
#define PYGRPC_CLI_PROFILES_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace pygrpc::cli {

struct Profile {
  std::string target;
  nlohmann::ordered_json options = nlohmann::ordered_json::object();
  std::vector<std::string> protos;
  std::vector<std::string> proto_paths;
  std::vector<std::string> descriptor_sets;
  bool reflection = false;
};

// The profile of that name, if there is one. Throws UsageError where the file is wrong.
std::optional<Profile> FindProfile(const std::string& name);

// The names of all profiles.
std::vector<std::string> ProfileNames();

}  // namespace pygrpc::cli

#endif  // PYGRPC_CLI_PROFILES_H_
