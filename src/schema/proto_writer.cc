// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/proto_writer.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/text.h"
#include "schema/editions.h"
#include "schema/proto_values.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::MethodDescriptorProto;
using google::protobuf::ServiceDescriptorProto;

std::vector<int> Append(std::vector<int> path, int field, int index) {
  path.push_back(field);
  path.push_back(index);
  return path;
}

std::string Join(const std::string& scope, const std::string& name) {
  return scope.empty() ? name : scope + "." + name;
}

// "1", "2 to 5" or "6 to max"; both ends belong to the range.
std::string RangeText(int start, int end, bool to_max) {
  std::string text = std::to_string(start);
  if (to_max) return text + " to max";
  return end > start ? text + " to " + std::to_string(end) : text;
}

bool HasAlias(const EnumDescriptorProto& type) {
  std::set<int> numbers;
  for (const auto& value : type.value()) {
    if (!numbers.insert(value.number()).second) return true;
  }
  return false;
}

std::string JoinTexts(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : ", ") + text;
  return joined;
}

}  // namespace

// What a message, or a file, declares in an order that matters: nested types that a map field, a
// group or an extension that is a group brings along stand where that member is.
struct ProtoWriter::Members {
  const DescriptorProto& message;
  const Path& path;
  const std::string& scope;
  std::vector<int> nested_of_field;      // index into nested_type, or -1
  std::vector<int> nested_of_extension;  // likewise
  std::vector<bool> written;             // of fields
  int next_field = 0;
  int next_extension = 0;
};

ProtoWriter::Members ProtoWriter::MembersOf(const DescriptorProto& message, const Path& path,
                                            const std::string& scope) {
  auto fields = static_cast<size_t>(message.field_size());
  auto extensions = static_cast<size_t>(message.extension_size());
  Members members{message, path, scope, {}, {}, {}};
  members.nested_of_field.assign(fields, -1);
  members.nested_of_extension.assign(extensions, -1);
  members.written.assign(fields, false);
  return members;
}

ProtoWriter::ProtoWriter(Inspector* inspector, const SchemaFile& file)
    : inspector_(inspector), source_(inspector->schema().SourceOf(file)), proto_(source_->proto) {
  syntax_ = EditionOf(proto_) != 0    ? "editions"
            : proto_.syntax().empty() ? "proto2"
                                      : proto_.syntax();
}

void ProtoWriter::Line(const std::string& text) {
  if (!text.empty()) text_.append(static_cast<size_t>(depth_) * 2, ' ').append(text);
  text_ += '\n';
}

void ProtoWriter::Open(const std::string& text) {
  Line(text + " {");
  ++depth_;
}

void ProtoWriter::Close() {
  --depth_;
  Line("}");
}

