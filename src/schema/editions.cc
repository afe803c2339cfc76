// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/editions.h"

#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "schema/wire_scan.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

constexpr int kEditionField = 14;

Features Proto3Features() {
  Features features;
  features.field_presence = Features::kImplicit;
  features.enum_type = Features::kOpen;
  features.repeated_field_encoding = Features::kPacked;
  features.utf8_validation = Features::kVerify;
  features.message_encoding = Features::kLengthPrefixed;
  features.json_format = Features::kAllow;
  return features;
}

// Edition 2024 only adds features that do not change the wire.
Features Edition2023Features() {
  Features features = Proto3Features();
  features.field_presence = Features::kExplicit;
  return features;
}

template <typename Options>
void SetFeatures(Options* options, int number, const std::string& serialized) {
  UnknownFieldSet* unknown = options->mutable_unknown_fields();
  unknown->DeleteByNumber(number);
  if (!serialized.empty()) unknown->AddLengthDelimited(number, serialized);
}

bool IsMessageType(const FieldDescriptorProto& field) {
  return field.type() == FieldDescriptorProto::TYPE_MESSAGE ||
         field.type() == FieldDescriptorProto::TYPE_GROUP;
}

bool IsPackable(const FieldDescriptorProto& field) {
  if (field.label() != FieldDescriptorProto::LABEL_REPEATED || !field.has_type()) return false;
  return !IsMessageType(field) && field.type() != FieldDescriptorProto::TYPE_STRING &&
         field.type() != FieldDescriptorProto::TYPE_BYTES;
}

// Custom options are the extensions that proto3 allows.
bool IsOptionsType(const std::string& extendee) {
  const std::string start = ".google.protobuf.";
  const std::string end = "Options";
  return extendee.size() > start.size() + end.size() &&
         extendee.compare(0, start.size(), start) == 0 &&
         extendee.compare(extendee.size() - end.size(), end.size(), end) == 0;
}

class EditionResolver {
 public:
  EditionResolver(FileDescriptorProto* file,
                  const std::function<bool(const std::string&)>& is_proto2)
      : file_(file), is_proto2_(is_proto2) {}

  void Run() {
    int edition = EditionOf(*file_);
    if (edition == 0 && file_->syntax() != "proto3") return;
    if (edition != 0 && edition != kEdition2023 && edition != kEdition2024) {
      throw Error(Code::kSchema, file_->name() + ": edition number " + std::to_string(edition) +
                                     " is not known; 2023 (1000) and 2024 (1001) are");
    }
    Features features = edition == 0 ? Proto3Features() : Edition2023Features();
    if (file_->has_options()) features = Merged(features, file_->options(), kFileFeatures);
    for (proto2_ = false;; proto2_ = true) {
      needs_proto2_ = false;
      Walk(features, /*change=*/false);
      if (proto2_ || !needs_proto2_) break;
    }
    if (edition == 0 && !proto2_) return;
    Walk(features, /*change=*/true);
    file_->set_syntax(proto2_ ? "proto2" : "proto3");
    file_->mutable_unknown_fields()->DeleteByNumber(kEditionField);
    if (file_->has_options()) SetFeatures(file_->mutable_options(), kFileFeatures, "");
  }

 private:
  // Looks whether proto3 can say it all, or else changes everything to the syntax chosen.
  void Walk(const Features& features, bool change) {
    change_ = change;
    for (auto& type : *file_->mutable_enum_type()) WalkEnum(&type, features);
    for (auto& field : *file_->mutable_extension()) WalkField(&field, features, nullptr);
    for (auto& message : *file_->mutable_message_type()) WalkMessage(&message, features);
  }

  template <typename Options>
  static Features Merged(Features features, const Options& options, int number) {
    features.Merge(FindFeatures(options.unknown_fields(), number));
    return features;
  }

