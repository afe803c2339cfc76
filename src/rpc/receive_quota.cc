// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/receive_quota.h"

#include <limits>
#include <unordered_map>
#include <utility>

#include "rpc/runtime.h"

namespace pygrpc::rpc {
namespace {

// An RPC may hold a message that is being taken, the next one on its way, and small ones up to
// kReceiveWindow. Those count by the buffers that they came in, of up to 64 KiB each, and with all
// that frames them; this much is far from what it comes to in use, and bounds one RPC well enough.
size_t SizeFor(int64_t rpcs, int64_t max_receive_size) {
  constexpr int64_t kBesidesMessages = 16 << 20;
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 2;
  int64_t each = kBesidesMessages + 2 * max_receive_size;
  return static_cast<size_t>(rpcs > kMost / each ? kMost : rpcs * each);
}

// Those that channels have.
struct Registry {
  std::mutex mutex;
  std::unordered_map<std::string, std::weak_ptr<ReceiveQuota>> quotas;
};
Registry& TheRegistry() {
  static auto* registry = new Registry;  // leaked: gRPC's threads may outlive static destructors
  return *registry;
}

}  // namespace

std::shared_ptr<ReceiveQuota> ReceiveQuota::Of(const std::string& identity,
                                               int64_t max_receive_size) {
  Registry& registry = TheRegistry();
  std::lock_guard<std::mutex> lock(registry.mutex);
  std::weak_ptr<ReceiveQuota>& known = registry.quotas[identity];
  std::shared_ptr<ReceiveQuota> quota = known.lock();
  if (quota == nullptr) {
    quota = std::make_shared<ReceiveQuota>(identity, max_receive_size);
    known = quota;
  }
  return quota;
}

ReceiveQuota::ReceiveQuota(std::string identity, int64_t max_receive_size)
    : identity_(std::move(identity)),
      max_receive_size_(max_receive_size),
      quota_(grpc_resource_quota_create("pygrpc")) {
  Fit();
}

ReceiveQuota::~ReceiveQuota() {
  if (Forked()) return;  // the parent's locks and gRPC's objects are left alone
  grpc_resource_quota_unref(quota_);
  Registry& registry = TheRegistry();
  std::lock_guard<std::mutex> lock(registry.mutex);
  auto known = registry.quotas.find(identity_);
  // Another one may have taken its place.
  if (known != registry.quotas.end() && known->second.expired()) registry.quotas.erase(known);
}

grpc_arg ReceiveQuota::Argument() const {
  grpc_arg argument;
  argument.type = GRPC_ARG_POINTER;
  argument.key = const_cast<char*>(GRPC_ARG_RESOURCE_QUOTA);
  argument.value.pointer.p = quota_;
  argument.value.pointer.vtable = grpc_resource_quota_arg_vtable();
  return argument;
}

void ReceiveQuota::Add() noexcept {
  if (rpcs_.fetch_add(1, std::memory_order_relaxed) >= covered_.load(std::memory_order_relaxed)) {
    Fit();
  }
}

void ReceiveQuota::Remove() noexcept {
  int64_t covered = covered_.load(std::memory_order_relaxed);
  if (rpcs_.fetch_sub(1, std::memory_order_relaxed) <= covered / 4 && covered > 1) Fit();
}

// By powers of two, and back only far below, so that it is seldom done.
void ReceiveQuota::Fit() noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  int64_t rpcs = rpcs_.load(std::memory_order_relaxed);
  int64_t before = covered_.load(std::memory_order_relaxed);
  int64_t covered = before == 0 ? 1 : before;
  while (covered < rpcs) covered *= 2;
  while (covered > 1 && rpcs < covered / 4) covered /= 2;
  if (covered == before) return;
  covered_.store(covered, std::memory_order_relaxed);
  grpc_resource_quota_resize(quota_, SizeFor(covered, max_receive_size_));
}

}  // namespace pygrpc::rpc
