// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_INDEX_H_
#define PYGRPC_SCHEMA_INDEX_H_

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "schema/schema_file.h"

namespace pygrpc::schema {

enum class SymbolKind { kMessage, kEnum, kEnumValue, kService, kExtension };
const char* SymbolKindName(SymbolKind kind);

// A name at the top level of a file. What is nested needs no entry: its file is its parent's.
struct Symbol {
  const SchemaFile* file;
  SymbolKind kind;
};

struct MethodName {
  const SchemaFile* file;
  std::string_view service;  // full name
  std::string_view method;

  std::string FullName() const { return std::string(service) + "/" + std::string(method); }
};

struct TypeName {
  const SchemaFile* file;
  std::string_view full_name;
};

// The names of the files that one load added, read from their serialized form. Immutable.
class IndexLayer {
 public:
  // A symbol that two files declare.
  struct Conflict {
    std::string symbol;
    const SchemaFile* first;
    const SchemaFile* second;
  };
  // Further names of files: the same content is known under both.
  using Aliases = std::vector<std::pair<std::string, FilePtr>>;

  // A later file of the same name hides an earlier one.
  IndexLayer(std::vector<FilePtr> files, Aliases aliases);

  const std::vector<FilePtr>& files() const { return files_; }
  const Aliases& aliases() const { return aliases_; }
  const std::vector<Conflict>& conflicts() const { return conflicts_; }
  const std::unordered_map<std::string_view, Symbol>& symbols() const { return symbols_; }
  const std::unordered_set<std::string_view>& packages() const { return packages_; }

  FilePtr FindFile(std::string_view name) const;
  const Symbol* FindSymbol(std::string_view full_name) const;

  using MethodNames = std::unordered_map<std::string_view, std::vector<MethodName>>;
  using TypeNames = std::unordered_map<std::string_view, std::vector<TypeName>>;
  // Made when first asked for. By unqualified name; without the built-in files.
  const MethodNames& methods() const;
  const TypeNames& services() const;
  const TypeNames& messages() const;  // nested ones too
  const TypeNames& enums() const;     // nested ones too
  // Files that extend a message of that unqualified name.
  const std::unordered_map<std::string_view, std::vector<const SchemaFile*>>& extensions() const;

 private:
  void AddFile(const SchemaFile* file);
  void AddSymbol(const SchemaFile* file, std::string_view name, SymbolKind kind);
  std::string_view Join(std::string_view scope, std::string_view name) const;
  void ScanServices() const;
  void ScanMessages() const;
  void ScanMessage(const SchemaFile* file, std::string_view scope, std::string_view message,
                   int depth) const;
  void AddEnums(const SchemaFile* file, std::string_view scope,
                const std::vector<std::string_view>& types) const;
  void AddExtensions(const SchemaFile* file, const std::vector<std::string_view>& fields) const;

  std::vector<FilePtr> files_;
  Aliases aliases_;
  std::vector<Conflict> conflicts_;
  std::unordered_map<std::string_view, FilePtr> by_name_;
  std::unordered_map<std::string_view, Symbol> symbols_;
  std::unordered_set<std::string_view> packages_;

  size_t max_joined_bytes_ = 0;
  mutable size_t joined_bytes_ = 0;
  mutable std::deque<std::string> blocks_;  // where the joined names live
  mutable std::once_flag services_once_;
  mutable std::once_flag messages_once_;
  mutable std::mutex join_mutex_;
  mutable MethodNames methods_;
  mutable TypeNames services_;
  mutable TypeNames messages_;
  mutable TypeNames enums_;
  mutable std::unordered_map<std::string_view, std::vector<const SchemaFile*>> extensions_;
};

// All layers of a schema. Cheap to copy; a few layers only, since small ones are merged.
class Index {
 public:
  void Add(std::shared_ptr<const IndexLayer> layer);

  const std::vector<std::shared_ptr<const IndexLayer>>& layers() const { return layers_; }
  FilePtr FindFile(std::string_view name) const;
  const Symbol* FindSymbol(std::string_view full_name) const;
  // The symbol itself or the one that it is nested in.
  const Symbol* FindEnclosingSymbol(std::string_view full_name) const;
  bool IsPackage(std::string_view name) const;
  // All files, oldest first, without those that a later one of the same name hides.
  std::vector<FilePtr> Files() const;

 private:
  std::vector<std::shared_ptr<const IndexLayer>> layers_;
};

// The part behind the last dot.
inline std::string_view LastComponent(std::string_view name) {
  return name.substr(name.rfind('.') + 1);
}

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_INDEX_H_
