// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "options.h"

#include <charconv>
#include <functional>
#include <map>
#include <stdexcept>

#include "reflection_faults.h"

namespace pygrpc::testserver {

const char kUsage[] =
    "usage: pygrpc-test-server [OPTION]...\n"
    "Serves the test services until SIGTERM or SIGINT. The first line of the output is the TCP "
    "port.\n"
    "\n"
    "  --port N               TCP port; 0 (the default) takes a free one\n"
    "  --bind ADDRESS         TCP address to listen on (127.0.0.1)\n"
    "  --unix PATH            listen on a unix socket (@name: an abstract one); on TCP too only if "
    "--port is given as well\n"
    "  --tls-cert FILE        serve TLS with this PEM certificate chain\n"
    "  --tls-key FILE         and this PEM private key\n"
    "  --tls-client-ca FILE   demand client certificates that these PEM roots signed\n"
    "  --reflection WHICH     v1, v1alpha or both (both)\n"
    "  --reflection-no-imports  reflection answers with the one file asked for, without its "
    "imports\n"
    "  --reflection-metadata KEY=VALUE  reflection demands this metadata\n"
    "  --reflection-fault NAME  reflection does something wrong; README.md has the names\n"
    "  --no-reflection        no server reflection\n"
    "  --max-receive-size N   largest request message in bytes; -1 for no limit (4194304)\n"
    "  --fail N               Scale/WhoAmI ends with this gRPC status\n"
    "  --no-health            no health service\n"
    "  --exit-on-stdin-eof    stop when the standard input ends\n"
    "  --die-with-parent      be killed by the kernel when the parent process ends\n"
    "  --help                 print this\n";

namespace {

int ParseInt(const std::string& option, const std::string& text, int lowest, int highest) {
  int value = 0;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < lowest || value > highest) {
    throw std::invalid_argument(option + " wants a number from " + std::to_string(lowest) + " to " +
                                std::to_string(highest) + ", not '" + text + "'");
  }
  return value;
}

void ParseReflection(const std::string& which, Options* options) {
  if (which != "v1" && which != "v1alpha" && which != "both") {
    throw std::invalid_argument("--reflection is v1, v1alpha or both, not '" + which + "'");
  }
  options->reflection_v1 = which != "v1alpha";
  options->reflection_v1alpha = which != "v1";
}

void Check(const Options& options) {
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    throw std::invalid_argument("--tls-cert and --tls-key go together");
  }
  if (!options.tls_client_ca.empty() && options.tls_cert.empty()) {
    throw std::invalid_argument("--tls-client-ca needs --tls-cert and --tls-key");
  }
}

}  // namespace

Options ParseOptions(int argc, char** argv) {
  Options options;
  bool port_given = false;

  using Text = const std::string&;
  const std::map<std::string, std::function<void(Text)>> with_value = {
      {"--port",
       [&](Text value) {
         options.port = ParseInt("--port", value, 0, 65535);
         port_given = true;
       }},
      {"--bind", [&](Text value) { options.bind = value; }},
      {"--unix", [&](Text value) { options.unix_path = value; }},
      {"--tls-cert", [&](Text value) { options.tls_cert = value; }},
      {"--tls-key", [&](Text value) { options.tls_key = value; }},
      {"--tls-client-ca", [&](Text value) { options.tls_client_ca = value; }},
      {"--reflection", [&](Text value) { ParseReflection(value, &options); }},
      {"--fail", [&](Text value) { options.fail_status = ParseInt("--fail", value, 1, 16); }},
      {"--reflection-metadata", [&](Text value) { options.reflection_metadata = value; }},
      {"--reflection-fault",
       [&](Text value) {
         if (!IsReflectionFault(value)) {
           throw std::invalid_argument("there is no --reflection-fault '" + value + "'");
         }
         options.reflection_fault = value;
       }},
      {"--max-receive-size",
       [&](Text value) {
         options.max_receive_size = ParseInt("--max-receive-size", value, -1, 2147483647);
       }},
  };
  const std::map<std::string, std::function<void()>> without_value = {
      {"--no-reflection", [&] { options.reflection_v1 = options.reflection_v1alpha = false; }},
      {"--reflection-no-imports", [&] { options.reflection_with_imports = false; }},
      {"--no-health", [&] { options.health = false; }},
      {"--exit-on-stdin-eof", [&] { options.exit_on_stdin_eof = true; }},
      {"--die-with-parent", [&] { options.die_with_parent = true; }},
  };

  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    if (auto flag = without_value.find(name); flag != without_value.end()) {
      flag->second();
      continue;
    }
    const size_t equals = name.find('=');
    const std::string key = name.substr(0, equals);
    auto option = with_value.find(key);
    if (option == with_value.end()) {
      throw std::invalid_argument("unknown option '" + name + "'; --help lists them");
    }
    if (equals != std::string::npos) {
      option->second(name.substr(equals + 1));
    } else if (i + 1 < argc) {
      option->second(argv[++i]);
    } else {
      throw std::invalid_argument(key + " wants a value");
    }
  }
  options.listen_tcp = port_given || options.unix_path.empty();
  Check(options);
  return options;
}

}  // namespace pygrpc::testserver
