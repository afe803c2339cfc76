// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/json_tokens.h"

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

#include "base/text.h"
#include "base/thread_kept.h"
#include "transcode/simd.h"

namespace pygrpc::transcode {
namespace {

using Indexer = simdjson::internal::dom_parser_implementation;

// Large enough to make the cost of a window's start small, small enough for the index and the text
// to stay in the second-level cache.
constexpr size_t kWindow = size_t{64} << 10;
// Texts, and the ends of long ones, up to this size are copied to where they can be padded.
constexpr size_t kTail = 4096;
// Between the last window that is not copied and the end of the text.
constexpr size_t kKeepForTail = 1024;
// How far back a good place to cut is looked for before any place will do.
constexpr size_t kGoodCutDistance = 1024;
// simdjson indexes no more at once, and no message holds as much.
constexpr size_t kLongestWindow = INT32_MAX;

bool IsSpace(char character) {
  return character == ' ' || character == '\n' || character == '\r' || character == '\t';
}

// Whether the quote at `quote` is escaped, given that the string's text begins at `begin`.
bool IsEscaped(std::string_view json, size_t begin, size_t quote) {
  size_t backslashes = 0;
  while (quote - backslashes > begin && json[quote - backslashes - 1] == '\\') ++backslashes;
  return backslashes % 2 != 0;
}

// The offset of the quote that closes the string which opens at `open`, or npos.
size_t FindClosingQuote(std::string_view json, size_t open) {
  size_t at = json.find('"', open + 1);
  while (at != std::string_view::npos && IsEscaped(json, open + 1, at)) at = json.find('"', at + 1);
  return at;
}

size_t SkipSpace(std::string_view json, size_t at) {
  while (at < json.size() && IsSpace(json[at])) ++at;
  return at;
}

}  // namespace

// What a thread keeps for its next text. Bounded: see the destructor of JsonTokens.
struct JsonTokens::Scratch {
  std::unique_ptr<Indexer> indexer;
  std::vector<char> large_tail;  // a last window that `tail` cannot hold
  char tail[kTail + kPadding];

