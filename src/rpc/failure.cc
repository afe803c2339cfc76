// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/failure.h"

#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>

namespace pygrpc::rpc {
namespace {

bool Has(std::string_view text, std::initializer_list<std::string_view> parts) {
  for (std::string_view part : parts) {
    if (text.find(part) != std::string_view::npos) return true;
  }
  return false;
}

bool BeginsWith(std::string_view text, std::string_view part) {
  return text.substr(0, part.size()) == part;
}

// gRPC's words for a connection that is gone, whoever ended it.
bool TellsOfLostConnection(std::string_view text) {
  return Has(text, {"Socket closed", "onnection reset", "Endpoint read failed", "Broken pipe",
                    "Stream removed", "Transport closed", "Secure read failed"});
}

// What a word in gRPC's or OpenSSL's text means. The first that is found decides.
struct Clue {
  std::string_view text;
  struct {
    const char* reason;
    const char* hint;
    bool retriable;
  } failure;
};
template <size_t N>
Failure FirstOf(const Clue (&clues)[N], std::string_view text) {
  for (const Clue& clue : clues) {
    const auto& [reason, hint, retriable] = clue.failure;
    if (Has(text, {clue.text})) return {reason, hint, retriable};
  }
  return {};
}

// The server does not accept the client: without a certificate, or with the one it has.
Failure ClientCertificate(const Channel& channel, bool certain) {
  if (channel.has_client_certificate()) {
    return {"client_certificate_rejected",
            certain ? "the server does not accept the client's certificate; see the options "
                      "\"tls.certificate\" and \"tls.key\""
                    : "the server ended the connection right after the TLS handshake: it may not "
                      "accept the client's certificate; see the options \"tls.certificate\" and "
                      "\"tls.key\"",
            !certain};
  }
  return {"client_certificate_required",
          certain ? "the server requires a client certificate; use the options \"tls.certificate\" "
                    "and \"tls.key\""
                  : "the server ended the connection right after the TLS handshake: it may require "
                    "a client certificate; then use the options \"tls.certificate\" and "
                    "\"tls.key\"",
          !certain};
}

// A connection that ended before HTTP/2 began.
Failure EndedEarly(const Channel& channel) {
  if (channel.transport() == Transport::kPlaintext) {
    return {"tls_expected",
            "the server ended the connection before HTTP/2 began: it may speak TLS; then use the "
            "option \"transport\": \"tls\"",
            true};
  }
  if (channel.accepted_handshakes() > 0) return ClientCertificate(channel, false);
  return {"connection_reset", "the server ended the connection during the TLS handshake", true};
}

// What the verification of the server's certificate found; see TrustStore::Verify(). The hint is
// short, for the fault itself is in the text already.
Failure CertificateFailure(std::string_view text) {
  static constexpr Clue kClues[] = {
      {": certificate_expired: ", {"certificate_expired", "the server needs a new one", false}},
      {": certificate_not_yet_valid: ",
       {"certificate_not_yet_valid", "the clock of this machine may be slow", false}},
      {": certificate_wrong_host: ",
       {"certificate_wrong_host", "see the option \"tls.server_name\"", false}},
      {": certificate_unknown_authority: ",
       {"certificate_unknown_authority",
        "give the authority's certificate as the option \"tls.ca\"", false}},
      {": certificate_invalid: ", {"certificate_invalid", "", false}},
      // Of gRPC's own verification.
      {"is not in peer certificate",
       {"certificate_wrong_host", "see the option \"tls.server_name\"", false}},
      {"certificate verify failed",
       {"certificate_invalid",
        "the server's certificate has expired, or is not signed by an authority that is trusted; "
        "see the option \"tls.ca\"",
        false}},
  };
  return FirstOf(kClues, text);
}

Failure HandshakeFailure(std::string_view text, const Channel& channel) {
  if (Has(text, {"wrong version number", "WRONG_VERSION_NUMBER", "http request",
                 "packet length too long"})) {
    return {"plaintext_expected",
            "the server does not speak TLS; use the option \"transport\": \"plaintext\"", false};
  }
  if (Has(text, {"alert protocol version", "unsupported protocol"})) {
    return {"tls_version",
            "the server speaks only other versions of TLS; see the option \"tls.min_version\"",
            false};
  }
  if (Has(text,
          {"alert certificate required", "alert bad certificate", "alert unknown ca",
           "alert certificate unknown", "alert certificate expired", "alert certificate revoked",
           "alert unsupported certificate", "alert access denied"})) {
    return ClientCertificate(channel, true);
  }
  if (Has(text, {"alert handshake failure"}) && !channel.has_client_certificate()) {
    return {"client_certificate_required",
            "the server refused the handshake: it may require a client certificate; then use the "
            "options \"tls.certificate\" and \"tls.key\"",
            false};
  }
  if (Has(text, {"missing selected ALPN", "alert no application protocol"})) {
    return {"http2_expected", "the server does not offer HTTP/2 over TLS, which gRPC needs", false};
  }
  return {"tls_handshake", "the TLS handshake failed", true};
}

constexpr char kNoHttp2[] = "the server does not speak HTTP/2, which gRPC needs";
constexpr char kConnectTimeout[] =
    "the server did not answer within the time of the option \"connect_timeout\"";

// No address of the target could be connected to; the text tells of the last.
Failure ConnectFailure(std::string_view text, const Channel& channel) {
  static constexpr Clue kClues[] = {
      {"Connection refused",
       {"connection_refused", "nothing listens there; is the server running?", true}},
      {"Connection reset", {"connection_reset", "the server ended the connection at once", true}},
      {"http1.x server",
       {"http2_expected",
        "the server speaks HTTP/1; gRPC needs HTTP/2. A port for TLS may answer so, too: then use "
        "the option \"transport\": \"tls\"",
        false}},
      {"Failed parsing HTTP/2", {"http2_expected", kNoHttp2, false}},
      {"Expected SETTINGS frame", {"http2_expected", kNoHttp2, false}},
      // The words for TCP, for TLS and for a peer that takes the connection and then says nothing.
      {"tcp handshaker shutdown", {"connect_timeout", kConnectTimeout, true}},
      {"imed out", {"connect_timeout", kConnectTimeout, true}},
      {"imeout", {"connect_timeout", kConnectTimeout, true}},
  };
  if (Failure found = CertificateFailure(text); *found.reason != '\0') return found;
  if (Has(text, {"Ssl handshake failed", "Tls handshake failed", "missing selected ALPN"})) {
    return HandshakeFailure(text, channel);
  }
  if (!Has(text, {"Failed to connect to remote host"}) && TellsOfLostConnection(text)) {
    return EndedEarly(channel);
  }
  if (Failure found = FirstOf(kClues, text); *found.reason != '\0') return found;
  return {"connection_failed", "", true};
}

Failure Unavailable(std::string_view text, const Channel& channel) {
  if (BeginsWith(text, "DNS resolution failed")) {
    return {"name_resolution", "is the target's name right?", true};
  }
  if (BeginsWith(text, "failed to connect to all addresses") ||
      BeginsWith(text, "connections to all backends failing")) {
    return ConnectFailure(text, channel);
  }
  if (Has(text, {"GOAWAY"})) {
    return {"goaway", "the server is closing the connection; the next call makes a new one", true};
  }
  if (Has(text, {"keepalive", "ping timeout"})) {
    return {"keepalive_timeout", "the server did not answer a ping; see the option \"keepalive\"",
            true};
  }
  if (TellsOfLostConnection(text)) {
    return {"connection_reset",
            "the connection was lost during the call; the server may have seen the request", true};
  }
  return {"", "", true};
}

Failure Deadline(const Status& status, const Channel& channel) {
  const std::string timeout = status.timeout_of_config
                                  ? "the method's timeout in the option \"service_config\""
                                  : "the option \"timeout\"";
  // gRPC hands over one message, and the status only after all of them.
  if (status.has_response) {
    return {"deadline_after_response",
            "a response came, but the call had not ended when " + timeout +
                " was over; the server may stream responses here, unlike what the schema says",
            false};
  }
  if (status.reached || channel.IsReady()) {
    return {"deadline", "the call had not ended when " + timeout + " was over", false};
  }
  return {"deadline_connecting",
          "there was no connection when " + timeout + " was over; the server has not seen the call",
          true};
}

bool TellsOfCompression(std::string_view text) {
  return Has(text, {"ompression algorithm", "ecompress", "grpc-encoding", "compression method"});
}

// gRPC's figures for a message that is too large: its size, and the limit.
void ReadFigures(const std::string& message, uint64_t* size, int64_t* limit) {
  const size_t figures = message.find('(');
  if (figures == std::string::npos) return;
  std::sscanf(message.c_str() + figures, "(%" SCNu64 " vs. %" SCNd64 ")", size, limit);
}

// Servers word a limit as the client does, for many are gRPC, too. Then the figures tell whose it
// is.
bool IsLimitOfServer(const Status& status, const Channel& channel, uint64_t size, int64_t limit) {
  if (limit != channel.max_receive_size() && limit != status.config.max_response_size) return true;
  return size == status.bytes_sent;
}

Failure ConfigLimit(const char* reason, const char* key, int64_t limit) {
  return {reason,
          std::string("raise \"") + key + "\" in the option \"service_config\", now " +
              std::to_string(limit) + " bytes",
          false};
}

Failure ReceiveLimit(const Channel& channel) {
  return {"receive_limit",
          "raise the option \"max_receive_size\", now " +
              std::to_string(channel.max_receive_size()) + " bytes",
          false};
}

Failure TooLarge(const Status& status, const Channel& channel) {
  const std::string_view text = status.message;
  if (text == "Buffers full") {  // see ReceiveQuota
    return {"receive_limit",
            "the server sends more than the calls in progress may receive by the option "
            "\"max_receive_size\", now " +
                std::to_string(channel.max_receive_size()) + " bytes",
            false};
  }
  if (Has(text, {"metadata size exceeds limit"})) {  // of either side, in the same words
    return {"metadata_limit",
            "the call's metadata are larger than the server accepts, or the server's larger than "
            "the client does: for these, raise \"grpc.max_metadata_size\" of the option "
            "\"channel_arguments\"",
            false};
  }
  if (!Has(text, {"larger than max", "exceeds maximum size"})) return {};
  uint64_t size = 0;
  int64_t limit = kNone - 1;  // nobody's
  ReadFigures(status.message, &size, &limit);
  if (BeginsWith(text, "Received message") || !BeginsWith(text, "Sent message")) {
    if (IsLimitOfServer(status, channel, size, limit)) {
      return {"server_receive_limit", "the request is larger than the server accepts", false};
    }
    if (limit == status.config.max_response_size) {
      return ConfigLimit("receive_limit", "maxResponseMessageBytes", limit);
    }
    return ReceiveLimit(channel);
  }
  if (limit == status.config.max_request_size) {
    return ConfigLimit("send_limit", "maxRequestMessageBytes", limit);
  }
  return {"send_limit", "raise the option \"max_send_size\"", false};
}

constexpr char kBadCompression[] = "the server compressed a response badly";

// What the client found out itself; the status is its own.
Failure Rejected(const Status& status, const Channel& channel) {
  if (status.code == GRPC_STATUS_RESOURCE_EXHAUSTED) return ReceiveLimit(channel);
  return {"decompression_failed", kBadCompression, false};
}

// What this side says itself of an answer that is none.
Failure NoAnswer(std::string_view text) {
  if (text == "Stream removed" || Has(text, {"overflows local window"})) {
    return {"protocol_error",
            "the server, or something on the way, broke the rules of HTTP/2 or ended the call "
            "without a status",
            false};
  }
  if (text == "No status received") {
    return {"no_status",
            "the server, or a proxy in its place, ended the call without a gRPC status", false};
  }
  if (text == kNoMessage) return {"no_message", "", false};
  return {};
}

}  // namespace

Failure Diagnose(const Status& status, const Channel& channel) {
  if (status.rejected) return Rejected(status, channel);
  const std::string_view text = status.message;
  const bool unavailable = status.code == GRPC_STATUS_UNAVAILABLE;
  if (BeginsWith(text, "Received http2 header with status")) {
    return {"not_grpc", "what answered is no gRPC server; it may be a proxy", unavailable};
  }
  if (BeginsWith(text, "Received RST_STREAM")) {
    return {"stream_reset", "the server broke off the call", unavailable};
  }
  switch (status.code) {
    case GRPC_STATUS_RESOURCE_EXHAUSTED:
      return TooLarge(status, channel);
    case GRPC_STATUS_DEADLINE_EXCEEDED:
      return Deadline(status, channel);
    case GRPC_STATUS_UNAVAILABLE:
      return Unavailable(text, channel);
    case GRPC_STATUS_CANCELLED:
      return {"cancelled", "", false};
    case GRPC_STATUS_UNIMPLEMENTED:
    case GRPC_STATUS_INTERNAL:
      if (!TellsOfCompression(text)) return NoAnswer(text);
      return {"compression_unsupported",
              "the server cannot read compressed requests; use the option \"compression\": "
              "\"none\"",
              false};
    case GRPC_STATUS_UNKNOWN:
      if (!Has(text, {"error decompressing"})) return NoAnswer(text);
      return {"decompression_failed", kBadCompression, false};
    default:
      break;
  }
  return {};
}

}  // namespace pygrpc::rpc
