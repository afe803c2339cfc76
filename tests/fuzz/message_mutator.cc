// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "message_mutator.h"

#include <cstring>
#include <random>
#include <string>
#include <vector>

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace pygrpc::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// One change of one field, somewhere in a message.
class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  void Mutate(Message* root) {
    messages_.clear();
    Collect(root);
    Message* message = Pick(messages_);
    std::vector<const FieldDescriptor*> fields;
    message->GetReflection()->ListFields(*message, &fields);
    const bool add = fields.empty() || Below(4) == 0;
    const auto* type = message->GetDescriptor();
    if (type->field_count() == 0) return;
    const FieldDescriptor* field =
        add ? type->field(static_cast<int>(Below(static_cast<size_t>(type->field_count()))))
            : Pick(fields);
    if (field->is_repeated()) {
      ChangeRepeated(message, field);
    } else if (!add && Below(4) == 0) {
      message->GetReflection()->ClearField(message, field);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      CopyFromElsewhere(message->GetReflection()->MutableMessage(message, field));
    } else {
      SetScalar(message, field, -1);
    }
  }

 private:
  size_t Below(size_t end) { return random_() % end; }
  template <typename T>
  T Pick(const std::vector<T>& list) {
    return list[Below(list.size())];
  }

  void Collect(Message* message) {
    messages_.push_back(message);
    const Reflection* reflection = message->GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection->ListFields(*message, &fields);
    for (const FieldDescriptor* field : fields) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        const int size = field->is_repeated() ? reflection->FieldSize(*message, field) : 1;
        for (int i = 0; i < size && texts_.size() < 1000; ++i) {
          texts_.push_back(field->is_repeated() ? reflection->GetRepeatedString(*message, field, i)
                                                : reflection->GetString(*message, field));
        }
      }
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
      if (!field->is_repeated()) {
        Collect(reflection->MutableMessage(message, field));
        continue;
      }
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
        Collect(reflection->MutableRepeatedMessage(message, field, i));
      }
    }
  }

  // Another message of the same type, if there is one.
  void CopyFromElsewhere(Message* target) {
    std::vector<const Message*> same;
    for (const Message* message : messages_) {
      if (message != target && message->GetDescriptor() == target->GetDescriptor()) {
        same.push_back(message);
      }
    }
    if (same.empty()) return;
    const std::string copy = Pick(same)->SerializePartialAsString();  // it may hold the target
    target->ParsePartialFromString(copy);
  }

  void ChangeRepeated(Message* message, const FieldDescriptor* field) {
    const Reflection* reflection = message->GetReflection();
    const int size = reflection->FieldSize(*message, field);
    const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    const size_t way = size == 0 ? 0 : Below(4);
    const int index = size == 0 ? 0 : static_cast<int>(Below(static_cast<size_t>(size)));
    if (way == 0) {
      if (is_message) {
        CopyFromElsewhere(reflection->AddMessage(message, field));
      } else {
        SetScalar(message, field, size);
      }
    } else if (way == 1) {
      reflection->SwapElements(message, field, index, size - 1);
      reflection->RemoveLast(message, field);
    } else if (way == 2) {
      reflection->SwapElements(message, field, index, static_cast<int>(Below(size)));
    } else if (!is_message) {
      SetScalar(message, field, index);
    } else {
      CopyFromElsewhere(reflection->MutableRepeatedMessage(message, field, index));
    }
  }

  std::string Text() {
    static const char* const kTexts[] = {
        "",       ".",        "a..b",   "1",         "-1",  "nan",  "true",  "proto2",
        "proto3", "editions", "a{a{}}", "\\377",     "max", "\xff", "a\nb",  "*/",
        "0x7f",   "1e999",    "_",      "map_entry", "A",   "a-b",  "group", "stream"};
    std::string text = texts_.empty() || Below(3) == 0
                           ? kTexts[Below(sizeof(kTexts) / sizeof(*kTexts))]
                           : Pick(texts_);
    const size_t way = Below(8);
    if (way == 0) text.append(texts_.empty() ? "x" : Pick(texts_));
    if (way == 1 && !text.empty()) text.erase(Below(text.size()), 1);
    if (way == 2) text.insert(0, ".");
    if (way == 3 && !text.empty()) text[Below(text.size())] = static_cast<char>(Below(256));
    return text;
  }

  int64_t Number() {
    static const int64_t kNumbers[] = {0,  1,     2,     3,         16,        1000,
                                       -1, 18999, 19000, 536870911, 536870912, INT32_MAX,
                                       5,  998,   999,   1001,      INT32_MIN, INT64_MAX};
    const size_t way = Below(2);
    return way == 0 ? static_cast<int64_t>(Below(20))
                    : kNumbers[Below(sizeof(kNumbers) / sizeof(*kNumbers))];
  }

  // `index` is -1 for a field that is not repeated, and one past the end to add.
  void SetScalar(Message* message, const FieldDescriptor* field, int index) {
    const Reflection* reflection = message->GetReflection();
    const bool adds = index >= 0 && index == reflection->FieldSize(*message, field);
#define PYGRPC_SET(Type, value)                                               \
  (adds         ? reflection->Add##Type(message, field, value)                \
   : index >= 0 ? reflection->SetRepeated##Type(message, field, index, value) \
                : reflection->Set##Type(message, field, value))
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        PYGRPC_SET(Int32, static_cast<int32_t>(Number()));
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        PYGRPC_SET(UInt32, static_cast<uint32_t>(Number()));
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        PYGRPC_SET(Int64, Number());
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        PYGRPC_SET(UInt64, static_cast<uint64_t>(Number()));
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        PYGRPC_SET(Double, static_cast<double>(Number()));
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        PYGRPC_SET(Float, static_cast<float>(Number()));
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        PYGRPC_SET(Bool, Below(2) == 0);
        break;
      case FieldDescriptor::CPPTYPE_ENUM: {
        const auto* type = field->enum_type();
        const auto* value =
            type->value(static_cast<int>(Below(static_cast<size_t>(type->value_count()))));
        PYGRPC_SET(Enum, value);
        break;
      }
      case FieldDescriptor::CPPTYPE_STRING:
        PYGRPC_SET(String, Text());
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        break;
    }
#undef PYGRPC_SET
  }

  std::mt19937 random_;
  std::vector<Message*> messages_;
  std::vector<std::string> texts_;
};

}  // namespace

size_t MutateMessage(Message* message, uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  if (seed % 8 == 0 || !message->ParsePartialFromArray(data, static_cast<int>(size))) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  Mutator mutator(seed);
  for (unsigned i = 0; i < 1 + seed / 8 % 4; ++i) mutator.Mutate(message);
  const std::string changed = message->SerializePartialAsString();
  if (changed.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, changed.data(), changed.size());
  return changed.size();
}

}  // namespace pygrpc::fuzz
