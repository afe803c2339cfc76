// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/proto_loader.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "schema/edition_text.h"
#include "schema/editions.h"
#include "schema/extend.h"
#include "schema/file_compare.h"
#include "schema/limits.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptorProto;

constexpr size_t kMaxLocations = 200;

// What a file declares first; empty if it declares nothing.
std::string FirstNameOf(const FileDescriptorProto& file) {
  if (file.message_type_size() > 0) return file.message_type(0).name();
  if (file.enum_type_size() > 0) return file.enum_type(0).name();
  if (file.service_size() > 0) return file.service(0).name();
  return file.extension_size() > 0 ? file.extension(0).name() : "";
}

// Whatever their names, comments and imports.
bool DeclareTheSame(FileDescriptorProto first, FileDescriptorProto second) {
  for (FileDescriptorProto* file : {&first, &second}) {
    file->clear_name();
    file->clear_source_code_info();
    file->clear_dependency();
    file->clear_public_dependency();
    file->clear_weak_dependency();
  }
  return first.SerializePartialAsString() == second.SerializePartialAsString();
}

// Whether a link error may be due to an import that is missing.
bool IsAboutNames(const Error::Location& error) {
  constexpr std::string_view kWords[] = {"not defined", "is not imported by", "\" unknown. Ensure"};
  return std::any_of(std::begin(kWords), std::end(kWords), [&error](std::string_view words) {
    return error.text.find(words) != std::string::npos;
  });
}

using TypeKinds = std::unordered_map<std::string, bool>;

void AddTypesOf(const google::protobuf::DescriptorProto& message, const std::string& outer,
                TypeKinds* types) {
  std::string scope = outer + message.name();
  types->emplace(scope, false);
  for (const auto& nested : message.nested_type()) AddTypesOf(nested, scope + ".", types);
  for (const auto& type : message.enum_type()) types->emplace(scope + "." + type.name(), true);
}

void AddTypes(const FileDescriptorProto& file, TypeKinds* types) {
  std::string scope = file.package().empty() ? "" : file.package() + ".";
  for (const auto& message : file.message_type()) AddTypesOf(message, scope, types);
  for (const auto& type : file.enum_type()) types->emplace(scope + type.name(), true);
}

}  // namespace

ProtoLoader::ProtoLoader(std::shared_ptr<const Snapshot> base, bool may_share_pool,
                         const SourceTree& tree, const Texts& texts)
    : base_(std::move(base)), may_share_pool_(may_share_pool), tree_(tree), texts_(texts) {}

ProtoLoader::Unit* ProtoLoader::AddUnit(const std::string& name,
                                        std::unique_ptr<ParsedProto> parsed,
                                        const std::string& disk_path, const Unit* imported_by) {
  auto unit = std::make_unique<Unit>();
  unit->name = name;
  parsed->proto.set_name(name);
  unit->parsed = std::move(parsed);
  unit->disk_path = disk_path;
  unit->imported_by = imported_by;
  by_name_[name] = unit.get();
  if (!disk_path.empty()) by_real_path_.emplace(RealPath(disk_path), unit.get());
  units_.push_back(std::move(unit));
  return units_.back().get();
}

void ProtoLoader::Add(const std::string& name, std::unique_ptr<ParsedProto> parsed,
                      const std::string& disk_path) {
  if (by_name_.count(name) > 0) return;
  if (disk_path.empty()) used_texts_.insert(name);
  AddUnit(name, std::move(parsed), disk_path, nullptr);
}

void ProtoLoader::ResolveImport(Unit* unit, int index) {
  FileDescriptorProto& proto = unit->parsed->proto;
  const std::string name = proto.dependency(index);
  if (by_name_.count(name) > 0 || base_->index().FindFile(name) != nullptr) return;
  if (auto text = texts_.find(name); text != texts_.end()) {
    used_texts_.insert(name);
    AddUnit(name, ParseProto(text->second, name), "", unit);
    return;
  }
  FilePtr built_in = BuiltInLayer().FindFile(name);
  // protobuf's own types belong to the protobuf that the library is built with.
  auto path = built_in != nullptr && IsWellKnown(name) ? std::nullopt : tree_.Find(name);
  if (path) {
    // One file under two names (through a link, or two roots) is still one file.
    if (auto same = by_real_path_.find(RealPath(*path)); same != by_real_path_.end()) {
      proto.set_dependency(index, same->second->name);
    } else {
      AddUnit(name, ParseProto(ReadSourceFile(*path, kMaxProtoSize), *path), *path, unit);
    }
  } else if (built_in != nullptr) {
    built_in_.push_back(built_in);
  } else {
    unit->parsed->errors.push_back(
        unit->parsed->ImportLocation(index, "cannot find import " + Quote(name, 500)));
    missing_.push_back({unit, name});
    ++unit->missing_imports;
    unit->lacks_imports = true;
  }
}

