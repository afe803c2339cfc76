// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// pygrpc health.

#include <pygrpc.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "connection.h"
#include "errors.h"
#include "library.h"
#include "output.h"
#include "run.h"
#include "terminal.h"
#include "watcher.h"

namespace pygrpc::cli {
namespace {

// Prints changes until something ends the call.
int Watch(const Connection& connection, const std::string& service, Output* output) {
  pygrpc_stream* raw = nullptr;
  Call(pygrpc_health_watch, connection.client.get(), service.c_str(),
       static_cast<const char*>(nullptr), static_cast<pygrpc_queue*>(nullptr), &raw);
  Stream stream(raw);
  Watched watched(raw);
  Text change;
  try {
    while (Call(pygrpc_stream_read, raw, int64_t{-1}, change.data(), change.size()) == PYGRPC_OK) {
      output->Print(change.view());
    }
  } catch (const LibraryError&) {
    if (Interrupted() == Interruption::kBrokenPipe) throw BrokenPipe();
    throw;
  }
  return kSuccess;
}

}  // namespace

int RunHealth(const Settings& settings) {
  Output output(settings);
  Connection connection = ConnectToTarget(settings, false);
  std::string service = connection.arguments.empty() ? "" : connection.arguments.front();
  ShowSpinner("waiting for " + connection.target);
  if (settings.watch) return Watch(connection, service, &output);
  Text health;
  Call(pygrpc_health, connection.client.get(), service.c_str(), static_cast<const char*>(nullptr),
       health.data(), health.size());
  output.Print(health.view());
  auto json = nlohmann::ordered_json::parse(health.view());
  return json["status"] == "SERVING" ? kSuccess : kFailure;
}

}  // namespace pygrpc::cli
