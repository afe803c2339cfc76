// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TRANSCODE_WIRE_TO_JSON_WRITER_H_
#define PYGRPC_TRANSCODE_WIRE_TO_JSON_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/error.h"
#include "transcode/json_output.h"
#include "transcode/map_keys.h"
#include "transcode/plan.h"
#include "transcode/slot_set.h"
#include "transcode/transcoder.h"
#include "transcode/wire_reader.h"

namespace pygrpc::transcode {

// Why a message cannot be written: thrown inside, made an Error with a path outside.
struct WireFault {
  // What `where` points to. A value is meant as a whole; a tag belongs to no field yet.
  enum class Place { kTag, kValue };

  Code code;
  Place place;
  const uint8_t* where;
  std::string text;
};

// Where a field of a message was met: its value (for a group: what is between its tags).
struct Occurrence {
  const FieldPlan* field;
  const uint8_t* begin;
  uint32_t size;
  WireType wire_type;

  const uint8_t* end() const { return begin + size; }
};

// A message, or a piece of one.
inline Occurrence Piece(const uint8_t* begin, const uint8_t* end) {
  return {nullptr, begin, static_cast<uint32_t>(end - begin), WireType::kLengthDelimited};
}

// Writes the JSON of one message, which lies in one piece of memory.
//
// There are two ways. The direct one prints each field where it stands. It is right for bytes as
// serializers write them: each field in one place. Where it meets a field (a oneof, a map key) for
// the second time, it takes back what it wrote of that message and has it merged: all occurrences
// of its fields are collected, sorted by field and printed as a parser would have them, with all
// that is below. Merging never goes back to the direct way, so it takes linear time; and if what
// was written in vain exceeds a multiple of the input, the whole message is merged. What is to be
// merged is validated first, for merging does not look into values that do not count.
class WireToJsonWriter {
 public:
  WireToJsonWriter(const JsonOptions& options, const uint8_t* begin, const uint8_t* end,
                   Buffer* out);

  // Writes the message, all of the bytes. Throws WireFault.
  void Write(const MessagePlan& plan);

 private:
  // Where to read and where to write; `at` is nullptr when the bytes must be merged.
  struct Cursor {
    const uint8_t* at;
    char* out;
  };
  struct RestartMerging {};
  enum class Way { kDirect, kMerge };
  // Unknown numbers of closed enums are no values; in a map entry they decide on the entry.
  enum class UnknownEnumerators { kDrop, kKeep };

  // wire_to_json.cc: the direct way.
  char* WriteMessage(const MessagePlan& plan, const uint8_t* begin, const uint8_t* end, char* out);
  Cursor WriteFields(const MessagePlan& plan, const uint8_t* at, const uint8_t* end, uint32_t group,
                     char* out);
  Cursor WriteGroup(const FieldPlan& field, const uint8_t* at, const uint8_t* end, char* out);
  Cursor WriteRepeated(const FieldPlan& field, uint32_t tag, const uint8_t* at, const uint8_t* end,
                       char* out);
  Cursor WriteElements(const FieldPlan& field, uint32_t tag, const uint8_t* at, const uint8_t* end,
                       char* out);
  char* WritePacked(const FieldPlan& field, const uint8_t* at, const uint8_t* end, char* out);
  template <FieldKind kKind>
  char* WritePackedOf(const FieldPlan& field, const uint8_t* at, const uint8_t* end, char* out);
  Cursor WriteMap(const FieldPlan& field, uint32_t tag, const uint8_t* at, const uint8_t* end,
                  char* out);
  Cursor WriteEntries(const FieldPlan& field, uint32_t tag, const uint8_t* at, const uint8_t* end,
                      char* out);
  char* WriteEntry(const MessagePlan& entry, const uint8_t* begin, const uint8_t* end,
                   MapKeys* keys, char* out);
  char* WriteMerged(const MessagePlan& plan, const uint8_t* begin, const uint8_t* end, char* out);
  void CountInVain(const uint8_t* begin, const uint8_t* end);
  PYGRPC_NEVER_INLINE const uint8_t* SkipUnknown(uint32_t tag, const uint8_t* at,
                                                 const uint8_t* end);

  // Parts that both ways use.
  PYGRPC_ALWAYS_INLINE Cursor WriteScalar(FieldKind kind, const FieldPlan& field, const uint8_t* at,
                                          const uint8_t* end, char* out, uint64_t* bits);
  Cursor WriteAnyScalar(const FieldPlan& field, const uint8_t* at, const uint8_t* end, char* out,
                        uint64_t* bits);
  std::string_view KeyText(const FieldPlan& field) const {
    return options_.proto_names ? field.proto_key : field.json_key;
  }
  PYGRPC_ALWAYS_INLINE char* WriteKey(const FieldPlan& field, char* out);
  char* WriteEnum(const EnumPlan& plan, int32_t number, char* out);
  char* WriteMapKey(const FieldPlan& field, const MapKey& key, char* out);
  char* WriteDefault(const FieldPlan& field, const uint8_t* where, char* out);
  char* WriteMissing(const MessagePlan& plan, const SlotSet& slots, char* out);
  const uint8_t* ReadMapKey(const FieldPlan& field, const uint8_t* at, const uint8_t* end,
                            MapKey* key);
  PYGRPC_ALWAYS_INLINE char* Close(char* out, char bracket);
  PYGRPC_ALWAYS_INLINE void Enter(const uint8_t* where) {
    if (PYGRPC_UNLIKELY(++depth_ > options_.max_depth)) FailDepth(where);
  }
  void Leave() { --depth_; }
  uint32_t DepthLeft() const { return options_.max_depth - depth_; }

