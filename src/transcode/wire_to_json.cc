// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/wire_to_json.h"

#include <memory>
#include <string>
#include <utility>

#include "base/text.h"
#include "transcode/wire_to_json_path.h"
#include "transcode/wire_to_json_writer.h"

namespace pygrpc::transcode {
namespace {

// Passes over `tag` if it comes next, encoded as short as it can be. Where it is encoded otherwise
// the run of a repeated field ends, and merging sets that right.
PYGRPC_ALWAYS_INLINE bool SkipSameTag(uint32_t tag, const uint8_t** at, const uint8_t* end) {
  const uint8_t* next = *at;
  if (tag < 0x80) {
    if (next == end || *next != tag) return false;
    *at = next + 1;
    return true;
  }
  uint32_t found;
  if (next == end || *next != (tag & 0x7F) + 0x80) return false;
  next = ReadTag(next, end, &found);
  if (next == nullptr || found != tag) return false;
  *at = next;
  return true;
}

}  // namespace

WireToJsonWriter::WireToJsonWriter(const JsonOptions& options, const uint8_t* begin,
                                   const uint8_t* end, Buffer* out)
    : options_(options),
      begin_(begin),
      end_(end),
      output_(out, static_cast<size_t>(end - begin) * 3 / 2 + 192) {}

void WireToJsonWriter::Write(const MessagePlan& plan) {
  // NOLINTNEXTLINE(clang-analyzer-deadcode.DeadStores): read on the second way
  const size_t start = output_.Offset(output_.Begin());
  try {
    output_.Finish(WriteMessage(plan, begin_, end_, output_.Begin()));
    return;
  } catch (const RestartMerging&) {
  } catch (const WireFault&) {
    // It may stand in a value that does not count, say in a Timestamp that later bytes complete.
  }
  depth_ = 0;
  slot_stack_.clear();
  occurrences_.clear();
  Validate(plan, begin_, end_);
  output_.Finish(MergePiece(plan, begin_, end_, output_.At(start)));
}

char* WireToJsonWriter::WriteMessage(const MessagePlan& plan, const uint8_t* begin,
                                     const uint8_t* end, char* out) {
  if (plan.well_known != WellKnown::kNone) return WriteWellKnown(plan, begin, end, out);
  Enter(begin);
  *out++ = '{';
  out = WriteFields(plan, begin, end, 0, out).out;
  Leave();
  return Close(out, '}');
}

// Writes the fields of a message, each with a comma behind it: up to `end`, or past the end tag of
// the group of that number.
WireToJsonWriter::Cursor WireToJsonWriter::WriteFields(const MessagePlan& plan, const uint8_t* at,
                                                       const uint8_t* end, uint32_t group,
                                                       char* out) {
  const uint8_t* const begin = at;
  const size_t out_begin = output_.Offset(out);
  const uint32_t depth = depth_;
  SlotSet slots(plan.slot_count, &slot_stack_);
  bool merge = plan.message_set;
  while (!merge) {
    if (at >= end) {
      if (group == 0) break;
      FailGroup(begin);
    }
    const uint8_t* const start = at;
    uint32_t tag;
    at = ReadTag(at, end, &tag);
    if (PYGRPC_UNLIKELY(at == nullptr)) FailTag(start);
    if (PYGRPC_UNLIKELY(TagWireType(tag) == WireType::kEndGroup)) {
      if (TagNumber(tag) != group) FailTag(start);
      break;
    }
    const FieldPlan* field = plan.FindNumber(TagNumber(tag));
    if (PYGRPC_UNLIKELY(field == nullptr || !Accepts(*field, TagWireType(tag)))) {
      if (options_.keep_unknown) {  // seldom wanted: the second way gathers them
        merge = true;
        break;
      }
      at = SkipUnknown(tag, at, end);
      continue;
    }
    if (PYGRPC_UNLIKELY(!slots.Add(field->slot))) {
      merge = true;
      break;
    }
    if (field->repeated) {
      const size_t before = output_.Offset(out);
      Cursor next = field->map ? WriteMap(*field, tag, at, end, out)
                               : WriteRepeated(*field, tag, at, end, out);
      if (PYGRPC_UNLIKELY(next.at == nullptr)) {
        merge = true;
        break;
      }
      if (PYGRPC_UNLIKELY(output_.Offset(next.out) == before)) slots.Remove(field->slot);
      at = next.at;
      out = next.out;
      continue;
    }
    out = WriteKey(*field, out);
    if (field->kind == FieldKind::kMessage) {
      size_t size;
      at = ReadLength(at, end, &size);
      if (PYGRPC_UNLIKELY(at == nullptr)) FailValue(start, *field);
      out = WriteMessage(field->message(), at, at + size, out);
      at += size;
    } else if (field->kind == FieldKind::kGroup) {
      Cursor next = WriteGroup(*field, at, end, out);
      at = next.at;
      out = next.out;
    } else {
      const size_t key_end = output_.Offset(out);
      uint64_t bits;
      Cursor next = WriteScalar(field->kind, *field, at, end, out, &bits);
      at = next.at;
      out = next.out;
      if (PYGRPC_UNLIKELY(bits == 0 && !field->has_presence && !options_.print_defaults)) {
        out = output_.At(key_end - KeyText(*field).size());
        continue;
      }
      if (PYGRPC_UNLIKELY(output_.Offset(out) == key_end)) {  // an unknown number of a closed enum
        slots.Remove(field->slot);
        out = output_.At(key_end - KeyText(*field).size());
        continue;
      }
    }
    *out++ = ',';
  }
  if (PYGRPC_UNLIKELY(merge)) {
    slots.Close();
    depth_ = depth;
    const uint8_t* payload_end = end;
    const uint8_t* next = end;
    if (group != 0) {
      next = SkipGroup(group, begin, end, DepthLeft() + 1, &payload_end);
      if (next == nullptr) FailGroup(begin);
    }
    return {next, WriteMerged(plan, begin, payload_end, output_.At(out_begin))};
  }
  if (PYGRPC_UNLIKELY(options_.print_defaults)) out = WriteMissing(plan, slots, out);
  slots.Close();
  return {at, out};
}

WireToJsonWriter::Cursor WireToJsonWriter::WriteGroup(const FieldPlan& field, const uint8_t* at,
                                                      const uint8_t* end, char* out) {
  Enter(at);
  *out++ = '{';
  Cursor next = WriteFields(field.message(), at, end, field.number, out);
  Leave();
  return {next.at, Close(next.out, '}')};
}

// The first value of a repeated field is at `at`, more may follow at once. Writes nothing if there
// is no element.
WireToJsonWriter::Cursor WireToJsonWriter::WriteRepeated(const FieldPlan& field, uint32_t tag,
                                                         const uint8_t* at, const uint8_t* end,
                                                         char* out) {
  const size_t before = output_.Offset(out);
  Enter(at);
  out = WriteKey(field, out);
  *out++ = '[';
  Cursor next = WriteElements(field, tag, at, end, out);
  Leave();
  if (PYGRPC_UNLIKELY(next.out[-1] == '[')) return {next.at, output_.At(before)};
  next.out[-1] = ']';
  *next.out++ = ',';
  return next;
}

WireToJsonWriter::Cursor WireToJsonWriter::WriteElements(const FieldPlan& field, uint32_t tag,
                                                         const uint8_t* at, const uint8_t* end,
                                                         char* out) {
  size_t size;
  if (field.kind == FieldKind::kMessage) {
    const MessagePlan& plan = field.message();
    do {
      const uint8_t* const start = at;
      at = ReadLength(at, end, &size);
      if (PYGRPC_UNLIKELY(at == nullptr)) FailValue(start, field);
      out = WriteMessage(plan, at, at + size, out);
      *out++ = ',';
      at += size;
    } while (SkipSameTag(tag, &at, end));
    return {at, output_.Ensure(out, 0)};
  }
  if (field.kind == FieldKind::kGroup) {
    do {
      Cursor next = WriteGroup(field, at, end, out);
      at = next.at;
      out = next.out;
      *out++ = ',';
    } while (SkipSameTag(tag, &at, end));
    return {at, output_.Ensure(out, 0)};
  }
  if (TagWireType(tag) != field.wire_type) {  // packed
    do {
      const uint8_t* const start = at;
      at = ReadLength(at, end, &size);
      if (PYGRPC_UNLIKELY(at == nullptr)) FailValue(start, field);
      out = WritePacked(field, at, at + size, out);
      at += size;
    } while (SkipSameTag(tag, &at, end));
    return {at, out};
  }
  do {
    uint64_t bits;
    Cursor next = WriteAnyScalar(field, at, end, out, &bits);
    at = next.at;
    if (PYGRPC_LIKELY(next.out != out)) *next.out++ = ',';
    out = output_.Ensure(next.out, 0);
  } while (SkipSameTag(tag, &at, end));
  return {at, out};
}

// One copy of the code for all who are not in a hurry.
WireToJsonWriter::Cursor WireToJsonWriter::WriteAnyScalar(const FieldPlan& field, const uint8_t* at,
                                                          const uint8_t* end, char* out,
                                                          uint64_t* bits) {
  return WriteScalar(field.kind, field, at, end, out, bits);
}

template <FieldKind kKind>
char* WireToJsonWriter::WritePackedOf(const FieldPlan& field, const uint8_t* at, const uint8_t* end,
                                      char* out) {
  while (at < end) {
    uint64_t bits;
    Cursor next = WriteScalar(kKind, field, at, end, out, &bits);
    at = next.at;
    if (kKind != FieldKind::kEnum || PYGRPC_LIKELY(next.out != out)) *next.out++ = ',';
    out = output_.Ensure(next.out, 0);
  }
  return out;
}

char* WireToJsonWriter::WritePacked(const FieldPlan& field, const uint8_t* at, const uint8_t* end,
                                    char* out) {
  switch (field.kind) {
    case FieldKind::kDouble:
      return WritePackedOf<FieldKind::kDouble>(field, at, end, out);
    case FieldKind::kFloat:
      return WritePackedOf<FieldKind::kFloat>(field, at, end, out);
    case FieldKind::kInt64:
      return WritePackedOf<FieldKind::kInt64>(field, at, end, out);
    case FieldKind::kUint64:
      return WritePackedOf<FieldKind::kUint64>(field, at, end, out);
    case FieldKind::kInt32:
      return WritePackedOf<FieldKind::kInt32>(field, at, end, out);
    case FieldKind::kFixed64:
      return WritePackedOf<FieldKind::kFixed64>(field, at, end, out);
    case FieldKind::kFixed32:
      return WritePackedOf<FieldKind::kFixed32>(field, at, end, out);
    case FieldKind::kBool:
      return WritePackedOf<FieldKind::kBool>(field, at, end, out);
    case FieldKind::kUint32:
      return WritePackedOf<FieldKind::kUint32>(field, at, end, out);
    case FieldKind::kEnum:
      return WritePackedOf<FieldKind::kEnum>(field, at, end, out);
    case FieldKind::kSfixed32:
      return WritePackedOf<FieldKind::kSfixed32>(field, at, end, out);
    case FieldKind::kSfixed64:
      return WritePackedOf<FieldKind::kSfixed64>(field, at, end, out);
    case FieldKind::kSint32:
      return WritePackedOf<FieldKind::kSint32>(field, at, end, out);
    case FieldKind::kSint64:
      return WritePackedOf<FieldKind::kSint64>(field, at, end, out);
    case FieldKind::kString:
    case FieldKind::kBytes:
    case FieldKind::kMessage:
    case FieldKind::kGroup:
      break;
  }
  return out;
}

// As WriteRepeated(), for a map. Returns no place to read if entries must be merged.
WireToJsonWriter::Cursor WireToJsonWriter::WriteMap(const FieldPlan& field, uint32_t tag,
                                                    const uint8_t* at, const uint8_t* end,
                                                    char* out) {
  const size_t before = output_.Offset(out);
  Cursor next = WriteEntries(field, tag, at, end, WriteKey(field, out));
  if (PYGRPC_UNLIKELY(next.at == nullptr)) return next;
  if (PYGRPC_UNLIKELY(next.out[-2] == '{')) return {next.at, output_.At(before)};
  *next.out++ = ',';
  return next;
}

WireToJsonWriter::Cursor WireToJsonWriter::WriteEntries(const FieldPlan& field, uint32_t tag,
                                                        const uint8_t* at, const uint8_t* end,
                                                        char* out) {
  const MessagePlan& entry = field.message();
  MapKeys keys;
  Enter(at);
  *out++ = '{';
  do {
    const uint8_t* const start = at;
    size_t size;
    at = ReadLength(at, end, &size);
    if (PYGRPC_UNLIKELY(at == nullptr)) FailValue(start, field);
    out = WriteEntry(entry, at, at + size, &keys, out);
    if (PYGRPC_UNLIKELY(out == nullptr)) return {nullptr, nullptr};
    at += size;
  } while (SkipSameTag(tag, &at, end));
  Leave();
  return {at, Close(out, '}')};
}

// Writes a map entry with a comma behind it; nothing if its value is an unknown number of a closed
// enum. nullptr if the entry is not key, then value, each at most once, or if its key is not new.
char* WireToJsonWriter::WriteEntry(const MessagePlan& entry, const uint8_t* begin,
                                   const uint8_t* end, MapKeys* keys, char* out) {
  const FieldPlan& key_field = entry.key();
  const FieldPlan& value_field = entry.value();
  const uint8_t* at = begin;
  MapKey key;
  if (at < end && *at == static_cast<uint8_t>(key_field.tag[0])) {
    at = ReadMapKey(key_field, at + 1, end, &key);
  }
  const size_t before = output_.Offset(out);
  out = WriteMapKey(key_field, key, out);
  const size_t value_begin = output_.Offset(out);
  if (at == end) {
    out = WriteDefault(value_field, begin, out);
  } else if (*at != static_cast<uint8_t>(value_field.tag[0])) {
    return nullptr;
  } else if (value_field.kind == FieldKind::kMessage) {
    const uint8_t* const start = ++at;
    size_t size;
    at = ReadLength(at, end, &size);
    if (PYGRPC_UNLIKELY(at == nullptr)) FailValue(start, value_field);
    if (at + size != end) return nullptr;
    out = WriteMessage(value_field.message(), at, end, out);
  } else {
    uint64_t bits;
    Cursor next = WriteAnyScalar(value_field, at + 1, end, out, &bits);
    if (next.at != end) return nullptr;
    out = next.out;
    if (PYGRPC_UNLIKELY(output_.Offset(out) == value_begin)) return output_.At(before);
  }
  const size_t position = keys->size();
  if (PYGRPC_UNLIKELY(keys->Insert(key) != position)) return nullptr;
  *out++ = ',';
  return output_.Ensure(out, 0);
}

// Takes back what was written of a message and merges its fields.
char* WireToJsonWriter::WriteMerged(const MessagePlan& plan, const uint8_t* begin,
                                    const uint8_t* end, char* out) {
  CountInVain(begin, end);
  Validate(plan, begin, end);
  const size_t first = occurrences_.size();
  occurrences_.push_back(Piece(begin, end));
  out = MergeFields(plan, first, 1, out);
  occurrences_.resize(first);
  return out;
}

void WireToJsonWriter::CountInVain(const uint8_t* begin, const uint8_t* end) {
  constexpr size_t kFree = 1 << 16;
  written_in_vain_ += static_cast<size_t>(end - begin);
  if (written_in_vain_ > static_cast<size_t>(end_ - begin_) * 2 + kFree) throw RestartMerging();
}

const uint8_t* WireToJsonWriter::SkipUnknown(uint32_t tag, const uint8_t* at, const uint8_t* end) {
  const uint8_t* next = SkipValue(tag, at, end, DepthLeft());
  if (next != nullptr) return next;
  throw WireFault{Code::kWire, WireFault::Place::kValue, at,
                  "malformed value of the unknown field " + std::to_string(TagNumber(tag))};
}

char* WireToJsonWriter::WriteEnum(const EnumPlan& plan, int32_t number, char* out) {
  if (PYGRPC_UNLIKELY(plan.is_null_value)) {
    std::memcpy(out, "null", 4);
    return out + 4;
  }
  std::string_view name = plan.QuotedName(number);
  if (PYGRPC_UNLIKELY(name.empty())) return plan.closed ? out : WriteSigned(out, number);
  if (PYGRPC_UNLIKELY(options_.enum_numbers)) return WriteSigned(out, number);
  return output_.WritePadded(out, name);
}

const uint8_t* WireToJsonWriter::ReadMapKey(const FieldPlan& field, const uint8_t* at,
                                            const uint8_t* end, MapKey* key) {
  const uint8_t* const start = at;
  switch (field.kind) {
    case FieldKind::kString: {
      size_t size;
      at = ReadLength(at, end, &size);
      if (PYGRPC_UNLIKELY(at == nullptr)) FailValue(start, field);
      *key = {at, size};
      return at + size;
    }
    case FieldKind::kFixed64:
    case FieldKind::kSfixed64:
      if (PYGRPC_UNLIKELY(end - at < 8)) FailValue(start, field);
      *key = {nullptr, LoadFixed64(at)};
      return at + 8;
    case FieldKind::kFixed32:
    case FieldKind::kSfixed32:
      if (PYGRPC_UNLIKELY(end - at < 4)) FailValue(start, field);
      *key = {nullptr, LoadFixed32(at)};
      return at + 4;
    default:
      break;
  }
  uint64_t value;
  at = ReadVarint(at, end, &value);
  if (PYGRPC_UNLIKELY(at == nullptr)) FailValue(start, field);
  if (field.kind == FieldKind::kBool) value = value != 0;
  if (field.kind == FieldKind::kInt32 || field.kind == FieldKind::kUint32 ||
      field.kind == FieldKind::kSint32) {
    value = static_cast<uint32_t>(value);
  }
  *key = {nullptr, value};
  return at;
}

// The key of a map entry and the colon behind it.
char* WireToJsonWriter::WriteMapKey(const FieldPlan& field, const MapKey& key, char* out) {
  if (field.kind == FieldKind::kString) {
    const uint8_t* text = key.text != nullptr ? key.text : end_;
    char* next = output_.WriteString(out, text, key.value, end_);
    if (PYGRPC_UNLIKELY(next == nullptr)) FailUtf8(key.text, key.value, field);
    *next++ = ':';
    return next;
  }
  *out++ = '"';
  switch (field.kind) {
    case FieldKind::kBool:
      std::memcpy(out, key.value != 0 ? "true\0" : "false", 5);
      out += key.value != 0 ? 4 : 5;
      break;
    case FieldKind::kInt32:
    case FieldKind::kSfixed32:
      out = WriteSigned(out, static_cast<int32_t>(key.value));
      break;
    case FieldKind::kSint32:
      out = WriteSigned(out, ZigZag32(static_cast<uint32_t>(key.value)));
      break;
    case FieldKind::kInt64:
    case FieldKind::kSfixed64:
      out = WriteSigned(out, static_cast<int64_t>(key.value));
      break;
    case FieldKind::kSint64:
      out = WriteSigned(out, ZigZag64(key.value));
      break;
    default:
      out = WriteUnsigned(out, key.value);
      break;
  }
  *out++ = '"';
  *out++ = ':';
  return out;
}

// What stands for a field that is not there: the value of a map entry, or a field that is printed
// all the same.
char* WireToJsonWriter::WriteDefault(const FieldPlan& field, const uint8_t* where, char* out) {
  std::string_view text = "0";
  if (field.repeated) {
    text = field.map ? "{}" : "[]";
  } else {
    switch (field.kind) {
      case FieldKind::kMessage:
      case FieldKind::kGroup:
        return WriteMessage(field.message(), where, where, out);
      case FieldKind::kEnum:
        return WriteEnum(field.enumeration(), field.enumeration().default_number, out);
      case FieldKind::kString:
      case FieldKind::kBytes:
        text = "\"\"";
        break;
      case FieldKind::kBool:
        text = "false";
        break;
      case FieldKind::kInt64:
      case FieldKind::kUint64:
      case FieldKind::kFixed64:
      case FieldKind::kSfixed64:
      case FieldKind::kSint64:
        if (!options_.int64_numbers) text = "\"0\"";
        break;
      default:
        break;
    }
  }
  return output_.WriteRaw(out, text.data(), text.size());
}

char* WireToJsonWriter::WriteMissing(const MessagePlan& plan, const SlotSet& slots, char* out) {
  for (uint32_t i = 0; i < plan.field_count; ++i) {
    const FieldPlan& field = plan.fields[i];
    if (field.has_presence || field.extension || slots.Contains(field.slot)) continue;
    out = WriteKey(field, out);
    out = WriteDefault(field, end_, out);
    *out++ = ',';
  }
  return out;
}

void WireToJsonWriter::FailTag(const uint8_t* where) {
  throw WireFault{Code::kWire, WireFault::Place::kTag, where, "no valid tag"};
}

void WireToJsonWriter::FailGroup(const uint8_t* where) {
  throw WireFault{Code::kWire, WireFault::Place::kValue, where, "group malformed or without end"};
}

void WireToJsonWriter::FailValue(const uint8_t* where, const FieldPlan& field) {
  const char* text = "truncated value";
  if (field.wire_type == WireType::kVarint) text = "truncated or overlong varint";
  if (field.wire_type == WireType::kLengthDelimited) text = "length runs past the end";
  throw WireFault{Code::kWire, WireFault::Place::kValue, where, text};
}

void WireToJsonWriter::FailUtf8(const uint8_t* text, size_t size, const FieldPlan& field) {
  size_t offset = FindInvalidUtf8({reinterpret_cast<const char*>(text), size});
  throw WireFault{field.strict_utf8 ? Code::kWire : Code::kJson, WireFault::Place::kValue,
                  text + offset, "string is not valid UTF-8"};
}

void WireToJsonWriter::FailJson(const uint8_t* where, std::string text) {
  throw WireFault{Code::kJson, WireFault::Place::kValue, where, std::move(text)};
}

void WireToJsonWriter::FailDepth(const uint8_t* where) const {
  throw WireFault{Code::kWire, WireFault::Place::kValue, where,
                  "nested deeper than " + std::to_string(options_.max_depth) +
                      " levels, the option \"max_depth\""};
}

void ConvertWireToJson(const MessagePlan& plan, const std::string_view* spans, size_t count,
                       const JsonOptions& options, Buffer* out) {
  Buffer joined;
  std::string_view message = count > 0 ? spans[0] : std::string_view();
  if (count > 1) {
    size_t size = 0;
    for (size_t i = 0; i < count; ++i) size += spans[i].size();
    joined.Reserve(size);
    for (size_t i = 0; i < count; ++i) joined.Append(spans[i]);
    message = joined.view();
  }
  if (message.size() > INT32_MAX) throw Error(Code::kWire, "message larger than 2 GiB");
  const auto* begin = reinterpret_cast<const uint8_t*>(message.data());
  const uint8_t* end = begin + message.size();
  try {
    WireToJsonWriter(options, begin, end, out).Write(plan);
  } catch (const WireFault& fault) {
    throw MakeWireError(plan, begin, end, fault);
  }
}

}  // namespace pygrpc::transcode
