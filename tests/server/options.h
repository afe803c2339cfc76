// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_SERVER_OPTIONS_H_
#define PYGRPC_TESTS_SERVER_OPTIONS_H_

#include <string>

namespace pygrpc::testserver {

// What the command line says. README.md describes the options for users.
struct Options {
  bool listen_tcp = true;
  std::string bind = "127.0.0.1";
  int port = 0;
  std::string unix_path;

  std::string tls_cert;
  std::string tls_key;
  std::string tls_client_ca;

  bool reflection_v1 = true;
  bool reflection_v1alpha = true;
  bool reflection_with_imports = true;
  std::string reflection_fault;     // a name from kReflectionFaults; empty for none
  std::string reflection_metadata;  // "key=value" that reflection demands; empty for none

  // -2 leaves gRPC's own limit, -1 is no limit.
  int max_receive_size = -2;

  // Of Scale/WhoAmI; 0 for none.
  int fail_status = 0;

  bool health = true;

  bool exit_on_stdin_eof = false;
  bool die_with_parent = false;
};

// Throws std::invalid_argument with one line for the user if the command line is not right.
Options ParseOptions(int argc, char** argv);

// The text that --help prints.
extern const char kUsage[];

}  // namespace pygrpc::testserver

#endif  // PYGRPC_TESTS_SERVER_OPTIONS_H_
