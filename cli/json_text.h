// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// JSON text as text: numbers and the order of keys stay as they are written.

#ifndef PYGRPC_CLI_JSON_TEXT_H_
#define PYGRPC_CLI_JSON_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace pygrpc::cli {

struct JsonStyle {
  bool pretty = false;  // on several lines
  bool color = false;
  bool escape = false;  // control characters that JSON allows in strings, but terminals obey

  bool IsPlain() const { return !pretty && !color && !escape; }
};

// Writes a JSON value, which has to be valid, in a style.
std::string Restyle(std::string_view json, const JsonStyle& style);

// Finds where values end in text that arrives in pieces, whatever stands between them:
// concatenated, or a value a line.
class JsonSplitter {
 public:
  void Add(std::string_view text);

  // Begins a source: a byte order mark there is skipped.
  void Begin() { beginning_ = true; }

  // Moves the next complete value to *value. A number or a word is complete when something follows
  // it.
  bool Next(std::string* value);

  // What is left when nothing follows: a number, a word, or a value that was cut off. False if it
  // is only white space.
  bool Last(std::string* value);

 private:
  bool Take(size_t end, std::string* value);
  bool SkipMark();
  bool SkipSpace();

  std::string text_;
  size_t start_ = 0;     // of the value
  size_t position_ = 0;  // up to where it was looked at
  bool in_string_ = false;
  bool escaped_ = false;
  size_t depth_ = 0;
  bool scalar_ = false;
  bool beginning_ = true;
};

}  // namespace pygrpc::cli

#endif  // PYGRPC_CLI_JSON_TEXT_H_
