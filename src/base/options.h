// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_BASE_OPTIONS_H_
#define PYGRPC_BASE_OPTIONS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace pygrpc {

enum class OptionType {
  kBool,
  kInteger,
  kDuration,        // a number of seconds, or text with a unit; "none" where the range allows it
  kSize,            // a number of bytes, or text with a unit; "none" where the range allows it
  kText,            // one of the choices, if there are any
  kBoolOrText,      // true, false, or one of the choices
  kTextList,        // text, or an array of texts
  kMetadata,        // {"key": "value" or ["value", ...]}, "-bin" values in base64
  kBoolOrMetadata,  // true, false, or metadata
  kArguments,       // {"name": integer or text}
  kJson,            // an object, kept as text; or text that holds one
  kObject,          // holds the options whose names begin with this name and a dot
  kTextOrObject,    // the same, or a text that stands for all of them
};

// Where an option may stand.
enum OptionScope : unsigned { kClientScope = 1, kCallScope = 2, kLoadScope = 4 };

// One row of an options table: it validates, documents and lists.
struct OptionSpec {
  const char* name;  // "tls.ca" stands as {"tls": {"ca": ...}}
  OptionType type;
  unsigned scopes;
  const char* default_text;  // as JSON
  const char* choices;       // "plaintext|tls" for texts; nullptr for anything
  int64_t minimum;           // of integers, milliseconds and bytes
  int64_t maximum;
  bool none_allowed;  // "none" is a value too
  const char* help;   // one line
};

// "none" of a duration or a size.
inline constexpr int64_t kNone = -1;

// An option that was given, checked and brought to one form.
struct OptionValue {
  bool flag = false;   // of a bool; true where the value is a text or metadata
  int64_t number = 0;  // integer, milliseconds, bytes; or kNone
  std::string text;
  std::vector<std::string> texts;
  Metadata metadata;
  std::vector<std::pair<std::string, std::string>> text_arguments;
  std::vector<std::pair<std::string, int64_t>> integer_arguments;
};

class OptionValues {
 public:
  // nullptr if the option was not given (null counts as not given).
  const OptionValue* Find(std::string_view name) const {
    auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
  }
  OptionValue& Add(const std::string& name) { return values_[name]; }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : values_) names.push_back(entry.first);
    return names;
  }

 private:
  std::map<std::string, OptionValue, std::less<>> values_;
};

// Reads options given as the text of a JSON object. Throws Error(kOption) that names the option,
// what it takes, and the nearest known name. `scopes` are those that may stand here.
OptionValues ParseOptions(std::string_view text, const std::vector<OptionSpec>& table,
                          unsigned scopes);

// {"client": [...], "call": [...], "load": [...]}
std::string OptionsJson(const std::vector<OptionSpec>& table);

}  // namespace pygrpc

#endif  // PYGRPC_BASE_OPTIONS_H_
