// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "greeter_service.h"

#include <string>

namespace pygrpc::testserver {

using helloworld::HelloReply;
using helloworld::HelloRequest;

namespace {

std::string Greeting(const HelloRequest& request) { return "Hello, " + request.name() + "!"; }

}  // namespace

grpc::Status GreeterService::SayHello(grpc::ServerContext*, const HelloRequest* request,
                                      HelloReply* reply) {
  reply->set_message(Greeting(*request));
  return grpc::Status::OK;
}

grpc::Status GreeterService::SayHelloStreamReply(grpc::ServerContext*, const HelloRequest* request,
                                                 grpc::ServerWriter<HelloReply>* writer) {
  constexpr int kReplies = 5;
  HelloReply reply;
  for (int i = 1; i <= kReplies; ++i) {
    reply.set_message(Greeting(*request) + " (" + std::to_string(i) + "/" +
                      std::to_string(kReplies) + ")");
    if (!writer->Write(reply)) break;
  }
  return grpc::Status::OK;
}

grpc::Status GreeterService::SayHelloBidiStream(
    grpc::ServerContext*, grpc::ServerReaderWriter<HelloReply, HelloRequest>* stream) {
  HelloRequest request;
  HelloReply reply;
  while (stream->Read(&request)) {
    reply.set_message(Greeting(request));
    if (!stream->Write(reply)) break;
  }
  return grpc::Status::OK;
}

}  // namespace pygrpc::testserver
