// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/inspector.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "schema/editions.h"
#include "schema/introspect_parts.h"
#include "schema/quiet.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

// Of a schema of any size, for a suggestion.
constexpr size_t kMaxNamesLookedAt = 5000;

Json MessageJson(const Message& message);

// `index` is -1 for a field that is not repeated.
Json ValueJson(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection* reflection = message.GetReflection();
  bool repeated = index >= 0;
#define PYGRPC_GET(Type)                                           \
  (repeated ? reflection->GetRepeated##Type(message, field, index) \
            : reflection->Get##Type(message, field))
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return PYGRPC_GET(Int32);
    case FieldDescriptor::CPPTYPE_UINT32:
      return PYGRPC_GET(UInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return std::to_string(PYGRPC_GET(Int64));
    case FieldDescriptor::CPPTYPE_UINT64:
      return std::to_string(PYGRPC_GET(UInt64));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return NumberJson(PYGRPC_GET(Double));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return NumberJson(PYGRPC_GET(Float));
    case FieldDescriptor::CPPTYPE_BOOL:
      return PYGRPC_GET(Bool);
    case FieldDescriptor::CPPTYPE_ENUM: {
      if (IsNullValue(field->enum_type())) return nullptr;
      int number = PYGRPC_GET(EnumValue);
      const auto* value = field->enum_type()->FindValueByNumber(number);
      return value == nullptr ? Json(number) : Json(value->name());
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string text = PYGRPC_GET(String);
      return field->type() == FieldDescriptor::TYPE_BYTES ? Base64Encode(text) : text;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageJson(PYGRPC_GET(Message));
  }
#undef PYGRPC_GET
  return nullptr;
}

Json MapJson(const Message& message, const FieldDescriptor* field) {
  Json object = Json::object();
  const Reflection* reflection = message.GetReflection();
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    const Message& entry = reflection->GetRepeatedMessage(message, field, i);
    Json key = ValueJson(entry, entry.GetDescriptor()->map_key(), -1);
    object[key.is_string() ? key.get<std::string>() : key.dump()] =
        ValueJson(entry, entry.GetDescriptor()->map_value(), -1);
  }
  return object;
}

// Options that no loaded file declares, by number.
void AddUnknown(const UnknownFieldSet& unknown, Json* object) {
  for (int i = 0; i < unknown.field_count(); ++i) {
    const UnknownField& field = unknown.field(i);
    std::string key = "[" + std::to_string(field.number()) + "]";
    switch (field.type()) {
      case UnknownField::TYPE_VARINT:
        (*object)[key] = std::to_string(field.varint());
        break;
      case UnknownField::TYPE_FIXED32:
        (*object)[key] = field.fixed32();
        break;
      case UnknownField::TYPE_FIXED64:
        (*object)[key] = std::to_string(field.fixed64());
        break;
      case UnknownField::TYPE_LENGTH_DELIMITED:
        (*object)[key] = Base64Encode(field.length_delimited());
        break;
      case UnknownField::TYPE_GROUP: {
        Json group = Json::object();
        AddUnknown(field.group(), &group);
        (*object)[key] = std::move(group);
        break;
      }
    }
  }
}

Json RepeatedJson(const Message& message, const FieldDescriptor* field) {
  Json list = Json::array();
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    list.push_back(ValueJson(message, field, i));
  }
  return list;
}

// The field of that number, if it is as in the well-known type.
const FieldDescriptor* FieldOf(const Message& message, int number, FieldDescriptor::CppType type,
                               bool repeated = false) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByNumber(number);
  bool is_it = field != nullptr && field->cpp_type() == type && field->is_repeated() == repeated;
  return is_it ? field : nullptr;
}

// 0, 3, 6 or 9 digits, with the point.
std::string FractionText(int32_t nanos) {
  if (nanos == 0) return "";
  std::string digits = std::to_string(nanos);
  digits.insert(0, 9 - digits.size(), '0');
  while (digits.compare(digits.size() - 3, 3, "000") == 0) digits.resize(digits.size() - 3);
  return "." + digits;
}

// Empty for what is no duration.
std::string DurationText(int64_t seconds, int32_t nanos) {
  constexpr int64_t kMaxSeconds = 315'576'000'000;
  if (std::abs(nanos) > 999'999'999 || seconds > kMaxSeconds || seconds < -kMaxSeconds) return "";
  if ((seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0)) return "";
  std::string sign = seconds < 0 || nanos < 0 ? "-" : "";
  return sign + std::to_string(std::abs(seconds)) + FractionText(std::abs(nanos)) + "s";
}

