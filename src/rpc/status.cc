// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/status.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/text.h"
#include "rpc/builtin.h"
#include "rpc/failure.h"
#include "rpc/health.h"

namespace pygrpc::rpc {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kDetailsKey = "grpc-status-details-bin";

constexpr const char* kStatusNames[] = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};
constexpr int kStatusCount = sizeof(kStatusNames) / sizeof(*kStatusNames);

// The last part of a type URL.
std::string TypeName(const std::string& url) { return url.substr(url.rfind('/') + 1); }

// Details of a type that is not built in come out of the transcoder as type URL and base64; the
// schema of the call may know the type.
Json DecodeWith(const Catalog& catalog, const Json& detail) {
  const std::string url = detail.value("@type", "");
  const google::protobuf::Descriptor* type = catalog.schema()->FindMessage(TypeName(url));
  std::string bytes;
  if (type == nullptr || !Base64Decode(detail.value("value", ""), &bytes)) return detail;
  try {
    Buffer text;
    std::string_view span = bytes;
    catalog.transcoder().WireToJson(catalog.transcoder().Plan(type), &span, 1, {}, &text);
    Json decoded = {{"@type", url}};
    decoded.update(Json::parse(text.view()));
    return decoded;
  } catch (const Error&) {
    return detail;  // bytes that are no such message stay bytes
  }
}

// The details of a serialized google.rpc.Status as a JSON array; empty if there are none, or if
// the bytes are no such message (they are in the trailers all the same).
std::string DecodeDetails(std::string_view bytes, const Method& method) {
  const Catalog& builtin = *BuiltinCatalog();
  try {
    Buffer text;
    const google::protobuf::Descriptor* type = builtin.schema()->Message("google.rpc.Status");
    builtin.transcoder().WireToJson(builtin.transcoder().Plan(type), &bytes, 1, {}, &text);
    Json status = Json::parse(text.view());
    if (!status.contains("details")) return "";
    for (Json& detail : status["details"]) {
      bool known = builtin.schema()->FindMessage(TypeName(detail.value("@type", ""))) != nullptr;
      if (!known && method.catalog != nullptr) detail = DecodeWith(*method.catalog, detail);
    }
    return status["details"].dump();
  } catch (const Error&) {
    return "";
  }
}

// Whether the server says when to try again.
bool HasRetryInfo(const std::string& details_json) {
  if (details_json.empty()) return false;
  const Json details = Json::parse(details_json);
  return std::any_of(details.begin(), details.end(), [](const Json& detail) {
    auto url = detail.find("@type");  // a schema may have a field of that name, too
    return url != detail.end() && url->is_string() &&
           TypeName(url->get<std::string>()) == "google.rpc.RetryInfo";
  });
}

const std::string* FindTrailer(const Metadata& trailers, std::string_view key) {
  for (const auto& [name, value] : trailers) {
    if (name == key) return &value;
  }
  return nullptr;
}

}  // namespace

const char* StatusName(int code) {
  return code >= 0 && code < kStatusCount ? kStatusNames[code] : "UNKNOWN";
}

bool IsStatusName(std::string_view name) {
  return std::find(std::begin(kStatusNames), std::end(kStatusNames), name) !=
         std::end(kStatusNames);
}

int StatusCode(int code) { return code >= 0 && code < kStatusCount ? code : GRPC_STATUS_UNKNOWN; }

std::string DetailsJson(const Metadata& trailers, const Method& method) {
  const std::string* details = FindTrailer(trailers, kDetailsKey);
  return details == nullptr ? "" : DecodeDetails(*details, method);
}

std::string MetadataJson(const Metadata& metadata) {
  Json object = Json::object();
  for (const auto& [key, value] : metadata) {
    bool binary = key.size() >= 4 && key.compare(key.size() - 4, 4, "-bin") == 0;
    object[key].push_back(binary ? Base64Encode(value) : value);
  }
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Error StatusError(const Status& status, const Method& method, const Channel& channel) {
  if (channel.closed() && status.code == GRPC_STATUS_CANCELLED) {
    Error error(Code::kClosed, "the client was freed while " + method.path + " was in progress");
    error.method = method.path;
    error.peer = status.peer;
    return error;
  }
  int code = StatusCode(status.code);
  std::string text = method.path + " on " + channel.target() + ": " + StatusName(code);
  if (!status.message.empty()) {
    text += ": " + OneLine(status.message, 1000);
  }
  Failure failure = Diagnose(status, channel);
  if (failure.hint.empty()) failure.hint = HealthHint(method, code);
  if (!failure.hint.empty()) text += "; " + failure.hint;
  Error error(Code::kStatus, text);
  error.method = method.path;
  error.grpc_status = code;
  error.status_message = status.message;
  error.trailers = status.trailers;
  error.peer = status.peer;
  if (const std::string* details = FindTrailer(status.trailers, kDetailsKey)) {
    error.status_details = *details;
    error.details_json = DecodeDetails(*details, method);
  }
  error.reason = failure.reason;
  error.retriable = failure.retriable || HasRetryInfo(error.details_json);
  return error;
}

}  // namespace pygrpc::rpc
