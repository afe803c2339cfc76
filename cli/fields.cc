// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "fields.h"

#include <cctype>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "errors.h"

namespace pygrpc::cli {
namespace {

using Json = nlohmann::ordered_json;

bool IsNameByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
}

// Where "name", or "name.of.a.member", ends.
size_t EndOfName(std::string_view argument) {
  size_t end = 0;
  while (end < argument.size() && IsNameByte(argument[end])) ++end;
  return end;
}

// Makes the objects on the way to a member. `given` are the names that have a value.
Json* PlaceOf(Json* message, const std::string& name, const std::set<std::string>& given) {
  Json* place = message;
  for (size_t start = 0, dot = 0; dot != std::string::npos; start = dot + 1) {
    dot = name.find('.', start);
    std::string member = name.substr(start, dot - start);
    if (member.empty()) throw UsageError(name + ": a name is missing beside the dot");
    bool is_value = start > 0 && given.count(name.substr(0, start - 1)) > 0;
    if (place->is_null() && !is_value) *place = Json::object();
    if (!place->is_object()) {
      throw UsageError(name + ": what it stands in was given a value before");
    }
    place = &(*place)[member];
  }
  return place;
}

}  // namespace

bool IsField(const std::string& argument) {
  size_t end = EndOfName(argument);
  return end > 0 && (argument.compare(end, 1, "=") == 0 || argument.compare(end, 2, ":=") == 0);
}

std::string MessageOfFields(const std::vector<std::string>& fields) {
  Json message = Json::object();
  std::set<std::string> given;
  for (const std::string& field : fields) {
    std::string name = field.substr(0, EndOfName(field));
    Json* place = PlaceOf(&message, name, given);
    // null counts as given.
    if (!given.insert(name).second || !place->is_null()) {
      throw UsageError(name + ": is given twice; an array is " + name + ":='[...]'");
    }
    if (field[name.size()] == '=') {
      *place = field.substr(name.size() + 1);
      continue;
    }
    try {
      *place = Json::parse(field.substr(name.size() + 2));
    } catch (const Json::parse_error& error) {
      throw UsageError(name + ":= takes JSON, and this is none at byte " +
                       std::to_string(error.byte) + "; text is " + name + "=text");
    } catch (const Json::out_of_range&) {
      throw UsageError(name + ":= takes JSON, and a number in this is too large for any field");
    }
  }
  try {
    return message.dump();
  } catch (const Json::type_error&) {
    throw UsageError("a field is not UTF-8");
  }
}

}  // namespace pygrpc::cli
