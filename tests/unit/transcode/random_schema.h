// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_UNIT_TRANSCODE_RANDOM_SCHEMA_H_
#define PYGRPC_TESTS_UNIT_TRANSCODE_RANDOM_SCHEMA_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "schema/type_resolver.h"
#include "transcode/random_source.h"

namespace pygrpc::differential {

// What a descriptor pool knows, as the transcoder asks for it.
class PoolResolver : public schema::TypeResolver {
 public:
  explicit PoolResolver(const google::protobuf::DescriptorPool* pool) : pool_(pool) {}
  const google::protobuf::Descriptor* FindMessage(std::string_view full_name) const override {
    return pool_->FindMessageTypeByName(std::string(full_name));
  }
  std::vector<const google::protobuf::FieldDescriptor*> Extensions(
      const google::protobuf::Descriptor* extendee) const override {
    std::vector<const google::protobuf::FieldDescriptor*> extensions;
    pool_->FindAllExtensions(extendee, &extensions);
    return extensions;
  }

 private:
  const google::protobuf::DescriptorPool* pool_;
};

// Messages whose types are known at run time only, the well-known ones among them.
class DynamicSchema {
 public:
  DynamicSchema();

  const google::protobuf::DescriptorPool& pool() const { return pool_; }
  const PoolResolver& resolver() const { return resolver_; }
  // The types that a test starts from.
  const std::vector<const google::protobuf::Descriptor*>& types() const { return types_; }
  // The type that the URL of an Any names; nullptr if it is unknown, or names none.
  const google::protobuf::Descriptor* TypeOfUrl(const std::string& url) const;
  // A new, empty message.
  std::unique_ptr<google::protobuf::Message> New(const google::protobuf::Descriptor* type) const;
  // The .proto text, for a report.
  std::string Text() const;

 protected:
  // Adds a file, whose imports are there, and its messages to types().
  void Add(const google::protobuf::FileDescriptorProto& proto);

 private:
  google::protobuf::DescriptorPool pool_;
  mutable google::protobuf::DynamicMessageFactory factory_;
  PoolResolver resolver_;
  std::vector<const google::protobuf::FileDescriptor*> files_;
  std::vector<const google::protobuf::Descriptor*> types_;
};

// A schema of one proto2 and one proto3 file that uses all that ProtoJSON knows: every field type
// and cardinality, maps of every key type, oneofs, recursion, groups, extensions, closed and open
// enums, defaults, odd names, and the well-known types.
class RandomSchema : public DynamicSchema {
 public:
  explicit RandomSchema(RandomSource* random);
};

}  // namespace pygrpc::differential

#endif  // PYGRPC_TESTS_UNIT_TRANSCODE_RANDOM_SCHEMA_H_
