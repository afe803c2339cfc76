// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/random_message.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <set>
#include <vector>

namespace pygrpc::differential {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

template <typename Int>
Int RandomInteger(RandomSource* random) {
  switch (random->Below(5)) {
    case 0:
      return static_cast<Int>(random->Below(100));
    case 1:
      return static_cast<Int>(0 - random->Below(100));
    case 2:
      return random->Chance(50) ? std::numeric_limits<Int>::max() : std::numeric_limits<Int>::min();
    case 3:
      return static_cast<Int>(random->Bits() >> random->Below(64));
    default:
      return static_cast<Int>(random->Bits());
  }
}

double RandomFinite(RandomSource* random) {
  switch (random->Below(6)) {
    case 0:
      return static_cast<double>(random->Below(1000)) / 8;
    case 1:
      return random->Chance(50) ? 0.0 : -0.0;
    case 2:
      return -static_cast<double>(random->Bits()) / 1000;
    case 3:
      return random->Chance(50) ? 1.7976931348623157e308 : 5e-324;
    default: {
      double value;
      do {
        uint64_t bits = random->Bits();
        std::memcpy(&value, &bits, sizeof value);
      } while (!std::isfinite(value));
      return value;
    }
  }
}

float RandomFiniteFloat(RandomSource* random) {
  if (random->Chance(40)) return static_cast<float>(random->Below(10000)) / 16;
  float value;
  do {
    uint32_t bits = static_cast<uint32_t>(random->Bits());
    std::memcpy(&value, &bits, sizeof value);
  } while (!std::isfinite(value));
  return value;
}

template <typename Float>
Float RandomSpecial(RandomSource* random) {
  switch (random->Below(3)) {
    case 0:
      return std::numeric_limits<Float>::quiet_NaN();
    case 1:
      return std::numeric_limits<Float>::infinity();
    default:
      return -std::numeric_limits<Float>::infinity();
  }
}

std::string RandomText(RandomSource* random) {
  static const auto* pieces = new std::vector<std::string>{
      "a",
      "Z",
      "0",
      " ",
      "hello",
      "\"",
      "\\",
      "/",
      "\n",
      "\t",
      "\b",
      "\f",
      "\r",
      std::string(1, '\0'),
      "\x01",
      "\x1f",
      "\x7f",
      "<",
      ">",
      "&",
      "'",
      "\xc3\xa9",
      "\xe2\x82\xac",
      "\xe2\x80\xa8",
      "\xf0\x9f\x98\x80",
      "\xed\x9f\xbf",
      "\xee\x80\x80",
      "\xef\xbf\xbf",
      "\xc2\x80",
      "a longer run of plain letters, longer than any vector register is wide: 0123456789"};
  std::string text;
  const size_t count = random->Below(6);
  for (size_t i = 0; i < count; ++i) text += random->Pick(*pieces);
  return text;
}

std::string RandomBytes(RandomSource* random) {
  std::string bytes(random->Below(random->Chance(10) ? 100 : 8), '\0');
  for (char& c : bytes) c = static_cast<char>(random->Bits());
  return bytes;
}

// The key of a map entry, as text; a key that is left out is the default one.
std::string EntryKey(const Message& entry) {
  const FieldDescriptor* field = entry.GetDescriptor()->map_key();
  const Reflection* reflection = entry.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return std::to_string(reflection->GetInt32(entry, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return std::to_string(reflection->GetInt64(entry, field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return std::to_string(reflection->GetUInt32(entry, field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return std::to_string(reflection->GetUInt64(entry, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->GetBool(entry, field) ? "true" : "false";
    default:
      return reflection->GetString(entry, field);
  }
}

class Filler {
 public:
  Filler(const DynamicSchema& schema, RandomSource* random) : schema_(schema), random_(*random) {}

  void Fill(Message* message, int depth) {
    const std::string& name = message->GetDescriptor()->full_name();
    if (name == "google.protobuf.Timestamp") return FillTimestamp(message);
    if (name == "google.protobuf.Duration") return FillDuration(message);
    if (name == "google.protobuf.FieldMask") return FillFieldMask(message);
    if (name == "google.protobuf.Any") return FillAny(message, depth);
    if (name == "google.protobuf.Value") return FillValue(message, depth);
    FillFields(message, depth);
  }

 private:
  void FillFields(Message* message, int depth) {
    const Descriptor* type = message->GetDescriptor();
    std::vector<const FieldDescriptor*> fields;
    for (int i = 0; i < type->field_count(); ++i) fields.push_back(type->field(i));
    for (const auto* extension : schema_.resolver().Extensions(type)) fields.push_back(extension);
    for (const FieldDescriptor* field : fields) {
      if (field->is_required()) {
        SetSingular(message, field, depth);
        continue;
      }
      if (!random_.Chance(55)) continue;
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_map() &&
          (depth <= 0 || values_ > kManyValues)) {
        continue;
      }
      if (field->is_map()) {
        FillMap(message, field, depth);
      } else if (field->is_repeated()) {
        const size_t count = random_.Chance(10) ? random_.Below(20) : random_.Below(4);
        for (size_t i = 0; i < count; ++i) AddRepeated(message, field, depth);
      } else {
        SetSingular(message, field, depth);
      }
    }
  }

  // Keys are few, so that two messages of one type are likely to share some.
  void FillMap(Message* message, const FieldDescriptor* field, int depth) {
    std::set<std::string> keys;
    const FieldDescriptor* value = field->message_type()->map_value();
    const bool deep = value->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (deep && (depth <= 0 || values_ > kManyValues)) return;
    const size_t count = random_.Below(4);
    for (size_t i = 0; i < count; ++i) {
      Message* entry = message->GetReflection()->AddMessage(message, field);
      SetSingular(entry, field->message_type()->map_key(), depth);
      SetSingular(entry, value, depth);
      if (!keys.insert(EntryKey(*entry)).second) {
        message->GetReflection()->RemoveLast(message, field);
      }
    }
  }

  int EnumNumber(const FieldDescriptor* field) {
    const auto* type = field->enum_type();
    // An open enum may hold any number; NullValue has no other JSON form than null.
    if (type->file()->syntax() == google::protobuf::FileDescriptor::SYNTAX_PROTO3 &&
        type->full_name() != "google.protobuf.NullValue" && random_.Chance(15)) {
      return static_cast<int>(random_.Bits());
    }
    return type->value(static_cast<int>(random_.Below(type->value_count())))->number();
  }

  double Double() {
    return random_.Chance(10) ? RandomSpecial<double>(&random_) : RandomFinite(&random_);
  }
  float Float() {
    return random_.Chance(10) ? RandomSpecial<float>(&random_) : RandomFiniteFloat(&random_);
  }

  void SetSingular(Message* message, const FieldDescriptor* field, int depth) {
    const Reflection* reflection = message->GetReflection();
    ++values_;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return reflection->SetInt32(message, field, RandomInteger<int32_t>(&random_));
      case FieldDescriptor::CPPTYPE_INT64:
        return reflection->SetInt64(message, field, RandomInteger<int64_t>(&random_));
      case FieldDescriptor::CPPTYPE_UINT32:
        return reflection->SetUInt32(message, field, RandomInteger<uint32_t>(&random_));
      case FieldDescriptor::CPPTYPE_UINT64:
        return reflection->SetUInt64(message, field, RandomInteger<uint64_t>(&random_));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return reflection->SetDouble(message, field, Double());
      case FieldDescriptor::CPPTYPE_FLOAT:
        return reflection->SetFloat(message, field, Float());
      case FieldDescriptor::CPPTYPE_BOOL:
        return reflection->SetBool(message, field, random_.Chance(50));
      case FieldDescriptor::CPPTYPE_ENUM:
        return reflection->SetEnumValue(message, field, EnumNumber(field));
      case FieldDescriptor::CPPTYPE_STRING:
        return reflection->SetString(message, field,
                                     field->type() == FieldDescriptor::TYPE_BYTES
                                         ? RandomBytes(&random_)
                                         : RandomText(&random_));
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Fill(reflection->MutableMessage(message, field), depth - 1);
    }
  }

  void AddRepeated(Message* message, const FieldDescriptor* field, int depth) {
    const Reflection* reflection = message->GetReflection();
    ++values_;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return reflection->AddInt32(message, field, RandomInteger<int32_t>(&random_));
      case FieldDescriptor::CPPTYPE_INT64:
        return reflection->AddInt64(message, field, RandomInteger<int64_t>(&random_));
      case FieldDescriptor::CPPTYPE_UINT32:
        return reflection->AddUInt32(message, field, RandomInteger<uint32_t>(&random_));
      case FieldDescriptor::CPPTYPE_UINT64:
        return reflection->AddUInt64(message, field, RandomInteger<uint64_t>(&random_));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return reflection->AddDouble(message, field, Double());
      case FieldDescriptor::CPPTYPE_FLOAT:
        return reflection->AddFloat(message, field, Float());
      case FieldDescriptor::CPPTYPE_BOOL:
        return reflection->AddBool(message, field, random_.Chance(50));
      case FieldDescriptor::CPPTYPE_ENUM:
        return reflection->AddEnumValue(message, field, EnumNumber(field));
      case FieldDescriptor::CPPTYPE_STRING:
        return reflection->AddString(message, field,
                                     field->type() == FieldDescriptor::TYPE_BYTES
                                         ? RandomBytes(&random_)
                                         : RandomText(&random_));
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Fill(reflection->AddMessage(message, field), depth - 1);
    }
  }

  int32_t Nanos() {
    static const auto* units = new std::vector<int32_t>{1, 1000, 1000000};
    const int32_t unit = random_.Pick(*units);
    return random_.Chance(40) ? 0 : static_cast<int32_t>(random_.Below(1000000000 / unit)) * unit;
  }

  static void SetTime(Message* message, int64_t seconds, int32_t nanos) {
    const Descriptor* type = message->GetDescriptor();
    message->GetReflection()->SetInt64(message, type->FindFieldByNumber(1), seconds);
    message->GetReflection()->SetInt32(message, type->FindFieldByNumber(2), nanos);
  }

  void FillTimestamp(Message* message) {
    constexpr int64_t kFirst = -62135596800;
    constexpr int64_t kLast = 253402300799;
    int64_t seconds = kFirst + static_cast<int64_t>(random_.Below(kLast - kFirst + 1));
    if (random_.Chance(5)) seconds = random_.Chance(50) ? kFirst : kLast;
    SetTime(message, seconds, Nanos());
  }

  void FillDuration(Message* message) {
    constexpr int64_t kMost = 315576000000;
    int64_t seconds = static_cast<int64_t>(random_.Below(random_.Chance(50) ? 100 : kMost));
    int32_t nanos = Nanos();
    if (random_.Chance(5)) {
      seconds = kMost;
      nanos = 0;
    }
    const bool negative = random_.Chance(50);
    SetTime(message, negative ? -seconds : seconds, negative ? -nanos : nanos);
  }

  void FillFieldMask(Message* message) {
    static const auto* paths =
        new std::vector<std::string>{"a", "foo", "foo_bar", "foo_bar.baz_qux", "a.b.c", "x1.y2"};
    const size_t count = random_.Below(4);
    for (size_t i = 0; i < count; ++i) {
      message->GetReflection()->AddString(message, message->GetDescriptor()->FindFieldByNumber(1),
                                          random_.Pick(*paths));
    }
  }

  void FillAny(Message* message, int depth) {
    static const auto* well_known = new std::vector<std::string>{
        "google.protobuf.Any",   "google.protobuf.Duration",   "google.protobuf.Empty",
        "google.protobuf.Value", "google.protobuf.Int64Value", "google.protobuf.Timestamp",
        "google.protobuf.Struct"};
    if (random_.Chance(10)) return;  // an Any of nothing
    const Descriptor* type = random_.Chance(50)
                                 ? random_.Pick(schema_.types())
                                 : schema_.resolver().FindMessage(random_.Pick(*well_known));
    std::unique_ptr<Message> content = schema_.New(type);
    Fill(content.get(), depth - 1);
    const Descriptor* any = message->GetDescriptor();
    const char* prefix = random_.Chance(80) ? "type.googleapis.com/" : "example.com/types/";
    message->GetReflection()->SetString(message, any->FindFieldByNumber(1),
                                        prefix + type->full_name());
    message->GetReflection()->SetString(message, any->FindFieldByNumber(2), Serialize(*content));
  }

  void FillValue(Message* message, int depth) {
    const Descriptor* type = message->GetDescriptor();
    const bool deep = depth > 0 && values_ <= kManyValues;
    const FieldDescriptor* kind =
        type->FindFieldByNumber(1 + static_cast<int>(random_.Below(deep ? 6 : 4)));
    if (kind->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
      // NaN and the infinities have no form in a Value.
      message->GetReflection()->SetDouble(message, kind, RandomFinite(&random_));
    } else {
      SetSingular(message, kind, depth);
    }
  }

  // Recursive schemas would fill for ever.
  static constexpr int kManyValues = 400;

  const DynamicSchema& schema_;
  RandomSource& random_;
  int values_ = 0;
};

void KeepLastEntries(Message* message, const FieldDescriptor* field) {
  const Reflection* reflection = message->GetReflection();
  std::set<std::string> keys;
  // From the back, so that the last one of a key comes first; then drop the others.
  std::vector<std::unique_ptr<Message>> kept;
  for (int i = reflection->FieldSize(*message, field) - 1; i >= 0; --i) {
    const Message& entry = reflection->GetRepeatedMessage(*message, field, i);
    if (!keys.insert(EntryKey(entry)).second) continue;
    kept.emplace_back(entry.New());
    kept.back()->CopyFrom(entry);
  }
  reflection->ClearField(message, field);
  for (auto entry = kept.rbegin(); entry != kept.rend(); ++entry) {
    reflection->AddMessage(message, field)->CopyFrom(**entry);
  }
}

// JSON knows one NaN only; in bits there are many.
void UnifyNans(Message* message, const FieldDescriptor* field) {
  const Reflection* reflection = message->GetReflection();
  const bool is_double = field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE;
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr float kFloatNan = std::numeric_limits<float>::quiet_NaN();
  if (!field->is_repeated()) {
    if (is_double && std::isnan(reflection->GetDouble(*message, field))) {
      reflection->SetDouble(message, field, kNan);
    } else if (!is_double && std::isnan(reflection->GetFloat(*message, field))) {
      reflection->SetFloat(message, field, kFloatNan);
    }
    return;
  }
  for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
    if (is_double && std::isnan(reflection->GetRepeatedDouble(*message, field, i))) {
      reflection->SetRepeatedDouble(message, field, i, kNan);
    } else if (!is_double && std::isnan(reflection->GetRepeatedFloat(*message, field, i))) {
      reflection->SetRepeatedFloat(message, field, i, kFloatNan);
    }
  }
}

void NormalizeAny(const DynamicSchema& schema, Message* message) {
  const Reflection* reflection = message->GetReflection();
  const FieldDescriptor* url = message->GetDescriptor()->FindFieldByNumber(1);
  const FieldDescriptor* value = message->GetDescriptor()->FindFieldByNumber(2);
  const Descriptor* type = schema.TypeOfUrl(reflection->GetString(*message, url));
  if (type == nullptr) return;
  std::unique_ptr<Message> content = schema.New(type);
  if (!content->ParsePartialFromString(reflection->GetString(*message, value))) return;
  Normalize(schema, content.get());
  reflection->SetString(message, value, Serialize(*content));
}

}  // namespace

void FillRandomly(const DynamicSchema& schema, RandomSource* random, Message* message) {
  Filler(schema, random).Fill(message, 4);
}

std::string Serialize(const Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializePartialToCodedStream(&coded);
  }
  return bytes;
}

void Normalize(const DynamicSchema& schema, Message* message) {
  const Reflection* reflection = message->GetReflection();
  message->DiscardUnknownFields();
  if (message->GetDescriptor()->full_name() == "google.protobuf.Any") {
    return NormalizeAny(schema, message);
  }
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->is_map()) KeepLastEntries(message, field);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE ||
        field->cpp_type() == FieldDescriptor::CPPTYPE_FLOAT) {
      UnifyNans(message, field);
    }
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (field->is_repeated()) {
      for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
        Normalize(schema, reflection->MutableRepeatedMessage(message, field, i));
      }
    } else {
      Normalize(schema, reflection->MutableMessage(message, field));
    }
  }
}

}  // namespace pygrpc::differential