void ProtoLoader::ResolveImports(Unit* unit) {
  // What stands behind a syntax error is not to be trusted.
  const bool is_sound = unit->parsed->errors.empty();
  for (int i = 0; i < unit->parsed->proto.dependency_size(); ++i) {
    if (is_sound || unit->parsed->IsImportSound(i)) ResolveImport(unit, i);
  }
}

// One definition under two paths (vendored, say) is one file; protobuf would take the second one
// for a conflict.
void ProtoLoader::MergeCopies() {
  std::unordered_map<std::string, Unit*> by_first_name;
  for (const auto& unit : units_) {
    const FileDescriptorProto& proto = unit->parsed->proto;
    std::string name = FirstNameOf(proto);
    if (name.empty()) continue;
    auto [first, added] = by_first_name.emplace(proto.package() + "." + name, unit.get());
    if (added || !DeclareTheSame(first->second->parsed->proto, proto)) continue;
    unit->copy_of = first->second;
    by_name_[unit->name] = first->second;
  }
}

// Imports first. By an explicit list, since chains of imports may be very long.
std::vector<ProtoLoader::Unit*> ProtoLoader::InImportOrder() {
  struct Frame {
    Unit* unit;
    int next;
  };
  enum State { kOpen, kDone };
  std::vector<Unit*> order;
  std::unordered_map<const Unit*, State> states;
  for (const auto& start : units_) {
    if (start->copy_of != nullptr || states.count(start.get()) > 0) continue;
    std::vector<Frame> stack = {{start.get(), 0}};
    states[start.get()] = kOpen;
    while (!stack.empty()) {
      Frame& top = stack.back();
      Unit* unit = top.unit;
      if (top.next == unit->parsed->proto.dependency_size()) {
        states[unit] = kDone;
        order.push_back(unit);
        stack.pop_back();
        continue;
      }
      int index = top.next++;
      auto import = by_name_.find(unit->parsed->proto.dependency(index));
      if (import == by_name_.end()) continue;
      auto [state, added] = states.emplace(import->second, kOpen);
      if (added) {
        stack.push_back({import->second, 0});
      } else if (state->second == kOpen) {
        std::string cycle;
        for (const Frame& frame : stack) {
          if (cycle.empty() && frame.unit != import->second) continue;
          cycle += frame.unit->name + " -> ";
        }
        unit->parsed->errors.push_back(
            unit->parsed->ImportLocation(index, "import cycle: " + cycle + import->second->name));
      }
    }
  }
  return order;
}

// Only where an edition is in play: plain files are left as they are.
void ProtoLoader::ResolveEditionOf(Unit* unit, const DescriptorPool& staging) {
  FileDescriptorProto& proto = unit->parsed->proto;
  bool is_edition = EditionOf(proto) != 0;
  bool any = base_->pool()->any_became_proto2() ||
             std::any_of(units_.begin(), units_.end(),
                         [](const auto& other) { return other->became_proto2; });
  if (!is_edition && (!any || proto.syntax() != "proto3")) return;
  FillTypes(&proto, [this](const std::string& name) -> std::optional<bool> {
    auto found = types_.find(name);
    if (found != types_.end()) return found->second;
    return base_->IsEnum(name);
  });
  unit->original = proto;
  ResolveEdition(&proto, [&](const std::string& type) {
    const auto* enum_type = staging.FindEnumTypeByName(type.substr(1));
    if (enum_type == nullptr) return false;
    const auto* file = enum_type->file();
    auto found = by_name_.find(file->name());
    bool became_proto2 = found != by_name_.end() ? found->second->became_proto2
                                                 : base_->pool()->BecameProto2(file->name());
    return became_proto2 ||
           (is_edition && file->syntax() == google::protobuf::FileDescriptor::SYNTAX_PROTO2);
  });
  unit->became_proto2 = proto.syntax() == "proto2";
}

