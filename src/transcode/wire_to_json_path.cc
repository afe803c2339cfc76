// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/wire_to_json_path.h"

#include <string>
#include <string_view>

#include "base/text.h"

namespace pygrpc::transcode {
namespace {

// One field as it stands in a message.
struct Field {
  uint32_t tag = 0;
  const FieldPlan* plan = nullptr;  // nullptr if unknown
  const uint8_t* value = nullptr;   // behind the length, if there is one
  const uint8_t* end = nullptr;     // of the value, without a group's end tag
  const uint8_t* next = nullptr;
};

// Follows a fault down into a message and puts down the way.
class PathFinder {
 public:
  explicit PathFinder(const WireFault& fault) : fault_(fault) {}

  std::string Find(const MessagePlan& plan, const uint8_t* begin, const uint8_t* end) {
    const MessagePlan* message = &plan;
    while (message != nullptr) message = Descend(*message, &begin, &end);
    return path_;
  }

 private:
  // Reads the field at `at`; one with a malformed value is taken to reach to the end. False if
  // there is no tag.
  bool Read(const MessagePlan& plan, const uint8_t* at, const uint8_t* end, Field* field) const {
    const uint8_t* after_tag = ReadTag(at, end, &field->tag);
    if (after_tag == nullptr || TagWireType(field->tag) == WireType::kEndGroup) return false;
    field->plan = plan.FindNumber(TagNumber(field->tag));
    if (field->plan != nullptr && !Accepts(*field->plan, TagWireType(field->tag))) {
      field->plan = nullptr;
    }
    field->value = after_tag;
    size_t length;
    if (TagWireType(field->tag) == WireType::kStartGroup) {
      field->next = SkipGroup(TagNumber(field->tag), after_tag, end, UINT32_MAX, &field->end);
    } else {
      field->next = field->end = SkipValue(field->tag, after_tag, end, 0);
      if (TagWireType(field->tag) == WireType::kLengthDelimited && field->next != nullptr) {
        field->value = ReadLength(after_tag, end, &length);
      }
    }
    if (field->next == nullptr) field->next = field->end = end;
    return true;
  }

  // The values of a message, though not its tags, may have the fault at their very end: there a
  // value is missing, or an empty message is at fault.
  bool Holds(const Field& field, const uint8_t* end) const {
    if (fault_.where < field.next) return true;
    return fault_.where == field.next &&
           (fault_.place == WireFault::Place::kValue || field.next == end);
  }

  // Finds the field of the message that holds the fault and adds it to the path. The message in it,
  // if any, becomes [*begin, *end).
  const MessagePlan* Descend(const MessagePlan& plan, const uint8_t** begin, const uint8_t** end) {
    Field field;
    std::string_view url;
    for (const uint8_t* at = *begin;; at = field.next) {
      if (at >= *end || fault_.where <= at || !Read(plan, at, *end, &field)) return nullptr;
      if (Holds(field, *end)) break;
      if (plan.well_known == WellKnown::kAny && field.plan == &plan.fields[0]) url = Text(field);
    }
    if (field.plan == nullptr || IsWrapper(plan.well_known)) return nullptr;
    switch (plan.well_known) {
      case WellKnown::kTimestamp:
      case WellKnown::kDuration:
      case WellKnown::kFieldMask:
        return nullptr;
      case WellKnown::kAny:
        return DescendIntoAny(plan, field, url, begin, end);
      case WellKnown::kValue:
        break;
      default:
        if (!in_entry_) AddComponent(plan, field, *begin, *end);
        break;
    }
    in_entry_ = field.plan->map;
    if (field.plan->kind != FieldKind::kMessage && field.plan->kind != FieldKind::kGroup) {
      return nullptr;
    }
    *begin = field.value;
    *end = field.end;
    return &field.plan->message();
  }

  const MessagePlan* DescendIntoAny(const MessagePlan& plan, const Field& field,
                                    std::string_view url, const uint8_t** begin,
                                    const uint8_t** end) {
    if (field.plan == &plan.fields[0]) AddName("@type");
    const size_t slash = url.rfind('/');
    if (field.plan == &plan.fields[0] || slash == std::string_view::npos) return nullptr;
    const MessagePlan* type = plan.store->FindMessage(url.substr(slash + 1));
    if (type != nullptr && type->well_known != WellKnown::kNone) AddName("value");
    *begin = field.value;
    *end = field.end;
    return type;
  }

