// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// What the command line, the environment and a profile say, as it was given.

#ifndef PYGRPC_CLI_SETTINGS_H_
#define PYGRPC_CLI_SETTINGS_H_

#include <string>
#include <vector>

namespace pygrpc::cli {

struct Settings {
  std::vector<std::string> arguments;  // those without a flag, in order

  // Schema.
  std::vector<std::string> protos;
  std::vector<std::string> proto_paths;
  std::vector<std::string> descriptor_sets;
  bool reflection = false;

  // Connection.
  bool plaintext = false;
  bool tls = false;
  bool insecure = false;
  std::string ca;
  std::string certificate;
  std::string key;
  std::string authority;
  std::string server_name;
  std::vector<std::string> options;
  std::string timeout;

  // Metadata.
  std::vector<std::string> headers;
  std::vector<std::string> reflect_headers;
  bool env_headers = false;

  // One command each.
  std::string max_messages;
  bool keep_open = false;
  bool envelope = false;
  bool watch = false;
  bool base64 = false;
  bool text = false;
  bool json = false;
  std::string descriptor_set_out;
  std::string proto_out;

  // Output.
  bool pretty = false;
  bool compact = false;
  std::string color;
};

}  // namespace pygrpc::cli

#endif  // PYGRPC_CLI_SETTINGS_H_
