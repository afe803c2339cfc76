// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/limits.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "base/text.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;

// Of full names, which protobuf spells out: a long name is repeated in all that it encloses.
constexpr size_t kNameBytes = size_t{16} << 20;
constexpr size_t kNameBytesPerByte = 20;

// Each range is compared with each other one, and with each field: about a second of that.
constexpr size_t kMaxWork = 500'000'000;
constexpr int kMaxExtensionRanges = 5000;

// The offset of the quote that ends the string which begins at `i`, or of the line's end that does,
// even behind a backslash.
size_t EndOfString(std::string_view text, size_t i, bool ends_with_line) {
  const char quote = text[i];
  for (++i; i < text.size() && text[i] != quote; ++i) {
    if (text[i] == '\n' && ends_with_line) break;
    bool may_skip = i + 1 < text.size() && !(ends_with_line && text[i + 1] == '\n');
    if (text[i] == '\\' && may_skip) ++i;
  }
  return i;
}

class Checker {
 public:
  Checker(const FileDescriptorProto& file, size_t* work)
      : file_(file),
        work_(*work),
        name_bytes_left_(kNameBytes + kNameBytesPerByte * file.ByteSizeLong()) {}

  void Run() {
    if (file_.package().size() > kMaxPackageSize) Fail("its package is too long a name");
    CheckOptions(file_);
    size_t scope = file_.package().size() + 1;
    for (const auto& message : file_.message_type()) CheckMessage(message, scope);
    for (const auto& field : file_.extension()) CheckField(field, scope);
    for (const auto& type : file_.enum_type()) CheckEnum(type, scope);
    for (const auto& service : file_.service()) {
      CheckOptions(service);
      size_t inner = AddName(scope, service.name());
      for (const auto& method : service.method()) {
        AddName(inner, method.name());
        CheckOptions(method);
      }
    }
  }

 private:
  [[noreturn]] void Fail(const std::string& problem) const {
    throw Error(Code::kSchema, file_.name() + ": " + problem);
  }

  // Returns the length of the scope that the name makes.
  size_t AddName(size_t scope, const std::string& name) {
    size_t size = scope + name.size() + 1;
    if (size > name_bytes_left_) Fail("its names take too much memory, each with all around it");
    name_bytes_left_ -= size;
    return size;
  }

  void AddWork(size_t one, size_t other) {
    work_ += one * other;
    if (work_ > kMaxWork) Fail("too many reserved and extension ranges in this schema");
  }

  // What other programs have not interpreted yet, protobuf's builder does.
  template <typename Declaration>
  void CheckOptions(const Declaration& declaration) const {
    if (!declaration.has_options()) return;
    for (const auto& option : declaration.options().uninterpreted_option()) {
      bool is_deep = option.name_size() > kMaxNesting ||
                     FindDeepNesting(option.aggregate_value(), TextStyle::kTextFormat) !=
                         std::string_view::npos;
      if (is_deep) Fail("an option is nested more than " + std::to_string(kMaxNesting) + " deep");
    }
  }

  void CheckField(const FieldDescriptorProto& field, size_t scope) {
    AddName(scope, field.name());
    CheckOptions(field);
    if (FindInvalidUtf8(field.json_name()) == std::string_view::npos) return;
    // protobuf checks all other names.
    Fail("the json_name of field " + Quote(field.name()) + " is not UTF-8");
  }

  void CheckEnum(const EnumDescriptorProto& type, size_t scope) {
    AddName(scope, type.name());
    CheckOptions(type);
    for (const auto& value : type.value()) {
      AddName(scope, value.name());
      CheckOptions(value);
    }
    auto ranges = static_cast<size_t>(type.reserved_range_size());
    AddWork(ranges, ranges + static_cast<size_t>(type.value_size()));
  }

  // Recursion is bounded: both of protobuf's parsers were held to about 100 levels.
  void CheckMessage(const DescriptorProto& message, size_t scope) {
    size_t inner = AddName(scope, message.name());
    CheckOptions(message);
    for (const auto& field : message.field()) CheckField(field, inner);
    for (const auto& field : message.extension()) CheckField(field, inner);
    for (const auto& oneof : message.oneof_decl()) {
      AddName(inner, oneof.name());
      CheckOptions(oneof);
    }
    for (const auto& range : message.extension_range()) CheckOptions(range);
    for (const auto& type : message.enum_type()) CheckEnum(type, inner);
    for (const auto& nested : message.nested_type()) CheckMessage(nested, inner);
    if (message.extension_range_size() > kMaxExtensionRanges) {
      Fail("message " + Quote(message.name()) + " has more than " +
           std::to_string(kMaxExtensionRanges) + " extension ranges");
    }
    auto ranges = static_cast<size_t>(message.extension_range_size()) +
                  static_cast<size_t>(message.reserved_range_size());
    AddWork(ranges, ranges + static_cast<size_t>(message.field_size()));
  }

  const FileDescriptorProto& file_;
  size_t& work_;
  size_t name_bytes_left_;
};

}  // namespace

size_t FindDeepNesting(std::string_view text, TextStyle style) {
  const bool is_proto = style == TextStyle::kProto;
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (is_proto ? c == '/' && next == '/' : c == '#') {
      i = text.find('\n', i);
    } else if (is_proto && c == '/' && next == '*') {
      i = text.find("*/", i + 2);
    } else if (c == '"' || c == '\'') {
      i = EndOfString(text, i, is_proto);
    } else if (c == '{' || c == '<' || c == '[') {
      if (++depth > kMaxNesting) return i;
    } else if (c == '}' || c == '>' || c == ']') {
      depth = std::max(0, depth - 1);
    }
    if (i == std::string_view::npos) break;
  }
  return std::string_view::npos;
}

void CheckLimits(const FileDescriptorProto& file, size_t* work) { Checker(file, work).Run(); }

}  // namespace pygrpc::schema
