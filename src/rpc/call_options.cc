// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/call_options.h"

#include <grpc/grpc.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <memory>

#include "base/text.h"

namespace pygrpc::rpc {
namespace {

constexpr unsigned kClientOnly = kClientScope;
constexpr unsigned kCall = kClientScope | kCallScope;  // for one call, or as the client's default
constexpr int64_t kMaxInt = std::numeric_limits<int32_t>::max();
constexpr int64_t kYearMs = int64_t{365} * 24 * 3600 * 1000;
constexpr int64_t kDefaultMaxReceiveSize = 4 << 20;

// Options that are a gRPC channel argument and nothing more.
struct ChannelArgument {
  const char* option;
  const char* argument;
};
constexpr ChannelArgument kChannelArguments[] = {
    {"authority", GRPC_ARG_DEFAULT_AUTHORITY},
    {"user_agent", GRPC_ARG_PRIMARY_USER_AGENT_STRING},
    {"service_config", GRPC_ARG_SERVICE_CONFIG},
    {"load_balancing", GRPC_ARG_LB_POLICY_NAME},
    {"http_proxy", GRPC_ARG_HTTP_PROXY},
    {"max_receive_size", GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH},
    {"max_send_size", GRPC_ARG_MAX_SEND_MESSAGE_LENGTH},
    {"idle_timeout", GRPC_ARG_CLIENT_IDLE_TIMEOUT_MS},
    {"keepalive.time", GRPC_ARG_KEEPALIVE_TIME_MS},
    {"keepalive.timeout", GRPC_ARG_KEEPALIVE_TIMEOUT_MS},
    {"keepalive.without_calls", GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS},
    {"reconnect.initial_backoff", GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS},
    {"reconnect.min_backoff", GRPC_ARG_MIN_RECONNECT_BACKOFF_MS},
    {"reconnect.max_backoff", GRPC_ARG_MAX_RECONNECT_BACKOFF_MS},
};

std::string ReadFile(const std::string& option, const std::string& path) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                       &std::fclose);
  if (file == nullptr) {
    throw Error(Code::kOption,
                "option " + Quote(option) + ": cannot read the file " + Quote(path, 4096));
  }
  std::string content;
  char chunk[4096];
  size_t count;
  while ((count = std::fread(chunk, 1, sizeof(chunk), file.get())) > 0) {
    content.append(chunk, count);
  }
  return content;
}

// PEM text, or the path of a file that holds some.
std::string Pem(const OptionValues& values, const std::string& option) {
  const OptionValue* value = values.Find(option);
  if (value == nullptr) return "";
  constexpr std::string_view kBegin = "-----BEGIN ";
  if (value->text.find(kBegin) != std::string::npos) return value->text;
  std::string content = ReadFile(option, value->text);
  if (content.find(kBegin) == std::string::npos) {
    throw Error(Code::kOption, "option " + Quote(option) + ": the file " +
                                   Quote(value->text, 4096) + " holds no PEM block");
  }
  return content;
}

void ReadFlag(const OptionValues& values, std::string_view option, bool* flag) {
  if (const OptionValue* value = values.Find(option)) *flag = value->flag;
}

void MergeMetadata(const Metadata& added, Metadata* metadata) {
  auto replaced = [&](const auto& entry) {
    return std::any_of(added.begin(), added.end(),
                       [&](const auto& other) { return other.first == entry.first; });
  };
  metadata->erase(std::remove_if(metadata->begin(), metadata->end(), replaced), metadata->end());
  metadata->insert(metadata->end(), added.begin(), added.end());
}

