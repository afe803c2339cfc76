// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/repair.h"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_set>

#include "schema/wire_scan.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptorProto;

std::string EntryName(const std::string& field) {
  std::string name;
  bool upper = true;
  for (char c : field) {
    if (c == '_') {
      upper = true;
    } else {
      name += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      upper = false;
    }
  }
  return name + "Entry";
}

const DescriptorProto* FindEntry(const DescriptorProto& message, std::string_view name) {
  for (const DescriptorProto& nested : message.nested_type()) {
    if (nested.options().map_entry() && nested.name() == name) return &nested;
  }
  return nullptr;
}

// Recursion is bounded: protobuf's parser accepts no more than 100 levels.
void NameMapEntriesOf(DescriptorProto* message) {
  std::set<std::string> misnamed;
  std::vector<DescriptorProto> renamed;
  for (FieldDescriptorProto& field : *message->mutable_field()) {
    size_t start = field.type_name().rfind('.') + 1;
    const DescriptorProto* entry =
        FindEntry(*message, std::string_view(field.type_name()).substr(start));
    std::string name = EntryName(field.name());
    if (entry == nullptr || entry->name() == name) continue;
    misnamed.insert(entry->name());
    renamed.push_back(*entry);
    renamed.back().set_name(name);
    field.mutable_type_name()->replace(start, std::string::npos, name);
  }
  if (!misnamed.empty()) {
    auto* nested = message->mutable_nested_type();
    nested->erase(std::remove_if(nested->begin(), nested->end(),
                                 [&](const DescriptorProto& type) {
                                   return type.options().map_entry() &&
                                          misnamed.count(type.name()) > 0;
                                 }),
                  nested->end());
    for (DescriptorProto& entry : renamed) nested->Add(std::move(entry));
  }
  for (DescriptorProto& nested : *message->mutable_nested_type()) NameMapEntriesOf(&nested);
}

// `imports` and what they import publicly.
std::unordered_set<const SchemaFile*> Visible(const std::vector<FilePtr>& imports,
                                              const Pool::Finder& finder) {
  std::unordered_set<const SchemaFile*> visible;
  std::vector<FilePtr> open = imports;
  while (!open.empty()) {
    FilePtr file = std::move(open.back());
    open.pop_back();
    if (file == nullptr || !visible.insert(file.get()).second) continue;
    for (int index : file->public_imports) {
      if (index >= 0 && static_cast<size_t>(index) < file->imports.size()) {
        open.push_back(finder.FindFile(file->imports[static_cast<size_t>(index)]));
      }
    }
  }
  return visible;
}

}  // namespace

std::vector<std::string> MeaningsOf(std::string_view reference, std::string_view package) {
  if (!reference.empty() && reference.front() == '.') return {std::string(reference.substr(1))};
  std::vector<std::string> names;
  for (std::string_view scope = package; !scope.empty();) {
    names.push_back(std::string(scope) + "." + std::string(reference));
    size_t dot = scope.rfind('.');
    scope = dot == std::string_view::npos ? std::string_view() : scope.substr(0, dot);
  }
  names.emplace_back(reference);
  return names;
}

std::vector<FilePtr> UnnamedImports(const SchemaFile& file, const std::vector<FilePtr>& imports,
                                    const Pool::Finder& finder) {
  std::unordered_set<const SchemaFile*> visible = Visible(imports, finder);
  visible.insert(&file);
  std::vector<FilePtr> unnamed;
  for (std::string_view reference : ReferencedTypes(file.bytes)) {
    for (const std::string& name : MeaningsOf(reference, file.package)) {
      FilePtr found = finder.FindFileOfType(name);
      if (found == nullptr) continue;
      if (visible.insert(found.get()).second) unnamed.push_back(std::move(found));
      break;
    }
  }
  return unnamed;
}

void NameMapEntries(google::protobuf::FileDescriptorProto* file) {
  for (DescriptorProto& message : *file->mutable_message_type()) NameMapEntriesOf(&message);
}

}  // namespace pygrpc::schema
