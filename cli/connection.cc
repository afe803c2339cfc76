// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "connection.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "library_options.h"
#include "profiles.h"
#include "terminal.h"

namespace pygrpc::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string TextOf(const Json& options) {
  try {
    return options.dump();
  } catch (const Json::type_error&) {
    throw UsageError("a flag or its value is not UTF-8");
  }
}

void LoadSchemas(const Settings& settings, const Profile& profile, const Json& load_options,
                 Connection* connection) {
  pygrpc_client* client = connection->client.get();
  for (const auto* protos : {&settings.protos, &profile.protos}) {
    for (const std::string& proto : *protos) {
      Call(pygrpc_load, client, proto.c_str(), static_cast<const char*>(nullptr));
    }
  }
  for (const auto* sets : {&settings.descriptor_sets, &profile.descriptor_sets}) {
    for (const std::string& set : *sets) {
      // With a slash it is a path, whatever its ending.
      std::string path = set.find('/') == std::string::npos ? "./" + set : set;
      Call(pygrpc_load, client, path.c_str(), static_cast<const char*>(nullptr));
    }
  }
  // Where it is alone, the library asks when it is needed.
  bool files = !settings.protos.empty() || !settings.descriptor_sets.empty() ||
               !profile.protos.empty() || !profile.descriptor_sets.empty();
  bool reflection = settings.reflection || profile.reflection;
  connection->loaded = files;
  if ((!files || !reflection) && load_options.empty()) return;
  if (connection->target.empty()) throw UsageError("--reflection asks a server: give a TARGET");
  ShowSchemaSpinner(*connection);
  Call(pygrpc_load, client, "reflection", TextOf(load_options).c_str());
  connection->loaded = true;
}

Connection Open(const Settings& settings, bool wants_target, bool with_schema) {
  Connection connection;
  connection.arguments = settings.arguments;
  Profile profile;
  if (!settings.arguments.empty()) {
    const std::string& first = settings.arguments.front();
    std::optional<Profile> named = FindProfile(first);
    bool files = !settings.protos.empty() || !settings.descriptor_sets.empty();
    // A symbol has no colon.
    if (wants_target || named || !files || first.find(':') != std::string::npos) {
      connection.arguments.erase(connection.arguments.begin());
      if (named) profile = *std::move(named);
      connection.target = profile.target.empty() ? first : profile.target;
    }
  }
  if (connection.target.empty() && settings.protos.empty() && settings.descriptor_sets.empty()) {
    throw UsageError("there is no schema: give a TARGET, --proto or --descriptor-set");
  }

  LibraryOptions options = BuildOptions(settings, profile);
  pygrpc_client* client = nullptr;
  Call(pygrpc_client_new, connection.target.empty() ? nullptr : connection.target.c_str(),
       TextOf(options.client).c_str(), &client);
  connection.client.reset(client);
  connection.options = std::move(options.client);
  if (with_schema) LoadSchemas(settings, profile, options.load, &connection);
  return connection;
}

}  // namespace

Connection Connect(const Settings& settings) { return Open(settings, false, true); }

Connection ConnectToTarget(const Settings& settings, bool with_schema) {
  return Open(settings, true, with_schema);
}

void ShowSchemaSpinner(const Connection& connection) {
  if (!connection.target.empty()) ShowSpinner("asking " + connection.target + " for its schema");
}

}  // namespace pygrpc::cli
