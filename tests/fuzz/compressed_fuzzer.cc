// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// A compressed response: any bytes, or what compression makes of any bytes (which is also cut, or
// has more behind it), with gzip and deflate. What was compressed comes out as it was, or as
// RESOURCE_EXHAUSTED if it is more than the client receives; from other bytes nothing larger than
// that. The first byte chooses. The same bytes are tried as a descriptor set, which may be gzipped.

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "abi_check.h"
#include "peer.h"

namespace pygrpc::fuzz {
namespace {

constexpr size_t kLimit = 1500;
constexpr char kOptions[] = R"({"reflection": false, "codec": "binary", "max_receive_size": 1500})";

std::string Compress(std::string_view content, bool gzip) {
  z_stream stream = {};
  constexpr int kGzip = 16;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + (gzip ? kGzip : 0), 8,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    Fail("zlib does not begin");
  }
  std::string bytes(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) Fail("zlib does not end");
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return bytes;
}

// Repeated, so that little of an input is much when it is inflated.
std::string Repeat(std::string_view content, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all.append(content);
  return all;
}

Outcome Call(pygrpc_client* client, std::string message, bool gzip) {
  Script script;
  script.headers = {{"grpc-encoding", gzip ? "gzip" : "deflate"}};
  script.messages = {std::move(message)};
  script.compressed = true;
  script.trailers = {{"grpc-status", "0"}};
  Peer::Get().Follow(std::move(script));
  return RunText("pygrpc_unary_unary", {PYGRPC_E_STATUS}, [&](auto... out) {
    return pygrpc_unary_unary(client, "/a.B/C", "", 0, nullptr, out...);
  });
}

void CheckWhole(pygrpc_client* client, const std::string& content, bool gzip) {
  const Outcome called = Call(client, Compress(content, gzip), gzip);
  if (content.size() > kLimit) {
    if (called.error.find("\"RESOURCE_EXHAUSTED\"") == std::string::npos) {
      Fail("a response over the limit: " + called.error);
    }
  } else if (!called.ok() || called.text != content) {
    Fail("not what was compressed: " + called.error);
  }
}

void CheckOther(pygrpc_client* client, const std::string& bytes, bool gzip) {
  const Outcome called = Call(client, bytes, gzip);
  if (called.text.size() > kLimit) Fail("more than the limit of what is received");
  if (called.error.find("DEADLINE_EXCEEDED") != std::string::npos) Fail(called.error);
}

}  // namespace
}  // namespace pygrpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pygrpc::fuzz;  // NOLINT: this is theirs
  if (size < 2) return 0;
  static auto* const client = new Client(Peer::Get().target().c_str(), kOptions);
  StayOffline();
  const bool gzip = (data[0] & 1) != 0;
  const std::string content(View(data + 1, size - 1));
  std::string compressed = Compress(content, gzip);
  switch (data[0] / 2 % 4) {
    case 0:
      CheckOther(*client, content, gzip);
      break;
    case 1:
      CheckWhole(*client, Repeat(content, 1 + data[0] / 8), gzip);
      break;
    case 2:  // cut at a place that the input says
      compressed.resize(std::min<size_t>(data[1], compressed.size()));
      CheckOther(*client, compressed, gzip);
      break;
    default:  // more behind the end
      compressed += content;
      CheckOther(*client, compressed, gzip);
      break;
  }
  Client other(nullptr, nullptr);
  Run("pygrpc_load_descriptor_set", {PYGRPC_E_SCHEMA}, [&](pygrpc_error** error) {
    return pygrpc_load_descriptor_set(other, compressed.data(), compressed.size(), error);
  });
  return 0;
}
