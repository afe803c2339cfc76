// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/snapshot.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "schema/wire_scan.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

// Bounds on the work that an unknown name costs, and on what is remembered of known ones.
constexpr size_t kMaxNearNamesLookedAt = 5000;
constexpr size_t kMaxCachedNames = 65536;

// Whether `full_name` is `name` or ends with it at a dot.
bool EndsWithName(std::string_view full_name, std::string_view name) {
  if (full_name.size() < name.size()) return false;
  size_t start = full_name.size() - name.size();
  return full_name.substr(start) == name && (start == 0 || full_name[start - 1] == '.');
}

std::string DidYouMean(const std::vector<std::string>& names) {
  return names.empty() ? "" : "; did you mean " + JoinAlternatives(names) + "?";
}

// Known names that resemble `wanted`, as full names: looks at the keys, which are short. Only those
// that begin with `scope`.
template <typename Map, typename FullName>
void AddNear(std::string_view wanted, const Map& map, FullName full_name, std::string_view scope,
             std::vector<std::string>* near) {
  std::vector<std::string> known;
  for (const auto& [name, entries] : map) {
    if (known.size() == kMaxNearNamesLookedAt) break;
    known.emplace_back(name);
  }
  std::sort(known.begin(), known.end());
  for (const std::string& name : NearNames(wanted, known)) {
    for (const auto& entry : map.find(name)->second) {
      if (near->size() == 3) return;
      std::string full = full_name(entry);
      if (full.compare(0, scope.size(), scope) != 0) continue;
      if (std::find(near->begin(), near->end(), full) == near->end()) near->push_back(full);
    }
  }
}

Error AmbiguousError(const char* what, std::string_view name,
                     const std::set<std::string>& candidates) {
  Error error(Code::kAmbiguous, "");
  error.candidates.assign(candidates.begin(), candidates.end());
  std::vector<std::string> shown = error.candidates;
  std::string more;
  if (shown.size() > 5) {
    more = " (and " + std::to_string(shown.size() - 5) + " more)";
    shown.resize(5);
  }
  error.message = std::string(what) + " " + Quote(name) + " is ambiguous; it may mean " +
                  JoinAlternatives(shown) + more;
  return error;
}

constexpr char kNothingLoaded[] =
    "; no schema is loaded yet: load a .proto file, a descriptor set or the server's reflection";

}  // namespace

MethodNameParts SplitMethodName(std::string_view name) {
  if (!name.empty() && name.front() == '/') name.remove_prefix(1);
  size_t split = name.rfind('/');
  if (split == std::string_view::npos) split = name.rfind('.');
  if (split == std::string_view::npos) return {{}, name};
  std::string_view service = name.substr(0, split);
  if (!service.empty() && service.front() == '.') service.remove_prefix(1);
  return {service, name.substr(split + 1)};
}

const IndexLayer& BuiltInLayer() {
  // Leaked on purpose: gRPC's threads outlive exit().
  static const auto* layer = new IndexLayer(BuiltInFiles(), {});
  return *layer;
}

Snapshot::Snapshot(Index index, std::shared_ptr<Pool> pool, std::string note)
    : index_(std::move(index)), pool_(std::move(pool)), note_(std::move(note)) {
  empty_ = true;
  for (const auto& layer : index_.layers()) {
    for (const FilePtr& file : layer->files()) empty_ = empty_ && file->built_in;
  }
}

FilePtr Snapshot::FindFile(std::string_view name) const {
  if (FilePtr file = index_.FindFile(name)) return file;
  return BuiltInLayer().FindFile(name);
}

FilePtr Snapshot::FindFileOfType(std::string_view full_name) const {
  const Symbol* symbol = FindSymbol(full_name);
  return symbol == nullptr ? nullptr : symbol->file->shared_from_this();
}

const FileDescriptor* Snapshot::Build(const SchemaFile& file) const {
  std::lock_guard<std::mutex> lock(pool_->mutex());
  return pool_->Build(file.shared_from_this(), *this);
}