void ApplyCallOptions(const OptionValues& values, CallOptions* options) {
  if (const OptionValue* value = values.Find("timeout")) options->timeout_ms = value->number;
  if (const OptionValue* value = values.Find("metadata")) {
    MergeMetadata(value->metadata, &options->metadata);
  }
  if (const OptionValue* value = values.Find("codec")) {
    options->codec = value->text == "binary" ? Codec::kBinary : Codec::kJson;
  }
  if (const OptionValue* value = values.Find("compression")) options->gzip = value->text == "gzip";
  if (const OptionValue* value = values.Find("max_depth")) {
    options->json.max_depth = static_cast<uint32_t>(value->number);
  }
  ReadFlag(values, "wait_for_ready", &options->wait_for_ready);
  ReadFlag(values, "print_defaults", &options->json.print_defaults);
  ReadFlag(values, "enum_numbers", &options->json.enum_numbers);
  ReadFlag(values, "proto_names", &options->json.proto_names);
  ReadFlag(values, "int64_numbers", &options->json.int64_numbers);
  ReadFlag(values, "keep_unknown", &options->json.keep_unknown);
  ReadFlag(values, "ignore_unknown", &options->json.ignore_unknown);
}

TlsOptions ReadTls(const OptionValues& values) {
  TlsOptions tls;
  tls.ca = Pem(values, "tls.ca");
  tls.certificate = Pem(values, "tls.certificate");
  tls.key = Pem(values, "tls.key");
  if (tls.certificate.empty() != tls.key.empty()) {
    throw Error(Code::kOption,
                "options \"tls.certificate\" and \"tls.key\" go together; only one is given");
  }
  if (const OptionValue* value = values.Find("tls.server_name")) tls.server_name = value->text;
  ReadFlag(values, "tls.verify", &tls.verify);
  return tls;
}

void ReadChannelArguments(const OptionValues& values, const std::vector<OptionSpec>& table,
                          ClientOptions* options) {
  for (const ChannelArgument& row : kChannelArguments) {
    const OptionValue* value = values.Find(row.option);
    if (value == nullptr) continue;
    auto spec = std::find_if(table.begin(), table.end(), [&](const OptionSpec& candidate) {
      return std::string_view(candidate.name) == row.option;
    });
    switch (spec->type) {
      case OptionType::kText:
      case OptionType::kJson:
        options->text_arguments.emplace_back(row.argument, value->text);
        break;
      case OptionType::kBool:
        options->integer_arguments.emplace_back(row.argument, value->flag ? 1 : 0);
        break;
      case OptionType::kDuration:  // gRPC's "never" is the largest integer
        options->integer_arguments.emplace_back(row.argument,
                                                value->number == kNone ? kMaxInt : value->number);
        break;
      default:  // gRPC, too, takes -1 as "no limit" of a size
        options->integer_arguments.emplace_back(row.argument, value->number);
    }
  }
  if (const OptionValue* value = values.Find("channel_arguments")) {
    options->integer_arguments.insert(options->integer_arguments.end(),
                                      value->integer_arguments.begin(),
                                      value->integer_arguments.end());
    options->text_arguments.insert(options->text_arguments.end(), value->text_arguments.begin(),
                                   value->text_arguments.end());
  }
}

}  // namespace

