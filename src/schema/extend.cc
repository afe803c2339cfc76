// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/extend.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "schema/file_compare.h"

namespace pygrpc::schema {
namespace {

std::string Describe(const SchemaFile& file) { return Quote(file.name) + " (" + file.origin + ")"; }

// "from memory" is an origin, too.
std::string From(const SchemaFile& file) {
  return file.origin.compare(0, 5, "from ") == 0 ? file.origin : "from " + file.origin;
}

Error ConflictError(const std::string& message, const SchemaFile& first, const SchemaFile& second) {
  Error error(Code::kSchema, message);
  error.locations.push_back({std::string(second.name), 0, 0, message});
  error.locations.push_back({std::string(first.name), 0, 0, message});
  return error;
}

class Extension {
 public:
  Extension(const Snapshot& base, const std::vector<FilePtr>& files, bool may_share_pool)
      : base_(base), given_(files) {
    std::lock_guard<std::mutex> lock(base.pool()->mutex());
    fresh_pool_ = !may_share_pool || base.pool()->is_fresh();
  }

  void AddFiles() {
    for (const FilePtr& file : given_) AddFile(file);
    // Grows while it is walked: what is imported may import in turn.
    for (size_t i = 0; i < files_.size(); ++i) AddBuiltInImports(files_[i].get());
    if (!missing_.empty()) ThrowMissing();
  }

  // Makes the layer; files that repeat another one under a second name become its aliases.
  void MakeLayer() {
    for (;;) {
      layer_ = std::make_shared<const IndexLayer>(files_, aliases_);
      std::unordered_map<const SchemaFile*, const SchemaFile*> repeated = FindRepeated();
      if (repeated.empty()) break;
      std::vector<FilePtr> kept;
      for (const FilePtr& file : files_) {
        auto found = repeated.find(file.get());
        if (found == repeated.end()) {
          kept.push_back(file);
        } else {
          const SchemaFile* target = found->second;
          while (repeated.count(target) > 0) target = repeated[target];
          aliases_.emplace_back(file->name, target->shared_from_this());
          // What stands for a built-in file hides it.
          fresh_pool_ = fresh_pool_ || file->built_in;
        }
      }
      files_ = std::move(kept);
    }
    CheckPackages();
    CheckCycles();
  }

  std::shared_ptr<const Snapshot> Finish() {
    Index index = base_.index();
    if (!files_.empty() || !aliases_.empty()) index.Add(layer_);
    return std::make_shared<const Snapshot>(std::move(index),
                                            fresh_pool_ ? std::make_shared<Pool>() : base_.pool());
  }

 private:
  bool IsSame(const SchemaFile& first, const SchemaFile& second, bool ignore_name) {
    return SameContent(first, second, ignore_name, [this] {
      if (option_types_ == nullptr) {
        Index index = base_.index();
        index.Add(std::make_shared<const IndexLayer>(given_, IndexLayer::Aliases()));
        option_types_ = std::make_unique<OptionTypes>(
            std::make_shared<const Snapshot>(std::move(index), std::make_shared<Pool>()));
      }
      return option_types_.get();
    });
  }

  void AddFile(const FilePtr& file) {
    auto [slot, added] = by_name_.emplace(file->name, file);
    FilePtr known = added ? base_.index().FindFile(file->name) : slot->second;
    if (known != nullptr && !known->built_in) {
      bool is_alias = known->name != file->name;
      Revision revision = Revision::kKeep;
      if (!IsSame(*known, *file, is_alias)) {
        revision = is_alias ? Revision::kConflict : CompareRevisions(*known, *file);
      }
      if (revision == Revision::kConflict) ThrowDifferent(*known, *file);
      if (revision == Revision::kKeep) {
        if (added) by_name_.erase(slot);
        return;
      }
      fresh_pool_ = true;
      if (!added) {
        slot->second = file;
        std::replace(files_.begin(), files_.end(), known, file);
        return;
      }
    }
    if (known == nullptr && !fresh_pool_) known = BuiltInLayer().FindFile(file->name);
    if (known != nullptr && known->built_in && !fresh_pool_) {
      fresh_pool_ = !SameContent(*known, *file, false);
    }
    files_.push_back(file);
  }

  [[noreturn]] static void ThrowDifferent(const SchemaFile& known, const SchemaFile& file) {
    std::string name = Quote(file.name, 500);
    if (known.origin == file.origin) {
      throw ConflictError(name + " (" + file.origin + ") was loaded before with another content",
                          known, file);
    }
    throw ConflictError("two different files are called " + name + ": one " + From(known) +
                            ", the other " + From(file),
                        known, file);
  }

  FilePtr Find(std::string_view name) const {
    auto found = by_name_.find(name);
    return found != by_name_.end() ? found->second : base_.index().FindFile(name);
  }

  // The list that `file` came from grows here.
  void AddBuiltInImports(const SchemaFile* file) {
    for (std::string_view name : file->imports) {
      if (Find(name) != nullptr) continue;
      if (FilePtr built_in = BuiltInLayer().FindFile(name)) {
        by_name_.emplace(built_in->name, built_in);
        files_.push_back(built_in);
      } else if (!file->may_lack_imports) {
        missing_.emplace_back(file, name);
      }
    }
  }

