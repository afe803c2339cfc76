// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_CERTIFICATES_H_
#define PYGRPC_RPC_CERTIFICATES_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace pygrpc::rpc {

// The largest file of certificates or of a key that is read, in bytes.
inline constexpr size_t kMaxPemSize = size_t{16} << 20;

// Why a server's certificate was not accepted.
struct CertificateFault {
  const char* reason;  // "certificate_expired"; see Failure::reason
  std::string text;    // one line
};

// Certificates to trust, parsed once for all connections that trust them. Thread-safe.
class TrustStore {
 public:
  // `source` says in errors where the PEM text is from. Stores in use are shared. Throws
  // Error(kOption).
  static std::shared_ptr<const TrustStore> Of(const std::string& pem, const std::string& source);

  ~TrustStore();
  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;

  // Checks what a server presented in a handshake: `leaf` and the `chain` that came with it, both
  // PEM, against the trusted certificates, the clock, and the name of the server.
  std::optional<CertificateFault> Verify(const std::string& leaf, const std::string& chain,
                                         const std::string& host) const;

 private:
  struct Parts;
  explicit TrustStore(std::unique_ptr<Parts> parts);

  const std::unique_ptr<Parts> parts_;
};

// The certificates that the system trusts, as PEM text: of the two customary variables, else of the
// places where distributions keep them below `root`. Throws Error(kOption).
std::string SystemRoots(const std::string& root = "");

// The private key of a client, without encryption, as PEM text; `password` is set if one was given.
// Throws Error(kOption) if a password is missing, wrong or not needed, or if it is no key.
std::string PlainPrivateKey(const std::string& pem, const std::optional<std::string>& password);

// Throws Error(kOption) unless the chain begins with the certificate of the key.
void CheckKeyPair(const std::string& certificate, const std::string& key);

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_CERTIFICATES_H_
