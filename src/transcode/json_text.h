// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TRANSCODE_JSON_TEXT_H_
#define PYGRPC_TRANSCODE_JSON_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"

// Reading JSON text off the fast path: where a fault lies, what stands there, and what has to be
// known before its turn.

namespace pygrpc::transcode {

// The place of `offset` in a JSON text as a path, "$.items[3].labels[\"a b\"]". Reads the text from
// its start, so that converting keeps no track of where it is; only called once a fault is found.
std::string JsonPathAt(std::string_view json, size_t offset);

// What stands at `offset`, in few words: `"abc"`, `12`, `an object`, `the end of the text`.
std::string DescribeJsonAt(std::string_view json, size_t offset);

// An Error(kJson) about what stands at `offset`: "<path>: expected <expected>, found <found>".
Error JsonFault(std::string_view json, size_t offset, std::string expected);

// The same with a message of its own: "<path>: <message>".
Error JsonFaultWithMessage(std::string_view json, size_t offset, const std::string& message);

// What the string that opens at `offset` stands for; its raw text should it have bad escapes.
std::string JsonStringAt(std::string_view json, size_t offset);

// The Error(kJson) about an object or array at `offset` that is nested too deep.
Error JsonDepthFault(std::string_view json, size_t offset, uint32_t max_depth);

// The offset of the key of member `index` of the object that begins at `object`.
size_t OffsetOfMember(std::string_view json, size_t object, size_t index);

// Finds "@type" members that are not the first of their object, each stretch of text read once.
class TypeFinder {
 public:
  TypeFinder(std::string_view json, uint32_t max_depth) : json_(json), max_depth_(max_depth) {}

  // The offset of the value of "@type" in the object that begins at `object` and is nested `depth`
  // deep, or npos. Throws when what it holds is nested too deep.
  size_t Find(size_t object, uint32_t depth);

 private:
  std::string_view json_;
  uint32_t max_depth_;
  size_t read_to_ = 0;
  std::unordered_map<size_t, size_t> types_;
};

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TRANSCODE_JSON_TEXT_H_
