// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TRANSCODE_JSON_TOKENS_H_
#define PYGRPC_TRANSCODE_JSON_TOKENS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace pygrpc::transcode {

// Finds where the tokens of a JSON text begin, with simdjson's first stage, which also checks UTF-8
// and that strings are closed and free of control characters.
//
// The text is looked at in windows of limited size, so that the index stays in the cache and never
// takes a multiple of a large text. A window ends outside of strings and scalars: every token lies
// whole in its window, together with the colon behind it if it is a key. A token is an offset from
// text(); behind the last one of a window comes an offset at which the token before it has
// certainly ended. At the end of the text it is the offset of a NUL, and counts as a token.
//
// Up to kPadding bytes behind any token of less than kLongString bytes can be read.
class JsonTokens {
 public:
  static constexpr size_t kPadding = 64;
  static constexpr size_t kLongString = 4096;

  explicit JsonTokens(std::string_view json);
  ~JsonTokens();
  JsonTokens(const JsonTokens&) = delete;
  JsonTokens& operator=(const JsonTokens&) = delete;

  enum class Fault { kNone, kUtf8, kControlCharacter, kUnclosedString, kTooLong };

  // Makes the window that begins at `offset`, at a token or at white space before one, the current
  // one. False when there is a fault: see fault() and fault_offset().
  bool Seek(size_t offset);
  // The same for the window behind the current one.
  bool Next() { return Seek(window_end_); }

  const char* text() const { return text_; }
  const uint32_t* begin() const { return begin_; }
  const uint32_t* end() const { return end_; }  // behind the NUL's token in the last window

  std::string_view json() const { return json_; }
  size_t OffsetOf(uint32_t token) const { return std::min(window_begin_ + token, json_.size()); }

  Fault fault() const { return fault_; }
  size_t fault_offset() const { return fault_offset_; }

 private:
  struct Scratch;

  bool SeekInLongText(size_t offset);
  bool SeekTail(size_t offset);
  size_t CutNear(size_t begin, size_t end) const;
  size_t CutBehindString(size_t close) const;
  size_t CutBeforeOpenString(size_t begin, size_t end) const;
  void LocateFault(size_t begin, size_t end, int simdjson_error);
  // Runs simdjson over `size` bytes and returns its error code.
  int Index(const char* text, size_t size);

  std::unique_ptr<Scratch> own_scratch_;  // where the thread keeps none
  Scratch& scratch_;
  std::string_view json_;
  const char* text_ = nullptr;
  const uint32_t* begin_ = nullptr;
  const uint32_t* end_ = nullptr;
  size_t window_begin_ = 0;
  size_t window_end_ = 0;
  Fault fault_ = Fault::kNone;
  size_t fault_offset_ = 0;
};

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TRANSCODE_JSON_TOKENS_H_
