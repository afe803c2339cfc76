// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/pool.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/text.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;

class Collector : public DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& filename, const std::string& element,
                const google::protobuf::Message*, ErrorLocation,
                const std::string& message) override {
    locations.push_back({filename, 0, 0, element + ": " + CleanMessage(message)});
  }

  std::vector<Error::Location> locations;
};

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

}  // namespace

std::string CleanMessage(const std::string& text) {
  std::string line = text;
  std::replace(line.begin(), line.end(), '\n', ' ');
  while (!line.empty() && (line.back() == '.' || line.back() == ' ')) line.pop_back();
  return line;
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
  Error error(Code::kSchema, std::move(message));
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

const FileDescriptor* Pool::Build(const FilePtr& file, const Lookup& lookup) {
  struct Frame {
    FilePtr file;
    size_t next = 0;  // import to look at
  };
  std::vector<Frame> stack;
  std::unordered_set<std::string_view> open;
  auto settled = [this](const FilePtr& candidate) {
    return built_.count(candidate->name) > 0 || failed_.count(candidate.get()) > 0;
  };
  auto push = [&](const FilePtr& next) {
    stack.push_back({next});
    open.insert(next->name);
  };
  if (!settled(file)) push(file);
  while (!stack.empty()) {
    FilePtr current = stack.back().file;
    if (stack.back().next < current->imports.size()) {
      FilePtr import = lookup(current->imports[stack.back().next++]);
      if (import == nullptr || settled(import)) continue;
      if (open.count(import->name) == 0) {
        push(import);
      } else {
        Error error(Code::kSchema, "import cycle: " + CycleText(stack, import->name));
        std::string cause = error.message;
        failed_.emplace(current.get(), Failed{current, std::move(error), std::move(cause)});
      }
      continue;
    }
    if (failed_.count(current.get()) == 0) {
      std::string cause;
      try {
        BuildOne(current, lookup, &cause);
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

void Pool::BuildOne(const FilePtr& file, const Lookup& lookup, std::string* cause) {
  std::string missing;  // what the file has to do without
  for (std::string_view name : file->imports) {
    FilePtr import = lookup(name);
    std::string problem;
    if (import == nullptr) {
      problem = "its import " + Quote(name) + " is missing";
    } else if (auto failed = failed_.find(import.get()); failed != failed_.end()) {
      problem = "its import " + Quote(name) + " cannot be used: " + failed->second.cause;
      if (!file->may_lack_imports) *cause = failed->second.cause;
    } else {
      continue;
    }
    if (!file->may_lack_imports) {
      throw Error(Code::kSchema, file->origin + ": " + std::string(file->name) + ": " + problem);
    }
    missing += "; " + problem;
  }
  FileDescriptorProto proto;
  ParseFile(*file, &proto);
  RewriteImports(&proto, [&](const std::string& name) -> std::optional<std::string> {
    FilePtr import = lookup(name);
    if (import == nullptr || built_.count(import->name) == 0) return std::nullopt;
    return std::string(import->name);
  });
  auto find = [this](const std::string& name) {
    const Built& import = built_.at(name);
    return BuiltImport{import.descriptor, import.public_depth};
  };
  int public_depth = CheckPublicImports(proto, find, &public_work_);
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
  built_.emplace(file->name, Built{file, descriptor, public_depth});
}

}  // namespace pygrpc::schema
