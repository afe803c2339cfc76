// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/source_tree.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "schema/schema_file.h"

namespace pygrpc::schema {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFilesInDirectory = 50'000;
constexpr size_t kMaxNearFilesLookedAt = 2000;

bool IsFile(const std::string& path) {
  std::error_code error;
  fs::file_status status = fs::status(path, error);
  return !error && (fs::is_regular_file(status) || fs::is_fifo(status));
}

bool IsProto(const fs::path& path) { return path.extension() == ".proto"; }

}  // namespace

std::string AbsolutePath(std::string_view path) {
  std::error_code error;
  fs::path absolute = fs::absolute(fs::path(path), error);
  if (error) absolute = fs::path(path);
  std::string text = absolute.lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

std::string RealPath(const std::string& path) {
  std::error_code error;
  fs::path real = fs::weakly_canonical(path, error);
  return error ? path : real.string();
}

std::string DirectoryOf(const std::string& path) { return fs::path(path).parent_path().string(); }

SourceTree::SourceTree(const std::vector<std::string>& proto_path) {
  auto add = [this](std::string_view directory) {
    std::string absolute = AbsolutePath(directory);
    if (std::find(directories_.begin(), directories_.end(), absolute) == directories_.end()) {
      directories_.push_back(std::move(absolute));
    }
  };
  for (const std::string& directory : proto_path) {
    if (!directory.empty()) add(directory);
  }
  if (const char* variable = std::getenv("PYGRPC_PROTO_PATH")) {
    std::string_view rest = variable;
    while (!rest.empty()) {
      size_t end = std::min(rest.find(':'), rest.size());
      if (end > 0) add(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  named_directories_ = directories_;
  add(".");
}

void SourceTree::AddFirst(const std::string& directory) {
  if (std::find(directories_.begin(), directories_.end(), directory) == directories_.end()) {
    directories_.insert(directories_.begin(), directory);
  }
}

void SourceTree::AddLast(const std::string& directory) {
  if (std::find(directories_.begin(), directories_.end(), directory) == directories_.end()) {
    directories_.push_back(directory);
  }
}

std::optional<std::string> SourceTree::Find(std::string_view name) const {
  if (!IsUsableFileName(name)) return std::nullopt;
  for (const std::string& directory : directories_) {
    std::string path = (fs::path(directory) / fs::path(name)).string();
    if (IsFile(path)) return path;
  }
  return std::nullopt;
}

std::optional<std::string> SourceTree::FindDeadLink(std::string_view name) const {
  if (!IsUsableFileName(name)) return std::nullopt;
  for (const std::string& directory : directories_) {
    fs::path path = fs::path(directory) / fs::path(name);
    std::error_code error;
    if (fs::is_symlink(path, error) && !fs::exists(path, error)) return path.string();
  }
  return std::nullopt;
}

std::optional<std::string> SourceTree::NameBelow(const std::string& path,
                                                 const std::vector<std::string>& directories) {
  for (const std::string& directory : directories) {
    for (bool real : {false, true}) {
      fs::path relative = real ? fs::path(RealPath(path)).lexically_relative(RealPath(directory))
                               : fs::path(path).lexically_relative(directory);
      std::string name = relative.generic_string();
      if (IsUsableFileName(name)) return name;
    }
  }
  return std::nullopt;
}

std::vector<std::string> SourceTree::NearFiles(std::string_view name) const {
  fs::path wanted(name);
  std::set<std::string> files;
  for (const std::string& directory : directories_) {
    std::error_code error;
    size_t looked_at = 0;
    fs::path parent = fs::path(directory) / wanted.parent_path();
    for (fs::directory_iterator it(parent, error), end;
         !error && it != end && looked_at < kMaxNearFilesLookedAt; it.increment(error)) {
      ++looked_at;
      if (IsProto(it->path()) && IsFile(it->path().string())) {
        files.insert(it->path().filename().string());
      }
    }
  }
  std::vector<std::string> near =
      NearNames(wanted.filename().string(), {files.begin(), files.end()});
  for (std::string& file : near) file = (wanted.parent_path() / file).generic_string();
  return near;
}

std::string SourceTree::SearchedText() const {
  std::string text;
  for (const std::string& directory : directories_) {
    text += text.empty() ? "searched " : ", ";
    text += directory;
    std::error_code error;
    if (!fs::is_directory(directory, error)) text += " (no such directory)";
  }
  return text;
}

std::string ReadSourceFile(const std::string& path, size_t limit) {
  std::string reason;
  std::optional<std::string> content = ReadFile(path, limit, &reason);
  if (content.has_value()) return *std::move(content);
  throw Error(Code::kSchema, "cannot read the file " + Quote(path, kLongestPath) + ": " + reason);
}

std::vector<std::string> ListProtoFiles(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator it(directory, fs::directory_options::skip_permission_denied,
                                      error);
  for (fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
    std::string name = it->path().filename().string();
    std::error_code entry_error;
    if (it->is_directory(entry_error)) {
      if (name.front() == '.') it.disable_recursion_pending();
    } else if (IsProto(it->path()) && name.front() != '.' && it->is_regular_file(entry_error)) {
      files.push_back(it->path().string());
      if (files.size() > kMaxFilesInDirectory) {
        throw Error(Code::kSchema, Quote(directory, 500) + " has more than " +
                                       std::to_string(kMaxFilesInDirectory) + " .proto files");
      }
    }
  }
  if (error) {
    throw Error(Code::kSchema,
                "cannot list the directory " + Quote(directory, 500) + ": " + error.message());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace pygrpc::schema
