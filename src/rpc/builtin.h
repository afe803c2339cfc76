// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_BUILTIN_H_
#define PYGRPC_RPC_BUILTIN_H_

#include "rpc/method.h"

namespace pygrpc::rpc {

// The services and types that the library itself speaks (reflection, health, google.rpc), from the
// descriptors that are embedded in it. Made with the first call of this; never freed.
const std::shared_ptr<const Catalog>& BuiltinCatalog();

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_BUILTIN_H_
