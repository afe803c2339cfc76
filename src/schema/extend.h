// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_EXTEND_H_
#define PYGRPC_SCHEMA_EXTEND_H_

#include <memory>
#include <vector>

#include "schema/snapshot.h"

namespace pygrpc::schema {

// The schema `base` with `files` added. What is there already is skipped, what the files import of
// the built-in ones is added. The pool of `base` is used further where `may_share_pool` is set and
// nothing in it stands in the way.
//
// Throws Error(kSchema) for a conflict (a file of the same name with another content, a symbol in
// two files), for a missing import and for a cycle of imports.
std::shared_ptr<const Snapshot> Extend(const Snapshot& base, const std::vector<FilePtr>& files,
                                       bool may_share_pool);

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_EXTEND_H_
