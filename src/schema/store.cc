// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "schema/extend.h"
#include "schema/load_source.h"
#include "schema/proto_loader.h"
#include "schema/schema.h"
#include "schema/snapshot.h"
#include "schema/source_tree.h"

namespace pygrpc::schema {
namespace {

// What texts that wait for their imports may take.
constexpr size_t kMaxKeptTexts = 10'000;
constexpr size_t kMaxKeptBytes = size_t{256} << 20;

// What a server may give.
constexpr size_t kMaxReflectedFiles = 50'000;
constexpr size_t kMaxReflectedBytes = size_t{256} << 20;

using SnapshotPtr = std::shared_ptr<const Snapshot>;

}  // namespace

// Loads come one after the other; reading the current schema never waits for one.
class SchemaStore::Impl {
 public:
  SnapshotPtr current() const {
    std::lock_guard<std::mutex> lock(current_mutex_);
    return current_;
  }

  void Load(std::string_view source, const LoadOptions& options) {
    std::lock_guard<std::mutex> lock(load_mutex_);
    Change([&] { return LoadSource(current(), owns_pool_, source, options, kept_texts_); });
  }

  void LoadDescriptorSet(std::string_view bytes) {
    std::lock_guard<std::mutex> lock(load_mutex_);
    Change([&] { return LoadSet(*current(), owns_pool_, bytes, "descriptor set"); });
  }

  void LoadProto(std::string_view filename, std::string_view text, const LoadOptions& options) {
    std::lock_guard<std::mutex> lock(load_mutex_);
    std::string name(filename);
    if (!IsUsableFileName(filename)) {
      throw Error(Code::kSchema, "bad file name " + Quote(filename) +
                                     ": a relative path without \"..\" is needed");
    }
    SourceTree tree(options.proto_path);
    ProtoLoader loader(current(), owns_pool_, tree, kept_texts_);
    loader.Add(name, ParseProto(text, name), "");
    SnapshotPtr schema;
    try {
      schema = loader.Load();
    } catch (Error& error) {
      PoolMayHoldMore();
      if (loader.lacks_only_imports()) {
        Keep(name, text, loader.missing_imports());
        error.message += "; " + Quote(name, 500) + " is kept and joins when that import is loaded";
      }
      throw;
    }
    Texts left = kept_texts_;
    for (const std::string& used : loader.used_texts()) left.erase(used);
    Publish(std::move(schema), std::move(left));
  }

  void LoadFiles(const std::vector<std::string>& serialized_files, std::string_view origin) {
    std::lock_guard<std::mutex> lock(load_mutex_);
    std::vector<FilePtr> files;
    size_t size = 0;
    for (const std::string& bytes : serialized_files) size += bytes.size();
    if (serialized_files.size() > kMaxReflectedFiles || size > kMaxReflectedBytes) {
      throw Error(Code::kSchema, std::string(origin) + ": more than " +
                                     std::to_string(kMaxReflectedFiles) + " files or " +
                                     std::to_string(kMaxReflectedBytes >> 20) +
                                     " MiB of descriptors");
    }
    for (const std::string& bytes : serialized_files) {
      auto storage = std::make_shared<const std::string>(bytes);
      files.push_back(MakeFile(storage, *storage, std::string(origin), true));
    }
    Change([&] { return Extend(*current(), files, owns_pool_); });
  }

  void LoadSchema(const std::shared_ptr<const Schema>& other) {
    auto schema = std::dynamic_pointer_cast<const Snapshot>(other);
    if (schema == nullptr) throw Error(Code::kInternal, "a schema of a foreign kind");
    std::lock_guard<std::mutex> lock(load_mutex_);
    if (current()->index().layers().empty() && kept_texts_.empty()) {
      std::lock_guard<std::mutex> current_lock(current_mutex_);
      current_ = std::move(schema);
      owns_pool_ = false;  // the other store goes on building in it
      return;
    }
    Change([&] { return Extend(*current(), schema->index().Files(), owns_pool_); });
  }

 private:
  using Texts = ProtoLoader::Texts;

  template <typename Make>
  void Change(Make make) {
    SnapshotPtr schema;
    try {
      schema = make();
    } catch (...) {
      PoolMayHoldMore();
      throw;
    }
    Publish(std::move(schema), kept_texts_);
  }

  // After a failure the pool may hold files that never became part of the schema.
  void PoolMayHoldMore() { owns_pool_ = false; }

