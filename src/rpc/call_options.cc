// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/call_options.h"

#include <fcntl.h>
#include <grpc/grpc.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>

#include "base/file.h"
#include "base/text.h"
#include "rpc/credentials.h"
#include "rpc/target.h"

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
    {"load_balancing", GRPC_ARG_LB_POLICY_NAME},
    {"http_proxy", GRPC_ARG_HTTP_PROXY},
    {"max_receive_size", GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH},
    {"max_send_size", GRPC_ARG_MAX_SEND_MESSAGE_LENGTH},
    {"idle_timeout", GRPC_ARG_CLIENT_IDLE_TIMEOUT_MS},
    {"keepalive.time", GRPC_ARG_KEEPALIVE_TIME_MS},
    {"keepalive.timeout", GRPC_ARG_KEEPALIVE_TIMEOUT_MS},
    {"keepalive.without_calls", GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS},
    {"connect_timeout", GRPC_ARG_MIN_RECONNECT_BACKOFF_MS},
    {"reconnect.initial_backoff", GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS},
    {"reconnect.min_backoff", GRPC_ARG_MIN_RECONNECT_BACKOFF_MS},
    {"reconnect.max_backoff", GRPC_ARG_MAX_RECONNECT_BACKOFF_MS},
};

// The path, unless it looks as if it were no path but the secret itself, without its PEM frame.
std::string QuotePath(const std::string& path) {
  constexpr size_t kLongPath = 100;
  bool may_be_key = path.size() > kLongPath && path.find('.') == std::string::npos;
  if (may_be_key || path.find('\n') != std::string::npos) {
    return "of a name of " + std::to_string(path.size()) + " bytes (or is it a PEM text?)";
  }
  return Quote(path, kLongestPath);
}

