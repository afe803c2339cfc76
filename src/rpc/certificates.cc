// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/certificates.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace pygrpc::rpc {
namespace {

template <typename T, void (*release)(T*)>
struct Release {
  void operator()(T* object) const { release(object); }
};
void FreeBio(BIO* bio) { BIO_free(bio); }
void FreeChain(STACK_OF(X509) * chain) { sk_X509_pop_free(chain, X509_free); }
using Bio = std::unique_ptr<BIO, Release<BIO, FreeBio>>;
using Certificate = std::unique_ptr<X509, Release<X509, X509_free>>;
using Chain = std::unique_ptr<STACK_OF(X509), Release<STACK_OF(X509), FreeChain>>;
using Names = std::unique_ptr<GENERAL_NAMES, Release<GENERAL_NAMES, GENERAL_NAMES_free>>;
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY, EVP_PKEY_free>>;

// OpenSSL keeps what went wrong in a queue of the thread, which others read as well.
class ErrorQueueMark {
 public:
  ErrorQueueMark() { ERR_set_mark(); }
  ~ErrorQueueMark() { ERR_pop_to_mark(); }
  ErrorQueueMark(const ErrorQueueMark&) = delete;
  ErrorQueueMark& operator=(const ErrorQueueMark&) = delete;
};

Bio Checked(BIO* made) {
  if (made == nullptr) throw std::bad_alloc();
  return Bio(made);
}

Bio Reading(const std::string& text) {
  return Checked(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Bio Writing() { return Checked(BIO_new(BIO_s_mem())); }

std::string Written(BIO* bio) {
  char* data = nullptr;
  int64_t size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

// In place of OpenSSL's own way, which is to ask at the terminal.
int GiveNoPassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user_data*/) {
  return -1;
}

// All certificates of a PEM text; empty if there are none or one is broken.
std::vector<Certificate> ReadCertificates(const std::string& pem) {
  std::vector<Certificate> certificates;
  ErrorQueueMark mark;
  Bio bio = Reading(pem);
  while (Certificate next{PEM_read_bio_X509_AUX(bio.get(), nullptr, &GiveNoPassword, nullptr)}) {
    certificates.push_back(std::move(next));
  }
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) certificates.clear();
  return certificates;
}

// The longest name that is shown whole in a message.
constexpr size_t kLongestName = 200;

// "CN=server,O=Example", or what there is.
std::string NameText(const X509_NAME* name) {
  Bio bio = Writing();
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  std::string text = Written(bio.get());
  return text.empty() ? "(without a name)" : OneLine(text, kLongestName);
}

std::string TimeText(const ASN1_TIME* time) {
  std::tm broken_down = {};
  char text[64];
  if (ASN1_TIME_to_tm(time, &broken_down) != 1 ||
      std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &broken_down) == 0) {
    return "a time that cannot be read";
  }
  return text;
}

// The names that a certificate is for, for a message: "DNS:server.example, IP Address:10.0.0.1".
std::string HostNames(X509* certificate) {
  constexpr int kMostNames = 5;
  Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  int count = names == nullptr ? 0 : sk_GENERAL_NAME_num(names.get());
  if (count == 0) return NameText(X509_get_subject_name(certificate));
  Bio bio = Writing();
  for (int i = 0; i < std::min(count, kMostNames); ++i) {
    if (i > 0) BIO_puts(bio.get(), ", ");
    GENERAL_NAME_print(bio.get(), sk_GENERAL_NAME_value(names.get(), i));
  }
  if (count > kMostNames) BIO_puts(bio.get(), ", ...");
  return OneLine(Written(bio.get()), kLongestName);
}

bool IsFor(X509* certificate, std::string host) {
  host.resize(std::min(host.size(), host.find('%')));  // the zone of an IPv6 address
  if (host.size() > 1 && host.back() == '.') host.pop_back();
  std::unique_ptr<ASN1_OCTET_STRING, Release<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>> address(
      a2i_IPADDRESS(host.c_str()));
  if (address != nullptr) return X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
  return !host.empty() && X509_check_host(certificate, host.data(), host.size(),
                                          X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) == 1;
}

// How strong keys and signatures must be: as the system's OpenSSL has it for any TLS client.
int SecurityLevel() {
  static const int level = [] {
    std::unique_ptr<SSL_CTX, Release<SSL_CTX, SSL_CTX_free>> context(
        SSL_CTX_new(TLS_client_method()));
    return context == nullptr ? 2 : SSL_CTX_get_security_level(context.get());
  }();
  return level;
}

// What X509_verify_cert() found.
CertificateFault ChainFault(X509_STORE_CTX* context) {
  int code = X509_STORE_CTX_get_error(context);
  X509* certificate = X509_STORE_CTX_get_current_cert(context);
  std::string subject =
      certificate == nullptr ? "" : " " + NameText(X509_get_subject_name(certificate));
  std::string which =
      (X509_STORE_CTX_get_error_depth(context) == 0 ? "the server's certificate"
                                                    : "a certificate above the server's,") +
      subject;
  switch (certificate == nullptr ? X509_V_ERR_UNSPECIFIED : code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return {"certificate_expired",
              which + " was valid until " + TimeText(X509_get0_notAfter(certificate))};
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {"certificate_not_yet_valid",
              which + " is not valid before " + TimeText(X509_get0_notBefore(certificate))};
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return {"certificate_unknown_authority", which + " is signed by itself, and not trusted"};
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_CERT_UNTRUSTED:
      return {"certificate_unknown_authority", which + " is signed by " +
                                                   NameText(X509_get_issuer_name(certificate)) +
                                                   ", which is not trusted"};
    default:
      return {"certificate_invalid", which + ": " + X509_verify_cert_error_string(code)};
  }
}

// Certificates to trust; nothing, with the reason, where there are none.
std::optional<std::string> ReadRoots(const std::string& path, std::string* reason) {
  std::optional<std::string> content = ReadFile(path, kMaxPemSize, reason);
  if (!content.has_value() || !content->empty()) return content;
  *reason = "it is empty";
  return std::nullopt;
}

}  // namespace

