// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/channel.h"

#include <grpc/grpc_security.h>
#include <grpc/support/time.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "rpc/completion_thread.h"
#include "rpc/credentials.h"
#include "rpc/rpc.h"
#include "rpc/runtime.h"
#include "rpc/service_config.h"
#include "rpc/target.h"

namespace pygrpc::rpc {
namespace {

constexpr size_t kMaxIdleQueues = 64;

// An argument that overrides the name which the server's certificate must bear.
constexpr char kServerNameArgument[] = GRPC_SSL_TARGET_NAME_OVERRIDE_ARG;

grpc_arg TextArgument(const std::string& key, const std::string& value) {
  grpc_arg argument;
  argument.type = GRPC_ARG_STRING;
  argument.key = const_cast<char*>(key.c_str());
  argument.value.string = const_cast<char*>(value.c_str());
  return argument;
}

grpc_arg IntegerArgument(const std::string& key, int64_t value) {
  grpc_arg argument;
  argument.type = GRPC_ARG_INTEGER;
  argument.key = const_cast<char*>(key.c_str());
  argument.value.integer = static_cast<int>(value);
  return argument;
}

bool HasArgument(const ClientOptions& options, const std::string& name) {
  return std::any_of(options.integer_arguments.begin(), options.integer_arguments.end(),
                     [&](const auto& argument) { return argument.first == name; });
}

// What a control plane says takes the place of the options' service config.
bool HasControlPlane(const std::string& target) {
  const std::string scheme = target.substr(0, target.find(':'));
  return scheme == "xds" || scheme == "google-c2p-experimental";
}

// gRPC's filter for retries aborts the process when a server, or a proxy in its place, ends a call
// without grpc-status (1.51, and every release up to 1.81). So it is there only where a retry
// policy is: in the service config, or with the control plane of xDS.
bool MayRetry(const std::string& target, const ClientOptions& options) {
  if (HasControlPlane(target)) return true;
  return std::any_of(
      options.text_arguments.begin(), options.text_arguments.end(), [](const auto& argument) {
        return argument.first == GRPC_ARG_SERVICE_CONFIG && HasRetryPolicy(argument.second);
      });
}

// What the library asks of gRPC unless the options say otherwise.
std::vector<std::pair<std::string, int64_t>> DefaultArguments(bool with_quota) {
  // gRPC would inflate whatever comes, to whatever size, and compare that with the limit after.
  std::vector<std::pair<std::string, int64_t>> defaults = {
      {GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0}};
  if (with_quota) {
    defaults.emplace_back(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    defaults.emplace_back(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kReceiveWindow);
  }
  return defaults;
}

// Channels that gRPC would take for alike have the same text.
std::string Identity(const std::string& target, const ClientOptions& options) {
  std::string text = target;
  for (const auto& [key, value] : options.integer_arguments) {
    text += '\n' + key + '=' + std::to_string(value);
  }
  for (const auto& [key, value] : options.text_arguments) {
    text += '\n' + key + '=' + Quote(value, value.size());
  }
  return text;
}

std::shared_ptr<ReceiveQuota> QuotaOf(const std::string& target, const ClientOptions& options) {
  if (options.max_receive_size == kNone) return nullptr;
  return ReceiveQuota::Of(Identity(target, options), options.max_receive_size);
}

grpc_channel* CreateChannel(const std::string& target, const ClientOptions& options,
                            const std::shared_ptr<HandshakeCount>& handshakes,
                            const ReceiveQuota* quota) {
  const std::vector<std::pair<std::string, int64_t>> defaults = DefaultArguments(quota != nullptr);
  std::vector<grpc_arg> arguments;
  for (const auto& [key, value] : options.integer_arguments) {
    arguments.push_back(IntegerArgument(key, value));
  }
  for (const auto& [key, value] : options.text_arguments) {
    arguments.push_back(TextArgument(key, value));
  }
  for (const auto& [key, value] : defaults) {
    if (!HasArgument(options, key)) arguments.push_back(IntegerArgument(key, value));
  }
  if (quota != nullptr) arguments.push_back(quota->Argument());
  const std::string retries_key = GRPC_ARG_ENABLE_RETRIES;
  if (!HasArgument(options, retries_key) && !MayRetry(target, options)) {
    arguments.push_back(IntegerArgument(retries_key, 0));
  }
  const std::string server_name_key = kServerNameArgument;
  if (!options.tls.server_name.empty()) {
    arguments.push_back(TextArgument(server_name_key, options.tls.server_name));
  }
  grpc_channel_credentials* credentials = MakeCredentials(options, handshakes);
  grpc_channel_args all = {arguments.size(), arguments.data()};
  std::string complaint;
  grpc_channel* channel = nullptr;
  {
    GrpcComplaints complaints(&complaint);
    channel = grpc_channel_create(ForGrpc(target).c_str(), credentials, &all);
  }
  grpc_channel_credentials_release(credentials);
  // A channel that gRPC cannot make is one whose calls all fail, for a reason that only its log
  // has.
  if (grpc_channel_check_connectivity_state(channel, 0) == GRPC_CHANNEL_IDLE) return channel;
  grpc_channel_destroy(channel);
  if (complaint.empty()) complaint = "with GRPC_VERBOSITY=ERROR in the environment it says why";
  throw Error(Code::kOption, "gRPC refuses to make a channel to " + Quote(target) +
                                 " of the client's options: " + Quote(complaint, 1000));
}

void DestroyQueue(grpc_completion_queue* queue) {
  grpc_completion_queue_shutdown(queue);
  grpc_completion_queue_destroy(queue);
}

}  // namespace

gpr_timespec DeadlineIn(int64_t timeout_ms) {
  if (timeout_ms < 0) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(timeout_ms, GPR_TIMESPAN));
}

Channel::Channel(std::string target, const ClientOptions& options)
    : target_(std::move(target)),
      options_(options),
      handshakes_(std::make_shared<HandshakeCount>(0)) {
  CheckTarget(target_);
  WatchForks();
}

Channel::~Channel() {
  // In a forked child gRPC's objects are left alone: to free them could hang.
  if (Forked()) return;
  for (grpc_completion_queue* queue : idle_queues_) DestroyQueue(queue);
  if (grpc_channel* channel = channel_.load()) DestroyChannel(channel);
}

const MethodConfig* Channel::ConfigOf(std::string_view path) const {
  const MethodConfig* config = options_.methods.Find(path);
  return config == nullptr || HasControlPlane(target_) ? nullptr : config;
}

grpc_channel* Channel::Get() {
  EnterGrpc();
  grpc_channel* channel = channel_.load(std::memory_order_acquire);
  if (channel != nullptr) return channel;
  std::lock_guard<std::mutex> lock(create_mutex_);
  channel = channel_.load(std::memory_order_relaxed);
  if (channel == nullptr) {
    quota_ = QuotaOf(target_, options_);
    channel = CreateChannel(target_, options_, handshakes_, quota_.get());
    channel_.store(channel, std::memory_order_release);
  }
  return channel;
}

void* Channel::RegisterMethod(const std::string& path) {
  grpc_channel* channel = Get();
  std::lock_guard<std::mutex> lock(methods_mutex_);
  auto [entry, added] = methods_.try_emplace(path, nullptr);
  if (added) {
    entry->second = grpc_channel_register_call(channel, entry->first.c_str(), nullptr, nullptr);
  }
  return entry->second;
}

grpc_completion_queue* Channel::TakeQueue() {
  Get();  // what can fail fails before there is a queue to give back
  {
    std::lock_guard<std::mutex> lock(queues_mutex_);
    if (!idle_queues_.empty()) {
      grpc_completion_queue* queue = idle_queues_.back();
      idle_queues_.pop_back();
      return queue;
    }
  }
  return grpc_completion_queue_create_for_pluck(nullptr);
}

void Channel::ReturnQueue(grpc_completion_queue* queue) noexcept {
  try {
    std::lock_guard<std::mutex> lock(queues_mutex_);
    if (idle_queues_.size() < kMaxIdleQueues) {
      idle_queues_.push_back(queue);
      return;
    }
  } catch (const std::bad_alloc&) {
  }
  DestroyQueue(queue);
}

bool Channel::WaitReady(int64_t timeout_ms) {
  constexpr int64_t kSliceMs = 100;  // so that Close() ends an endless wait
  grpc_channel* channel = Get();
  gpr_timespec deadline = DeadlineIn(timeout_ms);
  grpc_completion_queue* queue = TakeQueue();
  grpc_connectivity_state state;
  while (true) {
    state = grpc_channel_check_connectivity_state(channel, /*try_to_connect=*/1);
    bool over = gpr_time_cmp(gpr_now(GPR_CLOCK_MONOTONIC), deadline) >= 0;
    if (state == GRPC_CHANNEL_READY || state == GRPC_CHANNEL_SHUTDOWN || over || closed()) break;
    gpr_timespec slice = gpr_time_min(deadline, DeadlineIn(kSliceMs));
    grpc_channel_watch_connectivity_state(channel, state, slice, queue, this);
    grpc_completion_queue_pluck(queue, this, gpr_inf_future(GPR_CLOCK_MONOTONIC), nullptr);
  }
  ReturnQueue(queue);
  if (closed()) throw Error(Code::kClosed, "the client was freed during the wait");
  return state == GRPC_CHANNEL_READY;
}

grpc_connectivity_state Channel::State() {
  if (Forked()) EnterGrpc();  // throws
  grpc_channel* channel = channel_.load(std::memory_order_acquire);
  // To ask must not start gRPC.
  return channel == nullptr ? GRPC_CHANNEL_IDLE : grpc_channel_check_connectivity_state(channel, 0);
}

bool Channel::IsReady() const noexcept {
  grpc_channel* channel = channel_.load(std::memory_order_acquire);
  return channel != nullptr && !Forked() &&
         grpc_channel_check_connectivity_state(channel, 0) == GRPC_CHANNEL_READY;
}

void Channel::Add(Rpc* rpc) {
  if (quota_ != nullptr) quota_->Add();
  std::lock_guard<std::mutex> lock(rpcs_mutex_);
  rpcs_.Add(rpc);
  if (closed()) rpc->Cancel();
}

void Channel::Remove(Rpc* rpc) noexcept {
  if (quota_ != nullptr) quota_->Remove();
  std::lock_guard<std::mutex> lock(rpcs_mutex_);
  rpcs_.Remove(rpc);
}

void Channel::Close() noexcept {
  closed_.store(true, std::memory_order_release);
  if (Forked()) return;
  std::lock_guard<std::mutex> lock(rpcs_mutex_);
  rpcs_.ForEach([](Rpc* rpc) { rpc->Cancel(); });
}

}  // namespace pygrpc::rpc
