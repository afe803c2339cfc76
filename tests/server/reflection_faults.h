// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_SERVER_REFLECTION_FAULTS_H_
#define PYGRPC_TESTS_SERVER_REFLECTION_FAULTS_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <optional>
#include <string>

#include "reflection_service.h"

namespace pygrpc::testserver {

bool IsReflectionFault(const std::string& name);

// Serves reflection as it should be, or wrongly in one of the ways that README.md lists.
class ReflectionFaults {
 public:
  struct Stream {
    std::function<bool(Reflection::Request*)> read;
    std::function<bool(const Reflection::Response&)> write;
  };

  // `metadata` is "key=value" that calls must have, or empty.
  ReflectionFaults(const Reflection& reflection, std::string fault, std::string metadata);

  grpc::Status Serve(const std::string& version, const grpc::ServerContext& context,
                     const Stream& stream) const;

 private:
  // A status with which the RPC ends before it begins.
  std::optional<grpc::Status> Refusal(const std::string& version,
                                      const grpc::ServerContext& context) const;
  Reflection::Response Answer(const Reflection::Request& request,
                              Reflection::SentFiles* sent) const;
  // What a schema that there is not looks like: of an endless one, a long one, and so on.
  Reflection::Response AnswerHostile(const Reflection::Request& request) const;
  void Change(Reflection::Response* response) const;

  const Reflection& reflection_;
  const std::string fault_;
  const std::string metadata_;
};

}  // namespace pygrpc::testserver

#endif  // PYGRPC_TESTS_SERVER_REFLECTION_FAULTS_H_
