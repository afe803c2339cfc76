// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_PROTO_LOADER_H_
#define PYGRPC_SCHEMA_PROTO_LOADER_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "schema/proto_parser.h"
#include "schema/snapshot.h"
#include "schema/source_tree.h"

namespace pygrpc::schema {

// Loads .proto texts and all that they import, fully checked, on top of a schema. For one use.
class ProtoLoader {
 public:
  // .proto texts from memory, by file name.
  using Texts = std::map<std::string, std::string>;

  // An import is looked for among the files of `base`, in `texts`, on the proto path and among the
  // built-in files.
  ProtoLoader(std::shared_ptr<const Snapshot> base, bool may_share_pool, const SourceTree& tree,
              const Texts& texts);

  // `disk_path` is empty for a text from memory.
  void Add(const std::string& name, std::unique_ptr<ParsedProto> parsed,
           const std::string& disk_path);
  // Throws Error(kSchema) with all errors of all files.
  std::shared_ptr<const Snapshot> Load();

  // After a failure: nothing was wrong but that imports are missing.
  bool lacks_only_imports() const { return lacks_only_imports_; }
  std::vector<std::string> missing_imports() const;
  // The texts that were taken, by import or by Add().
  const std::set<std::string>& used_texts() const { return used_texts_; }

 private:
  struct Unit {
    std::string name;
    std::unique_ptr<ParsedProto> parsed;
    std::string disk_path;
    const Unit* imported_by = nullptr;
    const Unit* copy_of = nullptr;  // the same definitions under another path
    size_t missing_imports = 0;
    bool lacks_imports = false;  // itself, or what it imports; or one of them has errors
    // Before its edition was resolved.
    std::optional<google::protobuf::FileDescriptorProto> original;
    bool became_proto2 = false;
    int public_depth = 0;
    const google::protobuf::FileDescriptor* built = nullptr;
  };
  struct Missing {
    const Unit* unit;
    std::string name;
  };

  Unit* AddUnit(const std::string& name, std::unique_ptr<ParsedProto> parsed,
                const std::string& disk_path, const Unit* imported_by);
  void ResolveImports(Unit* unit);
  void MergeCopies();
  void ResolveImport(Unit* unit, int index);
  std::vector<Unit*> InImportOrder();
  void Link(const std::vector<Unit*>& order);
  void ResolveEditionOf(Unit* unit, const google::protobuf::DescriptorPool& staging);
  void LinkOne(Unit* unit, google::protobuf::DescriptorPool* staging, size_t* public_work);
  void CheckWithoutMissing();
  void LinkWithoutMissing(const std::vector<Unit*>& order);
  void ThrowErrors();
  std::string BadNameHint(const Missing& missing) const;
  std::string MissingHint(const Missing& missing) const;

  std::shared_ptr<const Snapshot> base_;
  bool may_share_pool_;
  const SourceTree& tree_;
  const Texts& texts_;
  std::vector<std::unique_ptr<Unit>> units_;  // grows while imports are resolved
  std::unordered_map<std::string, Unit*> by_name_;
  std::unordered_map<std::string, Unit*> by_real_path_;
  std::unordered_map<std::string, bool>
      types_;  // of the units, by full name: whether it is an enum
  std::vector<FilePtr> built_in_;
  std::vector<Missing> missing_;
  std::set<std::string> used_texts_;
  bool lacks_only_imports_ = false;
};

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_PROTO_LOADER_H_
