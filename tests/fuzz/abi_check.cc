// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "abi_check.h"

#include <simdjson.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

namespace pygrpc::fuzz {
namespace {

constexpr const char* kNames[] = {"OK",          "E_ARGUMENT",  "E_OPTION",      "E_SCHEMA",
                                  "E_NOT_FOUND", "E_AMBIGUOUS", "E_CARDINALITY", "E_JSON",
                                  "E_WIRE",      "E_STATUS",    "E_STATE",       "E_CLOSED",
                                  "E_FORKED",    "E_NO_MEMORY", "E_INTERNAL"};

[[noreturn]] void FailIn(const char* function, const std::string& what) {
  Fail(std::string(function) + ": " + what);
}

simdjson::dom::element Parse(const char* what, std::string_view text) {
  // One for each thread: an element lives in its parser.
  static thread_local simdjson::dom::parser parser;
  simdjson::dom::element element;
  if (const auto fault = parser.parse(text.data(), text.size()).get(element)) {
    FailIn(what, std::string("gives no JSON, ") + simdjson::error_message(fault) + ": " +
                     std::string(text));
  }
  return element;
}

bool IsOneLine(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; });
}

void CheckError(const char* function, int32_t code, const pygrpc_error* error) {
  const std::string message = pygrpc_error_message(error);
  const std::string json = pygrpc_error_json(error);
  if (pygrpc_error_code(error) != code) FailIn(function, "the error has another code: " + json);
  if (message.empty() || !IsOneLine(message) ||
      !simdjson::validate_utf8(message.data(), message.size())) {
    FailIn(function, "the message is not one line of UTF-8: " + message);
  }
  const simdjson::dom::element element = Parse(function, json);
  int64_t json_code = 0;
  std::string_view name;
  std::string_view json_message;
  bool retriable = false;
  if (element["code"].get(json_code) || json_code != code || element["name"].get(name) ||
      name != pygrpc_code_name(code) || element["message"].get(json_message) ||
      json_message != message || element["retriable"].get(retriable)) {
    FailIn(function, "the error's JSON is not that of its code and message: " + json);
  }
  const int32_t status = pygrpc_error_status(error);
  const bool has_status = status >= 0 && status <= 16;
  if (has_status != (code == PYGRPC_E_STATUS)) FailIn(function, "a status out of place: " + json);
}

}  // namespace

void Fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

Outcome Take(const char* function, int32_t code, pygrpc_error* error, char** text, size_t size,
             std::initializer_list<int32_t> documented) {
  Outcome outcome;
  outcome.code = code;
  if (code < PYGRPC_E_INTERNAL || code > PYGRPC_PENDING) {
    FailIn(function, "the code " + std::to_string(code));
  }
  if (code < 0 && pygrpc_code_name(code) != std::string_view(kNames[-code])) {
    FailIn(function, std::string("the code is called ") + pygrpc_code_name(code));
  }
  if ((error != nullptr) != (code < 0)) FailIn(function, "an error without its code, or reverse");
  if (code < 0) {
    CheckError(function, code, error);
    outcome.error = pygrpc_error_json(error);
    if (std::find(documented.begin(), documented.end(), code) == documented.end()) {
      FailIn(function, "a code that is not among the documented: " + outcome.error);
    }
    pygrpc_error_free(error);
  }
  if (text == nullptr) return outcome;
  if (code != PYGRPC_OK) {
    if (*text != nullptr || size != 0) FailIn(function, "a text although there is none");
    return outcome;
  }
  if (*text == nullptr || (*text)[size] != '\0') FailIn(function, "no text that ends in a NUL");
  outcome.text.assign(*text, size);
  pygrpc_free(*text);
  return outcome;
}

const Outcome& Must(const char* what, const Outcome& outcome) {
  if (!outcome.ok()) FailIn(what, outcome.error.empty() ? "not yet" : outcome.error);
  return outcome;
}

bool IsJson(std::string_view text) {
  simdjson::dom::parser parser;
  return parser.parse(text.data(), text.size()).error() == simdjson::SUCCESS;
}

void CheckIsJson(const char* what, std::string_view text) { Parse(what, text); }

std::vector<std::string> TextsIn(std::string_view json_object, const char* key) {
  std::vector<std::string> texts;
  simdjson::dom::array array;
  if (Parse("the texts of an object", json_object)[key].get(array)) return texts;
  for (const simdjson::dom::element element : array) {
    std::string_view text;
    if (!element.get(text)) texts.emplace_back(text);
  }
  return texts;
}

std::string Base64(std::string_view bytes) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  uint32_t bits = 0;
  int count = 0;
  for (char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) text += kAlphabet[bits >> (count - 6) & 0x3F];
  }
  if (count > 0) text += kAlphabet[bits << (6 - count) & 0x3F];
  return text;
}

