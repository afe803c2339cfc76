// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_LOAD_SOURCE_H_
#define PYGRPC_SCHEMA_LOAD_SOURCE_H_

#include <memory>
#include <string_view>

#include "schema/proto_loader.h"
#include "schema/schema.h"
#include "schema/snapshot.h"

namespace pygrpc::schema {

// `base` with what `source` means on disk: a module or file name on the proto path, a path, a
// directory, a descriptor set. Throws Error(kSchema).
std::shared_ptr<const Snapshot> LoadSource(std::shared_ptr<const Snapshot> base,
                                           bool may_share_pool, std::string_view source,
                                           const LoadOptions& options,
                                           const ProtoLoader::Texts& texts);

// `base` with the files of a descriptor set. A set of common size is checked fully, a very large
// one as far as names go: its files are checked when they are used.
std::shared_ptr<const Snapshot> LoadSet(const Snapshot& base, bool may_share_pool,
                                        std::string_view bytes, const std::string& origin);

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_LOAD_SOURCE_H_