  void AddComponent(const MessagePlan& plan, const Field& field, const uint8_t* begin,
                    const uint8_t* end) {
    if (plan.well_known != WellKnown::kStruct && plan.well_known != WellKnown::kListValue) {
      AddName(field.plan->json_name);
    }
    if (field.plan->map) {
      AddKey(field);
    } else if (field.plan->repeated) {
      AddIndex(plan, field, begin, end);
    }
  }

  // As paths into JSON text have it.
  void AddName(std::string_view name) {
    bool identifier = !name.empty() && (name[0] < '0' || name[0] > '9');
    for (char c : name) {
      identifier = identifier && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                  (c >= '0' && c <= '9') || c == '_');
    }
    if (identifier) {
      path_.append(".").append(name);
    } else {
      path_ += "[" + Quote(name) + "]";
    }
  }

  void AddKey(const Field& entry_field) {
    const MessagePlan& entry = entry_field.plan->message();
    std::string key = entry.key().kind == FieldKind::kString ? "" : "0";
    Field field;
    for (const uint8_t* at = entry_field.value; at < entry_field.end; at = field.next) {
      if (!Read(entry, at, entry_field.end, &field)) break;
      if (field.plan == &entry.key()) key = KeyText(field);
    }
    AddName(key);
  }

  static std::string KeyText(const Field& field) {
    if (field.plan->kind == FieldKind::kString) return std::string(Text(field));
    uint64_t value = 0;
    if (field.plan->wire_type == WireType::kVarint) {
      ReadVarint(field.value, field.end, &value);
    } else {
      for (const uint8_t* at = field.end; at > field.value;) value = value << 8 | *--at;
    }
    switch (field.plan->kind) {
      case FieldKind::kBool:
        return value != 0 ? "true" : "false";
      case FieldKind::kSint32:
      case FieldKind::kSint64:
        return std::to_string(ZigZag64(value));
      case FieldKind::kInt32:
      case FieldKind::kSfixed32:
        return std::to_string(static_cast<int32_t>(value));
      case FieldKind::kInt64:
      case FieldKind::kSfixed64:
        return std::to_string(static_cast<int64_t>(value));
      default:
        return std::to_string(value);
    }
  }

  // Counts the elements of the field before the fault.
  void AddIndex(const MessagePlan& plan, const Field& at_fault, const uint8_t* begin,
                const uint8_t* end) {
    size_t index = 0;
    Field field;
    for (const uint8_t* at = begin; at < end; at = field.next) {
      if (!Read(plan, at, end, &field)) break;
      const bool last = field.value == at_fault.value;
      if (field.plan == at_fault.plan) {
        const uint8_t* counted = last ? fault_.where : field.end;
        if (TagWireType(field.tag) != field.plan->wire_type) {
          index += PackedBefore(*field.plan, field.value, counted);
        } else if (!last) {
          ++index;
        }
      }
      if (last) break;
    }
    path_ += "[" + std::to_string(index) + "]";
  }

  static size_t PackedBefore(const FieldPlan& field, const uint8_t* at, const uint8_t* end) {
    size_t count = 0;
    while (at < end) {
      at = SkipValue(static_cast<uint32_t>(field.wire_type), at, end, 0);
      if (at == nullptr) break;
      ++count;
    }
    return count;
  }

  static std::string_view Text(const Field& field) {
    return {reinterpret_cast<const char*>(field.value),
            static_cast<size_t>(field.end - field.value)};
  }

  const WireFault& fault_;
  std::string path_ = "$";
  bool in_entry_ = false;  // of a map; its key is in the path already
};

}  // namespace

Error MakeWireError(const MessagePlan& plan, const uint8_t* begin, const uint8_t* end,
                    const WireFault& fault) {
  std::string path = PathFinder(fault).Find(plan, begin, end);
  const int64_t offset = fault.where - begin;
  std::string message = path + ": " + fault.text + " (byte " + std::to_string(offset) + " of a " +
                        plan.full_name + " message)";
  Error error(fault.code, std::move(message));
  error.json_path = std::move(path);
  error.byte_offset = offset;
  return error;
}

}  // namespace pygrpc::transcode