  // wire_to_json_validate.cc
  void Validate(const MessagePlan& plan, const uint8_t* begin, const uint8_t* end);
  const uint8_t* ValidateScalar(const FieldPlan& field, uint32_t tag, const uint8_t* at,
                                const uint8_t* end);

  // wire_to_json_merge.cc. Pieces are occurrences, by their index since the vector may move.
  char* MergeMessage(const MessagePlan& plan, size_t first, size_t count, char* out);
  char* MergePiece(const MessagePlan& plan, const uint8_t* begin, const uint8_t* end, char* out);
  char* MergeFields(const MessagePlan& plan, size_t first, size_t count, char* out);
  char* MergeSlot(size_t first, size_t last, SlotSet* slots, char* out);
  char* MergeRepeated(size_t first, size_t last, char* out);
  char* MergeMap(size_t first, size_t last, char* out);
  char* MergeValue(size_t first, size_t last, char* out);
  char* MergeWellKnown(const MessagePlan& plan, size_t first, size_t count, char* out);
  char* WriteOccurrence(const Occurrence& value, char* out);
  void CollectPieces(const MessagePlan& plan, size_t first, size_t count,
                     UnknownEnumerators unknown);
  void CollectKnown(const MessagePlan& plan, size_t first, size_t count,
                    UnknownEnumerators unknown);
  size_t CollectEntry(const MessagePlan& entry, size_t index, MapKey* key);
  void Collect(const MessagePlan& plan, const uint8_t* begin, const uint8_t* end,
               UnknownEnumerators unknown);
  bool CollectMessageSetItem(const MessagePlan& plan, const uint8_t* begin, const uint8_t* end);
  void KeepUnknown(const uint8_t* begin, const uint8_t* end);
  char* WriteUnknown(size_t base, char* out);

  // wire_to_json_well_known.cc. Leaves hold no message that must be merged with another.
  char* WriteWellKnown(const MessagePlan& plan, const uint8_t* begin, const uint8_t* end,
                       char* out);
  char* WriteLeaf(const MessagePlan& plan, const Occurrence* pieces, size_t count, Way way,
                  char* out);
  char* WriteTimestamp(const MessagePlan& plan, const Occurrence* pieces, size_t count, char* out);
  char* WriteDuration(const MessagePlan& plan, const Occurrence* pieces, size_t count, char* out);
  char* WriteFieldMask(const MessagePlan& plan, const Occurrence* pieces, size_t count, char* out);
  char* WriteWrapper(const MessagePlan& plan, const Occurrence* pieces, size_t count, char* out);
  char* WriteAny(const MessagePlan& plan, const Occurrence* pieces, size_t count, Way way,
                 char* out);
  char* WriteAnyFields(const MessagePlan& plan, const uint8_t* begin, const uint8_t* end, Way way,
                       char* out);
  Cursor WriteValue(const MessagePlan& plan, const uint8_t* begin, const uint8_t* end, char* out);
  Cursor WriteStruct(const MessagePlan& plan, const uint8_t* begin, const uint8_t* end, char* out);
  Cursor WriteListValue(const MessagePlan& plan, const uint8_t* begin, const uint8_t* end,
                        char* out);
  char* WriteNumberValue(const uint8_t* at, char* out);
  template <typename Visit>
  void VisitFields(const MessagePlan& plan, const Occurrence* pieces, size_t count, Visit visit);
  void ReadSecondsAndNanos(const MessagePlan& plan, const Occurrence* pieces, size_t count,
                           int64_t* seconds, int32_t* nanos);

  [[noreturn]] PYGRPC_COLD static void FailTag(const uint8_t* where);
  [[noreturn]] PYGRPC_COLD static void FailGroup(const uint8_t* where);
  [[noreturn]] PYGRPC_COLD static void FailValue(const uint8_t* where, const FieldPlan& field);
  [[noreturn]] PYGRPC_COLD static void FailUtf8(const uint8_t* text, size_t size,
                                                const FieldPlan& field);
  [[noreturn]] PYGRPC_COLD static void FailJson(const uint8_t* where, std::string text);
  [[noreturn]] PYGRPC_COLD void FailDepth(const uint8_t* where) const;