std::string JsonText(std::string_view text) {
  if (!simdjson::validate_utf8(text.data(), text.size())) return "";
  std::string json = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    if (static_cast<unsigned char>(c) >= ' ') {
      json += c;
      continue;
    }
    char escape[8];
    std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned char>(c));
    json += escape;
  }
  return json + '"';
}

Client::Client(const char* target, const char* options) {
  Must("pygrpc_client_new",
       Run("pygrpc_client_new", {PYGRPC_E_ARGUMENT, PYGRPC_E_OPTION}, [&](pygrpc_error** error) {
         return pygrpc_client_new(target, options, &client_, error);
       }));
}

void LoadTestSchema(pygrpc_client* client) {
  const std::string options = R"({"proto_path": [")" PYGRPC_PROTOS_DIR R"("]})";
  for (const char* file : {"helloworld.proto", "route_guide.proto", "pygrpc_test/all_types.proto",
                           "pygrpc_test/proto2.proto", "pygrpc_test/extensions.proto",
                           "pygrpc_test/test.proto", "pygrpc_test/no_package.proto"}) {
    Must(file, Run("pygrpc_load", {PYGRPC_E_SCHEMA}, [&](pygrpc_error** error) {
           return pygrpc_load(client, file, options.c_str(), error);
         }));
  }
}

namespace {

// A descriptor that is damaged inside is found out where its imports have to be written anew.
Outcome TryToExportSet(pygrpc_client* client) {
  return RunText("pygrpc_export", {PYGRPC_E_SCHEMA}, [&](auto... out) {
    return pygrpc_export(client, nullptr, "descriptor_set", out...);
  });
}

}  // namespace

std::string ExportSet(pygrpc_client* client) {
  return Must("pygrpc_export", TryToExportSet(client)).text;
}

void CheckSchemaUse(pygrpc_client* client, Loaded loaded) {
  const Outcome exported = TryToExportSet(client);
  if (loaded == Loaded::kFromText) Must("the set of a schema", exported);
  std::vector<Outcome> outcomes;
  outcomes.push_back(RunText("pygrpc_services", {PYGRPC_E_SCHEMA},
                             [&](auto... out) { return pygrpc_services(client, out...); }));
  outcomes.push_back(RunText("pygrpc_json_schema", {PYGRPC_E_SCHEMA}, [&](auto... out) {
    return pygrpc_json_schema(client, nullptr, nullptr, out...);
  }));
  outcomes.push_back(RunText("pygrpc_export", {PYGRPC_E_SCHEMA}, [&](auto... out) {
    return pygrpc_export(client, nullptr, "proto", out...);
  }));
  for (const Outcome& outcome : outcomes) {
    if (loaded == Loaded::kFromText) Must("what is told of a schema", outcome);
    if (outcome.ok()) CheckIsJson("what is told of a schema", outcome.text);
  }
  if (!exported.ok()) return;
  const std::string& set = exported.text;
  Client again(nullptr, nullptr);
  const Outcome reloaded =
      Run("pygrpc_load_descriptor_set", {PYGRPC_E_SCHEMA}, [&](pygrpc_error** error) {
        return pygrpc_load_descriptor_set(again, set.data(), set.size(), error);
      });
  if (loaded == Loaded::kFromText) Must("its own set", reloaded);
  if (reloaded.ok() && ExportSet(again) != set) Fail("its own set is another one when loaded");
  Client other(nullptr, nullptr);
  Must("the other client's", Run("pygrpc_load_client", {}, [&](pygrpc_error** error) {
         return pygrpc_load_client(other, client, error);
       }));
  if (ExportSet(other) != set) Fail("the other client's schema is not the same");
}

namespace {

namespace fs = std::filesystem;

class EmptyDirectory {
 public:
  EmptyDirectory() {
    std::string name = (fs::temp_directory_path() / "pygrpc-fuzz-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) Fail("no directory of its own: " + name);
    path_ = name;
    fs::current_path(path_);
  }
  ~EmptyDirectory() {
    std::error_code ignored;
    fs::current_path("/", ignored);
    fs::remove_all(path_, ignored);
  }
  EmptyDirectory(const EmptyDirectory&) = delete;
  EmptyDirectory& operator=(const EmptyDirectory&) = delete;

  void Use() {
    constexpr unsigned kBetween = 2000;
    if (++uses_ % kBetween != 0) return;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(path_)) fs::remove_all(entry, ignored);
  }

 private:
  fs::path path_;
  unsigned uses_ = 0;
};

}  // namespace

void UseEmptyDirectory() {
  static EmptyDirectory directory;
  directory.Use();
}

}  // namespace pygrpc::fuzz