// PEM text, or the path of a file that holds some.
std::string Pem(const OptionValues& values, const std::string& option) {
  const OptionValue* value = values.Find(option);
  if (value == nullptr) return "";
  constexpr std::string_view kBegin = "-----BEGIN ";
  if (value->text.find(kBegin) != std::string::npos) return value->text;
  std::string reason;
  std::optional<std::string> content = ReadFile(value->text, kMaxPemSize, &reason);
  if (!content.has_value()) {
    const std::string path =
        option == "tls.key" ? QuoteUnlessSecret(value->text, "the key") : QuotePath(value->text);
    throw Error(Code::kOption,
                "option " + Quote(option) + ": cannot read the file " + path + ": " + reason);
  }
  if (content->find(kBegin) == std::string::npos) {
    throw Error(Code::kOption, "option " + Quote(option) + ": the file " +
                                   Quote(value->text, kLongestPath) + " holds no PEM block");
  }
  return *std::move(content);
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

bool IsAuthorization(const Metadata::value_type& entry) { return entry.first == "authorization"; }

bool HasAuthorization(const Metadata& metadata) {
  return std::any_of(metadata.begin(), metadata.end(), IsAuthorization);
}

std::shared_ptr<const Authorization> ReadAuthorization(const OptionValues& values,
                                                       std::string* option) {
  std::shared_ptr<const Authorization> authorization;
  auto take = [&](const char* name, auto make) {
    const OptionValue* value = values.Find(name);
    if (value == nullptr) return;
    if (!option->empty()) {
      throw Error(Code::kOption, "options " + Quote(*option) + " and " + Quote(name) +
                                     " both say how to authorize calls; give one of them");
    }
    *option = name;
    authorization = make(value->text);
  };
  take("token", &Authorization::Token);
  take("token_file", &Authorization::TokenFile);
  const OptionValue* username = values.Find("basic_auth.username");
  const OptionValue* password = values.Find("basic_auth.password");
  if ((username == nullptr) != (password == nullptr)) {
    throw Error(Code::kOption,
                "options \"basic_auth.username\" and \"basic_auth.password\" go together; only one "
                "is given");
  }
  if (username != nullptr) {
    take("basic_auth.username",
         [&](const std::string& name) { return Authorization::Basic(name, password->text); });
  }
  return authorization;
}

// What is given here, as an option or as metadata, stands in place of the default.
void ApplyAuthorization(const OptionValues& values, CallOptions* options) {
  std::string option;
  std::shared_ptr<const Authorization> authorization = ReadAuthorization(values, &option);
  const OptionValue* metadata = values.Find("metadata");
  bool by_metadata = metadata != nullptr && HasAuthorization(metadata->metadata);
  if (authorization == nullptr) {
    if (by_metadata) options->authorization = nullptr;
    return;
  }
  if (by_metadata) {
    throw Error(Code::kOption, "options " + Quote(option) +
                                   " and \"metadata.authorization\" both say how to authorize "
                                   "calls; give one of them");
  }
  if (options->no_authorization != nullptr) {
    throw Error(Code::kOption, "option " + Quote(option) + " " + options->no_authorization);
  }
  Metadata& defaults = options->metadata;
  defaults.erase(std::remove_if(defaults.begin(), defaults.end(), IsAuthorization), defaults.end());
  options->authorization = std::move(authorization);
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
  ApplyAuthorization(values, options);
  if (const OptionValue* value = values.Find("max_depth")) {
    options->json.max_depth = static_cast<uint32_t>(value->number);
  }
  if (const OptionValue* value = values.Find("wait_for_ready")) {
    options->wait_for_ready = value->flag;
  }
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

// gRPC ignores a file that it cannot write, and lets others read one that it makes.
void ReadKeyLog(const OptionValues& values, TlsOptions* tls) {
  std::string source = "option \"tls.key_log\"";
  if (const OptionValue* value = values.Find("tls.key_log")) {
    tls->key_log = value->text;
  } else if (const char* path = secure_getenv("SSLKEYLOGFILE")) {
    tls->key_log = path;
    source = "the environment variable SSLKEYLOGFILE";
  }
  if (tls->key_log.empty()) return;
  int file = open(tls->key_log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    throw Error(Code::kOption, source + ": cannot write the file " +
                                   Quote(tls->key_log, kLongestPath) + ": " + std::strerror(errno));
  }
  close(file);
}

void CheckTls13(const TlsOptions& tls) {
  const char* other = !tls.verify            ? "\"tls.verify\": false"
                      : !tls.key_log.empty() ? "a log of keys (\"tls.key_log\" or SSLKEYLOGFILE)"
                                             : nullptr;
  if (!CanSetMinTlsVersion()) {
    throw Error(Code::kOption,
                "option \"tls.min_version\": \"1.3\" is more than this build's gRPC can do");
  }
  if (other != nullptr) {
    throw Error(Code::kOption,
                std::string("option \"tls.min_version\": \"1.3\" and ") + other +
                    " do not go together: this build's gRPC can do one or the other");
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
  if (!tls.ca.empty()) tls.trust = TrustStore::Of(tls.ca, "option \"tls.ca\"");
  std::optional<std::string> password;
  if (const OptionValue* value = values.Find("tls.key_password")) password = value->text;
  if (!tls.key.empty()) {
    tls.key = PlainPrivateKey(tls.key, password);
    CheckKeyPair(tls.certificate, tls.key);
  } else if (password.has_value()) {
    throw Error(Code::kOption, "option \"tls.key_password\" is given, but no \"tls.key\"");
  }
  if (const OptionValue* value = values.Find("tls.server_name")) tls.server_name = value->text;
  ReadFlag(values, "tls.verify", &tls.verify);
  ReadKeyLog(values, &tls);
  if (const OptionValue* value = values.Find("tls.min_version")) {
    tls.only_1_3 = value->text == "1.3";
  }
  if (tls.only_1_3) CheckTls13(tls);
  return tls;
}

Transport ReadTransport(const OptionValues& values) {
  const OptionValue* value = values.Find("transport");
  if (value == nullptr || value->text == "plaintext") return Transport::kPlaintext;
  if (value->text == "tls") return Transport::kTls;
  return value->text == "alts" ? Transport::kAlts : Transport::kGoogleDefault;
}

void ReadSecurity(const OptionValues& values, ClientOptions* options) {
  options->transport = ReadTransport(values);
  for (const OptionSpec& spec : OptionsTable()) {
    std::string_view name = spec.name;
    if (options->transport == Transport::kTls || name.substr(0, 4) != "tls.") continue;
    if (values.Find(name) != nullptr) {
      throw Error(Code::kOption, "option " + Quote(name) +
                                     " needs \"transport\": \"tls\"; the transport is " +
                                     TransportName(options->transport));
    }
  }
  if (options->transport == Transport::kTls) options->tls = ReadTls(values);
  bool plaintext_allowed = false;
  ReadFlag(values, "allow_plaintext_credentials", &plaintext_allowed);
  options->call.no_authorization = nullptr;
  if (options->transport == Transport::kPlaintext && !plaintext_allowed) {
    options->call.no_authorization = kSecretInPlaintext;
  } else if (options->transport == Transport::kGoogleDefault) {
    options->call.no_authorization =
        "is given, but the transport google_default authorizes calls itself";
  }
}

// gRPC gives an attempt to connect the time up to the next one, if that is longer: the first of
// these waits must not exceed the timeout, or the timeout would not hold.
void ReadConnectTimeout(const OptionValues& values, ClientOptions* options) {
  constexpr int64_t kInitialBackoffMs = 1000;
  const OptionValue* timeout = values.Find("connect_timeout");
  if (timeout == nullptr) return;
  if (values.Find("reconnect.min_backoff") != nullptr) {
    throw Error(
        Code::kOption,
        "options \"connect_timeout\" and \"reconnect.min_backoff\" say the same thing; give "
        "one of them");
  }
  if (values.Find("reconnect.initial_backoff") == nullptr && timeout->number < kInitialBackoffMs) {
    options->integer_arguments.emplace_back(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, timeout->number);
  }
}

// What is given by name as well as by an option of its own.
template <typename Arguments, typename Others>
void CheckTwice(const Arguments& by_option, const Others& by_name) {
  for (const auto& [name, value] : by_name) {
    for (const auto& [argument, other] : by_option) {
      if (name != argument) continue;
      throw Error(Code::kOption, "option " + Quote("channel_arguments." + name) +
                                     " says what another option says already; give one of them");
    }
  }
}

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// What stands in a header of every call, and gRPC does not look at.
void CheckHeaderText(const std::string& option, const std::string& argument,
                     const std::string& text) {
  // Of RFC 3986, without a user's name, which HTTP/2 has none of.
  if (argument == GRPC_ARG_DEFAULT_AUTHORITY) {
    if (!text.empty() && IsUriText(text, "-._~%!$&'()*+,;=:[]")) return;
    throw Error(Code::kOption, "option " + Quote(option) +
                                   " takes a host, or a host and a port, as in \"example:443\"");
  }
  if (!IsPrintable(text)) {
    throw Error(Code::kOption, "option " + Quote(option) + " takes printable ASCII");
  }
}

// gRPC goes past a proxy that it cannot make out, without a word. The value may hold a password, so
// nothing of it is shown.
std::string ProxyUri(const std::string& option, const std::string& text) {
  constexpr std::string_view kScheme = "http://";
  auto fault = [&](const std::string& what) {
    return Error(Code::kOption, "option " + Quote(option) + " " + what +
                                    "; it takes \"http://host:port\", or "
                                    "\"http://user:password@host:port\"");
  };
  std::string rest = text;
  const size_t scheme_end = text.find("://");
  if (scheme_end != std::string::npos) {
    if (text.compare(0, kScheme.size(), kScheme) != 0) {
      throw fault("has another scheme than \"http://\"; gRPC knows no other proxies");
    }
    rest = text.substr(kScheme.size());
    if (!rest.empty() && rest.back() == '/') rest.pop_back();
  }
  const size_t user_end = rest.find('@');
  const std::string user = user_end == std::string::npos ? "" : rest.substr(0, user_end);
  const std::string host = user_end == std::string::npos ? rest : rest.substr(user_end + 1);
  // gRPC decodes before it looks for the '@', and what has a NUL then is nothing to it.
  if (!IsPrintable(user) || user.find_first_of("/?#") != std::string::npos ||
      user.find("%40") != std::string::npos || user.find("%00") != std::string::npos ||
      host.find('@') != std::string::npos) {
    throw fault(
        "has a character in its user or password that has to stand as %XX, or an '@' or a NUL, "
        "which gRPC cannot take");
  }
  if (!IsHostAndPort(host)) throw fault("has no host, or no port of 1 to 65535");
  return std::string(kScheme) + rest;
}

// Of an argument that is text, given by that option.
std::string CheckedText(const std::string& option, const std::string& argument,
                        const std::string& text) {
  // An empty one is gRPC's way to say that there is none.
  if (argument == GRPC_ARG_HTTP_PROXY) return text.empty() ? text : ProxyUri(option, text);
  for (const char* header : {GRPC_ARG_DEFAULT_AUTHORITY, GRPC_ARG_PRIMARY_USER_AGENT_STRING,
                             GRPC_ARG_SECONDARY_USER_AGENT_STRING}) {
    if (argument == header) CheckHeaderText(option, argument, text);
  }
  return text;
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
        options->text_arguments.emplace_back(row.argument,
                                             CheckedText(row.option, row.argument, value->text));
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
  ReadConnectTimeout(values, options);
  ServiceConfig config = MakeServiceConfig(values);
  options->methods = std::move(config.methods);
  if (!config.json.empty()) {
    options->text_arguments.emplace_back(GRPC_ARG_SERVICE_CONFIG, std::move(config.json));
  }
  if (const OptionValue* value = values.Find("channel_arguments")) {
    CheckTwice(options->integer_arguments, value->integer_arguments);
    CheckTwice(options->integer_arguments, value->text_arguments);
    CheckTwice(options->text_arguments, value->integer_arguments);
    CheckTwice(options->text_arguments, value->text_arguments);
    options->integer_arguments.insert(options->integer_arguments.end(),
                                      value->integer_arguments.begin(),
                                      value->integer_arguments.end());
    for (const auto& [name, text] : value->text_arguments) {
      options->text_arguments.emplace_back(name,
                                           CheckedText("channel_arguments." + name, name, text));
    }
    for (const auto& [name, number] : value->integer_arguments) {
      if (name == GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH && number >= kNone) {
        options->max_receive_size = number;
      }
    }
  }
}

std::shared_ptr<const Log> OpenLog(const OptionValues& values) {
  constexpr char kVariable[] = "PYGRPC_LOG";
  const std::string option = "option \"log\"";
  const OptionValue* text = values.Find("log");
  const OptionValue* level = values.Find("log.level");
  const OptionValue* file = values.Find("log.file");
  if (text != nullptr) return Log::Open(ParseLogSettings(text->text, option), option);
  if (level != nullptr || file != nullptr) {
    LogSettings settings;
    settings.level = LogLevel::kInfo;
    if (level != nullptr) ParseLogLevel(level->text, &settings.level);
    if (file != nullptr) settings.file = file->text;
    return Log::Open(settings, option);
  }
  const char* variable = std::getenv(kVariable);
  if (variable == nullptr || *variable == '\0') return nullptr;
  const std::string source = std::string("the environment's ") + kVariable;
  return Log::Open(ParseLogSettings(variable, source), source);
}

}  // namespace

const char* TransportName(Transport transport) {
  switch (transport) {
    case Transport::kPlaintext:
      return "plaintext";
    case Transport::kTls:
      return "tls";
    case Transport::kAlts:
      return "alts";
    case Transport::kGoogleDefault:
      return "google_default";
  }
  return "";
}

ClientOptions ParseClientOptions(const char* text) {
  ClientOptions options;
  options.max_receive_size = kDefaultMaxReceiveSize;
  const std::vector<OptionSpec>& table = OptionsTable();
  OptionValues values;
  if (text != nullptr) values = ParseOptions(text, table, kClientScope);
  options.given = values.Names();
  options.log = OpenLog(values);
  ReadSecurity(values, &options);
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
  if (const OptionValue* value = values.Find("target")) {
    settings.target = value->text;
    if (settings.target.empty()) {
      throw Error(Code::kOption,
                  "option \"target\" is empty: leave it out to ask the client's own server");
    }
  }
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
  // Nor are they to go where reflection sends other metadata than calls do.
  if (!own || settings.reflection.metadata.has_value() || HasAuthorization(metadata)) {
    settings.call.authorization = nullptr;
  }
  settings.reflection.metadata = std::move(metadata);
  return settings;
}

}  // namespace pygrpc::rpc
