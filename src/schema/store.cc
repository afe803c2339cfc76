// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <set>
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
        Keep(name, text, {tree.named_directories(), loader.missing_imports()});
        error.message += "; " + Quote(name, 500) + " is kept and joins when that import is loaded";
      }
      throw;
    }
    dropped_.erase(name);
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
      schema = WithNote(schema, Note(*schema));
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

  // What is known of a kept text.
  struct Wait {
    std::vector<std::string> proto_path;
    std::vector<std::string> imports;  // that are missing
  };

  void Keep(const std::string& name, std::string_view text, Wait wait) {
    size_t bytes = text.size();
    for (const auto& [kept_name, kept] : kept_texts_) bytes += kept.size();
    if (kept_texts_.size() >= kMaxKeptTexts || bytes > kMaxKeptBytes) {
      throw Error(Code::kSchema, "too many .proto texts wait for their imports");
    }
    kept_texts_[name] = text;
    waits_[name] = std::move(wait);
    dropped_.erase(name);
    SetCurrent(current());
  }

  // Texts that are not there, for the errors of names that are not found.
  std::string Note(const Snapshot& schema) const {
    constexpr size_t kMaxShown = 3;
    std::string note;
    size_t shown = 0;
    for (const auto& [name, wait] : waits_) {
      if (++shown > kMaxShown) break;
      auto missing =
          std::find_if(wait.imports.begin(), wait.imports.end(),
                       [&](const auto& import) { return schema.FindFile(import) == nullptr; });
      if (missing == wait.imports.end()) missing = wait.imports.begin();
      note += "; " + Quote(name, 500) + " waits for its import " + Quote(*missing, 500);
    }
    for (const auto& [name, reason] : dropped_) {
      if (++shown > kMaxShown) break;
      note += "; " + Quote(name, 500) + ", which waited for its imports, was dropped: " + reason;
    }
    return note;
  }

  static SnapshotPtr WithNote(SnapshotPtr schema, std::string note) {
    if (schema->note() == note) return schema;
    return std::make_shared<const Snapshot>(schema->index(), schema->pool(), std::move(note));
  }

  void SetCurrent(SnapshotPtr schema) {
    std::string note = Note(*schema);
    schema = WithNote(std::move(schema), std::move(note));
    std::lock_guard<std::mutex> lock(current_mutex_);
    current_ = std::move(schema);
  }

  // Makes `schema`, and all kept texts whose imports it brings, the current one.
  void Publish(SnapshotPtr schema, Texts texts) {
    bool owns_pool = owns_pool_ || schema->pool() != current()->pool();
    try {
      schema = Join(std::move(schema), &owns_pool, &texts);
    } catch (...) {  // no memory
      PoolMayHoldMore();
      throw;
    }
    {
      std::lock_guard<std::mutex> lock(schema->pool()->mutex());
      schema->pool()->ForgetFailures();
    }
    kept_texts_ = std::move(texts);
    for (auto it = waits_.begin(); it != waits_.end();) {
      it = kept_texts_.count(it->first) > 0 ? std::next(it) : waits_.erase(it);
    }
    owns_pool_ = owns_pool;
    SetCurrent(std::move(schema));
  }

  // The kept texts of which `schema`, together with others of them, has all imports.
  Texts ReadyTexts(const Snapshot& schema, const Texts& texts) const {
    std::map<std::string, std::vector<std::string>> importers;
    std::vector<std::string> not_ready;
    for (const auto& [name, text] : texts) {
      for (const std::string& import : waits_.at(name).imports) {
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

  // Adds those of `texts` of which all imports are there now. This load is another one: a text that
  // turns out to be wrong is dropped, and does not keep the load from being published.
  SnapshotPtr Join(SnapshotPtr schema, bool* owns_pool, Texts* texts) {
    std::set<std::string> stuck;  // on an import of a file on disk, or of a dropped text
    bool one_by_one = false;
    for (;;) {
      Texts ready = ReadyTexts(*schema, *texts);
      for (const std::string& name : stuck) ready.erase(name);
      if (ready.empty()) return schema;
      const std::vector<std::string>& proto_path = waits_.at(ready.begin()->first).proto_path;
      SourceTree tree(proto_path);
      ProtoLoader loader(schema, *owns_pool, tree, ready);
      std::vector<std::string> group;
      for (const auto& [name, text] : ready) {
        if (!group.empty() && (one_by_one || waits_.at(name).proto_path != proto_path)) continue;
        loader.Add(name, ParseProto(text, name), "");
        group.push_back(name);
      }
      try {
        SnapshotPtr joined = loader.Load();
        *owns_pool = *owns_pool || joined->pool() != schema->pool();
        schema = std::move(joined);
        for (const std::string& used : loader.used_texts()) texts->erase(used);
      } catch (const Error& error) {
        *owns_pool = false;
        if (loader.lacks_only_imports() && group.size() == 1) {
          waits_.at(group.front()).imports = loader.missing_imports();
          stuck.insert(group.front());
        } else if (loader.lacks_only_imports() || !DropGuilty(error, ready, group, texts)) {
          one_by_one = true;
        }
      }
    }
  }

  // Drops those of the texts `ready` that an error names, or the only one that there is in `group`;
  // false if that is none.
  bool DropGuilty(const Error& error, const Texts& ready, const std::vector<std::string>& group,
                  Texts* texts) {
    bool any = false;
    auto drop = [&](const std::string& name, const std::string& reason) {
      any = true;
      if (texts->erase(name) > 0 && dropped_.size() < kMaxKeptTexts) dropped_[name] = reason;
    };
    for (const Error::Location& location : error.locations) {
      // Of a conflict, the first of both files.
      if (ready.count(location.file) == 0 || (location.line == 0 && any)) continue;
      if (location.text.compare(0, 18, "cannot find import") == 0) continue;
      drop(location.file, ErrorAt({location}).message);
    }
    if (!any && group.size() == 1) drop(group.front(), error.message);
    return any;
  }

  mutable std::mutex current_mutex_;
  std::mutex load_mutex_;
  SnapshotPtr current_ = std::make_shared<const Snapshot>(Index(), std::make_shared<Pool>());
  bool owns_pool_ = true;  // no other store builds in the pool, and nothing else is in it
  Texts kept_texts_;       // from memory, waiting for their imports
  std::map<std::string, Wait> waits_;           // by the name of a kept text
  std::map<std::string, std::string> dropped_;  // kept texts that were wrong, and why
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