// Empty for what is no time from year 1 to 9999.
std::string TimestampText(int64_t seconds, int32_t nanos) {
  if (seconds < -62'135'596'800 || seconds > 253'402'300'799) return "";
  if (nanos < 0 || nanos > 999'999'999) return "";
  std::time_t time = seconds;
  std::tm parts{};
  if (gmtime_r(&time, &parts) == nullptr) return "";
  char text[80];
  std::snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return text + FractionText(nanos) + "Z";
}

Json TimeJson(const Message& message, bool is_duration) {
  const auto* seconds = FieldOf(message, 1, FieldDescriptor::CPPTYPE_INT64);
  const auto* nanos = FieldOf(message, 2, FieldDescriptor::CPPTYPE_INT32);
  if (seconds == nullptr || nanos == nullptr) return Json();
  const Reflection* reflection = message.GetReflection();
  std::string text = (is_duration ? DurationText : TimestampText)(
      reflection->GetInt64(message, seconds), reflection->GetInt32(message, nanos));
  return text.empty() ? Json() : Json(text);
}

// "some_field.other" as "someField.other".
std::string CamelCase(const std::string& path) {
  std::string text;
  bool raise = false;
  for (char c : path) {
    if (c == '_') {
      raise = true;
      continue;
    }
    text += raise && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    raise = false;
  }
  return text;
}

Json FieldMaskJson(const Message& message) {
  const auto* paths = FieldOf(message, 1, FieldDescriptor::CPPTYPE_STRING, true);
  if (paths == nullptr) return Json();
  std::string text;
  for (const Json& path : RepeatedJson(message, paths)) {
    text += (text.empty() ? "" : ",") + CamelCase(path.get<std::string>());
  }
  return text;
}

// Whether the message has a form of its own, which `json` becomes. An Any has not: what is in it is
// of a type that need not be loaded.
bool WellKnownJson(const Message& message, Json* json) {
  const Reflection* reflection = message.GetReflection();
  const FieldDescriptor* field = nullptr;
  switch (WellKnownFormOf(message.GetDescriptor())) {
    case WellKnownForm::kTimestamp:
      *json = TimeJson(message, false);
      return !json->is_null();
    case WellKnownForm::kDuration:
      *json = TimeJson(message, true);
      return !json->is_null();
    case WellKnownForm::kFieldMask:
      *json = FieldMaskJson(message);
      return !json->is_null();
    case WellKnownForm::kWrapper:
      field = message.GetDescriptor()->FindFieldByNumber(1);
      if (field == nullptr || field->is_repeated()) return false;
      *json = ValueJson(message, field, -1);
      return true;
    case WellKnownForm::kStruct:
      field = FieldOf(message, 1, FieldDescriptor::CPPTYPE_MESSAGE, true);
      if (field == nullptr || !field->is_map()) return false;
      *json = MapJson(message, field);
      return true;
    case WellKnownForm::kListValue:
      field = FieldOf(message, 1, FieldDescriptor::CPPTYPE_MESSAGE, true);
      if (field == nullptr) return false;
      *json = RepeatedJson(message, field);
      return true;
    case WellKnownForm::kValue: {
      std::vector<const FieldDescriptor*> fields;
      reflection->ListFields(message, &fields);
      if (fields.size() > 1 || (fields.size() == 1 && fields[0]->is_repeated())) return false;
      *json = fields.empty() ? Json() : ValueJson(message, fields[0], -1);
      return true;
    }
    case WellKnownForm::kAny:
    case WellKnownForm::kEmpty:
    case WellKnownForm::kNone:
      break;
  }
  return false;
}

// Recursion is bounded: protobuf's parser accepts no more than 100 levels.
Json MessageJson(const Message& message) {
  Json object = Json::object();
  if (WellKnownJson(message, &object)) return object;
  object = Json::object();
  const Reflection* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    Json& value =
        object[field->is_extension() ? "[" + field->full_name() + "]" : field->json_name()];
    if (field->is_map()) {
      value = MapJson(message, field);
    } else if (field->is_repeated()) {
      value = RepeatedJson(message, field);
    } else {
      value = ValueJson(message, field, -1);
    }
  }
  AddUnknown(reflection->GetUnknownFields(message), &object);
  return object;
}

std::vector<int> Step(std::vector<int> path, int field, int index) {
  path.push_back(field);
  path.push_back(index);
  return path;
}

