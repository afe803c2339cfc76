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

constexpr int64_t kMaxInt = std::numeric_limits<int32_t>::max();
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

void ApplyReflectionOptions(const OptionValues& values, ReflectionOptions* options) {
  if (const OptionValue* value = values.Find("reflection")) {
    options->automatic = value->flag;
    options->version = value->text == "v1"        ? ReflectionVersion::kV1
                       : value->text == "v1alpha" ? ReflectionVersion::kV1Alpha
                                                  : ReflectionVersion::kAny;
  }
  if (const OptionValue* value = values.Find("reflection_scope")) {
    options->needed_only = value->text == "needed";
  }
  if (const OptionValue* value = values.Find("reflection_metadata")) {
    options->metadata.reset();
    if (!value->flag || !value->metadata.empty()) options->metadata = value->metadata;
  }
  if (const OptionValue* value = values.Find("reflection_timeout")) {
    options->timeout_ms = value->number;
  }
  if (const OptionValue* value = values.Find("reflection_max_size")) {
    options->max_size = value->number;
  }
  if (const OptionValue* value = values.Find("reflection_max_files")) {
    options->max_files = value->number;
  }
  if (const OptionValue* value = values.Find("schema_cache")) {
    options->cache_directory = value->text;
  }
  if (const OptionValue* value = values.Find("schema_cache_check")) {
    options->check_list_only = value->text == "list";
  }
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
  ApplyReflectionOptions(values, &options.reflection);
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

LoadSettings ParseLoadOptions(const char* text, const ClientOptions& client) {
  LoadSettings settings;
  settings.call = client.call;
  settings.reflection = client.reflection;
  OptionValues values;
  if (text != nullptr) values = ParseOptions(text, OptionsTable(), kLoadScope);
  if (const OptionValue* value = values.Find("proto_path")) settings.proto_path = value->texts;
  if (const OptionValue* value = values.Find("symbols")) settings.symbols = value->texts;
  if (const OptionValue* value = values.Find("target")) settings.target = value->text;
  if (const OptionValue* value = values.Find("timeout")) settings.call.timeout_ms = value->number;
  ApplyReflectionOptions(values, &settings.reflection);
  for (const char* name : {"symbols", "target"}) {
    if (values.Find(name) != nullptr) settings.only_of_reflection = name;
  }
  // The client's metadata may hold its credentials, which are no other server's business.
  bool own = settings.target.empty() || values.Find("reflection_metadata") != nullptr;
  Metadata metadata;
  if (own) metadata = settings.reflection.metadata.value_or(client.call.metadata);
  if (const OptionValue* value = values.Find("metadata")) {
    MergeMetadata(value->metadata, &metadata);
  }
  settings.reflection.metadata = std::move(metadata);
  return settings;
}

}  // namespace pygrpc::rpc
