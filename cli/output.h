// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Standard output: JSON as a terminal or a pipe wants it.

#ifndef PYGRPC_CLI_OUTPUT_H_
#define PYGRPC_CLI_OUTPUT_H_

#include <string>
#include <string_view>

#include "json_text.h"
#include "settings.h"

namespace pygrpc::cli {

// Writes all of it, also where the descriptor does not block. False, with errno, if that fails.
bool WriteAll(int fd, std::string_view bytes);

// Writes all of it to standard output. Throws BrokenPipe, or CommandError.
void WriteOutput(std::string_view bytes);

class Output {
 public:
  // Throws UsageError where the settings contradict each other.
  explicit Output(const Settings& settings);

  // Adds a JSON value to what is to be written.
  void Add(std::string_view json);
  // Writes what was added.
  void Flush();
  void Print(std::string_view json) {
    Add(json);
    Flush();
  }
  // The same for what may be longer than the screen, which then a pager shows.
  void PrintLong(std::string_view json);

 private:
  JsonStyle style_;
  std::string pending_;
};

}  // namespace pygrpc::cli

#endif  // PYGRPC_CLI_OUTPUT_H_
