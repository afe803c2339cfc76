// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_CALL_OPTIONS_H_
#define PYGRPC_RPC_CALL_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/options.h"
#include "transcode/transcoder.h"

namespace pygrpc::rpc {

// How messages are given and taken.
enum class Codec { kJson, kBinary };

// What one call goes by: the client's defaults with the call's own options on top.
struct CallOptions {
  // Milliseconds; kNone for no deadline. Not set: 10 s for a unary call, none for a stream.
  std::optional<int64_t> timeout_ms;
  bool wait_for_ready = false;
  Metadata metadata;
  Codec codec = Codec::kJson;
  bool gzip = false;
  transcode::JsonOptions json;
};

struct TlsOptions {
  std::string ca;           // PEM
  std::string certificate;  // PEM
  std::string key;          // PEM
  std::string server_name;
  bool verify = true;
};

struct ClientOptions {
  bool tls_transport = false;
  TlsOptions tls;
  bool reflection = true;  // ask the server where nothing is loaded
  std::vector<std::string> proto_path;
  int64_t max_receive_size = 0;  // bytes, or kNone; always set
  // For grpc_channel_create(): everything else.
  std::vector<std::pair<std::string, int64_t>> integer_arguments;
  std::vector<std::pair<std::string, std::string>> text_arguments;
  CallOptions call;
};

// Every option there is.
const std::vector<OptionSpec>& OptionsTable();

// Reads the options of pygrpc_client_new(); nullptr for none. Throws Error(kOption).
ClientOptions ParseClientOptions(const char* text);

// Reads the options of a call over `defaults`. Metadata are added to those of `defaults`, except
// that a key given here replaces the default's values of that key. Throws Error(kOption).
CallOptions ParseCallOptions(std::string_view text, const CallOptions& defaults);

// The same for a load: only `proto_path`, `timeout` and `metadata` may stand in `text`.
CallOptions ParseLoadOptions(const char* text, const CallOptions& defaults,
                             std::vector<std::string>* proto_path);

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_CALL_OPTIONS_H_