  // Recursion is bounded: protobuf's parser accepts no more than 100 levels.
  void WalkMessage(DescriptorProto* message, const Features& inherited) {
    Features features = Merged(inherited, message->options(), kMessageFeatures);
    if (features.json_format == Features::kBestEffort) needs_proto2_ = true;
    if (message->extension_range_size() > 0) needs_proto2_ = true;
    if (message->options().message_set_wire_format()) needs_proto2_ = true;
    for (auto& nested : *message->mutable_nested_type()) WalkMessage(&nested, features);
    for (auto& type : *message->mutable_enum_type()) WalkEnum(&type, features);
    for (auto& field : *message->mutable_extension()) WalkField(&field, features, nullptr);
    for (auto& field : *message->mutable_field()) {
      Features of_field = features;
      if (field.has_oneof_index() && field.oneof_index() >= 0 &&
          field.oneof_index() < message->oneof_decl_size()) {
        of_field =
            Merged(features, message->oneof_decl(field.oneof_index()).options(), kOneofFeatures);
      }
      WalkField(&field, of_field, message);
    }
    if (change_ && proto2_) DropSyntheticOneofs(message);
    if (change_ && message->has_options()) {
      SetFeatures(message->mutable_options(), kMessageFeatures, "");
    }
  }

  void WalkEnum(EnumDescriptorProto* type, const Features& inherited) {
    Features features = Merged(inherited, type->options(), kEnumFeatures);
    bool closed = features.enum_type == Features::kClosed;
    if (closed) needs_proto2_ = true;
    // proto3 insists on a first value of zero, and so does an open enum.
    if (!change_) return;
    if (type->has_options()) SetFeatures(type->mutable_options(), kEnumFeatures, "");
    if (proto2_ && !closed) {
      Features note;
      note.enum_type = Features::kOpen;
      SetFeatures(type->mutable_options(), kEnumFeatures, note.Serialize());
    }
  }

  // `message` holds the field; nullptr for an extension.
  void WalkField(FieldDescriptorProto* field, const Features& inherited, DescriptorProto* message) {
    Features features = Merged(inherited, field->options(), kFieldFeatures);
    bool is_map_entry = message != nullptr && message->options().map_entry();
    bool is_required = features.field_presence == Features::kRequired &&
                       field->label() == FieldDescriptorProto::LABEL_OPTIONAL &&
                       message != nullptr && !field->has_oneof_index() && !is_map_entry;
    bool is_delimited = features.message_encoding == Features::kDelimited &&
                        field->type() == FieldDescriptorProto::TYPE_MESSAGE && !is_map_entry &&
                        !IsMap(*field, message);
    if (is_required || is_delimited || field->has_default_value()) needs_proto2_ = true;
    if (message == nullptr && !IsOptionsType(field->extendee())) needs_proto2_ = true;
    if (field->has_type_name() && !IsMessageType(*field) && is_proto2_(field->type_name())) {
      needs_proto2_ = true;
    }
    if (change_) {
      ChangeField(field, features, message, is_map_entry);
      if (is_required) field->set_label(FieldDescriptorProto::LABEL_REQUIRED);
      if (is_delimited) field->set_type(FieldDescriptorProto::TYPE_GROUP);
    }
  }

  void ChangeField(FieldDescriptorProto* field, const Features& features, DescriptorProto* message,
                   bool is_map_entry) {
    Features note;
    if (field->has_options()) SetFeatures(field->mutable_options(), kFieldFeatures, "");
    if (IsPackable(*field) && !field->options().has_packed()) {
      bool packed = features.repeated_field_encoding == Features::kPacked;
      if (packed != !proto2_) field->mutable_options()->set_packed(packed);
    }
    bool verify = features.utf8_validation == Features::kVerify;
    if (field->type() == FieldDescriptorProto::TYPE_STRING && verify == proto2_) {
      note.utf8_validation = features.utf8_validation;
    }
    bool may_be_implicit = message != nullptr && !is_map_entry && !IsMessageType(*field) &&
                           field->label() == FieldDescriptorProto::LABEL_OPTIONAL &&
                           !field->has_oneof_index();
    bool is_explicit = features.field_presence != Features::kImplicit || field->proto3_optional();
    if (may_be_implicit && proto2_ && !is_explicit) note.field_presence = Features::kImplicit;
    if (may_be_implicit && !proto2_ && is_explicit) MakeOptional(field, message);
    std::string serialized = note.Serialize();
    if (!serialized.empty()) SetFeatures(field->mutable_options(), kFieldFeatures, serialized);
  }

  // proto3 has presence by a oneof of one member.
  static void MakeOptional(FieldDescriptorProto* field, DescriptorProto* message) {
    std::set<std::string> names;
    for (const auto& other : message->field()) names.insert(other.name());
    for (const auto& oneof : message->oneof_decl()) names.insert(oneof.name());
    for (const auto& type : message->nested_type()) names.insert(type.name());
    for (const auto& type : message->enum_type()) names.insert(type.name());
    std::string name = "_" + field->name();
    while (names.count(name) > 0) name = "X" + name;
    field->set_proto3_optional(true);
    field->set_oneof_index(message->oneof_decl_size());
    message->add_oneof_decl()->set_name(name);
  }

