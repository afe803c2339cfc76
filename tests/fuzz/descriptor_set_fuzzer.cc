// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Any bytes as a descriptor set: refused with an error, or loaded and good for all that a schema is
// for. Most inputs are made by changing the descriptors in a set; the rest are bytes as they come.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "schema/schema.h"
#include "schema_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  pygrpc::schema::SchemaStore store;
  try {
    store.LoadDescriptorSet(std::string_view(reinterpret_cast<const char*>(data), size));
  } catch (const pygrpc::Error&) {
    return 0;
  }
  pygrpc::fuzz::CheckSchema(store, pygrpc::fuzz::MadeFrom::kDescriptors);
  return 0;
}
