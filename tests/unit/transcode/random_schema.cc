// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/random_schema.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <set>
#include <stdexcept>

namespace pygrpc::differential {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;

std::vector<const FileDescriptor*> WellKnownFiles() {
  return {google::protobuf::Any::descriptor()->file(),
          google::protobuf::Duration::descriptor()->file(),
          google::protobuf::Empty::descriptor()->file(),
          google::protobuf::FieldMask::descriptor()->file(),
          google::protobuf::Struct::descriptor()->file(),
          google::protobuf::Timestamp::descriptor()->file(),
          google::protobuf::Int32Value::descriptor()->file()};
}

const std::vector<std::string>& WellKnownTypes() {
  static const auto* types =
      new std::vector<std::string>{".google.protobuf.Any",         ".google.protobuf.Duration",
                                   ".google.protobuf.Empty",       ".google.protobuf.FieldMask",
                                   ".google.protobuf.Struct",      ".google.protobuf.Value",
                                   ".google.protobuf.ListValue",   ".google.protobuf.Timestamp",
                                   ".google.protobuf.DoubleValue", ".google.protobuf.FloatValue",
                                   ".google.protobuf.Int64Value",  ".google.protobuf.UInt64Value",
                                   ".google.protobuf.Int32Value",  ".google.protobuf.UInt32Value",
                                   ".google.protobuf.BoolValue",   ".google.protobuf.StringValue",
                                   ".google.protobuf.BytesValue"};
  return *types;
}

const std::vector<FieldDescriptorProto::Type>& ScalarTypes() {
  static const auto* types = new std::vector<FieldDescriptorProto::Type>{
      FieldDescriptorProto::TYPE_DOUBLE,   FieldDescriptorProto::TYPE_FLOAT,
      FieldDescriptorProto::TYPE_INT64,    FieldDescriptorProto::TYPE_UINT64,
      FieldDescriptorProto::TYPE_INT32,    FieldDescriptorProto::TYPE_FIXED64,
      FieldDescriptorProto::TYPE_FIXED32,  FieldDescriptorProto::TYPE_BOOL,
      FieldDescriptorProto::TYPE_STRING,   FieldDescriptorProto::TYPE_BYTES,
      FieldDescriptorProto::TYPE_UINT32,   FieldDescriptorProto::TYPE_SFIXED32,
      FieldDescriptorProto::TYPE_SFIXED64, FieldDescriptorProto::TYPE_SINT32,
      FieldDescriptorProto::TYPE_SINT64};
  return *types;
}

bool IsMapKey(FieldDescriptorProto::Type type) {
  return type != FieldDescriptorProto::TYPE_DOUBLE && type != FieldDescriptorProto::TYPE_FLOAT &&
         type != FieldDescriptorProto::TYPE_BYTES;
}

bool IsPackable(FieldDescriptorProto::Type type) {
  return type != FieldDescriptorProto::TYPE_STRING && type != FieldDescriptorProto::TYPE_BYTES &&
         type != FieldDescriptorProto::TYPE_MESSAGE && type != FieldDescriptorProto::TYPE_GROUP;
}

// Composes one file.
class FileComposer {
 public:
  FileComposer(RandomSource* random, bool proto3)
      : random_(*random), proto3_(proto3), package_(proto3 ? "random.p3" : "random.p2") {
    file_.set_name(proto3 ? "random_proto3.proto" : "random_proto2.proto");
    file_.set_package(package_);
    file_.set_syntax(proto3 ? "proto3" : "proto2");
    for (const FileDescriptor* file : WellKnownFiles()) file_.add_dependency(file->name());
  }

