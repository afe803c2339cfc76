// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// What there is to say on the command line: every subcommand and every flag, in two tables. The
// parser, --help, the manual page and the completions of shells are made from them.

#ifndef PYGRPC_CLI_COMMANDS_H_
#define PYGRPC_CLI_COMMANDS_H_

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "settings.h"

namespace pygrpc::cli {

// Which flags a command takes.
enum FlagGroup : unsigned {
  kSchemaFlags = 1U << 0U,
  kConnectionFlags = 1U << 1U,
  kMetadataFlags = 1U << 2U,
  kOutputFlags = 1U << 3U,
  kCallFlags = 1U << 4U,
  kWatchFlags = 1U << 5U,
  kExportFlags = 1U << 6U,
  kBase64Flags = 1U << 7U,
  kDescribeFlags = 1U << 8U,
  kOptionFlags = 1U << 9U,
};

struct Flag {
  const char* names;  // "-H,--header"
  // What follows it, and what that is: FILE, DIRECTORY, HEADER, OPTION, DURATION, ... nullptr: a
  // switch, which nothing follows.
  const char* value;
  const char* environment;  // the variable that stands for it where it is not given, or nullptr
  FlagGroup group;
  const char* help;  // one line
  std::variant<bool Settings::*, std::string Settings::*, std::vector<std::string> Settings::*>
      setting;
};

struct Example {
  const char* what;
  const char* command;
};

struct Command {
  const char* name;
  // The arguments without flags. Words in brackets may be left out, "..." may be repeated; the
  // words say what they are: TARGET, METHOD, SYMBOL, TYPE, SERVICE, REQUEST, BYTES.
  const char* arguments;
  const char* summary;      // one line
  const char* description;  // paragraphs of one line each
  unsigned flags;           // FlagGroup
  size_t minimum;           // of arguments
  size_t maximum;
  std::vector<Example> examples;
  // Does the work; what is thrown becomes an error message. Gives the exit status.
  int (*run)(const Settings& settings);
};

const std::vector<Command>& Commands();
const std::vector<Flag>& Flags();

// What is said of a flag in --help and in the manual page: its help and its variable.
std::string HelpOf(const Flag& flag);

// The title of a group of flags in --help and in the manual page.
const char* TitleOf(FlagGroup group);

// What pygrpc without a subcommand says of itself.
extern const char kSummary[];

// The exit statuses, the environment and the files, for --help and the manual page.
struct Topic {
  const char* title;
  std::vector<std::pair<const char*, const char*>> rows;
};
const std::vector<Topic>& Topics();

}  // namespace pygrpc::cli

#endif  // PYGRPC_CLI_COMMANDS_H_