const std::vector<OptionSpec>& OptionsTable() {
  using T = OptionType;
  // Leaked on purpose: gRPC's threads may outlive static destructors.
  static const auto* table = new std::vector<OptionSpec>{
      // name, type, scopes, default, choices, minimum, maximum, none allowed, help
      {"transport", T::kText, kClientOnly, "\"plaintext\"", "plaintext|tls", 0, 0, false,
       "how bytes travel; tls is turned on by name only"},
      {"tls", T::kObject, kClientOnly, "null", nullptr, 0, 0, false,
       "options of the transport tls"},
      {"tls.ca", T::kText, kClientOnly, "null", nullptr, 0, 0, false,
       "certificates to trust, PEM text or a file's path; the system's unless given"},
      {"tls.certificate", T::kText, kClientOnly, "null", nullptr, 0, 0, false,
       "the client's certificate chain, PEM text or a file's path"},
      {"tls.key", T::kText, kClientOnly, "null", nullptr, 0, 0, false,
       "the client's private key, PEM text or a file's path"},
      {"tls.server_name", T::kText, kClientOnly, "null", nullptr, 0, 0, false,
       "the name that the server's certificate must bear, where it is not the target's"},
      {"tls.verify", T::kBool, kClientOnly, "true", nullptr, 0, 0, false,
       "false: accept any certificate; the connection is then open to impostors"},
      {"authority", T::kText, kClientOnly, "null", nullptr, 0, 0, false,
       "the :authority of calls, where it is not the target's"},
      {"user_agent", T::kText, kClientOnly, "null", nullptr, 0, 0, false,
       "stands before gRPC's own user agent"},
      {"reflection", T::kBool, kClientOnly, "true", nullptr, 0, 0, false,
       "ask the server for its schema at the first call if nothing is loaded"},
      {"proto_path", T::kTextList, kClientScope | kLoadScope, "[]", nullptr, 0, 0, false,
       "directories to look for .proto files in, before PYGRPC_PROTO_PATH and the current one"},
      {"max_receive_size", T::kSize, kClientOnly, "4194304", nullptr, 0, kMaxInt, true,
       "the largest message to accept"},
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
      {"reconnect", T::kObject, kClientOnly, "null", nullptr, 0, 0, false,
       "how soon a lost connection is made again"},
      {"reconnect.initial_backoff", T::kDuration, kClientOnly, "1", nullptr, 100, kMaxInt, false,
       "the wait after the first failed attempt"},
      {"reconnect.min_backoff", T::kDuration, kClientOnly, "20", nullptr, 100, kMaxInt, false,
       "the least time that an attempt to connect is given"},
      {"reconnect.max_backoff", T::kDuration, kClientOnly, "120", nullptr, 100, kMaxInt, false,
       "the longest wait between attempts"},
      {"service_config", T::kJson, kClientOnly, "null", nullptr, 0, 0, false,
       "gRPC's service config: retries, method timeouts, balancing"},
      {"load_balancing", T::kText, kClientOnly, "\"pick_first\"", "pick_first|round_robin", 0, 0,
       false, "how calls are spread over the target's addresses"},
      {"http_proxy", T::kText, kClientOnly, "null", nullptr, 0, 0, false,
       "the URI of an HTTP CONNECT proxy"},
      {"channel_arguments", T::kArguments, kClientOnly, "{}", nullptr, 0, 0, false,
       "any channel arguments of gRPC, by their names"},
      {"timeout", T::kDuration, kCall | kLoadScope, "null", nullptr, 0, kYearMs, true,
       "the deadline, from now; 10 s for unary calls and none for streams unless given"},
      {"wait_for_ready", T::kBool, kCall, "false", nullptr, 0, 0, false,
       "wait for a connection, to the deadline, instead of failing with the first attempt"},
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

ClientOptions ParseClientOptions(const char* text) {
  ClientOptions options;
  options.max_receive_size = kDefaultMaxReceiveSize;
  if (text == nullptr) return options;
  const std::vector<OptionSpec>& table = OptionsTable();
  OptionValues values = ParseOptions(text, table, kClientScope);
  if (const OptionValue* value = values.Find("transport")) {
    options.tls_transport = value->text == "tls";
  }
  options.tls = ReadTls(values);
  for (const char* name :
       {"tls.ca", "tls.certificate", "tls.key", "tls.server_name", "tls.verify"}) {
    if (!options.tls_transport && values.Find(name) != nullptr) {
      throw Error(Code::kOption, "option " + Quote(name) +
                                     " needs \"transport\": \"tls\"; the transport is plaintext");
    }
  }
  ReadFlag(values, "reflection", &options.reflection);
  if (const OptionValue* value = values.Find("proto_path")) options.proto_path = value->texts;
  if (const OptionValue* value = values.Find("max_receive_size")) {
    options.max_receive_size = value->number;
  }
  ReadChannelArguments(values, table, &options);
  ApplyCallOptions(values, &options.call);
  return options;
}

CallOptions ParseCallOptions(std::string_view text, const CallOptions& defaults) {
  CallOptions options = defaults;
  ApplyCallOptions(ParseOptions(text, OptionsTable(), kCallScope), &options);
  return options;
}

CallOptions ParseLoadOptions(const char* text, const CallOptions& defaults,
                             std::vector<std::string>* proto_path) {
  CallOptions options = defaults;
  if (text == nullptr) return options;
  OptionValues values = ParseOptions(text, OptionsTable(), kLoadScope);
  if (const OptionValue* value = values.Find("proto_path")) *proto_path = value->texts;
  ApplyCallOptions(values, &options);
  return options;
}

}  // namespace pygrpc::rpc
