// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include <string>

#include "barrier.h"

using namespace pygrpc::capi;  // NOLINT: the shims speak of little else
using pygrpc::rpc::Outcome;

int32_t pygrpc_stream_write(pygrpc_stream *stream, const char *message, size_t size,
                            int64_t timeout_ms, pygrpc_error **error) {
  return Guard(error, [&] {
    return OutcomeCode(BlockingStream(stream).Write(Payload(message, size, "message"), timeout_ms));
  });
}

int32_t pygrpc_stream_half_close(pygrpc_stream *stream, pygrpc_error **error) {
  return Guard(error, [&] {
    WithStream(stream, [](auto &either) { either.HalfClose(); });
    return PYGRPC_OK;
  });
}

int32_t pygrpc_stream_read(pygrpc_stream *stream, int64_t timeout_ms, char **message, size_t *size,
                           pygrpc_error **error) {
  return Guard(error, [&] {
    TextOut out(message, size, "message");
    pygrpc::Buffer buffer;
    Outcome outcome = BlockingStream(stream).Read(timeout_ms, &buffer);
    if (outcome == Outcome::kDone) out.Give(&buffer);
    return OutcomeCode(outcome);
  });
}

int32_t pygrpc_stream_read_many(pygrpc_stream *stream, size_t max, int64_t timeout_ms,
                                char **messages, size_t *size, pygrpc_error **error) {
  return Guard(error, [&] {
    TextOut out(messages, size, "messages");
    RequireSome(max);
    pygrpc::Buffer buffer;
    Outcome outcome = BlockingStream(stream).ReadMany(timeout_ms, max, &buffer);
    if (outcome == Outcome::kDone) out.Give(&buffer);
    return OutcomeCode(outcome);
  });
}

int32_t pygrpc_stream_cardinality(const pygrpc_stream *stream) {
  if (stream == nullptr) return PYGRPC_E_ARGUMENT;
  return static_cast<int32_t>(stream->async != nullptr ? stream->async->cardinality()
                                                       : stream->blocking->cardinality());
}

int32_t pygrpc_stream_headers(pygrpc_stream *stream, int64_t timeout_ms, char **json, size_t *size,
                              pygrpc_error **error) {
  return Guard(error, [&] {
    TextOut out(json, size, "json");
    std::string text;
    Outcome outcome =
        WithStream(stream, [&](auto &either) { return either.Headers(timeout_ms, &text); });
    if (outcome == Outcome::kDone) out.Give(text);
    return OutcomeCode(outcome);
  });
}

int32_t pygrpc_stream_trailers(pygrpc_stream *stream, int64_t timeout_ms, char **json, size_t *size,
                               pygrpc_error **error) {
  return Guard(error, [&] {
    TextOut out(json, size, "json");
    std::string text;
    Outcome outcome =
        WithStream(stream, [&](auto &either) { return either.Trailers(timeout_ms, &text); });
    if (outcome == Outcome::kDone) out.Give(text);
    return OutcomeCode(outcome);
  });
}

int32_t pygrpc_stream_info(pygrpc_stream *stream, int64_t timeout_ms, char **json, size_t *size,
                           pygrpc_error **error) {
  return Guard(error, [&] {
    TextOut out(json, size, "json");
    out.Give(WithStream(stream, [&](auto &either) { return either.Info(timeout_ms); }));
    return PYGRPC_OK;
  });
}

int32_t pygrpc_stream_cancel(pygrpc_stream *stream, pygrpc_error **error) {
  return Guard(error, [&] {
    WithStream(stream, [](auto &either) { either.Cancel(); });
    return PYGRPC_OK;
  });
}

void pygrpc_stream_free(pygrpc_stream *stream) {
  if (stream == nullptr) return;
  // What is in flight keeps it alive until it has completed.
  if (stream->async != nullptr) stream->async->Cancel();
  delete stream;
}
