// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_SOURCE_TREE_H_
#define PYGRPC_SCHEMA_SOURCE_TREE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pygrpc::schema {

// Where .proto files are looked up on disk: the proto path.
class SourceTree {
 public:
  // `proto_path`, then PYGRPC_PROTO_PATH, then the current directory.
  explicit SourceTree(const std::vector<std::string>& proto_path);

  // All directories, absolute, in the order in which they are searched.
  const std::vector<std::string>& directories() const { return directories_; }
  // Those that somebody named: all but the current directory.
  const std::vector<std::string>& named_directories() const { return named_directories_; }

  // Searched before, or after, the others.
  void AddFirst(const std::string& directory);
  void AddLast(const std::string& directory);

  // The path of the file that `name` means below one of the directories.
  std::optional<std::string> Find(std::string_view name) const;
  // The path of a link of that name whose target is not there.
  std::optional<std::string> FindDeadLink(std::string_view name) const;
  // The name of that file relative to the first of `directories` that it lies below.
  static std::optional<std::string> NameBelow(const std::string& path,
                                              const std::vector<std::string>& directories);

  // Names of .proto files that resemble a missing one.
  std::vector<std::string> NearFiles(std::string_view name) const;
  // ", searched /a, /b (no such directory)"
  std::string SearchedText() const;

 private:
  std::vector<std::string> directories_;
  std::vector<std::string> named_directories_;
};

// Absolute, without "." and "..", links kept.
std::string AbsolutePath(std::string_view path);
// The same file is the same text, whatever links lead to it.
std::string RealPath(const std::string& path);
std::string DirectoryOf(const std::string& path);

// The largest .proto file that is read, in bytes.
inline constexpr size_t kMaxProtoSize = size_t{64} << 20;

// Throws Error(kSchema), with the reason, if the file cannot be read or is larger than `limit`.
std::string ReadSourceFile(const std::string& path, size_t limit);

// Every .proto file below a directory, sorted; hidden directories and linked ones are left out.
// Throws Error(kSchema).
std::vector<std::string> ListProtoFiles(const std::string& directory);

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_SOURCE_TREE_H_
