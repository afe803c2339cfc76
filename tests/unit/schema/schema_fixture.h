// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_UNIT_SCHEMA_SCHEMA_FIXTURE_H_
#define PYGRPC_TESTS_UNIT_SCHEMA_SCHEMA_FIXTURE_H_

#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "schema/schema.h"
#include "temp_dir.h"

namespace pygrpc::schema {

// The error that `action` throws; fails the test if it throws none.
Error ErrorOf(const std::function<void()>& action);

// "Greeter.SayHello(HelloRequest) returns (HelloReply)", package helloworld.
extern const char kGreeterProto[];

// A proto3 file with one empty message, M<name>, and imports.
google::protobuf::FileDescriptorProto SimpleFile(const std::string& name,
                                                 const std::vector<std::string>& imports = {});

// Runs protoc on files below `directory`; returns the bytes of the descriptor set.
std::string Protoc(const std::string& directory, const std::string& arguments);

std::string Gzip(const std::string& bytes);

// Runs in a directory of its own: the current one is part of the proto path.
class SchemaTest : public ::testing::Test {
 protected:
  SchemaTest();
  ~SchemaTest() override;

  void Load(const std::string& source, std::vector<std::string> proto_path = {}) {
    store_.Load(source, LoadOptions{std::move(proto_path)});
  }

  TempDir dir_;
  SchemaStore store_;

 private:
  TempDir elsewhere_;
  std::filesystem::path before_;
};

}  // namespace pygrpc::schema

#endif  // PYGRPC_TESTS_UNIT_SCHEMA_SCHEMA_FIXTURE_H_
