// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TRANSCODE_JSON_TO_WIRE_CONVERTER_H_
#define PYGRPC_TRANSCODE_JSON_TO_WIRE_CONVERTER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "transcode/json_scalars.h"
#include "transcode/json_text.h"
#include "transcode/json_tokens.h"
#include "transcode/map_keys.h"
#include "transcode/plan.h"
#include "transcode/transcoder.h"
#include "transcode/wire_reader.h"

namespace pygrpc::transcode {

// One conversion. Where it is in the text and in the output is passed from function to function,
// so that it stays in registers.
class JsonToWireConverter {
 public:
  JsonToWireConverter(std::string_view json, const JsonOptions& options, Buffer* out);

  void Convert(const MessagePlan& plan);

 private:
  struct Cursor {
    const uint32_t* token;  // the next token; Look() before it is read
    char* out;
  };

  // A length-delimited field whose length is not known yet.
  struct Length {
    size_t content;     // where the content begins, an offset from base_
    uint32_t reserved;  // bytes for the length before it
    size_t inserted;    // inserted_ when it began
  };

  // Bytes to be inserted before `content`, and the length to be written there: for content that is
  // too large to be moved at once, again and again at each level.
  struct Insertion {
    size_t content;
    uint32_t reserved;
    uint32_t extra;
    uint64_t length;
  };

  // Where the keys of a map lie in the output, behind their tags; kNoKey for an entry that was
  // passed over. Offsets from start_.
  static constexpr uint32_t kNoKey = UINT32_MAX;

  // --- Tokens ---
  char Look(Cursor* cursor) {
    if (PYGRPC_UNLIKELY(cursor->token == tokens_end_)) cursor->token = NextWindow();
    return text_[*cursor->token];
  }
  PYGRPC_COLD const uint32_t* NextWindow();
  void UseWindow();
  [[noreturn]] PYGRPC_COLD void TokenFault();
  size_t OffsetOf(const uint32_t* token) const { return tokens_.OffsetOf(*token); }

  // What stands between the quotes of the string at `token`.
  std::string_view RawString(const uint32_t* token) const {
    const char* begin = text_ + token[0] + 1;
    const char* end = text_ + token[1] - 1;
    while (*end != '"') --end;
    return {begin, static_cast<size_t>(end - begin)};
  }
  // What the string at `token` stands for; valid until the next call.
  std::string_view StringText(const uint32_t* token);
  std::string_view UnescapeKey(const uint32_t* token, std::string_view raw);
  // Whether the literal stands at `token`, and nothing more.
  bool IsLiteral(const uint32_t* token, std::string_view literal) const;

  // --- Output ---
  static constexpr size_t kSlack = 64;  // room for any scalar field
  char* Room(char* out, size_t size) {
    return PYGRPC_UNLIKELY(static_cast<size_t>(limit_ - out) < size) ? Grow(out, size) : out;
  }
  PYGRPC_COLD char* Grow(char* out, size_t size);
  static char* PutVarint(char* out, uint64_t value);
  static char* PutTag(char* out, const FieldPlan& field) {
    std::memcpy(out, field.tag, sizeof(field.tag));
    return out + field.tag_size;
  }
  Length BeginLength(char** out, uint32_t reserved) {
    *out += reserved;
    return {static_cast<size_t>(*out - base_), reserved, inserted_};
  }
  // Returns the new end of the output. Content of the field may have moved; `length->content` is
  // where it begins.
  char* EndLength(char* out, Length* length) {
    const size_t size = static_cast<size_t>(out - base_) - length->content;
    if (PYGRPC_LIKELY(size < 0x80 && length->reserved == 1)) {
      base_[length->content - 1] = static_cast<char>(size);
      return out;
    }
    return EndLongLength(out, length);
  }
  char* EndLongLength(char* out, Length* length);
  char* ApplyInsertions(char* out);

  // --- Messages. A `cursor` stands at a token that has been looked at: `first`. ---
  Cursor Message(Cursor cursor, char first, const MessagePlan& plan, uint32_t depth);
  // The members behind "{", up to and with "}". In an Any, a member "@type" is passed over.
  template <bool kInAny>
  Cursor Members(Cursor cursor, const MessagePlan& plan, uint32_t depth);
  // A message in its own JSON form.
  Cursor MessageBody(Cursor cursor, char first, const MessagePlan& plan, uint32_t depth) {
    return plan.well_known == WellKnown::kNone ? Message(cursor, first, plan, depth)
                                               : WellKnownBody(cursor, first, plan, depth);
  }
  // Tag, length and content. `reserve` is the guess at the size of the length, and becomes what
  // would have been right.
  Cursor MessageField(Cursor cursor, char first, const FieldPlan& field, uint32_t depth,
                      uint32_t* reserve);
  const FieldPlan* FindField(const uint32_t* token, const MessagePlan& plan);
  Cursor Singular(Cursor cursor, char first, const FieldPlan& field, uint32_t depth);
  Cursor Repeated(Cursor cursor, char first, const FieldPlan& field, uint32_t depth);
  Cursor RepeatedMessages(Cursor cursor, const FieldPlan& field, uint32_t depth);
  Cursor Packed(Cursor cursor, const FieldPlan& field);
  template <FieldKind kKind>
  Cursor PackedScalars(Cursor cursor);
  Cursor PackedEnums(Cursor cursor, const FieldPlan& field);
  Cursor Map(Cursor cursor, char first, const FieldPlan& field, uint32_t depth);
  Cursor KeyOfMap(Cursor cursor, const FieldPlan& key);
  Cursor MessageSetItem(Cursor cursor, char first, const FieldPlan& field, uint32_t depth);
  Cursor Null(Cursor cursor);
  bool AcceptsNull(const FieldPlan& field) const;
  // Finds a key that is twice among those from `first_key` on, of the map at `map_offset`.
  void CheckMapKeys(size_t first_key, FieldKind kind, size_t map_offset);
  MapKey KeyAt(uint32_t offset, FieldKind kind) const;

