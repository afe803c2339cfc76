// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/wire_scan.h"

#include <cstring>

namespace pygrpc::schema {
namespace {

enum WireType {
  kVarint = 0,
  kFixed64 = 1,
  kBytes = 2,
  kStartGroup = 3,
  kEndGroup = 4,
  kFixed32 = 5
};

void AddReference(std::string_view name, std::vector<std::string_view>* types) {
  if (!name.empty()) types->push_back(name);
}

void AddFieldReferences(std::string_view field, std::vector<std::string_view>* types) {
  AddReference(FindBytes(field, 6), types);
  AddReference(FindBytes(field, 2), types);
}

void AppendVarint(uint64_t value, std::string* message) {
  for (; value >= 0x80; value >>= 7) *message += static_cast<char>((value & 0x7F) | 0x80);
  *message += static_cast<char>(value);
}

}  // namespace

bool WireScanner::Fail() {
  ok_ = false;
  rest_ = {};
  return false;
}

bool WireScanner::ReadVarint(uint64_t* value) {
  uint64_t result = 0;
  for (size_t i = 0; i < rest_.size() && i < 10; ++i) {
    auto byte = static_cast<unsigned char>(rest_[i]);
    result |= static_cast<uint64_t>(byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      rest_.remove_prefix(i + 1);
      *value = result;
      return true;
    }
  }
  return false;
}

// Groups only occur as unknown fields here: their content does not matter, their end does.
bool WireScanner::SkipGroup() {
  std::vector<uint32_t> open = {field_};
  while (!open.empty()) {
    uint64_t tag = 0;
    if (!ReadVarint(&tag)) return false;
    uint64_t size = 0;
    switch (tag & 7) {
      case kVarint:
        if (!ReadVarint(&size)) return false;
        size = 0;
        break;
      case kFixed64:
        size = 8;
        break;
      case kBytes:
        if (!ReadVarint(&size)) return false;
        break;
      case kStartGroup:
        open.push_back(static_cast<uint32_t>(tag >> 3));
        break;
      case kEndGroup:
        if (open.back() != tag >> 3) return false;
        open.pop_back();
        break;
      case kFixed32:
        size = 4;
        break;
      default:
        return false;
    }
    if (size > rest_.size()) return false;
    rest_.remove_prefix(size);
  }
  return true;
}

bool WireScanner::Next() {
  if (rest_.empty()) return false;
  uint64_t tag = 0;
  if (!ReadVarint(&tag) || tag >> 3 == 0 || tag > UINT32_MAX) return Fail();
  field_ = static_cast<uint32_t>(tag >> 3);
  is_bytes_ = false;
  number_ = 0;
  bytes_ = {};
  switch (tag & 7) {
    case kVarint:
      return ReadVarint(&number_) || Fail();
    case kFixed64:
    case kFixed32: {
      size_t size = (tag & 7) == kFixed64 ? 8 : 4;
      if (rest_.size() < size) return Fail();
      std::memcpy(&number_, rest_.data(), size);  // little-endian, as all that we build for
      rest_.remove_prefix(size);
      return true;
    }
    case kBytes: {
      uint64_t size = 0;
      if (!ReadVarint(&size) || size > rest_.size()) return Fail();
      is_bytes_ = true;
      bytes_ = rest_.substr(0, size);
      rest_.remove_prefix(size);
      return true;
    }
    case kStartGroup:
      return SkipGroup() || Fail();
    default:
      return Fail();
  }
}

bool ScanFile(std::string_view bytes, FileOutline* outline) {
  WireScanner scanner(bytes);
  while (scanner.Next()) {
    switch (scanner.field()) {
      case 1:
        outline->name = scanner.bytes();
        break;
      case 2:
        outline->package = scanner.bytes();
        break;
      case 3:
        outline->imports.push_back(scanner.bytes());
        break;
      case 4:
        outline->messages.push_back(scanner.bytes());
        break;
      case 5:
        outline->enums.push_back(scanner.bytes());
        break;
      case 6:
        outline->services.push_back(scanner.bytes());
        break;
      case 7:
        outline->extensions.push_back(scanner.bytes());
        break;
      case 10:
        if (scanner.is_bytes()) {  // packed
          std::string_view packed = scanner.bytes();
          int index = 0;
          int shift = 0;
          for (char c : packed) {
            if (shift < 28) index |= (c & 0x7F) << shift;
            shift += 7;
            if ((c & 0x80) == 0) {
              outline->public_imports.push_back(index);
              index = shift = 0;
            }
          }
        } else {
          outline->public_imports.push_back(static_cast<int>(scanner.number()));
        }
        break;
      case 12:
        outline->syntax = scanner.bytes();
        break;
      case 14:
        outline->edition = static_cast<int>(scanner.number());
        break;
      default:
        break;
    }
  }
  return scanner.ok();
}

std::string_view FindBytes(std::string_view message, uint32_t field) {
  WireScanner scanner(message);
  while (scanner.Next()) {
    if (scanner.field() == field && scanner.is_bytes()) return scanner.bytes();
  }
  return {};
}

std::vector<std::string_view> FindAllBytes(std::string_view message, uint32_t field) {
  std::vector<std::string_view> found;
  WireScanner scanner(message);
  while (scanner.Next()) {
    if (scanner.field() == field && scanner.is_bytes()) found.push_back(scanner.bytes());
  }
  return found;
}

void AppendBytes(uint32_t field, std::string_view value, std::string* message) {
  constexpr uint32_t kLengthDelimited = 2;
  AppendVarint(uint64_t{field} << 3 | kLengthDelimited, message);
  AppendVarint(value.size(), message);
  message->append(value);
}

std::vector<std::string_view> ReferencedTypes(std::string_view file) {
  std::vector<std::string_view> types;
  FileOutline outline;
  ScanFile(file, &outline);
  for (std::string_view field : outline.extensions) AddFieldReferences(field, &types);
  std::vector<std::string_view> messages = outline.messages;
  while (!messages.empty()) {
    std::string_view message = messages.back();
    messages.pop_back();
    for (std::string_view field : FindAllBytes(message, 2)) AddFieldReferences(field, &types);
    for (std::string_view field : FindAllBytes(message, 6)) AddFieldReferences(field, &types);
    for (std::string_view nested : FindAllBytes(message, 3)) messages.push_back(nested);
  }
  for (std::string_view service : outline.services) {
    for (std::string_view method : FindAllBytes(service, 2)) {
      AddReference(FindBytes(method, 2), &types);
      AddReference(FindBytes(method, 3), &types);
    }
  }
  return types;
}

}  // namespace pygrpc::schema
