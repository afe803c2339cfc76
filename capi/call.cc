// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include <optional>

#include "barrier.h"
#include "base/error.h"
#include "base/text.h"

using namespace pygrpc::capi;  // NOLINT: the shims speak of little else
using pygrpc::rpc::Cardinality;

namespace {

Cardinality ToCardinality(int32_t cardinality) {
  if (cardinality < PYGRPC_ANY_CARDINALITY || cardinality > PYGRPC_STREAM_STREAM) {
    throw pygrpc::Error(pygrpc::Code::kArgument, "cardinality is " + std::to_string(cardinality) +
                                                     ", which is none of PYGRPC_*");
  }
  return static_cast<Cardinality>(cardinality);
}

int32_t Open(pygrpc_client *client, const char *method, Cardinality cardinality,
             std::optional<std::string_view> request, const char *options, pygrpc_queue *queue,
             pygrpc_stream **stream) {
  *Require(stream, "stream") = nullptr;
  auto made = std::make_unique<pygrpc_stream>();
  auto target = ClientOf(client);
  if (queue == nullptr) {
    made->blocking = target->Open(Name(method, "method"), cardinality, request, Options(options));
  } else {
    made->async = target->OpenAsync(Name(method, "method"), cardinality, request, Options(options),
                                    queue->queue);
  }
  *stream = made.release();
  return PYGRPC_OK;
}

// NULL is the server as a whole.
std::string_view ServiceName(const char *service) {
  return service == nullptr ? std::string_view() : Name(service, "service");
}

}  // namespace

int32_t pygrpc_method_cardinality(pygrpc_client *client, const char *method, int32_t *cardinality,
                                  pygrpc_error **error) {
  return Guard(error, [&] {
    *Require(cardinality, "cardinality") = PYGRPC_ANY_CARDINALITY;
    *cardinality =
        static_cast<int32_t>(ClientOf(client)->MethodCardinality(Name(method, "method")));
    return PYGRPC_OK;
  });
}

int32_t pygrpc_unary_unary(pygrpc_client *client, const char *method, const char *request,
                           size_t size, const char *options, char **response, size_t *response_size,
                           pygrpc_error **error) {
  return Guard(error, [&] {
    TextOut out(response, response_size, "response");
    pygrpc::Buffer buffer;
    ClientOf(client)->UnaryUnary(Name(method, "method"), Payload(request, size, "request"),
                                 Options(options), &buffer);
    out.Give(&buffer);
    return PYGRPC_OK;
  });
}

int32_t pygrpc_unary_stream(pygrpc_client *client, const char *method, const char *request,
                            size_t size, const char *options, pygrpc_stream **stream,
                            pygrpc_error **error) {
  return Guard(error, [&] {
    return Open(client, method, Cardinality::kUnaryStream, Payload(request, size, "request"),
                options, nullptr, stream);
  });
}

int32_t pygrpc_stream_unary(pygrpc_client *client, const char *method, const char *options,
                            pygrpc_stream **stream, pygrpc_error **error) {
  return Guard(error, [&] {
    return Open(client, method, Cardinality::kStreamUnary, std::nullopt, options, nullptr, stream);
  });
}

int32_t pygrpc_stream_stream(pygrpc_client *client, const char *method, const char *options,
                             pygrpc_stream **stream, pygrpc_error **error) {
  return Guard(error, [&] {
    return Open(client, method, Cardinality::kStreamStream, std::nullopt, options, nullptr, stream);
  });
}

int32_t pygrpc_health(pygrpc_client *client, const char *service, const char *options, char **json,
                      size_t *size, pygrpc_error **error) {
  return Guard(error, [&] {
    TextOut out(json, size, "json");
    pygrpc::Buffer buffer;
    ClientOf(client)->Health(ServiceName(service), Options(options), &buffer);
    out.Give(&buffer);
    return PYGRPC_OK;
  });
}

int32_t pygrpc_health_watch(pygrpc_client *client, const char *service, const char *options,
                            pygrpc_queue *queue, pygrpc_stream **stream, pygrpc_error **error) {
  return Guard(error, [&] {
    *Require(stream, "stream") = nullptr;
    auto made = std::make_unique<pygrpc_stream>();
    auto target = ClientOf(client);
    if (queue == nullptr) {
      made->blocking = target->HealthWatch(ServiceName(service), Options(options));
    } else {
      made->async = target->HealthWatchAsync(ServiceName(service), Options(options), queue->queue);
    }
    *stream = made.release();
    return PYGRPC_OK;
  });
}

int32_t pygrpc_stream_open(pygrpc_client *client, const char *method, int32_t cardinality,
                           const char *request, size_t size, const char *options,
                           pygrpc_queue *queue, pygrpc_stream **stream, pygrpc_error **error) {
  return Guard(error, [&] {
    std::optional<std::string_view> message;
    if (request != nullptr) message = Payload(request, size, "request");
    return Open(client, method, ToCardinality(cardinality), message, options, queue, stream);
  });
}