std::shared_ptr<const ProtoSource> Snapshot::SourceOf(const SchemaFile& file) const {
  {
    std::lock_guard<std::mutex> lock(source_mutex_);
    if (source_file_.get() == &file) return source_;
  }
  auto source = std::make_shared<ProtoSource>();
  ParseFile(file, &source->proto);
  RewriteImports(&source->proto, *this);
  for (const auto& location : source->proto.source_code_info().location()) {
    source->locations.emplace(std::vector<int>(location.path().begin(), location.path().end()),
                              &location);
  }
  std::lock_guard<std::mutex> lock(source_mutex_);
  source_file_ = file.shared_from_this();
  source_ = source;
  return source;
}

bool Snapshot::IsUsableBuiltIn(const SchemaFile& file) const {
  for (const auto& [name, symbol] : BuiltInLayer().symbols()) {
    if (symbol.file != &file) continue;
    const Symbol* loaded = index_.FindSymbol(name);
    if (loaded != nullptr && loaded->file->name != file.name) return false;
  }
  return std::all_of(file.imports.begin(), file.imports.end(), [this](std::string_view name) {
    FilePtr import = FindFile(name);
    return !import->built_in || IsUsableBuiltIn(*import);
  });
}

const Symbol* Snapshot::FindSymbol(std::string_view full_name) const {
  if (const Symbol* symbol = index_.FindEnclosingSymbol(full_name)) return symbol;
  for (std::string_view name = full_name; !name.empty();) {
    const Symbol* symbol = BuiltInLayer().FindSymbol(name);
    if (symbol != nullptr) {
      // A loaded file of that name replaces the built-in one, with all its symbols.
      if (index_.FindFile(symbol->file->name) != nullptr) return nullptr;
      return IsUsableBuiltIn(*symbol->file) ? symbol : nullptr;
    }
    size_t dot = name.rfind('.');
    name = dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
  }
  return nullptr;
}

const Descriptor* Snapshot::FindMessage(std::string_view full_name) const {
  std::string key(full_name);
  {
    std::shared_lock<std::shared_mutex> lock(cache_mutex_);
    auto found = messages_.find(key);
    if (found != messages_.end()) return found->second;
  }
  const Symbol* symbol = FindSymbol(full_name);
  if (symbol == nullptr || symbol->kind != SymbolKind::kMessage) return nullptr;
  Build(*symbol->file);
  const Descriptor* message = nullptr;
  {
    std::lock_guard<std::mutex> lock(pool_->mutex());
    message = pool_->descriptors().FindMessageTypeByName(key);
  }
  if (message == nullptr) return nullptr;
  std::unique_lock<std::shared_mutex> lock(cache_mutex_);
  if (messages_.size() < kMaxCachedNames) messages_.emplace(std::move(key), message);
  return message;
}

std::vector<TypeName> Snapshot::TypesNamed(std::string_view name,
                                           const IndexLayer::TypeNames& (IndexLayer::*names)()
                                               const) const {
  std::vector<TypeName> types;
  for (const auto& layer : index_.layers()) {
    const auto& map = (layer.get()->*names)();
    auto found = map.find(LastComponent(name));
    if (found == map.end()) continue;
    for (const TypeName& type : found->second) {
      if (EndsWithName(type.full_name, name)) types.push_back(type);
    }
  }
  return types;
}

std::optional<bool> Snapshot::IsEnum(std::string_view full_name) const {
  const Symbol* symbol = FindSymbol(full_name);
  if (symbol == nullptr) return std::nullopt;
  std::string_view rest = full_name;
  if (!symbol->file->package.empty()) rest.remove_prefix(symbol->file->package.size() + 1);
  FileOutline outline;
  ScanFile(symbol->file->bytes, &outline);
  auto find = [](const std::vector<std::string_view>& list, std::string_view name) {
    return std::find_if(list.begin(), list.end(),
                        [name](std::string_view entry) { return NameOf(entry) == name; });
  };
  std::vector<std::string_view> messages = outline.messages;
  std::vector<std::string_view> enums = outline.enums;
  for (;;) {
    size_t dot = rest.find('.');
    std::string_view name = rest.substr(0, dot);
    if (dot == std::string_view::npos && find(enums, name) != enums.end()) return true;
    auto message = find(messages, name);
    if (message == messages.end()) return std::nullopt;
    if (dot == std::string_view::npos) return false;
    rest.remove_prefix(dot + 1);
    enums = FindAllBytes(*message, 4);
    messages = FindAllBytes(*message, 3);
  }
}

