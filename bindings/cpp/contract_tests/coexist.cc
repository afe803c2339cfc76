// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// One process with pygrpc and with gRPC's and protobuf's own C++: who comes first is the argument.

#include <google/protobuf/empty.pb.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <cstdlib>
#include <iostream>
#include <pygrpc.hpp>
#include <string>

namespace {

const char* Target() { return std::getenv("PYGRPC_TEST_TARGET"); }

bool Theirs() {
  auto channel = grpc::CreateChannel(Target(), grpc::InsecureChannelCredentials());
  grpc::TemplatedGenericStub<google::protobuf::Empty, google::protobuf::Empty> stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  auto call =
      stub.PrepareUnaryCall(&context, "/pygrpc.test.Test/Ping", google::protobuf::Empty(), &queue);
  google::protobuf::Empty reply;
  grpc::Status status;
  call->StartCall();
  call->Finish(&reply, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  return queue.Next(&tag, &ok) && ok && status.ok();
}

void Ours() {
  pygrpc::Client client(Target());
  client.load("helloworld.proto");
  const std::string reply = client.unary_unary("SayHello", R"({"name":"you"})").str();
  std::cout << reply.substr(12, reply.size() - 14) << std::endl;
}

}  // namespace

int main(int, char** arguments) {
  const bool ours_first = arguments[1] == std::string("ours");
  if (ours_first) Ours();
  if (!Theirs()) return 1;
  Ours();
  if (!Theirs()) return 1;
  if (!ours_first) Ours();
  return 0;
}
