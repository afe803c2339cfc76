// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "base/error.h"

#include <mutex>
#include <new>
#include <nlohmann/json.hpp>
#include <string>

#include "barrier.h"
#include "rpc/status.h"

using pygrpc::Error;

struct pygrpc_error {
  explicit pygrpc_error(const Error &fault) : error(fault) {}

  const Error error;
  // Made when somebody asks.
  mutable std::once_flag json_once;
  mutable std::string json;
};

namespace pygrpc::capi {
namespace {

using Json = nlohmann::ordered_json;

// The error that says memory ran out cannot be allocated: it is this address and nothing more.
constexpr char kNoMemoryMark = 0;
constexpr char kNoMemoryMessage[] = "memory ran out";
constexpr char kNoMemoryJson[] =
    R"({"code":-13,"name":"E_NO_MEMORY","message":"memory ran out","retriable":false})";

// Gives the code, which is that of the error: without memory for an error, what was wrong is not
// told.
int32_t SetError(const Error &fault, pygrpc_error **error) noexcept {
  if (error == nullptr) return static_cast<int32_t>(fault.code);
  *error = NewError(fault);
  return pygrpc_error_code(*error);
}

void AddText(Json *object, const char *key, const std::string &text) {
  if (!text.empty()) (*object)[key] = text;
}

void AddTexts(Json *object, const char *key, const std::vector<std::string> &texts) {
  if (!texts.empty()) (*object)[key] = texts;
}

Json LocationsJson(const Error &error) {
  Json locations = Json::array();
  for (const Error::Location &location : error.locations) {
    Json row = {{"file", location.file}};
    if (location.line > 0) row["line"] = location.line;
    if (location.column > 0) row["column"] = location.column;
    row["message"] = location.text;
    locations.push_back(row);
  }
  return locations;
}

std::string ErrorJson(const Error &error) {
  Json object = {{"code", static_cast<int32_t>(error.code)},
                 {"name", CodeName(error.code)},
                 {"message", error.message}};
  if (error.grpc_status >= 0) {
    object["status"] = error.grpc_status;
    object["statusName"] = rpc::StatusName(error.grpc_status);
    object["statusMessage"] = error.status_message;
    if (!error.details_json.empty()) object["details"] = Json::parse(error.details_json);
    object["headers"] = Json::parse(rpc::MetadataJson(error.headers));
    object["trailers"] = Json::parse(rpc::MetadataJson(error.trailers));
  }
  AddText(&object, "reason", error.reason);
  AddText(&object, "method", error.method);
  AddText(&object, "peer", error.peer);
  if (!error.timing_json.empty()) object["timing"] = Json::parse(error.timing_json);
  AddText(&object, "path", error.json_path);
  if (error.byte_offset >= 0) object["offset"] = error.byte_offset;
  AddText(&object, "expected", error.expected);
  AddText(&object, "found", error.found);
  if (!error.locations.empty()) object["locations"] = LocationsJson(error);
  AddTexts(&object, "searched", error.searched);
  AddTexts(&object, "candidates", error.candidates);
  AddTexts(&object, "near", error.near_names);
  object["retriable"] = error.retriable;
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

pygrpc_error *NoMemoryError() noexcept {
  return reinterpret_cast<pygrpc_error *>(const_cast<char *>(&kNoMemoryMark));
}

pygrpc_error *NewError(const Error &fault) noexcept {
  try {
    return new pygrpc_error(fault);
  } catch (...) {
    return NoMemoryError();
  }
}

int32_t TranslateException(pygrpc_error **error) noexcept {
  try {
    throw;
  } catch (const Error &fault) {
    return SetError(fault, error);
  } catch (const std::bad_alloc &) {
    if (error != nullptr) *error = NoMemoryError();
    return PYGRPC_E_NO_MEMORY;
  } catch (const std::exception &fault) {
    try {
      return SetError(
          Error(Code::kInternal, std::string("a fault of the library: ") + fault.what()), error);
    } catch (...) {
      if (error != nullptr) *error = NoMemoryError();
      return PYGRPC_E_NO_MEMORY;
    }
  } catch (...) {
    if (error != nullptr) *error = NoMemoryError();
    return PYGRPC_E_INTERNAL;
  }
}

}  // namespace pygrpc::capi

using pygrpc::capi::NoMemoryError;

int32_t pygrpc_error_code(const pygrpc_error *error) {
  if (error == nullptr) return PYGRPC_OK;
  if (error == NoMemoryError()) return PYGRPC_E_NO_MEMORY;
  return static_cast<int32_t>(error->error.code);
}

const char *pygrpc_error_message(const pygrpc_error *error) {
  if (error == nullptr) return "";
  if (error == NoMemoryError()) return pygrpc::capi::kNoMemoryMessage;
  return error->error.message.c_str();
}

int32_t pygrpc_error_status(const pygrpc_error *error) {
  if (error == nullptr || error == NoMemoryError()) return -1;
  return error->error.grpc_status;
}

const char *pygrpc_error_json(const pygrpc_error *error) {
  if (error == nullptr) return "{}";
  if (error == NoMemoryError()) return pygrpc::capi::kNoMemoryJson;
  try {
    std::call_once(error->json_once,
                   [error] { error->json = pygrpc::capi::ErrorJson(error->error); });
    return error->json.c_str();
  } catch (...) {
    return "{}";
  }
}

void pygrpc_error_free(pygrpc_error *error) {
  if (error != NoMemoryError()) delete error;
}
