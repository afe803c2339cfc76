// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// pygrpc encode and decode: messages without a call.

#include <pygrpc.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "base64.h"
#include "connection.h"
#include "errors.h"
#include "library.h"
#include "output.h"
#include "requests.h"
#include "run.h"
#include "terminal.h"

namespace pygrpc::cli {
namespace {

// A connection, the name of a type, and what follows it.
struct Conversion {
  Connection connection;
  std::string type;
  std::vector<std::string> message;  // "-" where nothing follows
};

Conversion Prepare(const Settings& settings) {
  Conversion conversion{Connect(settings), "", {}};
  const std::vector<std::string>& arguments = conversion.connection.arguments;
  if (arguments.empty()) throw UsageError("TYPE is missing");
  conversion.type = arguments.front();
  conversion.message.assign(arguments.begin() + 1, arguments.end());
  if (conversion.message.empty()) conversion.message = {"-"};
  if (!conversion.connection.target.empty()) {
    // Conversions do not ask the server by themselves; this does, where nothing is loaded.
    ShowSchemaSpinner(conversion.connection);
    Text text;
    Call(pygrpc_describe, conversion.connection.client.get(), conversion.type.c_str(), text.data(),
         text.size());
    HideSpinner();
  }
  return conversion;
}

}  // namespace

int RunEncode(const Settings& settings) {
  if (!settings.base64 && IsTerminal(STDOUT_FILENO)) {
    throw UsageError("a terminal does not want bytes: add --base64, or redirect standard output");
  }
  Conversion conversion = Prepare(settings);
  std::string json = Requests(conversion.message).Only();
  Text bytes;
  Call(pygrpc_json_to_binary, conversion.connection.client.get(), conversion.type.c_str(),
       json.data(), json.size(), static_cast<const char*>(nullptr), bytes.data(), bytes.size());
  if (settings.base64) {
    WriteOutput(EncodeBase64(bytes.view()) + "\n");
  } else {
    WriteOutput(bytes.view());
  }
  return kSuccess;
}

int RunDecode(const Settings& settings) {
  Output output(settings);
  Conversion conversion = Prepare(settings);
  const std::string& given = conversion.message.front();
  if (conversion.message.size() > 1) throw UsageError("one message is wanted, and more were given");
  if (!settings.base64 && given[0] != '@' && given != "-") {
    throw UsageError("BYTES is @FILE or -; or text with --base64");
  }
  std::string bytes = ContentsOf(given);
  if (settings.base64) {
    std::optional<std::string> decoded = DecodeBase64(bytes);
    if (!decoded) throw UsageError("what was given is no base64");
    bytes = *decoded;
  }
  Text json;
  Call(pygrpc_binary_to_json, conversion.connection.client.get(), conversion.type.c_str(),
       bytes.data(), bytes.size(), static_cast<const char*>(nullptr), json.data(), json.size());
  output.Print(json.view());
  return kSuccess;
}

}  // namespace pygrpc::cli
