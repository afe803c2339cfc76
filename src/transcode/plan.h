// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TRANSCODE_PLAN_H_
#define PYGRPC_TRANSCODE_PLAN_H_

#include <google/protobuf/descriptor.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schema/type_resolver.h"

namespace pygrpc::transcode {

// The declared type of a field; the numbers are those of google::protobuf::FieldDescriptor::Type.
enum class FieldKind : uint8_t {
  kDouble = 1,
  kFloat = 2,
  kInt64 = 3,
  kUint64 = 4,
  kInt32 = 5,
  kFixed64 = 6,
  kFixed32 = 7,
  kBool = 8,
  kString = 9,
  kGroup = 10,
  kMessage = 11,
  kBytes = 12,
  kUint32 = 13,
  kEnum = 14,
  kSfixed32 = 15,
  kSfixed64 = 16,
  kSint32 = 17,
  kSint64 = 18,
};

enum class WireType : uint8_t {
  kVarint = 0,
  kFixed64 = 1,
  kLengthDelimited = 2,
  kStartGroup = 3,
  kEndGroup = 4,
  kFixed32 = 5,
};

// The wire type of one value of `kind`, not packed.
WireType WireTypeOf(FieldKind kind);

// Messages with a JSON form of their own. A type has one only if its name and its fields are those
// of the well-known type, so code for it may rely on the numbers and kinds of the fields.
enum class WellKnown : uint8_t {
  kNone,
  kAny,          // 1: string type_url, 2: bytes value
  kTimestamp,    // 1: int64 seconds, 2: int32 nanos
  kDuration,     // the same
  kFieldMask,    // 1: repeated string paths
  kStruct,       // 1: map<string, Value> fields
  kValue,        // oneof 1: NullValue, 2: double, 3: string, 4: bool, 5: Struct, 6: ListValue
  kListValue,    // 1: repeated Value values
  kDoubleValue,  // the wrappers; 1: value
  kFloatValue,
  kInt64Value,
  kUint64Value,
  kInt32Value,
  kUint32Value,
  kBoolValue,
  kStringValue,
  kBytesValue,
};

inline bool IsWrapper(WellKnown kind) { return kind >= WellKnown::kDoubleValue; }

// Names, each with a number, found by their bytes. Immutable once filled.
class NameTable {
 public:
  // The texts must outlive the table. Of two equal names the first one counts.
  void Reserve(size_t names);
  void Add(std::string_view name, int32_t value);

  // The value's address, or nullptr.
  const int32_t* Find(std::string_view name) const {
    if (slots_.empty()) return nullptr;
    for (uint32_t at = Hash(name) & mask_;; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.text == nullptr) return nullptr;
      if (slot.size == name.size() && std::memcmp(slot.text, name.data(), name.size()) == 0) {
        return &slot.value;
      }
    }
  }

  std::vector<std::string> Names() const;

 private:
  struct Slot {
    const char* text = nullptr;
    uint32_t size = 0;
    int32_t value = 0;
  };

  // Mixes the size, the first and the last eight bytes: cheap, and names of one type seldom agree
  // in all three.
  static uint32_t Hash(std::string_view name) {
    uint64_t first = 0;
    uint64_t last = 0;
    const size_t size = name.size();
    if (size >= 8) {
      std::memcpy(&first, name.data(), 8);
      std::memcpy(&last, name.data() + size - 8, 8);
    } else if (size >= 4) {
      std::memcpy(&first, name.data(), 4);
      std::memcpy(&last, name.data() + size - 4, 4);
    } else if (size > 0) {
      first = static_cast<unsigned char>(name[0]);
      last = static_cast<unsigned char>(name[size / 2]) |
             static_cast<uint64_t>(static_cast<unsigned char>(name[size - 1])) << 8;
    }
    uint64_t mixed = (first ^ (last << 23 | last >> 41) ^ size) * 0x9E3779B97F4A7C15u;
    return static_cast<uint32_t>(mixed >> 32);
  }

  std::vector<Slot> slots_;
  uint32_t mask_ = 0;
};

// So many bytes behind the text of any name in a plan may be read, so that names can be copied in
// blocks of fixed size.
constexpr size_t kTextPadding = 32;

struct EnumPlan {
  const google::protobuf::EnumDescriptor* descriptor = nullptr;
  bool closed = false;         // proto2: unknown numbers belong to the unknown fields
  bool is_null_value = false;  // google.protobuf.NullValue, whose JSON form is null
  int32_t default_number = 0;  // of the first value
  NameTable numbers;           // name -> number, aliases included

  // The name in quotes, ready to print, or empty for an unknown number. Of aliases, the first.
  std::string_view QuotedName(int32_t number) const {
    uint64_t offset = static_cast<uint64_t>(static_cast<int64_t>(number) - dense_first);
    if (offset < dense_names.size()) return dense_names[offset];
    return sparse_names.empty() ? std::string_view() : FindSparse(number);
  }
  bool HasNumber(int32_t number) const { return !QuotedName(number).empty(); }

