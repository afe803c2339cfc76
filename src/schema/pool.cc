// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/pool.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/text.h"
#include "schema/editions.h"
#include "schema/limits.h"
#include "schema/quiet.h"
#include "schema/repair.h"
#include "schema/wire_scan.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;

constexpr size_t kMaxLocations = 200;

class Collector : public DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& filename, const std::string& element,
                const google::protobuf::Message*, ErrorLocation,
                const std::string& message) override {
    if (locations.size() == kMaxLocations) return;
    std::string text = CleanMessage(message);
    if (IsSuggestion(text)) return;
    locations.push_back({filename, 0, 0, element + ": " + text});
  }

  std::vector<Error::Location> locations;
};

bool IsProto2(const FileDescriptorProto& proto) {
  return proto.syntax().empty() || proto.syntax() == "proto2";
}

// "a.proto -> b.proto -> a.proto"
template <typename Frames>
std::string CycleText(const Frames& frames, std::string_view again) {
  std::string text;
  bool inside = false;
  for (const auto& frame : frames) {
    inside = inside || frame.file->name == again;
    if (inside) text.append(frame.file->name).append(" -> ");
  }
  return text.append(again);
}

// The files that `file` imports, in its order, nullptr for those that are missing. Behind them,
// those that it does not name but needs.
std::vector<FilePtr> ImportsOf(const SchemaFile& file, const Pool::Finder& finder) {
  std::vector<FilePtr> imports;
  for (std::string_view name : file.imports) imports.push_back(finder.FindFile(name));
  if (!file.may_lack_imports) return imports;
  std::vector<FilePtr> unnamed = UnnamedImports(file, imports, finder);
  imports.insert(imports.end(), unnamed.begin(), unnamed.end());
  return imports;
}

}  // namespace

std::string CleanMessage(const std::string& text) {
  std::string line = text;
  std::replace(line.begin(), line.end(), '\n', ' ');
  while (!line.empty() && (line.back() == '.' || line.back() == ' ')) line.pop_back();
  return line;
}

bool IsSuggestion(const std::string& message) {
  return message.compare(0, 28, "Suggested field numbers for ") == 0;
}

Error ErrorAt(std::vector<Error::Location> locations, const std::string& suffix) {
  const Error::Location& first = locations.front();
  std::string message = first.file;
  if (first.line > 0) {
    message += ":" + std::to_string(first.line) + ":" + std::to_string(first.column);
  }
  message += ": " + first.text + suffix;
  if (locations.size() > 1) {
    message += " (and " + std::to_string(locations.size() - 1) + " more)";
  }
  // The names of files, and what protobuf quotes of a text, may hold anything.
  Error error(Code::kSchema, OneLine(message));
  error.locations = std::move(locations);
  return error;
}

void RewriteImports(
    FileDescriptorProto* proto,
    const std::function<std::optional<std::string>(const std::string& name)>& rename) {
  std::vector<std::string> names;
  std::vector<int> moved(static_cast<size_t>(proto->dependency_size()), -1);
  for (int i = 0; i < proto->dependency_size(); ++i) {
    std::optional<std::string> name = rename(proto->dependency(i));
    if (!name) continue;
    auto at = std::find(names.begin(), names.end(), *name);
    moved[static_cast<size_t>(i)] = static_cast<int>(at - names.begin());
    if (at == names.end()) names.push_back(*name);
  }
  auto move_indexes = [&moved](google::protobuf::RepeatedField<int>* indexes) {
    std::vector<int> kept;
    for (int index : *indexes) {
      if (index < 0 || static_cast<size_t>(index) >= moved.size()) continue;
      int target = moved[static_cast<size_t>(index)];
      if (target >= 0 && std::find(kept.begin(), kept.end(), target) == kept.end()) {
        kept.push_back(target);
      }
    }
    indexes->Assign(kept.begin(), kept.end());
  };
  move_indexes(proto->mutable_public_dependency());
  move_indexes(proto->mutable_weak_dependency());
  proto->mutable_dependency()->Assign(names.begin(), names.end());
}

const FileDescriptor* Pool::Build(const FilePtr& file, const Finder& finder) {
  struct Frame {
    FilePtr file;
    std::vector<FilePtr> imports;
    size_t next = 0;  // import to look at
  };
  std::vector<Frame> stack;
  std::unordered_set<std::string_view> open;
  auto settled = [this](const FilePtr& candidate) {
    return built_.count(candidate->name) > 0 || failed_.count(candidate.get()) > 0;
  };
  auto push = [&](const FilePtr& next) {
    stack.push_back({next, ImportsOf(*next, finder)});
    open.insert(next->name);
  };
  if (!settled(file)) push(file);
  while (!stack.empty()) {
    Frame& top = stack.back();
    FilePtr current = top.file;
    if (top.next < top.imports.size()) {
      bool is_declared = top.next < current->imports.size();
      FilePtr import = top.imports[top.next++];
      if (import == nullptr || settled(import)) continue;
      if (open.count(import->name) == 0) {
        push(import);
      } else if (is_declared) {
        Error error(Code::kSchema, "import cycle: " + CycleText(stack, import->name));
        std::string cause = error.message;
        failed_.emplace(current.get(), Failed{current, std::move(error), std::move(cause)});
      }
      continue;
    }
    if (failed_.count(current.get()) == 0) {
      std::string cause;
      try {
        BuildOne(current, top.imports, &cause);
      } catch (Error& error) {
        if (cause.empty()) cause = error.message;
        failed_.emplace(current.get(), Failed{current, std::move(error), std::move(cause)});
      }
    }
    open.erase(current->name);
    stack.pop_back();
  }
  if (auto failed = failed_.find(file.get()); failed != failed_.end()) throw failed->second.error;
  return built_.at(file->name).descriptor;
}

