// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/proto_values.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <map>

#include "schema/editions.h"
#include "schema/wire_scan.h"

namespace pygrpc::schema {

using google::protobuf::FieldDescriptor;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::Message;

std::string QuoteForProto(const std::string& text) {
  static const char kDigits[] = "01234567";
  std::string quoted = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (byte < 0x20 || byte >= 0x7F) {
      // Octal takes three digits at most: what follows cannot be taken for a part of it.
      quoted += '\\';
      quoted += kDigits[byte >> 6];
      quoted += kDigits[(byte >> 3) & 7];
      quoted += kDigits[byte & 7];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

const char* ScalarTypeName(FieldDescriptorProto::Type type) {
  return FieldDescriptor::TypeName(static_cast<FieldDescriptor::Type>(type));
}

std::vector<OptionValue> OptionValues(Inspector* inspector, const Message& options,
                                      std::set<int>* unknown) {
  std::vector<OptionValue> values;
  inspector->WithOptions(options, [&](const Message& message) {
    google::protobuf::TextFormat::Printer printer;
    printer.SetSingleLineMode(true);
    printer.SetUseUtf8StringEscaping(false);
    printer.SetHideUnknownFields(true);
    const auto* reflection = message.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection->ListFields(message, &fields);
    // Custom options in the order in which they were given.
    std::map<int, int> rank;
    const auto& given = options.GetReflection()->GetUnknownFields(options);
    for (int i = 0; i < given.field_count(); ++i) rank.emplace(given.field(i).number(), i + 1);
    std::stable_sort(fields.begin(), fields.end(), [&rank](const auto* a, const auto* b) {
      return rank[a->number()] < rank[b->number()];
    });
    for (const FieldDescriptor* field : fields) {
      int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
      for (int i = 0; i < count; ++i) {
        std::string text;
        printer.PrintFieldValueToString(message, field, field->is_repeated() ? i : -1, &text);
        if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) text = "{ " + text + "}";
        values.push_back({field->is_extension() ? field->full_name() : field->name(),
                          field->is_extension(), std::move(text)});
      }
    }
    const auto& rest = reflection->GetUnknownFields(message);
    for (int i = 0; i < rest.field_count(); ++i) unknown->insert(rest.field(i).number());
  });
  return values;
}

std::vector<std::string> FeatureTexts(const std::string& serialized) {
  std::vector<std::string> texts;
  WireScanner scanner(serialized);
  while (scanner.Next()) {
    for (const FeatureName& feature : FeatureNames()) {
      if (static_cast<uint32_t>(feature.number) != scanner.field()) continue;
      if (scanner.number() >= feature.values.size() || scanner.number() == 0) continue;
      texts.push_back(std::string("features.") + feature.name + " = " +
                      std::string(feature.values[scanner.number()]));
    }
  }
  return texts;
}

}  // namespace pygrpc::schema