void ProtoLoader::LinkOne(Unit* unit, DescriptorPool* staging, size_t* public_work) {
  ParsedProto& parsed = *unit->parsed;
  for (int i = 0; i < parsed.proto.dependency_size(); ++i) {
    const std::string& name = parsed.proto.dependency(i);
    if (auto found = by_name_.find(name); found != by_name_.end()) {
      const Unit* import = found->second;  // one that is not built has its own errors
      if (import->built == nullptr || import->lacks_imports) unit->lacks_imports = true;
      continue;
    }
    FilePtr import = base_->FindFile(name);
    if (import == nullptr) continue;  // reported already
    try {
      base_->pool()->Build(import, *base_);
    } catch (const Error& error) {
      parsed.errors.push_back(parsed.ImportLocation(i, error.message));
      return;
    }
  }
  RewriteImports(&parsed.proto, [&](const std::string& name) -> std::optional<std::string> {
    if (auto found = by_name_.find(name); found != by_name_.end()) {
      if (found->second->built == nullptr) return std::nullopt;
      return found->second->name;
    }
    FilePtr import = base_->FindFile(name);
    if (import == nullptr) return std::nullopt;
    return std::string(import->name);
  });
  unit->public_depth = CheckPublicImports(
      parsed.proto,
      [this](const std::string& name) {
        auto found = by_name_.find(name);
        if (found != by_name_.end()) {
          return BuiltImport{found->second->built, found->second->public_depth};
        }
        return BuiltImport{base_->pool()->descriptors().FindFileByName(name),
                           base_->pool()->PublicDepth(name)};
      },
      public_work);
  ResolveEditionOf(unit, *staging);
  size_t work = 0;
  CheckLimits(parsed.proto, &work);
  LinkErrors errors(&parsed);
  const auto before = static_cast<std::ptrdiff_t>(parsed.errors.size());
  unit->built = staging->BuildFileCollectingErrors(parsed.proto, &errors);
  if (!unit->lacks_imports) return;
  // What is not defined here may be defined there.
  parsed.errors.erase(
      std::remove_if(parsed.errors.begin() + before, parsed.errors.end(), IsAboutNames),
      parsed.errors.end());
}

// Builds the files in a pool of their own, on top of the schema's, to see that they are right.
void ProtoLoader::Link(const std::vector<Unit*>& order) {
  std::vector<FilePtr> files;
  {
    std::lock_guard<std::mutex> lock(base_->pool()->mutex());
    DescriptorPool staging(&base_->pool()->descriptors());
    size_t public_work = 0;
    for (Unit* unit : order) AddTypes(unit->parsed->proto, &types_);
    for (Unit* unit : order) LinkOne(unit, &staging, &public_work);
    ThrowErrors();
    // What protobuf makes of the text, names resolved and options interpreted, is what is kept.
    for (Unit* unit : order) {
      FileDescriptorProto proto;
      unit->built->CopyTo(&proto);
      unit->built->CopyJsonNameTo(&proto);
      unit->built->CopySourceCodeInfoTo(&proto);
      if (unit->original) proto = RestoreEdition(*unit->original, proto);
      files.push_back(
          MakeFile(proto, unit->disk_path.empty() ? "from memory" : unit->parsed->path));
    }
    // Under their own names, too: others may import them so.
    for (const auto& unit : units_) {
      if (unit->copy_of == nullptr) continue;
      auto original = std::find(order.begin(), order.end(), unit->copy_of);
      FileDescriptorProto proto;
      ParseFile(*files[static_cast<size_t>(original - order.begin())], &proto);
      proto.set_name(unit->name);
      files.push_back(MakeFile(proto, unit->parsed->path));
    }
  }
  base_ = Extend(*base_, files, may_share_pool_);
}

std::shared_ptr<const Snapshot> ProtoLoader::Load() {
  for (size_t i = 0; i < units_.size(); ++i) ResolveImports(units_[i].get());
  if (!missing_.empty()) CheckWithoutMissing();
  ThrowErrors();
  MergeCopies();
  std::vector<Unit*> order = InImportOrder();
  ThrowErrors();
  // What these files import of the built-in ones joins first; from then on it is loaded.
  std::shared_ptr<const Snapshot> with_built_in = Extend(*base_, built_in_, may_share_pool_);
  may_share_pool_ = may_share_pool_ || with_built_in->pool() != base_->pool();
  base_ = std::move(with_built_in);
  Link(order);
  return base_;
}

// With whatever else is wrong: nobody wants to hear of that when the imports are there at last.
void ProtoLoader::CheckWithoutMissing() {
  auto has_only_missing = [this] {
    return std::all_of(units_.begin(), units_.end(), [](const auto& unit) {
      return unit->parsed->errors.size() == unit->missing_imports;
    });
  };
  if (has_only_missing()) {
    MergeCopies();
    try {
      std::vector<Unit*> order = InImportOrder();
      if (has_only_missing()) LinkWithoutMissing(order);
    } catch (const Error&) {
      // A limit, or a conflict: that comes after the imports.
    }
  }
  lacks_only_imports_ = has_only_missing();
}

