// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_POOL_H_
#define PYGRPC_SCHEMA_POOL_H_

#include <google/protobuf/descriptor.h>

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "schema/schema_file.h"

namespace pygrpc::schema {

// Descriptors, built file by file when they are asked for. It only ever grows, so what it hands out
// stays valid as long as the pool.
//
// A google::protobuf::DescriptorPool without a fallback database does not lock: all use of one goes
// through mutex(). Descriptors that are handed out may be used without it, except for what asks
// their pool again (descriptor->file()->pool()).
class Pool {
 public:
  // Where the files that another one needs are found.
  class Finder {
   public:
    virtual ~Finder() = default;
    // The file that is known under an import's name; nullptr if there is none.
    virtual FilePtr FindFile(std::string_view name) const = 0;
    // The file that declares a type; nullptr if there is none.
    virtual FilePtr FindFileOfType(std::string_view full_name) const = 0;
  };

  std::mutex& mutex() const { return mutex_; }

  // The caller holds mutex() for all that follows.
  const google::protobuf::DescriptorPool& descriptors() const { return pool_; }

  // Builds `file` after all that it imports, bottom-up by an explicit list: a chain of imports may
  // be longer than the stack is deep. Throws Error(kSchema).
  const google::protobuf::FileDescriptor* Build(const FilePtr& file, const Finder& finder);

  // Of a file that was built: the length of its longest chain of public imports.
  int PublicDepth(std::string_view name) const { return built_.at(name).public_depth; }

  // Whether a file, of an edition or of proto3, had to be built as one of proto2; whether any had.
  bool BecameProto2(std::string_view name) const { return built_.at(name).became_proto2; }
  bool any_became_proto2() const { return any_became_proto2_; }

  // Whether nothing was built yet, nor tried to be.
  bool is_fresh() const { return built_.empty() && failed_.empty(); }

  // Lets files that could not be built try again: what they lack may have been loaded.
  void ForgetFailures() { failed_.clear(); }

 private:
  struct Built {
    FilePtr file;
    const google::protobuf::FileDescriptor* descriptor;
    int public_depth;    // of the longest chain of public imports
    bool became_proto2;  // was of an edition, or of proto3
  };
  struct Failed {
    FilePtr file;
    Error error;
    std::string cause;  // in the file where it began; what imports that file repeats it
  };

  void BuildOne(const FilePtr& file, const std::vector<FilePtr>& imports, std::string* cause);

  void ResolveEditionOf(google::protobuf::FileDescriptorProto* proto) const;

  mutable std::mutex mutex_;
  google::protobuf::DescriptorPool pool_;
  std::unordered_map<std::string_view, Built> built_;
  std::unordered_map<const SchemaFile*, Failed> failed_;
  size_t public_work_ = 0;
  size_t limits_work_ = 0;
  bool any_became_proto2_ = false;
};

// What an import name leads to, built.
struct BuiltImport {
  const google::protobuf::FileDescriptor* descriptor;
  int public_depth;
};

// Imports that are public all the way make protobuf recurse, and its work grow as the square of
// their number: counts that work, in `work`, before it is done. Returns the public depth of
// `proto`; throws Error(kSchema) if there is too much of either.
int CheckPublicImports(const google::protobuf::FileDescriptorProto& proto,
                       const std::function<BuiltImport(const std::string& name)>& find,
                       size_t* work);

// `"file.proto" is not defined.` and the like, as protobuf words it, as one line without a stop.
std::string CleanMessage(const std::string& text);

// Whether protobuf only says what else could be written, for an error that it has reported.
bool IsSuggestion(const std::string& message);

// An error of several locations: the message is that of the first, in one line.
Error ErrorAt(std::vector<Error::Location> locations, const std::string& suffix = "");

// Gives the imports of `proto` the names that `rename` answers (an alias may have been imported)
// and drops those for which it answers none.
void RewriteImports(
    google::protobuf::FileDescriptorProto* proto,
    const std::function<std::optional<std::string>(const std::string& name)>& rename);

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_POOL_H_
