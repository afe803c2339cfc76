// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "call_registry.h"

#include <grpcpp/server_context.h>

#include <chrono>

#include "wait.h"

namespace pygrpc::testserver {

using test::CallCounts;
using test::CallCountsRequest;

namespace {

std::string TagOf(const grpc::ServerContext& context) {
  const auto tag = context.client_metadata().find("x-call-tag");
  if (tag == context.client_metadata().end()) return {};
  return {tag->second.data(), tag->second.size()};
}

}  // namespace

void CallRegistry::Start(const Key& key) {
  std::lock_guard<std::mutex> lock(mutex_);
  CallCounts& counts = counts_[key];
  counts.set_started(counts.started() + 1);
  counts.set_running(counts.running() + 1);
  changed_.notify_all();
}

void CallRegistry::End(const Key& key, bool cancelled) {
  std::lock_guard<std::mutex> lock(mutex_);
  CallCounts& counts = counts_[key];
  counts.set_running(counts.running() - 1);
  if (cancelled) {
    counts.set_cancelled(counts.cancelled() + 1);
  } else {
    counts.set_completed(counts.completed() + 1);
  }
  changed_.notify_all();
}

CallCounts CallRegistry::Sum(const CallCountsRequest& request) const {
  CallCounts sum;
  for (const auto& [key, counts] : counts_) {
    const auto& [method, tag] = key;
    if (!request.method().empty() && request.method() != method) continue;
    if (!request.tag().empty() && request.tag() != tag) continue;
    sum.set_started(sum.started() + counts.started());
    sum.set_running(sum.running() + counts.running());
    sum.set_completed(sum.completed() + counts.completed());
    sum.set_cancelled(sum.cancelled() + counts.cancelled());
  }
  return sum;
}

CallCounts CallRegistry::Get(const CallCountsRequest& request, const grpc::ServerContext& context) {
  const auto give_up = std::chrono::steady_clock::now() + ToNanoseconds(request.wait_at_most());
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    const CallCounts sum = Sum(request);
    if (sum.started() >= request.wait_for_started() &&
        sum.cancelled() >= request.wait_for_cancelled()) {
      return sum;
    }
    if (std::chrono::steady_clock::now() >= give_up || context.IsCancelled()) return sum;
    changed_.wait_for(lock, kCancellationPoll);
  }
}

CallScope::CallScope(CallRegistry* registry, const grpc::ServerContext& context, std::string method)
    : registry_(registry), context_(context), key_(std::move(method), TagOf(context)) {
  registry_->Start(key_);
}

CallScope::~CallScope() { registry_->End(key_, context_.IsCancelled()); }

}  // namespace pygrpc::testserver