void ProtoLoader::LinkWithoutMissing(const std::vector<Unit*>& order) {
  std::shared_ptr<const Snapshot> with_built_in = Extend(*base_, built_in_, may_share_pool_);
  std::swap(base_, with_built_in);
  std::lock_guard<std::mutex> lock(base_->pool()->mutex());
  DescriptorPool staging(&base_->pool()->descriptors());
  size_t public_work = 0;
  for (Unit* unit : order) AddTypes(unit->parsed->proto, &types_);
  for (Unit* unit : order) LinkOne(unit, &staging, &public_work);
}

std::vector<std::string> ProtoLoader::missing_imports() const {
  std::vector<std::string> names;
  for (const Missing& missing : missing_) names.push_back(missing.name);
  return names;
}

// An import that is no name of a file, as "../x.proto" or "/x.proto": what could be meant.
std::string ProtoLoader::BadNameHint(const Missing& missing) const {
  std::string hint =
      "; an import is a plain path below the proto path, without \".\", \"..\", a leading \"/\" or "
      "\"\\\"";
  std::string name = missing.name;
  std::replace(name.begin(), name.end(), '\\', '/');
  std::vector<std::string> roots = tree_.directories();
  if (!missing.unit->disk_path.empty()) roots.push_back(DirectoryOf(missing.unit->disk_path));
  for (const std::string& root : roots) {
    std::string path = AbsolutePath(name.compare(0, 1, "/") == 0 ? name : root + "/" + name);
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) continue;
    if (auto plain = SourceTree::NameBelow(path, tree_.directories())) {
      return hint + ": write " + Quote(*plain, 500);
    }
    std::string directory = DirectoryOf(path);
    return hint + ": write " + Quote(path.substr(path.rfind('/') + 1), 500) + " and add " +
           Quote(directory, 500) + " to proto_path";
  }
  std::string plain = std::filesystem::path(name).lexically_normal().generic_string();
  plain.erase(0, std::min(plain.find_first_not_of('/'), plain.size()));
  return IsUsableFileName(plain) ? hint + ": write " + Quote(plain, 500) : hint;
}

std::string ProtoLoader::MissingHint(const Missing& missing) const {
  if (!IsUsableFileName(missing.name)) return BadNameHint(missing);
  // The file may lie where only another root would find it.
  std::string directory = missing.unit->disk_path;
  while (directory.size() > 1) {
    directory = DirectoryOf(directory);
    const std::vector<std::string>& searched = tree_.directories();
    if (std::find(searched.begin(), searched.end(), directory) != searched.end()) continue;
    std::string path = (std::filesystem::path(directory) / missing.name).string();
    std::error_code error;
    if (std::filesystem::exists(path, error)) {
      return "; " + Quote(path, 500) + " exists: add " + Quote(directory, 500) + " to proto_path";
    }
  }
  if (auto link = tree_.FindDeadLink(missing.name)) {
    return "; " + Quote(*link, 500) + " is a link that leads nowhere";
  }
  std::vector<std::string> near = tree_.NearFiles(missing.name);
  return near.empty() ? "" : "; did you mean " + JoinAlternatives(near) + "?";
}

void ProtoLoader::ThrowErrors() {
  std::vector<Error::Location> locations;
  const Unit* first = nullptr;
  for (const auto& unit : units_) {
    for (const Error::Location& location : unit->parsed->errors) {
      if (first == nullptr) first = unit.get();
      if (locations.size() < kMaxLocations) locations.push_back(location);
    }
  }
  if (first == nullptr) return;
  std::string suffix;
  size_t steps = 0;
  for (const Unit* unit = first->imported_by; unit != nullptr; unit = unit->imported_by) {
    suffix += suffix.empty() ? " (" : ", ";
    suffix += "imported by " + unit->parsed->path;
    if (++steps == 10 && unit->imported_by != nullptr) {
      suffix += ", ...";
      break;
    }
  }
  if (!suffix.empty()) suffix += ")";
  bool first_is_missing = false;
  for (const Missing& missing : missing_) {
    if (missing.unit != first ||
        locations.front().text != "cannot find import " + Quote(missing.name, 500)) {
      continue;
    }
    first_is_missing = true;
    suffix += "; " + tree_.SearchedText() + MissingHint(missing);
    break;
  }
  Error error = ErrorAt(std::move(locations), suffix);
  if (first_is_missing && IsUsableFileName(missing_.front().name)) {
    error.near_names = tree_.NearFiles(missing_.front().name);
  }
  if (!missing_.empty()) error.searched = tree_.directories();
  throw error;
}

}  // namespace pygrpc::schema
