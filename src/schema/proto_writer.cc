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

std::string OuterOf(const std::string& scope) {
  size_t dot = scope.rfind('.');
  return dot == std::string::npos ? "" : scope.substr(0, dot);
}

std::string FirstWordOf(const std::string& name) { return name.substr(0, name.find('.')); }

// What a compiler takes for a scalar type or for the beginning of something else where the name of
// a type may stand. Behind a dot it is a name.
bool IsReservedForTypes(const std::string& word) {
  static const auto* words = new std::set<std::string>{
      "bool",    "bytes",  "double",   "enum",     "export",   "extend",   "extensions", "fixed32",
      "fixed64", "float",  "group",    "int32",    "int64",    "local",    "map",        "message",
      "oneof",   "option", "optional", "repeated", "required", "reserved", "sfixed32",   "sfixed64",
      "sint32",  "sint64", "stream",   "string",   "uint32",   "uint64"};
  return words->count(word) > 0;
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
  struct Owner {
    int index = -1;  // of the field or extension that brings a nested type along
    bool is_extension = false;
  };
  const DescriptorProto& message;
  const Path& path;  // empty for a file
  const std::string& scope;
  std::vector<int> nested_of_field;      // index into nested_type, or -1
  std::vector<int> nested_of_extension;  // likewise
  std::vector<Owner> owners;             // of nested types
  std::vector<bool> written;             // of fields
  int next_field = 0;
  int next_extension = 0;
};