  FileDescriptorProto Compose() {
    for (int i = 0; i < 2; ++i) {
      AddEnum("Enum" + std::to_string(i), file_.add_enum_type());
      enums_.push_back("." + package_ + ".Enum" + std::to_string(i));
    }
    const int count = 3;
    for (int i = 0; i < count; ++i) {
      messages_.push_back("." + package_ + ".Message" + std::to_string(i));
    }
    for (int i = 0; i < count; ++i) {
      DescriptorProto* message = file_.add_message_type();
      message->set_name("Message" + std::to_string(i));
      AddNested(std::string(messages_[i]), message);  // a copy: the list grows
    }
    // All names are known now.
    for (int i = 0; i < count; ++i) AddFields(messages_[i], file_.mutable_message_type(i));
    if (!proto3_) {
      AddExtensions();
      AddMessageSet();
    }
    return file_;
  }

 private:
  void AddEnum(const std::string& name, EnumDescriptorProto* proto) {
    proto->set_name(name);
    std::set<int> numbers;
    const size_t count = 2 + random_.Below(4);
    for (size_t i = 0; i < count; ++i) {
      int number = static_cast<int>(random_.Below(8)) - (random_.Chance(30) ? 4 : 0);
      if (random_.Chance(15)) number = static_cast<int>(random_.Bits());
      // Needed in proto3, and where an enum is the value of a map.
      if (i == 0 && (proto3_ || enums_.empty())) number = 0;
      if (!numbers.insert(number).second) proto->mutable_options()->set_allow_alias(true);
      auto* value = proto->add_value();
      value->set_name(Upper(name) + "_VALUE" + std::to_string(i));
      value->set_number(number);
    }
  }

  static std::string Upper(std::string text) {
    for (char& c : text) c = static_cast<char>(toupper(c));
    return text;
  }

  void AddNested(const std::string& scope, DescriptorProto* message) {
    if (random_.Chance(50)) {
      DescriptorProto* nested = message->add_nested_type();
      nested->set_name("Nested");
      messages_.push_back(scope + ".Nested");
      AddFields(scope + ".Nested", nested);
    }
    if (random_.Chance(50)) {
      AddEnum("Kind" + std::to_string(messages_.size()), message->add_enum_type());
      enums_.push_back(scope + "." + message->enum_type(0).name());
    }
  }

  void AddFields(const std::string& scope, DescriptorProto* message) {
    std::set<int> numbers;
    const size_t count = 3 + random_.Below(12);
    const bool oneof = random_.Chance(60);
    if (oneof) message->add_oneof_decl()->set_name("choice");
    std::vector<FieldDescriptorProto*> optionals;
    for (size_t i = 0; i < count; ++i) {
      FieldDescriptorProto* field = message->add_field();
      NameField(i, field);
      NumberField(&numbers, field);
      if (oneof && i < 4) {
        field->set_oneof_index(0);
        field->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
        SetType(field);
      } else if (random_.Chance(20)) {
        MakeMap(scope, message, field);
      } else if (!proto3_ && random_.Chance(8)) {
        MakeGroup(scope, message, field);
      } else {
        AddPlainField(field, &optionals);
      }
    }
    // Synthetic oneofs come after the real ones.
    for (FieldDescriptorProto* field : optionals) {
      field->set_proto3_optional(true);
      field->set_oneof_index(message->oneof_decl_size());
      message->add_oneof_decl()->set_name("_" + field->name());
    }
  }

  void NameField(size_t i, FieldDescriptorProto* field) {
    static const auto* shapes = new std::vector<std::string>{
        "plain", "snake_case_name_", "camelName", "UPPER_Name", "_leading", "digits_1_2_", "x"};
    std::string number = std::to_string(i);
    // A letter behind the number keeps apart names that only differ in where the digits begin.
    field->set_name(random_.Pick(*shapes) + number + static_cast<char>('a' + i % 26));
    if (random_.Chance(5)) field->set_json_name("odd-name \"" + number + "\"");
    if (random_.Chance(5)) field->set_json_name("\xc3\xa9" + number);
  }

  void NumberField(std::set<int>* numbers, FieldDescriptorProto* field) {
    int number = 0;
    do {
      number = 1 + static_cast<int>(random_.Below(40));
      if (random_.Chance(15)) number = 200 + static_cast<int>(random_.Below(700));
      if (random_.Chance(5)) number = 20000 + static_cast<int>(random_.Below(536850000));
    } while (!numbers->insert(number).second);
    field->set_number(number);
  }

