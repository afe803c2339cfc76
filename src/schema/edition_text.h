// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_EDITION_TEXT_H_
#define PYGRPC_SCHEMA_EDITION_TEXT_H_

#include <google/protobuf/descriptor.pb.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "schema/proto_parser.h"

namespace pygrpc::schema {

// .proto text of an edition, for a parser that knows none: it is given the text as proto3, which
// differs little, and what it makes of that is brought into the form of the edition.

struct EditionStatement {
  size_t offset;  // of `edition`
  size_t size;    // up to the end of the string
  std::string edition;
};
// The statement with which such a text begins.
std::optional<EditionStatement> FindEditionStatement(std::string_view text);

// The same text, line for line, as proto3.
std::string AsProto3Text(std::string_view text, const EditionStatement& statement);

// Marks what the parser made as a file of the edition and puts features where compilers put them.
// Adds to the errors what an edition does not allow.
void FinishEdition(int edition, ParsedProto* parsed);

// The text says of a type only its name: tells messages from enums, with full names.
// `is_enum` answers for a full name; nothing if there is no such type.
void FillTypes(google::protobuf::FileDescriptorProto* file,
               const std::function<std::optional<bool>(const std::string& full_name)>& is_enum);

// What a compiler would have written for `original`, a file of an edition, after its resolved form
// has been built and copied into `built`: names and options from there, the rest as it was.
google::protobuf::FileDescriptorProto RestoreEdition(
    const google::protobuf::FileDescriptorProto& original,
    const google::protobuf::FileDescriptorProto& built);

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_EDITION_TEXT_H_
