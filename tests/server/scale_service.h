// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_SERVER_SCALE_SERVICE_H_
#define PYGRPC_TESTS_SERVER_SCALE_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>

#include "pygrpc_test/scale.grpc.pb.h"

namespace pygrpc::testserver {

// See scale.proto. Reflection does not list it.
class ScaleService final : public test::Scale::CallbackService {
 public:
  // WhoAmI ends with this status; 0 for none.
  explicit ScaleService(int fail_status) : fail_status_(fail_status) {}

  grpc::ServerUnaryReactor* WhoAmI(grpc::CallbackServerContext* context,
                                   const google::protobuf::Empty* request,
                                   test::Identity* reply) override;
  grpc::ServerBidiReactor<test::ScaleMessage, test::ScaleMessage>* Exchange(
      grpc::CallbackServerContext* context) override;
  grpc::ServerWriteReactor<test::ScaleMessage>* Flood(grpc::CallbackServerContext* context,
                                                      const test::FloodRequest* request) override;
  grpc::ServerUnaryReactor* Silence(grpc::CallbackServerContext* context,
                                    const google::protobuf::Empty* request,
                                    google::protobuf::Empty* reply) override;
  grpc::ServerReadReactor<test::ScaleMessage>* Collect(grpc::CallbackServerContext* context,
                                                       test::ScaleMessage* reply) override;
  grpc::ServerUnaryReactor* GetFlood(grpc::CallbackServerContext* context,
                                     const google::protobuf::Empty* request,
                                     test::FloodCounts* reply) override;

 private:
  const int fail_status_;
  std::atomic<int64_t> who_am_i_calls_{0};
  std::atomic<int64_t> flood_messages_{0};
};

}  // namespace pygrpc::testserver

#endif  // PYGRPC_TESTS_SERVER_SCALE_SERVICE_H_