ProtoWriter::Members ProtoWriter::MembersOf(const DescriptorProto& message, const Path& path,
                                            const std::string& scope) {
  auto fields = static_cast<size_t>(message.field_size());
  auto extensions = static_cast<size_t>(message.extension_size());
  Members members{message, path, scope, {}, {}, {}, {}};
  members.nested_of_field.assign(fields, -1);
  members.nested_of_extension.assign(extensions, -1);
  members.owners.resize(static_cast<size_t>(message.nested_type_size()));
  members.written.assign(fields, false);
  auto own = [&](const FieldDescriptorProto& field, int index, bool is_extension,
                 std::vector<int>* nested_of) {
    bool is_group = field.type() == FieldDescriptorProto::TYPE_GROUP;
    for (int i = 0; i < message.nested_type_size(); ++i) {
      const DescriptorProto& nested = message.nested_type(i);
      bool is_map = !is_extension && nested.options().map_entry();
      if (!is_map && !is_group) continue;
      if (field.type_name() != "." + Join(scope, nested.name())) continue;
      Members::Owner& owner = members.owners[static_cast<size_t>(i)];
      if (owner.index < 0) {
        owner = {index, is_extension};
        (*nested_of)[static_cast<size_t>(index)] = i;
      }
      return;
    }
  };
  for (int i = 0; i < message.field_size(); ++i) {
    own(message.field(i), i, false, &members.nested_of_field);
  }
  for (int i = 0; i < message.extension_size(); ++i) {
    own(message.extension(i), i, true, &members.nested_of_extension);
  }
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

// Whether `name`, looked up from the inside of `scope` to the outside, means the target.
bool ProtoWriter::Means(const std::string& name, const std::string& target,
                        const std::string& scope) {
  std::string first = FirstWordOf(name);
  for (std::string at = scope;; at = OuterOf(at)) {
    if (Exists(Join(at, first))) return Join(at, name) == target;
    if (at.empty()) return false;
  }
}

std::string ProtoWriter::Shorten(const std::string& target, const std::string& scope) {
  for (std::string at = scope; !at.empty(); at = OuterOf(at)) {
    if (target.compare(0, at.size() + 1, at + ".") != 0) continue;
    std::string name = target.substr(at.size() + 1);
    if (Means(name, target, scope)) return name;
  }
  return Means(target, target, scope) ? target : "." + target;
}

std::string ProtoWriter::TypeName(const std::string& full_name, const std::string& scope) {
  std::string target = full_name.substr(full_name.compare(0, 1, ".") == 0 ? 1 : 0);
  std::string name = Shorten(target, scope);
  return IsReservedForTypes(FirstWordOf(name)) ? "." + target : name;
}

// protoc looks for an option of a message, a range or a service from outside of it, others look
// from where the option stands: what is written means the same to both.
std::string ProtoWriter::OptionName(const std::string& full_name, const std::string& scope,
                                    OptionsOf of) {
  if (of == OptionsOf::kMember) return Shorten(full_name, scope);
  std::string name = Shorten(full_name, OuterOf(scope));
  return name.front() == '.' || Means(name, full_name, scope) ? name : "." + full_name;
}

std::vector<std::string> ProtoWriter::OptionTexts(const google::protobuf::Message& options,
                                                  int features_number, const std::string& scope,
                                                  OptionsOf of) {
  std::vector<std::string> texts = FeatureTexts(
      FindFeatures(options.GetReflection()->GetUnknownFields(options), features_number));
  for (const OptionValue& option : OptionValues(inspector_, options, &unknown_options_)) {
    std::string name =
        option.is_extension ? "(" + OptionName(option.name, scope, of) + ")" : option.name;
    texts.push_back(name + " = " + option.value);
  }
  return texts;
}

void ProtoWriter::OptionLines(const google::protobuf::Message& options, int features_number,
                              const std::string& scope, OptionsOf of) {
  for (const std::string& text : OptionTexts(options, features_number, scope, of)) {
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
  return field.has_type_name() ? TypeName(field.type_name(), scope) : ScalarTypeName(field.type());
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

void ProtoWriter::MemberField(const Members& members, int index) {
  const FieldDescriptorProto& field = members.message.field(index);
  int nested = members.nested_of_field[static_cast<size_t>(index)];
  Field(field, Append(members.path, DescriptorProto::kFieldFieldNumber, index), members.scope,
        nested < 0 ? nullptr : &members.message.nested_type(nested),
        Append(members.path, DescriptorProto::kNestedTypeFieldNumber, nested),
        field.has_oneof_index() && !field.proto3_optional());
}

void ProtoWriter::MemberExtension(const Members& members, int index) {
  bool is_file = members.path.empty();
  int nested = members.nested_of_extension[static_cast<size_t>(index)];
  int number = is_file ? 7 : DescriptorProto::kExtensionFieldNumber;
  int nested_number = is_file ? 4 : DescriptorProto::kNestedTypeFieldNumber;
  Field(members.message.extension(index), Append(members.path, number, index), members.scope,
        nested < 0 ? nullptr : &members.message.nested_type(nested),
        Append(members.path, nested_number, nested), false);
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
    MemberField(members, i);
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
    MemberField(*members, members->next_field);
  }
}

void ProtoWriter::ExtensionsUntil(Members* members, int extension_index) {
  const DescriptorProto& message = members->message;
  while (members->next_extension <= extension_index) {
    const std::string& extendee = message.extension(members->next_extension).extendee();
    Open("extend " + TypeName(extendee, members->scope));
    for (; members->next_extension <= extension_index &&
           message.extension(members->next_extension).extendee() == extendee;
         ++members->next_extension) {
      MemberExtension(*members, members->next_extension);
    }
    Close();
  }
}

void ProtoWriter::MessageBody(const DescriptorProto& message, const Path& path,
                              const std::string& scope) {
  OptionLines(message.options(), kMessageFeatures, scope, OptionsOf::kBody);
  bool is_file = path.empty();
  Members members = MembersOf(message, path, scope);
  for (int i = 0; i < message.enum_type_size(); ++i) {
    Enum(message.enum_type(i), Append(path, is_file ? 5 : DescriptorProto::kEnumTypeFieldNumber, i),
         scope);
  }
  for (int i = 0; i < message.nested_type_size(); ++i) {
    const Members::Owner& owner = members.owners[static_cast<size_t>(i)];
    if (owner.index < 0) {
      int number = is_file ? 4 : DescriptorProto::kNestedTypeFieldNumber;
      Message(message.nested_type(i), Append(path, number, i), scope);
    } else if (owner.is_extension) {
      ExtensionsUntil(&members, owner.index);
    } else {
      MembersUntil(&members, owner.index);
    }
  }
  MembersUntil(&members, message.field_size() - 1);
  ExtensionsUntil(&members, message.extension_size() - 1);
  Ranges(message, scope);
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

void ProtoWriter::Ranges(const DescriptorProto& message, const std::string& scope) {
  constexpr int kEndOfNumbers = 536870912;
  for (const auto& range : message.extension_range()) {
    std::vector<std::string> options =
        OptionTexts(range.options(), kExtensionRangeFeatures, scope, OptionsOf::kBody);
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
                            const Path& path, const std::string& scope) {
  std::vector<std::string> options = OptionTexts(value.options(), kEnumValueFeatures, scope);
  LeadingComments(path);
  Line(value.name() + " = " + std::to_string(value.number()) +
       (options.empty() ? "" : " [" + JoinTexts(options) + "]") + ";");
  TrailingComment(path);
}

void ProtoWriter::Enum(const EnumDescriptorProto& type, const Path& path,
                       const std::string& scope) {
  LeadingComments(path);
  Open("enum " + type.name());
  TrailingComment(path);
  google::protobuf::EnumOptions options = type.options();
  // Where it has no effect, protobuf's parser takes the option for a mistake.
  if (!options.allow_alias() || !HasAlias(type)) options.clear_allow_alias();
  OptionLines(options, kEnumFeatures, scope);
  for (int i = 0; i < type.value_size(); ++i) {
    EnumValue(type.value(i), Append(path, EnumDescriptorProto::kValueFieldNumber, i), scope);
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
                     TypeName(method.input_type(), scope) + ") returns (" +
                     (method.server_streaming() ? "stream " : "") +
                     TypeName(method.output_type(), scope) + ")";
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
  OptionLines(service.options(), kServiceFeatures, inner, OptionsOf::kBody);
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

// To the order of its members a file is like a message.
DescriptorProto ProtoWriter::FileAsMessage() const {
  DescriptorProto message;
  *message.mutable_nested_type() = proto_.message_type();
  *message.mutable_enum_type() = proto_.enum_type();
  *message.mutable_extension() = proto_.extension();
  return message;
}

std::string ProtoWriter::File() {
  Header();
  MessageBody(FileAsMessage(), {}, proto_.package());
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

void ProtoWriter::EnumDeclaration(const EnumDescriptorProto& type, const Path& path,
                                  const Path& type_path, const std::string& scope) {
  if (path.size() == type_path.size()) {
    Enum(type, path, scope);
  } else {
    EnumValue(type.value(path.back()), path, scope);
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
      EnumDeclaration(is_file ? proto_.enum_type(index) : message->enum_type(index), path, at,
                      scope);
      break;
    }
    if (number == (is_file ? 7 : DescriptorProto::kExtensionFieldNumber)) {
      DescriptorProto declaring = is_file ? FileAsMessage() : *message;
      Open("extend " + TypeName(declaring.extension(index).extendee(), scope));
      MemberExtension(MembersOf(declaring, parent, scope), index);
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
      MemberField(MembersOf(*message, parent, scope), index);
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
