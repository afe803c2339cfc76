// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/plan.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "schema/features.h"

namespace pygrpc::transcode {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

// Appends `name` in quotes as JSON has it. A json_name may hold any character.
void AppendQuoted(std::string_view name, std::string* out) {
  static const char kHex[] = "0123456789abcdef";
  out->push_back('"');
  for (char character : name) {
    auto byte = static_cast<unsigned char>(character);
    if (byte == '"' || byte == '\\') {
      out->push_back('\\');
      out->push_back(character);
    } else if (byte < 0x20) {
      out->append("\\u00");
      out->push_back(kHex[byte >> 4]);
      out->push_back(kHex[byte & 15]);
    } else {
      out->push_back(character);
    }
  }
  out->push_back('"');
}

uint8_t WriteTag(uint32_t number, WireType wire_type, char* at) {
  uint32_t tag = number << 3 | static_cast<uint32_t>(wire_type);
  uint8_t size = 0;
  while (tag >= 0x80) {
    at[size++] = static_cast<char>(tag | 0x80);
    tag >>= 7;
  }
  at[size++] = static_cast<char>(tag);
  return size;
}

bool HasField(const Descriptor& type, int number, FieldDescriptor::Type kind, bool repeated) {
  const FieldDescriptor* field = type.FindFieldByNumber(number);
  return field != nullptr && field->type() == kind && field->is_repeated() == repeated;
}

struct WellKnownType {
  std::string_view name;
  WellKnown kind;
  // The types of fields 1 to `count`.
  int count;
  FieldDescriptor::Type types[6];
  bool repeated;
};

constexpr WellKnownType kWellKnownTypes[] = {
    {"Any", WellKnown::kAny, 2, {FieldDescriptor::TYPE_STRING, FieldDescriptor::TYPE_BYTES}, false},
    {"Timestamp",
     WellKnown::kTimestamp,
     2,
     {FieldDescriptor::TYPE_INT64, FieldDescriptor::TYPE_INT32},
     false},
    {"Duration",
     WellKnown::kDuration,
     2,
     {FieldDescriptor::TYPE_INT64, FieldDescriptor::TYPE_INT32},
     false},
    {"FieldMask", WellKnown::kFieldMask, 1, {FieldDescriptor::TYPE_STRING}, true},
    {"Struct", WellKnown::kStruct, 1, {FieldDescriptor::TYPE_MESSAGE}, true},
    {"Value",
     WellKnown::kValue,
     6,
     {FieldDescriptor::TYPE_ENUM, FieldDescriptor::TYPE_DOUBLE, FieldDescriptor::TYPE_STRING,
      FieldDescriptor::TYPE_BOOL, FieldDescriptor::TYPE_MESSAGE, FieldDescriptor::TYPE_MESSAGE},
     false},
    {"ListValue", WellKnown::kListValue, 1, {FieldDescriptor::TYPE_MESSAGE}, true},
    {"DoubleValue", WellKnown::kDoubleValue, 1, {FieldDescriptor::TYPE_DOUBLE}, false},
    {"FloatValue", WellKnown::kFloatValue, 1, {FieldDescriptor::TYPE_FLOAT}, false},
    {"Int64Value", WellKnown::kInt64Value, 1, {FieldDescriptor::TYPE_INT64}, false},
    {"UInt64Value", WellKnown::kUint64Value, 1, {FieldDescriptor::TYPE_UINT64}, false},
    {"Int32Value", WellKnown::kInt32Value, 1, {FieldDescriptor::TYPE_INT32}, false},
    {"UInt32Value", WellKnown::kUint32Value, 1, {FieldDescriptor::TYPE_UINT32}, false},
    {"BoolValue", WellKnown::kBoolValue, 1, {FieldDescriptor::TYPE_BOOL}, false},
    {"StringValue", WellKnown::kStringValue, 1, {FieldDescriptor::TYPE_STRING}, false},
    {"BytesValue", WellKnown::kBytesValue, 1, {FieldDescriptor::TYPE_BYTES}, false},
};

WellKnown WellKnownOf(const Descriptor& type) {
  constexpr std::string_view kPackage = "google.protobuf.";
  std::string_view name = type.full_name();
  if (name.substr(0, kPackage.size()) != kPackage) return WellKnown::kNone;
  name.remove_prefix(kPackage.size());
  for (const WellKnownType& known : kWellKnownTypes) {
    if (name != known.name) continue;
    if (type.field_count() != known.count) return WellKnown::kNone;
    for (int i = 0; i < known.count; ++i) {
      if (!HasField(type, i + 1, known.types[i], known.repeated)) return WellKnown::kNone;
    }
    return known.kind;
  }
  return WellKnown::kNone;
}

void CompileField(const FieldDescriptor* descriptor, const PlanStore* store, FieldPlan* field) {
  field->kind = static_cast<FieldKind>(descriptor->type());
  field->wire_type = WireTypeOf(field->kind);
  field->repeated = descriptor->is_repeated();
  field->map = descriptor->is_map();
  field->packed = descriptor->is_packed();
  field->has_presence = schema::HasPresence(descriptor);
  field->required = descriptor->is_required();
  field->extension = descriptor->is_extension();
  field->message_set_item = field->extension && field->kind == FieldKind::kMessage &&
                            !field->repeated &&
                            descriptor->containing_type()->options().message_set_wire_format();
  field->strict_utf8 = schema::RequiresUtf8(descriptor);
  field->number = static_cast<uint32_t>(descriptor->number());
  field->tag_size = WriteTag(
      field->number, field->packed ? WireType::kLengthDelimited : field->wire_type, field->tag);
  if (field->kind == FieldKind::kGroup) {
    WriteTag(field->number, WireType::kEndGroup, field->end_tag);
  }
  field->descriptor = descriptor;
  field->store = store;
}

// Where a name lies in the text that is still growing.
struct Span {
  size_t offset;
  size_t size;
  std::string_view In(const std::string& text) const {
    return std::string_view(text).substr(offset, size);
  }
};

Span AppendKey(std::string_view name, std::string* text) {
  size_t offset = text->size();
  AppendQuoted(name, text);
  text->push_back(':');
  return {offset, text->size() - offset};
}

Span AppendName(std::string_view name, std::string* text) {
  size_t offset = text->size();
  text->append(name);
  return {offset, name.size()};
}

// Fills in the four texts of each field and the table of names.
void CompileNames(MessagePlan* plan) {
  struct Spans {
    Span json_name, proto_name, json_key, proto_key;
  };
  std::vector<Spans> spans(plan->field_count);
  for (uint32_t i = 0; i < plan->field_count; ++i) {
    const FieldDescriptor* descriptor = plan->fields[i].descriptor;
    std::string bracketed;
    if (descriptor->is_extension()) {
      bracketed = "[" + std::string(descriptor->full_name()) + "]";
    }
    std::string_view json_name = bracketed.empty() ? descriptor->json_name() : bracketed;
    std::string_view proto_name = bracketed.empty() ? descriptor->name() : bracketed;
    spans[i] = {AppendName(json_name, &plan->text), AppendName(proto_name, &plan->text),
                AppendKey(json_name, &plan->text), AppendKey(proto_name, &plan->text)};
  }
  plan->text.append(kTextPadding, ' ');
  plan->text.shrink_to_fit();
  plan->escaped_names = plan->text.find('\\') != std::string::npos;
  plan->names.Reserve(size_t{2} * plan->field_count);
  for (uint32_t i = 0; i < plan->field_count; ++i) {
    FieldPlan& field = plan->fields[i];
    field.json_name = spans[i].json_name.In(plan->text);
    field.proto_name = spans[i].proto_name.In(plan->text);
    field.json_key = spans[i].json_key.In(plan->text);
    field.proto_key = spans[i].proto_key.In(plan->text);
    plan->names.Add(field.json_name, static_cast<int32_t>(i));
  }
  for (uint32_t i = 0; i < plan->field_count; ++i) {
    plan->names.Add(plan->fields[i].proto_name, static_cast<int32_t>(i));
  }
}

void CompileNumbers(MessagePlan* plan) {
  uint32_t dense_size = 0;
  for (uint32_t i = 0; i < plan->field_count; ++i) {
    uint32_t number = plan->fields[i].number;
    if (number < MessagePlan::kDenseNumbers) dense_size = std::max(dense_size, number + 1);
  }
  plan->dense.assign(dense_size, 0);
  for (uint32_t i = 0; i < plan->field_count; ++i) {
    uint32_t number = plan->fields[i].number;
    if (number < dense_size) {
      if (plan->dense[number] == 0) plan->dense[number] = i + 1;
    } else {
      plan->sparse.emplace_back(number, i);
    }
  }
  std::sort(plan->sparse.begin(), plan->sparse.end());
}

void CompileSlots(MessagePlan* plan) {
  plan->oneof_count = static_cast<uint32_t>(plan->descriptor->real_oneof_decl_count());
  uint32_t next = plan->oneof_count;
  for (uint32_t i = 0; i < plan->field_count; ++i) {
    FieldPlan& field = plan->fields[i];
    const google::protobuf::OneofDescriptor* oneof = field.descriptor->real_containing_oneof();
    if (oneof != nullptr) {
      field.oneof = oneof->index();
      field.slot = static_cast<uint32_t>(oneof->index());
    } else {
      field.slot = next++;
    }
  }
  plan->slot_count = next;
}

std::unique_ptr<MessagePlan> CompileMessage(const Descriptor* type, const PlanStore* store,
                                            const schema::TypeResolver* resolver) {
  auto plan = std::make_unique<MessagePlan>();
  plan->descriptor = type;
  plan->store = store;
  plan->full_name = type->full_name();
  plan->well_known = WellKnownOf(*type);
  plan->message_set = type->options().message_set_wire_format();

  std::vector<const FieldDescriptor*> descriptors;
  descriptors.reserve(static_cast<size_t>(type->field_count()));
  for (int i = 0; i < type->field_count(); ++i) descriptors.push_back(type->field(i));
  if (type->extension_range_count() > 0) {
    std::vector<const FieldDescriptor*> extensions = resolver->Extensions(type);
    std::sort(extensions.begin(), extensions.end(),
              [](const auto* left, const auto* right) { return left->number() < right->number(); });
    descriptors.insert(descriptors.end(), extensions.begin(), extensions.end());
  }
  if (type->options().map_entry() && descriptors.size() == 2 && descriptors[0]->number() == 2) {
    std::swap(descriptors[0], descriptors[1]);  // key() and value() rely on the order
  }

  plan->field_count = static_cast<uint32_t>(descriptors.size());
  plan->fields = std::make_unique<FieldPlan[]>(plan->field_count);
  for (uint32_t i = 0; i < plan->field_count; ++i) {
    plan->fields[i].index = i;
    CompileField(descriptors[i], store, &plan->fields[i]);
  }
  CompileNames(plan.get());
  CompileNumbers(plan.get());
  CompileSlots(plan.get());
  return plan;
}

std::unique_ptr<EnumPlan> CompileEnum(const EnumDescriptor* type) {
  auto plan = std::make_unique<EnumPlan>();
  plan->descriptor = type;
  plan->closed = schema::IsClosed(type);
  plan->is_null_value = type->full_name() == "google.protobuf.NullValue";
  plan->default_number = type->value(0)->number();

  std::vector<std::pair<int32_t, Span>> named;  // one name for each number
  plan->numbers.Reserve(static_cast<size_t>(type->value_count()));
  for (int i = 0; i < type->value_count(); ++i) {
    const google::protobuf::EnumValueDescriptor* value = type->value(i);
    plan->numbers.Add(value->name(), value->number());
    size_t offset = plan->text.size();
    AppendQuoted(value->name(), &plan->text);
    named.emplace_back(value->number(), Span{offset, plan->text.size() - offset});
  }
  plan->text.append(kTextPadding, ' ');
  auto by_number = [](const auto& left, const auto& right) { return left.first < right.first; };
  std::stable_sort(named.begin(), named.end(), by_number);
  auto same_number = [](const auto& left, const auto& right) { return left.first == right.first; };
  named.erase(std::unique(named.begin(), named.end(), same_number), named.end());

  // The dense run starts at the first declared value, most often 0.
  auto start = std::lower_bound(named.begin(), named.end(),
                                std::make_pair(plan->default_number, Span{}), by_number);
  plan->dense_first = plan->default_number;
  auto end = start;
  int64_t expected = plan->dense_first;
  for (; end != named.end() && end->first == expected; ++end, ++expected) {
    plan->dense_names.push_back(end->second.In(plan->text));
  }
  for (auto other = named.begin(); other != named.end(); ++other) {
    if (other >= start && other < end) continue;
    plan->sparse_names.emplace_back(other->first, other->second.In(plan->text));
  }
  return plan;
}

// Looks `key` up under the lock, else makes it outside of the lock (the resolver has locks of its
// own) and publishes what came first.
template <typename Map, typename Make>
auto FindOrMake(std::shared_mutex* mutex, Map* map, typename Map::key_type key, Make make) {
  {
    std::shared_lock<std::shared_mutex> lock(*mutex);
    auto found = map->find(key);
    if (found != map->end()) return found->second.get();
  }
  auto made = make();
  std::unique_lock<std::shared_mutex> lock(*mutex);
  return map->emplace(key, std::move(made)).first->second.get();
}

}  // namespace

