// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/edition_text.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "base/text.h"
#include "schema/editions.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::Message;
using google::protobuf::UninterpretedOption;
using Place = DescriptorPool::ErrorCollector;

size_t SkipSpace(std::string_view text, size_t i) {
  while (i < text.size()) {
    if (text.substr(i, 2) == "//") {
      i = std::min(text.find('\n', i), text.size());
    } else if (text.substr(i, 2) == "/*") {
      i = std::min(text.find("*/", i + 2), text.size() - 2) + 2;
    } else if (std::isspace(static_cast<unsigned char>(text[i]))) {
      ++i;
    } else {
      break;
    }
  }
  return i;
}

bool IsWordCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// A statement begins there, or a comment or space before it.
bool IsWord(std::string_view text, size_t i, std::string_view word) {
  return text.substr(i, word.size()) == word &&
         (i + word.size() == text.size() || !IsWordCharacter(text[i + word.size()])) &&
         (i == 0 || !IsWordCharacter(text[i - 1]));
}

// `reserved a, b` has names in an edition, and strings before.
size_t QuoteReserved(std::string_view text, size_t i, std::string* output) {
  for (;;) {
    size_t next = SkipSpace(text, i);
    output->append(text.substr(i, next - i));
    i = next;
    if (i == text.size() || text[i] == ';' || text[i] == '{' || text[i] == '}') return i;
    if (text[i] == '"' || text[i] == '\'') {
      size_t close = std::min(text.find(text[i], i + 1), text.size() - 1);
      output->append(text.substr(i, close + 1 - i));
      i = close + 1;
      continue;
    }
    size_t word = i;
    while (word < text.size() && IsWordCharacter(text[word])) ++word;
    std::string_view name = text.substr(i, word - i);
    bool is_name = !name.empty() && !std::isdigit(static_cast<unsigned char>(name[0])) &&
                   name != "to" && name != "max";
    if (is_name) output->append(1, '"').append(name).append(1, '"');
    if (!is_name) output->append(text.substr(i, std::max<size_t>(name.size(), 1)));
    i += std::max<size_t>(name.size(), 1);
  }
}

// A word that edition 2024 brought, in the statement at `i`: who may use a type, and whether an
// import is for options only, is nothing to us. Empty if there is none.
std::string_view WordOf2024(std::string_view text, size_t i) {
  for (std::string_view word : {"export", "local"}) {
    if (!IsWord(text, i, word)) continue;
    size_t next = SkipSpace(text, i + word.size());
    if (IsWord(text, next, "message") || IsWord(text, next, "enum")) {
      return text.substr(i, word.size());
    }
  }
  if (!IsWord(text, i, "import")) return {};
  size_t next = SkipSpace(text, i + 6);
  return IsWord(text, next, "option") ? text.substr(next, 6) : std::string_view();
}

// False if there is no such feature, or no such value of it.
bool AddFeature(std::string_view name, std::string_view value, std::string* serialized) {
  for (const FeatureName& feature : FeatureNames()) {
    if (feature.name != name) continue;
    auto found = std::find(feature.values.begin(), feature.values.end(), value);
    if (value.empty() || found == feature.values.end()) return false;
    *serialized += static_cast<char>(feature.number << 3);
    *serialized += static_cast<char>(found - feature.values.begin());
    return true;
  }
  return false;
}

class FeatureTaker {
 public:
  explicit FeatureTaker(ParsedProto* parsed) : errors_(parsed) {}

  template <typename Declaration>
  void Take(Declaration* declaration, int number) {
    if (!declaration->has_options()) return;
    auto* options = declaration->mutable_options();
    std::string serialized;
    auto* list = options->mutable_uninterpreted_option();
    for (int i = 0; i < list->size();) {
      const UninterpretedOption& option = list->Get(i);
      if (option.name(0).is_extension() || option.name(0).name_part() != "features") {
        ++i;
        continue;
      }
      TakeOption(option, &serialized);
      list->DeleteSubrange(i, 1);
    }
    if (!serialized.empty()) {
      options->mutable_unknown_fields()->AddLengthDelimited(number, serialized);
    }
  }

  void Reject(const Message& element, Place::ErrorLocation part, const std::string& message) {
    errors_.AddError("", "", &element, part, message);
  }

 private:
  void TakeOption(const UninterpretedOption& option, std::string* serialized) {
    // features.(pb.go).x and the like are for the code that other languages generate.
    if (option.name_size() > 1 && option.name(1).is_extension()) return;
    bool good = false;
    if (option.name_size() == 2) {
      good = AddFeature(option.name(1).name_part(), option.identifier_value(), serialized);
    } else if (option.name_size() == 1 && option.has_aggregate_value()) {
      good = TakeAggregate(option.aggregate_value(), serialized);
    }
    if (!good) {
      Reject(option, Place::OPTION_NAME, "unknown feature, or a value that it does not have");
    }
  }

