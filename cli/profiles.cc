// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "profiles.h"

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "errors.h"
#include "requests.h"

namespace pygrpc::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Empty where there is no place for one.
std::string PathOfProfiles() {
  if (std::string path = Environment("PYGRPC_CONFIG"); !path.empty()) return path;
  std::string directory = Environment("XDG_CONFIG_HOME");
  if (std::string home = Environment("HOME"); directory.empty() && !home.empty()) {
    directory = home + "/.config";
  }
  return directory.empty() ? "" : directory + "/pygrpc/config.json";
}

// All profiles; an empty object where there is no file.
Json ReadProfiles(const std::string& path) {
  std::error_code ignored;
  if (path.empty() ||
      (Environment("PYGRPC_CONFIG").empty() && !std::filesystem::exists(path, ignored))) {
    return Json::object();
  }
  try {
    Json profiles = Json::parse(ContentsOf("@" + path));
    if (!profiles.is_object()) throw UsageError(path + ": is no JSON object of profiles");
    return profiles;
  } catch (const Json::parse_error& error) {
    throw UsageError(path + ": is not JSON, at byte " + std::to_string(error.byte));
  } catch (const Json::out_of_range&) {
    throw UsageError(path + ": a number in it is too large");
  } catch (const CommandError& error) {
    throw UsageError(error.what());
  }
}

std::vector<std::string> Texts(const Json& value, const std::string& place) {
  if (value.is_string()) return {value.get<std::string>()};
  std::vector<std::string> texts;
  for (const Json& each : value.is_array() ? value : Json::array({nullptr})) {
    if (!each.is_string()) throw UsageError(place + " takes text or an array of texts");
    texts.push_back(each.get<std::string>());
  }
  return texts;
}

// What flags are merged into.
void CheckOptions(const Json& options, const std::string& place) {
  for (const char* name : {"metadata", "tls"}) {
    auto found = options.find(name);
    if (found == options.end() || found->is_object()) continue;
    throw UsageError(place + "." + name + " is no JSON object");
  }
}

Profile ReadProfile(const Json& json, const std::string& place) {
  if (!json.is_object()) throw UsageError(place + " is no JSON object");
  Profile profile;
  for (const auto& [key, value] : json.items()) {
    std::string member = place + "." + key;
    if (key == "target" && value.is_string()) {
      profile.target = value.get<std::string>();
    } else if (key == "options" && value.is_object()) {
      CheckOptions(value, member);
      profile.options = value;
    } else if (key == "reflection" && value.is_boolean()) {
      profile.reflection = value.get<bool>();
    } else if (key == "proto") {
      profile.protos = Texts(value, member);
    } else if (key == "proto_path") {
      profile.proto_paths = Texts(value, member);
    } else if (key == "descriptor_set") {
      profile.descriptor_sets = Texts(value, member);
    } else {
      throw UsageError(member +
                       ": a profile has target (text), options (object), proto, proto_path, "
                       "descriptor_set (text or arrays of texts) and reflection (boolean)");
    }
  }
  if (profile.target.empty()) throw UsageError(place + " has no target");
  return profile;
}

}  // namespace

std::optional<Profile> FindProfile(const std::string& name) {
  std::string path = PathOfProfiles();
  Json profiles = ReadProfiles(path);
  auto found = profiles.find(name);
  if (found == profiles.end()) return std::nullopt;
  return ReadProfile(*found, path + ": " + name);
}

std::vector<std::string> ProfileNames() {
  std::vector<std::string> names;
  Json profiles = ReadProfiles(PathOfProfiles());
  for (const auto& entry : profiles.items()) names.push_back(entry.key());
  return names;
}

}  // namespace pygrpc::cli
