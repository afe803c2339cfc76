// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "errors.h"

#include <pygrpc.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "output.h"
#include "terminal.h"

namespace pygrpc::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string NameOf(const LibraryError& error, const Json& json) {
  if (error.code() == PYGRPC_E_STATUS) return json.value("statusName", "E_STATUS");
  return pygrpc_code_name(error.code());
}

std::string PlaceOf(const Json& location) {
  std::string place = location.value("file", "");
  for (const char* key : {"line", "column"}) {
    if (location.contains(key)) place += ":" + location[key].dump();
  }
  return place;
}

}  // namespace

int ExitStatusOf(const LibraryError& error) {
  if (error.code() == PYGRPC_E_STATUS) return kStatusBase + error.status();
  bool usage = error.code() == PYGRPC_E_OPTION || error.code() == PYGRPC_E_ARGUMENT;
  return usage ? kUsage : kFailure;
}

void Report(const std::string& message) {
  std::string text = "pygrpc: " + Printable(message) + "\n";
  HideSpinner();
  // Where standard error is closed nobody wants to know.
  (void)WriteAll(STDERR_FILENO, text);
}

void Report(const LibraryError& error) {
  Json json = Json::parse(error.json(), nullptr, false);
  std::string text = error.what();
  // A status is told in the message, with the method before it.
  if (std::string name = NameOf(error, json); text.find(name) == std::string::npos) {
    text.insert(0, name + ": ");
  }
  for (const Json& detail : json.value("details", Json::array())) {
    text += "\n  " + detail.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  Json locations = json.value("locations", Json::array());
  // The message has the first one.
  for (size_t i = 1; i < locations.size(); ++i) {
    text += "\n  " + PlaceOf(locations[i]) + ": " + locations[i].value("message", "");
  }
  Report(text);
}

}  // namespace pygrpc::cli