// ---- TrustStore

struct TrustStore::Parts {
  std::string pem;
  std::unique_ptr<X509_STORE, Release<X509_STORE, X509_STORE_free>> store;
};

TrustStore::TrustStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TrustStore::~TrustStore() = default;

std::shared_ptr<const TrustStore> TrustStore::Of(const std::string& pem,
                                                 const std::string& source) {
  // Leaked on purpose: gRPC's threads may outlive static destructors.
  static auto* mutex = new std::mutex;
  static auto* in_use = new std::vector<std::weak_ptr<const TrustStore>>;
  std::lock_guard<std::mutex> lock(*mutex);
  in_use->erase(std::remove_if(in_use->begin(), in_use->end(),
                               [](const auto& entry) { return entry.expired(); }),
                in_use->end());
  for (const auto& entry : *in_use) {
    std::shared_ptr<const TrustStore> known = entry.lock();
    if (known != nullptr && known->parts_->pem == pem) return known;
  }
  std::vector<Certificate> certificates = ReadCertificates(pem);
  if (certificates.empty()) {
    throw Error(Code::kOption,
                source + " holds no certificates, or one that cannot be read; it takes PEM");
  }
  auto parts = std::make_unique<Parts>();
  parts->pem = pem;
  parts->store.reset(X509_STORE_new());
  if (parts->store == nullptr) throw std::bad_alloc();
  for (const Certificate& certificate : certificates) {
    if (X509_STORE_add_cert(parts->store.get(), certificate.get()) != 1) throw std::bad_alloc();
  }
  std::shared_ptr<const TrustStore> made(new TrustStore(std::move(parts)));
  in_use->push_back(made);
  return made;
}

std::optional<CertificateFault> TrustStore::Verify(const std::string& leaf,
                                                   const std::string& chain,
                                                   const std::string& host) const {
  ErrorQueueMark mark;
  std::vector<Certificate> presented = ReadCertificates(leaf);
  if (presented.empty()) {
    return CertificateFault{"certificate_invalid",
                            "the server presented no certificate that can be read"};
  }
  X509* server = presented.front().get();
  Chain others(sk_X509_new_null());
  std::unique_ptr<X509_STORE_CTX, Release<X509_STORE_CTX, X509_STORE_CTX_free>> context(
      X509_STORE_CTX_new());
  if (others == nullptr || context == nullptr) throw std::bad_alloc();
  for (Certificate& certificate : ReadCertificates(chain)) {
    if (sk_X509_push(others.get(), certificate.get()) == 0) throw std::bad_alloc();
    static_cast<void>(certificate.release());
  }
  if (X509_STORE_CTX_init(context.get(), parts_->store.get(), server, others.get()) != 1 ||
      X509_STORE_CTX_set_default(context.get(), "ssl_server") != 1) {
    throw std::bad_alloc();
  }
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_auth_level(rules, SecurityLevel());
  // A certificate that is trusted by name ends a chain, whoever signed it; as everywhere in gRPC.
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
  if (X509_verify_cert(context.get()) != 1) return ChainFault(context.get());
  if (!IsFor(server, host)) {
    return CertificateFault{"certificate_wrong_host", "the server's certificate is for " +
                                                          HostNames(server) + ", not for " +
                                                          OneLine(host, kLongestName)};
  }
  return std::nullopt;
}

