// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "completion.h"

#include <pygrpc.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "arguments.h"
#include "commands.h"
#include "completion_scripts.h"
#include "connection.h"
#include "errors.h"
#include "library.h"
#include "output.h"
#include "profiles.h"
#include "run.h"
#include "terminal.h"

namespace pygrpc::cli {
namespace {

using Json = nlohmann::ordered_json;

// Who waits for a completion does not wait long, unless the server is known to be slow.
unsigned PatienceSeconds() {
  constexpr unsigned kPatienceSeconds = 2;
  const char* text = std::getenv("PYGRPC_COMPLETION_SECONDS");
  if (text == nullptr) return kPatienceSeconds;
  const char* end = text + std::strlen(text);
  unsigned seconds = 0;
  auto [rest, error] = std::from_chars(text, end, seconds);
  return error == std::errc() && rest == end && seconds > 0 ? seconds : kPatienceSeconds;
}

struct Script {
  const char* shell;
  const char* text;
};
constexpr Script kScripts[] = {{"bash", kBashScript}, {"zsh", kZshScript}, {"fish", kFishScript}};

struct Candidate {
  std::string word;
  std::string description;
};

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// Gathers what is offered for one word.
class Offer {
 public:
  explicit Offer(std::string word) : word_(std::move(word)) {}

  const std::string& word() const { return word_; }

  // True if it fits.
  bool Add(const std::string& candidate, std::string_view description) {
    if (!StartsWith(candidate, word_)) return false;
    std::string line = Printable(candidate);
    // One line, and none of the tabs that stand before a description.
    std::string text = Printable(description.substr(0, description.find('\n')));
    std::replace(text.begin(), text.end(), '\t', ' ');
    if (!text.empty()) line += "\t" + text;
    lines_ += line + "\n";
    return true;
  }
  void AddFiles(const char* kind, std::string_view prefix) {
    lines_ += std::string(":") + kind + " " + std::string(prefix) + "\n";
  }

  const std::string& lines() const { return lines_; }

