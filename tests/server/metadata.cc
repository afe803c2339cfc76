// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "metadata.h"

#include <grpc/grpc.h>
#include <grpcpp/security/auth_context.h>

#include <chrono>
#include <string>

#include "wait.h"

namespace pygrpc::testserver {

using google::protobuf::RepeatedPtrField;
using test::MetadataEntry;
using test::MetadataReply;
using test::MetadataRequest;

namespace {

using Add = void (grpc::ServerContext::*)(const std::string& key, const std::string& value);

std::string ToString(grpc::string_ref text) { return {text.data(), text.size()}; }

bool IsBinary(const std::string& key) {
  return key.size() > 4 && key.compare(key.size() - 4, 4, "-bin") == 0;
}

MetadataEntry MakeEntry(grpc::string_ref key, grpc::string_ref value) {
  MetadataEntry entry;
  entry.set_key(ToString(key));
  if (IsBinary(entry.key())) {
    entry.set_binary(ToString(value));
  } else {
    entry.set_text(ToString(value));
  }
  return entry;
}

// gRPC ends the process if it is given an entry that is not legal.
grpc::Status Check(const MetadataEntry& entry) {
  const grpc_slice key = grpc_slice_from_static_buffer(entry.key().data(), entry.key().size());
  const grpc_slice text = grpc_slice_from_static_buffer(entry.text().data(), entry.text().size());
  const bool legal_value =
      IsBinary(entry.key()) ? !entry.has_text()
                            : !entry.has_binary() && grpc_header_nonbin_value_is_legal(text) != 0;
  if (grpc_header_key_is_legal(key) != 0 && legal_value) return grpc::Status::OK;
  return {grpc::StatusCode::INVALID_ARGUMENT,
          "metadata entry '" + entry.key() + "' has an illegal key or value"};
}

grpc::Status AddEntries(const RepeatedPtrField<MetadataEntry>& entries, Add add,
                        grpc::ServerContext* context) {
  for (const MetadataEntry& entry : entries) {
    if (const grpc::Status status = Check(entry); !status.ok()) return status;
    (context->*add)(entry.key(), entry.has_binary() ? entry.binary() : entry.text());
  }
  return grpc::Status::OK;
}

void EchoEntries(const RepeatedPtrField<std::string>& keys, Add add, grpc::ServerContext* context) {
  for (const std::string& key : keys) {
    const auto [begin, end] = context->client_metadata().equal_range(key);
    for (auto entry = begin; entry != end; ++entry) {
      (context->*add)(key, ToString(entry->second));
    }
  }
}

}  // namespace

MetadataReply DescribeCall(const grpc::ServerContext& context) {
  MetadataReply reply;
  for (const auto& [key, value] : context.client_metadata()) {
    *reply.add_metadata() = MakeEntry(key, value);
  }
  reply.set_peer(context.peer());
  reply.set_authority(ToString(context.ExperimentalGetAuthority()));
  if (context.deadline() != std::chrono::system_clock::time_point::max()) {
    *reply.mutable_time_remaining() =
        ToDuration(context.deadline() - std::chrono::system_clock::now());
  }
  for (grpc::string_ref identity : context.auth_context()->GetPeerIdentity()) {
    reply.set_client_identity(ToString(identity));
  }
  return reply;
}

grpc::Status AddMetadata(const MetadataRequest& request, grpc::ServerContext* context) {
  EchoEntries(request.echo_as_headers(), &grpc::ServerContext::AddInitialMetadata, context);
  EchoEntries(request.echo_as_trailers(), &grpc::ServerContext::AddTrailingMetadata, context);
  const grpc::Status status =
      AddEntries(request.headers(), &grpc::ServerContext::AddInitialMetadata, context);
  return status.ok() ? AddTrailers(request.trailers(), context) : status;
}

grpc::Status AddTrailers(const RepeatedPtrField<MetadataEntry>& trailers,
                         grpc::ServerContext* context) {
  return AddEntries(trailers, &grpc::ServerContext::AddTrailingMetadata, context);
}

}  // namespace pygrpc::testserver