std::vector<std::string> Snapshot::TypesEndingWith(std::string_view name) const {
  std::set<std::string> names;
  for (auto kind : {&IndexLayer::messages, &IndexLayer::services, &IndexLayer::enums}) {
    for (const TypeName& type : TypesNamed(name, kind)) names.emplace(type.full_name);
  }
  return {names.begin(), names.end()};
}

const Descriptor* Snapshot::Message(std::string_view name) const {
  std::string_view bare = name;
  if (!bare.empty() && bare.front() == '.') bare.remove_prefix(1);
  if (const Descriptor* message = FindMessage(bare)) return message;
  std::set<std::string> candidates;
  for (const TypeName& type : TypesNamed(bare, &IndexLayer::messages)) {
    candidates.emplace(type.full_name);
  }
  if (candidates.size() > 1 && bare == name) {
    throw AmbiguousError("message", name, candidates);
  }
  if (candidates.size() == 1 && bare == name) {
    if (const Descriptor* message = FindMessage(*candidates.begin())) return message;
  }
  ThrowNoMessage(bare);
}

void Snapshot::ThrowNoMessage(std::string_view name) const {
  Error error(Code::kNotFound, "no message " + Quote(name) + " in the loaded schema");
  const Symbol* symbol = index_.FindSymbol(name);
  if (symbol != nullptr && symbol->kind != SymbolKind::kMessage) {
    error.message = Quote(name) + " is no message but a name of kind " +
                    SymbolKindName(symbol->kind) + " in " + Quote(symbol->file->name);
    throw error;
  }
  std::string_view wanted = LastComponent(name);
  // Those beside what was meant come first.
  for (std::string_view scope : {name.substr(0, name.size() - wanted.size()), name.substr(0, 0)}) {
    for (const auto& layer : index_.layers()) {
      AddNear(
          wanted, layer->messages(),
          [](const TypeName& type) { return std::string(type.full_name); }, scope,
          &error.near_names);
    }
  }
  error.message += (empty_ ? kNothingLoaded : DidYouMean(error.near_names)) + note_;
  throw error;
}

const MethodDescriptor* Snapshot::MethodOf(std::string_view service,
                                           std::string_view method) const {
  const Symbol* symbol = FindSymbol(service);
  if (symbol == nullptr || symbol->kind != SymbolKind::kService) return nullptr;
  Build(*symbol->file);
  std::lock_guard<std::mutex> lock(pool_->mutex());
  const ServiceDescriptor* descriptor =
      pool_->descriptors().FindServiceByName(std::string(service));
  return descriptor == nullptr ? nullptr : descriptor->FindMethodByName(std::string(method));
}

const MethodDescriptor* Snapshot::Method(std::string_view name) const {
  std::string key(name);
  {
    std::shared_lock<std::shared_mutex> lock(cache_mutex_);
    auto found = methods_.find(key);
    if (found != methods_.end()) return found->second;
  }
  const MethodDescriptor* method = ResolveMethod(name);
  std::unique_lock<std::shared_mutex> lock(cache_mutex_);
  if (methods_.size() < kMaxCachedNames) methods_.emplace(std::move(key), method);
  return method;
}

