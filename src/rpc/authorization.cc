// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/authorization.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace pygrpc::rpc {
namespace {

constexpr const char* kBearer = "Bearer ";

// What may stand in a header, so that gRPC never has to refuse, and print, a secret.
void CheckToken(const std::string& token, const std::string& source) {
  if (token.empty()) throw Error(Code::kOption, source + " is empty");
  bool visible =
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!visible) {
    throw Error(Code::kOption,
                source + " holds white space or other characters that no token may have");
  }
}

constexpr size_t kMaxTokenFileSize = size_t{1} << 20;

Error CannotRead(const std::string& path, const std::string& reason) {
  return Error(Code::kOption, "option \"token_file\": cannot read the file " +
                                  QuoteUnlessSecret(path, "the token") + ": " + reason);
}

// A file that is written twice within a tick of the file system's clock looks as if it were not.
bool MayChangeUnseen(const timespec& changed) {
  constexpr time_t kTicks = 2;  // in seconds
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  return changed.tv_sec > now.tv_sec - kTicks;
}

}  // namespace

Authorization::Authorization(std::string header, std::string path)
    : path_(std::move(path)), header_(std::move(header)) {}

std::shared_ptr<const Authorization> Authorization::Token(const std::string& token) {
  CheckToken(token, "option \"token\"");
  return std::shared_ptr<const Authorization>(new Authorization(kBearer + token, ""));
}

std::shared_ptr<const Authorization> Authorization::TokenFile(const std::string& path) {
  std::shared_ptr<const Authorization> made(new Authorization("", path));
  made->Refresh();
  return made;
}

std::shared_ptr<const Authorization> Authorization::Basic(const std::string& username,
                                                          const std::string& password) {
  if (username.find(':') != std::string::npos) {
    throw Error(Code::kOption, "option \"basic_auth.username\" holds a colon, which ends a name");
  }
  return std::shared_ptr<const Authorization>(
      new Authorization("Basic " + Base64Encode(username + ":" + password), ""));
}

void Authorization::Refresh() const {
  if (path_.empty()) return;
  struct stat status = {};
  if (stat(path_.c_str(), &status) != 0) {
    throw CannotRead(path_, std::strerror(errno));
  }
  // Others, pipes among them, give what they hold once.
  if (!S_ISREG(status.st_mode)) throw CannotRead(path_, "it is no regular file");
  Version version{status.st_dev, status.st_ino, status.st_size, status.st_mtim};
  std::lock_guard<std::mutex> lock(mutex_);
  bool known = !header_.empty() && !may_change_unseen_ && version.device == version_.device &&
               version.inode == version_.inode && version.size == version_.size &&
               version.changed.tv_sec == version_.changed.tv_sec &&
               version.changed.tv_nsec == version_.changed.tv_nsec;
  if (!known) Read(version);
}

void Authorization::Read(const Version& version) const {
  const bool may_change_unseen = MayChangeUnseen(version.changed);
  std::string reason;
  std::optional<std::string> content = ReadFile(path_, kMaxTokenFileSize, &reason);
  if (!content.has_value()) throw CannotRead(path_, reason);
  may_change_unseen_ = may_change_unseen;
  std::string token = *std::move(content);
  while (!token.empty() && std::strchr(" \t\r\n", token.back()) != nullptr) token.pop_back();
  // A writer that does not rename a new file into place has emptied this one and is about to fill
  // it: the token before is good until then.
  if (token.empty() && !header_.empty()) return;
  CheckToken(token, "the file " + Quote(path_, kLongestPath) + " of the option \"token_file\"");
  header_ = kBearer + token;
  version_ = version;
}

std::string Authorization::Header() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return header_;
}

}  // namespace pygrpc::rpc