  [[noreturn]] void ThrowMissing() {
    const auto& [file, name] = missing_.front();
    std::unordered_set<std::string_view> names;
    for (const auto& [importer, import] : missing_) names.insert(import);
    std::string message =
        file->origin + ": missing import " + Quote(name) + ", imported by " + Quote(file->name);
    if (names.size() > 1) message += " (and " + std::to_string(names.size() - 1) + " more)";
    message += "; load that file first, or make the descriptor set with --include_imports";
    Error error(Code::kSchema, std::move(message));
    for (const auto& [importer, import] : missing_) {
      if (error.locations.size() == 100) break;
      error.locations.push_back(
          {std::string(importer->name), 0, 0, "missing import " + Quote(import)});
    }
    throw error;
  }

  // Which new file has the same content as another one; throws if a symbol is declared twice.
  std::unordered_map<const SchemaFile*, const SchemaFile*> FindRepeated() {
    std::unordered_map<const SchemaFile*, const SchemaFile*> repeated;
    auto note = [&](std::string_view symbol, const SchemaFile* first, const SchemaFile* second) {
      if (repeated.count(first) > 0 || repeated.count(second) > 0) return;
      if (!IsSame(*first, *second, true)) {
        throw ConflictError(Quote(symbol, 500) + " is declared in both " + Describe(*first) +
                                " and " + Describe(*second),
                            *first, *second);
      }
      // Of a built-in and a loaded file, the loaded one stays.
      bool swap = first->built_in && !second->built_in && IsNew(first);
      repeated.emplace(swap ? first : second, swap ? second : first);
    };
    for (const auto& conflict : layer_->conflicts()) {
      note(conflict.symbol, conflict.first, conflict.second);
    }
    for (const auto& [name, symbol] : layer_->symbols()) {
      const Symbol* loaded = base_.index().FindSymbol(name);
      if (loaded != nullptr && loaded->file->name != symbol.file->name &&
          !IsReplaced(*loaded->file)) {
        note(name, loaded->file, symbol.file);
      } else if (loaded == nullptr && !symbol.file->built_in && !fresh_pool_) {
        const Symbol* built_in = BuiltInLayer().FindSymbol(name);
        if (built_in != nullptr && built_in->file->name != symbol.file->name) fresh_pool_ = true;
      }
    }
    return repeated;
  }

  bool IsNew(const SchemaFile* file) const {
    return std::any_of(files_.begin(), files_.end(),
                       [file](const FilePtr& candidate) { return candidate.get() == file; });
  }
  bool IsReplaced(const SchemaFile& file) const {
    auto found = by_name_.find(file.name);
    return found != by_name_.end() && found->second.get() != &file;
  }

  void CheckPackages() const {
    auto check = [&](std::string_view package, const Symbol* symbol) {
      if (symbol == nullptr) return;
      throw Error(Code::kSchema, Quote(package) + " is a package, but also a name of kind " +
                                     SymbolKindName(symbol->kind) + " in " +
                                     Describe(*symbol->file));
    };
    for (std::string_view package : layer_->packages()) {
      check(package, layer_->FindSymbol(package));
      check(package, base_.index().FindSymbol(package));
    }
    for (const auto& [name, symbol] : layer_->symbols()) {
      if (base_.index().IsPackage(name)) check(name, &symbol);
    }
  }

  // A walk by an explicit list, not by recursion: chains of imports may be very long.
  void CheckCycles() const {
    struct Frame {
      const SchemaFile* file;
      size_t next;
    };
    enum State { kOpen, kDone };
    std::unordered_map<std::string_view, State> states;
    for (const FilePtr& start : files_) {
      if (states.count(start->name) > 0) continue;
      std::vector<Frame> stack = {{start.get(), 0}};
      states[start->name] = kOpen;
      while (!stack.empty()) {
        Frame& top = stack.back();
        if (top.next == top.file->imports.size()) {
          states[top.file->name] = kDone;
          stack.pop_back();
          continue;
        }
        FilePtr import = layer_->FindFile(top.file->imports[top.next++]);
        if (import == nullptr) continue;
        auto [state, added] = states.emplace(import->name, kOpen);
        if (added) {
          stack.push_back({import.get(), 0});
        } else if (state->second == kOpen && !top.file->may_lack_imports) {
          std::string cycle;
          for (const Frame& frame : stack) {
            if (cycle.empty() && frame.file != import.get()) continue;
            cycle.append(frame.file->name).append(" -> ");
          }
          throw Error(Code::kSchema,
                      top.file->origin + ": import cycle: " + cycle + std::string(import->name));
        }
      }
    }
  }

  const Snapshot& base_;
  const std::vector<FilePtr>& given_;
  std::unique_ptr<OptionTypes> option_types_;  // made when first asked for
  std::vector<FilePtr> files_;
  std::unordered_map<std::string_view, FilePtr> by_name_;  // of files_
  IndexLayer::Aliases aliases_;
  std::vector<std::pair<const SchemaFile*, std::string_view>> missing_;
  std::shared_ptr<const IndexLayer> layer_;
  // The pool of base_ cannot be used further: what is built in it may differ from what is loaded.
  // One that is still empty is not either, which saves the comparison.
  bool fresh_pool_;
};

}  // namespace

std::shared_ptr<const Snapshot> Extend(const Snapshot& base, const std::vector<FilePtr>& files,
                                       bool may_share_pool) {
  Extension extension(base, files, may_share_pool);
  extension.AddFiles();
  extension.MakeLayer();
  return extension.Finish();
}

}  // namespace pygrpc::schema
