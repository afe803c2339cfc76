// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_LIMITS_H_
#define PYGRPC_SCHEMA_LIMITS_H_

#include <google/protobuf/descriptor.pb.h>

#include <cstddef>
#include <string_view>

namespace pygrpc::schema {

// No package is as long as that: protobuf takes a stack frame, and a copy, for each of its parts.
inline constexpr size_t kMaxPackageSize = 1000;

// protobuf's parsers take a stack frame for each level of nesting.
inline constexpr int kMaxNesting = 100;

// .proto files, and the text of options within (protobuf's text format), differ in comments and in
// where strings end.
enum class TextStyle { kProto, kTextFormat };

// The offset of the bracket that opens one level more than kMaxNesting; npos if all is well.
size_t FindDeepNesting(std::string_view text, TextStyle style);

// Throws Error(kSchema) for a file that would take protobuf's builder stack without bound, or time
// or memory out of all proportion to the file's size. Counts the work, in `work`, before it is
// done: of all files that go into one pool.
void CheckLimits(const google::protobuf::FileDescriptorProto& file, size_t* work);

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_LIMITS_H_
