// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_SCHEMA_H_
#define PYGRPC_SCHEMA_SCHEMA_H_

#include <google/protobuf/descriptor.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "schema/type_resolver.h"

namespace pygrpc::schema {

// A method's name as a caller writes it, in its two parts: "pkg.Service/Method" and the like, with
// or without a leading slash. There is no service in a bare "Method".
struct MethodNameParts {
  std::string_view service;
  std::string_view method;
};
MethodNameParts SplitMethodName(std::string_view name);

// One state of what a client knows: immutable, shared by the calls that use it.
class Schema : public TypeResolver {
 public:
  // Nothing loaded yet (the well-known types do not count).
  virtual bool empty() const = 0;

  // The method that `name` means: "SayHello", "Greeter/SayHello", "Greeter.SayHello",
  // "helloworld.Greeter/SayHello", "helloworld.Greeter.SayHello" or "/helloworld.Greeter/SayHello".
  // Throws Error(kNotFound) with near_names or Error(kAmbiguous) with candidates.
  virtual const google::protobuf::MethodDescriptor* Method(std::string_view name) const = 0;

  // The message type of that full name (a leading dot is fine), or of that unqualified name if
  // only one type has it. Throws Error(kNotFound) or Error(kAmbiguous).
  virtual const google::protobuf::Descriptor* Message(std::string_view name) const = 0;
};

struct LoadOptions {
  std::vector<std::string> proto_path;  // searched in this order, before PYGRPC_PROTO_PATH
};

// What a client has loaded, growing. Thread-safe; every load is atomic: it publishes a new Schema
// or throws Error(kSchema) and leaves the schema as it was.
class SchemaStore {
 public:
  SchemaStore();
  ~SchemaStore();
  SchemaStore(const SchemaStore&) = delete;
  SchemaStore& operator=(const SchemaStore&) = delete;

  std::shared_ptr<const Schema> current() const;

  // `source` is a module or file name, a path, a directory or a descriptor set; not "reflection",
  // which needs a server.
  void Load(std::string_view source, const LoadOptions& options);
  void LoadDescriptorSet(std::string_view bytes);
  // A .proto from memory. Where an import is missing this throws, but the text is kept and joins by
  // itself when a later load brings that import: files may come in any order.
  void LoadProto(std::string_view filename, std::string_view text, const LoadOptions& options = {});
  // Serialized google.protobuf.FileDescriptorProto in any order; `origin` ("reflection of
  // localhost:50051") stands in messages.
  void LoadFiles(const std::vector<std::string>& serialized_files, std::string_view origin);
  // Adds all that the other one has, without a copy where this one is empty.
  void LoadSchema(const std::shared_ptr<const Schema>& other);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_SCHEMA_H_
