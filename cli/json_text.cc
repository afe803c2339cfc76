// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "json_text.h"

#include <array>
#include <cstdio>
#include <string>
#include <string_view>

namespace pygrpc::cli {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool IsStructural(char c) { return std::string_view("{}[]\",:").find(c) != std::string_view::npos; }

constexpr const char* kKeyColor = "\x1b[1;34m";
constexpr const char* kStringColor = "\x1b[32m";
constexpr const char* kWordColor = "\x1b[33m";  // numbers, true, false, null
constexpr const char* kNoColor = "\x1b[0m";

class Restyler {
 public:
  Restyler(std::string_view json, const JsonStyle& style) : json_(json), style_(style) {}

  std::string Run() {
    while (position_ < json_.size()) {
      char c = json_[position_];
      if (IsSpace(c)) {
        ++position_;
      } else if (c == '"') {
        String();
      } else if (c == '{' || c == '[') {
        Open(c);
      } else if (c == '}' || c == ']') {
        ++position_;
        Line(--depth_);
        out_ += c;
      } else if (c == ',') {
        ++position_;
        out_ += c;
        Line(depth_);
      } else if (c == ':') {
        ++position_;
        out_ += style_.pretty ? ": " : ":";
      } else {
        Word();
      }
    }
    return std::move(out_);
  }

 private:
  void Line(size_t depth) {
    if (!style_.pretty) return;
    out_ += '\n';
    out_.append(2 * depth, ' ');
  }

  void SkipSpace() {
    while (position_ < json_.size() && IsSpace(json_[position_])) ++position_;
  }

  void Open(char c) {
    out_ += c;
    ++position_;
    SkipSpace();
    if (position_ < json_.size() && (json_[position_] == '}' || json_[position_] == ']')) {
      out_ += json_[position_++];  // nothing in it: on one line
      return;
    }
    Line(++depth_);
  }

  void Colored(const char* color, std::string_view text) {
    if (style_.color) out_ += color;
    if (style_.escape) {
      Escape(text);
    } else {
      out_.append(text);
    }
    if (style_.color) out_ += kNoColor;
  }

  // U+007F to U+009F as \u00NN.
  void Escape(std::string_view text) {
    for (size_t i = 0; i < text.size(); ++i) {
      auto byte = static_cast<unsigned char>(text[i]);
      bool c1 = byte == 0xc2 && i + 1 < text.size() &&
                (static_cast<unsigned char>(text[i + 1]) & 0xe0U) == 0x80;
      if (c1) byte = static_cast<unsigned char>(text[++i]);
      if (c1 || byte == 0x7f) {
        std::array<char, 7> escaped{};
        (void)std::snprintf(escaped.data(), escaped.size(), "\\u%04x", byte);
        out_ += escaped.data();
      } else {
        out_ += text[i];
      }
    }
  }

  void String() {
    size_t start = position_++;
    while (position_ < json_.size() && json_[position_] != '"') {
      position_ += json_[position_] == '\\' ? 2 : 1;
    }
    ++position_;
    std::string_view text = json_.substr(start, position_ - start);
    SkipSpace();
    bool key = position_ < json_.size() && json_[position_] == ':';
    Colored(key ? kKeyColor : kStringColor, text);
  }

  void Word() {
    size_t end = json_.find_first_of(",]} \t\r\n", position_);
    if (end == std::string_view::npos) end = json_.size();
    Colored(kWordColor, json_.substr(position_, end - position_));
    position_ = end;
  }

  std::string_view json_;
  const JsonStyle& style_;
  size_t position_ = 0;
  size_t depth_ = 0;
  std::string out_;
};

}  // namespace

std::string Restyle(std::string_view json, const JsonStyle& style) {
  return Restyler(json, style).Run();
}

void JsonSplitter::Add(std::string_view text) {
  text_.erase(0, start_);
  position_ -= start_;
  start_ = 0;
  text_.append(text);
}

bool JsonSplitter::Take(size_t end, std::string* value) {
  *value = text_.substr(start_, end - start_);
  start_ = position_ = end;
  in_string_ = escaped_ = scalar_ = false;
  depth_ = 0;
  return true;
}

// Gives false if what follows has to tell whether it is one.
bool JsonSplitter::SkipMark() {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  std::string_view beginning = std::string_view(text_).substr(start_, kMark.size());
  if (beginning != kMark.substr(0, beginning.size())) {
    beginning_ = false;
  } else if (beginning.size() == kMark.size()) {
    beginning_ = false;
    start_ += kMark.size();
    position_ = start_;
  }
  return !beginning_;
}

// Gives false if there is nothing else.
bool JsonSplitter::SkipSpace() {
  if (position_ > start_) return true;
  while (start_ < text_.size() && IsSpace(text_[start_])) ++start_;
  position_ = start_;
  return start_ < text_.size();
}

bool JsonSplitter::Next(std::string* value) {
  if ((beginning_ && !SkipMark()) || !SkipSpace()) return false;
  for (; position_ < text_.size(); ++position_) {
    char c = text_[position_];
    if (scalar_) {
      if (IsSpace(c) || IsStructural(c)) return Take(position_, value);
    } else if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
        if (depth_ == 0) return Take(position_ + 1, value);
      }
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (c == '}' || c == ']') {
      // One too many is given out as it is, for the library to complain about.
      if (depth_ <= 1) return Take(position_ + 1, value);
      --depth_;
    } else if (depth_ == 0) {
      if (IsStructural(c)) return Take(position_ + 1, value);
      scalar_ = true;
    }
  }
  return false;
}

bool JsonSplitter::Last(std::string* value) { return SkipSpace() && Take(text_.size(), value); }

}  // namespace pygrpc::cli
