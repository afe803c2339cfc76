// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "barrier.h"

#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "rpc/method.h"

namespace pygrpc::capi {

// The numbers of src/ are those of the header.
static_assert(static_cast<int32_t>(Code::kArgument) == PYGRPC_E_ARGUMENT);
static_assert(static_cast<int32_t>(Code::kOption) == PYGRPC_E_OPTION);
static_assert(static_cast<int32_t>(Code::kSchema) == PYGRPC_E_SCHEMA);
static_assert(static_cast<int32_t>(Code::kNotFound) == PYGRPC_E_NOT_FOUND);
static_assert(static_cast<int32_t>(Code::kAmbiguous) == PYGRPC_E_AMBIGUOUS);
static_assert(static_cast<int32_t>(Code::kCardinality) == PYGRPC_E_CARDINALITY);
static_assert(static_cast<int32_t>(Code::kJson) == PYGRPC_E_JSON);
static_assert(static_cast<int32_t>(Code::kWire) == PYGRPC_E_WIRE);
static_assert(static_cast<int32_t>(Code::kStatus) == PYGRPC_E_STATUS);
static_assert(static_cast<int32_t>(Code::kState) == PYGRPC_E_STATE);
static_assert(static_cast<int32_t>(Code::kClosed) == PYGRPC_E_CLOSED);
static_assert(static_cast<int32_t>(Code::kForked) == PYGRPC_E_FORKED);
static_assert(static_cast<int32_t>(Code::kNoMemory) == PYGRPC_E_NO_MEMORY);
static_assert(static_cast<int32_t>(Code::kInternal) == PYGRPC_E_INTERNAL);
static_assert(static_cast<int32_t>(rpc::Cardinality::kAny) == PYGRPC_ANY_CARDINALITY);
static_assert(static_cast<int32_t>(rpc::Cardinality::kUnaryUnary) == PYGRPC_UNARY_UNARY);
static_assert(static_cast<int32_t>(rpc::Cardinality::kUnaryStream) == PYGRPC_UNARY_STREAM);
static_assert(static_cast<int32_t>(rpc::Cardinality::kStreamUnary) == PYGRPC_STREAM_UNARY);
static_assert(static_cast<int32_t>(rpc::Cardinality::kStreamStream) == PYGRPC_STREAM_STREAM);

std::string_view Name(const char *text, const char *argument) {
  if (text == nullptr) throw Error(Code::kArgument, std::string(argument) + " is NULL");
  std::string_view name(text);
  size_t invalid = FindInvalidUtf8(name);
  if (invalid != std::string_view::npos) {
    Error error(Code::kArgument, std::string(argument) + " is not UTF-8: fault at byte " +
                                     std::to_string(invalid) + " of " + Quote(name));
    error.byte_offset = static_cast<int64_t>(invalid);
    throw error;
  }
  return name;
}

std::string_view Payload(const char *bytes, size_t size, const char *argument) {
  if (bytes == nullptr) throw Error(Code::kArgument, std::string(argument) + " is NULL");
  return {bytes, size == PYGRPC_NUL_TERMINATED ? std::strlen(bytes) : size};
}

const char *Options(const char *text) {
  if (text != nullptr) Name(text, "options");
  return text;
}

void RequireSome(size_t max) {
  if (max == 0) throw Error(Code::kArgument, "max is 0");
}

std::shared_ptr<rpc::Client> ClientOf(pygrpc_client *client, const char *argument) {
  return Require(client, argument)->client;
}

rpc::Stream &BlockingStream(pygrpc_stream *stream) {
  if (Require(stream, "stream")->blocking == nullptr) {
    throw Error(Code::kState,
                "the stream completes on a queue; use the functions that end in _async");
  }
  return *stream->blocking;
}

rpc::AsyncStream &AsyncStreamOf(pygrpc_stream *stream) {
  if (Require(stream, "stream")->async == nullptr) {
    throw Error(Code::kState,
                "the stream was opened without a queue; use blocking reads and writes");
  }
  return *stream->async;
}

TextOut::TextOut(char **text, size_t *size, const char *argument) : text_(text), size_(size) {
  if (size_ != nullptr) *size_ = 0;
  *Require(text_, argument) = nullptr;
}

void TextOut::Give(Buffer *buffer) {
  *buffer->Reserve(1) = '\0';
  if (size_ != nullptr) *size_ = buffer->size();
  *text_ = buffer->Release();
}

void TextOut::Give(std::string_view text) {
  Buffer buffer;
  buffer.Append(text);
  Give(&buffer);
}

int32_t OutcomeCode(rpc::Outcome outcome) {
  switch (outcome) {
    case rpc::Outcome::kDone:
      return PYGRPC_OK;
    case rpc::Outcome::kEnd:
      return PYGRPC_END;
    case rpc::Outcome::kPending:
      return PYGRPC_PENDING;
  }
  return PYGRPC_E_INTERNAL;
}

}  // namespace pygrpc::capi
