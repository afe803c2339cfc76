// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "scale_service.h"

#include <unistd.h>

#include <algorithm>
#include <string>

namespace pygrpc::testserver {

using grpc::Status;
using grpc::StatusCode;
using test::ScaleMessage;

namespace {

Status Cancelled() { return {StatusCode::CANCELLED, "the call was cancelled"}; }

class ExchangeReactor final : public grpc::ServerBidiReactor<ScaleMessage, ScaleMessage> {
 public:
  ExchangeReactor() { StartRead(&message_); }
  void OnReadDone(bool ok) override {
    if (ok) {
      StartWrite(&message_);
    } else {
      Finish(Status::OK);
    }
  }
  void OnWriteDone(bool ok) override {
    if (ok) {
      StartRead(&message_);
    } else {
      Finish(Cancelled());
    }
  }
  void OnDone() override { delete this; }

 private:
  ScaleMessage message_;
};

class FloodReactor final : public grpc::ServerWriteReactor<ScaleMessage> {
 public:
  FloodReactor(int32_t size, std::atomic<int64_t>* written) : written_(written) {
    message_.mutable_body()->assign(static_cast<size_t>(std::max(size, 0)), 'x');
    Next();
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(Cancelled());
    written_->fetch_add(1, std::memory_order_relaxed);
    Next();
  }
  void OnDone() override { delete this; }

 private:
  void Next() {
    message_.set_number(message_.number() + 1);
    StartWrite(&message_);
  }

  std::atomic<int64_t>* const written_;
  ScaleMessage message_;
};

class SilenceReactor final : public grpc::ServerUnaryReactor {
 public:
  void OnCancel() override { Finish(Cancelled()); }
  void OnDone() override { delete this; }
};

class CollectReactor final : public grpc::ServerReadReactor<ScaleMessage> {
 public:
  explicit CollectReactor(ScaleMessage* reply) : reply_(reply) { StartRead(&message_); }
  void OnReadDone(bool ok) override {
    if (!ok) return Finish(Status::OK);
    reply_->set_number(reply_->number() + 1);
    StartRead(&message_);
  }
  void OnDone() override { delete this; }

 private:
  ScaleMessage message_;
  ScaleMessage* const reply_;
};

}  // namespace

grpc::ServerUnaryReactor* ScaleService::WhoAmI(grpc::CallbackServerContext* context,
                                               const google::protobuf::Empty*,
                                               test::Identity* reply) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reply->set_pid(getpid());
  reply->set_calls(who_am_i_calls_.fetch_add(1, std::memory_order_relaxed) + 1);
  if (fail_status_ == 0) {
    reactor->Finish(Status::OK);
  } else {
    reactor->Finish({static_cast<StatusCode>(fail_status_), "as the server's option says"});
  }
  return reactor;
}

grpc::ServerBidiReactor<ScaleMessage, ScaleMessage>* ScaleService::Exchange(
    grpc::CallbackServerContext*) {
  return new ExchangeReactor;
}

grpc::ServerWriteReactor<ScaleMessage>* ScaleService::Flood(grpc::CallbackServerContext*,
                                                            const test::FloodRequest* request) {
  return new FloodReactor(request->size(), &flood_messages_);
}

grpc::ServerUnaryReactor* ScaleService::Silence(grpc::CallbackServerContext*,
                                                const google::protobuf::Empty*,
                                                google::protobuf::Empty*) {
  return new SilenceReactor;
}

grpc::ServerReadReactor<ScaleMessage>* ScaleService::Collect(grpc::CallbackServerContext*,
                                                             ScaleMessage* reply) {
  return new CollectReactor(reply);
}

grpc::ServerUnaryReactor* ScaleService::GetFlood(grpc::CallbackServerContext* context,
                                                 const google::protobuf::Empty*,
                                                 test::FloodCounts* reply) {
  reply->set_messages(flood_messages_.load(std::memory_order_relaxed));
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(Status::OK);
  return reactor;
}

}  // namespace pygrpc::testserver
