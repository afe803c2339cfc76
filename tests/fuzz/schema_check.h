// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_FUZZ_SCHEMA_CHECK_H_
#define PYGRPC_TESTS_FUZZ_SCHEMA_CHECK_H_

#include "schema/schema.h"

namespace pygrpc::fuzz {

// What must hold for whatever could be loaded: all of it is described, its first messages have a
// template that their plans take, in both directions, and a JSON Schema; its export loads again, as
// a descriptor set and as .proto text, and is the same. What is wrong is printed, and ends the
// process.
//
// Descriptors that no compiler made may hold what no text says (a service called "1") and what no
// JSON fits (two fields of one JSON name): their text and their templates may be refused.
enum class MadeFrom { kText, kDescriptors };
void CheckSchema(const schema::SchemaStore& store, MadeFrom made_from);

}  // namespace pygrpc::fuzz

#endif  // PYGRPC_TESTS_FUZZ_SCHEMA_CHECK_H_