WireType WireTypeOf(FieldKind kind) {
  switch (kind) {
    case FieldKind::kDouble:
    case FieldKind::kFixed64:
    case FieldKind::kSfixed64:
      return WireType::kFixed64;
    case FieldKind::kFloat:
    case FieldKind::kFixed32:
    case FieldKind::kSfixed32:
      return WireType::kFixed32;
    case FieldKind::kString:
    case FieldKind::kBytes:
    case FieldKind::kMessage:
      return WireType::kLengthDelimited;
    case FieldKind::kGroup:
      return WireType::kStartGroup;
    case FieldKind::kInt64:
    case FieldKind::kUint64:
    case FieldKind::kInt32:
    case FieldKind::kBool:
    case FieldKind::kUint32:
    case FieldKind::kEnum:
    case FieldKind::kSint32:
    case FieldKind::kSint64:
      return WireType::kVarint;
  }
  return WireType::kVarint;
}

void NameTable::Reserve(size_t names) {
  size_t size = 4;
  while (size < names * 2) size *= 2;
  slots_.assign(size, Slot());
  mask_ = static_cast<uint32_t>(size - 1);
}

void NameTable::Add(std::string_view name, int32_t value) {
  uint32_t at = Hash(name) & mask_;
  for (; slots_[at].text != nullptr; at = (at + 1) & mask_) {
    if (std::string_view(slots_[at].text, slots_[at].size) == name) return;
  }
  slots_[at] = {name.data(), static_cast<uint32_t>(name.size()), value};
}

