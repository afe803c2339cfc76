// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/index.h"

#include <algorithm>

#include "base/error.h"
#include "schema/wire_scan.h"

namespace pygrpc::schema {
namespace {

// Deeper messages cannot be built: protobuf's parser refuses them.
constexpr int kMaxMessageDepth = 100;
constexpr size_t kBlockSize = 64 * 1024;

// What joined names may take.
constexpr size_t kNameBytes = size_t{64} << 20;
constexpr size_t kNameBytesPerByte = 16;

}  // namespace

const char* SymbolKindName(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::kMessage:
      return "message";
    case SymbolKind::kEnum:
      return "enum";
    case SymbolKind::kEnumValue:
      return "enum value";
    case SymbolKind::kService:
      return "service";
    case SymbolKind::kExtension:
      return "extension";
  }
  return "symbol";
}

IndexLayer::IndexLayer(std::vector<FilePtr> files, Aliases aliases)
    : files_(std::move(files)), aliases_(std::move(aliases)) {
  for (const FilePtr& file : files_) max_joined_bytes_ += file->bytes.size();
  max_joined_bytes_ = kNameBytes + kNameBytesPerByte * max_joined_bytes_;
  by_name_.reserve(files_.size() + aliases_.size());
  for (const FilePtr& file : files_) by_name_[file->name] = file;
  for (const auto& [name, file] : aliases_) by_name_.emplace(name, file);
  for (const FilePtr& file : files_) AddFile(file.get());
}

std::string_view IndexLayer::Join(std::string_view scope, std::string_view name) const {
  if (scope.empty()) return name;
  size_t size = scope.size() + 1 + name.size();
  std::lock_guard<std::mutex> lock(join_mutex_);
  joined_bytes_ += size;
  if (joined_bytes_ > max_joined_bytes_) {
    throw Error(Code::kSchema,
                "the names of this schema take too much memory: a long name is "
                "repeated in all that it encloses");
  }
  if (blocks_.empty() || blocks_.back().capacity() - blocks_.back().size() < size) {
    blocks_.emplace_back().reserve(std::max(size, kBlockSize));
  }
  std::string& block = blocks_.back();
  size_t start = block.size();
  block.append(scope).append(1, '.').append(name);
  return std::string_view(block).substr(start);
}

void IndexLayer::AddSymbol(const SchemaFile* file, std::string_view name, SymbolKind kind) {
  auto [it, added] = symbols_.emplace(Join(file->package, name), Symbol{file, kind});
  if (added || it->second.file == file) return;
  if (it->second.file->name == file->name) {
    it->second = Symbol{file, kind};
    return;
  }
  conflicts_.push_back({std::string(it->first), it->second.file, file});
}

void IndexLayer::AddFile(const SchemaFile* file) {
  for (std::string_view scope = file->package; !scope.empty();) {
    if (!packages_.insert(scope).second) break;
    size_t dot = scope.rfind('.');
    scope = dot == std::string_view::npos ? std::string_view() : scope.substr(0, dot);
  }
  FileOutline outline;
  ScanFile(file->bytes, &outline);
  for (std::string_view message : outline.messages) {
    AddSymbol(file, NameOf(message), SymbolKind::kMessage);
  }
  for (std::string_view type : outline.enums) {
    AddSymbol(file, NameOf(type), SymbolKind::kEnum);
    // The values of an enum belong to the scope around it, as in C++.
    for (std::string_view value : FindAllBytes(type, 2)) {
      AddSymbol(file, NameOf(value), SymbolKind::kEnumValue);
    }
  }
  for (std::string_view service : outline.services) {
    AddSymbol(file, NameOf(service), SymbolKind::kService);
  }
  for (std::string_view field : outline.extensions) {
    AddSymbol(file, NameOf(field), SymbolKind::kExtension);
  }
}

