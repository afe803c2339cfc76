// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_RPC_METHOD_H_
#define PYGRPC_RPC_METHOD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "schema/schema.h"
#include "transcode/transcoder.h"

namespace pygrpc::rpc {

// In the numbers of the C header (capi/ asserts that the two agree).
enum class Cardinality : int32_t {
  kAny = 0,
  kUnaryUnary = 1,
  kUnaryStream = 2,
  kStreamUnary = 3,
  kStreamStream = 4,
};

inline bool StreamsRequests(Cardinality cardinality) {
  return cardinality == Cardinality::kStreamUnary || cardinality == Cardinality::kStreamStream;
}
inline bool StreamsResponses(Cardinality cardinality) {
  return cardinality == Cardinality::kUnaryStream || cardinality == Cardinality::kStreamStream;
}

// "unary_unary" and so on, as the functions are called; "any" for kAny.
const char* CardinalityName(Cardinality cardinality);

class Catalog;

// What a call needs to know of its method. Immutable.
struct Method {
  std::string path;  // "/package.Service/Method"
  Cardinality cardinality = Cardinality::kAny;
  const transcode::MessagePlan* request = nullptr;   // nullptr: only bytes can be sent
  const transcode::MessagePlan* response = nullptr;  // nullptr: only bytes can be received
  std::shared_ptr<const Catalog> catalog;            // keeps the plans
};

// One snapshot of a schema with what was compiled of it. Thread-safe; grows only by what is asked
// for.
class Catalog : public std::enable_shared_from_this<Catalog> {
 public:
  explicit Catalog(std::shared_ptr<const schema::Schema> schema)
      : schema_(std::move(schema)), transcoder_(schema_.get()) {}

  const std::shared_ptr<const schema::Schema>& schema() const { return schema_; }
  const transcode::Transcoder& transcoder() const { return transcoder_; }

  // Throws Error(kNotFound), Error(kAmbiguous).
  std::shared_ptr<const Method> FindMethod(std::string_view name) const;

 private:
  const std::shared_ptr<const schema::Schema> schema_;
  const transcode::Transcoder transcoder_;
};

}  // namespace pygrpc::rpc

#endif  // PYGRPC_RPC_METHOD_H_