const MethodDescriptor* Snapshot::ResolveMethod(std::string_view name) const {
  MethodNameParts split = SplitMethodName(name);
  if (!split.service.empty()) {
    if (const MethodDescriptor* method = MethodOf(split.service, split.method)) return method;
  }
  // Not a full name: whatever service has such a method and a name that ends so. A leading slash
  // is a full path and means just that.
  std::set<std::string> candidates;
  const MethodName* match = nullptr;
  bool is_path = !name.empty() && name.front() == '/';
  for (const auto& layer : index_.layers()) {
    auto found = layer->methods().find(split.method);
    if (is_path || found == layer->methods().end()) continue;
    for (const MethodName& method : found->second) {
      if (!split.service.empty() && !EndsWithName(method.service, split.service)) continue;
      match = &method;
      candidates.insert(method.FullName());
    }
  }
  if (candidates.size() > 1) throw AmbiguousError("method", name, candidates);
  if (match != nullptr) {
    if (const MethodDescriptor* method = MethodOf(match->service, match->method)) return method;
  }
  ThrowNoMethod(name, split.service, split.method);
}

void Snapshot::ThrowNoMethod(std::string_view name, std::string_view service,
                             std::string_view method) const {
  Error error(Code::kNotFound, "no method " + Quote(name) + " in the loaded schema");
  std::vector<std::string>& near = error.near_names;
  // The service exists: one of its methods is meant.
  for (const TypeName& type : TypesNamed(service, &IndexLayer::services)) {
    if (near.size() >= 3) break;
    std::vector<std::string> known;
    for (std::string_view raw : FindAllBytes(type.file->bytes, 6)) {
      if (NameOf(raw) != LastComponent(type.full_name)) continue;
      for (std::string_view raw_method : FindAllBytes(raw, 2)) {
        if (known.size() < kMaxNearNamesLookedAt) known.emplace_back(NameOf(raw_method));
      }
    }
    for (const std::string& near_method : NearNames(method, known)) {
      if (near.size() < 3) near.push_back(std::string(type.full_name) + "/" + near_method);
    }
  }
  // The method exists, or a similar one, in some other service.
  auto full_name = [](const MethodName& candidate) { return candidate.FullName(); };
  for (const auto& layer : index_.layers()) {
    if (!near.empty()) break;
    auto same = layer->methods().find(method);
    if (same != layer->methods().end()) {
      for (const MethodName& candidate : same->second) {
        if (near.size() < 3) near.push_back(full_name(candidate));
      }
    }
  }
  for (const auto& layer : index_.layers()) {
    if (near.empty()) AddNear(method, layer->methods(), full_name, "", &near);
  }
  error.message += (empty_ ? kNothingLoaded : DidYouMean(near)) + note_;
  throw error;
}

std::vector<const FieldDescriptor*> Snapshot::Extensions(const Descriptor* extendee) const {
  std::vector<const FieldDescriptor*> extensions;
  if (extendee->extension_range_count() == 0) return extensions;
  for (const auto& layer : index_.layers()) {
    auto found = layer->extensions().find(extendee->name());
    if (found == layer->extensions().end()) continue;
    for (const SchemaFile* file : found->second) {
      try {
        Build(*file);
      } catch (const Error&) {
        // A file that cannot be built is reported when something in it is asked for by name.
      }
    }
  }
  {
    std::lock_guard<std::mutex> lock(pool_->mutex());
    pool_->descriptors().FindAllExtensions(extendee, &extensions);
  }
  // The pool may know more already than this schema.
  auto unknown = [this](const FieldDescriptor* field) {
    return index_.FindFile(field->file()->name()) == nullptr;
  };
  extensions.erase(std::remove_if(extensions.begin(), extensions.end(), unknown), extensions.end());
  std::sort(extensions.begin(), extensions.end(),
            [](const auto* a, const auto* b) { return a->number() < b->number(); });
  return extensions;
}

void RewriteImports(google::protobuf::FileDescriptorProto* proto, const Snapshot& schema) {
  RewriteImports(proto, [&](const std::string& name) -> std::optional<std::string> {
    FilePtr import = schema.FindFile(name);
    if (import == nullptr) return std::nullopt;
    return std::string(import->name);
  });
}

}  // namespace pygrpc::schema
