// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_SERVER_STATUS_REQUEST_H_
#define PYGRPC_TESTS_SERVER_STATUS_REQUEST_H_

#include <grpcpp/support/status.h>

#include "pygrpc_test/test.pb.h"

namespace pygrpc::testserver {

// The status that the request asks for, with its details.
grpc::Status MakeStatus(const test::StatusRequest& request);

}  // namespace pygrpc::testserver

#endif  // PYGRPC_TESTS_SERVER_STATUS_REQUEST_H_