  void Keep(const std::string& name, std::string_view text, std::vector<std::string> missing) {
    size_t bytes = text.size();
    for (const auto& [kept_name, kept] : kept_texts_) bytes += kept.size();
    if (kept_texts_.size() >= kMaxKeptTexts || bytes > kMaxKeptBytes) {
      throw Error(Code::kSchema, "too many .proto texts wait for their imports");
    }
    kept_texts_[name] = text;
    waits_for_[name] = std::move(missing);
  }

  // Makes `schema`, and all kept texts whose imports it brings, the current one.
  void Publish(SnapshotPtr schema, Texts texts) {
    bool owns_pool = owns_pool_ || schema->pool() != current()->pool();
    try {
      schema = Join(std::move(schema), owns_pool, &texts);
    } catch (Error& error) {
      PoolMayHoldMore();
      throw;
    }
    {
      std::lock_guard<std::mutex> lock(schema->pool()->mutex());
      schema->pool()->ForgetFailures();
    }
    kept_texts_ = std::move(texts);
    for (auto it = waits_for_.begin(); it != waits_for_.end();) {
      it = kept_texts_.count(it->first) > 0 ? std::next(it) : waits_for_.erase(it);
    }
    owns_pool_ = owns_pool;
    std::lock_guard<std::mutex> lock(current_mutex_);
    current_ = std::move(schema);
  }

  // The kept texts of which `schema`, together with others of them, has all imports.
  Texts ReadyTexts(const Snapshot& schema, const Texts& texts) const {
    std::map<std::string, std::vector<std::string>> importers;
    std::vector<std::string> not_ready;
    for (const auto& [name, text] : texts) {
      for (const std::string& import : waits_for_.at(name)) {
        if (schema.FindFile(import) != nullptr) continue;
        if (texts.count(import) > 0) {
          importers[import].push_back(name);
        } else {
          not_ready.push_back(name);
        }
      }
    }
    Texts ready = texts;
    while (!not_ready.empty()) {
      std::string name = std::move(not_ready.back());
      not_ready.pop_back();
      if (ready.erase(name) == 0) continue;
      for (const std::string& importer : importers[name]) not_ready.push_back(importer);
    }
    return ready;
  }

  SnapshotPtr Join(SnapshotPtr schema, bool owns_pool, Texts* texts) {
    Texts ready = ReadyTexts(*schema, *texts);
    if (ready.empty()) return schema;
    SourceTree tree({});
    ProtoLoader loader(schema, owns_pool, tree, ready);
    for (const auto& [name, text] : ready) loader.Add(name, ParseProto(text, name), "");
    try {
      schema = loader.Load();
    } catch (Error& error) {
      if (loader.lacks_only_imports()) return schema;  // of a file on disk: they go on waiting
      for (const auto& [name, text] : ready) kept_texts_.erase(name);
      error.message += " (a text kept from an earlier load, dropped now)";
      throw;
    }
    for (const auto& [name, text] : ready) texts->erase(name);
    return schema;
  }

  mutable std::mutex current_mutex_;
  std::mutex load_mutex_;
  SnapshotPtr current_ = std::make_shared<const Snapshot>(Index(), std::make_shared<Pool>());
  bool owns_pool_ = true;  // no other store builds in the pool, and nothing else is in it
  Texts kept_texts_;       // from memory, waiting for their imports
  std::map<std::string, std::vector<std::string>> waits_for_;  // by the name of a kept text
};

SchemaStore::SchemaStore() : impl_(std::make_unique<Impl>()) {}
SchemaStore::~SchemaStore() = default;

std::shared_ptr<const Schema> SchemaStore::current() const { return impl_->current(); }

void SchemaStore::Load(std::string_view source, const LoadOptions& options) {
  impl_->Load(source, options);
}

void SchemaStore::LoadDescriptorSet(std::string_view bytes) { impl_->LoadDescriptorSet(bytes); }

void SchemaStore::LoadProto(std::string_view filename, std::string_view text,
                            const LoadOptions& options) {
  impl_->LoadProto(filename, text, options);
}

void SchemaStore::LoadFiles(const std::vector<std::string>& serialized_files,
                            std::string_view origin) {
  impl_->LoadFiles(serialized_files, origin);
}

void SchemaStore::LoadSchema(const std::shared_ptr<const Schema>& other) {
  impl_->LoadSchema(other);
}

}  // namespace pygrpc::schema
