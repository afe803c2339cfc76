// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/reference_json.h"

#include <google/protobuf/descriptor.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <vector>

#include "base/text.h"
#include "transcode/random_message.h"

namespace pygrpc::differential {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr const char* kPackage = "google.protobuf.";

bool IsWellKnown(const Descriptor* type, const char* name) {
  return type->full_name() == std::string(kPackage) + name;
}

bool IsWrapper(const Descriptor* type) {
  for (const char* name : {"DoubleValue", "FloatValue", "Int64Value", "UInt64Value", "Int32Value",
                           "UInt32Value", "BoolValue", "StringValue", "BytesValue"}) {
    if (IsWellKnown(type, name)) return true;
  }
  return false;
}

// Types whose JSON is not the object of their fields; in an Any it stands under "value".
bool HasOwnForm(const Descriptor* type) {
  for (const char* name :
       {"Any", "Timestamp", "Duration", "FieldMask", "Struct", "Value", "ListValue"}) {
    if (IsWellKnown(type, name)) return true;
  }
  return IsWrapper(type);
}

class Writer {
 public:
  Writer(const DynamicSchema& schema, const transcode::JsonOptions& options, RandomSource* vary)
      : schema_(schema), options_(options), vary_(vary) {}

  std::string Write(const Message& message) {
    const Descriptor* type = message.GetDescriptor();
    if (IsWellKnown(type, "Any")) return Any(message);
    if (IsWellKnown(type, "Timestamp")) return Timestamp(message);
    if (IsWellKnown(type, "Duration")) return Duration(message);
    if (IsWellKnown(type, "FieldMask")) return FieldMask(message);
    if (IsWellKnown(type, "Value")) return AnyValue(message);
    if (IsWellKnown(type, "Struct") || IsWellKnown(type, "ListValue")) {
      return Field(message, type->FindFieldByNumber(1));
    }
    if (IsWrapper(type)) return Single(message, type->FindFieldByNumber(1));
    return Object(Members(message));
  }

 private:
  using Member = std::pair<std::string, std::string>;  // JSON of key and value

  // A freedom that is made use of now.
  bool Vary(unsigned percent) { return vary_ != nullptr && vary_->Chance(percent); }

  std::string Space() {
    static const auto* spaces = new std::vector<std::string>{"", "", "", " ", "\n", "\t", "\r\n "};
    return vary_ == nullptr ? "" : vary_->Pick(*spaces);
  }

  std::string Object(std::vector<Member> members) {
    if (vary_ != nullptr) vary_->Shuffle(&members);
    std::string text = "{" + Space();
    for (size_t i = 0; i < members.size(); ++i) {
      if (i > 0) text += "," + Space();
      text += members[i].first + Space() + ":" + Space() + members[i].second + Space();
    }
    return text + "}";
  }

  std::vector<Member> Members(const Message& message) {
    const Descriptor* type = message.GetDescriptor();
    std::vector<const FieldDescriptor*> fields;
    for (int i = 0; i < type->field_count(); ++i) fields.push_back(type->field(i));
    for (const auto* extension : schema_.resolver().Extensions(type)) fields.push_back(extension);
    std::vector<Member> members;
    for (const FieldDescriptor* field : fields) {
      if (IsPresent(message, field)) {
        members.emplace_back(Key(field), Field(message, field));
      } else if (options_.print_defaults && !field->has_presence() && !field->is_extension()) {
        members.emplace_back(Key(field), Field(message, field));
      } else if (MayBeNull(field) && Vary(10)) {
        members.emplace_back(Key(field), "null");
      }
    }
    return members;
  }

  static bool IsPresent(const Message& message, const FieldDescriptor* field) {
    const Reflection* reflection = message.GetReflection();
    return field->is_repeated() ? reflection->FieldSize(message, field) > 0
                                : reflection->HasField(message, field);
  }

  // Whether null means "not set" for a field.
  static bool MayBeNull(const FieldDescriptor* field) {
    if (field->is_repeated()) return true;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return !IsNullValue(field->enum_type());
    return field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
           !IsWellKnown(field->message_type(), "Value");
  }

  std::string Key(const FieldDescriptor* field) {
    if (field->is_extension()) return Text("[" + field->full_name() + "]");
    const bool proto_name = vary_ != nullptr ? vary_->Chance(30) : options_.proto_names;
    return Text(proto_name ? field->name() : field->json_name());
  }

