// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// A message given as fields: name=text count:=3 place.city=text.

#ifndef PYGRPC_CLI_FIELDS_H_
#define PYGRPC_CLI_FIELDS_H_

#include <string>
#include <vector>

namespace pygrpc::cli {

// Whether an argument has the form of a field. JSON never has.
bool IsField(const std::string& argument);

// The JSON of the message that has these fields. Throws UsageError that names the field.
std::string MessageOfFields(const std::vector<std::string>& fields);

}  // namespace pygrpc::cli

#endif  // PYGRPC_CLI_FIELDS_H_
