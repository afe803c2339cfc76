// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_SERVER_REFLECTION_SERVICE_H_
#define PYGRPC_TESTS_SERVER_REFLECTION_SERVICE_H_

#include <string>
#include <unordered_set>
#include <vector>

#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"

namespace pygrpc::testserver {

// Answers reflection requests from the generated code that is linked into the server.
class Reflection {
 public:
  using Request = grpc::reflection::v1::ServerReflectionRequest;
  using Response = grpc::reflection::v1::ServerReflectionResponse;

  // Names of files that a stream has been sent.
  using SentFiles = std::unordered_set<std::string>;

  // With imports, a file comes together with those of the files it imports, directly and
  // indirectly, that the stream has not been sent before; else it comes alone.
  Reflection(std::vector<std::string> services, bool with_imports);

  Response Answer(const Request& request, SentFiles* sent) const;

 private:
  const std::vector<std::string> services_;
  const bool with_imports_;
};

class ReflectionFaults;

class ReflectionV1Service final : public grpc::reflection::v1::ServerReflection::Service {
 public:
  explicit ReflectionV1Service(const ReflectionFaults& reflection) : reflection_(reflection) {}

  grpc::Status ServerReflectionInfo(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<grpc::reflection::v1::ServerReflectionResponse,
                               grpc::reflection::v1::ServerReflectionRequest>* stream) override;

 private:
  const ReflectionFaults& reflection_;
};

// Its messages are the same as those of v1 on the wire, so it converts them by their bytes.
class ReflectionV1AlphaService final : public grpc::reflection::v1alpha::ServerReflection::Service {
 public:
  explicit ReflectionV1AlphaService(const ReflectionFaults& reflection) : reflection_(reflection) {}

  grpc::Status ServerReflectionInfo(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<grpc::reflection::v1alpha::ServerReflectionResponse,
                               grpc::reflection::v1alpha::ServerReflectionRequest>* stream)
      override;

 private:
  const ReflectionFaults& reflection_;
};

}  // namespace pygrpc::testserver

#endif  // PYGRPC_TESTS_SERVER_REFLECTION_SERVICE_H_