  std::string Field(const Message& message, const FieldDescriptor* field) {
    if (!field->is_repeated()) return Single(message, field);
    const Reflection* reflection = message.GetReflection();
    const int size = reflection->FieldSize(message, field);
    if (field->is_map()) {
      std::vector<Member> members;
      for (int i = 0; i < size; ++i) {
        const Message& entry = reflection->GetRepeatedMessage(message, field, i);
        std::string key = Single(entry, field->message_type()->map_key());
        // Keys are text, whatever their type.
        if (key.front() != '"') key = '"' + key + '"';
        members.emplace_back(key, Single(entry, field->message_type()->map_value()));
      }
      return Object(members);
    }
    std::string text = "[" + Space();
    for (int i = 0; i < size; ++i) {
      if (i > 0) text += "," + Space();
      text += Element(message, field, i) + Space();
    }
    return text + "]";
  }

  std::string Single(const Message& message, const FieldDescriptor* field) {
    const Reflection* reflection = message.GetReflection();
    const bool map_key = field->containing_type()->options().map_entry() && field->number() == 1 &&
                         !field->is_extension();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return Integer(reflection->GetInt32(message, field), false, map_key);
      case FieldDescriptor::CPPTYPE_INT64:
        return Integer(reflection->GetInt64(message, field), true, map_key);
      case FieldDescriptor::CPPTYPE_UINT32:
        return Integer(reflection->GetUInt32(message, field), false, map_key);
      case FieldDescriptor::CPPTYPE_UINT64:
        return Integer(reflection->GetUInt64(message, field), true, map_key);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return Floating(reflection->GetDouble(message, field));
      case FieldDescriptor::CPPTYPE_FLOAT:
        return Floating(reflection->GetFloat(message, field));
      case FieldDescriptor::CPPTYPE_BOOL:
        return reflection->GetBool(message, field) ? "true" : "false";
      case FieldDescriptor::CPPTYPE_ENUM:
        return Enum(field->enum_type(), reflection->GetEnumValue(message, field));
      case FieldDescriptor::CPPTYPE_STRING:
        return TextOrBytes(field, reflection->GetString(message, field));
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Write(reflection->GetMessage(message, field));
    }
    return "";
  }

