// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_SERVER_TEST_SERVICE_H_
#define PYGRPC_TESTS_SERVER_TEST_SERVICE_H_

#include "call_registry.h"
#include "pygrpc_test/test.grpc.pb.h"

namespace pygrpc::testserver {

// Two methods see their messages as bytes; all others go through the generated classes.
using TestServiceBase = test::Test::WithRawCallbackMethod_SendWire<
    test::Test::WithRawCallbackMethod_ReceiveWire<test::Test::Service>>;

// What the methods do is said in test.proto.
class TestService final : public TestServiceBase {
 public:
  using AllTypes = test::AllTypes;
  using Context = grpc::ServerContext;
  using Count = test::Count;
  using CountRequest = test::CountRequest;
  using Empty = google::protobuf::Empty;
  using Payload = test::Payload;
  using StatusRequest = test::StatusRequest;

  grpc::Status Ping(Context* context, const Empty* request, Empty* reply) override;

  grpc::Status Echo(Context* context, const AllTypes* request, AllTypes* reply) override;
  grpc::Status EchoServerStream(Context* context, const test::EchoStreamRequest* request,
                                grpc::ServerWriter<AllTypes>* writer) override;
  grpc::Status EchoClientStream(Context* context, grpc::ServerReader<AllTypes>* reader,
                                test::AllTypesList* reply) override;
  grpc::Status EchoBidi(Context* context,
                        grpc::ServerReaderWriter<AllTypes, AllTypes>* stream) override;

  grpc::ServerUnaryReactor* SendWire(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* reply) override;
  grpc::ServerUnaryReactor* ReceiveWire(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* reply) override;

  grpc::Status EchoMetadata(Context* context, const test::MetadataRequest* request,
                            test::MetadataReply* reply) override;
  grpc::Status EchoMetadataBidi(
      Context* context,
      grpc::ServerReaderWriter<test::MetadataReply, test::MetadataRequest>* stream) override;

  grpc::Status ReturnStatus(Context* context, const StatusRequest* request, Empty* reply) override;
  grpc::Status ReturnStatusServerStream(Context* context, const StatusRequest* request,
                                        grpc::ServerWriter<Count>* writer) override;
  grpc::Status ReturnStatusClientStream(Context* context, grpc::ServerReader<StatusRequest>* reader,
                                        Count* reply) override;
  grpc::Status ReturnStatusBidi(Context* context,
                                grpc::ServerReaderWriter<Count, StatusRequest>* stream) override;

  grpc::Status Sleep(Context* context, const test::SleepRequest* request,
                     test::SleepReply* reply) override;
  grpc::Status NeverAnswer(Context* context, const Empty* request, Empty* reply) override;
  grpc::Status NeverAnswerBidi(Context* context,
                               grpc::ServerReaderWriter<Payload, Payload>* stream) override;
  grpc::Status NeverRead(Context* context, grpc::ServerReader<Payload>* reader,
                         Empty* reply) override;
  grpc::Status CountForever(Context* context, const CountRequest* request,
                            grpc::ServerWriter<Count>* writer) override;
  grpc::Status CountForeverBidi(Context* context,
                                grpc::ServerReaderWriter<Count, CountRequest>* stream) override;
  grpc::Status GetCallCounts(Context* context, const test::CallCountsRequest* request,
                             test::CallCounts* reply) override;

  grpc::Status GetPayload(Context* context, const test::PayloadRequest* request,
                          Payload* reply) override;
  grpc::Status PutPayload(Context* context, const Payload* request,
                          test::PayloadSummary* reply) override;
  grpc::Status StreamPayloads(Context* context, const test::PayloadStreamRequest* request,
                              grpc::ServerWriter<Payload>* writer) override;
  grpc::Status SinkPayloads(Context* context, grpc::ServerReader<Payload>* reader,
                            test::PayloadSummary* reply) override;
  grpc::Status EchoPayloads(Context* context,
                            grpc::ServerReaderWriter<Payload, Payload>* stream) override;

  grpc::Status Crash(Context* context, const test::CrashRequest* request,
                     grpc::ServerWriter<Count>* writer) override;

 private:
  CallRegistry calls_;
};

}  // namespace pygrpc::testserver

#endif  // PYGRPC_TESTS_SERVER_TEST_SERVICE_H_
