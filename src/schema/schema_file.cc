// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/schema_file.h"

#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "schema/embedded_protos.h"
#include "schema/limits.h"
#include "schema/quiet.h"
#include "schema/wire_scan.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::FileDescriptorProto;

bool IsPrintable(std::string_view name) {
  if (name.empty() || name.size() > 4096) return false;
  if (FindInvalidUtf8(name) != std::string_view::npos) return false;
  return std::none_of(name.begin(), name.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
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
