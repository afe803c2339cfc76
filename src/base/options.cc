// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "base/options.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"

namespace pygrpc {
namespace {

using Json = nlohmann::ordered_json;

struct Unit {
  const char* name;
  double factor;
};
constexpr Unit kDurationUnits[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
constexpr Unit kSizeUnits[] = {{"KiB", 1024},
                               {"MiB", 1024.0 * 1024},
                               {"GiB", 1024.0 * 1024 * 1024},
                               {"kB", 1e3},
                               {"MB", 1e6},
                               {"GB", 1e9},
                               {"B", 1}};

std::vector<std::string> Choices(const OptionSpec& spec) {
  std::vector<std::string> choices;
  std::string_view rest = spec.choices == nullptr ? "" : spec.choices;
  while (!rest.empty()) {
    size_t bar = rest.find('|');
    choices.emplace_back(rest.substr(0, bar));
    rest = bar == std::string_view::npos ? "" : rest.substr(bar + 1);
  }
  return choices;
}

const char* TypeName(OptionType type) {
  switch (type) {
    case OptionType::kBool:
      return "true or false";
    case OptionType::kInteger:
      return "an integer";
    case OptionType::kDuration:
      return "a number of seconds, or text like \"250ms\", \"2s\", \"1m\"";
    case OptionType::kSize:
      return "a number of bytes, or text like \"16MiB\"";
    case OptionType::kText:
      return "text";
    case OptionType::kTextList:
      return "text or an array of texts";
    case OptionType::kMetadata:
      return "an object of text or arrays of text";
    case OptionType::kBoolOrText:
      return "true, false or text";
    case OptionType::kBoolOrMetadata:
      return "true, false or an object of text or arrays of text";
    case OptionType::kArguments:
      return "an object of integers or text";
    case OptionType::kJson:
    case OptionType::kObject:
      return "an object";
    case OptionType::kTextOrObject:
      return "text or an object";
  }
  return "";
}

std::string Expected(const OptionSpec& spec) {
  std::string expected =
      spec.choices == nullptr ? TypeName(spec.type) : JoinAlternatives(Choices(spec));
  if (spec.type == OptionType::kBoolOrText) expected = "true, false, " + expected;
  if (spec.none_allowed) expected += ", or \"none\"";
  return expected;
}

// What stands in a message for a value; texts are not shown, they may be secrets.
std::string Found(const Json& value) {
  if (value.is_string()) return "text";
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  return value.dump();
}

Error OptionError(const std::string& path, const std::string& fault) {
  Error error(Code::kOption, "option " + Quote(path) + " " + fault);
  error.json_path = "$." + path;
  return error;
}

[[noreturn]] void ThrowBadValue(const OptionSpec& spec, const std::string& path,
                                const Json& value) {
  // What belongs here is short; a long text may be a secret that got into the wrong place.
  constexpr size_t kLongestShown = 32;
  bool may_show = value.is_string() &&
                  value.get_ref<const std::string&>().size() <= kLongestShown &&
                  (spec.choices != nullptr || spec.type == OptionType::kDuration ||
                   spec.type == OptionType::kSize);
  std::string found = may_show ? Quote(value.get_ref<const std::string&>()) : Found(value);
  Error error = OptionError(path, "takes " + Expected(spec) + ", not " + found);
  error.expected = Expected(spec);
  error.found = found;
  if (may_show && spec.choices != nullptr) {
    error.near_names = NearNames(value.get_ref<const std::string&>(), Choices(spec));
  }
  throw error;
}

// A number followed by a unit; a bare number in text is not accepted, for its unit is unclear.
template <size_t N>
bool ParseQuantity(const std::string& text, const Unit (&units)[N], double* value) {
  size_t end = 0;
  while (end < text.size() && (std::isdigit(static_cast<unsigned char>(text[end])) != 0 ||
                               (text[end] == '.' && end > 0))) {
    ++end;
  }
  if (end == 0 || end > 18) return false;
  std::string_view unit_name = text;
  unit_name.remove_prefix(end);
  for (const Unit& unit : units) {
    if (unit_name == unit.name) {
      // Not strtod(): it depends on the locale.
      double whole = 0;
      double scale = 0;
      for (char c : text.substr(0, end)) {
        if (c == '.') {
          if (scale != 0) return false;
          scale = 1;
        } else {
          whole = whole * 10 + (c - '0');
          scale *= 10;
        }
      }
      *value = (scale == 0 ? whole : whole / scale) * unit.factor;
      return true;
    }
  }
  return false;
}

int64_t ParseNumber(const OptionSpec& spec, const std::string& path, const Json& value) {
  double number = 0;
  if (spec.none_allowed && value.is_string() && value == "none") return kNone;
  if (spec.type == OptionType::kInteger) {
    if (!value.is_number_integer()) ThrowBadValue(spec, path, value);
    number = value.get<double>();
  } else if (value.is_number()) {
    number = value.get<double>() * (spec.type == OptionType::kDuration ? 1000 : 1);
  } else if (!value.is_string() ||
             !(spec.type == OptionType::kDuration
                   ? ParseQuantity(value.get_ref<const std::string&>(), kDurationUnits, &number)
                   : ParseQuantity(value.get_ref<const std::string&>(), kSizeUnits, &number))) {
    ThrowBadValue(spec, path, value);
  }
  if (!(number >= static_cast<double>(spec.minimum) &&
        number <= static_cast<double>(spec.maximum))) {
    double shown = spec.type == OptionType::kDuration ? 1000 : 1;
    throw OptionError(path, "takes " + Json(spec.minimum / shown).dump() + " to " +
                                Json(spec.maximum / shown).dump() + ", not " + value.dump());
  }
  return static_cast<int64_t>(std::llround(number));
}

void ParseTexts(const OptionSpec& spec, const std::string& path, const Json& value,
                std::vector<std::string>* texts) {
  if (value.is_string()) {
    texts->push_back(value);
    return;
  }
  if (!value.is_array()) ThrowBadValue(spec, path, value);
  for (const Json& element : value) {
    if (!element.is_string()) ThrowBadValue(spec, path, value);
    texts->push_back(element);
  }
}

// Keys that are gRPC's own, or no header of HTTP/2: servers end a call that has those, and gRPC
// drops these.
void CheckNotReserved(const std::string& path, const std::string& key) {
  constexpr std::string_view kOfConnections[] = {"connection", "keep-alive", "proxy-connection",
                                                 "transfer-encoding", "upgrade"};
  constexpr std::string_view kOfGrpc[] = {"content-length", "content-type", "te"};
  if (key.compare(0, 5, "grpc-") == 0) {
    throw OptionError(path, "is reserved: keys that begin with \"grpc-\" belong to gRPC");
  }
  if (key == "user-agent") {
    throw OptionError(path, "is reserved; use the client's option \"user_agent\"");
  }
  if (std::find(std::begin(kOfGrpc), std::end(kOfGrpc), key) != std::end(kOfGrpc)) {
    throw OptionError(path, "is reserved: gRPC itself says what it is");
  }
  if (std::find(std::begin(kOfConnections), std::end(kOfConnections), key) !=
      std::end(kOfConnections)) {
    throw OptionError(path, "is no metadata: HTTP/2 has no headers of connections");
  }
}

// Keys and values as RFC 9113 and the gRPC protocol allow them.
void AddMetadata(const std::string& path, const std::string& key, const std::string& value,
                 Metadata* metadata) {
  std::string lower = key;
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    bool legal =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (!legal) {
      throw OptionError(path, "is no metadata key: letters, digits, '-', '_' and '.' are");
    }
  }
  if (lower.empty()) throw OptionError(path, "is no metadata key: it is empty");
  // gRPC wants text for it, whose name says that it has bytes.
  if (lower == "-bin") throw OptionError(path, "is no metadata key: nothing is before \"-bin\"");
  CheckNotReserved(path, lower);
  bool binary = lower.size() >= 4 && lower.compare(lower.size() - 4, 4, "-bin") == 0;
  if (binary) {
    std::string bytes;
    if (!Base64Decode(value, &bytes)) {
      throw OptionError(path, "takes base64, as every key that ends in \"-bin\"");
    }
    metadata->emplace_back(lower, bytes);
    return;
  }
  for (char c : value) {
    if (c < 0x20 || c > 0x7E) {
      throw OptionError(path,
                        "takes printable ASCII; other bytes go under a key that ends in "
                        "\"-bin\", in base64");
    }
  }
  metadata->emplace_back(lower, value);
}

void ParseMetadata(const OptionSpec& spec, const std::string& path, const Json& value,
                   Metadata* metadata) {
  if (!value.is_object()) ThrowBadValue(spec, path, value);
  for (const auto& [key, item] : value.items()) {
    std::string item_path = path;
    item_path += '.';
    item_path += key;
    if (item.is_string()) {
      AddMetadata(item_path, key, item, metadata);
    } else if (item.is_array()) {
      for (const Json& element : item) {
        if (!element.is_string()) {
          throw OptionError(item_path, "takes text or an array of texts, not " + Found(element));
        }
        AddMetadata(item_path, key, element, metadata);
      }
    } else {
      throw OptionError(item_path, "takes text or an array of texts, not " + Found(item));
    }
  }
}

void ParseArguments(const OptionSpec& spec, const std::string& path, const Json& value,
                    OptionValue* parsed) {
  if (!value.is_object()) ThrowBadValue(spec, path, value);
  for (const auto& [name, item] : value.items()) {
    if (item.is_string()) {
      parsed->text_arguments.emplace_back(name, item.get<std::string>());
    } else if (item.is_boolean()) {
      parsed->integer_arguments.emplace_back(name, item.get<bool>() ? 1 : 0);
    } else if (item.is_number_integer() && item >= std::numeric_limits<int32_t>::min() &&
               item <= std::numeric_limits<int32_t>::max()) {
      parsed->integer_arguments.emplace_back(name, item.get<int64_t>());
    } else {
      std::string item_path = path;
      item_path += '.';
      item_path += name;
      throw OptionError(item_path, "takes a 32-bit integer or text, not " + Found(item));
    }
  }
}

OptionValue ParseValue(const OptionSpec& spec, const std::string& path, const Json& value) {
  OptionValue parsed;
  bool may_be_bool =
      spec.type == OptionType::kBoolOrText || spec.type == OptionType::kBoolOrMetadata;
  if (may_be_bool && value.is_boolean()) {
    parsed.flag = value.get<bool>();
    return parsed;
  }
  parsed.flag = may_be_bool;
  switch (spec.type) {
    case OptionType::kBool:
      if (!value.is_boolean()) ThrowBadValue(spec, path, value);
      parsed.flag = value.get<bool>();
      break;
    case OptionType::kInteger:
    case OptionType::kDuration:
    case OptionType::kSize:
      parsed.number = ParseNumber(spec, path, value);
      break;
    case OptionType::kText:
    case OptionType::kTextOrObject:
    case OptionType::kBoolOrText: {
      if (!value.is_string()) ThrowBadValue(spec, path, value);
      parsed.text = value.get<std::string>();
      bool known = spec.choices == nullptr;
      for (const std::string& choice : Choices(spec)) known = known || choice == parsed.text;
      if (!known) ThrowBadValue(spec, path, value);
      if (parsed.text.find('\0') != std::string::npos) throw OptionError(path, "holds a NUL");
      break;
    }
    case OptionType::kTextList:
      ParseTexts(spec, path, value, &parsed.texts);
      break;
    case OptionType::kMetadata:
    case OptionType::kBoolOrMetadata:
      ParseMetadata(spec, path, value, &parsed.metadata);
      break;
    case OptionType::kArguments:
      ParseArguments(spec, path, value, &parsed);
      break;
    case OptionType::kJson: {
      Json object = value.is_string()
                        ? Json::parse(value.get_ref<const std::string&>(), nullptr, false)
                        : value;
      if (!object.is_object()) ThrowBadValue(spec, path, value);
      parsed.text = object.dump();
      break;
    }
    case OptionType::kObject:
      break;  // its members are options of their own
  }
  return parsed;
}

bool BeginsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

std::string ScopeName(unsigned scopes) {
  if ((scopes & kClientScope) != 0) return "a client";
  return (scopes & kCallScope) != 0 ? "a call" : "a load";
}

[[noreturn]] void ThrowUnknown(const std::string& path, const std::string& prefix,
                               const std::vector<OptionSpec>& table, unsigned scopes) {
  std::vector<std::string> known;
  for (const OptionSpec& spec : table) {
    std::string_view name = spec.name;
    if (path == name && (spec.scopes & scopes) != 0) {
      const size_t dot = path.find('.');
      throw OptionError(path, "stands inside an object: {" + Quote(path.substr(0, dot)) + ": {" +
                                  Quote(path.substr(dot + 1)) + ": ...}}");
    }
    if (path == name) {
      throw OptionError(path, "belongs to " + ScopeName(spec.scopes) + ", not here");
    }
    if ((spec.scopes & scopes) == 0 || !BeginsWith(name, prefix)) continue;
    if (name.find('.', prefix.size()) == std::string_view::npos) known.emplace_back(name);
  }
  Error error = OptionError(path, "is unknown");
  error.near_names = NearNames(path, known);
  if (!error.near_names.empty()) {
    error.message += "; did you mean " + JoinAlternatives(error.near_names) + "?";
  }
  throw error;
}

void ParseObject(const Json& object, const std::string& prefix,
                 const std::vector<OptionSpec>& table, unsigned scopes, OptionValues* values) {
  for (const auto& [key, value] : object.items()) {
    std::string path = prefix + key;
    const OptionSpec* spec = nullptr;
    for (const OptionSpec& candidate : table) {
      if (path == candidate.name && (candidate.scopes & scopes) != 0) spec = &candidate;
    }
    if (spec == nullptr || key.find('.') != std::string::npos) {
      ThrowUnknown(path, prefix, table, scopes);
    }
    if (value.is_null()) continue;
    bool holds_options = spec->type == OptionType::kObject ||
                         (spec->type == OptionType::kTextOrObject && value.is_object());
    if (holds_options) {
      if (!value.is_object()) ThrowBadValue(*spec, path, value);
      ParseObject(value, path + ".", table, scopes, values);
    } else {
      values->Add(path) = ParseValue(*spec, path, value);
    }
  }
}

const char* JsonTypeName(OptionType type) {
  switch (type) {
    case OptionType::kBool:
      return "boolean";
    case OptionType::kInteger:
      return "integer";
    case OptionType::kDuration:
      return "duration";
    case OptionType::kSize:
      return "size";
    case OptionType::kText:
      return "text";
    case OptionType::kTextList:
      return "text or array of texts";
    case OptionType::kMetadata:
      return "metadata";
    case OptionType::kBoolOrText:
      return "boolean or text";
    case OptionType::kBoolOrMetadata:
      return "boolean or metadata";
    case OptionType::kArguments:
    case OptionType::kJson:
    case OptionType::kObject:
      return "object";
    case OptionType::kTextOrObject:
      return "text or object";
  }
  return "";
}

Json SpecJson(const OptionSpec& spec) {
  Json row = {{"name", spec.name}, {"type", JsonTypeName(spec.type)}};
  row["default"] = Json::parse(spec.default_text);
  if (spec.choices != nullptr) row["choices"] = Choices(spec);
  double unit = spec.type == OptionType::kDuration ? 1000 : 1;
  if (spec.type == OptionType::kInteger || spec.type == OptionType::kSize) {
    row["range"] = {spec.minimum, spec.maximum};
  } else if (spec.type == OptionType::kDuration) {
    row["range"] = {spec.minimum / unit, spec.maximum / unit};
  }
  if (spec.none_allowed) row["none"] = true;
  row["help"] = spec.help;
  return row;
}

}  // namespace

OptionValues ParseOptions(std::string_view text, const std::vector<OptionSpec>& table,
                          unsigned scopes) {
  OptionValues values;
  Json object;
  try {
    object = Json::parse(text);
  } catch (const Json::parse_error& fault) {
    Error error(Code::kOption, "the options are not JSON: fault at byte " +
                                   std::to_string(fault.byte == 0 ? 0 : fault.byte - 1));
    error.byte_offset = static_cast<int64_t>(fault.byte == 0 ? 0 : fault.byte - 1);
    throw error;
  } catch (const Json::out_of_range&) {
    throw Error(Code::kOption, "the options hold a number that is larger than any double, 1.8e308");
  }
  if (!object.is_object()) {
    throw Error(Code::kOption, "the options are no JSON object but " + Found(object));
  }
  ParseObject(object, "", table, scopes, &values);
  return values;
}

std::string OptionsJson(const std::vector<OptionSpec>& table) {
  Json lists = {{"client", Json::array()}, {"call", Json::array()}, {"load", Json::array()}};
  for (const OptionSpec& spec : table) {
    if ((spec.scopes & kClientScope) != 0) lists["client"].push_back(SpecJson(spec));
    if ((spec.scopes & kCallScope) != 0) lists["call"].push_back(SpecJson(spec));
    if ((spec.scopes & kLoadScope) != 0) lists["load"].push_back(SpecJson(spec));
  }
  return lists.dump(2);
}

}  // namespace pygrpc
