// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/file_compare.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "schema/quiet.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;

// Custom options come in the order of the text, or in that of their numbers.
void SortUnknownFields(google::protobuf::UnknownFieldSet* unknown) {
  std::vector<int> order(static_cast<size_t>(unknown->field_count()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [unknown](int a, int b) {
    return unknown->field(a).number() < unknown->field(b).number();
  });
  google::protobuf::UnknownFieldSet sorted;
  for (int i : order) sorted.AddField(unknown->field(i));
  unknown->Swap(&sorted);
}

// Options without content say nothing, whether they are present or not.
template <typename Declaration>
void NormalizeOptions(Declaration* declaration, OptionTypes* types) {
  if (!declaration->has_options()) return;
  auto* options = declaration->mutable_options();
  if (options->ByteSizeLong() == 0) {
    declaration->clear_options();
  } else if (types == nullptr) {
    SortUnknownFields(options->mutable_unknown_fields());
  } else if (!options->unknown_fields().empty()) {
    std::string serialized = types->Serialize(*options);
    options->Clear();
    options->mutable_unknown_fields()->AddLengthDelimited(1, serialized);
  }
}

void NormalizeField(FieldDescriptorProto* field, OptionTypes* types) {
  if (!field->has_json_name()) field->set_json_name(DefaultJsonName(field->name()));
  NormalizeOptions(field, types);
}

void NormalizeEnum(EnumDescriptorProto* type, OptionTypes* types) {
  NormalizeOptions(type, types);
  for (auto& value : *type->mutable_value()) NormalizeOptions(&value, types);
}

// Recursion is bounded: protobuf's parser accepts no more than 100 levels.
void NormalizeMessage(DescriptorProto* message, OptionTypes* types) {
  NormalizeOptions(message, types);
  for (auto& field : *message->mutable_field()) NormalizeField(&field, types);
  for (auto& field : *message->mutable_extension()) NormalizeField(&field, types);
  for (auto& oneof : *message->mutable_oneof_decl()) NormalizeOptions(&oneof, types);
  for (auto& range : *message->mutable_extension_range()) NormalizeOptions(&range, types);
  for (auto& type : *message->mutable_enum_type()) NormalizeEnum(&type, types);
  for (auto& nested : *message->mutable_nested_type()) NormalizeMessage(&nested, types);
}

// Compilers and servers differ in what they leave out: brings all to one form.
void Normalize(FileDescriptorProto* file, bool ignore_name, OptionTypes* types) {
  file->clear_source_code_info();
  file->clear_dependency();
  file->clear_public_dependency();
  file->clear_weak_dependency();
  if (ignore_name) file->clear_name();
  if (file->syntax() == "proto2") file->clear_syntax();
  // buf's images add a field of their own; editions are field 14.
  file->mutable_unknown_fields()->DeleteByNumber(8042);
  NormalizeOptions(file, types);
  for (auto& field : *file->mutable_extension()) NormalizeField(&field, types);
  for (auto& message : *file->mutable_message_type()) NormalizeMessage(&message, types);
  for (auto& type : *file->mutable_enum_type()) NormalizeEnum(&type, types);
  for (auto& service : *file->mutable_service()) {
    NormalizeOptions(&service, types);
    for (auto& method : *service.mutable_method()) {
      NormalizeOptions(&method, types);
      // Explicit false is the default.
      if (!method.client_streaming()) method.clear_client_streaming();
      if (!method.server_streaming()) method.clear_server_streaming();
    }
  }
}

// What a file declares, by name: in such words that what is alike has the same.
class Declarations {
 public:
  explicit Declarations(const FileDescriptorProto& file) {
    for (const auto& message : file.message_type()) AddMessage(message, "");
    for (const auto& type : file.enum_type()) AddEnum(type, "");
    for (const auto& field : file.extension()) AddExtension(field, "");
    for (const auto& service : file.service()) {
      AddName(service.name(), "service");
      for (const auto& method : service.method()) {
        words_.emplace(service.name() + "/" + method.name(),
                       method.input_type() + (method.client_streaming() ? " stream " : " ") +
                           method.output_type() + (method.server_streaming() ? " stream" : ""));
      }
    }
  }

  bool AgreeWith(const Declarations& other) const {
    return std::all_of(words_.begin(), words_.end(), [&other](const auto& entry) {
      auto found = other.words_.find(entry.first);
      return found == other.words_.end() || found->second == entry.second;
    });
  }

  // Other files refer to the types and extensions of a file only.
  bool HaveAllNamesOf(const Declarations& other) const {
    return std::includes(names_.begin(), names_.end(), other.names_.begin(), other.names_.end());
  }

  size_t size() const { return words_.size(); }

 private:
  void AddName(const std::string& name, const std::string& words) {
    names_.insert(name);
    words_.emplace(name, words);
  }

  // Whether a list is packed, and what is required, is nothing that two files need to agree on.
  static std::string Words(const FieldDescriptorProto& field) {
    bool is_list = field.label() == FieldDescriptorProto::LABEL_REPEATED;
    return field.name() + " " + std::to_string(field.number()) + (is_list ? " list of " : " ") +
           std::to_string(field.type()) + field.type_name();
  }

  void AddExtension(const FieldDescriptorProto& field, const std::string& scope) {
    AddName(scope + field.name(), Words(field) + " of " + field.extendee());
  }

  void AddEnum(const EnumDescriptorProto& type, const std::string& scope) {
    AddName(scope + type.name(), "enum");
    for (const auto& value : type.value()) {
      words_.emplace(scope + type.name() + "/" + value.name(), std::to_string(value.number()));
    }
  }

  // Recursion is bounded: protobuf's parser accepts no more than 100 levels.
  void AddMessage(const DescriptorProto& message, const std::string& scope) {
    std::string name = scope + message.name();
    AddName(name, "message");
    for (const auto& field : message.field()) {
      words_.emplace(name + "/" + std::to_string(field.number()), Words(field));
    }
    for (const auto& field : message.extension()) AddExtension(field, name + ".");
    for (const auto& type : message.enum_type()) AddEnum(type, name + ".");
    for (const auto& nested : message.nested_type()) AddMessage(nested, name + ".");
  }

  std::map<std::string, std::string> words_;
  std::set<std::string> names_;
};

// Options without a type, by number: a list in one piece and one in several have the same bytes, as
// has a message.
std::string JoinPieces(const google::protobuf::UnknownFieldSet& unknown) {
  using google::protobuf::UnknownField;
  google::protobuf::UnknownFieldSet joined;
  std::map<int, std::string> pieces;
  for (int i = 0; i < unknown.field_count(); ++i) {
    const UnknownField& field = unknown.field(i);
    google::protobuf::io::StringOutputStream stream(&pieces[field.number()]);
    google::protobuf::io::CodedOutputStream coded(&stream);
    switch (field.type()) {
      case UnknownField::TYPE_VARINT:
        coded.WriteVarint64(field.varint());
        break;
      case UnknownField::TYPE_FIXED32:
        coded.WriteLittleEndian32(field.fixed32());
        break;
      case UnknownField::TYPE_FIXED64:
        coded.WriteLittleEndian64(field.fixed64());
        break;
      case UnknownField::TYPE_LENGTH_DELIMITED:
        coded.WriteString(field.length_delimited());
        break;
      case UnknownField::TYPE_GROUP:
        field.group().SerializeToCodedStream(&coded);
        break;
    }
  }
  for (const auto& [number, bytes] : pieces) joined.AddLengthDelimited(number, bytes);
  std::string serialized;
  joined.SerializeToString(&serialized);
  return serialized;
}

}  // namespace

