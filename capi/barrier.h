// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_CAPI_BARRIER_H_
#define PYGRPC_CAPI_BARRIER_H_

#include <memory>
#include <string_view>

#include "base/buffer.h"
#include "pygrpc.h"
#include "rpc/async_stream.h"
#include "rpc/client.h"
#include "rpc/queue.h"
#include "rpc/stream.h"

// The handles.
struct pygrpc_client {
  std::shared_ptr<pygrpc::rpc::Client> client;
};
struct pygrpc_stream {  // one of the two
  std::unique_ptr<pygrpc::rpc::Stream> blocking;
  std::shared_ptr<pygrpc::rpc::AsyncStream> async;
};
struct pygrpc_queue {
  std::shared_ptr<pygrpc::rpc::Queue> queue;
};

namespace pygrpc::capi {

// Translates the exception that is being handled, once for all functions: sets *error, if the
// caller wants one, and returns its code. Without memory it still gives PYGRPC_E_NO_MEMORY.
int32_t TranslateException(pygrpc_error **error) noexcept;

// A handle for an error; never NULL, whatever memory there is.
pygrpc_error *NewError(const Error &fault) noexcept;

// The error that says memory ran out, for which none is needed.
pygrpc_error *NoMemoryError() noexcept;

// No exception crosses the C ABI: every function that can fail is the body of one of these.
template <typename Body>
int32_t Guard(pygrpc_error **error, Body &&body) noexcept {
  try {
    return body();
  } catch (...) {
    return TranslateException(error);
  }
}

// What a NUL-terminated name is. Throws Error(kArgument), which names it, for NULL and bad UTF-8.
std::string_view Name(const char *text, const char *argument);
// A payload; size may be PYGRPC_NUL_TERMINATED. Throws Error(kArgument) for NULL.
std::string_view Payload(const char *bytes, size_t size, const char *argument);
// Options: NULL, or UTF-8.
const char *Options(const char *text);

// Checks a pointer that must not be NULL.
template <typename T>
T *Require(T *pointer, const char *argument) {
  if (pointer == nullptr) Name(nullptr, argument);
  return pointer;
}

// Checks how many of something a caller takes. Throws Error(kArgument) for none.
void RequireSome(size_t max);

// The client behind a handle, kept by the caller while another thread may free the handle.
std::shared_ptr<rpc::Client> ClientOf(pygrpc_client *client, const char *argument = "client");
// The stream of a handle that is used in that way. Throws Error(kState) for the other.
rpc::Stream &BlockingStream(pygrpc_stream *stream);
rpc::AsyncStream &AsyncStreamOf(pygrpc_stream *stream);

// What both kinds of stream can do, done by the one that is behind the handle.
template <typename Use>
auto WithStream(pygrpc_stream *stream, const Use &use) {
  return Require(stream, "stream")->async != nullptr ? use(*stream->async) : use(*stream->blocking);
}

// A text that a function gives out: empty until Give().
class TextOut {
 public:
  // Throws Error(kArgument) if `text` is NULL; `size` may be.
  TextOut(char **text, size_t *size, const char *argument);
  void Give(Buffer *buffer);
  void Give(std::string_view text);

 private:
  char **const text_;
  size_t *const size_;
};

int32_t OutcomeCode(rpc::Outcome outcome);

}  // namespace pygrpc::capi

#endif  // PYGRPC_CAPI_BARRIER_H_
