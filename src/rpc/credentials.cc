// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/credentials.h"

#include <grpc/support/alloc.h>
#include <grpc/support/string_util.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>

#include "base/error.h"
#include "rpc/certificates.h"

// gRPC's credentials of TLS can ask for a version, but its C API has no function for it: it is a
// public member of a class of the library, called by its symbol with the object before its
// argument. Weak, for another gRPC may lack it.
extern "C" __attribute__((weak)) void pygrpc_grpc_set_min_tls_version(
    grpc_channel_credentials* credentials,
    grpc_tls_version
        version) __asm__("_ZN20grpc_ssl_credentials19set_min_tls_versionE16grpc_tls_version");

namespace pygrpc::rpc {
namespace {

std::shared_ptr<const TrustStore> SystemTrust() {
  return TrustStore::Of(SystemRoots(), "the system's store of certificates to trust");
}

// ---- TLS

// What gRPC is given to use and to free on threads of its own. It does both in order, but no tool
// that looks for races sees into gRPC: each step is to be marked here.
class Steps {
 public:
  void Mark() {
    // The load comes first: a write is taken for a race with the constructor's.
    static_cast<void>(count_.load(std::memory_order_acquire));
    count_.fetch_add(1, std::memory_order_release);
  }

 private:
  std::atomic<uint32_t> count_{0};
};

// gRPC's own verification says only that it failed. This one is as strict, on the certificates of
// the same handshake (which has proved that the server has the key), and says what is wrong.
class Verifier {
 public:
  // Without `trust` it accepts anybody.
  static grpc_tls_certificate_verifier* Create(std::shared_ptr<const TrustStore> trust,
                                               std::shared_ptr<HandshakeCount> handshakes) {
    auto* verifier = new Verifier(std::move(trust), std::move(handshakes));
    verifier->steps_.Mark();
    return grpc_tls_certificate_verifier_external_create(&verifier->callbacks_);
  }

 private:
  Verifier(std::shared_ptr<const TrustStore> trust, std::shared_ptr<HandshakeCount> handshakes)
      : trust_(std::move(trust)), handshakes_(std::move(handshakes)) {
    callbacks_ = {this, &Verify, &Cancel, &Destruct};
  }

  std::optional<CertificateFault> Check(
      const grpc_tls_custom_verification_check_request& request) const {
    auto text = [](const char* maybe) { return std::string(maybe == nullptr ? "" : maybe); };
    std::optional<CertificateFault> fault;
    if (trust_ != nullptr) {
      fault =
          trust_->Verify(text(request.peer_info.peer_cert),
                         text(request.peer_info.peer_cert_full_chain), text(request.target_name));
    }
    if (!fault.has_value()) ++*handshakes_;
    return fault;
  }

  static int Verify(void* self, grpc_tls_custom_verification_check_request* request,
                    grpc_tls_on_custom_verification_check_done_cb /*done*/, void* /*argument*/,
                    grpc_status_code* status, char** details) {
    constexpr int kDone = 1;
    std::string fault = "certificate_invalid: the certificate could not be verified";
    auto* verifier = static_cast<Verifier*>(self);
    verifier->steps_.Mark();
    try {
      std::optional<CertificateFault> found = verifier->Check(*request);
      verifier->steps_.Mark();
      if (!found.has_value()) {
        *status = GRPC_STATUS_OK;
        return kDone;
      }
      fault = std::string(found->reason) + ": " + found->text;
    } catch (const std::exception&) {  // memory ran out
    }
    *status = GRPC_STATUS_UNAUTHENTICATED;
    *details = gpr_strdup(fault.c_str());
    return kDone;
  }

  static void Cancel(void* /*self*/, grpc_tls_custom_verification_check_request* /*request*/) {}
  static void Destruct(void* self) {
    auto* verifier = static_cast<Verifier*>(self);
    verifier->steps_.Mark();
    delete verifier;
  }

