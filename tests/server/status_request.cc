// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "status_request.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace pygrpc::testserver {

using google::protobuf::Any;
using test::StandardDetail;

namespace {

template <typename Detail, typename Fill>
void Pack(Any* any, Fill fill) {
  Detail detail;
  fill(&detail);
  any->PackFrom(detail);
}

const struct {
  StandardDetail kind;
  void (*pack)(Any* any);
} kStandardDetails[] = {
    {test::ERROR_INFO,
     [](Any* any) {
       Pack<google::rpc::ErrorInfo>(any, [](auto* detail) {
         detail->set_reason("OUT_OF_STOCK");
         detail->set_domain("test.pygrpc");
         (*detail->mutable_metadata())["item"] = "41";
       });
     }},
    {test::RETRY_INFO,
     [](Any* any) {
       Pack<google::rpc::RetryInfo>(any, [](auto* detail) {
         detail->mutable_retry_delay()->set_seconds(2);
         detail->mutable_retry_delay()->set_nanos(500000000);
       });
     }},
    {test::DEBUG_INFO,
     [](Any* any) {
       Pack<google::rpc::DebugInfo>(any, [](auto* detail) {
         detail->add_stack_entries("inner.cc:10");
         detail->add_stack_entries("outer.cc:20");
         detail->set_detail("not what it should be");
       });
     }},
    {test::QUOTA_FAILURE,
     [](Any* any) {
       Pack<google::rpc::QuotaFailure>(any, [](auto* detail) {
         auto* violation = detail->add_violations();
         violation->set_subject("project:pygrpc");
         violation->set_description("100 calls a day are used up");
       });
     }},
    {test::PRECONDITION_FAILURE,
     [](Any* any) {
       Pack<google::rpc::PreconditionFailure>(any, [](auto* detail) {
         auto* violation = detail->add_violations();
         violation->set_type("TERMS");
         violation->set_subject("pygrpc.test");
         violation->set_description("the terms are not accepted");
       });
     }},
    {test::BAD_REQUEST,
     [](Any* any) {
       Pack<google::rpc::BadRequest>(any, [](auto* detail) {
         auto* violation = detail->add_field_violations();
         violation->set_field("location.latitude");
         violation->set_description("is not on this planet");
       });
     }},
    {test::REQUEST_INFO,
     [](Any* any) {
       Pack<google::rpc::RequestInfo>(any, [](auto* detail) {
         detail->set_request_id("request-7");
         detail->set_serving_data("rack 3");
       });
     }},
    {test::RESOURCE_INFO,
     [](Any* any) {
       Pack<google::rpc::ResourceInfo>(any, [](auto* detail) {
         detail->set_resource_type("table");
         detail->set_resource_name("places");
         detail->set_owner("user:nobody");
         detail->set_description("no permission to read");
       });
     }},
    {test::HELP,
     [](Any* any) {
       Pack<google::rpc::Help>(any, [](auto* detail) {
         auto* link = detail->add_links();
         link->set_description("What to do about it");
         link->set_url("https://help.example/41");
       });
     }},
    {test::LOCALIZED_MESSAGE,
     [](Any* any) {
       Pack<google::rpc::LocalizedMessage>(any, [](auto* detail) {
         detail->set_locale("de-AT");
         detail->set_message("Das hat nicht geklappt: \u00dcberlauf");
       });
     }},
    {test::UNKNOWN_TYPE,
     [](Any* any) {
       any->set_type_url("type.googleapis.com/pygrpc.test.Unpublished");
       any->set_value("\x08\x96\x01");
     }},
};

}  // namespace

grpc::Status MakeStatus(const test::StatusRequest& request) {
  google::rpc::Status rich;
  for (int kind : request.standard_details()) {
    for (const auto& standard : kStandardDetails) {
      if (standard.kind == kind) standard.pack(rich.add_details());
    }
  }
  for (const Any& detail : request.details()) *rich.add_details() = detail;

  std::string bytes = request.raw_details();
  if (bytes.empty() && rich.details_size() > 0) {
    rich.set_code(request.code());
    rich.set_message(request.message());
    bytes = rich.SerializeAsString();
  }
  return {static_cast<grpc::StatusCode>(request.code()), request.message(), bytes};
}

}  // namespace pygrpc::testserver
