// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// What can go wrong, what is said of it on standard error, and the exit status.

#ifndef PYGRPC_CLI_ERRORS_H_
#define PYGRPC_CLI_ERRORS_H_

#include <cstdint>
#include <stdexcept>
#include <string>

namespace pygrpc::cli {

enum ExitStatus : int { kSuccess = 0, kFailure = 1, kUsage = 2, kStatusBase = 64 };

// The command line, the environment or a profile is wrong.
class UsageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Anything that is neither usage nor the library's.
class CommandError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What the library says; what() is its one line.
class LibraryError : public std::runtime_error {
 public:
  LibraryError(int32_t code, int32_t status, const std::string& message, std::string json)
      : std::runtime_error(message), code_(code), status_(status), json_(std::move(json)) {}

  int32_t code() const { return code_; }      // PYGRPC_E_*
  int32_t status() const { return status_; }  // gRPC's, or -1
  const std::string& json() const { return json_; }

 private:
  int32_t code_;
  int32_t status_;
  std::string json_;
};

// Nobody reads standard output any more.
class BrokenPipe : public std::exception {};

int ExitStatusOf(const LibraryError& error);

// Prints on standard error what the library says: code, message, and where there are any the
// details of the status and the other places of a schema's faults.
void Report(const LibraryError& error);

// Prints a line on standard error.
void Report(const std::string& message);

}  // namespace pygrpc::cli

#endif  // PYGRPC_CLI_ERRORS_H_
