// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "manual.h"

#include <pygrpc.h>

#include <cctype>
#include <string>
#include <string_view>

#include "commands.h"

namespace pygrpc::cli {
namespace {

// Pages have a date; this one's is that of the version.
constexpr char kDate[] = "2026-11-22";

std::string EscapeCharacter(char c) {
  switch (c) {
    case '\\':
      return "\\e";
    case '-':
      return "\\-";
    case '\'':
      return "\\(aq";
    case '"':
      return "\\(dq";
    case '`':
      return "\\(ga";
    case '~':
      return "\\(ti";
    case '^':
      return "\\(ha";
    default:
      return {c};
  }
}

// Text as the macros of man(7) want it.
std::string Escape(std::string_view text) {
  std::string escaped;
  for (char c : text) escaped += EscapeCharacter(c);
  // At the start of a line a dot begins a macro.
  return escaped.empty() || escaped[0] != '.' ? escaped : "\\&" + escaped;
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

bool IsLetter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

// A word of prose, whose hyphens are no minus signs.
std::string EscapeWord(std::string_view word) {
  std::string escaped = Escape(word.substr(0, 1));
  for (size_t i = 1; i < word.size(); ++i) {
    bool hyphen =
        word[i] == '-' && i + 1 < word.size() && IsLetter(word[i - 1]) && IsLetter(word[i + 1]);
    escaped += hyphen ? "-" : EscapeCharacter(word[i]);
  }
  return escaped;
}

// Prose, in short lines; each sentence begins one.
std::string Prose(std::string_view text) {
  constexpr size_t kWidth = 80;
  std::string prose;
  size_t width = 0;
  while (!text.empty()) {
    size_t end = text.find(' ');
    std::string word = EscapeWord(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (!prose.empty()) {
      bool sentence = prose.back() == '.' || prose.back() == '?';
      bool wrap = sentence || width + 1 + word.size() > kWidth;
      prose += wrap ? '\n' : ' ';
      width = wrap ? 0 : width + 1;
    }
    prose += word;
    width += word.size();
  }
  return prose;
}

void AppendTagged(std::string* page, const std::string& tag, std::string_view text) {
  *page += ".TP\n" + tag + "\n" + Prose(text) + "\n";
}

void AppendFlag(std::string* page, const Flag& flag) {
  std::string tag = ".B ";
  for (char c : std::string_view(flag.names)) tag += c == ',' ? ", " : Escape({&c, 1});
  if (flag.value != nullptr) {
    // In bold and in italics, by turns.
    tag = ".BI \"" + tag.substr(3) + " \" " + Escape(flag.value);
  }
  AppendTagged(page, tag, HelpOf(flag));
}

// Whether the flags of a group are those of one command alone.
bool IsOfOneCommand(FlagGroup group) { return TitleOf(group) == TitleOf(kCallFlags); }

void AppendCommand(std::string* page, const Command& command) {
  *page += ".SS \"pygrpc " + Escape(command.name) + "\"\n";
  *page += ".BI \"pygrpc " + Escape(command.name) + "\" \"";
  if (command.flags != 0) *page += " [FLAGS]";
  if (command.maximum > 0) *page += " " + Escape(command.arguments);
  std::string summary = Upper(std::string_view(command.summary).substr(0, 1));
  summary += command.summary + 1;
  *page += "\"\n.PP\n" + Prose(summary + ".") + "\n";
  std::string_view rest = command.description;
  while (!rest.empty()) {
    size_t end = rest.find('\n');
    *page += ".PP\n" + Prose(rest.substr(0, end)) + "\n";
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  std::string titles;
  for (const Flag& flag : Flags()) {
    if ((command.flags & flag.group) == 0) continue;
    if (IsOfOneCommand(flag.group)) {
      AppendFlag(page, flag);
    } else if (titles.find(TitleOf(flag.group)) == std::string::npos) {
      titles += (titles.empty() ? "" : ", ") + std::string(TitleOf(flag.group));
    }
  }
  if (!titles.empty()) {
    *page += ".PP\n" + Prose("Its other flags are those of: " + titles + ".") + "\n";
  }
  for (const Example& example : command.examples) {
    *page += ".PP\n" + Prose(example.what) + "\n.PP\n.in +4n\n.nf\n" + Escape(example.command) +
             "\n.fi\n.in\n";
  }
}

void AppendSharedFlags(std::string* page) {
  *page += ".SH FLAGS\nFlags stand anywhere after the name of the command.\n";
  std::string_view title;
  for (const Flag& flag : Flags()) {
    if (IsOfOneCommand(flag.group)) continue;
    if (title != TitleOf(flag.group)) {
      title = TitleOf(flag.group);
      *page += ".SS \"" + Escape(title) + "\"\n";
    }
    AppendFlag(page, flag);
  }
}

}  // namespace

std::string ManualPage() {
  std::string page =
      ".\\\" Copyright 2026 The pygrpc Authors\n"
      ".\\\" SPDX-License-Identifier: Apache-2.0\n"
      ".\\\" Written by scripts/generate-manual-page; do not edit.\n";
  page += std::string(".TH PYGRPC 1 \"") + kDate + "\" \"pygrpc " + pygrpc_version() +
          "\" \"User Commands\"\n";
  page += ".SH NAME\npygrpc \\- call any gRPC method by name, with JSON\n";
  page += ".SH SYNOPSIS\n.BI pygrpc \" COMMAND [FLAGS] ARGUMENTS\"\n.br\n";
  page += ".BI pygrpc \" COMMAND \" \\-\\-help\n.br\n.B pygrpc \\-\\-version\n";
  page += ".SH DESCRIPTION\n" + Prose(kSummary) + "\n";
  page += ".SH COMMANDS\n";
  for (const Command& command : Commands()) AppendCommand(&page, command);
  AppendSharedFlags(&page);
  for (const Topic& topic : Topics()) {
    page += ".SH \"" + Upper(topic.title) + "\"\n";
    for (const auto& [left, right] : topic.rows) {
      AppendTagged(&page, ".B \"" + Escape(left) + "\"", right);
    }
  }
  return page;
}

}  // namespace pygrpc::cli