 private:
  std::string word_;
  std::string lines_;
};

std::string NameAt(std::string_view names, size_t start) {
  return std::string(names.substr(start, names.find(',', start) - start));
}

// {"-H", "--header"} of "-H,--header".
std::vector<std::string> NamesOf(const Flag& flag) {
  std::vector<std::string> names;
  std::string_view all = flag.names;
  for (size_t start = 0; start < all.size(); start += names.back().size() + 1) {
    names.push_back(NameAt(all, start));
  }
  return names;
}

const Flag* FindFlag(const Command& command, const std::string& name) {
  for (const Flag& flag : Flags()) {
    if ((command.flags & flag.group) == 0) continue;
    for (const std::string& each : NamesOf(flag)) {
      if (each == name) return &flag;
    }
  }
  return nullptr;
}

const Command* FindCommand(const std::string& name) {
  for (const Command& command : Commands()) {
    if (name == command.name) return &command;
  }
  return nullptr;
}

void OfferCommands(Offer* offer) {
  for (const Command& command : Commands()) offer->Add(command.name, command.summary);
  if (offer->word().empty()) return;
  offer->Add("--help", "print the commands");
  offer->Add("--version", "print the version");
}

void OfferFlags(const Command& command, Offer* offer) {
  for (const Flag& flag : Flags()) {
    if ((command.flags & flag.group) == 0) continue;
    // The short name is for those who know it already.
    offer->Add(NamesOf(flag).back(), flag.help);
  }
  offer->Add("--help", "print what this command takes");
}

// KEY=VALUE: the keys, and then the values where there are few.
void OfferOptions(const std::string& prefix, Offer* offer) {
  std::map<std::string, Json> options;  // those of calls are among those of clients, too
  for (const auto& list : CallForJson(pygrpc_options_json)) {
    for (const Json& option : list) options.emplace(option["name"], option);
  }
  for (const auto& [name, option] : options) {
    std::string start = prefix + name + "=";
    std::string help = option.value("help", "");
    if (!StartsWith(offer->word(), start)) {
      offer->Add(start, help);
      continue;
    }
    for (const Json& choice : option.value("choices", Json::array())) {
      offer->Add(start + choice.get<std::string>(), help);
    }
    if (StartsWith(option["type"].get<std::string>(), "boolean")) {
      for (const char* value : {"true", "false"}) offer->Add(start + value, help);
    }
  }
}

// The value of a flag; `prefix` is what stands in the word before it, "--flag=" or nothing.
void OfferValue(const Flag& flag, const std::string& prefix, Offer* offer) {
  std::string_view value = flag.value;
  if (value == "FILE") {
    offer->AddFiles("files", prefix);
  } else if (value == "DIRECTORY") {
    offer->AddFiles("directories", prefix);
  } else if (value == "WHEN") {
    for (const char* when : {"always", "never", "auto"}) offer->Add(prefix + when, "");
  } else if (value == "KEY=VALUE") {
    OfferOptions(prefix, offer);
  }
}

// {"TARGET", "SYMBOL"} of "[TARGET] [SYMBOL]".
std::vector<std::string> KindsOf(const Command& command) {
  std::vector<std::string> kinds(1);
  for (char c : std::string_view(command.arguments)) {
    if (c == ' ') kinds.emplace_back();
    if (c >= 'A' && c <= 'Z') kinds.back() += c;
  }
  return kinds;
}

void OfferProfiles(Offer* offer) {
  for (const std::string& name : ProfileNames()) offer->Add(name, "profile");
}

struct Symbol {
  std::string name;  // full
  std::string description;
};

// Names in full; or, if none of these begins like that, short ones that only one symbol has.
void OfferSymbols(const std::vector<Symbol>& symbols, Offer* offer) {
  bool fits = false;
  for (const Symbol& symbol : symbols) fits |= offer->Add(symbol.name, symbol.description);
  // Of package.Service/Method first Service/Method, then Method.
  for (bool service : {true, false}) {
    if (fits) return;
    std::map<std::string, const Symbol*> shorts;
    for (const Symbol& symbol : symbols) {
      size_t end = symbol.name.find('/');
      size_t dot = symbol.name.rfind('.', end);
      size_t start =
          service || end == std::string::npos ? (dot == std::string::npos ? 0 : dot + 1) : end + 1;
      auto [found, added] = shorts.emplace(symbol.name.substr(start), &symbol);
      if (!added) found->second = nullptr;
    }
    for (const auto& [name, symbol] : shorts) {
      if (symbol != nullptr) fits |= offer->Add(name, symbol->description);
    }
  }
}

std::string TextOf(const Json& json, const char* key) { return json.value(key, ""); }

// The symbols of a kind that the words of the arguments name: METHOD, SERVICE, SYMBOL or TYPE.
std::vector<Symbol> SymbolsOf(pygrpc_client* client, const std::string& kind) {
  std::vector<Symbol> symbols;
  std::map<std::string, std::string> types;
  for (const Json& service : CallForJson(pygrpc_services, client)) {
    if (kind == "SERVICE" || kind == "SYMBOL") {
      symbols.push_back({TextOf(service, "name"), TextOf(service, "comment")});
    }
    for (const Json& method : service["methods"]) {
      std::string takes = method["clientStreaming"] == true ? "stream " : "";
      std::string gives = method["serverStreaming"] == true ? "stream " : "";
      if (kind != "SERVICE") {
        symbols.push_back({TextOf(method, "fullName"), takes + TextOf(method, "request") + " -> " +
                                                           gives + TextOf(method, "response")});
      }
      for (const char* side : {"request", "response"}) types.emplace(method[side], "message");
    }
  }
  if (kind == "SYMBOL" || kind == "TYPE") {
    for (const auto& [name, description] : types) symbols.push_back({name, description});
  }
  return symbols;
}

Json Describe(pygrpc_client* client, const std::string& symbol) {
  return CallForJson(pygrpc_describe, client, symbol.c_str());
}

// What is written between a field's name and its value.
std::string OperatorOf(const Json& field) {
  std::string type = TextOf(field, "type");
  if (TextOf(field, "label") == "repeated") return ":=";
  if (type == "message") {
    std::string name = TextOf(field, "typeName");
    if (!StartsWith(name, "google.protobuf.")) return ".";
    for (const char* text : {"Timestamp", "Duration", "FieldMask", "StringValue", "BytesValue"}) {
      if (name == std::string("google.protobuf.") + text) return "=";
    }
    return ":=";
  }
  return type == "string" || type == "bytes" || type == "enum" ? "=" : ":=";
}

// Fields of a message, or of a method's request: name= and name:=; of messages in it after a dot.
void OfferFields(pygrpc_client* client, const std::string& symbol, Offer* offer) {
  const std::string& word = offer->word();
  if (word.find_first_of("={[\"") != std::string::npos) return;
  Json found = Describe(client, symbol);
  std::string type = TextOf(found, TextOf(found, "kind") == "method" ? "request" : "name");
  std::string prefix;
  for (size_t dot = word.find('.'); dot != std::string::npos; dot = word.find('.', dot + 1)) {
    std::string name = word.substr(prefix.size(), dot - prefix.size());
    std::string inner;
    for (const Json& field : Describe(client, type).value("fields", Json::array())) {
      if (TextOf(field, "name") == name && OperatorOf(field) == ".") {
        inner = TextOf(field, "typeName");
      }
    }
    if (inner.empty()) return;
    type = inner;
    prefix = word.substr(0, dot + 1);
  }
  for (const Json& field : Describe(client, type).value("fields", Json::array())) {
    std::string repeated = TextOf(field, "label") == "repeated" ? "repeated " : "";
    std::string of = field.value("typeName", TextOf(field, "type"));
    std::string comment = TextOf(field, "comment");
    offer->Add(prefix + TextOf(field, "name") + OperatorOf(field),
               repeated + of + (comment.empty() ? "" : ": " + comment));
  }
}

void OfferOfSchema(const Connection& connection, const std::string& kind, Offer* offer) {
  pygrpc_client* client = connection.client.get();
  if (kind == "REQUEST" || kind == "MESSAGE") {
    OfferFields(client, connection.arguments.front(), offer);
  } else if (kind == "METHOD" || kind == "SERVICE" || kind == "SYMBOL" || kind == "TYPE") {
    OfferSymbols(SymbolsOf(client, kind), offer);
  }
}

// `before` are the words before the one to complete, the subcommand among them.
void OfferArgument(const Command& command, const std::vector<std::string>& before, Offer* offer) {
  std::vector<std::string> kinds = KindsOf(command);
  Settings settings = ParseUnfinished(before);
  bool repeated = std::string_view(command.arguments).find("...") != std::string_view::npos;
  auto kind_at = [&](size_t index) {
    if (index < kinds.size()) return kinds[index];
    return repeated ? kinds.back() : std::string();
  };
  size_t given = settings.arguments.size();
  if (kinds[0] != "TARGET") {
    if (kind_at(given) == "SHELL") {
      for (const Script& script : kScripts) offer->Add(script.shell, "");
    }
    return;
  }
  if (given == 0) OfferProfiles(offer);
  bool files = !settings.protos.empty() || !settings.descriptor_sets.empty();
  bool optional = command.arguments[0] == '[';
  if (given == 0 && (!optional || !files)) return;
  const std::string& last = kinds.back();
  if (StartsWith(offer->word(), "@") &&
      (last == "REQUEST" || last == "MESSAGE" || last == "BYTES")) {
    offer->AddFiles("files", "@");
    return;
  }
  Connection connection = optional ? Connect(settings) : ConnectToTarget(settings, true);
  OfferOfSchema(connection, kind_at(1 + connection.arguments.size()), offer);
}

void OfferWord(const std::vector<std::string>& words, Offer* offer) {
  const std::string& word = offer->word();
  if (words.size() == 1) return OfferCommands(offer);
  const Command* command = FindCommand(words.front());
  if (command == nullptr) return;
  const Flag* before = FindFlag(*command, words[words.size() - 2]);
  if (before != nullptr && before->value != nullptr) return OfferValue(*before, "", offer);
  if (!word.empty() && word[0] == '-') {
    size_t equals = word.find('=');
    if (equals == std::string::npos) return OfferFlags(*command, offer);
    const Flag* flag = FindFlag(*command, word.substr(0, equals));
    if (flag != nullptr && flag->value != nullptr) {
      OfferValue(*flag, word.substr(0, equals + 1), offer);
    }
    return;
  }
  OfferArgument(*command, {words.begin(), words.end() - 1}, offer);
}

void AppendVariable(const std::string& word, size_t* position, std::string* text) {
  // At the dollar.
  size_t start = *position + 1;
  bool braces = start < word.size() && word[start] == '{';
  if (braces) ++start;
  size_t end = start;
  auto is_name = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  while (end < word.size() && is_name(word[end])) ++end;
  bool closed = !braces || (end < word.size() && word[end] == '}');
  if (end == start || !closed) {
    *text += '$';
    return;
  }
  const char* value = std::getenv(word.substr(start, end - start).c_str());
  if (value != nullptr) *text += value;
  *position = braces ? end : end - 1;
}

// A word as a shell of the POSIX kind reads it: without quotes, with the variables of the
// environment replaced. Commands in it are not run.
std::string Unquote(const std::string& word) {
  std::string text;
  char quote = '\0';
  for (size_t i = 0; i < word.size(); ++i) {
    char c = word[i];
    if (quote == '\'') {
      if (c == quote) {
        quote = '\0';
      } else {
        text += c;
      }
    } else if (c == '\\' && i + 1 < word.size()) {
      char next = word[++i];
      // In double quotes it is itself before anything that means nothing there.
      if (quote == '"' && std::string_view("\"\\$`").find(next) == std::string_view::npos) {
        text += c;
      }
      text += next;
    } else if (c == '"' || (c == '\'' && quote == '\0')) {
      quote = quote == '\0' ? c : '\0';
    } else if (c == '$') {
      AppendVariable(word, &i, &text);
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

int Complete(const std::vector<std::string>& arguments) {
  alarm(PatienceSeconds());
  if (arguments.size() < 2) return kUsage;
  // Fish hands out words without quotes.
  bool quoted = arguments.front() != "fish";
  std::vector<std::string> words(arguments.begin() + 1, arguments.end());
  const char* home = std::getenv("HOME");
  for (std::string& word : words) {
    bool at_home = home != nullptr && StartsWith(word, "~/");
    if (quoted) word = Unquote(word);
    if (at_home) word.replace(0, 1, home);
  }
  Offer offer(words.back());
  int status = kSuccess;
  try {
    OfferWord(words, &offer);
  } catch (const std::exception&) {
    status = kFailure;  // what was found before it is still offered
  }
  WriteOutput(offer.lines());
  return status;
}

int RunCompletion(const Settings& settings) {
  for (const Script& script : kScripts) {
    if (settings.arguments.front() == script.shell) {
      WriteOutput(script.text);
      return kSuccess;
    }
  }
  throw UsageError("completion takes bash, zsh or fish, not " + settings.arguments.front());
}

}  // namespace pygrpc::cli
