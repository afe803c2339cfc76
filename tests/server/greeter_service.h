// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_SERVER_GREETER_SERVICE_H_
#define PYGRPC_TESTS_SERVER_GREETER_SERVICE_H_

#include "helloworld.grpc.pb.h"

namespace pygrpc::testserver {

class GreeterService final : public helloworld::Greeter::Service {
 public:
  grpc::Status SayHello(grpc::ServerContext* context, const helloworld::HelloRequest* request,
                        helloworld::HelloReply* reply) override;

  grpc::Status SayHelloStreamReply(grpc::ServerContext* context,
                                   const helloworld::HelloRequest* request,
                                   grpc::ServerWriter<helloworld::HelloReply>* writer) override;

  grpc::Status SayHelloBidiStream(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<helloworld::HelloReply, helloworld::HelloRequest>* stream) override;
};

}  // namespace pygrpc::testserver

#endif  // PYGRPC_TESTS_SERVER_GREETER_SERVICE_H_
