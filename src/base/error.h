// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_BASE_ERROR_H_
#define PYGRPC_BASE_ERROR_H_

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pygrpc {

// What went wrong, in the numbers of the C header (capi/ asserts that the two agree).
enum class Code : int32_t {
  kOk = 0,
  kArgument = -1,
  kOption = -2,
  kSchema = -3,
  kNotFound = -4,
  kAmbiguous = -5,
  kCardinality = -6,
  kJson = -7,
  kWire = -8,
  kStatus = -9,
  kState = -10,
  kClosed = -11,
  kForked = -12,
  kNoMemory = -13,
  kInternal = -14,
};

// "E_JSON" for kJson, and so on.
const char* CodeName(Code code);

// Metadata as it travels: keys in lower case, repeated keys allowed, "-bin" values raw.
using Metadata = std::vector<std::pair<std::string, std::string>>;

// The one error type of src/. It is thrown where the fault is found, with everything that a user
// needs to mend it; the C ABI translates it once. Fields that do not apply keep their defaults.
struct Error : public std::exception {
  Error(Code error_code, std::string text) : code(error_code), message(std::move(text)) {}

  const char* what() const noexcept override { return message.c_str(); }

  Code code;
  std::string message;  // one line, no full stop, fit to become an exception's text

  std::string method;  // "/package.Service/Method" of the call concerned

  // A fault in JSON or in wire bytes.
  std::string json_path;     // "$.items[3].name"
  int64_t byte_offset = -1;  // into the text or the bytes
  std::string expected;
  std::string found;

  // A fault in a schema.
  struct Location {
    std::string file;
    int line = 0;    // from 1; 0 when unknown
    int column = 0;  // from 1; 0 when unknown
    std::string text;
  };
  std::vector<Location> locations;
  std::vector<std::string> searched;  // directories or places looked at

  std::vector<std::string> candidates;  // what an ambiguous name may mean
  std::vector<std::string> near_names;  // known names that resemble an unknown one, nearest first

  // An RPC that ended with a status other than OK.
  int grpc_status = -1;
  std::string status_message;
  std::string status_details;  // grpc-status-details-bin: a serialized google.rpc.Status
  std::string details_json;    // the same, decoded: a JSON array; empty when there are none
  Metadata headers;
  Metadata trailers;
  std::string peer;         // the server's address, where the RPC had come to one
  std::string timing_json;  // an object; empty when nobody measured
  std::string reason;       // one word for what happened; see docs/errors.md
  bool retriable = false;
};

}  // namespace pygrpc

#endif  // PYGRPC_BASE_ERROR_H_
