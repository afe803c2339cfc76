// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "library_options.h"

#include <cctype>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "errors.h"
#include "library.h"

namespace pygrpc::cli {
namespace {

using Json = nlohmann::ordered_json;

struct OptionType {
  std::string type;
  bool load_only = false;
};

std::map<std::string, OptionType, std::less<>> OptionTypes() {
  Json lists = CallForJson(pygrpc_options_json);
  std::map<std::string, OptionType, std::less<>> types;
  for (const char* scope : {"client", "call", "load"}) {
    for (const Json& option : lists[scope]) {
      types.emplace(option["name"].get<std::string>(),
                    OptionType{option["type"].get<std::string>(), scope == std::string("load")});
    }
  }
  return types;
}

bool TakesText(const std::string& type) { return type.rfind("text", 0) == 0; }

// As JSON where the option takes JSON and this is some; as text otherwise.
Json ValueOf(const std::string& type, const std::string& text) {
  // What takes text takes any; "text or object" and the like, the other thing by its bracket.
  if (TakesText(type) && (type == "text" || text.empty() || (text[0] != '[' && text[0] != '{'))) {
    return text;
  }
  Json value = Json::parse(text, nullptr, false);
  return value.is_discarded() ? Json(text) : value;
}

// Splits a.b.c into the members that lead to the option; what follows the name of one that holds
// names of others' making (metadata, channel_arguments) is one key.
std::pair<std::vector<std::string>, OptionType> PathOf(
    const std::map<std::string, OptionType, std::less<>>& types, const std::string& key) {
  std::vector<std::string> path;
  size_t start = 0;
  while (true) {
    size_t dot = key.find('.', start);
    std::string prefix = key.substr(0, dot);
    path.push_back(key.substr(start, dot - start));
    auto found = types.find(prefix);
    if (dot == std::string::npos) {
      return {path, found == types.end() ? OptionType{} : found->second};
    }
    start = dot + 1;
    bool has_members = types.lower_bound(prefix + ".") != types.end() &&
                       types.lower_bound(prefix + ".")->first.rfind(prefix + ".", 0) == 0;
    if (found != types.end() && !has_members) {
      path.push_back(key.substr(start));
      bool texts = found->second.type.find("metadata") != std::string::npos;
      return {path, OptionType{texts ? "text or array of texts" : "", found->second.load_only}};
    }
  }
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// Erases what metadata has of a key, in whatever case: they are one on the wire.
void EraseKey(const std::string& key, Json* metadata) {
  std::vector<std::string> same;
  for (const auto& [each, value] : metadata->items()) {
    if (Lower(each) == Lower(key)) same.push_back(each);
  }
  for (const std::string& each : same) metadata->erase(each);
}

// Has the keys of `other` in place of the same ones.
void Overrule(const Json& other, Json* metadata) {
  if (!metadata->is_object()) *metadata = Json::object();
  for (const auto& [key, value] : other.items()) {
    EraseKey(key, metadata);
    (*metadata)[key] = value;
  }
}

void SetOption(const std::map<std::string, OptionType, std::less<>>& types,
               const std::string& given, LibraryOptions* options) {
  size_t equals = given.find('=');
  if (equals == std::string::npos || equals == 0) {
    // The value is not shown: it may be a secret.
    throw UsageError("-o takes KEY=VALUE, such as timeout=2s");
  }
  auto [path, type] = PathOf(types, given.substr(0, equals));
  bool is_metadata = path.front() == "metadata" || path.front() == "reflection_metadata";
  Json* place = type.load_only ? &options->load : &options->client;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    Json& member = (*place)[path[i]];
    if (!member.is_object()) member = Json::object();
    place = &member;
  }
  if (is_metadata && path.size() > 1) EraseKey(path.back(), place);
  (*place)[path.back()] = ValueOf(type.type, given.substr(equals + 1));
}

std::string ExpandVariables(std::string_view text) {
  std::string expanded;
  while (true) {
    size_t start = text.find("${");
    size_t end = start == std::string_view::npos ? start : text.find('}', start);
    if (end == std::string_view::npos) return expanded.append(text);
    std::string name(text.substr(start + 2, end - start - 2));
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) throw UsageError("--env-headers: the environment has no " + name);
    expanded.append(text.substr(0, start)).append(value);
    text.remove_prefix(end + 1);
  }
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// 'key: value' texts as {"key": ["value", ...]}.
Json MetadataOf(const char* flag, const std::vector<std::string>& headers, bool expand) {
  Json metadata = Json::object();
  for (const std::string& header : headers) {
    size_t colon = header.find(':');
    if (colon == std::string::npos || colon == 0) {
      // The text is not shown: it may be a secret.
      throw UsageError(std::string(flag) + " takes 'key: value'; one has no colon after its key");
    }
    std::string key = Lower(Trim(std::string_view(header).substr(0, colon)));
    std::string value(Trim(std::string_view(header).substr(colon + 1)));
    metadata[key].push_back(expand ? ExpandVariables(value) : value);
  }
  return metadata;
}

void SetTransport(const Settings& settings, Json* options) {
  if (settings.plaintext) {
    (*options)["transport"] = "plaintext";
    options->erase("tls");
    return;
  }
  auto set = [options](const char* name, const std::string& value) {
    if (!value.empty()) (*options)["tls"][name] = value;
  };
  set("ca", settings.ca);
  set("certificate", settings.certificate);
  set("key", settings.key);
  set("server_name", settings.server_name);
  if (settings.insecure) (*options)["tls"]["verify"] = false;
  if (settings.tls || options->contains("tls")) (*options)["transport"] = "tls";
}

}  // namespace

LibraryOptions BuildOptions(const Settings& settings, const Profile& profile) {
  LibraryOptions options;
  options.client = profile.options;
  Json& client = options.client;
  SetTransport(settings, &client);
  if (!settings.authority.empty()) client["authority"] = settings.authority;
  if (!settings.timeout.empty()) client["timeout"] = ValueOf("duration", settings.timeout);

  std::vector<std::string> proto_paths = settings.proto_paths;
  proto_paths.insert(proto_paths.end(), profile.proto_paths.begin(), profile.proto_paths.end());
  if (!proto_paths.empty()) client["proto_path"] = proto_paths;

  Json metadata = MetadataOf("-H", settings.headers, settings.env_headers);
  if (!metadata.empty()) Overrule(metadata, &client["metadata"]);
  Json reflected = MetadataOf("--reflect-header", settings.reflect_headers, settings.env_headers);
  if (!reflected.empty()) client.erase("reflection_metadata");  // a profile's
  if (!settings.options.empty()) {
    auto types = OptionTypes();
    for (const std::string& option : settings.options) SetOption(types, option, &options);
  }
  // With --reflect-header reflection sends that and the metadata of calls, unless -o says
  // otherwise.
  if (!reflected.empty() && !client.contains("reflection_metadata")) {
    Json all = client.value("metadata", Json::object());
    // What is no metadata is refused by the library.
    if (all.is_object()) Overrule(reflected, &all);
    client["reflection_metadata"] = all;
  }
  return options;
}

}  // namespace pygrpc::cli
