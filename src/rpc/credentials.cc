// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/credentials.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "base/error.h"
#include "base/text.h"

namespace pygrpc::rpc {
namespace {

bool ReadWhole(const char* path, std::string* content) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  content->assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  return !content->empty();
}

// The certificates that the system trusts. gRPC's own default path need not exist, so the places
// where distributions keep them are looked at, after the two customary variables.
std::string SystemRoots() {
  std::string content;
  for (const char* variable : {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "SSL_CERT_FILE"}) {
    const char* path = std::getenv(variable);
    if (path == nullptr || *path == '\0') continue;
    if (ReadWhole(path, &content)) return content;
    Error error(Code::kOption, std::string("cannot read the certificates to trust: ") + variable +
                                   " names " + Quote(path, 4096));
    error.searched.emplace_back(path);
    throw error;
  }
  Error error(Code::kOption,
              "no certificates to trust were found; install ca-certificates, or give the option "
              "\"tls.ca\"; looked at");
  for (const char* path : {"/etc/ssl/certs/ca-certificates.crt",  // Debian, Alpine, Arch
                           "/etc/pki/tls/certs/ca-bundle.crt",    // Fedora, RHEL
                           "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                           "/etc/ssl/ca-bundle.pem",  // SUSE
                           "/etc/ssl/cert.pem"}) {    // Alpine, BSD
    if (ReadWhole(path, &content)) return content;
    error.message += error.searched.empty() ? " " : ", ";
    error.message += path;
    error.searched.emplace_back(path);
  }
  throw error;
}

// Only gRPC's experimental TLS credentials can leave out verification.
grpc_channel_credentials* MakeUnverifiedCredentials(const TlsOptions& tls) {
  grpc_tls_credentials_options* options = grpc_tls_credentials_options_create();
  grpc_tls_credentials_options_set_verify_server_cert(options, 0);
  grpc_tls_credentials_options_set_check_call_host(options, 0);
  grpc_tls_certificate_verifier* verifier = grpc_tls_certificate_verifier_no_op_create();
  grpc_tls_credentials_options_set_certificate_verifier(options, verifier);
  grpc_tls_certificate_verifier_release(verifier);
  if (!tls.certificate.empty()) {
    grpc_tls_identity_pairs* pairs = grpc_tls_identity_pairs_create();
    grpc_tls_identity_pairs_add_pair(pairs, tls.key.c_str(), tls.certificate.c_str());
    grpc_tls_certificate_provider* provider =
        grpc_tls_certificate_provider_static_data_create(nullptr, pairs);
    grpc_tls_credentials_options_set_certificate_provider(options, provider);
    grpc_tls_certificate_provider_release(provider);
    grpc_tls_credentials_options_watch_identity_key_cert_pairs(options);
  }
  return grpc_tls_credentials_create(options);
}

}  // namespace

grpc_channel_credentials* MakeCredentials(const ClientOptions& options) {
  if (!options.tls_transport) return grpc_insecure_credentials_create();
  const TlsOptions& tls = options.tls;
  if (!tls.verify) return MakeUnverifiedCredentials(tls);
  std::string roots = tls.ca.empty() ? SystemRoots() : tls.ca;
  grpc_ssl_pem_key_cert_pair pair = {tls.key.c_str(), tls.certificate.c_str()};
  return grpc_ssl_credentials_create_ex(roots.c_str(), tls.key.empty() ? nullptr : &pair, nullptr,
                                        nullptr);
}

}  // namespace pygrpc::rpc