std::vector<std::string> NameTable::Names() const {
  std::vector<std::string> names;
  for (const Slot& slot : slots_) {
    if (slot.text != nullptr) names.emplace_back(slot.text, slot.size);
  }
  return names;
}

std::string_view EnumPlan::FindSparse(int32_t number) const {
  auto at =
      std::lower_bound(sparse_names.begin(), sparse_names.end(), number,
                       [](const auto& entry, int32_t wanted) { return entry.first < wanted; });
  if (at == sparse_names.end() || at->first != number) return {};
  return at->second;
}

const FieldPlan* MessagePlan::FindSparse(uint32_t number) const {
  auto at =
      std::lower_bound(sparse.begin(), sparse.end(), number,
                       [](const auto& entry, uint32_t wanted) { return entry.first < wanted; });
  if (at == sparse.end() || at->first != number) return nullptr;
  return &fields[at->second];
}

const MessagePlan* FieldPlan::ResolveMessage() const {
  const MessagePlan* plan = store->Message(descriptor->message_type());
  message_plan.store(plan, std::memory_order_release);
  return plan;
}

const EnumPlan* FieldPlan::ResolveEnum() const {
  const EnumPlan* plan = store->Enum(descriptor->enum_type());
  enum_plan.store(plan, std::memory_order_release);
  return plan;
}

const MessagePlan* PlanStore::Message(const Descriptor* type) const {
  return FindOrMake(&mutex_, &messages_, type,
                    [&] { return CompileMessage(type, this, resolver_); });
}

const EnumPlan* PlanStore::Enum(const EnumDescriptor* type) const {
  return FindOrMake(&mutex_, &enums_, type, [&] { return CompileEnum(type); });
}

const MessagePlan* PlanStore::FindMessage(std::string_view full_name) const {
  const Descriptor* type = resolver_->FindMessage(full_name);
  return type == nullptr ? nullptr : Message(type);
}

}  // namespace pygrpc::transcode