  std::string_view FindSparse(int32_t number) const;

  int64_t dense_first = 0;
  std::vector<std::string_view> dense_names;  // of dense_first, dense_first + 1, ...
  std::vector<std::pair<int32_t, std::string_view>> sparse_names;  // the others, by number
  std::string text;                                                // the quoted names
};

struct MessagePlan;
class PlanStore;

struct FieldPlan {
  FieldKind kind = FieldKind::kInt32;
  WireType wire_type = WireType::kVarint;  // of one value, not packed
  bool repeated = false;                   // maps too
  bool map = false;                        // message() is then the plan of the entry
  bool packed = false;                     // as this side writes it; readers accept both ways
  bool has_presence = false;
  bool required = false;
  bool extension = false;
  bool message_set_item = false;  // an extension of a message with message_set
  bool strict_utf8 = false;       // a proto3 string
  uint8_t tag_size = 0;           // of tag and of end_tag
  char tag[8] = {};               // as written: of the packed form when packed
  char end_tag[5] = {};           // of a group
  uint32_t number = 0;
  uint32_t index = 0;           // into MessagePlan::fields
  uint32_t slot = 0;            // below slot_count; the members of a oneof share one
  int32_t oneof = -1;           // of the message's real oneofs, or -1
  std::string_view json_name;   // "[package.name]" for an extension
  std::string_view proto_name;  // the same for an extension
  std::string_view json_key;    // `"jsonName":`, escaped, ready to print
  std::string_view proto_key;   // `"proto_name":`
  const google::protobuf::FieldDescriptor* descriptor = nullptr;
  const PlanStore* store = nullptr;

  // The plan of the field's message (kMessage, kGroup; the entry for a map), compiled on first use.
  const MessagePlan& message() const {
    const MessagePlan* plan = message_plan.load(std::memory_order_acquire);
    return plan != nullptr ? *plan : *ResolveMessage();
  }
  // The plan of the field's enum (kEnum).
  const EnumPlan& enumeration() const {
    const EnumPlan* plan = enum_plan.load(std::memory_order_acquire);
    return plan != nullptr ? *plan : *ResolveEnum();
  }

  const MessagePlan* ResolveMessage() const;
  const EnumPlan* ResolveEnum() const;
  mutable std::atomic<const MessagePlan*> message_plan{nullptr};
  mutable std::atomic<const EnumPlan*> enum_plan{nullptr};
};

// One message type. Declared fields come first, in the order of the .proto, then the extensions
// that the schema knows.
struct MessagePlan {
  static constexpr uint32_t kDenseNumbers = 256;

  const google::protobuf::Descriptor* descriptor = nullptr;
  const PlanStore* store = nullptr;
  std::string full_name;
  WellKnown well_known = WellKnown::kNone;
  bool message_set = false;    // proto1's wire format: extensions travel in groups of number 1
  bool escaped_names = false;  // some name holds a backslash
  uint32_t field_count = 0;
  uint32_t slot_count = 0;  // fields outside oneofs, plus oneofs
  uint32_t oneof_count = 0;
  std::unique_ptr<FieldPlan[]> fields;
  NameTable names;                                    // both spellings -> index
  std::vector<uint32_t> dense;                        // number -> index + 1, 0 for none
  std::vector<std::pair<uint32_t, uint32_t>> sparse;  // (number, index) of larger numbers
  std::string text;                                   // what the views in `fields` point to

  const FieldPlan* FindNumber(uint32_t number) const {
    if (number < dense.size()) {
      uint32_t index = dense[number];
      return index == 0 ? nullptr : &fields[index - 1];
    }
    return sparse.empty() ? nullptr : FindSparse(number);
  }
  const FieldPlan* FindName(std::string_view name) const {
    const int32_t* index = names.Find(name);
    return index == nullptr ? nullptr : &fields[*index];
  }
  // Of a map entry.
  const FieldPlan& key() const { return fields[0]; }
  const FieldPlan& value() const { return fields[1]; }

  const FieldPlan* FindSparse(uint32_t number) const;
};

// The plans of one schema. Thread-safe; a plan lives as long as the store.
class PlanStore {
 public:
  explicit PlanStore(const schema::TypeResolver* resolver) : resolver_(resolver) {}
  PlanStore(const PlanStore&) = delete;
  PlanStore& operator=(const PlanStore&) = delete;

  const MessagePlan* Message(const google::protobuf::Descriptor* type) const;
  const EnumPlan* Enum(const google::protobuf::EnumDescriptor* type) const;
  // The plan of a type named in an Any; nullptr if the schema does not know it.
  const MessagePlan* FindMessage(std::string_view full_name) const;

 private:
  const schema::TypeResolver* resolver_;
  mutable std::shared_mutex mutex_;
  mutable std::unordered_map<const google::protobuf::Descriptor*, std::unique_ptr<MessagePlan>>
      messages_;
  mutable std::unordered_map<const google::protobuf::EnumDescriptor*, std::unique_ptr<EnumPlan>>
      enums_;
};

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TRANSCODE_PLAN_H_