void ProtoWriter::CommentLines(const std::string& comment) {
  std::string_view rest = comment;
  while (!rest.empty()) {
    size_t end = std::min(rest.find('\n'), rest.size());
    std::string line = "//" + std::string(rest.substr(0, end));
    while (line.back() == ' ' || line.back() == '\r') line.pop_back();
    Line(line);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void ProtoWriter::LeadingComments(const Path& path) {
  auto found = source_->locations.find(path);
  if (found == source_->locations.end()) return;
  for (const std::string& detached : found->second->leading_detached_comments()) {
    CommentLines(detached);
    Line("");
  }
  CommentLines(found->second->leading_comments());
}

// After the line that ends, or opens, a declaration.
void ProtoWriter::TrailingComment(const Path& path) {
  auto found = source_->locations.find(path);
  if (found == source_->locations.end() || !found->second->has_trailing_comments()) return;
  CommentLines(found->second->trailing_comments());
  // What follows must not take it for its own.
  Line("");
}

bool ProtoWriter::Exists(const std::string& full_name) {
  auto [entry, added] = exists_.emplace(full_name, false);
  if (!added) return entry->second;
  const Snapshot& schema = inspector_->schema();
  bool exists = schema.index().IsPackage(full_name) || BuiltInLayer().packages().count(full_name);
  if (!exists) {
    std::lock_guard<std::mutex> lock(schema.pool()->mutex());
    exists = schema.pool()->descriptors().FindFileContainingSymbol(full_name) != nullptr;
  }
  entry->second = exists;
  return exists;
}

std::string ProtoWriter::Shorten(const std::string& full_name, const std::string& scope) {
  std::string target = full_name.substr(full_name.compare(0, 1, ".") == 0 ? 1 : 0);
  // Whether `name`, looked up from the inside to the outside, means the target.
  auto means_target = [&](const std::string& name) {
    std::string first = name.substr(0, name.find('.'));
    for (std::string at = scope;;) {
      if (Exists(Join(at, first))) return Join(at, name) == target;
      if (at.empty()) return false;
      size_t dot = at.rfind('.');
      at = dot == std::string::npos ? "" : at.substr(0, dot);
    }
  };
  for (std::string at = scope; !at.empty();) {
    if (target.compare(0, at.size() + 1, at + ".") == 0) {
      std::string name = target.substr(at.size() + 1);
      if (means_target(name)) return name;
    }
    size_t dot = at.rfind('.');
    at = dot == std::string::npos ? "" : at.substr(0, dot);
  }
  return means_target(target) ? target : "." + target;
}

std::vector<std::string> ProtoWriter::OptionTexts(const google::protobuf::Message& options,
                                                  int features_number, const std::string& scope) {
  std::vector<std::string> texts = FeatureTexts(
      FindFeatures(options.GetReflection()->GetUnknownFields(options), features_number));
  for (const OptionValue& option : OptionValues(inspector_, options, &unknown_options_)) {
    std::string name = option.is_extension ? "(" + Shorten(option.name, scope) + ")" : option.name;
    texts.push_back(name + " = " + option.value);
  }
  return texts;
}

void ProtoWriter::OptionLines(const google::protobuf::Message& options, int features_number,
                              const std::string& scope) {
  for (const std::string& text : OptionTexts(options, features_number, scope)) {
    Line("option " + text + ";");
  }
}

std::string ProtoWriter::FieldOptions(const FieldDescriptorProto& field, const std::string& scope) {
  std::vector<std::string> texts;
  if (field.has_default_value()) {
    bool is_string = field.type() == FieldDescriptorProto::TYPE_STRING;
    bool is_bytes = field.type() == FieldDescriptorProto::TYPE_BYTES;
    texts.push_back("default = " + (is_string  ? QuoteForProto(field.default_value())
                                    : is_bytes ? "\"" + field.default_value() + "\""
                                               : field.default_value()));
  }
  if (field.has_json_name() && !field.has_extendee() &&
      field.json_name() != DefaultJsonName(field.name())) {
    texts.push_back("json_name = " + QuoteForProto(field.json_name()));
  }
  for (std::string& text : OptionTexts(field.options(), kFieldFeatures, scope)) {
    texts.push_back(std::move(text));
  }
  return texts.empty() ? "" : " [" + JoinTexts(texts) + "]";
}

std::string ProtoWriter::Label(const FieldDescriptorProto& field, bool in_oneof) const {
  if (in_oneof) return "";
  if (field.label() == FieldDescriptorProto::LABEL_REPEATED) return "repeated ";
  if (syntax_ == "editions") return "";
  if (field.label() == FieldDescriptorProto::LABEL_REQUIRED) return "required ";
  return syntax_ == "proto2" || field.proto3_optional() ? "optional " : "";
}

std::string ProtoWriter::TypeOf(const FieldDescriptorProto& field, const std::string& scope) {
  return field.has_type_name() ? Shorten(field.type_name(), scope) : ScalarTypeName(field.type());
}

void ProtoWriter::Field(const FieldDescriptorProto& field, const Path& path,
                        const std::string& scope, const DescriptorProto* nested,
                        const Path& nested_path, bool in_oneof) {
  LeadingComments(path);
  std::string number = " = " + std::to_string(field.number());
  std::string options = FieldOptions(field, scope);
  if (nested != nullptr && nested->options().map_entry()) {
    std::string type =
        "map<" + TypeOf(nested->field(0), scope) + ", " + TypeOf(nested->field(1), scope) + "> ";
    Line(type + field.name() + number + options + ";");
  } else if (nested != nullptr) {
    Open(Label(field, in_oneof) + "group " + nested->name() + number + options);
    MessageBody(*nested, nested_path, Join(scope, nested->name()));
    Close();
  } else {
    Line(Label(field, in_oneof) + TypeOf(field, scope) + " " + field.name() + number + options +
         ";");
  }
  TrailingComment(path);
}

void ProtoWriter::Oneof(const Members& members, int index) {
  const auto& oneof = members.message.oneof_decl(index);
  Path path = Append(members.path, DescriptorProto::kOneofDeclFieldNumber, index);
  LeadingComments(path);
  Open("oneof " + oneof.name());
  TrailingComment(path);
  OptionLines(oneof.options(), kOneofFeatures, members.scope);
  for (int i = 0; i < members.message.field_size(); ++i) {
    const FieldDescriptorProto& field = members.message.field(i);
    if (!field.has_oneof_index() || field.oneof_index() != index) continue;
    int nested = members.nested_of_field[static_cast<size_t>(i)];
    Field(field, Append(members.path, DescriptorProto::kFieldFieldNumber, i), members.scope,
          nested < 0 ? nullptr : &members.message.nested_type(nested),
          Append(members.path, DescriptorProto::kNestedTypeFieldNumber, nested), true);
  }
  Close();
}

// All fields that are not written yet, up to that one.
void ProtoWriter::MembersUntil(Members* members, int field_index) {
  for (; members->next_field <= field_index; ++members->next_field) {
    auto i = static_cast<size_t>(members->next_field);
    if (members->written[i]) continue;
    const FieldDescriptorProto& field = members->message.field(members->next_field);
    if (field.has_oneof_index() && !field.proto3_optional()) {
      for (int j = 0; j < members->message.field_size(); ++j) {
        const FieldDescriptorProto& other = members->message.field(j);
        if (other.has_oneof_index() && other.oneof_index() == field.oneof_index()) {
          members->written[static_cast<size_t>(j)] = true;
        }
      }
      Oneof(*members, field.oneof_index());
      continue;
    }
    int nested = members->nested_of_field[i];
    Field(field, Append(members->path, DescriptorProto::kFieldFieldNumber, members->next_field),
          members->scope, nested < 0 ? nullptr : &members->message.nested_type(nested),
          Append(members->path, DescriptorProto::kNestedTypeFieldNumber, nested), false);
  }
}

void ProtoWriter::ExtensionsUntil(Members* members, int extension_index) {
  const DescriptorProto& message = members->message;
  bool is_file = members->path.empty();
  while (members->next_extension <= extension_index) {
    const std::string& extendee = message.extension(members->next_extension).extendee();
    Open("extend " + Shorten(extendee, members->scope));
    for (; members->next_extension <= extension_index &&
           message.extension(members->next_extension).extendee() == extendee;
         ++members->next_extension) {
      int i = members->next_extension;
      int nested = members->nested_of_extension[static_cast<size_t>(i)];
      int extension_number = is_file ? 7 : DescriptorProto::kExtensionFieldNumber;
      int nested_number = is_file ? 4 : DescriptorProto::kNestedTypeFieldNumber;
      Field(message.extension(i), Append(members->path, extension_number, i), members->scope,
            nested < 0 ? nullptr : &message.nested_type(nested),
            Append(members->path, nested_number, nested), false);
    }
    Close();
  }
}

void ProtoWriter::MessageBody(const DescriptorProto& message, const Path& path,
                              const std::string& scope) {
  OptionLines(message.options(), kMessageFeatures, scope);
  bool is_file = path.empty();
  Members members = MembersOf(message, path, scope);
  auto nested_of = [&](const FieldDescriptorProto& field, bool may_be_map) {
    for (int i = 0; i < message.nested_type_size(); ++i) {
      const DescriptorProto& nested = message.nested_type(i);
      bool is_map = may_be_map && nested.options().map_entry();
      bool is_group = field.type() == FieldDescriptorProto::TYPE_GROUP;
      if ((is_map || is_group) && field.type_name() == "." + Join(scope, nested.name())) return i;
    }
    return -1;
  };
  for (int i = 0; i < message.enum_type_size(); ++i) {
    Enum(message.enum_type(i),
         Append(path, is_file ? 5 : DescriptorProto::kEnumTypeFieldNumber, i));
  }
  std::vector<std::pair<int, bool>> owner(static_cast<size_t>(message.nested_type_size()),
                                          {-1, false});
  for (int i = 0; i < message.field_size(); ++i) {
    int nested = nested_of(message.field(i), true);
    if (nested < 0 || owner[static_cast<size_t>(nested)].first >= 0) continue;
    members.nested_of_field[static_cast<size_t>(i)] = nested;
    owner[static_cast<size_t>(nested)] = {i, false};
  }
  for (int i = 0; i < message.extension_size(); ++i) {
    int nested = nested_of(message.extension(i), false);
    if (nested < 0 || owner[static_cast<size_t>(nested)].first >= 0) continue;
    members.nested_of_extension[static_cast<size_t>(i)] = nested;
    owner[static_cast<size_t>(nested)] = {i, true};
  }
  for (int i = 0; i < message.nested_type_size(); ++i) {
    auto [index, is_extension] = owner[static_cast<size_t>(i)];
    if (index < 0) {
      int number = is_file ? 4 : DescriptorProto::kNestedTypeFieldNumber;
      Message(message.nested_type(i), Append(path, number, i), scope);
    } else if (is_extension) {
      ExtensionsUntil(&members, index);
    } else {
      MembersUntil(&members, index);
    }
  }
  MembersUntil(&members, message.field_size() - 1);
  ExtensionsUntil(&members, message.extension_size() - 1);
  Ranges(message);
}

void ProtoWriter::Reserved(const std::vector<std::string>& ranges,
                           const std::vector<std::string>& names) {
  if (!ranges.empty()) Line("reserved " + JoinTexts(ranges) + ";");
  std::vector<std::string> written;
  written.reserve(names.size());
  for (const std::string& name : names) {
    written.push_back(syntax_ == "editions" ? name : QuoteForProto(name));
  }
  if (!written.empty()) Line("reserved " + JoinTexts(written) + ";");
}

void ProtoWriter::Ranges(const DescriptorProto& message) {
  constexpr int kEndOfNumbers = 536870912;
  for (const auto& range : message.extension_range()) {
    std::vector<std::string> options =
        OptionTexts(range.options(), kExtensionRangeFeatures, proto_.package());
    Line("extensions " + RangeText(range.start(), range.end() - 1, range.end() >= kEndOfNumbers) +
         (options.empty() ? "" : " [" + JoinTexts(options) + "]") + ";");
  }
  std::vector<std::string> ranges;
  for (const auto& range : message.reserved_range()) {
    ranges.push_back(RangeText(range.start(), range.end() - 1, range.end() >= kEndOfNumbers));
  }
  Reserved(ranges, {message.reserved_name().begin(), message.reserved_name().end()});
}

void ProtoWriter::Message(const DescriptorProto& message, const Path& path,
                          const std::string& scope) {
  LeadingComments(path);
  Open("message " + message.name());
  TrailingComment(path);
  MessageBody(message, path, Join(scope, message.name()));
  Close();
  if (depth_ == 0) Line("");
}

void ProtoWriter::EnumValue(const google::protobuf::EnumValueDescriptorProto& value,
                            const Path& path) {
  std::vector<std::string> options =
      OptionTexts(value.options(), kEnumValueFeatures, proto_.package());
  LeadingComments(path);
  Line(value.name() + " = " + std::to_string(value.number()) +
       (options.empty() ? "" : " [" + JoinTexts(options) + "]") + ";");
  TrailingComment(path);
}

void ProtoWriter::Enum(const EnumDescriptorProto& type, const Path& path) {
  LeadingComments(path);
  Open("enum " + type.name());
  TrailingComment(path);
  google::protobuf::EnumOptions options = type.options();
  // Where it has no effect, protobuf's parser takes the option for a mistake.
  if (!options.allow_alias() || !HasAlias(type)) options.clear_allow_alias();
  OptionLines(options, kEnumFeatures, proto_.package());
  for (int i = 0; i < type.value_size(); ++i) {
    EnumValue(type.value(i), Append(path, EnumDescriptorProto::kValueFieldNumber, i));
  }
  constexpr int kMax = 2147483647;
  std::vector<std::string> ranges;
  for (const auto& range : type.reserved_range()) {
    ranges.push_back(RangeText(range.start(), range.end(), range.end() == kMax));
  }
  Reserved(ranges, {type.reserved_name().begin(), type.reserved_name().end()});
  Close();
  if (depth_ == 0) Line("");
}

void ProtoWriter::Method(const MethodDescriptorProto& method, const Path& path,
                         const std::string& scope) {
  LeadingComments(path);
  std::string text = "rpc " + method.name() + "(" + (method.client_streaming() ? "stream " : "") +
                     Shorten(method.input_type(), scope) + ") returns (" +
                     (method.server_streaming() ? "stream " : "") +
                     Shorten(method.output_type(), scope) + ")";
  std::vector<std::string> options = OptionTexts(method.options(), kMethodFeatures, scope);
  if (options.empty()) {
    Line(text + ";");
    TrailingComment(path);
    return;
  }
  Open(text);
  TrailingComment(path);
  for (const std::string& option : options) Line("option " + option + ";");
  Close();
}

void ProtoWriter::Service(const ServiceDescriptorProto& service, const Path& path,
                          const std::string& scope) {
  LeadingComments(path);
  Open("service " + service.name());
  TrailingComment(path);
  std::string inner = Join(scope, service.name());
  OptionLines(service.options(), kServiceFeatures, inner);
  for (int i = 0; i < service.method_size(); ++i) {
    Method(service.method(i), Append(path, ServiceDescriptorProto::kMethodFieldNumber, i), inner);
  }
  Close();
  if (depth_ == 0) Line("");
}

void ProtoWriter::Header() {
  int edition = EditionOf(proto_);
  Path syntax_path = {edition != 0 ? 14 : 12};
  LeadingComments(syntax_path);
  if (edition != 0) {
    Line("edition = \"" + std::to_string(edition - kEdition2023 + 2023) + "\";");
  } else {
    Line("syntax = \"" + syntax_ + "\";");
  }
  TrailingComment(syntax_path);
  Line("");
  if (proto_.has_package()) {
    LeadingComments({2});
    Line("package " + proto_.package() + ";");
    TrailingComment({2});
    Line("");
  }
  for (int i = 0; i < proto_.dependency_size(); ++i) {
    auto has = [i](const auto& list) {
      return std::find(list.begin(), list.end(), i) != list.end();
    };
    std::string kind = has(proto_.public_dependency()) ? "public "
                       : has(proto_.weak_dependency()) ? "weak "
                                                       : "";
    Line("import " + kind + QuoteForProto(proto_.dependency(i)) + ";");
  }
  if (proto_.dependency_size() > 0) Line("");
  size_t before = text_.size();
  OptionLines(proto_.options(), kFileFeatures, proto_.package());
  if (text_.size() > before) Line("");
}

std::string ProtoWriter::File() {
  Header();
  // To the order of its members a file is like a message.
  DescriptorProto like_message;
  *like_message.mutable_nested_type() = proto_.message_type();
  *like_message.mutable_enum_type() = proto_.enum_type();
  *like_message.mutable_extension() = proto_.extension();
  MessageBody(like_message, {}, proto_.package());
  for (int i = 0; i < proto_.service_size(); ++i) {
    Service(proto_.service(i), {6, i}, proto_.package());
  }
  while (text_.size() > 1 && text_.compare(text_.size() - 2, 2, "\n\n") == 0) text_.pop_back();
  if (!unknown_options_.empty()) {
    std::vector<std::string> numbers;
    for (int number : unknown_options_) numbers.push_back(std::to_string(number));
    text_ += "\n// Options that no loaded file declares are left out: " + JoinTexts(numbers) + "\n";
  }
  return std::move(text_);
}

void ProtoWriter::FieldDeclaration(const DescriptorProto& message, const Path& message_path,
                                   const std::string& scope, int index) {
  const FieldDescriptorProto& field = message.field(index);
  const DescriptorProto* nested = nullptr;
  Path nested_path;
  for (int i = 0; i < message.nested_type_size(); ++i) {
    const DescriptorProto& candidate = message.nested_type(i);
    bool may_be =
        candidate.options().map_entry() || field.type() == FieldDescriptorProto::TYPE_GROUP;
    if (may_be && field.type_name() == "." + Join(scope, candidate.name())) {
      nested = &candidate;
      nested_path = Append(message_path, DescriptorProto::kNestedTypeFieldNumber, i);
    }
  }
  Field(field, Append(message_path, DescriptorProto::kFieldFieldNumber, index), scope, nested,
        nested_path, field.has_oneof_index() && !field.proto3_optional());
}

void ProtoWriter::EnumDeclaration(const EnumDescriptorProto& type, const Path& path,
                                  const Path& type_path) {
  if (path.size() == type_path.size()) {
    Enum(type, path);
  } else {
    EnumValue(type.value(path.back()), path);
  }
}

std::string ProtoWriter::Declaration(const Path& path) {
  std::string scope = proto_.package();
  const DescriptorProto* message = nullptr;  // the one that the path has come to
  Path at;
  for (size_t i = 0; i + 1 < path.size(); i += 2) {
    bool is_file = message == nullptr;
    int number = path[i];
    int index = path[i + 1];
    Path parent = at;
    at = Append(at, number, index);
    if (is_file && number == 6) {
      const ServiceDescriptorProto& service = proto_.service(index);
      if (at.size() == path.size()) {
        Service(service, at, scope);
      } else {
        Method(service.method(path.back()), path, Join(scope, service.name()));
      }
      break;
    }
    if (number == (is_file ? 5 : DescriptorProto::kEnumTypeFieldNumber)) {
      EnumDeclaration(is_file ? proto_.enum_type(index) : message->enum_type(index), path, at);
      break;
    }
    if (number == (is_file ? 7 : DescriptorProto::kExtensionFieldNumber)) {
      const auto& field = is_file ? proto_.extension(index) : message->extension(index);
      Open("extend " + Shorten(field.extendee(), scope));
      Field(field, at, scope, nullptr, {}, false);
      Close();
      break;
    }
    if (number == (is_file ? 4 : DescriptorProto::kNestedTypeFieldNumber)) {
      message = is_file ? &proto_.message_type(index) : &message->nested_type(index);
      if (at.size() == path.size()) Message(*message, at, scope);
      scope = Join(scope, message->name());
    } else if (message == nullptr) {
      break;  // neither fields nor oneofs stand in a file
    } else if (number == DescriptorProto::kFieldFieldNumber) {
      FieldDeclaration(*message, parent, scope, index);
      break;
    } else {
      Oneof(MembersOf(*message, parent, scope), index);
      break;
    }
  }
  while (!text_.empty() && text_.back() == '\n') text_.pop_back();
  return std::move(text_);
}

}  // namespace pygrpc::schema