  const JsonOptions options_;
  const uint8_t* const begin_;
  const uint8_t* const end_;
  JsonOutput output_;
  uint32_t depth_ = 0;
  size_t written_in_vain_ = 0;  // bytes of messages that turned out to need merging
  std::vector<uint64_t> slot_stack_;
  std::vector<Occurrence> occurrences_;    // of the messages being merged, a stack
  std::vector<std::string_view> unknown_;  // the fields to keep of the same messages, another stack
};

// Whether a field takes a value of that wire type; otherwise the field counts as unknown.
PYGRPC_ALWAYS_INLINE bool Accepts(const FieldPlan& field, WireType wire_type) {
  if (PYGRPC_LIKELY(wire_type == field.wire_type)) return true;
  return wire_type == WireType::kLengthDelimited && field.repeated &&
         field.wire_type != WireType::kStartGroup;
}

PYGRPC_ALWAYS_INLINE char* WireToJsonWriter::Close(char* out, char bracket) {
  if (out[-1] == ',') {
    out[-1] = bracket;
  } else {
    *out++ = bracket;
  }
  return output_.Ensure(out, 0);
}

PYGRPC_ALWAYS_INLINE char* WireToJsonWriter::WriteKey(const FieldPlan& field, char* out) {
  return output_.WritePadded(out, KeyText(field));
}

// Reads one value at `at` and writes it. Writes nothing if it is an unknown number of a closed
// enum. `bits` is zero for a default value.
PYGRPC_ALWAYS_INLINE WireToJsonWriter::Cursor WireToJsonWriter::WriteScalar(
    FieldKind kind, const FieldPlan& field, const uint8_t* at, const uint8_t* end, char* out,
    uint64_t* bits) {
  const uint8_t* const start = at;
  uint64_t value = 0;
  switch (kind) {
    case FieldKind::kDouble:
    case FieldKind::kFixed64:
    case FieldKind::kSfixed64:
      if (PYGRPC_UNLIKELY(end - at < 8)) FailValue(start, field);
      value = LoadFixed64(at);
      at += 8;
      break;
    case FieldKind::kFloat:
    case FieldKind::kFixed32:
    case FieldKind::kSfixed32:
      if (PYGRPC_UNLIKELY(end - at < 4)) FailValue(start, field);
      value = LoadFixed32(at);
      at += 4;
      break;
    case FieldKind::kString:
    case FieldKind::kBytes: {
      size_t size;
      at = ReadLength(at, end, &size);
      if (PYGRPC_UNLIKELY(at == nullptr)) FailValue(start, field);
      *bits = size;
      if (kind == FieldKind::kBytes) return {at + size, output_.WriteBase64(out, at, size)};
      out = output_.WriteString(out, at, size, end_);
      if (PYGRPC_UNLIKELY(out == nullptr)) FailUtf8(at, size, field);
      return {at + size, out};
    }
    default:
      at = ReadVarint(at, end, &value);
      if (PYGRPC_UNLIKELY(at == nullptr)) FailValue(start, field);
      break;
  }
  switch (kind) {
    case FieldKind::kDouble: {
      double number;
      std::memcpy(&number, &value, sizeof(number));
      out = WriteDouble(out, number);
      break;
    }
    case FieldKind::kFloat: {
      auto low = static_cast<uint32_t>(value);
      float number;
      std::memcpy(&number, &low, sizeof(number));
      out = WriteFloat(out, number);
      break;
    }
    case FieldKind::kInt64:
    case FieldKind::kSfixed64:
    case FieldKind::kSint64: {
      auto number = kind == FieldKind::kSint64 ? ZigZag64(value) : static_cast<int64_t>(value);
      if (PYGRPC_UNLIKELY(options_.int64_numbers)) {
        out = WriteSigned(out, number);
      } else {
        *out++ = '"';
        out = WriteSigned(out, number);
        *out++ = '"';
      }
      break;
    }
    case FieldKind::kUint64:
    case FieldKind::kFixed64:
      if (PYGRPC_UNLIKELY(options_.int64_numbers)) {
        out = WriteUnsigned(out, value);
      } else {
        *out++ = '"';
        out = WriteUnsigned(out, value);
        *out++ = '"';
      }
      break;
    case FieldKind::kInt32:
    case FieldKind::kSfixed32:
      value = static_cast<uint32_t>(value);
      out = WriteSigned(out, static_cast<int32_t>(value));
      break;
    case FieldKind::kSint32:
      value = static_cast<uint32_t>(value);
      out = WriteSigned(out, ZigZag32(static_cast<uint32_t>(value)));
      break;
    case FieldKind::kUint32:
    case FieldKind::kFixed32:
      value = static_cast<uint32_t>(value);
      out = WriteUnsigned(out, value);
      break;
    case FieldKind::kBool:
      std::memcpy(out, value != 0 ? "true\0" : "false", 5);
      out += value != 0 ? 4 : 5;
      break;
    case FieldKind::kEnum:
      value = static_cast<uint32_t>(value);
      out = WriteEnum(field.enumeration(), static_cast<int32_t>(value), out);
      break;
    default:
      break;
  }
  *bits = value;
  return {at, out};
}

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TRANSCODE_WIRE_TO_JSON_WRITER_H_