  static bool TakeAggregate(const std::string& text, std::string* serialized) {
    google::protobuf::io::ArrayInputStream input(text.data(), static_cast<int>(text.size()));
    google::protobuf::io::Tokenizer tokenizer(&input, nullptr);
    std::vector<std::string> tokens;
    while (tokenizer.Next()) {
      const std::string& token = tokenizer.current().text;
      if (token != "," && token != ";") tokens.push_back(token);
    }
    for (size_t i = 0; i < tokens.size();) {
      if (tokens[i] == "[") {
        i = SkipLanguageFeatures(tokens, i);
        if (i == 0) return false;
        continue;
      }
      if (i + 2 >= tokens.size() || tokens[i + 1] != ":") return false;
      if (!AddFeature(tokens[i], tokens[i + 2], serialized)) return false;
      i += 3;
    }
    return true;
  }

  // `[pb.cpp] { ... }`, with or without a colon: the token behind it, or 0 if it has no end.
  static size_t SkipLanguageFeatures(const std::vector<std::string>& tokens, size_t i) {
    while (i < tokens.size() && tokens[i] != "]") ++i;
    ++i;
    if (i < tokens.size() && tokens[i] == ":") ++i;
    if (i >= tokens.size() || (tokens[i] != "{" && tokens[i] != "<")) return 0;
    size_t depth = 0;
    for (; i < tokens.size(); ++i) {
      if (tokens[i] == "{" || tokens[i] == "<") ++depth;
      if ((tokens[i] == "}" || tokens[i] == ">") && --depth == 0) return i + 1;
    }
    return 0;
  }

  LinkErrors errors_;
};

class EditionFinisher {
 public:
  explicit EditionFinisher(ParsedProto* parsed) : parsed_(parsed), taker_(parsed) {}

  void Run() {
    FileDescriptorProto& file = parsed_->proto;
    taker_.Take(&file, kFileFeatures);
    for (auto& message : *file.mutable_message_type()) FinishMessage(&message);
    for (auto& type : *file.mutable_enum_type()) FinishEnum(&type);
    for (auto& field : *file.mutable_extension()) FinishField(&field);
    for (auto& service : *file.mutable_service()) {
      taker_.Take(&service, kServiceFeatures);
      for (auto& method : *service.mutable_method()) taker_.Take(&method, kMethodFeatures);
    }
  }

 private:
  void FinishMessage(DescriptorProto* message) {
    taker_.Take(message, kMessageFeatures);
    for (auto& field : *message->mutable_field()) FinishField(&field);
    for (auto& field : *message->mutable_extension()) FinishField(&field);
    for (auto& oneof : *message->mutable_oneof_decl()) taker_.Take(&oneof, kOneofFeatures);
    for (auto& range : *message->mutable_extension_range()) {
      taker_.Take(&range, kExtensionRangeFeatures);
    }
    for (auto& type : *message->mutable_enum_type()) FinishEnum(&type);
    for (auto& nested : *message->mutable_nested_type()) FinishMessage(&nested);
  }

  void FinishEnum(EnumDescriptorProto* type) {
    taker_.Take(type, kEnumFeatures);
    for (auto& value : *type->mutable_value()) taker_.Take(&value, kEnumValueFeatures);
  }

  void FinishField(FieldDescriptorProto* field) {
    taker_.Take(field, kFieldFeatures);
    if (field->proto3_optional()) {
      taker_.Reject(*field, Place::NAME, "an edition has no label \"optional\": it is the default");
    } else if (field->label() == FieldDescriptorProto::LABEL_REQUIRED) {
      taker_.Reject(*field, Place::NAME,
                    "an edition has no label \"required\": set features.field_presence to "
                    "LEGACY_REQUIRED");
    } else if (field->type() == FieldDescriptorProto::TYPE_GROUP) {
      taker_.Reject(*field, Place::NAME,
                    "an edition has no groups: set features.message_encoding to DELIMITED");
    }
  }

  ParsedProto* parsed_;
  FeatureTaker taker_;
};

// Language features say nothing of messages, and what declares them needs a newer descriptor.proto.
bool IsLanguageFeatures(const std::string& import) {
  constexpr std::string_view kStart = "google/protobuf/";
  constexpr std::string_view kEnd = "_features.proto";
  return import.size() > kStart.size() + kEnd.size() &&
         std::string_view(import).substr(0, kStart.size()) == kStart &&
         std::string_view(import).substr(import.size() - kEnd.size()) == kEnd;
}

