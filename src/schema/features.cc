// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/features.h"

#include "schema/editions.h"

namespace pygrpc::schema {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

#if GOOGLE_PROTOBUF_VERSION >= 4022000

bool HasPresence(const FieldDescriptor* field) { return field->has_presence(); }
bool IsClosed(const EnumDescriptor* type) { return type->is_closed(); }
bool RequiresUtf8(const FieldDescriptor* field) { return field->requires_utf8_validation(); }

#else

namespace {

// What ResolveEdition() noted.
template <typename Options>
Features NotesOf(const Options& options, int number) {
  Features features;
  features.Merge(FindFeatures(options.unknown_fields(), number));
  return features;
}

bool IsProto3(const google::protobuf::FileDescriptor* file) {
  return file->syntax() == google::protobuf::FileDescriptor::SYNTAX_PROTO3;
}

}  // namespace

bool HasPresence(const FieldDescriptor* field) {
  return field->has_presence() &&
         (field->is_extension() || IsProto3(field->file()) ||
          NotesOf(field->options(), kFieldFeatures).field_presence != Features::kImplicit);
}

bool IsClosed(const EnumDescriptor* type) {
  return !IsProto3(type->file()) &&
         NotesOf(type->options(), kEnumFeatures).enum_type != Features::kOpen;
}

bool RequiresUtf8(const FieldDescriptor* field) {
  if (field->type() != FieldDescriptor::TYPE_STRING) return false;
  int noted = NotesOf(field->options(), kFieldFeatures).utf8_validation;
  return noted == 0 ? IsProto3(field->file()) : noted == Features::kVerify;
}

#endif

}  // namespace pygrpc::schema
