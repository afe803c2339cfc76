// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/method.h"

#include "rpc/builtin.h"

namespace pygrpc::rpc {

const char* CardinalityName(Cardinality cardinality) {
  switch (cardinality) {
    case Cardinality::kAny:
      return "any";
    case Cardinality::kUnaryUnary:
      return "unary_unary";
    case Cardinality::kUnaryStream:
      return "unary_stream";
    case Cardinality::kStreamUnary:
      return "stream_unary";
    case Cardinality::kStreamStream:
      return "stream_stream";
  }
  return "";
}

std::shared_ptr<const Method> Catalog::FindMethod(std::string_view name) const {
  const google::protobuf::MethodDescriptor* descriptor = schema_->Method(name);
  auto method = std::make_shared<Method>();
  method->path = "/";
  method->path += descriptor->service()->full_name();
  method->path += '/';
  method->path += descriptor->name();
  if (descriptor->client_streaming()) {
    method->cardinality =
        descriptor->server_streaming() ? Cardinality::kStreamStream : Cardinality::kStreamUnary;
  } else {
    method->cardinality =
        descriptor->server_streaming() ? Cardinality::kUnaryStream : Cardinality::kUnaryUnary;
  }
  method->request = transcoder_.Plan(descriptor->input_type());
  method->response = transcoder_.Plan(descriptor->output_type());
  method->catalog = shared_from_this();
  return method;
}

const std::shared_ptr<const Catalog>& BuiltinCatalog() {
  // Leaked on purpose: gRPC's threads may outlive static destructors.
  static const auto* catalog = [] {
    schema::SchemaStore store;  // an empty one knows what is embedded
    return new std::shared_ptr<const Catalog>(std::make_shared<const Catalog>(store.current()));
  }();
  return *catalog;
}

}  // namespace pygrpc::rpc