// The features of an edition are told as properties of fields and enums, not as options.
int FeaturesNumberOf(const Message& options) {
  const std::string& name = options.GetDescriptor()->name();
  if (name == "FileOptions") return kFileFeatures;
  if (name == "MessageOptions") return kMessageFeatures;
  if (name == "FieldOptions") return kFieldFeatures;
  if (name == "OneofOptions") return kOneofFeatures;
  if (name == "ExtensionRangeOptions") return kExtensionRangeFeatures;
  if (name == "EnumOptions") return kEnumFeatures;
  if (name == "EnumValueOptions") return kEnumValueFeatures;
  if (name == "ServiceOptions") return kServiceFeatures;
  return kMethodFeatures;
}

// "  text" lines as they stand behind comment signs, without the common indentation.
std::string CleanComment(const std::string& comment) {
  std::vector<std::string_view> lines;
  std::string_view rest = comment;
  while (!rest.empty()) {
    size_t end = std::min(rest.find('\n'), rest.size());
    lines.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  size_t indent = std::string::npos;
  for (std::string_view line : lines) {
    size_t start = line.find_first_not_of(" \t\r");
    if (start != std::string_view::npos) indent = std::min(indent, start);
  }
  std::string text;
  for (std::string_view line : lines) {
    size_t end = line.find_last_not_of(" \t\r") + 1;
    line = line.substr(0, end);
    text.append(line.substr(std::min(indent, line.size()))).append(1, '\n');
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  text.erase(0, std::min(text.find_first_not_of('\n'), text.size()));
  return text;
}

}  // namespace

Inspector::Inspector(const Schema& schema) : schema_(dynamic_cast<const Snapshot&>(schema)) {}

void Inspector::WithOptions(const Message& options,
                            const std::function<void(const Message&)>& read) {
  if (options.ByteSizeLong() == 0) return;
  Quiet quiet;
  const auto* type = schema_.FindMessage(options.GetDescriptor()->full_name());
  if (type == nullptr) return;  // options of google.protobuf are always known
  schema_.Extensions(type);     // builds the files that declare custom options
  std::lock_guard<std::mutex> lock(schema_.pool()->mutex());
  std::unique_ptr<Message> message(factory_.GetPrototype(type)->New());
  message->ParsePartialFromString(options.SerializePartialAsString());
  message->GetReflection()
      ->MutableUnknownFields(message.get())
      ->DeleteByNumber(FeaturesNumberOf(options));
  read(*message);
}

Json Inspector::OptionsJson(const Message& options) {
  Json json = Json::object();
  WithOptions(options, [&json](const Message& message) { json = MessageJson(message); });
  return json;
}

bool Inspector::FindFull(std::string_view name, Subject* subject) const {
  const Symbol* symbol = schema_.FindSymbol(name);
  if (symbol == nullptr) return false;
  schema_.Build(*symbol->file);
  std::string key(name);
  std::lock_guard<std::mutex> lock(schema_.pool()->mutex());
  const google::protobuf::DescriptorPool& pool = schema_.pool()->descriptors();
  return (subject->message = pool.FindMessageTypeByName(key)) != nullptr ||
         (subject->enum_type = pool.FindEnumTypeByName(key)) != nullptr ||
         (subject->service = pool.FindServiceByName(key)) != nullptr ||
         (subject->method = pool.FindMethodByName(key)) != nullptr ||
         (subject->field = pool.FindFieldByName(key)) != nullptr ||
         (subject->field = pool.FindExtensionByName(key)) != nullptr ||
         (subject->oneof = pool.FindOneofByName(key)) != nullptr ||
         (subject->enum_value = pool.FindEnumValueByName(key)) != nullptr;
}

std::vector<std::string> Inspector::TypesCalled(std::string_view name) const {
  Subject subject;
  if (FindFull(name, &subject) && (subject.message != nullptr || subject.enum_type != nullptr)) {
    return {std::string(name)};
  }
  return schema_.TypesEndingWith(name);
}

bool Inspector::FindMember(std::string_view name, Subject* subject) const {
  size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return false;
  std::string member(name.substr(dot + 1));
  std::vector<std::string> candidates;
  for (const std::string& type : TypesCalled(name.substr(0, dot))) {
    Subject of_type;
    Subject found;
    FindFull(type, &of_type);
    if (of_type.message != nullptr) {
      FindFull(type + "." + member, &found);
    } else if (of_type.enum_type != nullptr) {
      // Its full name is one beside the enum; that it is inside is what one may think.
      found.enum_value = of_type.enum_type->FindValueByName(member);
    }
    if (FileOf(found) == nullptr) continue;
    *subject = found;
    candidates.push_back(type + "." + member);
  }
  if (candidates.size() < 2) return candidates.size() == 1;
  Error ambiguous(Code::kAmbiguous,
                  Quote(name) + " is ambiguous; it may mean " + JoinAlternatives(candidates));
  ambiguous.candidates = std::move(candidates);
  throw ambiguous;
}

std::vector<std::string> Inspector::NearMembers(std::string_view name) const {
  for (size_t dot = name.rfind('.'); dot != std::string_view::npos && dot > 0;
       dot = name.rfind('.', dot - 1)) {
    std::string_view scope = name.substr(0, dot);
    std::string_view wanted = name.substr(dot + 1);
    wanted = wanted.substr(0, wanted.find('.'));
    std::vector<std::string> near;
    std::vector<std::string> types = TypesCalled(scope);
    for (const std::string& type : types) {
      Subject subject;
      FindFull(type, &subject);
      for (const std::string& member : NearNames(wanted, MembersOf(subject))) {
        near.push_back(type + "." + member);
      }
    }
    if (types.empty() && schema_.index().IsPackage(scope)) {
      for (const std::string& symbol : NearNames(wanted, SymbolsOf(scope))) {
        near.push_back(std::string(scope) + "." + symbol);
      }
    }
    if (!near.empty() || !types.empty()) return near;
  }
  return {};
}

std::vector<std::string> Inspector::MembersOf(const Subject& subject) {
  std::vector<std::string> names;
  auto add = [&names](int count, auto at) {
    for (int i = 0; i < count; ++i) names.push_back(at(i)->name());
  };
  if (const auto* message = subject.message) {
    add(message->field_count(), [&](int i) { return message->field(i); });
    add(message->real_oneof_decl_count(), [&](int i) { return message->oneof_decl(i); });
    add(message->nested_type_count(), [&](int i) { return message->nested_type(i); });
    add(message->enum_type_count(), [&](int i) { return message->enum_type(i); });
    add(message->extension_count(), [&](int i) { return message->extension(i); });
    for (int i = 0; i < message->enum_type_count(); ++i) {
      add(message->enum_type(i)->value_count(),
          [&](int value) { return message->enum_type(i)->value(value); });
    }
  } else if (const auto* type = subject.enum_type) {
    add(type->value_count(), [&](int i) { return type->value(i); });
  } else if (const auto* service = subject.service) {
    add(service->method_count(), [&](int i) { return service->method(i); });
  }
  return names;
}

std::vector<std::string> Inspector::SymbolsOf(std::string_view package) const {
  std::vector<std::string> names;
  for (const auto& layer : schema_.index().layers()) {
    for (const auto& [symbol, where] : layer->symbols()) {
      if (names.size() == kMaxNamesLookedAt) break;
      if (symbol.size() <= package.size() || symbol[package.size()] != '.') continue;
      if (symbol.substr(0, package.size()) != package) continue;
      std::string_view last = symbol.substr(package.size() + 1);
      if (last.find('.') == std::string_view::npos) names.emplace_back(last);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> Inspector::NearFiles(std::string_view name) const {
  std::vector<std::string> names;
  for (const FilePtr& file : schema_.index().Files()) {
    if (names.size() == kMaxNamesLookedAt) break;
    names.emplace_back(file->name);
  }
  return NearNames(name, names);
}

Inspector::Subject Inspector::Find(std::string_view name) const {
  Subject subject;
  std::string_view bare = name;
  if (bare.size() > 2 && bare.front() == '[' && bare.back() == ']') {
    bare = bare.substr(1, bare.size() - 2);
  }
  if (!bare.empty() && bare.front() == '.') bare.remove_prefix(1);
  if (FindFull(bare, &subject)) return subject;
  if (FilePtr file = schema_.FindFile(name)) {
    subject.file = schema_.Build(*file);
    return subject;
  }
  // Unqualified, as for calls: a method or else a service or type of that name.
  try {
    subject.method = schema_.Method(name);
    return subject;
  } catch (const Error& error) {
    if (error.code == Code::kAmbiguous) throw;
    std::vector<std::string> candidates = schema_.TypesEndingWith(bare);
    if (candidates.size() == 1 && FindFull(candidates.front(), &subject)) return subject;
    if (candidates.size() > 1) {
      Error ambiguous(Code::kAmbiguous,
                      Quote(name) + " is ambiguous; it may mean " + JoinAlternatives(candidates));
      ambiguous.candidates = std::move(candidates);
      throw ambiguous;
    }
    if (FindMember(bare, &subject)) return subject;
    if (error.code == Code::kSchema) throw;
    std::vector<std::string> near = NearMembers(bare);
    auto add = [&near](const std::vector<std::string>& names) {
      for (const std::string& added : names) {
        if (std::find(near.begin(), near.end(), added) == near.end()) near.push_back(added);
      }
    };
    add(error.near_names);
    try {
      schema_.Message(name);
    } catch (const Error& of_message) {
      add(of_message.near_names);
    }
    if (near.empty()) add(NearFiles(name));
    Error unknown(Code::kNotFound, "nothing called " + Quote(name) + " in the loaded schema");
    if (near.size() > 3) near.resize(3);
    if (!near.empty()) unknown.message += "; did you mean " + JoinAlternatives(near) + "?";
    unknown.near_names = std::move(near);
    throw unknown;
  }
}

const google::protobuf::Descriptor* Inspector::FindMessageOrRequest(std::string_view name) const {
  Subject subject = Find(name);
  if (subject.message != nullptr) return subject.message;
  if (subject.method != nullptr) return subject.method->input_type();
  throw Error(Code::kNotFound, Quote(name) + " is neither a message nor a method");
}

const google::protobuf::FileDescriptor* FileOf(const Inspector::Subject& subject) {
  if (subject.message != nullptr) return FileOf(subject.message);
  if (subject.enum_type != nullptr) return FileOf(subject.enum_type);
  if (subject.enum_value != nullptr) return FileOf(subject.enum_value);
  if (subject.field != nullptr) return FileOf(subject.field);
  if (subject.oneof != nullptr) return FileOf(subject.oneof);
  if (subject.service != nullptr) return FileOf(subject.service);
  if (subject.method != nullptr) return FileOf(subject.method);
  return subject.file;
}

std::vector<int> PathOf(const google::protobuf::Descriptor* message) {
  const auto* parent = message->containing_type();
  return parent == nullptr ? Step({}, 4, message->index())
                           : Step(PathOf(parent), 3, message->index());
}

std::vector<int> PathOf(const google::protobuf::EnumDescriptor* type) {
  const auto* parent = type->containing_type();
  return parent == nullptr ? Step({}, 5, type->index()) : Step(PathOf(parent), 4, type->index());
}

std::vector<int> PathOf(const google::protobuf::EnumValueDescriptor* value) {
  return Step(PathOf(value->type()), 2, value->index());
}

std::vector<int> PathOf(const FieldDescriptor* field) {
  if (!field->is_extension()) return Step(PathOf(field->containing_type()), 2, field->index());
  const auto* scope = field->extension_scope();
  return scope == nullptr ? Step({}, 7, field->index()) : Step(PathOf(scope), 6, field->index());
}

std::vector<int> PathOf(const google::protobuf::OneofDescriptor* oneof) {
  return Step(PathOf(oneof->containing_type()), 8, oneof->index());
}

std::vector<int> PathOf(const google::protobuf::ServiceDescriptor* service) {
  return Step({}, 6, service->index());
}

std::vector<int> PathOf(const google::protobuf::MethodDescriptor* method) {
  return Step(PathOf(method->service()), 2, method->index());
}

const char* CardinalityOf(const google::protobuf::MethodDescriptor* method) {
  if (method->client_streaming()) {
    return method->server_streaming() ? "stream_stream" : "stream_unary";
  }
  return method->server_streaming() ? "unary_stream" : "unary_unary";
}

std::string JoinComments(const google::protobuf::SourceLocation& location) {
  std::string comment = CleanComment(location.leading_comments);
  std::string trailing = CleanComment(location.trailing_comments);
  if (!comment.empty() && !trailing.empty()) comment += "\n";
  return comment + trailing;
}

Json NumberJson(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

Json NumberJson(float value) {
  if (!std::isfinite(value)) return NumberJson(static_cast<double>(value));
  // The shortest text that means it, 0.1, is that of another double than the float's own value.
  char text[32];
  const char* end = std::to_chars(text, text + sizeof(text), value).ptr;
  double shortest = 0;
  std::from_chars(text, end, shortest);
  return shortest;
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace pygrpc::schema
