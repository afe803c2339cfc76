// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "reflection_service.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <utility>

#include "reflection_faults.h"

namespace pygrpc::testserver {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

namespace {

void SetError(grpc::StatusCode code, std::string message, Reflection::Response* response) {
  response->mutable_error_response()->set_error_code(code);
  response->mutable_error_response()->set_error_message(std::move(message));
}

void AddFile(const FileDescriptor& file, bool with_imports, Reflection::SentFiles* sent,
             Reflection::Response* response) {
  sent->insert(file.name());
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  file.CopyJsonNameTo(&proto);
  proto.SerializeToString(
      response->mutable_file_descriptor_response()->add_file_descriptor_proto());
  if (!with_imports) return;
  for (int i = 0; i < file.dependency_count(); ++i) {
    const FileDescriptor& import = *file.dependency(i);
    if (sent->count(import.name()) == 0) AddFile(import, with_imports, sent, response);
  }
}

const FileDescriptor* FindExtensionFile(const std::string& type, int number) {
  const DescriptorPool* pool = DescriptorPool::generated_pool();
  const Descriptor* message = pool->FindMessageTypeByName(type);
  const FieldDescriptor* extension =
      message == nullptr ? nullptr : pool->FindExtensionByNumber(message, number);
  return extension == nullptr ? nullptr : extension->file();
}

void ListExtensions(const std::string& type, Reflection::Response* response) {
  const DescriptorPool* pool = DescriptorPool::generated_pool();
  const Descriptor* message = pool->FindMessageTypeByName(type);
  if (message == nullptr) {
    return SetError(grpc::StatusCode::NOT_FOUND, "no message type " + type, response);
  }
  std::vector<const FieldDescriptor*> extensions;
  pool->FindAllExtensions(message, &extensions);
  auto* list = response->mutable_all_extension_numbers_response();
  list->set_base_type_name(type);
  for (const FieldDescriptor* extension : extensions) {
    list->add_extension_number(extension->number());
  }
}

}  // namespace

Reflection::Reflection(std::vector<std::string> services, bool with_imports)
    : services_(std::move(services)), with_imports_(with_imports) {}

Reflection::Response Reflection::Answer(const Request& request, SentFiles* sent) const {
  const DescriptorPool* pool = DescriptorPool::generated_pool();
  Response response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;

  const auto answer_file = [&](const FileDescriptor* file, const std::string& what) {
    if (file == nullptr) {
      SetError(grpc::StatusCode::NOT_FOUND, "no " + what, &response);
    } else {
      AddFile(*file, with_imports_, sent, &response);
    }
  };
  switch (request.message_request_case()) {
    case Request::kFileByFilename:
      answer_file(pool->FindFileByName(request.file_by_filename()),
                  "file " + request.file_by_filename());
      break;
    case Request::kFileContainingSymbol:
      answer_file(pool->FindFileContainingSymbol(request.file_containing_symbol()),
                  "symbol " + request.file_containing_symbol());
      break;
    case Request::kFileContainingExtension: {
      const auto& extension = request.file_containing_extension();
      answer_file(FindExtensionFile(extension.containing_type(), extension.extension_number()),
                  "extension " + std::to_string(extension.extension_number()) + " of " +
                      extension.containing_type());
      break;
    }
    case Request::kAllExtensionNumbersOfType:
      ListExtensions(request.all_extension_numbers_of_type(), &response);
      break;
    case Request::kListServices:
      for (const std::string& service : services_) {
        response.mutable_list_services_response()->add_service()->set_name(service);
      }
      break;
    case Request::MESSAGE_REQUEST_NOT_SET:
      SetError(grpc::StatusCode::INVALID_ARGUMENT, "the request asks for nothing", &response);
  }
  return response;
}

grpc::Status ReflectionV1Service::ServerReflectionInfo(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<grpc::reflection::v1::ServerReflectionResponse,
                             grpc::reflection::v1::ServerReflectionRequest>* stream) {
  ReflectionFaults::Stream own;
  own.read = [stream](Reflection::Request* request) { return stream->Read(request); };
  own.write = [stream](const Reflection::Response& response) { return stream->Write(response); };
  return reflection_.Serve("v1", *context, own);
}

grpc::Status ReflectionV1AlphaService::ServerReflectionInfo(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<grpc::reflection::v1alpha::ServerReflectionResponse,
                             grpc::reflection::v1alpha::ServerReflectionRequest>* stream) {
  ReflectionFaults::Stream own;
  own.read = [stream](Reflection::Request* request) {
    grpc::reflection::v1alpha::ServerReflectionRequest alpha_request;
    return stream->Read(&alpha_request) &&
           request->ParseFromString(alpha_request.SerializeAsString());
  };
  own.write = [stream](const Reflection::Response& response) {
    grpc::reflection::v1alpha::ServerReflectionResponse alpha_response;
    alpha_response.ParseFromString(response.SerializeAsString());
    return stream->Write(alpha_response);
  };
  return reflection_.Serve("v1alpha", *context, own);
}

}  // namespace pygrpc::testserver
