// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/schema_file.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "schema/embedded_protos.h"
#include "schema/limits.h"
#include "schema/quiet.h"
#include "schema/wire_scan.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;

bool IsPrintable(std::string_view name) {
  if (name.empty() || name.size() > 4096) return false;
  if (FindInvalidUtf8(name) != std::string_view::npos) return false;
  return std::none_of(name.begin(), name.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

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
void NormalizeOptions(Declaration* declaration) {
  if (!declaration->has_options()) return;
  if (declaration->options().ByteSizeLong() == 0) {
    declaration->clear_options();
  } else {
    SortUnknownFields(declaration->mutable_options()->mutable_unknown_fields());
  }
}

void NormalizeField(FieldDescriptorProto* field) {
  if (!field->has_json_name()) field->set_json_name(DefaultJsonName(field->name()));
  NormalizeOptions(field);
}

void NormalizeEnum(EnumDescriptorProto* type) {
  NormalizeOptions(type);
  for (auto& value : *type->mutable_value()) NormalizeOptions(&value);
}

// Recursion is bounded: protobuf's parser accepts no more than 100 levels.
void NormalizeMessage(DescriptorProto* message) {
  NormalizeOptions(message);
  for (auto& field : *message->mutable_field()) NormalizeField(&field);
  for (auto& field : *message->mutable_extension()) NormalizeField(&field);
  for (auto& oneof : *message->mutable_oneof_decl()) NormalizeOptions(&oneof);
  for (auto& range : *message->mutable_extension_range()) NormalizeOptions(&range);
  for (auto& type : *message->mutable_enum_type()) NormalizeEnum(&type);
  for (auto& nested : *message->mutable_nested_type()) NormalizeMessage(&nested);
}

// Compilers and servers differ in what they leave out: brings all to one form.
void Normalize(FileDescriptorProto* file, bool ignore_name) {
  file->clear_source_code_info();
  file->clear_dependency();
  file->clear_public_dependency();
  file->clear_weak_dependency();
  if (ignore_name) file->clear_name();
  if (file->syntax() == "proto2") file->clear_syntax();
  // buf's images add a field of their own; editions are field 14.
  file->mutable_unknown_fields()->DeleteByNumber(8042);
  NormalizeOptions(file);
  for (auto& field : *file->mutable_extension()) NormalizeField(&field);
  for (auto& message : *file->mutable_message_type()) NormalizeMessage(&message);
  for (auto& type : *file->mutable_enum_type()) NormalizeEnum(&type);
  for (auto& service : *file->mutable_service()) {
    NormalizeOptions(&service);
    for (auto& method : *service.mutable_method()) {
      NormalizeOptions(&method);
      // Explicit false is the default.
      if (!method.client_streaming()) method.clear_client_streaming();
      if (!method.server_streaming()) method.clear_server_streaming();
    }
  }
}

}  // namespace

std::string DefaultJsonName(const std::string& name) {
  std::string json_name;
  bool upper = false;
  for (char c : name) {
    if (c == '_') {
      upper = true;
    } else {
      json_name += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      upper = false;
    }
  }
  return json_name;
}

bool IsUsableFileName(std::string_view name) {
  if (!IsPrintable(name) || name.front() == '/' || name.find('\\') != std::string_view::npos) {
    return false;
  }
  size_t start = 0;
  while (start <= name.size()) {
    size_t end = name.find('/', start);
    if (end == std::string_view::npos) end = name.size();
    std::string_view part = name.substr(start, end - start);
    if (part.empty() || part == "." || part == "..") return false;
    start = end + 1;
  }
  return true;
}

FilePtr MakeFile(std::shared_ptr<const std::string> storage, std::string_view bytes,
                 std::string origin, bool may_lack_imports) {
  FileOutline outline;
  if (bytes.size() > std::numeric_limits<int>::max() || !ScanFile(bytes, &outline)) {
    throw Error(Code::kSchema, origin + ": not a valid google.protobuf.FileDescriptorProto");
  }
  if (outline.name.empty()) {
    throw Error(Code::kSchema, origin + ": a file descriptor has no name");
  }
  // Servers give the names that their build tools made up; nothing is written under them.
  if (may_lack_imports ? !IsPrintable(outline.name) : !IsUsableFileName(outline.name)) {
    throw Error(Code::kSchema, origin + ": bad file name " + Quote(outline.name) +
                                   " (a relative path without \"..\" is needed)");
  }
  if (outline.package.size() > kMaxPackageSize) {
    throw Error(Code::kSchema, origin + ": the package of " + Quote(outline.name) +
                                   " is longer than " + std::to_string(kMaxPackageSize) +
                                   " characters");
  }
  auto file = std::make_shared<SchemaFile>();
  file->storage = std::move(storage);
  file->bytes = bytes;
  file->name = outline.name;
  file->package = outline.package;
  file->imports = std::move(outline.imports);
  file->public_imports = std::move(outline.public_imports);
  file->edition = outline.edition;
  file->origin = std::move(origin);
  file->may_lack_imports = may_lack_imports;
  return file;
}

FilePtr MakeFile(const FileDescriptorProto& proto, std::string origin) {
  Quiet quiet;
  auto storage = std::make_shared<const std::string>(proto.SerializeAsString());
  std::string_view bytes = *storage;
  return MakeFile(std::move(storage), bytes, std::move(origin));
}

void ParseFile(const SchemaFile& file, FileDescriptorProto* proto) {
  Quiet quiet;
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(file.bytes.data()),
                                               static_cast<int>(file.bytes.size()));
  if (!proto->MergePartialFromCodedStream(&input) || !input.ConsumedEntireMessage()) {
    throw Error(Code::kSchema, file.origin + ": the descriptor of " + Quote(file.name) +
                                   " is damaged or nested too deeply");
  }
}

bool SameContent(const SchemaFile& a, const SchemaFile& b, bool ignore_name) {
  if (a.bytes == b.bytes) return true;
  FileDescriptorProto first;
  FileDescriptorProto second;
  ParseFile(a, &first);
  ParseFile(b, &second);
  Quiet quiet;
  Normalize(&first, ignore_name);
  Normalize(&second, ignore_name);
  return first.SerializePartialAsString() == second.SerializePartialAsString();
}

const std::vector<FilePtr>& BuiltInFiles() {
  // Leaked on purpose: gRPC's threads outlive exit().
  static const std::vector<FilePtr>* files = [] {
    auto storage = std::make_shared<const std::string>(
        reinterpret_cast<const char*>(kEmbeddedProtos), kEmbeddedProtosSize);
    auto* list = new std::vector<FilePtr>();
    for (std::string_view bytes : FindAllBytes(*storage, 1)) {
      auto file = std::make_shared<SchemaFile>(*MakeFile(storage, bytes, "built in"));
      file->built_in = true;
      list->push_back(std::move(file));
    }
    return list;
  }();
  return *files;
}

}  // namespace pygrpc::schema
