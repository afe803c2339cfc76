// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_AUTHORIZATION_H_
#define PYGRPC_RPC_AUTHORIZATION_H_

#include <sys/types.h>

#include <ctime>
#include <memory>
#include <mutex>
#include <string>

namespace pygrpc::rpc {

// What calls send as "authorization": a bearer token, static or of a file that may change, or a
// user's name and password. Thread-safe. Errors and logs never show it.
class Authorization {
 public:
  // Throw Error(kOption).
  static std::shared_ptr<const Authorization> Token(const std::string& token);
  static std::shared_ptr<const Authorization> TokenFile(const std::string& path);
  static std::shared_ptr<const Authorization> Basic(const std::string& username,
                                                    const std::string& password);

  // Reads the file again if it has changed. To be called before each call. Throws Error(kOption).
  void Refresh() const;

  // The value to send, as of the latest Refresh().
  std::string Header() const;

 private:
  // Tells one content of the file from another.
  struct Version {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec changed = {};
  };

  Authorization(std::string header, std::string path);
  void Read(const Version& version) const;

  const std::string path_;  // empty: the header stays what it is
  mutable std::mutex mutex_;
  mutable std::string header_;
  mutable Version version_;
  mutable bool may_change_unseen_ = false;  // the file is too young for its version to tell
};

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_AUTHORIZATION_H_
