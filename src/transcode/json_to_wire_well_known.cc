// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// The messages with a JSON form of their own, and members that are passed over.

#include <cstdlib>

#include "base/text.h"
#include "transcode/json_to_wire_scalars.h"
#include "transcode/json_well_known.h"

namespace pygrpc::transcode {
namespace {

// The tag of a field whose number is below 16.
constexpr char SmallTag(int number, WireType type) {
  return static_cast<char>(number << 3 | static_cast<int>(type));
}

constexpr char kTypeUrlTag = SmallTag(1, WireType::kLengthDelimited);
constexpr char kAnyValueTag = SmallTag(2, WireType::kLengthDelimited);
constexpr char kSecondsTag = SmallTag(1, WireType::kVarint);
constexpr char kNanosTag = SmallTag(2, WireType::kVarint);
constexpr char kPathsTag = SmallTag(1, WireType::kLengthDelimited);
constexpr char kFieldsTag = SmallTag(1, WireType::kLengthDelimited);
constexpr char kKeyTag = SmallTag(1, WireType::kLengthDelimited);
constexpr char kEntryValueTag = SmallTag(2, WireType::kLengthDelimited);
constexpr char kValuesTag = SmallTag(1, WireType::kLengthDelimited);
constexpr char kNullValueTag = SmallTag(1, WireType::kVarint);
constexpr char kNumberValueTag = SmallTag(2, WireType::kFixed64);
constexpr char kStringValueTag = SmallTag(3, WireType::kLengthDelimited);
constexpr char kBoolValueTag = SmallTag(4, WireType::kVarint);
constexpr char kStructValueTag = SmallTag(5, WireType::kLengthDelimited);
constexpr char kListValueTag = SmallTag(6, WireType::kLengthDelimited);

}  // namespace

JsonToWireConverter::Cursor JsonToWireConverter::WellKnownBody(Cursor cursor, char first,
                                                               const MessagePlan& plan,
                                                               uint32_t depth) {
  switch (plan.well_known) {
    case WellKnown::kTimestamp:
      return Timestamp(cursor, first, false);
    case WellKnown::kDuration:
      return Timestamp(cursor, first, true);
    case WellKnown::kFieldMask:
      return FieldMask(cursor, first);
    case WellKnown::kStruct:
      return StructBody(cursor, first, depth);
    case WellKnown::kValue:
      return ValueBody(cursor, first, depth);
    case WellKnown::kListValue:
      return ListBody(cursor, first, depth);
    case WellKnown::kAny:
      return Any(cursor, first, *plan.store, depth);
    case WellKnown::kNone:
      return Message(cursor, first, plan, depth);
    case WellKnown::kDoubleValue:
    case WellKnown::kFloatValue:
    case WellKnown::kInt64Value:
    case WellKnown::kUint64Value:
    case WellKnown::kInt32Value:
    case WellKnown::kUint32Value:
    case WellKnown::kBoolValue:
    case WellKnown::kStringValue:
    case WellKnown::kBytesValue:
      return Singular(cursor, first, plan.fields[0], depth);
  }
  std::abort();  // the switch is complete
}

JsonToWireConverter::Cursor JsonToWireConverter::Timestamp(Cursor cursor, char first,
                                                           bool duration) {
  if (first != '"') {
    Fail(cursor.token, duration ? "a duration in seconds such as \"-1.5s\""
                                : "a time such as \"1972-01-01T10:00:20.021Z\"");
  }
  std::string_view text = StringText(cursor.token);
  int64_t seconds;
  int32_t nanos;
  const char* expected =
      duration ? ParseDuration(text, &seconds, &nanos) : ParseTimestamp(text, &seconds, &nanos);
  if (expected != nullptr) Fail(cursor.token, expected);
  cursor.out = Room(cursor.out, kSlack);
  if (seconds != 0) {
    *cursor.out++ = kSecondsTag;
    cursor.out = PutVarint(cursor.out, static_cast<uint64_t>(seconds));
  }
  if (nanos != 0) {
    *cursor.out++ = kNanosTag;
    cursor.out = PutVarint(cursor.out, static_cast<uint64_t>(int64_t{nanos}));
  }
  ++cursor.token;
  return cursor;
}

JsonToWireConverter::Cursor JsonToWireConverter::FieldMask(Cursor cursor, char first) {
  if (first != '"') Fail(cursor.token, "the paths of a field mask, separated by commas");
  std::string_view text = StringText(cursor.token);
  std::string path;
  for (size_t begin = 0; !text.empty() && begin <= text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    path.clear();
    const char* expected = ParseFieldMaskPath(text.substr(begin, end - begin), &path);
    if (expected != nullptr) Fail(cursor.token, expected);
    cursor.out = Room(cursor.out, path.size() + kSlack);
    *cursor.out++ = kPathsTag;
    cursor.out = PutVarint(cursor.out, path.size());
    std::memcpy(cursor.out, path.data(), path.size());
    cursor.out += path.size();
    begin = end + 1;
  }
  ++cursor.token;
  return cursor;
}

// --- Struct, ListValue, Value ---

JsonToWireConverter::Cursor JsonToWireConverter::StructBody(Cursor cursor, char first,
                                                            uint32_t depth) {
  const size_t offset = OffsetOf(cursor.token);
  Open(&cursor, first, '{', ++depth);
  if (Look(&cursor) == '}') {
    ++cursor.token;
    return cursor;
  }
  const size_t first_key = map_keys_.size();
  do {
    first = Look(&cursor);
    if (first != '"') Fail(cursor.token, "a key in quotes");
    cursor.out = Room(cursor.out, kSlack);
    *cursor.out++ = kFieldsTag;
    Length entry = BeginLength(&cursor.out, 1);
    *cursor.out++ = kKeyTag;
    if (text_[cursor.token[1]] != ':') Fail(cursor.token + 1, "\":\"");
    cursor = String(cursor, first);
    ++cursor.token;  // the colon
    cursor.out = Room(cursor.out, kSlack);
    *cursor.out++ = kEntryValueTag;
    Length value = BeginLength(&cursor.out, 1);
    first = Look(&cursor);
    cursor = ValueBody(cursor, first, depth);
    cursor.out = EndLength(cursor.out, &value);
    cursor.out = EndLength(cursor.out, &entry);
    map_keys_.push_back(static_cast<uint32_t>(entry.content + sizeof(kKeyTag) - start_));
  } while (More(&cursor, '}'));
  if (map_keys_.size() - first_key > 1) CheckMapKeys(first_key, FieldKind::kString, offset);
  map_keys_.resize(first_key);
  return cursor;
}

JsonToWireConverter::Cursor JsonToWireConverter::ListBody(Cursor cursor, char first,
                                                          uint32_t depth) {
  Open(&cursor, first, '[', ++depth);
  if (Look(&cursor) == ']') {
    ++cursor.token;
    return cursor;
  }
  do {
    first = Look(&cursor);
    cursor.out = Room(cursor.out, kSlack);
    *cursor.out++ = kValuesTag;
    Length value = BeginLength(&cursor.out, 1);
    cursor = ValueBody(cursor, first, depth);
    cursor.out = EndLength(cursor.out, &value);
  } while (More(&cursor, ']'));
  return cursor;
}

JsonToWireConverter::Cursor JsonToWireConverter::ValueBody(Cursor cursor, char first,
                                                           uint32_t depth) {
  cursor.out = Room(cursor.out, kSlack);
  switch (first) {
    case '{':
    case '[': {
      *cursor.out++ = first == '{' ? kStructValueTag : kListValueTag;
      Length length = BeginLength(&cursor.out, 1);
      cursor = first == '{' ? StructBody(cursor, first, depth) : ListBody(cursor, first, depth);
      cursor.out = EndLength(cursor.out, &length);
      return cursor;
    }
    case '"':
      *cursor.out++ = kStringValueTag;
      return String(cursor, first);
    case 't':
    case 'f':
      *cursor.out++ = kBoolValueTag;
      return Scalar<FieldKind::kBool>(cursor, first);
    case 'n':
      *cursor.out++ = kNullValueTag;
      *cursor.out++ = 0;
      return Null(cursor);
    default:
      if (first != '-' && (first < '0' || first > '9')) Fail(cursor.token, "a JSON value");
      *cursor.out++ = kNumberValueTag;
      return Scalar<FieldKind::kDouble>(cursor, first);
  }
}

// --- Any ---

bool JsonToWireConverter::IsTypeKey(const uint32_t* token) { return StringText(token) == "@type"; }

std::string JsonToWireConverter::AnyTypeUrl(Cursor cursor, size_t object, uint32_t depth,
                                            size_t* url_offset) {
  const std::string_view json = tokens_.json();
  if (IsTypeKey(cursor.token)) {
    if (text_[cursor.token[1]] != ':') Fail(cursor.token + 1, "\":\"");
    *url_offset = json.find_first_not_of(" \t\r\n", OffsetOf(cursor.token + 1) + 1);
    if (*url_offset == std::string_view::npos || json[*url_offset] != '"') {
      throw JsonFault(json, std::min(*url_offset, json.size()), "a type URL");
    }
  } else {
    if (type_finder_ == nullptr) type_finder_ = std::make_unique<TypeFinder>(json, max_depth_);
    *url_offset = type_finder_->Find(object, depth);
    if (*url_offset == std::string_view::npos) FailAt(object, "an Any needs a member \"@type\"");
  }
  return JsonStringAt(json, *url_offset);
}

JsonToWireConverter::Cursor JsonToWireConverter::Any(Cursor cursor, char first,
                                                     const PlanStore& store, uint32_t depth) {
  const size_t object = OffsetOf(cursor.token);
  Open(&cursor, first, '{', ++depth);
  first = Look(&cursor);
  if (first == '}') {
    ++cursor.token;
    return cursor;
  }
  if (first != '"') Fail(cursor.token, "a field name in quotes");
  size_t url_offset;
  const std::string url = AnyTypeUrl(cursor, object, depth, &url_offset);
  const size_t slash = url.rfind('/');
  if (slash == std::string::npos || slash + 1 == url.size()) {
    throw JsonFault(tokens_.json(), url_offset,
                    "a type URL such as \"type.googleapis.com/package.Message\"");
  }
  const std::string_view name = std::string_view(url).substr(slash + 1);
  const MessagePlan* plan = store.FindMessage(name);
  if (plan == nullptr) FailAt(url_offset, "no message type " + Quote(name) + " is loaded");

  cursor.out = Room(cursor.out, url.size() + kSlack);
  *cursor.out++ = kTypeUrlTag;
  cursor.out = PutVarint(cursor.out, url.size());
  std::memcpy(cursor.out, url.data(), url.size());
  cursor.out += url.size();
  const size_t before = static_cast<size_t>(cursor.out - base_);
  *cursor.out++ = kAnyValueTag;
  Length length = BeginLength(&cursor.out, 1);
  cursor = plan->well_known == WellKnown::kNone ? Members<true>(cursor, *plan, depth)
                                                : AnyWellKnown(cursor, *plan, depth);
  if (cursor.out == base_ + length.content) {
    cursor.out = base_ + before;
  } else {
    cursor.out = EndLength(cursor.out, &length);
  }
  return cursor;
}

// {"@type": ..., "value": ...}
JsonToWireConverter::Cursor JsonToWireConverter::AnyWellKnown(Cursor cursor,
                                                              const MessagePlan& plan,
                                                              uint32_t depth) {
  bool type_seen = false;
  bool value_seen = false;
  do {
    if (Look(&cursor) != '"') Fail(cursor.token, "a field name in quotes");
    const uint32_t* token = cursor.token;
    if (text_[token[1]] != ':') Fail(token + 1, "\":\"");
    const std::string_view name = StringText(token);
    const bool is_value = name == "value";
    if (is_value || name == "@type") {
      bool* seen = is_value ? &value_seen : &type_seen;
      if (*seen) FailWithMessage(token, "the member is given twice");
      *seen = true;
    } else if (!ignore_unknown_) {
      FailWithMessage(token, "no member " + Quote(name) + " in an Any with a " + plan.full_name +
                                 ", only \"value\"");
    }
    cursor.token += 2;
    const char first = Look(&cursor);
    cursor = is_value ? WellKnownBody(cursor, first, plan, depth) : Skip(cursor, first, depth);
  } while (More(&cursor, '}'));
  if (!value_seen) {
    FailWithMessage(cursor.token - 1,
                    "an Any with a " + plan.full_name + " needs a member \"value\"");
  }
  return cursor;
}

// --- Unknown members ---

JsonToWireConverter::Cursor JsonToWireConverter::Skip(Cursor cursor, char first, uint32_t depth) {
  switch (first) {
    case '{':
    case '[': {
      const char close = first == '{' ? '}' : ']';
      Open(&cursor, first, first, ++depth);
      if (Look(&cursor) == close) {
        ++cursor.token;
        return cursor;
      }
      do {
        char next = Look(&cursor);
        if (close == '}') {
          if (next != '"') Fail(cursor.token, "a key in quotes");
          StringText(cursor.token);  // checks the escapes
          if (text_[cursor.token[1]] != ':') Fail(cursor.token + 1, "\":\"");
          cursor.token += 2;
          next = Look(&cursor);
        }
        cursor = Skip(cursor, next, depth);
      } while (More(&cursor, close));
      return cursor;
    }
    case '"':
      StringText(cursor.token);
      break;
    case 't':
    case 'f':
      Bool(cursor.token, first);
      break;
    case 'n':
      return Null(cursor);
    default: {
      const char* end;
      double value;
      NumberResult result = ParseDouble(text_ + *cursor.token, &end, &value);
      if (result == NumberResult::kSyntax || !EndsScalar(*end)) {
        Fail(cursor.token, "a JSON value");
      }
      break;
    }
  }
  ++cursor.token;
  return cursor;
}

}  // namespace pygrpc::transcode
