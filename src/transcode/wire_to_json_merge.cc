// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Messages whose fields are not each in one place: collect, sort by field, print what a parser
// would have.

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "transcode/wire_to_json_writer.h"

namespace pygrpc::transcode {
namespace {

const FieldPlan* Known(const MessagePlan& plan, uint32_t tag) {
  const FieldPlan* field = plan.FindNumber(TagNumber(tag));
  return field != nullptr && Accepts(*field, TagWireType(tag)) ? field : nullptr;
}

// Whether a closed enum lacks the number, so that the field counts as unknown.
bool IsUnknownEnumerator(const Occurrence& value) {
  const FieldPlan& field = *value.field;
  if (field.kind != FieldKind::kEnum || !field.enumeration().closed) return false;
  uint64_t number = 0;
  ReadVarint(value.begin, value.end(), &number);
  return !field.enumeration().HasNumber(static_cast<int32_t>(number));
}

// Of a field without presence.
bool IsDefault(const Occurrence& value) {
  const FieldPlan& field = *value.field;
  uint64_t bits = 0;
  switch (field.wire_type) {
    case WireType::kVarint:
      ReadVarint(value.begin, value.end(), &bits);
      if (field.kind == FieldKind::kInt32 || field.kind == FieldKind::kUint32 ||
          field.kind == FieldKind::kSint32 || field.kind == FieldKind::kEnum) {
        bits = static_cast<uint32_t>(bits);
      }
      return bits == 0;
    case WireType::kFixed64:
      return LoadFixed64(value.begin) == 0;
    case WireType::kFixed32:
      return LoadFixed32(value.begin) == 0;
    default:
      return value.size == 0;
  }
}

}  // namespace

char* WireToJsonWriter::MergePiece(const MessagePlan& plan, const uint8_t* begin,
                                   const uint8_t* end, char* out) {
  const size_t first = occurrences_.size();
  occurrences_.push_back(Piece(begin, end));
  out = MergeMessage(plan, first, 1, out);
  occurrences_.resize(first);
  return out;
}

char* WireToJsonWriter::MergeMessage(const MessagePlan& plan, size_t first, size_t count,
                                     char* out) {
  if (plan.well_known != WellKnown::kNone) return MergeWellKnown(plan, first, count, out);
  Enter(occurrences_[first].begin);
  *out++ = '{';
  out = MergeFields(plan, first, count, out);
  Leave();
  return Close(out, '}');
}

// Writes the fields of a message that came in pieces, each with a comma behind it.
char* WireToJsonWriter::MergeFields(const MessagePlan& plan, size_t first, size_t count,
                                    char* out) {
  SlotSet slots(plan.slot_count, &slot_stack_);
  const size_t base = occurrences_.size();
  const size_t unknown_base = unknown_.size();
  CollectPieces(plan, first, count, UnknownEnumerators::kDrop);
  for (size_t at = base; at < occurrences_.size();) {
    size_t next = at;
    const uint32_t slot = occurrences_[at].field->slot;
    while (next < occurrences_.size() && occurrences_[next].field->slot == slot) ++next;
    out = MergeSlot(at, next, &slots, out);
    at = next;
  }
  occurrences_.resize(base);
  if (options_.print_defaults) out = WriteMissing(plan, slots, out);
  slots.Close();
  return WriteUnknown(unknown_base, out);
}

void WireToJsonWriter::KeepUnknown(const uint8_t* begin, const uint8_t* end) {
  if (!options_.keep_unknown) return;
  unknown_.emplace_back(reinterpret_cast<const char*>(begin), static_cast<size_t>(end - begin));
}

// Writes the unknown fields from `base` on, with a comma behind them, and takes them off the stack.
char* WireToJsonWriter::WriteUnknown(size_t base, char* out) {
  if (unknown_.size() == base) return out;
  std::string bytes;
  for (size_t i = base; i < unknown_.size(); ++i) bytes += unknown_[i];
  unknown_.resize(base);
  out = output_.Ensure(out, kUnknownKey.size() + 3);
  *out++ = '"';
  std::memcpy(out, kUnknownKey.data(), kUnknownKey.size());
  out += kUnknownKey.size();
  *out++ = '"';
  *out++ = ':';
  out = output_.WriteBase64(out, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  out = output_.Ensure(out, 1);
  *out++ = ',';
  return out;
}

// Puts the occurrences of all known fields on the stack, sorted by slot, then as they came.
void WireToJsonWriter::CollectPieces(const MessagePlan& plan, size_t first, size_t count,
                                     UnknownEnumerators unknown) {
  const size_t base = occurrences_.size();
  for (size_t i = first; i < first + count; ++i) {
    const Occurrence piece = occurrences_[i];
    Collect(plan, piece.begin, piece.end(), unknown);
  }
  // Pieces of one message come in the order of their addresses, so addresses tell what came first.
  std::sort(occurrences_.begin() + static_cast<ptrdiff_t>(base), occurrences_.end(),
            [](const Occurrence& left, const Occurrence& right) {
              return std::make_pair(left.field->slot, left.begin) <
                     std::make_pair(right.field->slot, right.begin);
            });
}

// The same for what has no place for unknown fields in JSON: they are dropped.
void WireToJsonWriter::CollectKnown(const MessagePlan& plan, size_t first, size_t count,
                                    UnknownEnumerators unknown) {
  const size_t unknown_base = unknown_.size();
  CollectPieces(plan, first, count, unknown);
  unknown_.resize(unknown_base);
}

void WireToJsonWriter::Collect(const MessagePlan& plan, const uint8_t* begin, const uint8_t* end,
                               UnknownEnumerators unknown) {
  constexpr uint32_t kMessageSetItemTag = 1 << 3 | static_cast<uint32_t>(WireType::kStartGroup);
  for (const uint8_t* at = begin; at < end;) {
    const uint8_t* const start = at;
    uint32_t tag;
    at = ReadTag(at, end, &tag);
    if (at == nullptr || TagWireType(tag) == WireType::kEndGroup) FailTag(start);
    const FieldPlan* field = Known(plan, tag);
    const bool item = plan.message_set && tag == kMessageSetItemTag;
    if (field == nullptr && !item) {
      at = SkipUnknown(tag, at, end);
      KeepUnknown(start, at);
      continue;
    }
    const uint8_t* value = at;
    const uint8_t* value_end = nullptr;
    if (TagWireType(tag) == WireType::kStartGroup) {
      at = SkipGroup(TagNumber(tag), value, end, DepthLeft(), &value_end);
    } else {
      at = value_end = SkipValue(tag, value, end, DepthLeft());
    }
    if (at == nullptr) {
      if (field != nullptr) FailValue(value, *field);
      FailGroup(value);
    }
    if (item) {
      if (!CollectMessageSetItem(plan, value, value_end)) KeepUnknown(start, at);
      continue;
    }
    size_t size;
    if (TagWireType(tag) == WireType::kLengthDelimited) value = ReadLength(value, end, &size);
    const Occurrence occurrence{field, value, static_cast<uint32_t>(value_end - value),
                                TagWireType(tag)};
    if (unknown == UnknownEnumerators::kDrop && !field->repeated &&
        IsUnknownEnumerator(occurrence)) {
      continue;
    }
    occurrences_.push_back(occurrence);
  }
}

// A group that holds the number of an extension (field 2) and its message (field 3), in any order.
// Of each the first one counts. False if the extension is unknown.
bool WireToJsonWriter::CollectMessageSetItem(const MessagePlan& plan, const uint8_t* begin,
                                             const uint8_t* end) {
  constexpr uint32_t kTypeTag = 2 << 3 | static_cast<uint32_t>(WireType::kVarint);
  constexpr uint32_t kMessageTag = 3 << 3 | static_cast<uint32_t>(WireType::kLengthDelimited);
  uint64_t type = 0;
  const uint8_t* message = nullptr;
  size_t size = 0;
  for (const uint8_t* at = begin; at < end;) {
    const uint8_t* const start = at;
    uint32_t tag;
    at = ReadTag(at, end, &tag);
    if (at == nullptr) FailTag(start);
    if (tag == kTypeTag && type == 0) ReadVarint(at, end, &type);
    if (tag == kMessageTag && message == nullptr) message = ReadLength(at, end, &size);
    at = SkipUnknown(tag, at, end);
  }
  if (message == nullptr || type > UINT32_MAX) return false;
  const FieldPlan* field = plan.FindNumber(static_cast<uint32_t>(type));
  if (field == nullptr || !Accepts(*field, WireType::kLengthDelimited)) return false;
  occurrences_.push_back({field, message, static_cast<uint32_t>(size), WireType::kLengthDelimited});
  return true;
}

// Writes the field to which the occurrences [first, last) of one slot amount.
char* WireToJsonWriter::MergeSlot(size_t first, size_t last, SlotSet* slots, char* out) {
  const FieldPlan& field = *occurrences_[last - 1].field;
  const size_t before = output_.Offset(out);
  out = WriteKey(field, out);
  const size_t key_end = output_.Offset(out);
  if (field.map) {
    out = MergeMap(first, last, out);
  } else if (field.repeated) {
    out = MergeRepeated(first, last, out);
  } else {
    const Occurrence value = occurrences_[last - 1];
    out = MergeValue(first, last, out);
    if (!field.has_presence && !options_.print_defaults && IsDefault(value)) {
      return output_.At(before);
    }
  }
  if (output_.Offset(out) == key_end) return output_.At(before);
  slots->Add(field.slot);
  *out++ = ',';
  return output_.Ensure(out, 0);
}

// Writes the value of the last of the occurrences, all of one slot. If that is a message, those
// just before it, with no other member of the oneof between, are pieces of it.
char* WireToJsonWriter::MergeValue(size_t first, size_t last, char* out) {
  const Occurrence value = occurrences_[last - 1];
  const FieldPlan& field = *value.field;
  if (field.kind == FieldKind::kMessage || field.kind == FieldKind::kGroup) {
    size_t piece = last - 1;
    while (piece > first && occurrences_[piece - 1].field == &field) --piece;
    return MergeMessage(field.message(), piece, last - piece, out);
  }
  return WriteOccurrence(value, out);
}

// A scalar that is not packed. Of a string, the payload is at hand.
char* WireToJsonWriter::WriteOccurrence(const Occurrence& value, char* out) {
  const FieldPlan& field = *value.field;
  if (field.kind == FieldKind::kBytes) return output_.WriteBase64(out, value.begin, value.size);
  if (field.kind == FieldKind::kString) {
    out = output_.WriteString(out, value.begin, value.size, end_);
    if (out == nullptr) FailUtf8(value.begin, value.size, field);
    return out;
  }
  uint64_t bits;
  return output_.Ensure(WriteAnyScalar(field, value.begin, value.end(), out, &bits).out, 0);
}

// Nothing if there is no element.
char* WireToJsonWriter::MergeRepeated(size_t first, size_t last, char* out) {
  const size_t before = output_.Offset(out);
  Enter(occurrences_[first].begin);
  *out++ = '[';
  for (size_t i = first; i < last; ++i) {
    const Occurrence value = occurrences_[i];
    const FieldPlan& field = *value.field;
    if (field.kind == FieldKind::kMessage || field.kind == FieldKind::kGroup) {
      out = MergeMessage(field.message(), i, 1, out);
    } else if (value.wire_type != field.wire_type) {
      out = WritePacked(field, value.begin, value.end(), out);
      continue;
    } else {
      const size_t element = output_.Offset(out);
      out = WriteOccurrence(value, out);
      if (output_.Offset(out) == element) continue;  // an unknown number of a closed enum
    }
    *out++ = ',';
    out = output_.Ensure(out, 0);
  }
  Leave();
  if (out[-1] == '[') return output_.At(before);
  return Close(out, ']');
}

// Of entries with the same key the last one counts. Nothing if there is no entry.
char* WireToJsonWriter::MergeMap(size_t first, size_t last, char* out) {
  const MessagePlan& entry = occurrences_[first].field->message();
  Enter(occurrences_[first].begin);
  MapKeys keys;
  std::vector<std::pair<MapKey, size_t>> chosen;  // keys, and their last entries
  const size_t base = occurrences_.size();
  for (size_t i = first; i < last; ++i) {
    MapKey key;
    const size_t values = CollectEntry(entry, i, &key);
    // An entry whose value is an unknown number of a closed enum is an unknown field as a whole.
    const bool known = values == occurrences_.size() || !IsUnknownEnumerator(occurrences_.back());
    occurrences_.resize(base);
    if (!known) continue;
    const size_t position = keys.Insert(key);
    if (position == chosen.size()) {
      chosen.emplace_back(key, i);
    } else {
      chosen[position].second = i;
    }
  }
  if (chosen.empty()) {
    Leave();
    return out;
  }
  *out++ = '{';
  for (const auto& [key, index] : chosen) {
    out = WriteMapKey(entry.key(), key, out);
    MapKey same_key;
    const size_t values = CollectEntry(entry, index, &same_key);
    if (values < occurrences_.size()) {
      out = MergeValue(values, occurrences_.size(), out);
    } else {
      out = WriteDefault(entry.value(), occurrences_[index].begin, out);
    }
    occurrences_.resize(base);
    *out++ = ',';
    out = output_.Ensure(out, 0);
  }
  Leave();
  return Close(out, '}');
}

// Puts the occurrences of an entry's key and value on the stack, finds the key and returns where
// those of the value begin.
size_t WireToJsonWriter::CollectEntry(const MessagePlan& entry, size_t index, MapKey* key) {
  size_t values = occurrences_.size();
  CollectKnown(entry, index, 1, UnknownEnumerators::kKeep);
  for (; values < occurrences_.size(); ++values) {
    const Occurrence& occurrence = occurrences_[values];
    if (occurrence.field != &entry.key()) break;
    if (occurrence.wire_type == WireType::kLengthDelimited) {
      *key = {occurrence.begin, occurrence.size};
    } else {
      ReadMapKey(entry.key(), occurrence.begin, occurrence.end(), key);
    }
  }
  return values;
}

}  // namespace pygrpc::transcode