class TypeFiller {
 public:
  explicit TypeFiller(const std::function<std::optional<bool>(const std::string&)>& is_enum)
      : is_enum_(is_enum) {}

  void FillMessage(DescriptorProto* message, const std::string& outer) {
    std::string scope = outer.empty() ? message->name() : outer + "." + message->name();
    for (auto& field : *message->mutable_field()) FillField(&field, scope);
    for (auto& field : *message->mutable_extension()) FillField(&field, scope);
    for (auto& nested : *message->mutable_nested_type()) FillMessage(&nested, scope);
  }

  void FillField(FieldDescriptorProto* field, const std::string& scope) {
    FillExtendee(field, scope);
    if (!field->has_type_name() || field->has_type()) return;
    std::string full_name;
    std::optional<bool> is_enum = Resolve(field->type_name(), scope, &full_name);
    if (!is_enum) return;  // the link step says so, with the place
    field->set_type_name("." + full_name);
    field->set_type(*is_enum ? FieldDescriptorProto::TYPE_ENUM
                             : FieldDescriptorProto::TYPE_MESSAGE);
  }

 private:
  void FillExtendee(FieldDescriptorProto* field, const std::string& scope) {
    std::string full_name;
    if (field->has_extendee() && Resolve(field->extendee(), scope, &full_name)) {
      field->set_extendee("." + full_name);
    }
  }

  // From the inside to the outside.
  std::optional<bool> Resolve(const std::string& name, std::string scope, std::string* full_name) {
    if (name.compare(0, 1, ".") == 0) {
      *full_name = name.substr(1);
      return is_enum_(*full_name);
    }
    for (;;) {
      *full_name = scope.empty() ? name : scope + "." + name;
      std::optional<bool> found = is_enum_(*full_name);
      if (found || scope.empty()) return found;
      size_t dot = scope.rfind('.');
      scope = dot == std::string::npos ? "" : scope.substr(0, dot);
    }
  }

  const std::function<std::optional<bool>(const std::string&)>& is_enum_;
};

// Options as they were interpreted, features as they were written.
template <typename Declaration>
void RestoreOptions(const Declaration& built, int number, Declaration* restored) {
  if (!restored->has_options()) return;
  std::string features = FindFeatures(restored->options().unknown_fields(), number);
  *restored->mutable_options() = built.options();
  auto* unknown = restored->mutable_options()->mutable_unknown_fields();
  unknown->DeleteByNumber(number);
  if (!features.empty()) unknown->AddLengthDelimited(number, features);
}

void RestoreField(const FieldDescriptorProto& built, FieldDescriptorProto* restored) {
  bool had_packed = restored->options().has_packed();
  RestoreOptions(built, kFieldFeatures, restored);
  if (restored->has_options() && !had_packed) restored->mutable_options()->clear_packed();
  if (built.has_type_name()) restored->set_type_name(built.type_name());
  if (built.has_extendee()) restored->set_extendee(built.extendee());
  if (built.has_default_value()) restored->set_default_value(built.default_value());
  restored->set_json_name(built.json_name());
}

void RestoreEnum(const EnumDescriptorProto& built, EnumDescriptorProto* restored) {
  RestoreOptions(built, kEnumFeatures, restored);
  for (int i = 0; i < restored->value_size(); ++i) {
    RestoreOptions(built.value(i), kEnumValueFeatures, restored->mutable_value(i));
  }
}

void RestoreMessage(const DescriptorProto& built, DescriptorProto* restored) {
  RestoreOptions(built, kMessageFeatures, restored);
  for (int i = 0; i < restored->field_size(); ++i) {
    RestoreField(built.field(i), restored->mutable_field(i));
  }
  for (int i = 0; i < restored->extension_size(); ++i) {
    RestoreField(built.extension(i), restored->mutable_extension(i));
  }
  // Behind those of the text, `built` may have oneofs of one member.
  for (int i = 0; i < restored->oneof_decl_size() && i < built.oneof_decl_size(); ++i) {
    RestoreOptions(built.oneof_decl(i), kOneofFeatures, restored->mutable_oneof_decl(i));
  }
  for (int i = 0; i < restored->extension_range_size(); ++i) {
    RestoreOptions(built.extension_range(i), kExtensionRangeFeatures,
                   restored->mutable_extension_range(i));
  }
  for (int i = 0; i < restored->enum_type_size(); ++i) {
    RestoreEnum(built.enum_type(i), restored->mutable_enum_type(i));
  }
  for (int i = 0; i < restored->nested_type_size(); ++i) {
    RestoreMessage(built.nested_type(i), restored->mutable_nested_type(i));
  }
}

}  // namespace

