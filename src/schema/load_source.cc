// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/load_source.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "schema/descriptor_set.h"
#include "schema/extend.h"
#include "schema/source_tree.h"

namespace pygrpc::schema {
namespace {

namespace fs = std::filesystem;
using google::protobuf::FileDescriptorProto;

constexpr size_t kMaxSetSize = size_t{1} << 30;
// Sets up to this size are built at once, to find all that is wrong with them.
constexpr size_t kMaxCheckedSetSize = size_t{256} << 10;

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool IsDirectory(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool Exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// "helloworld_pb2", "pkg.helloworld_pb2_grpc" and "helloworld" as file names.
std::string ModuleFileName(std::string_view module) {
  for (std::string_view end : {"_pb2_grpc", "_pb2"}) {
    if (EndsWith(module, end)) {
      module.remove_suffix(end.size());
      break;
    }
  }
  std::string name(module);
  std::replace(name.begin(), name.end(), '.', '/');
  return name + ".proto";
}

// A directory and each of those above it.
std::vector<std::string> WithAncestors(std::string directory) {
  std::vector<std::string> directories = {directory};
  while (directory.size() > 1) {
    directory = DirectoryOf(directory);
    directories.push_back(directory);
  }
  return directories;
}

// The root that the package tells: /x/google/api/http.proto of package google.api is below /x.
std::optional<std::string> RootOfPackage(const std::string& directory, std::string package) {
  std::replace(package.begin(), package.end(), '.', '/');
  if (package.empty() || !EndsWith(directory, "/" + package)) return std::nullopt;
  std::string root = directory.substr(0, directory.size() - package.size() - 1);
  return root.empty() ? "/" : root;
}

class SourceLoader {
 public:
  SourceLoader(std::shared_ptr<const Snapshot> base, bool may_share_pool,
               const LoadOptions& options, const ProtoLoader::Texts& texts)
      : base_(std::move(base)),
        may_share_pool_(may_share_pool),
        texts_(texts),
        tree_(options.proto_path) {}

  std::shared_ptr<const Snapshot> Load(std::string_view source) {
    if (source.empty()) throw Error(Code::kSchema, "the name of what to load is empty");
    if (source.find('\0') != std::string_view::npos) {
      throw Error(Code::kSchema, "the name of what to load contains a NUL byte");
    }
    std::string name = fs::path(source).lexically_normal().generic_string();
    if (EndsWith(name, ".proto")) {
      if (auto path = FindPath(name)) return LoadProtoFile(*path, std::string(source));
      if (auto schema = LoadBuiltIn(name)) return schema;
      ThrowNotFound(source, name);
    }
    std::string module = ModuleFileName(name);
    // A plain word is a module first: a program of that name may well lie around.
    bool is_word = name.find_first_of("./") == std::string::npos;
    for (bool as_module : {is_word, !is_word}) {
      if (as_module) {
        if (auto path = tree_.Find(module)) return LoadProtoFile(*path, *path);
        if (auto schema = LoadBuiltIn(module)) return schema;
      } else if (auto path = FindPath(name)) {
        return IsDirectory(*path) ? LoadDirectory(*path) : LoadFile(*path, std::string(source));
      }
    }
    ThrowNotFound(source, module);
  }

 private:
  // On the proto path, or as a path of its own.
  std::optional<std::string> FindPath(const std::string& name) const {
    if (auto path = tree_.Find(name)) return path;
    std::string absolute = AbsolutePath(name);
    if (Exists(absolute)) return absolute;
    for (const std::string& directory : tree_.directories()) {
      std::string path = AbsolutePath(directory + "/" + name);
      if (IsDirectory(path)) return path;
    }
    return std::nullopt;
  }

  [[noreturn]] void ThrowNotFound(std::string_view source, const std::string& file_name) const {
    std::string message = "cannot find " + Quote(source, 500);
    if (source.front() == '/') {
      message += ": no such file or directory";
    } else if (source == file_name) {
      message += "; " + tree_.SearchedText();
    } else {
      message += ": neither a file or directory of that name, nor " + Quote(file_name, 500) +
                 " on the proto path; " + tree_.SearchedText();
    }
    if (auto link = tree_.FindDeadLink(file_name)) {
      message += "; " + Quote(*link, 500) + " is a link that leads nowhere";
    }
    std::vector<std::string> near = tree_.NearFiles(file_name);
    if (!near.empty()) message += "; did you mean " + JoinAlternatives(near) + "?";
    Error error(Code::kSchema, std::move(message));
    error.near_names = std::move(near);
    if (source.front() != '/') error.searched = tree_.directories();
    throw error;
  }

  // As a file that is asked for, not one that is only there for others.
  std::shared_ptr<const Snapshot> LoadBuiltIn(const std::string& name) {
    FilePtr built_in = BuiltInLayer().FindFile(name);
    if (built_in == nullptr) return nullptr;
    auto file = std::make_shared<SchemaFile>(*built_in);
    file->built_in = false;
    return Extend(*base_, {file}, may_share_pool_);
  }

  std::shared_ptr<const Snapshot> LoadFile(const std::string& path, const std::string& shown) {
    std::string content = ReadSourceFile(path, kMaxSetSize);
    if (IsDescriptorSet(content)) {
      return LoadSet(*base_, may_share_pool_, content, "descriptor set " + shown);
    }
    std::unique_ptr<ParsedProto> parsed = ParseProto(content, shown);
    if (!parsed->errors.empty()) {
      Error error = ErrorAt(parsed->errors);
      error.message =
          Quote(shown, 500) + " is neither a descriptor set nor a .proto file: " + error.message;
      throw error;
    }
    return LoadParsed(path, std::move(parsed));
  }

  std::shared_ptr<const Snapshot> LoadProtoFile(const std::string& path,
                                                const std::string& source) {
    if (IsDirectory(path)) return LoadDirectory(path);
    std::string content = ReadSourceFile(path, kMaxProtoSize);
    // Short in messages where the caller was short.
    std::string shown = AbsolutePath(source) == path ? source : path;
    if (IsDescriptorSet(content)) {
      return LoadSet(*base_, may_share_pool_, content, "descriptor set " + shown);
    }
    return LoadParsed(path, ParseProto(content, shown));
  }

  std::shared_ptr<const Snapshot> LoadParsed(const std::string& path,
                                             std::unique_ptr<ParsedProto> parsed) {
    auto name = SourceTree::NameBelow(path, tree_.named_directories());
    if (!name) {
      std::string root = RootFor(path, parsed->proto);
      tree_.AddFirst(root);
      tree_.AddLast(DirectoryOf(path));
      name = NameOf(path, root);
    }
    ProtoLoader loader(base_, may_share_pool_, tree_, texts_);
    loader.Add(*name, std::move(parsed), path);
    return loader.Load();
  }

  static std::string NameOf(const std::string& path, const std::string& root) {
    auto name = SourceTree::NameBelow(path, {root});
    if (!name) throw Error(Code::kSchema, "the path " + Quote(path, 500) + " cannot be a name");
    return *name;
  }

  // Whether some other place has it, or `directory` does.
  bool IsResolved(const std::string& import, const std::string& directory) const {
    if (!IsUsableFileName(import)) return false;
    return Exists(directory + "/" + import) || base_->FindFile(import) != nullptr ||
           texts_.count(import) > 0 || tree_.Find(import).has_value();
  }

  // The directory that the names of a file and of its imports start from, when the proto path does
  // not tell: the first likely one in which all imports are found.
  std::string RootFor(const std::string& path, const FileDescriptorProto& proto) const {
    std::string directory = DirectoryOf(path);
    std::vector<std::string> roots;
    if (auto root = RootOfPackage(directory, proto.package())) roots.push_back(*root);
    std::string current = AbsolutePath(".");
    if (SourceTree::NameBelow(path, {current})) roots.push_back(current);
    for (const std::string& ancestor : WithAncestors(directory)) roots.push_back(ancestor);
    return BestRoot(roots, [&](const std::string& root) {
      return std::count_if(proto.dependency().begin(), proto.dependency().end(),
                           [&](const std::string& import) { return !IsResolved(import, root); });
    });
  }

  // The first root that leaves the fewest imports unresolved.
  template <typename CountUnresolved>
  static std::string BestRoot(const std::vector<std::string>& roots, CountUnresolved count) {
    const std::string* best = nullptr;
    std::ptrdiff_t fewest = 0;
    for (const std::string& root : roots) {
      std::ptrdiff_t unresolved = count(root);
      if (best == nullptr || unresolved < fewest) {
        best = &root;
        fewest = unresolved;
      }
      if (fewest == 0) break;
    }
    return *best;
  }

  // The same for a directory: the directory itself, unless its files call each other otherwise.
  std::string RootForAll(const std::string& directory, const std::vector<std::string>& paths,
                         const std::vector<std::unique_ptr<ParsedProto>>& files) const {
    std::set<std::string> imports;
    for (const auto& file : files) {
      imports.insert(file->proto.dependency().begin(), file->proto.dependency().end());
    }
    std::set<std::string> known_paths(paths.begin(), paths.end());
    // Imports that name one of these files: the root is what its path begins with.
    std::set<std::string> inner_imports;
    for (const std::string& path : paths) {
      for (size_t slash = path.rfind('/'); slash != 0 && slash != std::string::npos;
           slash = path.rfind('/', slash - 1)) {
        std::string end = path.substr(slash + 1);
        if (imports.count(end) > 0) inner_imports.insert(end);
      }
    }
    std::vector<std::string> roots;
    for (const std::string& root : tree_.named_directories()) {
      if (root == directory || SourceTree::NameBelow(directory, {root})) roots.push_back(root);
    }
    for (const std::string& root : WithAncestors(directory)) roots.push_back(root);
    return BestRoot(roots, [&](const std::string& root) {
      return std::count_if(imports.begin(), imports.end(), [&](const std::string& import) {
        return inner_imports.count(import) > 0 ? known_paths.count(root + "/" + import) == 0
                                               : !IsResolved(import, root);
      });
    });
  }

  std::shared_ptr<const Snapshot> LoadDirectory(const std::string& directory) {
    std::vector<std::string> paths = ListProtoFiles(directory);
    if (paths.empty()) {
      throw Error(Code::kSchema, "no .proto file below the directory " + Quote(directory, 500));
    }
    std::vector<std::unique_ptr<ParsedProto>> files;
    files.reserve(paths.size());
    for (const std::string& path : paths) {
      files.push_back(ParseProto(ReadSourceFile(path, kMaxProtoSize), path));
    }
    std::string root = RootForAll(directory, paths, files);
    tree_.AddFirst(root);
    ProtoLoader loader(base_, may_share_pool_, tree_, texts_);
    for (size_t i = 0; i < paths.size(); ++i) {
      loader.Add(NameOf(paths[i], root), std::move(files[i]), paths[i]);
    }
    return loader.Load();
  }

  std::shared_ptr<const Snapshot> base_;
  bool may_share_pool_;
  const ProtoLoader::Texts& texts_;
  SourceTree tree_;
};

}  // namespace

std::shared_ptr<const Snapshot> LoadSource(std::shared_ptr<const Snapshot> base,
                                           bool may_share_pool, std::string_view source,
                                           const LoadOptions& options,
                                           const ProtoLoader::Texts& texts) {
  return SourceLoader(std::move(base), may_share_pool, options, texts).Load(source);
}

std::shared_ptr<const Snapshot> LoadSet(const Snapshot& base, bool may_share_pool,
                                        std::string_view bytes, const std::string& origin) {
  std::vector<FilePtr> files = SplitDescriptorSet(bytes, origin);
  std::shared_ptr<const Snapshot> schema = Extend(base, files, may_share_pool);
  size_t size = 0;
  for (const FilePtr& file : files) size += file->bytes.size();
  if (size <= kMaxCheckedSetSize) {
    for (const FilePtr& file : files) schema->Build(*schema->FindFile(file->name));
  }
  return schema;
}

}  // namespace pygrpc::schema
