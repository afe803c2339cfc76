// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/json_to_wire.h"

#include <algorithm>
#include <climits>

#include "base/text.h"
#include "transcode/json_to_wire_scalars.h"
#include "transcode/slot_set.h"

namespace pygrpc::transcode {
namespace {

// Larger content is not moved to make room for its length; see Insertion.
constexpr size_t kLargestMove = 4096;
// A longer reservation could not be made shorter by a cheap move.
constexpr uint32_t kLargestGuess = 2;
// Up to this many keys of a map are compared each with each.
constexpr size_t kFewKeys = 8;
constexpr size_t kLongestVarint = 10;

uint32_t VarintSize(uint64_t value) {
  return (64 - static_cast<uint32_t>(__builtin_clzll(value | 1)) + 6) / 7;
}

// Whether two texts of `size` bytes are equal; inlined, unlike memcmp.
inline bool SameBytes(const char* left, const char* right, size_t size) {
  uint64_t one, other;
  if (size >= 8) {
    size_t at = 0;
    for (; at + 8 <= size; at += 8) {
      std::memcpy(&one, left + at, 8);
      std::memcpy(&other, right + at, 8);
      if (one != other) return false;
    }
    std::memcpy(&one, left + size - 8, 8);
    std::memcpy(&other, right + size - 8, 8);
    return one == other;
  }
  return std::memcmp(left, right, size) == 0;
}

}  // namespace

void ConvertJsonToWire(const MessagePlan& plan, std::string_view json, const JsonOptions& options,
                       Buffer* out) {
  JsonToWireConverter(json, options, out).Convert(plan);
}

JsonToWireConverter::JsonToWireConverter(std::string_view json, const JsonOptions& options,
                                         Buffer* out)
    : tokens_(json),
      buffer_(out),
      start_(out->size()),
      max_depth_(options.max_depth),
      ignore_unknown_(options.ignore_unknown),
      keep_unknown_(options.keep_unknown) {}

void JsonToWireConverter::Convert(const MessagePlan& plan) {
  // Wire format is seldom longer than half of the text.
  Cursor cursor{nullptr, buffer_->Reserve(tokens_.json().size() / 2 + kSlack)};
  base_ = buffer_->data();
  limit_ = base_ + buffer_->capacity();
  if (!tokens_.Seek(0)) TokenFault();
  UseWindow();
  cursor.token = tokens_.begin();
  char first = Look(&cursor);
  cursor = MessageBody(cursor, first, plan, 0);
  Look(&cursor);
  if (OffsetOf(cursor.token) < tokens_.json().size()) Fail(cursor.token, "the end of the text");
  if (!insertions_.empty()) cursor.out = ApplyInsertions(cursor.out);
  if (static_cast<size_t>(cursor.out - base_) - start_ > INT32_MAX) FailSize();
  buffer_->SetEnd(cursor.out);
}

// --- Tokens ---

void JsonToWireConverter::UseWindow() {
  text_ = tokens_.text();
  tokens_end_ = tokens_.end();
}

const uint32_t* JsonToWireConverter::NextWindow() {
  if (!tokens_.Next()) TokenFault();
  UseWindow();
  return tokens_.begin();
}

std::string_view JsonToWireConverter::StringText(const uint32_t* token) {
  std::string_view raw = RawString(token);
  return std::memchr(raw.data(), '\\', raw.size()) == nullptr ? raw : UnescapeKey(token, raw);
}

std::string_view JsonToWireConverter::UnescapeKey(const uint32_t* token, std::string_view raw) {
  unescaped_.resize(raw.size() + 16);
  size_t fault;
  char* end = Unescape(raw, unescaped_.data(), &fault);
  if (end == nullptr) FailEscape(token, fault);
  return {unescaped_.data(), static_cast<size_t>(end - unescaped_.data())};
}

JsonToWireConverter::Cursor JsonToWireConverter::Null(Cursor cursor) {
  if (!IsLiteral(cursor.token, "null")) Fail(cursor.token, "a JSON value");
  ++cursor.token;
  return cursor;
}

// --- Output ---

char* JsonToWireConverter::Grow(char* out, size_t size) {
  buffer_->SetEnd(out);
  if (buffer_->size() - start_ + size > size_t{INT32_MAX} + kSlack) FailSize();
  out = buffer_->Reserve(size);
  base_ = buffer_->data();
  limit_ = base_ + buffer_->capacity();
  return out;
}

char* JsonToWireConverter::EndLongLength(char* out, Length* length) {
  const size_t written = static_cast<size_t>(out - base_) - length->content;
  const uint64_t size = written + (inserted_ - length->inserted);
  const uint32_t needed = VarintSize(size);
  const uint32_t reserved = length->reserved;
  length->reserved = std::min(needed, kLargestGuess);
  if (needed > reserved && written > kLargestMove) {
    insertions_.push_back({length->content, reserved, needed - reserved, size});
    inserted_ += needed - reserved;
    return out;
  }
  if (needed != reserved) {
    out = Room(out, sizeof(uint64_t));
    char* content = base_ + length->content;
    std::memmove(content - reserved + needed, content, written);
    length->content = length->content - reserved + needed;
    out = out - reserved + needed;
  }
  PutVarint(base_ + length->content - needed, size);
  return out;
}

// Moves every byte at most once, from the end.
char* JsonToWireConverter::ApplyInsertions(char* out) {
  std::sort(
      insertions_.begin(), insertions_.end(),
      [](const Insertion& left, const Insertion& right) { return left.content < right.content; });
  out = Room(out, inserted_);
  char* end = out;
  size_t shift = inserted_;
  for (auto insertion = insertions_.rbegin(); insertion != insertions_.rend(); ++insertion) {
    char* content = base_ + insertion->content;
    std::memmove(content + shift, content, static_cast<size_t>(end - content));
    const uint32_t needed = insertion->reserved + insertion->extra;
    PutVarint(content + shift - needed, insertion->length);
    shift -= insertion->extra;
    end = content - insertion->reserved;
  }
  return out + inserted_;
}

// --- Messages ---

JsonToWireConverter::Cursor JsonToWireConverter::Message(Cursor cursor, char first,
                                                         const MessagePlan& plan, uint32_t depth) {
  Open(&cursor, first, '{', ++depth);
  return Members<false>(cursor, plan, depth);
}

template <bool kInAny>
JsonToWireConverter::Cursor JsonToWireConverter::Members(Cursor cursor, const MessagePlan& plan,
                                                         uint32_t depth) {
  char first = Look(&cursor);
  if (first == '}') {
    ++cursor.token;
    return cursor;
  }
  SlotSet seen(plan.slot_count, &seen_);
  bool type_seen = false;
  uint32_t expected = 0;
  do {
    first = Look(&cursor);
    if (first != '"') Fail(cursor.token, "a field name in quotes");
    const uint32_t* token = cursor.token;
    const FieldPlan* field = plan.fields.get() + expected;
    if (expected >= plan.field_count || token[1] - token[0] + 1 != field->json_key.size() ||
        !SameBytes(text_ + token[0], field->json_key.data(), field->json_key.size())) {
      if (text_[token[1]] != ':') Fail(token + 1, "\":\"");
      if (kInAny && IsTypeKey(token)) {
        if (type_seen) FailWithMessage(token, "\"@type\" is given twice");
        type_seen = true;
        cursor.token += 2;
        first = Look(&cursor);
        cursor = Skip(cursor, first, depth);
        continue;
      }
      if (PYGRPC_UNLIKELY(keep_unknown_ && StringText(token) == kUnknownKey)) {
        cursor.token += 2;
        first = Look(&cursor);
        cursor = KeptFields(cursor, first);
        continue;
      }
      field = FindField(token, plan);
    }
    cursor.token += 2;
    first = Look(&cursor);
    if (PYGRPC_UNLIKELY(field == nullptr)) {
      cursor = Skip(cursor, first, depth);
      continue;
    }
    expected = field->index + 1;
    if (first == 'n' && !AcceptsNull(*field)) {
      cursor = Null(cursor);
      continue;
    }
    if (!seen.Add(field->slot)) FailDuplicate(cursor.token, *field, plan);
    if (field->repeated) {
      cursor = Repeated(cursor, first, *field, depth);
    } else {
      cursor = Singular(cursor, first, *field, depth);
    }
  } while (More(&cursor, '}'));
  seen.Close();
  return cursor;
}

template JsonToWireConverter::Cursor JsonToWireConverter::Members<true>(Cursor, const MessagePlan&,
                                                                        uint32_t);

JsonToWireConverter::Cursor JsonToWireConverter::KeptFields(Cursor cursor, char first) {
  const char* expected = "fields in the wire format, as base64";
  std::string bytes;
  if (first != '"' || !Base64Decode(StringText(cursor.token), &bytes)) {
    Fail(cursor.token, expected);
  }
  const auto* at = reinterpret_cast<const uint8_t*>(bytes.data());
  const uint8_t* const end = at + bytes.size();
  while (at < end) {
    uint32_t tag;
    at = ReadTag(at, end, &tag);
    if (at != nullptr && TagWireType(tag) == WireType::kEndGroup) at = nullptr;
    if (at != nullptr) at = SkipValue(tag, at, end, max_depth_);
    if (at == nullptr) Fail(cursor.token, expected);
  }
  cursor.out = Room(cursor.out, bytes.size() + kSlack);
  std::memcpy(cursor.out, bytes.data(), bytes.size());
  cursor.out += bytes.size();
  ++cursor.token;
  return cursor;
}

const FieldPlan* JsonToWireConverter::FindField(const uint32_t* token, const MessagePlan& plan) {
  std::string_view raw = RawString(token);
  const FieldPlan* field = nullptr;
  if (!plan.escaped_names) field = plan.FindName(raw);
  if (field != nullptr) return field;
  std::string_view name = StringText(token);
  field = plan.FindName(name);
  if (field == nullptr && !ignore_unknown_) FailUnknownField(token, plan, name);
  return field;
}

bool JsonToWireConverter::AcceptsNull(const FieldPlan& field) const {
  if (field.repeated) return false;
  if (field.kind == FieldKind::kMessage) {
    return field.message().well_known == WellKnown::kValue;
  }
  return field.kind == FieldKind::kEnum && field.enumeration().is_null_value;
}

JsonToWireConverter::Cursor JsonToWireConverter::MessageField(Cursor cursor, char first,
                                                              const FieldPlan& field,
                                                              uint32_t depth, uint32_t* reserve) {
  cursor.out = PutTag(Room(cursor.out, kSlack), field);
  if (field.kind == FieldKind::kGroup) {
    cursor = MessageBody(cursor, first, field.message(), depth);
    cursor.out = Room(cursor.out, kSlack);
    std::memcpy(cursor.out, field.end_tag, sizeof(field.end_tag));
    cursor.out += field.tag_size;
    return cursor;
  }
  Length length = BeginLength(&cursor.out, *reserve);
  cursor = MessageBody(cursor, first, field.message(), depth);
  cursor.out = EndLength(cursor.out, &length);
  *reserve = length.reserved;
  return cursor;
}

// An extension of a message in proto1's wire format: group 1 holds the number and the message.
JsonToWireConverter::Cursor JsonToWireConverter::MessageSetItem(Cursor cursor, char first,
                                                                const FieldPlan& field,
                                                                uint32_t depth) {
  constexpr char kStartItem = 0x0B, kTypeId = 0x10, kMessage = 0x1A, kEndItem = 0x0C;
  cursor.out = Room(cursor.out, kSlack);
  *cursor.out++ = kStartItem;
  *cursor.out++ = kTypeId;
  cursor.out = PutVarint(cursor.out, field.number);
  *cursor.out++ = kMessage;
  Length length = BeginLength(&cursor.out, 1);
  cursor = MessageBody(cursor, first, field.message(), depth);
  cursor.out = Room(EndLength(cursor.out, &length), kSlack);
  *cursor.out++ = kEndItem;
  return cursor;
}

JsonToWireConverter::Cursor JsonToWireConverter::Singular(Cursor cursor, char first,
                                                          const FieldPlan& field, uint32_t depth) {
  cursor.out = Room(cursor.out, kSlack);
  switch (field.kind) {
#define PYGRPC_SCALAR(kind)                 \
  case FieldKind::kind:                     \
    cursor.out = PutTag(cursor.out, field); \
    return Scalar<FieldKind::kind>(cursor, first)
    PYGRPC_SCALAR(kDouble);
    PYGRPC_SCALAR(kFloat);
    PYGRPC_SCALAR(kInt64);
    PYGRPC_SCALAR(kUint64);
    PYGRPC_SCALAR(kInt32);
    PYGRPC_SCALAR(kFixed64);
    PYGRPC_SCALAR(kFixed32);
    PYGRPC_SCALAR(kBool);
    PYGRPC_SCALAR(kUint32);
    PYGRPC_SCALAR(kSfixed32);
    PYGRPC_SCALAR(kSfixed64);
    PYGRPC_SCALAR(kSint32);
    PYGRPC_SCALAR(kSint64);
#undef PYGRPC_SCALAR
    case FieldKind::kString:
      cursor.out = PutTag(cursor.out, field);
      return String(cursor, first);
    case FieldKind::kBytes:
      cursor.out = PutTag(cursor.out, field);
      return Bytes(cursor, first);
    case FieldKind::kEnum: {
      int32_t number;
      if (EnumNumber(cursor.token, first, field.enumeration(), &number)) {
        cursor.out = PutTag(cursor.out, field);
        cursor.out = PutVarint(cursor.out, static_cast<uint64_t>(int64_t{number}));
      }
      ++cursor.token;
      return cursor;
    }
    case FieldKind::kGroup:
    case FieldKind::kMessage:
      break;
  }
  if (field.message_set_item) return MessageSetItem(cursor, first, field, depth);
  uint32_t reserve = 1;
  return MessageField(cursor, first, field, depth, &reserve);
}

JsonToWireConverter::Cursor JsonToWireConverter::Repeated(Cursor cursor, char first,
                                                          const FieldPlan& field, uint32_t depth) {
  if (field.map) return Map(cursor, first, field, depth);
  Open(&cursor, first, '[', ++depth);
  if (Look(&cursor) == ']') {
    ++cursor.token;
    return cursor;
  }
  if (field.packed) return Packed(cursor, field);
  if (field.kind == FieldKind::kMessage || field.kind == FieldKind::kGroup) {
    return RepeatedMessages(cursor, field, depth);
  }
  do {
    first = Look(&cursor);
    cursor = Singular(cursor, first, field, depth);
  } while (More(&cursor, ']'));
  return cursor;
}

JsonToWireConverter::Cursor JsonToWireConverter::RepeatedMessages(Cursor cursor,
                                                                  const FieldPlan& field,
                                                                  uint32_t depth) {
  uint32_t reserve = 1;  // the elements of a list tend to be of one size
  do {
    char first = Look(&cursor);
    cursor = MessageField(cursor, first, field, depth, &reserve);
  } while (More(&cursor, ']'));
  return cursor;
}

template <FieldKind kKind>
JsonToWireConverter::Cursor JsonToWireConverter::PackedScalars(Cursor cursor) {
  do {
    char first = Look(&cursor);
    cursor.out = Room(cursor.out, kSlack);
    cursor = Scalar<kKind>(cursor, first);
  } while (More(&cursor, ']'));
  return cursor;
}

JsonToWireConverter::Cursor JsonToWireConverter::PackedEnums(Cursor cursor,
                                                             const FieldPlan& field) {
  const EnumPlan& plan = field.enumeration();
  do {
    char first = Look(&cursor);
    cursor.out = Room(cursor.out, kSlack);
    int32_t number;
    if (EnumNumber(cursor.token, first, plan, &number)) {
      cursor.out = PutVarint(cursor.out, static_cast<uint64_t>(int64_t{number}));
    }
    ++cursor.token;
  } while (More(&cursor, ']'));
  return cursor;
}

JsonToWireConverter::Cursor JsonToWireConverter::Packed(Cursor cursor, const FieldPlan& field) {
  cursor.out = PutTag(Room(cursor.out, kSlack), field);
  Length length = BeginLength(&cursor.out, 1);
  switch (field.kind) {
#define PYGRPC_PACKED(kind)                          \
  case FieldKind::kind:                              \
    cursor = PackedScalars<FieldKind::kind>(cursor); \
    break
    PYGRPC_PACKED(kDouble);
    PYGRPC_PACKED(kFloat);
    PYGRPC_PACKED(kInt64);
    PYGRPC_PACKED(kUint64);
    PYGRPC_PACKED(kInt32);
    PYGRPC_PACKED(kFixed64);
    PYGRPC_PACKED(kFixed32);
    PYGRPC_PACKED(kBool);
    PYGRPC_PACKED(kUint32);
    PYGRPC_PACKED(kSfixed32);
    PYGRPC_PACKED(kSfixed64);
    PYGRPC_PACKED(kSint32);
    PYGRPC_PACKED(kSint64);
#undef PYGRPC_PACKED
    case FieldKind::kEnum:
      cursor = PackedEnums(cursor, field);
      break;
    case FieldKind::kString:
    case FieldKind::kBytes:
    case FieldKind::kGroup:
    case FieldKind::kMessage:
      break;  // never packed
  }
  cursor.out = EndLength(cursor.out, &length);
  return cursor;
}

// --- Maps ---

JsonToWireConverter::Cursor JsonToWireConverter::Map(Cursor cursor, char first,
                                                     const FieldPlan& field, uint32_t depth) {
  const size_t map_offset = OffsetOf(cursor.token);
  Open(&cursor, first, '{', ++depth);
  if (Look(&cursor) == '}') {
    ++cursor.token;
    return cursor;
  }
  const MessagePlan& entry = field.message();
  const FieldPlan& value = entry.value();
  const size_t first_key = map_keys_.size();
  do {
    first = Look(&cursor);
    if (first != '"') Fail(cursor.token, "a map key in quotes");
    cursor.out = Room(cursor.out, kSlack);
    const size_t entry_offset = static_cast<size_t>(cursor.out - base_);
    cursor.out = PutTag(cursor.out, field);
    Length length = BeginLength(&cursor.out, 1);
    cursor.out = PutTag(cursor.out, entry.key());
    cursor = KeyOfMap(cursor, entry.key());
    first = Look(&cursor);
    if (first == 'n' && !AcceptsNull(value)) Fail(cursor.token, "a value");
    dropped_ = false;
    cursor = Singular(cursor, first, value, depth);
    if (dropped_) {
      cursor.out = base_ + entry_offset;
      map_keys_.push_back(kNoKey);
      continue;
    }
    cursor.out = EndLength(cursor.out, &length);
    map_keys_.push_back(static_cast<uint32_t>(length.content + entry.key().tag_size - start_));
  } while (More(&cursor, '}'));
  if (map_keys_.size() - first_key > 1) CheckMapKeys(first_key, entry.key().kind, map_offset);
  map_keys_.resize(first_key);
  return cursor;
}

JsonToWireConverter::Cursor JsonToWireConverter::KeyOfMap(Cursor cursor, const FieldPlan& key) {
  if (text_[cursor.token[1]] != ':') Fail(cursor.token + 1, "\":\"");
  switch (key.kind) {
#define PYGRPC_KEY(kind)                           \
  case FieldKind::kind:                            \
    cursor = Scalar<FieldKind::kind>(cursor, '"'); \
    break
    PYGRPC_KEY(kInt64);
    PYGRPC_KEY(kUint64);
    PYGRPC_KEY(kInt32);
    PYGRPC_KEY(kFixed64);
    PYGRPC_KEY(kFixed32);
    PYGRPC_KEY(kUint32);
    PYGRPC_KEY(kSfixed32);
    PYGRPC_KEY(kSfixed64);
    PYGRPC_KEY(kSint32);
    PYGRPC_KEY(kSint64);
#undef PYGRPC_KEY
    case FieldKind::kBool: {
      std::string_view text = StringText(cursor.token);
      if (text != "true" && text != "false") Fail(cursor.token, "\"true\" or \"false\" as map key");
      *cursor.out++ = text == "true" ? 1 : 0;
      ++cursor.token;
      break;
    }
    default:
      cursor = String(cursor, '"');
      break;
  }
  ++cursor.token;  // the colon
  return cursor;
}

MapKey JsonToWireConverter::KeyAt(uint32_t offset, FieldKind kind) const {
  const auto* at = reinterpret_cast<const uint8_t*>(base_ + start_ + offset);
  MapKey key;
  const WireType type = WireTypeOf(kind);
  if (type == WireType::kFixed32 || type == WireType::kFixed64) {
    std::memcpy(&key.value, at, type == WireType::kFixed32 ? 4 : 8);
    return key;
  }
  at = ReadVarint(at, at + kLongestVarint, &key.value);
  if (type == WireType::kLengthDelimited) key.text = at;
  return key;
}

void JsonToWireConverter::CheckMapKeys(size_t first_key, FieldKind kind, size_t map_offset) {
  const uint32_t* offsets = map_keys_.data() + first_key;
  const size_t count = map_keys_.size() - first_key;
  auto fail = [&](size_t member) {
    FailAt(OffsetOfMember(tokens_.json(), map_offset, member), "the map has this key twice");
  };
  if (count <= kFewKeys) {
    for (size_t later = 1; later < count; ++later) {
      for (size_t earlier = 0; earlier < later; ++earlier) {
        if (offsets[earlier] == kNoKey || offsets[later] == kNoKey) continue;
        if (KeyAt(offsets[earlier], kind) == KeyAt(offsets[later], kind)) fail(later);
      }
    }
    return;
  }
  size_t size = 2 * kFewKeys;
  while (size < count + count / 2) size *= 2;
  key_table_.assign(size, kNoKey);
  for (size_t i = 0; i < count; ++i) {
    if (offsets[i] == kNoKey) continue;
    const MapKey key = KeyAt(offsets[i], kind);
    size_t at = HashKey(key) & (size - 1);
    for (; key_table_[at] != kNoKey; at = (at + 1) & (size - 1)) {
      if (KeyAt(key_table_[at], kind) == key) fail(i);
    }
    key_table_[at] = offsets[i];
  }
}

}  // namespace pygrpc::transcode
