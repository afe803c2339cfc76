// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_CALL_OPTIONS_H_
#define PYGRPC_RPC_CALL_OPTIONS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/options.h"
#include "rpc/authorization.h"
#include "rpc/certificates.h"
#include "rpc/service_config.h"
#include "transcode/transcoder.h"

namespace pygrpc::rpc {

// How messages are given and taken.
enum class Codec { kJson, kBinary };

inline constexpr char kSecretInPlaintext[] =
    "would send a secret in plaintext; use \"transport\": \"tls\", or say "
    "\"allow_plaintext_credentials\": true in the client's options";

// What one call goes by: the client's defaults with the call's own options on top.
struct CallOptions {
  // Milliseconds; kNone for no deadline. Not set: as the service config says, or else 10 s for a
  // unary call, none for a stream.
  std::optional<int64_t> timeout_ms;
  std::optional<bool> wait_for_ready;  // not set: as the service config says, or else false
  Metadata metadata;
  Codec codec = Codec::kJson;
  bool gzip = false;
  std::shared_ptr<const Authorization> authorization;  // nullptr for none
  // Why `authorization` may not be given; nullptr if it may.
  const char* no_authorization = kSecretInPlaintext;
  transcode::JsonOptions json;
};

// How bytes travel.
enum class Transport { kPlaintext, kTls, kAlts, kGoogleDefault };
const char* TransportName(Transport transport);

struct TlsOptions {
  std::string ca;                           // PEM; empty: the system's
  std::shared_ptr<const TrustStore> trust;  // of `ca`
  std::string certificate;                  // PEM
  std::string key;                          // PEM, not encrypted
  std::string server_name;
  std::string key_log;  // a file's path
  bool verify = true;
  bool only_1_3 = false;
};

// How servers are asked for their schema.
enum class ReflectionVersion { kAny, kV1, kV1Alpha };
inline constexpr int64_t kMaxReflectionSize = int64_t{256} << 20;
inline constexpr int64_t kMaxReflectionFiles = 50000;

struct ReflectionOptions {
  bool automatic = true;  // where nothing is loaded, at the first call
  ReflectionVersion version = ReflectionVersion::kAny;
  bool needed_only = false;          // ask for the services that are called, not for all
  std::optional<Metadata> metadata;  // to send instead of the call's
  // Milliseconds; kNone for no limit. Not set: 10 s, unless the call has a timeout.
  std::optional<int64_t> timeout_ms;
  int64_t max_size = kMaxReflectionSize;    // bytes, of all answers together
  int64_t max_files = kMaxReflectionFiles;  // and as many questions
  std::string cache_directory;              // empty: no cache
  bool check_list_only = false;             // of the cache
};

struct ClientOptions {
  Transport transport = Transport::kPlaintext;
  TlsOptions tls;
  ReflectionOptions reflection;
  std::vector<std::string> proto_path;
  int64_t max_receive_size = 0;    // bytes, or kNone; always set
  std::shared_ptr<const Log> log;  // nullptr: nothing is logged
  std::vector<std::string> given;  // the names of the options that were given
  // For grpc_channel_create(): everything else.
  std::vector<std::pair<std::string, int64_t>> integer_arguments;
  std::vector<std::pair<std::string, std::string>> text_arguments;
  MethodConfigs methods;
  CallOptions call;
};

// Every option there is.
const std::vector<OptionSpec>& OptionsTable();

// Reads the options of pygrpc_client_new(); nullptr for none. Throws Error(kOption).
ClientOptions ParseClientOptions(const char* text);

// Reads the options of a call over `defaults`. Metadata are added to those of `defaults`, except
// that a key given here replaces the default's values of that key. Throws Error(kOption).
CallOptions ParseCallOptions(std::string_view text, const CallOptions& defaults);

// What pygrpc_load() goes by.
struct LoadSettings {
  CallOptions call;              // of the client, with the load's timeout
  ReflectionOptions reflection;  // with metadata as they are to be sent
  std::vector<std::string> proto_path;
  std::vector<std::string> symbols;
  std::string target;                        // empty: the client's own
  const char* only_of_reflection = nullptr;  // an option given that has no meaning elsewhere
};

// The same for a load; `text` may be nullptr.
LoadSettings ParseLoadOptions(const char* text, const ClientOptions& client);

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_CALL_OPTIONS_H_
