// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "arguments.h"

#include <pygrpc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "errors.h"

namespace pygrpc::cli {
namespace {

constexpr int kManyArguments = 1 << 20;  // no shell passes more

// Colons stand between the files of a variable, as in PATH.
std::vector<std::string> SplitList(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    size_t end = text.find(':');
    if (std::string_view part = text.substr(0, end); !part.empty()) parts.emplace_back(part);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return parts;
}

bool ParseSwitch(const char* name, std::string_view text) {
  if (text == "1" || text == "true") return true;
  if (text == "0" || text == "false" || text.empty()) return false;
  throw UsageError(std::string(name) + " of the environment takes 1 or 0");
}

// Whether an argument can be the flag, or some with that of one letter among them. CLI11 takes much
// longer to add a flag.
bool IsNamed(const Flag& flag, const std::vector<std::string_view>& arguments) {
  std::string_view names = flag.names;
  size_t comma = names.find(',');
  std::string_view name = names.substr(comma == std::string_view::npos ? 0 : comma + 1);
  bool has_letter = comma != std::string_view::npos;
  return std::any_of(arguments.begin(), arguments.end(), [&](std::string_view argument) {
    bool is_letters = argument.size() > 1 && argument[0] == '-' && argument[1] != '-';
    return argument.substr(0, name.size()) == name || (has_letter && is_letters);
  });
}

std::string LongNameOf(const Flag& flag) {
  std::string_view names = flag.names;
  return std::string(names.substr(names.rfind(',') + 1));
}

void AddFlag(CLI::App* app, const Flag& flag, Settings* settings) {
  if (const auto* member = std::get_if<bool Settings::*>(&flag.setting)) {
    app->add_flag(flag.names, settings->*(*member), flag.help);
    return;
  }
  // Results are taken as they are: CLI11's own conversion to a vector reads "{}" and "[a,b]".
  auto set = [&flag, settings](const CLI::results_t& results) {
    // Often a variable of a script that is not set: what it was for would silently be left out.
    if (std::find(results.begin(), results.end(), "") != results.end()) {
      throw UsageError(LongNameOf(flag) + " is given nothing: it takes " + flag.value);
    }
    if (const auto* text = std::get_if<std::string Settings::*>(&flag.setting)) {
      settings->*(*text) = results.back();
    } else {
      settings->*std::get<std::vector<std::string> Settings::*>(flag.setting) = results;
    }
    return true;
  };
  app->add_option(flag.names, CLI::callback_t(set), flag.help)
      ->type_name(flag.value)
      ->type_size(1)
      ->expected(1)
      ->multi_option_policy(std::holds_alternative<std::string Settings::*>(flag.setting)
                                ? CLI::MultiOptionPolicy::TakeLast
                                : CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

// What the environment says where the command line does not.
void ReadEnvironment(const Command& command, const CLI::App& app, Settings* settings) {
  for (const Flag& flag : Flags()) {
    if ((command.flags & flag.group) == 0 || flag.environment == nullptr) continue;
    const char* value = std::getenv(flag.environment);
    const CLI::Option* option = app.get_option_no_throw(LongNameOf(flag));
    if (value == nullptr || (option != nullptr && option->count() > 0)) continue;
    if (const auto* text = std::get_if<std::string Settings::*>(&flag.setting)) {
      settings->*(*text) = value;
    } else if (const auto* list =
                   std::get_if<std::vector<std::string> Settings::*>(&flag.setting)) {
      settings->*(*list) = SplitList(value);
    } else {
      settings->*std::get<bool Settings::*>(flag.setting) = ParseSwitch(flag.environment, value);
    }
  }
}

CLI::App* AddCommand(CLI::App* app, const Command& command,
                     const std::vector<std::string_view>& arguments, Settings* settings) {
  CLI::App* subcommand = app->add_subcommand(command.name, command.summary);
  subcommand->set_help_flag("-h,--help", "print this");
  subcommand->formatter_fn([&command](const CLI::App*, const std::string&, CLI::AppFormatMode) {
    return HelpText(&command);
  });
  for (const Flag& flag : Flags()) {
    if ((command.flags & flag.group) == 0 || !IsNamed(flag, arguments)) continue;
    AddFlag(subcommand, flag, settings);
  }
  auto set = [settings](const CLI::results_t& results) {
    settings->arguments = results;
    return true;
  };
  if (command.maximum > 0) {
    subcommand->add_option("arguments", CLI::callback_t(set))
        ->type_size(1)
        ->expected(kManyArguments)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
  }
  return subcommand;
}

// Checks how many arguments there are, save where only the command itself can.
void CheckArguments(const Command& command, const Settings& settings) {
  if (settings.arguments.size() >= command.minimum &&
      settings.arguments.size() <= command.maximum) {
    return;
  }
  throw UsageError(std::string(command.name) + " takes " +
                   (command.maximum == 0 ? "no arguments" : command.arguments));
}

// Before the environment is read, which a flag overrules.
void CheckTransport(const Settings& settings) {
  bool tls = settings.tls || settings.insecure || !settings.ca.empty() ||
             !settings.certificate.empty() || !settings.key.empty() ||
             !settings.server_name.empty();
  if (settings.plaintext && tls) throw UsageError("--plaintext contradicts the flags of TLS");
}

// The name of a flag without its value, which may be a secret: what follows "=", or one letter.
std::string WithoutValue(const std::string& flag) {
  if (flag[0] != '-' || flag.compare(0, 2, "--") == 0) return flag.substr(0, flag.find('='));
  size_t end = 2;
  while (end < flag.size() && (static_cast<unsigned char>(flag[end]) & 0xc0U) == 0x80) ++end;
  return flag.substr(0, end);
}

// For arguments that are neither a command nor one of its flags.
UsageError UnknownArgument(const CLI::App& app) {
  std::string unknown;
  for (const std::string& argument : app.remaining(true)) {
    if (unknown.empty() || argument[0] == '-') unknown = WithoutValue(argument);
    if (unknown[0] == '-') break;
  }
  if (unknown[0] == '-') return UsageError("there is no flag " + unknown);
  std::vector<const CLI::App*> subcommands = app.get_subcommands(nullptr);
  auto parsed = std::find_if(subcommands.begin(), subcommands.end(),
                             [](const CLI::App* subcommand) { return subcommand->parsed(); });
  if (parsed == subcommands.end()) return UsageError(unknown + " is no command");
  return UsageError((*parsed)->get_name() + " takes no arguments");
}

void AppendRow(std::string* text, std::string_view left, std::string_view right) {
  constexpr size_t kColumn = 30;
  std::string row = "  " + std::string(left);
  if (row.size() >= kColumn) {
    row += "\n" + std::string(kColumn, ' ');
  } else {
    row.append(kColumn - row.size(), ' ');
  }
  *text += row + std::string(right) + "\n";
}

std::string LeftOf(const Flag& flag) {
  std::string left = flag.names;
  for (size_t comma = left.find(','); comma != std::string::npos;
       comma = left.find(',', comma + 2)) {
    left.insert(comma + 1, " ");
  }
  if (flag.value != nullptr) left += std::string(" ") + flag.value;
  return left;
}

std::string CommandHelp(const Command& command) {
  std::string text = std::string("pygrpc ") + command.name + ": " + command.summary + "\n\n";
  text += std::string("usage: pygrpc ") + command.name + " [FLAGS]";
  if (command.maximum > 0) text += std::string(" ") + command.arguments;
  text += "\n\n" + std::string(command.description) + "\n";
  std::string_view title;
  for (const Flag& flag : Flags()) {
    if ((command.flags & flag.group) == 0) continue;
    if (title != TitleOf(flag.group)) {
      title = TitleOf(flag.group);
      text += "\n" + std::string(title) + ":\n";
    }
    AppendRow(&text, LeftOf(flag), HelpOf(flag));
  }
  text += "\nExamples:\n";
  for (const Example& example : command.examples) {
    text += std::string("  ") + example.what + "\n    " + example.command + "\n";
  }
  return text;
}

Parsed Parse(int argc, const char* const* argv, bool finished) {
  Parsed parsed;
  CLI::App app;
  app.formatter_fn(
      [](const CLI::App*, const std::string&, CLI::AppFormatMode) { return HelpText(nullptr); });
  app.set_help_flag("-h,--help", "print this");
  bool version = false;
  app.add_flag("--version", version, "print the version");
  app.require_subcommand(0, 1);
  std::vector<std::pair<const Command*, CLI::App*>> subcommands;
  const std::vector<std::string_view> arguments(argv, argv + argc);
  for (const Command& command : Commands()) {
    // All of them, with all their flags, would take a fifth of the time of a short call.
    if (std::find(arguments.begin(), arguments.end(), command.name) == arguments.end()) continue;
    subcommands.emplace_back(&command, AddCommand(&app, command, arguments, &parsed.settings));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    for (const auto& [command, subcommand] : subcommands) {
      if (subcommand->parsed()) parsed.text = HelpText(command);
    }
    if (parsed.text.empty()) parsed.text = HelpText(nullptr);
    return parsed;
  } catch (const CLI::ExtrasError&) {
    throw UnknownArgument(app);
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what());
  }
  if (version) {
    parsed.text = std::string("pygrpc ") + pygrpc_version() + "\n";
    return parsed;
  }
  for (const auto& [command, subcommand] : subcommands) {
    if (!subcommand->parsed()) continue;
    parsed.command = command;
    if (finished) {
      CheckArguments(*parsed.command, parsed.settings);
      CheckTransport(parsed.settings);
    }
    ReadEnvironment(*command, *subcommand, &parsed.settings);
  }
  if (parsed.command == nullptr) {
    throw UsageError("a command is missing: call, list, describe, ...");
  }
  return parsed;
}

}  // namespace

std::string HelpText(const Command* command) {
  if (command != nullptr) return CommandHelp(*command);
  std::string text = std::string(kSummary) + "\n\nusage: pygrpc COMMAND [FLAGS] ARGUMENTS\n";
  text += "       pygrpc COMMAND --help\n       pygrpc --version\n\nCommands:\n";
  for (const Command& each : Commands()) AppendRow(&text, each.name, each.summary);
  for (const Topic& topic : Topics()) {
    text += "\n" + std::string(topic.title) + ":\n";
    for (const auto& [left, right] : topic.rows) AppendRow(&text, left, right);
  }
  return text;
}

Parsed ParseArguments(int argc, const char* const* argv) { return Parse(argc, argv, true); }

Settings ParseUnfinished(const std::vector<std::string>& words) {
  std::vector<const char*> argv = {"pygrpc"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  return Parse(static_cast<int>(argv.size()), argv.data(), false).settings;
}

}  // namespace pygrpc::cli
