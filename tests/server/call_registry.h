// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_SERVER_CALL_REGISTRY_H_
#define PYGRPC_TESTS_SERVER_CALL_REGISTRY_H_

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "pygrpc_test/test.pb.h"

namespace grpc {
class ServerContext;
}

namespace pygrpc::testserver {

// Counts the calls of the service, so that a test can ask what the server saw of them.
class CallRegistry {
 public:
  // A method's name and the call's tag.
  using Key = std::pair<std::string, std::string>;

  void Start(const Key& key);
  void End(const Key& key, bool cancelled);

  // The counts that the request asks for, once they are as high as it wants them. Returns early
  // when the time of the request is up or the context's call is cancelled.
  test::CallCounts Get(const test::CallCountsRequest& request, const grpc::ServerContext& context);

 private:
  test::CallCounts Sum(const test::CallCountsRequest& request) const;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Key, test::CallCounts> counts_;
};

// Counts one call, from its construction to its destruction.
class CallScope {
 public:
  CallScope(CallRegistry* registry, const grpc::ServerContext& context, std::string method);
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

 private:
  CallRegistry* const registry_;
  const grpc::ServerContext& context_;
  const CallRegistry::Key key_;
};

}  // namespace pygrpc::testserver

#endif  // PYGRPC_TESTS_SERVER_CALL_REGISTRY_H_
