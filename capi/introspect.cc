// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/introspect.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "barrier.h"
#include "base/error.h"
#include "base/text.h"
#include "rpc/call_options.h"

using namespace pygrpc::capi;  // NOLINT: the shims speak of little else

namespace {

std::vector<std::string> Symbols(const char *symbols) {
  if (symbols == nullptr) return {};
  auto list = nlohmann::json::parse(Name(symbols, "symbols"), nullptr, false);
  std::vector<std::string> names;
  bool texts = list.is_array();
  for (const auto &name : list) {
    texts = texts && name.is_string();
    if (texts) names.push_back(name);
  }
  if (texts) return names;
  throw pygrpc::Error(pygrpc::Code::kArgument,
                      "symbols is no JSON array of texts but " + pygrpc::Quote(symbols));
}

pygrpc::schema::JsonSchemaOptions JsonSchemaOptions(const char *options) {
  pygrpc::schema::JsonSchemaOptions forms;
  if (Options(options) == nullptr) return forms;
  pygrpc::rpc::CallOptions parsed = pygrpc::rpc::ParseCallOptions(options, {});
  forms.proto_names = parsed.json.proto_names;
  forms.enum_numbers = parsed.json.enum_numbers;
  forms.int64_as_number = parsed.json.int64_numbers;
  return forms;
}

}  // namespace

int32_t pygrpc_services(pygrpc_client *client, char **json, size_t *size, pygrpc_error **error) {
  return Guard(error, [&] {
    TextOut out(json, size, "json");
    out.Give(pygrpc::schema::ServicesJson(*ClientOf(client)->LoadedSchema()));
    return PYGRPC_OK;
  });
}

int32_t pygrpc_describe(pygrpc_client *client, const char *symbol, char **json, size_t *size,
                        pygrpc_error **error) {
  return Guard(error, [&] {
    TextOut out(json, size, "json");
    auto of = ClientOf(client);
    std::string_view name = Name(symbol, "symbol");
    out.Give(pygrpc::schema::DescribeJson(*of->LoadedSchema(), name));
    return PYGRPC_OK;
  });
}

int32_t pygrpc_template(pygrpc_client *client, const char *type, char **json, size_t *size,
                        pygrpc_error **error) {
  return Guard(error, [&] {
    TextOut out(json, size, "json");
    auto of = ClientOf(client);
    std::string_view name = Name(type, "type");
    out.Give(pygrpc::schema::TemplateJson(*of->LoadedSchema(), name));
    return PYGRPC_OK;
  });
}

int32_t pygrpc_json_schema(pygrpc_client *client, const char *type, const char *options,
                           char **json, size_t *size, pygrpc_error **error) {
  return Guard(error, [&] {
    TextOut out(json, size, "json");
    auto of = ClientOf(client);
    auto forms = JsonSchemaOptions(options);
    if (type == nullptr) {
      out.Give(pygrpc::schema::ToolsJson(*of->LoadedSchema(), forms));
    } else {
      std::string_view name = Name(type, "type");
      out.Give(pygrpc::schema::JsonSchemaJson(*of->LoadedSchema(), name, forms));
    }
    return PYGRPC_OK;
  });
}

int32_t pygrpc_export(pygrpc_client *client, const char *symbols, const char *format, char **bytes,
                      size_t *size, pygrpc_error **error) {
  return Guard(error, [&] {
    TextOut out(bytes, size, "bytes");
    auto of = ClientOf(client);
    std::string_view form = Name(format, "format");
    std::vector<std::string> names = Symbols(symbols);
    if (form == "descriptor_set") {
      out.Give(pygrpc::schema::ExportDescriptorSet(*of->LoadedSchema(), names));
    } else if (form == "proto") {
      out.Give(pygrpc::schema::ExportProtoText(*of->LoadedSchema(), names));
    } else {
      throw pygrpc::Error(pygrpc::Code::kArgument,
                          "format is \"descriptor_set\" or \"proto\", not " + pygrpc::Quote(form));
    }
    return PYGRPC_OK;
  });
}
