// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_INTROSPECT_H_
#define PYGRPC_SCHEMA_INTROSPECT_H_

#include <string>
#include <string_view>
#include <vector>

#include "schema/schema.h"

namespace pygrpc::schema {

// What a schema can tell of itself, as JSON text. All of these throw Error(kNotFound) or
// Error(kAmbiguous) for names, and Error(kSchema) for a file that turns out to be broken.

// An array of all loaded services with their methods: types, cardinality, comments, options.
std::string ServicesJson(const Schema& schema);

// An object that describes a service, method, message, enum, enum value, field, oneof, extension or
// file: comments, options, defaults, and the declaration as .proto text.
std::string DescribeJson(const Schema& schema, std::string_view symbol);

// A message in its JSON form with an example in every field; of a oneof, one member. Of a method,
// its request. Recursive types are cut.
std::string TemplateJson(const Schema& schema, std::string_view type_or_method);

struct JsonSchemaOptions {
  bool proto_names = false;      // properties by their names in the .proto
  bool enum_numbers = false;     // enums as numbers
  bool int64_as_number = false;  // 64-bit integers as JSON numbers
};

// JSON Schema (2020-12) of a message's JSON form. Of a method, a tool definition for language
// models: name, description and the schema of the request.
std::string JsonSchemaJson(const Schema& schema, std::string_view type_or_method,
                           const JsonSchemaOptions& options = {});

// An array with the tool definitions of all loaded methods.
std::string ToolsJson(const Schema& schema, const JsonSchemaOptions& options = {});

// The files that declare `symbols` (all loaded files, if there are none) and all that these import,
// as a serialized google.protobuf.FileDescriptorSet with imports first.
std::string ExportDescriptorSet(const Schema& schema, const std::vector<std::string>& symbols);
// The same as .proto text: a JSON object of file names and texts.
std::string ExportProtoText(const Schema& schema, const std::vector<std::string>& symbols);

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_INTROSPECT_H_
