// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// A user of grpc++ and libprotobuf whose generated files have the names of those that are embedded
// in the library, and of those that the tests load into it.

#include "neighbour.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/grpcpp.h>

#include <iostream>
#include <memory>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpc/health/v1/health.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "helloworld.grpc.pb.h"
#include "pygrpc_test/test.grpc.pb.h"

namespace {

bool Greet(const std::shared_ptr<grpc::Channel> &channel) {
  auto stub = helloworld::Greeter::NewStub(channel);
  grpc::ClientContext context;
  helloworld::HelloRequest request;
  helloworld::HelloReply reply;
  request.set_name("neighbour");
  grpc::Status status = stub->SayHello(&context, request, &reply);
  if (status.ok() && reply.message() == "Hello, neighbour!") return true;
  std::cerr << "SayHello: " << status.error_message() << " " << reply.message() << std::endl;
  return false;
}

bool ReadDetails(const std::shared_ptr<grpc::Channel> &channel) {
  auto stub = pygrpc::test::Test::NewStub(channel);
  grpc::ClientContext context;
  pygrpc::test::StatusRequest request;
  google::protobuf::Empty reply;
  request.set_code(grpc::StatusCode::NOT_FOUND);
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(3);
  request.add_details()->PackFrom(info);
  grpc::Status status = stub->ReturnStatus(&context, request, &reply);
  google::rpc::Status details;
  google::rpc::RetryInfo found;
  if (details.ParseFromString(status.error_details()) && details.details_size() == 1 &&
      details.details(0).UnpackTo(&found) && found.retry_delay().seconds() == 3) {
    return true;
  }
  std::cerr << "ReturnStatus: " << status.error_message() << " " << details.ShortDebugString()
            << std::endl;
  return false;
}

// All of them are in libprotobuf's own pool, of which each name has room for one file.
bool HasFiles() {
  const google::protobuf::Descriptor *const types[] = {
      google::rpc::Status::descriptor(),
      google::rpc::ErrorInfo::descriptor(),
      grpc::health::v1::HealthCheckRequest::descriptor(),
      grpc::reflection::v1::ServerReflectionRequest::descriptor(),
      grpc::reflection::v1alpha::ServerReflectionRequest::descriptor(),
      pygrpc::test::StatusRequest::descriptor(),
  };
  const auto *pool = google::protobuf::DescriptorPool::generated_pool();
  for (const google::protobuf::Descriptor *type : types) {
    if (pool->FindFileByName(type->file()->name()) != type->file()) return false;
  }
  return true;
}

}  // namespace

int neighbour_call(const char *target) {
  auto channel = grpc::CreateChannel(target, grpc::InsecureChannelCredentials());
  return HasFiles() && Greet(channel) && ReadDetails(channel) ? 0 : 1;
}