FilePtr IndexLayer::FindFile(std::string_view name) const {
  auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

const Symbol* IndexLayer::FindSymbol(std::string_view full_name) const {
  auto found = symbols_.find(full_name);
  return found == symbols_.end() ? nullptr : &found->second;
}

void IndexLayer::ScanServices() const {
  for (const FilePtr& file : files_) {
    if (file->built_in) continue;
    for (std::string_view service : FindAllBytes(file->bytes, 6)) {
      std::string_view name = NameOf(service);
      std::string_view full_name = Join(file->package, name);
      services_[name].push_back({file.get(), full_name});
      for (std::string_view method : FindAllBytes(service, 2)) {
        std::string_view method_name = NameOf(method);
        methods_[method_name].push_back({file.get(), full_name, method_name});
      }
    }
  }
}

void IndexLayer::AddExtensions(const SchemaFile* file,
                               const std::vector<std::string_view>& fields) const {
  for (std::string_view field : fields) {
    auto& files = extensions_[LastComponent(FindBytes(field, 2))];
    if (files.empty() || files.back() != file) files.push_back(file);
  }
}

void IndexLayer::AddEnums(const SchemaFile* file, std::string_view scope,
                          const std::vector<std::string_view>& types) const {
  for (std::string_view type : types) {
    std::string_view name = NameOf(type);
    if (!file->built_in) enums_[name].push_back({file, Join(scope, name)});
  }
}

void IndexLayer::ScanMessage(const SchemaFile* file, std::string_view scope,
                             std::string_view message, int depth) const {
  std::string_view name = NameOf(message);
  std::string_view full_name = Join(scope, name);
  if (!file->built_in) messages_[name].push_back({file, full_name});
  AddExtensions(file, FindAllBytes(message, 6));
  AddEnums(file, full_name, FindAllBytes(message, 4));
  if (depth == kMaxMessageDepth) return;
  for (std::string_view nested : FindAllBytes(message, 3)) {
    ScanMessage(file, full_name, nested, depth + 1);
  }
}

void IndexLayer::ScanMessages() const {
  for (const FilePtr& file : files_) {
    FileOutline outline;
    ScanFile(file->bytes, &outline);
    AddExtensions(file.get(), outline.extensions);
    AddEnums(file.get(), file->package, outline.enums);
    for (std::string_view message : outline.messages) {
      ScanMessage(file.get(), file->package, message, 0);
    }
  }
}

const IndexLayer::MethodNames& IndexLayer::methods() const {
  std::call_once(services_once_, [this] { ScanServices(); });
  return methods_;
}

const IndexLayer::TypeNames& IndexLayer::services() const {
  std::call_once(services_once_, [this] { ScanServices(); });
  return services_;
}

const IndexLayer::TypeNames& IndexLayer::messages() const {
  std::call_once(messages_once_, [this] { ScanMessages(); });
  return messages_;
}

const IndexLayer::TypeNames& IndexLayer::enums() const {
  std::call_once(messages_once_, [this] { ScanMessages(); });
  return enums_;
}

const std::unordered_map<std::string_view, std::vector<const SchemaFile*>>& IndexLayer::extensions()
    const {
  std::call_once(messages_once_, [this] { ScanMessages(); });
  return extensions_;
}

void Index::Add(std::shared_ptr<const IndexLayer> layer) {
  layers_.push_back(std::move(layer));
  // As many layers as the logarithm of the number of files: each is at least twice the next.
  while (layers_.size() > 1) {
    const IndexLayer& older = *layers_[layers_.size() - 2];
    const IndexLayer& newer = *layers_.back();
    if (older.files().size() >= 2 * newer.files().size()) break;
    std::vector<FilePtr> files;
    files.reserve(older.files().size() + newer.files().size());
    for (const FilePtr& file : older.files()) {
      if (newer.FindFile(file->name) == nullptr) files.push_back(file);
    }
    files.insert(files.end(), newer.files().begin(), newer.files().end());
    IndexLayer::Aliases aliases = older.aliases();
    aliases.insert(aliases.end(), newer.aliases().begin(), newer.aliases().end());
    auto merged = std::make_shared<const IndexLayer>(std::move(files), std::move(aliases));
    layers_.pop_back();
    layers_.back() = std::move(merged);
  }
}

FilePtr Index::FindFile(std::string_view name) const {
  for (size_t i = layers_.size(); i-- > 0;) {
    if (FilePtr file = layers_[i]->FindFile(name)) return file;
  }
  return nullptr;
}

const Symbol* Index::FindSymbol(std::string_view full_name) const {
  for (size_t i = layers_.size(); i-- > 0;) {
    if (const Symbol* symbol = layers_[i]->FindSymbol(full_name)) return symbol;
  }
  return nullptr;
}

const Symbol* Index::FindEnclosingSymbol(std::string_view full_name) const {
  while (!full_name.empty()) {
    if (const Symbol* symbol = FindSymbol(full_name)) return symbol;
    size_t dot = full_name.rfind('.');
    if (dot == std::string_view::npos) break;
    full_name = full_name.substr(0, dot);
  }
  return nullptr;
}

bool Index::IsPackage(std::string_view name) const {
  return std::any_of(layers_.begin(), layers_.end(),
                     [&](const auto& layer) { return layer->packages().count(name) > 0; });
}

std::vector<FilePtr> Index::Files() const {
  std::vector<FilePtr> files;
  for (size_t i = 0; i < layers_.size(); ++i) {
    for (const FilePtr& file : layers_[i]->files()) {
      bool hidden = false;
      for (size_t j = i + 1; j < layers_.size() && !hidden; ++j) {
        hidden = layers_[j]->FindFile(file->name) != nullptr;
      }
      if (!hidden) files.push_back(file);
    }
  }
  return files;
}

}  // namespace pygrpc::schema
