// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// A schema, or the part of it that some symbols need, in a form that other tools take.

#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "schema/inspector.h"
#include "schema/introspect.h"
#include "schema/proto_writer.h"
#include "schema/quiet.h"
#include "schema/schema_file.h"
#include "schema/wire_scan.h"

namespace pygrpc::schema {
namespace {

// The files that declare the symbols, and what they import, imports first.
std::vector<FilePtr> FilesOf(const Inspector& inspector, const std::vector<std::string>& symbols) {
  const Snapshot& schema = inspector.schema();
  std::vector<FilePtr> roots;
  roots.reserve(symbols.size());
  for (const std::string& symbol : symbols) {
    roots.push_back(schema.FindFile(FileOf(inspector.Find(symbol))->name()));
  }
  if (symbols.empty()) roots = schema.index().Files();
  struct Frame {
    FilePtr file;
    size_t next;
  };
  std::vector<FilePtr> files;
  std::unordered_set<std::string_view> seen;
  for (const FilePtr& root : roots) {
    if (!seen.insert(root->name).second) continue;
    std::vector<Frame> stack = {{root, 0}};
    while (!stack.empty()) {
      Frame& top = stack.back();
      if (top.next == top.file->imports.size()) {
        files.push_back(top.file);
        stack.pop_back();
        continue;
      }
      FilePtr import = schema.FindFile(top.file->imports[top.next++]);
      if (import != nullptr && seen.insert(import->name).second) stack.push_back({import, 0});
    }
  }
  return files;
}

// Whether each import is there, under the name by which it is imported.
bool HasPlainImports(const Snapshot& schema, const SchemaFile& file) {
  for (std::string_view name : file.imports) {
    FilePtr import = schema.FindFile(name);
    if (import == nullptr || import->name != name) return false;
  }
  return true;
}

}  // namespace

std::string ExportDescriptorSet(const Schema& schema, const std::vector<std::string>& symbols) {
  Quiet quiet;
  Inspector inspector(schema);
  std::string set;
  for (const FilePtr& file : FilesOf(inspector, symbols)) {
    std::string changed;
    std::string_view bytes = file->bytes;
    if (!HasPlainImports(inspector.schema(), *file)) {
      google::protobuf::FileDescriptorProto proto;
      ParseFile(*file, &proto);
      RewriteImports(&proto, inspector.schema());
      bytes = changed = proto.SerializePartialAsString();
    }
    AppendBytes(google::protobuf::FileDescriptorSet::kFileFieldNumber, bytes, &set);
  }
  return set;
}

std::string ExportProtoText(const Schema& schema, const std::vector<std::string>& symbols) {
  Inspector inspector(schema);
  Json texts = Json::object();
  for (const FilePtr& file : FilesOf(inspector, symbols)) {
    // Reflection may bring any name, and whoever gets these writes files of them.
    if (!IsUsableFileName(file->name)) {
      throw Error(Code::kSchema, "the schema has a file named " + Quote(file->name) +
                                     ", which leads out of the directory that it is written to; "
                                     "export a descriptor set, or the symbols of other files");
    }
    // Builds what the writer looks names and options up in.
    inspector.schema().Build(*file);
    texts[std::string(file->name)] = ProtoWriter(&inspector, *file).File();
  }
  return Dump(texts);
}

}  // namespace pygrpc::schema