// ---- Where trust and keys come from

std::string SystemRoots(const std::string& root) {
  std::string reason;
  for (const char* variable : {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "SSL_CERT_FILE"}) {
    const char* path = std::getenv(variable);
    if (path == nullptr || *path == '\0') continue;
    if (std::optional<std::string> roots = ReadRoots(path, &reason)) return *std::move(roots);
    Error error(Code::kOption, std::string("the environment variable ") + variable +
                                   " (certificates to trust): cannot read the file " +
                                   Quote(path, kLongestPath) + ": " + reason);
    error.searched.emplace_back(path);
    throw error;
  }
  Error error(Code::kOption,
              "no certificates to trust were found; install ca-certificates, or give the option "
              "\"tls.ca\"; looked at");
  for (const char* place : {"/etc/ssl/certs/ca-certificates.crt",  // Debian, Alpine, Arch
                            "/etc/pki/tls/certs/ca-bundle.crt",    // Fedora, RHEL
                            "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                            "/etc/ssl/ca-bundle.pem",  // SUSE
                            "/etc/ssl/cert.pem"}) {    // Alpine, BSD
    std::string path = root + place;
    if (std::optional<std::string> roots = ReadRoots(path, &reason)) return *std::move(roots);
    error.message += (error.searched.empty() ? " " : ", ") + path;
    error.searched.push_back(path);
  }
  throw error;
}

std::string PlainPrivateKey(const std::string& pem, const std::optional<std::string>& password) {
  struct Asked {
    const std::optional<std::string>& password;
    bool encrypted = false;
  } asked{password};
  auto give = [](char* buffer, int size, int /*writing*/, void* data) {
    auto* asked = static_cast<Asked*>(data);
    asked->encrypted = true;
    if (!asked->password.has_value()) return -1;
    size_t length = asked->password->size();
    if (length > static_cast<size_t>(size)) return -1;
    std::memcpy(buffer, asked->password->data(), length);
    return static_cast<int>(length);
  };
  ErrorQueueMark mark;
  Bio bio = Reading(pem);
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, give, &asked));
  if (key == nullptr && asked.encrypted) {
    throw Error(Code::kOption,
                password.has_value()
                    ? "option \"tls.key_password\" does not decrypt the key of the option "
                      "\"tls.key\""
                    : "the key of the option \"tls.key\" is encrypted; give the option "
                      "\"tls.key_password\"");
  }
  if (key == nullptr) {
    throw Error(Code::kOption, "option \"tls.key\" holds no private key that can be read");
  }
  if (!asked.encrypted) {
    if (!password.has_value()) return pem;
    throw Error(Code::kOption,
                "option \"tls.key_password\" is given, but the key of the option \"tls.key\" is "
                "not encrypted");
  }
  Bio plain = Writing();
  if (PEM_write_bio_PrivateKey(plain.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
      1) {
    throw Error(Code::kOption, "the key of the option \"tls.key\" is of a kind that has no PEM");
  }
  return Written(plain.get());
}

void CheckKeyPair(const std::string& certificate, const std::string& key) {
  std::vector<Certificate> chain = ReadCertificates(certificate);
  if (chain.empty()) {
    throw Error(Code::kOption,
                "option \"tls.certificate\" holds no certificates, or one that cannot be read");
  }
  ErrorQueueMark mark;
  Bio bio = Reading(key);
  Key parsed(PEM_read_bio_PrivateKey(bio.get(), nullptr, &GiveNoPassword, nullptr));
  if (parsed == nullptr || X509_check_private_key(chain.front().get(), parsed.get()) != 1) {
    throw Error(Code::kOption,
                "the key of the option \"tls.key\" is not that of the first certificate of the "
                "option \"tls.certificate\"");
  }
}

}  // namespace pygrpc::rpc
