// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_SCHEMA_CACHE_H_
#define PYGRPC_SCHEMA_SCHEMA_CACHE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pygrpc::schema {

// What a server answered.
struct CachedSchema {
  std::vector<std::string> services;  // as it lists them, sorted
  std::vector<std::string> files;     // serialized google.protobuf.FileDescriptorProto
};

// Schemas in a directory, by the question that they answer. Two kinds of files: SHA-256(question)
// .json says what the answer was, and SHA-256(content).binpb is that, a descriptor set; no name
// comes from a server. Files appear whole (they are renamed into place) and are readable by their
// owner only. What is damaged, or belongs to another user, counts as not there, so any number of
// processes may use a directory, and anything in it may be deleted at any time.
class SchemaCache {
 public:
  // Makes the directory if it is not there. Throws Error(kOption) if it cannot be used.
  explicit SchemaCache(std::string directory);

  std::optional<CachedSchema> Read(std::string_view question) const;
  // Replaces what was there. That it cannot be written, for want of space say, is no error: the
  // next process asks the server again.
  void Write(std::string_view question, const CachedSchema& schema) const;

 private:
  std::string PathOf(std::string_view hash, std::string_view ending) const;
  std::string ContentHashAt(const std::string& entry_path) const;
  bool IsReferredTo(const std::string& content_hash) const;

  const std::string directory_;
};

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_SCHEMA_CACHE_H_