  const std::shared_ptr<const TrustStore> trust_;
  const std::shared_ptr<HandshakeCount> handshakes_;
  Steps steps_;
  grpc_tls_certificate_verifier_external callbacks_ = {};
};

void SetIdentity(const TlsOptions& tls, grpc_tls_credentials_options* options) {
  grpc_tls_identity_pairs* pairs = grpc_tls_identity_pairs_create();
  grpc_tls_identity_pairs_add_pair(pairs, tls.key.c_str(), tls.certificate.c_str());
  grpc_tls_certificate_provider* provider =
      grpc_tls_certificate_provider_static_data_create(nullptr, pairs);
  grpc_tls_credentials_options_set_certificate_provider(options, provider);
  grpc_tls_certificate_provider_release(provider);
  grpc_tls_credentials_options_watch_identity_key_cert_pairs(options);
}

grpc_channel_credentials* MakeTls(const TlsOptions& tls,
                                  const std::shared_ptr<HandshakeCount>& handshakes) {
  std::shared_ptr<const TrustStore> trust = tls.trust;
  if (tls.verify && trust == nullptr) trust = SystemTrust();
  if (!tls.verify) trust = nullptr;
  grpc_tls_certificate_verifier* verifier = Verifier::Create(trust, handshakes);
  grpc_tls_credentials_options* options = grpc_tls_credentials_options_create();
  grpc_tls_credentials_options_set_verify_server_cert(options, 0);  // the verifier does
  grpc_tls_credentials_options_set_check_call_host(options, tls.verify ? 1 : 0);
  grpc_tls_credentials_options_set_certificate_verifier(options, verifier);
  grpc_tls_certificate_verifier_release(verifier);
  if (!tls.certificate.empty()) SetIdentity(tls, options);
  if (!tls.key_log.empty()) {
    grpc_tls_credentials_options_set_tls_session_key_log_file_path(options, tls.key_log.c_str());
  }
  return grpc_tls_credentials_create(options);
}

// The older credentials of TLS, for which a version can be set, and little else.
grpc_channel_credentials* MakeTls13(const TlsOptions& tls,
                                    const std::shared_ptr<HandshakeCount>& handshakes) {
  std::string roots = tls.ca.empty() ? SystemRoots() : tls.ca;
  struct Counter {
    const std::shared_ptr<HandshakeCount> handshakes;
    Steps steps;
  };
  auto* counter = new Counter{handshakes, {}};
  counter->steps.Mark();
  grpc_ssl_verify_peer_options count = {
      [](const char* /*target*/, const char* /*certificate*/, void* data) {
        auto* counter = static_cast<Counter*>(data);
        counter->steps.Mark();
        ++*counter->handshakes;
        counter->steps.Mark();
        return 0;
      },
      counter,
      [](void* data) {
        auto* counter = static_cast<Counter*>(data);
        counter->steps.Mark();
        delete counter;
      }};
  grpc_ssl_pem_key_cert_pair pair = {tls.key.c_str(), tls.certificate.c_str()};
  grpc_channel_credentials* credentials = grpc_ssl_credentials_create_ex(
      roots.c_str(), tls.key.empty() ? nullptr : &pair, &count, nullptr);
  pygrpc_grpc_set_min_tls_version(credentials, TLS1_3);
  return credentials;
}

// ---- What is of Google

grpc_ssl_roots_override_result GiveSystemRoots(char** pem) {
  try {
    *pem = gpr_strdup(SystemRoots().c_str());
    return GRPC_SSL_ROOTS_OVERRIDE_OK;
  } catch (const std::exception&) {
    return GRPC_SSL_ROOTS_OVERRIDE_FAIL;
  }
}

grpc_channel_credentials* MakeGoogleDefault() {
  // These take their roots from gRPC, whose own place for them need not exist.
  static std::once_flag once;
  std::call_once(once, [] { grpc_set_ssl_roots_override_callback(&GiveSystemRoots); });
  grpc_channel_credentials* credentials = grpc_google_default_credentials_create(nullptr);
  if (credentials != nullptr) return credentials;
  throw Error(Code::kOption,
              "option \"transport\": \"google_default\" finds no credentials: neither in the file "
              "that GOOGLE_APPLICATION_CREDENTIALS names, nor those of gcloud auth "
              "application-default login, nor of a metadata server");
}

grpc_channel_credentials* MakeAlts() {
  grpc_alts_credentials_options* options = grpc_alts_credentials_client_options_create();
  grpc_channel_credentials* credentials = grpc_alts_credentials_create(options);
  grpc_alts_credentials_options_destroy(options);
  if (credentials != nullptr) return credentials;
  throw Error(Code::kOption,
              "option \"transport\": \"alts\" works on Google Cloud only, and this machine is not "
              "there");
}

}  // namespace

bool CanSetMinTlsVersion() { return pygrpc_grpc_set_min_tls_version != nullptr; }

grpc_channel_credentials* MakeCredentials(const ClientOptions& options,
                                          const std::shared_ptr<HandshakeCount>& handshakes) {
  switch (options.transport) {
    case Transport::kPlaintext:
      return grpc_insecure_credentials_create();
    case Transport::kTls:
      return options.tls.only_1_3 ? MakeTls13(options.tls, handshakes)
                                  : MakeTls(options.tls, handshakes);
    case Transport::kAlts:
      return MakeAlts();
    case Transport::kGoogleDefault:
      return MakeGoogleDefault();
  }
  return nullptr;
}

}  // namespace pygrpc::rpc
