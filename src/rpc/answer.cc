// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/answer.h"

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "rpc/channel.h"
#include "rpc/status.h"

namespace pygrpc::rpc {
namespace {

using Json = nlohmann::ordered_json;

// Milliseconds since the start, to the microsecond; what did not happen is left out.
Json TimingJson(const Progress& progress) {
  Json timing = Json::object();
  auto add = [&](const char* name, int64_t at) {
    if (at == 0) return;
    timing[name] = std::round(static_cast<double>(at - progress.started) / 1e3) / 1e3;
  };
  add("connect", progress.connected);
  add("headers", progress.headers);
  add("firstMessage", progress.first_message);
  add("total", progress.ended);
  return timing;
}

void AddStatus(const Status& status, const Method& method, Json* object) {
  int code = StatusCode(status.code);
  (*object)["status"] = code;
  (*object)["statusName"] = StatusName(code);
  (*object)["message"] = status.message;
  std::string details = DetailsJson(status.trailers, method);
  if (!details.empty()) (*object)["details"] = Json::parse(details);
  (*object)["trailers"] = Json::parse(MetadataJson(status.trailers));
}

}  // namespace

std::string AnswerJson(const Rpc& rpc, const Method& method) {
  bool ended = rpc.done(BatchKind::kFinal) && rpc.done(rpc.headers_batch());
  Progress progress = rpc.GetProgress();
  Json object = {{"method", method.path},
                 {"target", rpc.channel()->target()},
                 {"cardinality", CardinalityName(method.cardinality)}};
  std::string peer = rpc.Peer();
  if (!peer.empty()) object["peer"] = peer;
  object["ended"] = ended;
  if (rpc.done(rpc.headers_batch())) {
    object["headers"] = Json::parse(MetadataJson(rpc.Headers()));
  }
  if (ended) AddStatus(rpc.GetStatus(), method, &object);
  object["messagesSent"] = progress.messages_sent;
  object["messagesReceived"] = progress.messages_received;
  object["timing"] = TimingJson(progress);
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Error AnswerError(const Rpc& rpc, const Status& status, const Method& method) {
  Error error = StatusError(status, method, *rpc.channel());
  error.headers = rpc.Headers();
  error.timing_json = TimingJson(rpc.GetProgress()).dump();
  return error;
}

}  // namespace pygrpc::rpc