int CheckPublicImports(const FileDescriptorProto& proto,
                       const std::function<BuiltImport(const std::string& name)>& find,
                       size_t* work) {
  constexpr int kMaxPublicDepth = 100;
  constexpr size_t kMaxPublicWork = 10'000'000;
  std::unordered_set<const FileDescriptor*> seen;
  std::vector<const FileDescriptor*> open;
  for (const std::string& name : proto.dependency()) {
    BuiltImport import = find(name);
    if (import.public_depth > 0) open.push_back(import.descriptor);
  }
  while (!open.empty()) {
    const FileDescriptor* file = open.back();
    open.pop_back();
    if (!seen.insert(file).second) continue;
    if (++*work > kMaxPublicWork) {
      throw Error(Code::kSchema, proto.name() + ": too many public imports in this schema");
    }
    for (int i = 0; i < file->public_dependency_count(); ++i) {
      open.push_back(file->public_dependency(i));
    }
  }
  int depth = 0;
  for (int index : proto.public_dependency()) {
    depth = std::max(depth, 1 + find(proto.dependency(index)).public_depth);
  }
  if (depth > kMaxPublicDepth) {
    throw Error(Code::kSchema, proto.name() + ": public imports are nested more than " +
                                   std::to_string(kMaxPublicDepth) + " deep");
  }
  return depth;
}

void Pool::BuildOne(const FilePtr& file, const std::vector<FilePtr>& imports, std::string* cause) {
  std::string missing;  // what the file has to do without
  for (size_t i = 0; i < file->imports.size(); ++i) {
    std::string problem = "its import " + Quote(file->imports[i], 500);
    if (imports[i] == nullptr) {
      problem += " is missing";
    } else if (auto failed = failed_.find(imports[i].get()); failed != failed_.end()) {
      problem += " cannot be used: " + failed->second.cause;
      if (!file->may_lack_imports) *cause = failed->second.cause;
    } else {
      continue;
    }
    if (!file->may_lack_imports) {
      throw Error(Code::kSchema, file->origin + ": " + std::string(file->name) + ": " + problem);
    }
    if (missing.size() < 1000) missing += "; " + problem;
  }
  FileDescriptorProto proto;
  ParseFile(*file, &proto);
  if (file->may_lack_imports) NameMapEntries(&proto);
  for (size_t i = file->imports.size(); i < imports.size(); ++i) {
    proto.add_dependency(std::string(imports[i]->name));
  }
  CheckLimits(proto, &limits_work_);
  size_t next = 0;
  RewriteImports(&proto, [&](const std::string&) -> std::optional<std::string> {
    const FilePtr& import = imports[next++];
    if (import == nullptr || built_.count(import->name) == 0) return std::nullopt;
    return std::string(import->name);
  });
  auto find = [this](const std::string& name) {
    const Built& import = built_.at(name);
    return BuiltImport{import.descriptor, import.public_depth};
  };
  int public_depth = CheckPublicImports(proto, find, &public_work_);
  bool was_proto2 = IsProto2(proto);
  ResolveEditionOf(&proto);
  Quiet quiet;
  Collector collector;
  const FileDescriptor* descriptor = pool_.BuildFileCollectingErrors(proto, &collector);
  if (descriptor == nullptr) {
    if (collector.locations.empty()) {
      collector.locations.push_back({std::string(file->name), 0, 0, "cannot be built"});
    }
    Error error = ErrorAt(std::move(collector.locations), missing);
    error.message = file->origin + ": " + error.message;
    throw error;
  }
  bool became_proto2 = IsProto2(proto) && !was_proto2;
  any_became_proto2_ = any_became_proto2_ || became_proto2;
  built_.emplace(file->name, Built{file, descriptor, public_depth, became_proto2});
}

void Pool::ResolveEditionOf(FileDescriptorProto* proto) const {
  bool is_edition = EditionOf(*proto) != 0;
  if (!is_edition && !any_became_proto2_) return;
  ResolveEdition(proto, [&](const std::string& type) {
    const auto* enum_type = pool_.FindEnumTypeByName(type.substr(type.find_first_not_of('.')));
    if (enum_type == nullptr) return false;
    const FileDescriptor* file = enum_type->file();
    // A file of proto3 may only meet one that became proto2 here; protoc has seen to that.
    return built_.at(file->name()).became_proto2 ||
           (is_edition && file->syntax() == FileDescriptor::SYNTAX_PROTO2);
  });
}

}  // namespace pygrpc::schema
