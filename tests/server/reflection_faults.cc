// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "reflection_faults.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/unknown_field_set.h>

#include <set>
#include <utility>

namespace pygrpc::testserver {

using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using Request = Reflection::Request;
using Response = Reflection::Response;

namespace {

constexpr int kChainLength = 20000;
constexpr size_t kLargeFile = 1 << 20;
constexpr size_t kGiganticFile = 5 << 20;

// Faults of a real schema: the rest invents one.
const std::set<std::string> kFaults = {
    "denied", "edited",    "hangup",   "missing",   "other",       "refused",        "renamed",
    "silent", "talkative", "unlisted", "unordered", "undescribed", "unavailable-v1", "unavailable"};
const std::set<std::string> kHostile = {"chain",   "cycle",   "differing", "endless",
                                        "edition", "garbage", "gigantic",  "large",
                                        "list",    "names",   "climbing",  "absolute"};

void SetFile(const FileDescriptorProto& file, Response* response) {
  response->mutable_file_descriptor_response()->add_file_descriptor_proto(file.SerializeAsString());
}

void SetNotFound(const std::string& what, Response* response) {
  response->clear_message_response();
  response->mutable_error_response()->set_error_code(grpc::StatusCode::NOT_FOUND);
  response->mutable_error_response()->set_error_message("no " + what);
}

// A file of one message, which refers to that of another file.
FileDescriptorProto SmallFile(const std::string& name, const std::string& message) {
  FileDescriptorProto file;
  file.set_name(name);
  file.set_package("hostile");
  file.set_syntax("proto3");
  auto* declared = file.add_message_type();
  declared->set_name(message);
  return file;
}

void AddField(const std::string& type, const std::string& import, FileDescriptorProto* file) {
  if (!import.empty()) file->add_dependency(import);
  auto* message = file->mutable_message_type(0);
  auto* field = message->add_field();
  field->set_name("field" + std::to_string(message->field_size()));
  field->set_number(message->field_size());
  field->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
  field->set_type(type.empty() ? FieldDescriptorProto::TYPE_STRING
                               : FieldDescriptorProto::TYPE_MESSAGE);
  if (!type.empty()) field->set_type_name(type);
}

// hostile.Hostile with a method Call, whose messages are of type hostile.Root.
FileDescriptorProto RootFile() {
  FileDescriptorProto file = SmallFile("hostile.proto", "Root");
  auto* service = file.add_service();
  service->set_name("Hostile");
  auto* method = service->add_method();
  method->set_name("Call");
  method->set_input_type(".hostile.Root");
  method->set_output_type(".hostile.Root");
  return file;
}

// "chain/7.proto" is the seventh link.
FileDescriptorProto Link(int number) {
  FileDescriptorProto file =
      SmallFile("chain/" + std::to_string(number) + ".proto", "Link" + std::to_string(number));
  if (number + 1 < kChainLength) {
    AddField(".hostile.Link" + std::to_string(number + 1),
             "chain/" + std::to_string(number + 1) + ".proto", &file);
  }
  return file;
}

}  // namespace

bool IsReflectionFault(const std::string& name) {
  return kFaults.count(name) > 0 || kHostile.count(name) > 0;
}

ReflectionFaults::ReflectionFaults(const Reflection& reflection, std::string fault,
                                   std::string metadata)
    : reflection_(reflection), fault_(std::move(fault)), metadata_(std::move(metadata)) {}

std::optional<grpc::Status> ReflectionFaults::Refusal(const std::string& version,
                                                      const grpc::ServerContext& context) const {
  using grpc::StatusCode;
  if (fault_ == "unavailable" || (fault_ == "unavailable-v1" && version == "v1")) {
    return grpc::Status(StatusCode::UNAVAILABLE, "no healthy upstream");
  }
  if (fault_ == "refused" && version == "v1") {
    return grpc::Status(StatusCode::PERMISSION_DENIED, "not on the list of paths");
  }
  if (fault_ == "denied") return grpc::Status(StatusCode::PERMISSION_DENIED, "not for you");
  if (fault_ == "hangup") return grpc::Status::OK;
  if (metadata_.empty()) return std::nullopt;
  const size_t equals = metadata_.find('=');
  const auto& sent = context.client_metadata();
  const auto found = sent.find(metadata_.substr(0, equals));
  const bool right =
      found != sent.end() &&
      std::string(found->second.data(), found->second.size()) == metadata_.substr(equals + 1);
  if (right) return std::nullopt;
  return grpc::Status(StatusCode::UNAUTHENTICATED, "metadata are missing");
}

Response ReflectionFaults::AnswerHostile(const Request& request) const {
  Response response;
  *response.mutable_original_request() = request;
  if (request.has_list_services()) {
    const int count = fault_ == "list" ? 100000 : 1;
    auto* list = response.mutable_list_services_response();
    for (int i = 0; i < count; ++i) {
      list->add_service()->set_name(count == 1 ? "hostile.Hostile"
                                               : "hostile.Service" + std::to_string(i));
    }
    return response;
  }
  const std::string& name = request.file_by_filename();
  FileDescriptorProto file = name.empty() ? RootFile() : SmallFile(name, "Link");
  if (fault_ == "chain") {
    if (name.empty()) {
      AddField(".hostile.Link0", "chain/0.proto", &file);
    } else {
      file = Link(std::stoi(name.substr(name.find('/') + 1)));
    }
  } else if (fault_ == "cycle") {
    if (name.empty()) {
      AddField(".hostile.Link", "link.proto", &file);
    } else {
      AddField(".hostile.Root", "hostile.proto", &file);
    }
  } else if (fault_ == "endless" || fault_ == "large") {
    // Each file leads to two more.
    const std::string more = name.empty() ? "f" : name;
    file.add_dependency(more + "0");
    file.add_dependency(more + "1");
    if (fault_ == "large") file.mutable_options()->set_java_package(std::string(kLargeFile, 'x'));
  } else if (fault_ == "gigantic") {
    file.mutable_options()->set_java_package(std::string(kGiganticFile, 'x'));
  } else if (fault_ == "names") {
    file.set_name("../../etc/\nodd");
  } else if (fault_ == "climbing") {
    file.set_name("../climbed.proto");
  } else if (fault_ == "absolute") {
    file.set_name("/tmp/absolute.proto");
  } else if (fault_ == "differing") {
    if (name.empty()) {
      file.add_dependency("link.proto");
      SetFile(SmallFile("link.proto", "Link"), &response);
      SetFile(SmallFile("link.proto", "OtherLink"), &response);
    }
  } else if (fault_ == "edition") {
    file.set_syntax("editions");
    file.GetReflection()->MutableUnknownFields(&file)->AddVarint(14, 1000);
    AddField("", "", &file);
  }
  if (fault_ == "garbage") {
    response.mutable_file_descriptor_response()->add_file_descriptor_proto("\xff\xff\xff garbage");
  } else {
    SetFile(file, &response);
  }
  return response;
}

// Faults in an answer that is right.
void ReflectionFaults::Change(Response* response) const {
  if (!response->has_file_descriptor_response()) return;
  for (std::string& bytes :
       *response->mutable_file_descriptor_response()->mutable_file_descriptor_proto()) {
    FileDescriptorProto file;
    file.ParseFromString(bytes);
    if (fault_ == "renamed") {
      for (std::string& import : *file.mutable_dependency()) import = "vendored/" + import;
    } else if (fault_ == "edited" && file.name() == "helloworld.proto") {
      auto* field = file.mutable_message_type(0)->add_field();
      field->set_name("added_later");
      field->set_number(1000);
      field->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
      field->set_type(FieldDescriptorProto::TYPE_STRING);
    }
    bytes = file.SerializeAsString();
  }
}

Response ReflectionFaults::Answer(const Request& request, Reflection::SentFiles* sent) const {
  if (kHostile.count(fault_) > 0) return AnswerHostile(request);
  if (fault_ == "other" && request.has_file_containing_symbol()) {
    Request other;
    other.set_file_containing_symbol("helloworld.Greeter");
    return reflection_.Answer(other, sent);
  }
  Response response = reflection_.Answer(request, sent);
  const std::string& symbol = request.file_containing_symbol();
  const bool is_service = symbol.empty() || response.message_response_case() == 0 ||
                          symbol.find("Greeter") != std::string::npos ||
                          symbol.find("Test") != std::string::npos;
  if (fault_ == "missing" && (request.has_file_by_filename() || !is_service)) {
    SetNotFound(request.has_file_by_filename() ? "file" : "symbol", &response);
  } else if (fault_ == "renamed" && request.has_file_by_filename()) {
    SetNotFound("file " + request.file_by_filename(), &response);
  } else if (fault_ == "undescribed" && request.has_list_services()) {
    response.mutable_list_services_response()->add_service()->set_name("ghost.Ghost");
  } else if (fault_ == "unlisted" && request.has_list_services()) {
    SetNotFound("list for you", &response);
  }
  Change(&response);
  return response;
}

grpc::Status ReflectionFaults::Serve(const std::string& version, const grpc::ServerContext& context,
                                     const Stream& stream) const {
  if (auto refusal = Refusal(version, context)) return *refusal;
  Reflection::SentFiles sent;
  Request request;
  std::optional<Response> held_back;  // of "unordered": an answer that waits for the next one
  while (stream.read(&request)) {
    if (fault_ == "silent") continue;
    Response response = Answer(request, &sent);
    if (fault_ == "unordered" && request.has_file_containing_symbol() && !held_back &&
        sent.size() < 3) {
      held_back = std::move(response);
      continue;
    }
    if (!stream.write(response)) return grpc::Status::OK;
    if (held_back && !stream.write(*held_back)) return grpc::Status::OK;
    held_back.reset();
  }
  // Until the client has enough of it.
  while (fault_ == "talkative" && stream.write(Response())) {
  }
  return grpc::Status::OK;
}

}  // namespace pygrpc::testserver
