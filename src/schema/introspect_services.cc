// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "schema/inspector.h"
#include "schema/introspect.h"
#include "schema/introspect_parts.h"

namespace pygrpc::schema {

using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

Json MethodJson(Inspector* inspector, const MethodDescriptor* method) {
  Json json;
  json["name"] = method->name();
  json["fullName"] = method->service()->full_name() + "/" + method->name();
  json["cardinality"] = CardinalityOf(method);
  json["clientStreaming"] = method->client_streaming();
  json["serverStreaming"] = method->server_streaming();
  json["request"] = method->input_type()->full_name();
  json["response"] = method->output_type()->full_name();
  if (method->options().deprecated()) json["deprecated"] = true;
  AddCommentAndOptions(inspector, method, &json);
  return json;
}

Json ServiceJson(Inspector* inspector, const ServiceDescriptor* service) {
  Json json;
  json["name"] = service->full_name();
  json["file"] = service->file()->name();
  if (service->options().deprecated()) json["deprecated"] = true;
  AddCommentAndOptions(inspector, service, &json);
  json["methods"] = Json::array();
  for (int i = 0; i < service->method_count(); ++i) {
    json["methods"].push_back(MethodJson(inspector, service->method(i)));
  }
  return json;
}

std::vector<TypeName> LoadedServices(const Snapshot& schema) {
  std::vector<TypeName> services;
  for (const auto& layer : schema.index().layers()) {
    for (const auto& [name, types] : layer->services()) {
      for (const TypeName& type : types) {
        FilePtr current = schema.index().FindFile(type.file->name);
        if (current.get() == type.file) services.push_back(type);
      }
    }
  }
  std::sort(services.begin(), services.end(),
            [](const TypeName& a, const TypeName& b) { return a.full_name < b.full_name; });
  return services;
}

std::string ServicesJson(const Schema& schema) {
  Inspector inspector(schema);
  Json services = Json::array();
  for (const TypeName& type : LoadedServices(inspector.schema())) {
    try {
      services.push_back(ServiceJson(&inspector, inspector.Find(type.full_name).service));
    } catch (const Error& error) {
      // One broken file must not hide the services of all others.
      services.push_back({{"name", std::string(type.full_name)},
                          {"file", std::string(type.file->name)},
                          {"error", error.message},
                          {"methods", Json::array()}});
    }
  }
  return Dump(services);
}

}  // namespace pygrpc::schema
