// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/json_text.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/text.h"
#include "transcode/json_scalars.h"

namespace pygrpc::transcode {
namespace {

constexpr size_t kLongestPath = 1000;
constexpr size_t kLongestKey = 80;  // a longer one is quoted, and cut
constexpr size_t kLongestFound = 40;
constexpr char kSpaceAndColon[] = " \t\r\n:";

// The offset behind the string that opens at `open`; the end of the text when it is not closed.
size_t SkipString(std::string_view json, size_t open) {
  for (size_t at = open + 1; at < json.size(); ++at) {
    if (json[at] == '"') return at + 1;
    if (json[at] == '\\') ++at;
  }
  return json.size();
}

// Walks over a JSON text, which may be faulty, and knows which containers are open.
class Walk {
 public:
  static constexpr size_t kNoKey = std::string_view::npos;

  struct Container {
    size_t offset;
    bool object;
    size_t key = kNoKey;  // of the current member
    size_t index = 0;     // of the current member or element
  };

  explicit Walk(std::string_view json, size_t offset) : json_(json), at_(offset) {}

  size_t at() const { return at_; }
  bool done() const { return at_ >= json_.size(); }
  const std::vector<Container>& open() const { return open_; }

  // Moves over one string, or one other character. Returns whether it was a member's key.
  bool Step() {
    const char character = json_[at_];
    switch (character) {
      case '"': {
        bool key = !open_.empty() && open_.back().object && open_.back().key == kNoKey;
        if (key) open_.back().key = at_;
        at_ = SkipString(json_, at_);
        return key;
      }
      case '{':
      case '[':
        open_.push_back({at_, character == '{'});
        break;
      case '}':
      case ']':
        if (!open_.empty()) open_.pop_back();
        break;
      case ',':
        if (!open_.empty()) {
          ++open_.back().index;
          open_.back().key = kNoKey;
        }
        break;
      default:
        break;
    }
    ++at_;
    return false;
  }

 private:
  std::string_view json_;
  size_t at_;
  std::vector<Container> open_;
};

// Whether the key from `begin` to `end`, quotes included, is "@type".
bool IsTypeKey(std::string_view json, size_t begin, size_t end) {
  std::string_view raw = json.substr(begin, end - begin);
  if (raw.find('\\') == std::string_view::npos) return raw == "\"@type\"";
  return JsonStringAt(json, begin) == "@type";
}

bool IsIdentifier(std::string_view text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0])) != 0) return false;
  return std::all_of(text.begin(), text.end(), [](char character) {
    return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_';
  });
}

}  // namespace

std::string JsonStringAt(std::string_view json, size_t offset) {
  const size_t end = SkipString(json, offset);
  const size_t size = end - offset >= 2 ? end - offset - 2 : 0;
  std::string_view raw = json.substr(offset + 1, size);
  std::string text(raw.size() + 16, '\0');
  size_t fault;
  char* stop = Unescape(raw, text.data(), &fault);
  if (stop == nullptr) return std::string(raw);
  text.resize(static_cast<size_t>(stop - text.data()));
  return text;
}

std::string JsonPathAt(std::string_view json, size_t offset) {
  Walk walk(json, 0);
  while (!walk.done() && walk.at() < offset) walk.Step();
  if (!walk.done() && walk.at() == offset && json[offset] == '"') walk.Step();
  std::string path = "$";
  for (const Walk::Container& container : walk.open()) {
    if (container.offset >= offset) break;
    if (!container.object) {
      path += "[" + std::to_string(container.index) + "]";
    } else if (container.key != Walk::kNoKey) {
      std::string key = JsonStringAt(json, container.key);
      path += IsIdentifier(key) && key.size() <= kLongestKey ? "." + key : "[" + Quote(key) + "]";
    }
    if (path.size() > kLongestPath) return path + "...";
  }
  return path;
}

std::string DescribeJsonAt(std::string_view json, size_t offset) {
  if (offset >= json.size()) return "the end of the text";
  switch (json[offset]) {
    case '{':
      return "an object";
    case '[':
      return "an array";
    case '"':
      return Quote(
          JsonStringAt(json.substr(0, std::min(json.size(), offset + 4 * kLongestFound)), offset),
          kLongestFound);
    case ',':
    case ':':
    case '}':
    case ']':
      return Quote(json.substr(offset, 1));
    default:
      break;
  }
  size_t end = offset;
  while (end < json.size() && end - offset < kLongestFound &&
         std::string_view(" \t\r\n,:{}[]\"").find(json[end]) == std::string_view::npos) {
    ++end;
  }
  std::string_view scalar = json.substr(offset, std::max<size_t>(end - offset, 1));
  bool plain = std::all_of(scalar.begin(), scalar.end(), [](char character) {
    return std::isgraph(static_cast<unsigned char>(character)) != 0;
  });
  return plain ? std::string(scalar) : Quote(scalar, kLongestFound);
}

Error JsonFaultWithMessage(std::string_view json, size_t offset, const std::string& message) {
  std::string path = JsonPathAt(json, offset);
  Error error(Code::kJson, path + ": " + message);
  error.json_path = std::move(path);
  error.byte_offset = static_cast<int64_t>(offset);
  error.found = DescribeJsonAt(json, offset);
  return error;
}

Error JsonFault(std::string_view json, size_t offset, std::string expected) {
  Error error = JsonFaultWithMessage(
      json, offset, "expected " + expected + ", found " + DescribeJsonAt(json, offset));
  error.expected = std::move(expected);
  return error;
}

Error JsonDepthFault(std::string_view json, size_t offset, uint32_t max_depth) {
  return JsonFaultWithMessage(json, offset,
                              "nested deeper than " + std::to_string(max_depth) + " levels");
}

size_t OffsetOfMember(std::string_view json, size_t object, size_t index) {
  Walk walk(json, object);
  do {
    size_t at = walk.at();
    if (walk.Step() && walk.open().size() == 1 && walk.open()[0].index == index) return at;
  } while (!walk.done() && !walk.open().empty());
  return object;
}

size_t TypeFinder::Find(size_t object, uint32_t depth) {
  if (object >= read_to_) {
    types_.clear();
    Walk walk(json_, object);
    do {
      size_t key = walk.at();
      if (walk.open().size() + depth > size_t{max_depth_} + 1) {
        throw JsonDepthFault(json_, key - 1, max_depth_);
      }
      if (!walk.Step() || !IsTypeKey(json_, key, walk.at())) continue;
      size_t value = json_.find_first_not_of(kSpaceAndColon, walk.at());
      if (value != std::string_view::npos && json_[value] == '"') {
        types_.emplace(walk.open().back().offset, value);
      }
    } while (!walk.done() && !walk.open().empty());
    read_to_ = walk.at();
  }
  auto found = types_.find(object);
  return found == types_.end() ? std::string_view::npos : found->second;
}

}  // namespace pygrpc::transcode
