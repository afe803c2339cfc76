// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_SCHEMA_WIRE_SCAN_H_
#define PYGRPC_SCHEMA_WIRE_SCAN_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pygrpc::schema {

// Steps through the fields of a serialized message without parsing it.
class WireScanner {
 public:
  explicit WireScanner(std::string_view bytes) : rest_(bytes) {}

  // Moves to the next field; false at the end and at a fault.
  bool Next();
  // No fault so far.
  bool ok() const { return ok_; }

  uint32_t field() const { return field_; }
  bool is_bytes() const { return is_bytes_; }
  // The value of a varint field, or of a fixed one.
  uint64_t number() const { return number_; }
  // The content of a length-delimited field.
  std::string_view bytes() const { return bytes_; }

 private:
  bool Fail();
  bool ReadVarint(uint64_t* value);
  bool SkipGroup();

  std::string_view rest_;
  bool ok_ = true;
  bool is_bytes_ = false;
  uint32_t field_ = 0;
  uint64_t number_ = 0;
  std::string_view bytes_;
};

// What the index wants to know of a serialized google.protobuf.FileDescriptorProto. All views
// point into the bytes that were scanned.
struct FileOutline {
  std::string_view name;
  std::string_view package;
  std::string_view syntax;
  int edition = 0;  // as in google.protobuf.Edition; 0 for proto2 and proto3
  std::vector<std::string_view> imports;
  std::vector<int> public_imports;  // indexes into `imports`
  // Serialized DescriptorProto, EnumDescriptorProto, ServiceDescriptorProto and
  // FieldDescriptorProto (of extensions), in that order.
  std::vector<std::string_view> messages;
  std::vector<std::string_view> enums;
  std::vector<std::string_view> services;
  std::vector<std::string_view> extensions;
};

// False if `bytes` are no well-formed message.
bool ScanFile(std::string_view bytes, FileOutline* outline);

// The first length-delimited field of that number; empty if there is none. In all descriptor
// messages the name is field 1.
std::string_view FindBytes(std::string_view message, uint32_t field);
inline std::string_view NameOf(std::string_view descriptor) { return FindBytes(descriptor, 1); }

// All length-delimited fields of that number.
std::vector<std::string_view> FindAllBytes(std::string_view message, uint32_t field);

// Appends a length-delimited field to a message.
void AppendBytes(uint32_t field, std::string_view value, std::string* message);

// All references to types in a serialized FileDescriptorProto, as they stand: of fields, extendees,
// requests and responses. Compilers write full names, with a leading dot.
std::vector<std::string_view> ReferencedTypes(std::string_view file);

}  // namespace pygrpc::schema

#endif  // PYGRPC_SCHEMA_WIRE_SCAN_H_
