// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_QUIET_H_
#define PYGRPC_SCHEMA_QUIET_H_

#include <google/protobuf/stubs/common.h>
#if GOOGLE_PROTOBUF_VERSION < 4022000
#include <google/protobuf/stubs/logging.h>
#endif

namespace pygrpc::schema {

// While one exists protobuf writes no complaints to stderr: what it complains of is either reported
// as an error or does no harm (a comment that is not UTF-8, a missing syntax statement).
class Quiet {
 public:
  Quiet() = default;
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
#if GOOGLE_PROTOBUF_VERSION < 4022000
  google::protobuf::LogSilencer silencer_;
#endif
};

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_QUIET_H_