  // Makes `indexer` fit for a window of `size`.
  void Allocate(size_t size) {
    const size_t capacity = std::max(size, kWindow);
    if (indexer != nullptr && indexer->capacity() >= capacity) return;
    simdjson::error_code error = simdjson::SUCCESS;
    if (indexer == nullptr) {
      error = Simd().create_dom_parser_implementation(capacity, 1, indexer);
    } else {
      error = indexer->allocate(capacity, 1);
    }
    if (error != simdjson::SUCCESS) {
      indexer.reset();
      throw std::bad_alloc();
    }
  }
};

JsonTokens::JsonTokens(std::string_view json)
    : own_scratch_(ThreadKept<Scratch>::Get() == nullptr ? new Scratch : nullptr),
      scratch_(own_scratch_ != nullptr ? *own_scratch_ : *ThreadKept<Scratch>::Get()),
      json_(json) {}

JsonTokens::~JsonTokens() {
  if (scratch_.indexer != nullptr && scratch_.indexer->capacity() > kWindow) {
    scratch_.indexer.reset();
    std::vector<char>().swap(scratch_.large_tail);
  }
}

int JsonTokens::Index(const char* text, size_t size) {
  if (size > kLongestWindow) return simdjson::CAPACITY;
  scratch_.Allocate(size);
  return scratch_.indexer->stage1(reinterpret_cast<const uint8_t*>(text), size,
                                  simdjson::stage1_mode::regular);
}

bool JsonTokens::Seek(size_t offset) {
  fault_ = Fault::kNone;
  window_begin_ = offset;
  scratch_.Allocate(0);
  return json_.size() - offset <= kTail ? SeekTail(offset) : SeekInLongText(offset);
}

// The rest of the text, padded: a space to end a scalar, then the NUL.
bool JsonTokens::SeekTail(size_t offset) {
  const size_t size = json_.size() - offset;
  char* tail = scratch_.tail;
  if (size > kTail) {
    scratch_.large_tail.resize(size + kPadding);
    tail = scratch_.large_tail.data();
  }
  if (size != 0) std::memcpy(tail, json_.data() + offset, size);
  std::memset(tail + size, 0, kPadding);
  tail[size] = ' ';
  int error = size == 0 ? simdjson::EMPTY : Index(tail, size);
  if (error != simdjson::SUCCESS && error != simdjson::EMPTY) {
    LocateFault(offset, json_.size(), error);
    return false;
  }
  Indexer& indexer = *scratch_.indexer;
  uint32_t count = error == simdjson::EMPTY ? 0 : indexer.n_structural_indexes;
  uint32_t* tokens = indexer.structural_indexes.get();
  tokens[count] = static_cast<uint32_t>(size + 1);
  tokens[count + 1] = static_cast<uint32_t>(size + 1);
  text_ = tail;
  begin_ = tokens;
  end_ = tokens + count + 1;
  window_end_ = json_.size();
  return true;
}

bool JsonTokens::SeekInLongText(size_t offset) {
  size_t reach = kWindow;
  for (;;) {
    const size_t left = json_.size() - offset;
    size_t limit = std::min(offset + reach, json_.size() - kKeepForTail);
    size_t cut = CutNear(offset, limit);
    const bool open_string = cut == offset && json_[offset] == '"';
    if (cut == offset && !open_string) {  // nothing but white space, or one overlong scalar
      if (reach >= left) return SeekTail(offset);
      reach *= 2;
      continue;
    }
    int error = simdjson::UNCLOSED_STRING;
    if (!open_string) error = Index(json_.data() + offset, cut - offset);
    if (error == simdjson::UNCLOSED_STRING) {
      // The cut is within a string. Before the string opens is a place that is not.
      cut = CutBeforeOpenString(offset, cut);
      if (SkipSpace(json_, offset) == cut) {
        size_t close = FindClosingQuote(json_, cut);
        if (close == std::string_view::npos) {
          LocateFault(offset, json_.size(), error);
          return false;
        }
        cut = CutBehindString(close);
        if (json_.size() - cut < kPadding && cut - offset < kLongString + kPadding) {
          return SeekTail(offset);
        }
      }
      if (cut == offset) return SeekTail(offset);
      error = Index(json_.data() + offset, cut - offset);
    }
    if (error == simdjson::EMPTY) {
      offset = cut;
      window_begin_ = offset;
      reach = kWindow;
      if (json_.size() - offset <= kTail) return SeekTail(offset);
      continue;
    }
    if (error != simdjson::SUCCESS) {
      LocateFault(offset, cut, error);
      return false;
    }
    Indexer& indexer = *scratch_.indexer;
    uint32_t* tokens = indexer.structural_indexes.get();
    tokens[indexer.n_structural_indexes] = static_cast<uint32_t>(cut - offset);
    text_ = json_.data() + offset;
    begin_ = tokens;
    end_ = tokens + indexer.n_structural_indexes;
    window_end_ = cut;
    return true;
  }
}

// The place behind the string that ends with the quote at `close`, and behind the colon that makes
// it a key: the two are never parted.
size_t JsonTokens::CutBehindString(size_t close) const {
  const size_t next = SkipSpace(json_, close + 1);
  return next < json_.size() && json_[next] == ':' ? next + 1 : close + 1;
}

// A place between `begin` and `end` that no token straddles, unless it lies within a string;
// `begin` when there is none. Prefers commas that hardly ever stand in strings.
size_t JsonTokens::CutNear(size_t begin, size_t end) const {
  const size_t nearest = end - begin > kGoodCutDistance ? end - kGoodCutDistance : begin;
  for (size_t at = end; at > nearest; --at) {
    if (json_[at - 1] == ',' && json_[at] != ' ') return at;
  }
  for (size_t at = end; at > begin; --at) {
    switch (json_[at - 1]) {
      case ',':
      case '[':
      case '{':
      case ']':
      case '}':
        return at;
      case '"':  // should it close a string, the string is found to be open
        if (at - 1 > begin) return at - 1;
        break;
      default:
        break;
    }
  }
  return begin;
}

// Given that `end` lies within a string, the offset of the quote that opens it.
size_t JsonTokens::CutBeforeOpenString(size_t begin, size_t end) const {
  for (size_t at = end; at > begin; --at) {
    if (json_[at - 1] == '"' && !IsEscaped(json_, begin, at - 1)) return at - 1;
  }
  return begin;
}

void JsonTokens::LocateFault(size_t begin, size_t end, int simdjson_error) {
  std::string_view window = json_.substr(begin, end - begin);
  fault_offset_ = begin;
  if (simdjson_error == simdjson::UTF8_ERROR) {
    fault_ = Fault::kUtf8;
    size_t at = FindInvalidUtf8(window);
    if (at != std::string_view::npos) fault_offset_ = begin + at;
    return;
  }
  if (simdjson_error == simdjson::CAPACITY) {
    fault_ = Fault::kTooLong;
    return;
  }
  // Walk the strings of the window.
  fault_ = Fault::kUnclosedString;
  for (size_t at = window.find('"'); at != std::string_view::npos; at = window.find('"', at)) {
    size_t close = FindClosingQuote(window, at);
    fault_offset_ = begin + at;
    for (size_t inside = at; inside < std::min(close, window.size()); ++inside) {
      if (static_cast<unsigned char>(window[inside]) >= 0x20) continue;
      fault_ = Fault::kControlCharacter;
      fault_offset_ = begin + inside;
      return;
    }
    if (close == std::string_view::npos) return;
    at = close + 1;
  }
}

}  // namespace pygrpc::transcode
