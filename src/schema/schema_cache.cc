// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/schema_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/sha256.h"
#include "base/text.h"
#include "schema/wire_scan.h"

namespace pygrpc::schema {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int kFormat = 1;
constexpr uint32_t kFileField = 1;  // of google.protobuf.FileDescriptorSet
constexpr off_t kMaxFileSize = off_t{512} << 20;
constexpr char kEntryEnding[] = ".json";
constexpr char kContentEnding[] = ".binpb";

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }

 private:
  const int fd_;
};

// The content of a plain file of this user's that no other may write; nothing in all other cases.
std::optional<std::string> ReadOwnFile(const std::string& path) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (file.get() < 0 || fstat(file.get(), &status) != 0) return std::nullopt;
  bool others_write = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || others_write ||
      status.st_size > kMaxFileSize) {
    return std::nullopt;
  }
  std::string content(static_cast<size_t>(status.st_size), '\0');
  size_t size = 0;
  while (size < content.size()) {
    ssize_t count = read(file.get(), &content[size], content.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    size += static_cast<size_t>(count);
  }
  return content;
}

bool WriteAll(int fd, std::string_view content) {
  while (!content.empty()) {
    ssize_t count = write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    content.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

// Under a name that no other thread or process uses, then renamed.
bool WriteWhole(const std::string& path, std::string_view content) {
  static std::atomic<unsigned> count{0};
  std::string temporary =
      path + "." + std::to_string(getpid()) + "." + std::to_string(count.fetch_add(1)) + ".tmp";
  bool written = false;
  {
    Descriptor file(
        open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.get() < 0) return false;
    written = WriteAll(file.get(), content);
  }
  written = written && std::rename(temporary.c_str(), path.c_str()) == 0;
  if (!written) unlink(temporary.c_str());
  return written;
}

// A google.protobuf.FileDescriptorSet.
std::string MakeSet(const std::vector<std::string>& files) {
  std::string set;
  for (const std::string& file : files) AppendBytes(kFileField, file, &set);
  return set;
}

}  // namespace

SchemaCache::SchemaCache(std::string directory) : directory_(std::move(directory)) {
  std::error_code error;
  fs::path path(directory_);
  bool made = fs::create_directories(path, error);
  if (made) fs::permissions(path, fs::perms::owner_all, error);
  if (!error && !fs::is_directory(path, error) && !error) {
    error = std::make_error_code(std::errc::not_a_directory);
  }
  if (!error && access(directory_.c_str(), R_OK | W_OK | X_OK) != 0) {
    error = std::error_code(errno, std::generic_category());
  }
  if (!error) return;
  throw Error(Code::kOption, "option \"schema_cache\": the directory " + Quote(directory_, 500) +
                                 " cannot be used: " + error.message());
}

std::string SchemaCache::PathOf(std::string_view hash, std::string_view ending) const {
  return directory_ + "/" + std::string(hash) + std::string(ending);
}

std::optional<CachedSchema> SchemaCache::Read(std::string_view question) const {
  std::optional<std::string> text = ReadOwnFile(PathOf(Sha256Hex(question), kEntryEnding));
  if (!text) return std::nullopt;
  Json entry = Json::parse(*text, nullptr, false);
  CachedSchema schema;
  std::string hash;
  try {
    if (entry.at("format") != kFormat || entry.at("question") != question) return std::nullopt;
    hash = entry.at("content").get<std::string>();
    schema.services = entry.at("services").get<std::vector<std::string>>();
  } catch (const Json::exception&) {
    return std::nullopt;
  }
  bool is_hash = hash.size() == 64 && hash.find_first_not_of("0123456789abcdef") == hash.npos;
  std::optional<std::string> content;
  if (is_hash) content = ReadOwnFile(PathOf(hash, kContentEnding));
  if (!content || Sha256Hex(*content) != hash) return std::nullopt;
  for (std::string_view file : FindAllBytes(*content, 1)) schema.files.emplace_back(file);
  return schema;
}

// The content that an entry leads to; empty if there is no such entry.
std::string SchemaCache::ContentHashAt(const std::string& entry_path) const {
  std::optional<std::string> text = ReadOwnFile(entry_path);
  if (!text) return "";
  Json entry = Json::parse(*text, nullptr, false);
  if (!entry.is_object() || !entry.contains("content")) return "";
  return entry["content"].is_string() ? entry["content"].get<std::string>() : "";
}

bool SchemaCache::IsReferredTo(const std::string& content_hash) const {
  std::error_code error;
  for (fs::directory_iterator it(directory_, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().extension() == kEntryEnding && ContentHashAt(it->path()) == content_hash) {
      return true;
    }
  }
  return static_cast<bool>(error);
}

void SchemaCache::Write(std::string_view question, const CachedSchema& schema) const {
  std::string content = MakeSet(schema.files);
  std::string hash = Sha256Hex(content);
  Json entry = {{"format", kFormat},
                {"question", question},
                {"content", hash},
                {"services", schema.services}};
  std::string text;
  try {
    text = entry.dump(1) + "\n";
  } catch (const Json::exception&) {
    return;  // a name that is no UTF-8
  }
  std::string entry_path = PathOf(Sha256Hex(question), kEntryEnding);
  std::string before = ContentHashAt(entry_path);
  // The content first: an entry never leads to what is not there yet.
  std::string content_path = PathOf(hash, kContentEnding);
  if (!WriteWhole(content_path, content) || !WriteWhole(entry_path, text)) return;
  // A process that is about to read the old content asks its server again, no more.
  bool is_name = before.size() == hash.size() && before.find('/') == before.npos;
  if (is_name && before != hash && !IsReferredTo(before)) {
    unlink(PathOf(before, kContentEnding).c_str());
  }
}

}  // namespace pygrpc::schema
