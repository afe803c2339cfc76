// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_SERVER_METADATA_H_
#define PYGRPC_TESTS_SERVER_METADATA_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include "pygrpc_test/test.pb.h"

namespace pygrpc::testserver {

// What the server knows of the call: its metadata, peer, authority, deadline, and client identity.
test::MetadataReply DescribeCall(const grpc::ServerContext& context);

// Puts the headers and trailers that the request asks for into the call. INVALID_ARGUMENT if one
// of them may not be sent.
grpc::Status AddMetadata(const test::MetadataRequest& request, grpc::ServerContext* context);

grpc::Status AddTrailers(const google::protobuf::RepeatedPtrField<test::MetadataEntry>& trailers,
                         grpc::ServerContext* context);

}  // namespace pygrpc::testserver

#endif  // PYGRPC_TESTS_SERVER_METADATA_H_
