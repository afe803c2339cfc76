// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_UNIT_TRANSCODE_TEXT_SCHEMA_H_
#define PYGRPC_TESTS_UNIT_TRANSCODE_TEXT_SCHEMA_H_

#include <google/protobuf/any.pb.h>
#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "schema/type_resolver.h"

namespace pygrpc::transcode {

// A schema of the well-known types and of .proto files given as text.
class TextSchema : public schema::TypeResolver {
 public:
  TextSchema() {
    using namespace google::protobuf;  // NOLINT(build/namespaces): seven types of it
    for (const FileDescriptor* file :
         {Any::descriptor()->file(), Struct::descriptor()->file(), Timestamp::descriptor()->file(),
          Duration::descriptor()->file(), FieldMask::descriptor()->file(),
          Int32Value::descriptor()->file(), FileDescriptorProto::descriptor()->file()}) {
      FileDescriptorProto proto;
      file->CopyTo(&proto);
      pool_.BuildFile(proto);
    }
  }

  void Add(const std::string& name, std::string_view text) {
    google::protobuf::io::ArrayInputStream input(text.data(), static_cast<int>(text.size()));
    google::protobuf::io::Tokenizer tokenizer(&input, nullptr);
    google::protobuf::FileDescriptorProto file;
    if (!google::protobuf::compiler::Parser().Parse(&tokenizer, &file)) {
      throw std::logic_error(name + " is no .proto file");
    }
    file.set_name(name);
    if (pool_.BuildFile(file) == nullptr) throw std::logic_error(name + " cannot be built");
  }

  const google::protobuf::Descriptor* FindMessage(std::string_view name) const override {
    return pool_.FindMessageTypeByName(std::string(name));
  }
  std::vector<const google::protobuf::FieldDescriptor*> Extensions(
      const google::protobuf::Descriptor* extendee) const override {
    std::vector<const google::protobuf::FieldDescriptor*> extensions;
    pool_.FindAllExtensions(extendee, &extensions);
    return extensions;
  }

  const google::protobuf::DescriptorPool& pool() const { return pool_; }

  std::unique_ptr<google::protobuf::Message> New(const std::string& type) const {
    return std::unique_ptr<google::protobuf::Message>(
        factory_.GetPrototype(FindMessage(type))->New());
  }

 private:
  google::protobuf::DescriptorPool pool_;
  mutable google::protobuf::DynamicMessageFactory factory_{&pool_};
};

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TESTS_UNIT_TRANSCODE_TEXT_SCHEMA_H_
