// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_FUZZ_PEER_H_
#define PYGRPC_TESTS_FUZZ_PEER_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace pygrpc::fuzz {

// How a server answers an RPC. All of it is sent as it is, in well-formed HTTP/2 frames.
struct Script {
  using Fields = std::vector<std::pair<std::string, std::string>>;

  Fields headers;                     // after :status and content-type
  std::vector<std::string> messages;  // each becomes a message of gRPC
  Fields trailers;                    // grpc-status and grpc-message among them
  bool compressed = false;            // the messages are said to be
  bool trailers_only = false;         // no headers, no messages
  bool echo = false;                  // the messages are those that come, as they come
};

// A server in this process that answers every RPC, whatever its method, by the script of the
// moment, at once. What it sends is up to the fuzzer; that is why it is no gRPC server.
class Peer {
 public:
  static Peer& Get();

  // "unix-abstract:pygrpc-fuzz-..."
  const std::string& target() const { return target_; }

  // For RPCs that begin from now on.
  void Follow(Script script);
  std::shared_ptr<const Script> script() const;

 private:
  Peer();

  std::string target_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Script> script_;
};

// Keeps a connection to the peer, which clients of the same options then share.
void KeepConnected();

}  // namespace pygrpc::fuzz

#endif  // PYGRPC_TESTS_FUZZ_PEER_H_