std::optional<EditionStatement> FindEditionStatement(std::string_view text) {
  size_t start = SkipSpace(text, text.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0);
  if (start >= text.size() || !IsWord(text, start, "edition")) return std::nullopt;
  size_t equals = SkipSpace(text, start + 7);
  if (equals >= text.size() || text[equals] != '=') return std::nullopt;
  size_t quote = SkipSpace(text, equals + 1);
  if (quote >= text.size() || (text[quote] != '"' && text[quote] != '\'')) return std::nullopt;
  size_t end = text.find(text[quote], quote + 1);
  if (end == std::string_view::npos) return std::nullopt;
  return EditionStatement{start, end + 1 - start,
                          std::string(text.substr(quote + 1, end - quote - 1))};
}

std::string AsProto3Text(std::string_view text, const EditionStatement& statement) {
  std::string output(text.substr(0, statement.offset));
  std::string_view replaced = text.substr(statement.offset, statement.size);
  std::string syntax = "syntax=\"proto3\"";
  if (replaced.size() > syntax.size()) syntax.insert(7, replaced.size() - syntax.size(), ' ');
  output += syntax;
  // All lines stay where they are.
  output.append(static_cast<size_t>(std::count(replaced.begin(), replaced.end(), '\n')), '\n');
  const bool has_2024_words = statement.edition == "2024";
  bool begins_statement = false;
  for (size_t i = statement.offset + statement.size; i < text.size();) {
    size_t next = SkipSpace(text, i);
    output.append(text.substr(i, next - i));
    i = next;
    if (i >= text.size()) break;
    if (begins_statement && has_2024_words) {
      if (std::string_view word = WordOf2024(text, i); !word.empty()) {
        auto start = static_cast<size_t>(word.data() - text.data());
        output.append(text.substr(i, start - i)).append(word.size(), ' ');
        i = start + word.size();
        continue;
      }
    }
    char c = text[i];
    if (c == '"' || c == '\'') {
      size_t end = i + 1;
      while (end < text.size() && text[end] != c && text[end] != '\n') {
        end += text[end] == '\\' ? 2 : 1;
      }
      end = std::min(end + 1, text.size());
      output.append(text.substr(i, end - i));
      i = end;
    } else if (begins_statement && IsWord(text, i, "reserved")) {
      output += "reserved";
      i = QuoteReserved(text, i + 8, &output);
    } else {
      output += c;
      ++i;
    }
    begins_statement = c == '{' || c == '}' || c == ';';
  }
  return output;
}

void FinishEdition(int edition, ParsedProto* parsed) {
  FileDescriptorProto& file = parsed->proto;
  file.set_syntax("editions");
  file.mutable_unknown_fields()->AddVarint(14, static_cast<uint64_t>(edition));
  EditionFinisher(parsed).Run();
  std::vector<int> kept;
  auto* imports = file.mutable_dependency();
  bool any = std::any_of(imports->begin(), imports->end(), IsLanguageFeatures);
  if (any && file.public_dependency_size() + file.weak_dependency_size() == 0) {
    imports->erase(std::remove_if(imports->begin(), imports->end(), IsLanguageFeatures),
                   imports->end());
  }
}

void FillTypes(FileDescriptorProto* file,
               const std::function<std::optional<bool>(const std::string& full_name)>& is_enum) {
  TypeFiller filler(is_enum);
  for (auto& message : *file->mutable_message_type()) {
    filler.FillMessage(&message, file->package());
  }
  for (auto& field : *file->mutable_extension()) filler.FillField(&field, file->package());
}

FileDescriptorProto RestoreEdition(const FileDescriptorProto& original,
                                   const FileDescriptorProto& built) {
  FileDescriptorProto restored = original;
  RestoreOptions(built, kFileFeatures, &restored);
  for (int i = 0; i < restored.message_type_size(); ++i) {
    RestoreMessage(built.message_type(i), restored.mutable_message_type(i));
  }
  for (int i = 0; i < restored.enum_type_size(); ++i) {
    RestoreEnum(built.enum_type(i), restored.mutable_enum_type(i));
  }
  for (int i = 0; i < restored.extension_size(); ++i) {
    RestoreField(built.extension(i), restored.mutable_extension(i));
  }
  for (int i = 0; i < restored.service_size(); ++i) {
    auto* service = restored.mutable_service(i);
    RestoreOptions(built.service(i), kServiceFeatures, service);
    for (int j = 0; j < service->method_size(); ++j) {
      auto* method = service->mutable_method(j);
      RestoreOptions(built.service(i).method(j), kMethodFeatures, method);
      method->set_input_type(built.service(i).method(j).input_type());
      method->set_output_type(built.service(i).method(j).output_type());
    }
  }
  return restored;
}

}  // namespace pygrpc::schema