  // Behind an element or member: true when another follows, at which the cursor then stands.
  bool More(Cursor* cursor, char close) {
    const char next = Look(cursor);
    if (PYGRPC_UNLIKELY(next != ',' && next != close)) FailSeparator(cursor->token, close);
    ++cursor->token;
    return next == ',';
  }
  // Opens an object or array at `first`, which has to be `open`; the cursor then stands behind it.
  void Open(Cursor* cursor, char first, char open, uint32_t depth) {
    if (PYGRPC_UNLIKELY(first != open || depth > max_depth_)) FailOpen(cursor->token, first, open);
    ++cursor->token;
  }

  // --- Scalars: write the value, without tag, and move on ---
  template <FieldKind kKind>
  Cursor Scalar(Cursor cursor, char first);
  template <bool kSigned, int kBits>
  uint64_t Integer(const uint32_t* token, char first);
  uint64_t IntegerSlowly(const uint32_t* token, char first, bool is_signed, int bits);
  template <typename Float>
  Float FloatingPoint(const uint32_t* token, char first);
  template <typename Float>
  Float FloatingPointSlowly(const uint32_t* token, char first);
  bool Bool(const uint32_t* token, char first);
  // False when the name is unknown and unknown ones are to be passed over.
  bool EnumNumber(const uint32_t* token, char first, const EnumPlan& plan, int32_t* number);
  // Length and content.
  Cursor String(Cursor cursor, char first);
  Cursor EscapedString(Cursor cursor, std::string_view raw);
  Cursor Bytes(Cursor cursor, char first);

  // --- Well-known types: the content of the message ---
  Cursor WellKnownBody(Cursor cursor, char first, const MessagePlan& plan, uint32_t depth);
  Cursor Timestamp(Cursor cursor, char first, bool duration);
  Cursor FieldMask(Cursor cursor, char first);
  Cursor StructBody(Cursor cursor, char first, uint32_t depth);
  Cursor ListBody(Cursor cursor, char first, uint32_t depth);
  Cursor ValueBody(Cursor cursor, char first, uint32_t depth);
  Cursor Any(Cursor cursor, char first, const PlanStore& store, uint32_t depth);
  Cursor AnyWellKnown(Cursor cursor, const MessagePlan& plan, uint32_t depth);
  // Of the object at `object`, nested `depth` deep, whose first member the cursor stands at.
  std::string AnyTypeUrl(Cursor cursor, size_t object, uint32_t depth, size_t* url_offset);
  bool IsTypeKey(const uint32_t* token);

  // Unknown fields in the wire format, as base64: written as they are.
  Cursor KeptFields(Cursor cursor, char first);

  // --- Unknown members: checked, not written ---
  Cursor Skip(Cursor cursor, char first, uint32_t depth);

  // --- Faults ---
  [[noreturn]] PYGRPC_COLD void Fail(const uint32_t* token, const char* expected);
  [[noreturn]] PYGRPC_COLD void FailSeparator(const uint32_t* token, char close);
  [[noreturn]] PYGRPC_COLD void FailOpen(const uint32_t* token, char first, char open);
  [[noreturn]] PYGRPC_COLD void FailWithMessage(const uint32_t* token, const std::string& message);
  [[noreturn]] PYGRPC_COLD void FailAt(size_t offset, const std::string& message);
  // `fault` is an offset into the string's raw text.
  [[noreturn]] PYGRPC_COLD void FailEscape(const uint32_t* token, size_t fault);
  [[noreturn]] PYGRPC_COLD void FailNumber(const uint32_t* token, NumberResult result,
                                           const char* type);
  [[noreturn]] PYGRPC_COLD void FailUnknownField(const uint32_t* token, const MessagePlan& plan,
                                                 std::string_view name);
  [[noreturn]] PYGRPC_COLD void FailUnknownEnum(const uint32_t* token, const EnumPlan& plan,
                                                std::string_view name);
  [[noreturn]] PYGRPC_COLD void FailDuplicate(const uint32_t* token, const FieldPlan& field,
                                              const MessagePlan& plan);
  [[noreturn]] PYGRPC_COLD void FailSize();

  JsonTokens tokens_;
  const char* text_ = nullptr;
  const uint32_t* tokens_end_ = nullptr;

  Buffer* buffer_;
  size_t start_;  // what the buffer held before
  char* base_ = nullptr;
  char* limit_ = nullptr;

  size_t inserted_ = 0;  // the sum of all Insertion::extra
  std::vector<Insertion> insertions_;
  std::vector<uint32_t> map_keys_;   // of the maps that are open
  std::vector<uint32_t> key_table_;  // for CheckMapKeys
  std::vector<uint64_t> seen_;       // see SlotSet
  std::string unescaped_;
  std::unique_ptr<TypeFinder> type_finder_;

  const uint32_t max_depth_;
  const bool ignore_unknown_;
  const bool keep_unknown_;
  bool dropped_ = false;  // an enum of unknown name was passed over
};

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TRANSCODE_JSON_TO_WIRE_CONVERTER_H_
