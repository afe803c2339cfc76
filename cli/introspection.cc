// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// pygrpc list, describe, template, schema, tools: what a schema tells.

#include <pygrpc.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "connection.h"
#include "errors.h"
#include "library.h"
#include "output.h"
#include "run.h"
#include "terminal.h"

namespace pygrpc::cli {
namespace {

using Json = nlohmann::ordered_json;

// A connection, and the one argument that may follow the target.
struct Question {
  Connection connection;
  std::string symbol;  // empty: none
};

Question Ask(const Settings& settings, const char* wanted) {
  Question question;
  question.connection = Connect(settings);
  const std::vector<std::string>& arguments = question.connection.arguments;
  if (arguments.size() > 1) {
    throw UsageError(arguments[0] +
                     " is no target: files are given, and a target beside them has a "
                     "colon, as in localhost:443");
  }
  if (!arguments.empty()) question.symbol = arguments.front();
  if (question.symbol.empty() && (wanted != nullptr || !arguments.empty())) {
    throw UsageError(std::string(wanted == nullptr ? "SYMBOL" : wanted) +
                     (arguments.empty() ? " is missing" : " is empty"));
  }
  ShowSchemaSpinner(question.connection);
  return question;
}

Json Services(const Connection& connection) {
  return CallForJson(pygrpc_services, connection.client.get());
}

Json Describe(const Connection& connection, const std::string& symbol) {
  return CallForJson(pygrpc_describe, connection.client.get(), symbol.c_str());
}

// Describes all services; one that the server describes wrongly hides no other. Gives false if
// there was one.
bool DescribeAll(const Connection& connection, std::vector<Json>* found) {
  bool whole = true;
  for (const Json& service : Services(connection)) {
    try {
      found->push_back(Describe(connection, service["name"]));
    } catch (const LibraryError& error) {
      Report(error);
      whole = false;
    }
  }
  return whole;
}

// JSON Schema of a message, or the tool definition of a method; of "" an array of all tools.
void FetchSchema(const Connection& connection, const std::string& symbol, Text* text) {
  // It takes options of calls only, and no defaults from the client.
  Json options = Json::object();
  for (const char* name : {"proto_names", "enum_numbers", "int64_numbers"}) {
    if (connection.options.contains(name)) options[name] = connection.options[name];
  }
  Call(pygrpc_json_schema, connection.client.get(), symbol.empty() ? nullptr : symbol.c_str(),
       options.dump().c_str(), text->data(), text->size());
}

}  // namespace

int RunList(const Settings& settings) {
  Output output(settings);
  Question question = Ask(settings, nullptr);
  if (question.symbol.empty()) {
    for (const Json& service : Services(question.connection)) output.Add(service["name"].dump());
    output.Flush();
    return kSuccess;
  }
  Json found = Describe(question.connection, question.symbol);
  if (found["kind"] == "service") {
    for (const Json& method : found["methods"]) output.Add(method["fullName"].dump());
  } else if (found["kind"] == "method") {
    output.Add(found.dump());
  } else {
    throw UsageError(question.symbol + " is a " + found["kind"].get<std::string>() +
                     ": list shows services and methods, describe the rest");
  }
  output.Flush();
  return kSuccess;
}

int RunDescribe(const Settings& settings) {
  if (settings.text && settings.json) throw UsageError("--text and --json contradict each other");
  Output output(settings);
  bool as_text = settings.text || (IsTerminal(STDOUT_FILENO) && !settings.json);
  Question question = Ask(settings, nullptr);
  std::vector<Json> found;
  bool whole = true;
  if (question.symbol.empty()) {
    whole = DescribeAll(question.connection, &found);
  } else {
    found.push_back(Describe(question.connection, question.symbol));
  }
  std::string declarations;
  for (const Json& each : found) {
    if (!as_text) {
      output.Add(each.dump());
      continue;
    }
    declarations += (declarations.empty() ? "" : "\n") + each["declaration"].get<std::string>();
    if (declarations.empty() || declarations.back() != '\n') declarations += '\n';
  }
  output.Flush();
  if (as_text) {
    // Comments are the server's, too.
    declarations = Printable(declarations);
    if (IsTerminal(STDOUT_FILENO)) {
      Page(declarations);
    } else {
      WriteOutput(declarations);
    }
  }
  return whole ? kSuccess : kFailure;
}

int RunTemplate(const Settings& settings) {
  Output output(settings);
  Question question = Ask(settings, "TYPE");
  Text text;
  Call(pygrpc_template, question.connection.client.get(), question.symbol.c_str(), text.data(),
       text.size());
  output.Print(text.view());
  return kSuccess;
}

int RunSchema(const Settings& settings) {
  Output output(settings);
  Question question = Ask(settings, "TYPE");
  Json found = Describe(question.connection, question.symbol);
  std::string type = found["kind"] == "method" ? found["request"] : found["name"];
  Text text;
  FetchSchema(question.connection, type, &text);
  output.PrintLong(text.view());
  return kSuccess;
}

int RunTools(const Settings& settings) {
  Output output(settings);
  Connection connection = Connect(settings);
  ShowSchemaSpinner(connection);
  Text text;
  if (connection.arguments.empty()) {
    FetchSchema(connection, "", &text);
    output.PrintLong(text.view());
    return kSuccess;
  }
  std::string tools;
  for (const std::string& symbol : connection.arguments) {
    Json found = Describe(connection, symbol);
    if (found["kind"] != "method") throw UsageError(symbol + " is no method");
    FetchSchema(connection, found["fullName"], &text);
    tools += (tools.empty() ? "[" : ",") + std::string(text.view());
  }
  output.PrintLong(tools + "]");
  return kSuccess;
}

}  // namespace pygrpc::cli
