// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "small_services.h"

#include "pygrpc_test/extensions.pb.h"

namespace pygrpc::testserver {

grpc::Status Proto2Service::EchoProto2(grpc::ServerContext*, const test::Proto2Message* request,
                                       test::Proto2Message* reply) {
  // Nothing else refers to extensions.proto: without this, the linker leaves it out of the server,
  // and reflection does not find it.
  google::protobuf::LinkExtensionReflection(test::elsewhere::note);
  *reply = *request;
  return grpc::Status::OK;
}

grpc::Status Proto2Service::EchoRequired(grpc::ServerContext*, const test::RequiredFields* request,
                                         test::RequiredFields* reply) {
  *reply = *request;
  return grpc::Status::OK;
}

grpc::Status Proto2Service::Ping(grpc::ServerContext*, const google::protobuf::Empty*,
                                 google::protobuf::Empty*) {
  return grpc::Status::OK;
}

grpc::Status NoPackageService::EchoText(grpc::ServerContext*, const UnpackagedText* request,
                                        UnpackagedText* reply) {
  *reply = *request;
  return grpc::Status::OK;
}

}  // namespace pygrpc::testserver
