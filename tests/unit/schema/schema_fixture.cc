// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/schema_fixture.h"

#include <google/protobuf/io/gzip_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace pygrpc::schema {

namespace fs = std::filesystem;

const char kGreeterProto[] = R"(syntax = "proto3";
package helloworld;
// Greets.
service Greeter {
  rpc SayHello(HelloRequest) returns (HelloReply);
  rpc SayHelloStream(HelloRequest) returns (stream HelloReply);
}
message HelloRequest { string name = 1; }
message HelloReply { string message = 1; }
)";

Error ErrorOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.message.find('\n'), std::string::npos) << error.message;
    return error;
  }
  ADD_FAILURE() << "no error was thrown";
  return Error(Code::kOk, "");
}

google::protobuf::FileDescriptorProto SimpleFile(const std::string& name,
                                                 const std::vector<std::string>& imports) {
  google::protobuf::FileDescriptorProto file;
  file.set_name(name);
  file.set_syntax("proto3");
  for (const std::string& import : imports) file.add_dependency(import);
  std::string message = "M" + name.substr(0, name.rfind('.'));
  for (char& c : message) {
    if (c == '/' || c == '.') c = '_';
  }
  file.add_message_type()->set_name(message);
  return file;
}

std::string Protoc(const std::string& directory, const std::string& arguments) {
  std::string output = directory + "/protoc-output.pb";
  std::string command = "cd '" + directory + "' && protoc -I . -o '" + output + "' " + arguments;
  if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
  std::ifstream file(output, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  fs::remove(output);
  return content.str();
}

std::string Gzip(const std::string& bytes) {
  std::string output;
  google::protobuf::io::StringOutputStream sink(&output);
  google::protobuf::io::GzipOutputStream gzip(&sink);
  void* buffer = nullptr;
  int size = 0;
  size_t done = 0;
  while (done < bytes.size() && gzip.Next(&buffer, &size)) {
    size_t step = std::min(bytes.size() - done, static_cast<size_t>(size));
    bytes.copy(static_cast<char*>(buffer), step, done);
    done += step;
    gzip.BackUp(size - static_cast<int>(step));
  }
  gzip.Close();
  return output;
}

SchemaTest::SchemaTest() : before_(fs::current_path()) { fs::current_path(elsewhere_.path()); }

SchemaTest::~SchemaTest() { fs::current_path(before_); }

}  // namespace pygrpc::schema
