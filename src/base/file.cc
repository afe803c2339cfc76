// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "base/file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>

#include "base/text.h"

namespace pygrpc {
namespace {

namespace fs = std::filesystem;

// Why a path is not even opened; empty if it is to be. Devices may never end, or be changed by it.
std::string FaultOf(const std::string& path) {
  std::error_code error;
  fs::file_status status = fs::status(path, error);
  if (error) return error.message();
  if (fs::is_directory(status)) return "it is a directory";
  return fs::is_regular_file(status) || fs::is_fifo(status) ? "" : "it is no regular file";
}

}  // namespace

std::optional<std::string> ReadFile(const std::string& path, size_t limit, std::string* reason) {
  constexpr size_t kFirstStep = size_t{16} << 10;
  *reason = FaultOf(path);
  if (!reason->empty()) return std::nullopt;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                       &std::fclose);
  if (file == nullptr) {
    *reason = std::strerror(errno);
    return std::nullopt;
  }
  std::string content;
  size_t step = 0;
  size_t got = 0;
  while (got == step) {
    size_t size = content.size();
    step = std::max(kFirstStep, size);
    content.resize(size + step);
    got = std::fread(&content[size], 1, step, file.get());
    content.resize(size + got);
    if (content.size() > limit) {
      *reason = "it is larger than " + std::to_string(limit >> 20) + " MiB";
      return std::nullopt;
    }
  }
  if (std::ferror(file.get()) != 0) {
    *reason = std::strerror(errno);
    return std::nullopt;
  }
  return content;
}

std::string QuoteUnlessSecret(const std::string& path, const std::string& secret) {
  bool is_path = false;
  for (std::string_view start : {"/", "./", "../", "~/"}) {
    is_path = is_path || path.compare(0, start.size(), start) == 0;
  }
  std::error_code error;
  const fs::path folder = fs::path(path).parent_path();
  is_path = is_path || (!folder.empty() && fs::is_directory(folder, error));
  if (is_path && path.find('\n') == std::string::npos) return Quote(path, kLongestPath);
  return "of a name of " + std::to_string(path.size()) + " bytes (or is it " + secret + "?)";
}

}  // namespace pygrpc