  std::string Element(const Message& message, const FieldDescriptor* field, int i) {
    const Reflection* reflection = message.GetReflection();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return Integer(reflection->GetRepeatedInt32(message, field, i), false, false);
      case FieldDescriptor::CPPTYPE_INT64:
        return Integer(reflection->GetRepeatedInt64(message, field, i), true, false);
      case FieldDescriptor::CPPTYPE_UINT32:
        return Integer(reflection->GetRepeatedUInt32(message, field, i), false, false);
      case FieldDescriptor::CPPTYPE_UINT64:
        return Integer(reflection->GetRepeatedUInt64(message, field, i), true, false);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return Floating(reflection->GetRepeatedDouble(message, field, i));
      case FieldDescriptor::CPPTYPE_FLOAT:
        return Floating(reflection->GetRepeatedFloat(message, field, i));
      case FieldDescriptor::CPPTYPE_BOOL:
        return reflection->GetRepeatedBool(message, field, i) ? "true" : "false";
      case FieldDescriptor::CPPTYPE_ENUM:
        return Enum(field->enum_type(), reflection->GetRepeatedEnumValue(message, field, i));
      case FieldDescriptor::CPPTYPE_STRING:
        return TextOrBytes(field, reflection->GetRepeatedString(message, field, i));
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Write(reflection->GetRepeatedMessage(message, field, i));
    }
    return "";
  }

  template <typename Int>
  std::string Integer(Int value, bool wide, bool map_key) {
    std::string text = std::to_string(value);
    if (map_key) return text;
    if (vary_ == nullptr) return wide && !options_.int64_numbers ? '"' + text + '"' : text;
    if (Vary(10)) text += ".0";
    // 1200 may be spelled 12e2, but a fraction and an exponent together would not be the same.
    if (text.size() > 1 && text.back() == '0' && text.find('.') == std::string::npos && Vary(20)) {
      text.pop_back();
      text += vary_->Chance(50) ? "e1" : "E+1";
    }
    return vary_->Chance(40) ? '"' + text + '"' : text;
  }

  template <typename Float>
  std::string Floating(Float value) {
    if (std::isnan(value)) return "\"NaN\"";
    if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    char text[64];
    auto end = std::to_chars(text, text + sizeof text, value).ptr;
    std::string number(text, end);
    return Vary(20) ? '"' + number + '"' : number;
  }

  std::string Enum(const EnumDescriptor* type, int number) {
    if (IsNullValue(type)) return "null";
    const auto* value = type->FindValueByNumber(number);
    if (value == nullptr || options_.enum_numbers || Vary(30)) return std::to_string(number);
    if (vary_ != nullptr) {
      // Any of the aliases will do.
      for (int i = 0; i < type->value_count(); ++i) {
        if (type->value(i)->number() == number && vary_->Chance(50)) value = type->value(i);
      }
    }
    return '"' + value->name() + '"';
  }

  static bool IsNullValue(const EnumDescriptor* type) {
    return type->full_name() == std::string(kPackage) + "NullValue";
  }

  std::string TextOrBytes(const FieldDescriptor* field, const std::string& value) {
    return field->type() == FieldDescriptor::TYPE_BYTES ? Base64(value) : Text(value);
  }

  std::string Base64(const std::string& bytes) {
    std::string text = Base64Encode(bytes);
    if (Vary(40)) {
      for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    }
    if (Vary(40)) text.erase(text.find_last_not_of('=') + 1);
    return '"' + text + '"';
  }

  static std::string Escape(unsigned unit) {
    char text[16];
    std::snprintf(text, sizeof text, "\\u%04x", unit);
    return text;
  }

  std::string Text(const std::string& text) {
    if (FindInvalidUtf8(text) != std::string_view::npos) throw NoJsonForm("text is not UTF-8");
    std::string out = "\"";
    for (size_t i = 0; i < text.size(); ++i) {
      const auto c = static_cast<unsigned char>(text[i]);
      if (c == '"' || c == '\\') {
        out += '\\';
        out += text[i];
      } else if (c < 0x20 || (c < 0x80 && Vary(5))) {
        out += Escape(c);
      } else if (c >= 0xf0 && Vary(50)) {
        const unsigned code = (c & 7u) << 18 | (text[i + 1] & 0x3fu) << 12 |
                              (text[i + 2] & 0x3fu) << 6 | (text[i + 3] & 0x3fu);
        out +=
            Escape(0xd800 + ((code - 0x10000) >> 10)) + Escape(0xdc00 + ((code - 0x10000) & 0x3ff));
        i += 3;
      } else {
        out += text[i];
      }
    }
    return out + '"';
  }

  static std::pair<int64_t, int32_t> Time(const Message& message) {
    const Descriptor* type = message.GetDescriptor();
    return {message.GetReflection()->GetInt64(message, type->FindFieldByNumber(1)),
            message.GetReflection()->GetInt32(message, type->FindFieldByNumber(2))};
  }

  // The fraction of a second in 0, 3, 6 or 9 digits; in varied form, maybe more than are needed.
  std::string Fraction(int32_t nanos) {
    if (nanos == 0 && !Vary(20)) return "";
    char text[16];
    std::snprintf(text, sizeof text, ".%09d", nanos);
    std::string fraction = text;
    while (!Vary(20) && fraction.size() > 4 &&
           fraction.compare(fraction.size() - 3, 3, "000") == 0) {
      fraction.resize(fraction.size() - 3);
    }
    return fraction;
  }

  std::string Timestamp(const Message& message) {
    auto [seconds, nanos] = Time(message);
    if (seconds < -62135596800 || seconds > 253402300799 || nanos < 0 || nanos > 999999999) {
      throw NoJsonForm("Timestamp out of range");
    }
    std::string zone = "Z";
    if (Vary(30)) {
      const int minutes = static_cast<int>(vary_->Below(24 * 60));
      const bool east = vary_->Chance(50);
      const int64_t local = east ? seconds + minutes * 60 : seconds - minutes * 60;
      if (local >= -62135596800 && local <= 253402300799) {
        char text[16];
        std::snprintf(text, sizeof text, "%c%02d:%02d", east ? '+' : '-', minutes / 60,
                      minutes % 60);
        zone = text;
        seconds = local;
      }
    }
    // Count years from the first of March of the year 0, so that a leap day ends its year; the
    // first timestamp, 0001-01-01, is 719162 days before 1970 and 306 days after that point.
    int64_t days = (seconds + 62135596800) / 86400 + 306;
    const int64_t second = (seconds + 62135596800) % 86400;
    int64_t year = 0;
    auto length = [](int64_t y) {
      ++y;  // the leap day of a year that begins in March is in the next calendar year
      return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) ? 366 : 365;
    };
    year = days / 146097 * 400;
    days %= 146097;
    while (days >= length(year)) days -= length(year++);
    static const int kMonths[] = {31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 29};
    int month = 0;
    while (days >= kMonths[month]) days -= kMonths[month++];
    if (month >= 10) ++year;
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", static_cast<int>(year),
                  (month + 2) % 12 + 1, static_cast<int>(days) + 1, static_cast<int>(second / 3600),
                  static_cast<int>(second / 60 % 60), static_cast<int>(second % 60));
    return '"' + std::string(text) + Fraction(nanos) + zone + '"';
  }

  std::string Duration(const Message& message) {
    auto [seconds, nanos] = Time(message);
    constexpr int64_t kMost = 315576000000;
    if (seconds < -kMost || seconds > kMost || nanos < -999999999 || nanos > 999999999 ||
        (seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0)) {
      throw NoJsonForm("Duration out of range");
    }
    const bool negative = seconds < 0 || nanos < 0;
    return std::string(negative ? "\"-" : "\"") + std::to_string(std::abs(seconds)) +
           Fraction(std::abs(nanos)) + "s\"";
  }

  std::string FieldMask(const Message& message) {
    const FieldDescriptor* field = message.GetDescriptor()->FindFieldByNumber(1);
    std::string joined;
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
      if (i > 0) joined += ',';
      const std::string path = message.GetReflection()->GetRepeatedString(message, field, i);
      if (path.empty() || path.find(',') != std::string::npos) {
        throw NoJsonForm("a path that a list cannot hold");
      }
      for (size_t j = 0; j < path.size(); ++j) {
        if (path[j] == '_') {
          ++j;
          if (j == path.size() || path[j] < 'a' || path[j] > 'z') {
            throw NoJsonForm("a path that camelCase cannot hold");
          }
          joined += static_cast<char>(path[j] - 'a' + 'A');
        } else if (path[j] >= 'A' && path[j] <= 'Z') {
          throw NoJsonForm("a path with a capital");
        } else {
          joined += path[j];
        }
      }
    }
    return Text(joined);
  }

  std::string AnyValue(const Message& message) {
    const Descriptor* type = message.GetDescriptor();
    const FieldDescriptor* kind =
        message.GetReflection()->GetOneofFieldDescriptor(message, type->FindOneofByName("kind"));
    if (kind == nullptr) throw NoJsonForm("a Value of no kind");
    if (kind->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
      const double number = message.GetReflection()->GetDouble(message, kind);
      if (!std::isfinite(number)) throw NoJsonForm("a Value that is not finite");
      char text[64];
      return std::string(text, std::to_chars(text, text + sizeof text, number).ptr);
    }
    return Single(message, kind);
  }

  std::string Any(const Message& message) {
    const Descriptor* any = message.GetDescriptor();
    const Reflection* reflection = message.GetReflection();
    const std::string url = reflection->GetString(message, any->FindFieldByNumber(1));
    const std::string value = reflection->GetString(message, any->FindFieldByNumber(2));
    if (url.empty() && value.empty()) return "{}";
    std::vector<Member> members = {{"\"@type\"", Text(url)}};
    const Descriptor* type = schema_.TypeOfUrl(url);
    if (type == nullptr) {
      members.emplace_back("\"value\"", Base64(value));
      return Object(members);
    }
    std::unique_ptr<Message> content = schema_.New(type);
    if (!content->ParsePartialFromString(value)) throw NoJsonForm("an Any of bad bytes");
    Normalize(schema_, content.get());
    if (HasOwnForm(type)) {
      members.emplace_back("\"value\"", Write(*content));
    } else {
      for (Member& member : Members(*content)) members.push_back(std::move(member));
    }
    return Object(members);
  }

  const DynamicSchema& schema_;
  const transcode::JsonOptions& options_;
  RandomSource* vary_;
};

}  // namespace

std::string ReferenceJson(const DynamicSchema& schema, const Message& message,
                          const transcode::JsonOptions& options, RandomSource* vary) {
  return Writer(schema, options, vary).Write(message);
}

bool SameJson(const nlohmann::json& a, const nlohmann::json& b, bool loose_floats) {
  if (a.is_number() && b.is_number()) {
    if (a == b) return true;
    return loose_floats &&
           static_cast<float>(a.get<double>()) == static_cast<float>(b.get<double>());
  }
  if (a.type() != b.type() || a.size() != b.size()) return false;
  if (a.is_array()) {
    for (size_t i = 0; i < a.size(); ++i) {
      if (!SameJson(a[i], b[i], loose_floats)) return false;
    }
    return true;
  }
  if (a.is_object()) {
    for (const auto& item : a.items()) {
      auto other = b.find(item.key());
      if (other == b.end() || !SameJson(item.value(), *other, loose_floats)) return false;
    }
    return true;
  }
  return a == b;
}

}  // namespace pygrpc::differential
