// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Every option of a client, a call and a load: the one place that says what there is.

#include <cstdint>
#include <limits>
#include <vector>

#include "base/options.h"
#include "rpc/call_options.h"

namespace pygrpc::rpc {
namespace {

constexpr unsigned kClientOnly = kClientScope;
constexpr unsigned kCall = kClientScope | kCallScope;  // for one call, or as the client's default
constexpr unsigned kReflection = kClientScope | kLoadScope;
constexpr int64_t kMaxInt = std::numeric_limits<int32_t>::max();
constexpr int64_t kYearMs = int64_t{365} * 24 * 3600 * 1000;

}  // namespace

const std::vector<OptionSpec>& OptionsTable() {
  using T = OptionType;
  // Leaked on purpose: gRPC's threads may outlive static destructors.
  static const auto* table = new std::vector<OptionSpec>{
      // name, type, scopes, default, choices, minimum, maximum, none allowed, help
      {"transport", T::kText, kClientOnly, "\"plaintext\"", "plaintext|tls|alts|google_default", 0,
       0, false,
       "how bytes travel; tls is turned on by name only. google_default is TLS with Google's "
       "application default credentials, alts that of Google's machines"},
      {"tls", T::kObject, kClientOnly, "null", nullptr, 0, 0, false,
       "options of the transport tls"},
      {"tls.ca", T::kText, kClientOnly, "null", nullptr, 0, 0, false,
       "certificates to trust, PEM text or a file's path; the system's unless given"},
      {"tls.certificate", T::kText, kClientOnly, "null", nullptr, 0, 0, false,
       "the client's certificate chain, PEM text or a file's path"},
      {"tls.key", T::kText, kClientOnly, "null", nullptr, 0, 0, false,
       "the client's private key, PEM text or a file's path"},
      {"tls.key_password", T::kText, kClientOnly, "null", nullptr, 0, 0, false,
       "what decrypts the private key"},
      {"tls.min_version", T::kText, kClientOnly, "\"1.2\"", "1.2|1.3", 0, 0, false,
       "the oldest version of TLS to accept"},
      {"tls.key_log", T::kText, kClientOnly, "null", nullptr, 0, 0, false,
       "a file to add the connections' keys to, for tools that decrypt what was recorded; "
       "SSLKEYLOGFILE of the environment unless given"},
      {"tls.server_name", T::kText, kClientOnly, "null", nullptr, 0, 0, false,
       "the name that the server's certificate must bear, where it is not the target's"},
      {"tls.verify", T::kBool, kClientOnly, "true", nullptr, 0, 0, false,
       "false: accept any certificate; the connection is then open to impostors"},
      {"token", T::kText, kCall, "null", nullptr, 0, 0, false,
       "a bearer token to authorize calls with; not over plaintext"},
      {"token_file", T::kText, kCall, "null", nullptr, 0, 0, false,
       "a file that holds the token; read again when it has changed"},
      {"basic_auth", T::kObject, kCall, "null", nullptr, 0, 0, false,
       "a user's name and password to authorize calls with; not over plaintext"},
      {"basic_auth.username", T::kText, kCall, "null", nullptr, 0, 0, false, "the user's name"},
      {"basic_auth.password", T::kText, kCall, "null", nullptr, 0, 0, false, "the user's password"},
      {"allow_plaintext_credentials", T::kBool, kClientOnly, "false", nullptr, 0, 0, false,
       "true: tokens and passwords may travel over plaintext, for anybody on the way to read"},
      {"authority", T::kText, kClientOnly, "null", nullptr, 0, 0, false,
       "the :authority of calls, where it is not the target's"},
      {"user_agent", T::kText, kClientOnly, "null", nullptr, 0, 0, false,
       "stands before gRPC's own user agent"},
      {"reflection", T::kBoolOrText, kReflection, "true", "v1|v1alpha", 0, 0, false,
       "ask the server for its schema at the first call if nothing is loaded; v1 and v1alpha: only "
       "by that version of server reflection"},
      {"reflection_scope", T::kText, kClientOnly, "\"all\"", "all|needed", 0, 0, false,
       "needed: a call of package.Service/Method asks only for that service and what it imports, "
       "when it is first called"},
      {"reflection_metadata", T::kBoolOrMetadata, kReflection, "true", nullptr, 0, 0, false,
       "what reflection sends: true for the metadata of the call, false for none, or others"},
      {"reflection_timeout", T::kDuration, kReflection, "10", nullptr, 0, kYearMs, true,
       "how long reflection may take in all; a timeout of the call or load bounds it, too"},
      {"reflection_max_size", T::kSize, kReflection, "268435456", nullptr, 1, kMaxReflectionSize,
       false, "the most that a server may answer to reflection in all"},
      {"reflection_max_files", T::kInteger, kReflection, "50000", nullptr, 1, kMaxReflectionFiles,
       false, "the most files that a server may tell of"},
      {"schema_cache", T::kText, kReflection, "null", nullptr, 0, 0, false,
       "a directory that keeps what reflection answered; used again while the server agrees"},
      {"schema_cache_check", T::kText, kReflection, "\"services\"", "services|list", 0, 0, false,
       "what is compared with the server before that: the list of services and every service's "
       "file, or the list and one file"},
      {"symbols", T::kTextList, kLoadScope, "[]", nullptr, 0, 0, false,
       "of reflection: load only what declares these, and what that imports"},
      {"target", T::kText, kLoadScope, "null", nullptr, 0, 0, false,
       "of reflection: ask this server instead of the client's; it gets no metadata of the "
       "client's"},
      {"proto_path", T::kTextList, kClientScope | kLoadScope, "[]", nullptr, 0, 0, false,
       "directories to look for .proto files in, before PYGRPC_PROTO_PATH and the current one"},
      {"max_receive_size", T::kSize, kClientOnly, "4194304", nullptr, 0, kMaxInt, true,
       "the largest message to accept, after decompression"},
      {"max_send_size", T::kSize, kClientOnly, "\"none\"", nullptr, 0, kMaxInt, true,
       "the largest message to send"},
      {"keepalive", T::kObject, kClientOnly, "null", nullptr, 0, 0, false,
       "HTTP/2 pings that find dead connections"},
      {"keepalive.time", T::kDuration, kClientOnly, "\"none\"", nullptr, 10, kMaxInt, true,
       "how long a silent connection waits before a ping"},
      {"keepalive.timeout", T::kDuration, kClientOnly, "20", nullptr, 10, kMaxInt, false,
       "how long a ping's answer may take before the connection is given up"},
      {"keepalive.without_calls", T::kBool, kClientOnly, "false", nullptr, 0, 0, false,
       "ping also while no call is in progress"},
      {"idle_timeout", T::kDuration, kClientOnly, "1800", nullptr, 1000, kMaxInt, false,
       "how long a channel without calls keeps its connections"},
      {"connect_timeout", T::kDuration, kClientOnly, "20", nullptr, 100, kMaxInt, false,
       "how long an attempt to connect to one address may take; after failures, up to the wait "
       "before the next attempt"},
      {"reconnect", T::kObject, kClientOnly, "null", nullptr, 0, 0, false,
       "how soon a lost connection is made again"},
      {"reconnect.initial_backoff", T::kDuration, kClientOnly, "1", nullptr, 100, kMaxInt, false,
       "the wait after the first failed attempt"},
      {"reconnect.min_backoff", T::kDuration, kClientOnly, "20", nullptr, 100, kMaxInt, false,
       "another name of connect_timeout, gRPC's own"},
      {"reconnect.max_backoff", T::kDuration, kClientOnly, "120", nullptr, 100, kMaxInt, false,
       "the longest wait between attempts"},
      {"service_config", T::kJson, kClientOnly, "null", nullptr, 0, 0, false,
       "gRPC's service config: retries, method timeouts, balancing, outlier detection"},
      {"load_balancing", T::kText, kClientOnly, "\"pick_first\"", "pick_first|round_robin", 0, 0,
       false, "how calls are spread over the target's addresses"},
      {"health_check", T::kText, kClientOnly, "null", nullptr, 0, 0, false,
       "call only servers whose health service reports this service (\"\" for the whole server) as "
       "serving; needs round_robin"},
      {"http_proxy", T::kText, kClientOnly, "null", nullptr, 0, 0, false,
       "an HTTP CONNECT proxy, \"http://host:port\"; \"\" for none, whatever the environment says"},
      {"channel_arguments", T::kArguments, kClientOnly, "{}", nullptr, 0, 0, false,
       "any channel arguments of gRPC, by their names"},
      {"log", T::kTextOrObject, kClientOnly, "null", nullptr, 0, 0, false,
       "one line for each event: a level, a level and a file (\"info:/path\"), or an object; "
       "$PYGRPC_LOG, which takes the same texts, unless given"},
      {"log.level", T::kText, kClientOnly, "\"info\"", "off|error|info|debug", 0, 0, false,
       "error: calls that fail; info: every call when it ends; debug: also starts and loads"},
      {"log.file", T::kText, kClientOnly, "null", nullptr, 0, 0, false,
       "the file that lines are added to; stderr unless given"},
      {"timeout", T::kDuration, kCall | kLoadScope, "null", nullptr, 0, kYearMs, true,
       "the deadline, from now; not given: the service config's, or else 10 s for unary calls and "
       "none for streams"},
      {"wait_for_ready", T::kBool, kCall, "false", nullptr, 0, 0, false,
       "wait for a connection, to the deadline, instead of failing with the first attempt; not "
       "given: as the service config says"},
      {"metadata", T::kMetadata, kCall | kLoadScope, "{}", nullptr, 0, 0, false,
       "sent with the call; a key given for a call replaces the client's values of it"},
      {"compression", T::kText, kCall, "\"none\"", "none|gzip", 0, 0, false,
       "how requests are compressed"},
      {"codec", T::kText, kCall, "\"json\"", "json|binary", 0, 0, false,
       "messages are JSON, or protobuf bytes, for which a full method path needs no schema"},
      {"print_defaults", T::kBool, kCall, "false", nullptr, 0, 0, false,
       "print fields without presence also when they have their default value"},
      {"enum_numbers", T::kBool, kCall, "false", nullptr, 0, 0, false,
       "print enum values as numbers"},
      {"proto_names", T::kBool, kCall, "false", nullptr, 0, 0, false,
       "print field names as in the .proto, not in lowerCamelCase"},
      {"int64_numbers", T::kBool, kCall, "false", nullptr, 0, 0, false,
       "print 64-bit integers as numbers, not as strings"},
      {"keep_unknown", T::kBool, kCall, "false", nullptr, 0, 0, false,
       "keep fields that the schema lacks: base64 of the wire format under \"@unknown\", both "
       "ways"},
      {"ignore_unknown", T::kBool, kCall, "false", nullptr, 0, 0, false,
       "skip fields and enum values of a request that the schema does not know"},
      {"max_depth", T::kInteger, kCall, "100", nullptr, 1, 1000, false,
       "how deep a message may be nested"},
  };
  return *table;
}

}  // namespace pygrpc::rpc
