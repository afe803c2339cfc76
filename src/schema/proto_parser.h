// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_PROTO_PARSER_H_
#define PYGRPC_SCHEMA_PROTO_PARSER_H_

#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pygrpc::schema {

// One .proto file, parsed but not linked.
struct ParsedProto {
  std::string path;  // as it stands in messages
  google::protobuf::FileDescriptorProto proto;
  google::protobuf::compiler::SourceLocationTable locations;  // points into `proto`
  std::vector<Error::Location> errors;

  // Where the import of that index stands.
  Error::Location ImportLocation(int index, std::string text) const;
  // Whether that import stands before the first error: what comes after one is not to be trusted.
  bool IsImportSound(int index) const;
};

// Never throws for what is wrong in the text: that is in `errors`, all of it.
std::unique_ptr<ParsedProto> ParseProto(std::string_view text, std::string path);

// Takes the errors of the link step and finds where in the text they are.
class LinkErrors : public google::protobuf::DescriptorPool::ErrorCollector {
 public:
  explicit LinkErrors(ParsedProto* parsed) : parsed_(parsed) {}
  void AddError(const std::string& filename, const std::string& element,
                const google::protobuf::Message* descriptor, ErrorLocation location,
                const std::string& message) override;

 private:
  ParsedProto* parsed_;
};

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_PROTO_PARSER_H_
