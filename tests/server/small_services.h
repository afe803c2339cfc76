// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_SERVER_SMALL_SERVICES_H_
#define PYGRPC_TESTS_SERVER_SMALL_SERVICES_H_

#include "pygrpc_test/no_package.grpc.pb.h"
#include "pygrpc_test/proto2.grpc.pb.h"

namespace pygrpc::testserver {

class Proto2Service final : public test::Proto2Test::Service {
 public:
  grpc::Status EchoProto2(grpc::ServerContext* context, const test::Proto2Message* request,
                          test::Proto2Message* reply) override;
  grpc::Status EchoRequired(grpc::ServerContext* context, const test::RequiredFields* request,
                            test::RequiredFields* reply) override;
  grpc::Status Ping(grpc::ServerContext* context, const google::protobuf::Empty* request,
                    google::protobuf::Empty* reply) override;
};

class NoPackageService final : public NoPackage::Service {
 public:
  grpc::Status EchoText(grpc::ServerContext* context, const UnpackagedText* request,
                        UnpackagedText* reply) override;
};

}  // namespace pygrpc::testserver

#endif  // PYGRPC_TESTS_SERVER_SMALL_SERVICES_H_