  void AddPlainField(FieldDescriptorProto* field, std::vector<FieldDescriptorProto*>* optionals) {
    SetType(field);
    const bool scalar = field->type() != FieldDescriptorProto::TYPE_MESSAGE;
    if (random_.Chance(35)) {
      field->set_label(FieldDescriptorProto::LABEL_REPEATED);
      if (IsPackable(field->type()) && random_.Chance(50)) {
        field->mutable_options()->set_packed(random_.Chance(50));
      }
    } else if (!proto3_ && scalar && random_.Chance(8)) {
      field->set_label(FieldDescriptorProto::LABEL_REQUIRED);
    } else {
      field->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
      if (proto3_ && random_.Chance(25)) optionals->push_back(field);
      if (!proto3_ && field->type() == FieldDescriptorProto::TYPE_INT32 && random_.Chance(50)) {
        field->set_default_value("42");
      }
      if (!proto3_ && field->type() == FieldDescriptorProto::TYPE_STRING && random_.Chance(50)) {
        field->set_default_value("given");
      }
    }
  }

  void SetType(FieldDescriptorProto* field) {
    const size_t kind = random_.Below(100);
    if (kind < 55) {
      field->set_type(random_.Pick(ScalarTypes()));
    } else if (kind < 67) {
      field->set_type(FieldDescriptorProto::TYPE_ENUM);
      const bool null = proto3_ && random_.Chance(15);
      field->set_type_name(null ? ".google.protobuf.NullValue" : random_.Pick(enums_));
    } else {
      field->set_type(FieldDescriptorProto::TYPE_MESSAGE);
      field->set_type_name(kind < 82 ? random_.Pick(messages_) : random_.Pick(WellKnownTypes()));
    }
  }

  void MakeMap(const std::string& scope, DescriptorProto* message, FieldDescriptorProto* field) {
    // The name that protoc gives to the entry type: letters after underscores become capitals.
    std::string name;
    bool capital = true;
    for (char c : field->name()) {
      if (c == '_') {
        capital = true;
        continue;
      }
      name += capital ? static_cast<char>(toupper(c)) : c;
      capital = false;
    }
    name += "Entry";
    DescriptorProto* entry = message->add_nested_type();
    entry->set_name(name);
    entry->mutable_options()->set_map_entry(true);
    FieldDescriptorProto* key = entry->add_field();
    key->set_name("key");
    key->set_number(1);
    key->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
    do {
      key->set_type(random_.Pick(ScalarTypes()));
    } while (!IsMapKey(key->type()));
    FieldDescriptorProto* value = entry->add_field();
    value->set_name("value");
    value->set_number(2);
    value->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
    SetType(value);
    if (value->type() == FieldDescriptorProto::TYPE_ENUM &&
        value->type_name() != ".google.protobuf.NullValue") {
      value->set_type_name(enums_.front());
    }
    field->set_label(FieldDescriptorProto::LABEL_REPEATED);
    field->set_type(FieldDescriptorProto::TYPE_MESSAGE);
    field->set_type_name(scope + "." + name);
  }

  void MakeGroup(const std::string& scope, DescriptorProto* message, FieldDescriptorProto* field) {
    DescriptorProto* group = message->add_nested_type();
    group->set_name("Group" + std::to_string(field->number()));
    field->clear_json_name();
    field->set_name("group" + std::to_string(field->number()));
    field->set_label(random_.Chance(40) ? FieldDescriptorProto::LABEL_REPEATED
                                        : FieldDescriptorProto::LABEL_OPTIONAL);
    field->set_type(FieldDescriptorProto::TYPE_GROUP);
    field->set_type_name(scope + "." + group->name());
    for (int i = 1; i <= 3; ++i) {
      FieldDescriptorProto* member = group->add_field();
      member->set_name("member_" + std::to_string(i));
      member->set_number(i);
      member->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
      SetType(member);
    }
  }