  // They stand behind the real ones.
  static void DropSyntheticOneofs(DescriptorProto* message) {
    int real = message->oneof_decl_size();
    for (auto& field : *message->mutable_field()) {
      if (!field.proto3_optional()) continue;
      real = std::min(real, field.oneof_index());
      field.clear_proto3_optional();
      field.clear_oneof_index();
    }
    message->mutable_oneof_decl()->DeleteSubrange(real, message->oneof_decl_size() - real);
  }

  static bool IsMap(const FieldDescriptorProto& field, const DescriptorProto* message) {
    if (message == nullptr || field.label() != FieldDescriptorProto::LABEL_REPEATED) return false;
    std::string_view name = field.type_name();
    name = name.substr(name.rfind('.') + 1);
    for (const auto& nested : message->nested_type()) {
      if (nested.options().map_entry() && nested.name() == name) return true;
    }
    return false;
  }

  FileDescriptorProto* file_;
  const std::function<bool(const std::string&)>& is_proto2_;
  bool proto2_ = false;
  bool needs_proto2_ = false;
  bool change_ = false;
};

}  // namespace

const std::vector<FeatureName>& FeatureNames() {
  // Leaked on purpose: gRPC's threads outlive exit().
  static const auto* names = new std::vector<FeatureName>{
      {"field_presence", 1, {"", "EXPLICIT", "IMPLICIT", "LEGACY_REQUIRED"}},
      {"enum_type", 2, {"", "OPEN", "CLOSED"}},
      {"repeated_field_encoding", 3, {"", "PACKED", "EXPANDED"}},
      {"utf8_validation", 4, {"", "", "VERIFY", "NONE"}},
      {"message_encoding", 5, {"", "LENGTH_PREFIXED", "DELIMITED"}},
      {"json_format", 6, {"", "ALLOW", "LEGACY_BEST_EFFORT"}},
      // Of edition 2024: they bind whoever writes .proto files, and change nothing else.
      {"enforce_naming_style", 7, {"", "STYLE2024", "STYLE_LEGACY"}},
      {"default_symbol_visibility",
       8,
       {"", "EXPORT_ALL", "EXPORT_TOP_LEVEL", "LOCAL_ALL", "STRICT"}},
  };
  return *names;
}

int EditionOf(const FileDescriptorProto& file) {
  const UnknownFieldSet& unknown = file.unknown_fields();
  int edition = 0;
  for (int i = 0; i < unknown.field_count(); ++i) {
    const UnknownField& field = unknown.field(i);
    if (field.number() == kEditionField && field.type() == UnknownField::TYPE_VARINT) {
      edition = static_cast<int>(field.varint());
    }
  }
  return edition;
}

void Features::Merge(std::string_view serialized) {
  WireScanner scanner(serialized);
  while (scanner.Next()) {
    int value = static_cast<int>(scanner.number());
    switch (scanner.field()) {
      case 1:
        field_presence = value;
        break;
      case 2:
        enum_type = value;
        break;
      case 3:
        repeated_field_encoding = value;
        break;
      case 4:
        utf8_validation = value;
        break;
      case 5:
        message_encoding = value;
        break;
      case 6:
        json_format = value;
        break;
      default:
        break;
    }
  }
}

std::string Features::Serialize() const {
  std::string serialized;
  const int values[] = {field_presence,  enum_type,        repeated_field_encoding,
                        utf8_validation, message_encoding, json_format};
  for (int i = 0; i < 6; ++i) {
    if (values[i] == 0) continue;
    serialized += static_cast<char>((i + 1) << 3);
    serialized += static_cast<char>(values[i]);
  }
  return serialized;
}

std::string FindFeatures(const UnknownFieldSet& options, int number) {
  std::string serialized;
  for (int i = 0; i < options.field_count(); ++i) {
    const UnknownField& field = options.field(i);
    if (field.number() == number && field.type() == UnknownField::TYPE_LENGTH_DELIMITED) {
      serialized += field.length_delimited();
    }
  }
  return serialized;
}

void ResolveEdition(FileDescriptorProto* file,
                    const std::function<bool(const std::string& type)>& is_proto2) {
  EditionResolver(file, is_proto2).Run();
}

}  // namespace pygrpc::schema