std::string OptionTypes::Serialize(const google::protobuf::Message& options) {
  Quiet quiet;
  std::string serialized = options.SerializePartialAsString();
  std::unique_ptr<google::protobuf::Message> message;
  try {
    const auto* type = schema_->FindMessage(options.GetDescriptor()->full_name());
    if (type == nullptr) return serialized;
    schema_->Extensions(type);  // builds the files that declare custom options
    std::lock_guard<std::mutex> lock(schema_->pool()->mutex());
    message.reset(factory_.GetPrototype(type)->New());
    if (!message->ParsePartialFromString(serialized)) return serialized;
  } catch (const Error&) {
    return serialized;
  }
  auto* unknown = message->GetReflection()->MutableUnknownFields(message.get());
  std::string output = JoinPieces(*unknown);
  unknown->Clear();
  google::protobuf::io::StringOutputStream stream(&output);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message->SerializePartialToCodedStream(&coded);
  coded.Trim();
  return output;
}

bool SameContent(const SchemaFile& a, const SchemaFile& b, bool ignore_name,
                 const std::function<OptionTypes*()>& types) {
  if (a.bytes == b.bytes) return true;
  FileDescriptorProto first;
  FileDescriptorProto second;
  ParseFile(a, &first);
  ParseFile(b, &second);
  Quiet quiet;
  Normalize(&first, ignore_name, nullptr);
  Normalize(&second, ignore_name, nullptr);
  if (first.SerializePartialAsString() == second.SerializePartialAsString()) return true;
  if (types == nullptr) return false;
  OptionTypes* option_types = types();
  Normalize(&first, ignore_name, option_types);
  Normalize(&second, ignore_name, option_types);
  return first.SerializePartialAsString() == second.SerializePartialAsString();
}

bool IsWellKnown(std::string_view name) { return name.substr(0, 16) == "google/protobuf/"; }

Revision CompareRevisions(const SchemaFile& known, const SchemaFile& other) {
  if (!IsWellKnown(known.name) && BuiltInLayer().FindFile(known.name) == nullptr) {
    return Revision::kConflict;
  }
  if (known.package != other.package) return Revision::kConflict;
  FileDescriptorProto first;
  FileDescriptorProto second;
  ParseFile(known, &first);
  ParseFile(other, &second);
  Declarations of_known(first);
  Declarations of_other(second);
  if (!of_known.AgreeWith(of_other)) return Revision::kConflict;
  bool is_more = of_other.HaveAllNamesOf(of_known) && of_other.size() > of_known.size();
  return is_more ? Revision::kReplace : Revision::kKeep;
}

}  // namespace pygrpc::schema