  void AddExtensions() {
    DescriptorProto* extendee = file_.mutable_message_type(0);
    auto* range = extendee->add_extension_range();
    range->set_start(10000);
    range->set_end(10100);
    for (int i = 0; i < 5; ++i) {
      // Some are declared within a message, which becomes part of their name.
      FieldDescriptorProto* field =
          i < 3 ? file_.add_extension() : file_.mutable_message_type(1)->add_extension();
      field->set_name("extension_" + std::to_string(i));
      field->set_number(10000 + i);
      field->set_extendee(messages_[0]);
      field->set_label(random_.Chance(35) ? FieldDescriptorProto::LABEL_REPEATED
                                          : FieldDescriptorProto::LABEL_OPTIONAL);
      SetType(field);
      if (field->label() == FieldDescriptorProto::LABEL_REPEATED && IsPackable(field->type())) {
        field->mutable_options()->set_packed(random_.Chance(50));
      }
    }
  }

  // A message in the wire format of old, whose only fields are extensions.
  void AddMessageSet() {
    DescriptorProto* set = file_.add_message_type();
    set->set_name("Set");
    set->mutable_options()->set_message_set_wire_format(true);
    auto* range = set->add_extension_range();
    range->set_start(4);
    range->set_end(2147483647);
    for (int i = 0; i < 2; ++i) {
      FieldDescriptorProto* field = file_.mutable_message_type(i)->add_extension();
      field->set_name("in_set");
      field->set_number((i == 0 ? 4 : 100000) + static_cast<int>(random_.Below(10000)));
      field->set_extendee("." + package_ + ".Set");
      field->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
      field->set_type(FieldDescriptorProto::TYPE_MESSAGE);
      field->set_type_name(messages_[i]);
    }
  }

  RandomSource& random_;
  bool proto3_;
  std::string package_;
  FileDescriptorProto file_;
  std::vector<std::string> enums_;
  std::vector<std::string> messages_;
};

class Faults : public google::protobuf::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, const std::string& element,
                const google::protobuf::Message*, ErrorLocation,
                const std::string& message) override {
    text += file + ": " + element + ": " + message + "\n";
  }
  std::string text;
};

const FileDescriptor* Build(const FileDescriptorProto& proto,
                            google::protobuf::DescriptorPool* pool) {
  Faults faults;
  const FileDescriptor* file = pool->BuildFileCollectingErrors(proto, &faults);
  if (file == nullptr) throw std::logic_error(faults.text);
  return file;
}

}  // namespace

DynamicSchema::DynamicSchema() : factory_(&pool_), resolver_(&pool_) {
  for (const FileDescriptor* file : WellKnownFiles()) {
    FileDescriptorProto proto;
    file->CopyTo(&proto);
    Build(proto, &pool_);
  }
}

void DynamicSchema::Add(const FileDescriptorProto& proto) {
  const FileDescriptor* file = Build(proto, &pool_);
  files_.push_back(file);
  for (int i = 0; i < file->message_type_count(); ++i) types_.push_back(file->message_type(i));
}

const google::protobuf::Descriptor* DynamicSchema::TypeOfUrl(const std::string& url) const {
  const size_t slash = url.rfind('/');
  return slash == std::string::npos ? nullptr : resolver_.FindMessage(url.substr(slash + 1));
}

std::unique_ptr<google::protobuf::Message> DynamicSchema::New(
    const google::protobuf::Descriptor* type) const {
  return std::unique_ptr<google::protobuf::Message>(factory_.GetPrototype(type)->New());
}

std::string DynamicSchema::Text() const {
  std::string text;
  for (const FileDescriptor* file : files_) text += file->DebugString() + "\n";
  return text;
}

RandomSchema::RandomSchema(RandomSource* random) {
  for (bool proto3 : {false, true}) Add(FileComposer(random, proto3).Compose());
}

}  // namespace pygrpc::differential
