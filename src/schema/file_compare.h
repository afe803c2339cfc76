// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_FILE_COMPARE_H_
#define PYGRPC_SCHEMA_FILE_COMPARE_H_

#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "schema/schema_file.h"
#include "schema/snapshot.h"

namespace pygrpc::schema {

// The types of custom options. Compilers write one option in several ways (packed or not, in one
// piece or in several): read with its type, it is the same.
class OptionTypes {
 public:
  // Builds in the pool of `schema`: it should have one of its own.
  explicit OptionTypes(std::shared_ptr<const Snapshot> schema) : schema_(std::move(schema)) {}

  // The options in a form that is the same however they were written.
  std::string Serialize(const google::protobuf::Message& options);

 private:
  std::shared_ptr<const Snapshot> schema_;
  google::protobuf::DynamicMessageFactory factory_;
};

// Whether both declare the same, whatever their comments, imports, computed JSON names and, where
// `ignore_name` is set, names. `types` is asked for only where that is not so by the bytes.
bool SameContent(const SchemaFile& a, const SchemaFile& b, bool ignore_name,
                 const std::function<OptionTypes*()>& types = nullptr);

// What to do with a second content of a file that everybody carries in the version of his own
// protobuf or googleapis: those of google/protobuf, and what else is built in.
enum class Revision {
  kConflict,  // no such file, or the two declare one thing in two ways
  kKeep,      // the known one will do
  kReplace,   // the other has all types of the known one, and more
};
Revision CompareRevisions(const SchemaFile& known, const SchemaFile& other);

// protobuf's own types.
bool IsWellKnown(std::string_view name);

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_FILE_COMPARE_H_
