// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// The C header's handles, as ones that free themselves; and its errors, thrown.

#ifndef PYGRPC_CLI_LIBRARY_H_
#define PYGRPC_CLI_LIBRARY_H_

#include <pygrpc.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "errors.h"

namespace pygrpc::cli {

struct ClientDeleter {
  void operator()(pygrpc_client* client) const { pygrpc_client_free(client); }
};
using Client = std::unique_ptr<pygrpc_client, ClientDeleter>;

struct StreamDeleter {
  void operator()(pygrpc_stream* stream) const { pygrpc_stream_free(stream); }
};
using Stream = std::unique_ptr<pygrpc_stream, StreamDeleter>;

// What the library gives out as char ** and size_t *.
class Text {
 public:
  Text() = default;
  ~Text() { pygrpc_free(data_); }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;

  // Where the library is to put it; what was there is freed.
  char** data() {
    pygrpc_free(data_);
    data_ = nullptr;
    return &data_;
  }
  size_t* size() { return &size_; }

  std::string_view view() const { return {data_ == nullptr ? "" : data_, size_}; }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
};

// Calls a function of the library with a place for its error, and throws LibraryError if there is
// one. Gives its code: PYGRPC_OK, PYGRPC_END or PYGRPC_PENDING.
template <typename Function, typename... Arguments>
int32_t Call(Function function, Arguments... arguments) {
  pygrpc_error* raw = nullptr;
  int32_t code = function(arguments..., &raw);
  if (code >= 0) return code;
  std::unique_ptr<pygrpc_error, void (*)(pygrpc_error*)> error(raw, pygrpc_error_free);
  throw LibraryError(code, pygrpc_error_status(raw), pygrpc_error_message(raw),
                     pygrpc_error_json(raw));
}

// The same for a function that gives JSON through char ** and size_t *: what it gives, parsed.
template <typename Function, typename... Arguments>
nlohmann::ordered_json CallForJson(Function function, Arguments... arguments) {
  Text text;
  Call(function, arguments..., text.data(), text.size());
  return nlohmann::ordered_json::parse(text.view());
}

}  // namespace pygrpc::cli

#endif  // PYGRPC_CLI_LIBRARY_H_
