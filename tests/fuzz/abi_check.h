// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_FUZZ_ABI_CHECK_H_
#define PYGRPC_TESTS_FUZZ_ABI_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "pygrpc.h"

namespace pygrpc::fuzz {

// What the fuzzers of the C ABI share. They know the public header only, so that the same programs
// run on the shared library, too. What is wrong is printed, and ends the process.

[[noreturn]] void Fail(const std::string& what);

// What a function came to: its code, its text (of PYGRPC_OK), and the JSON of its error.
struct Outcome {
  int32_t code = PYGRPC_OK;
  std::string text;
  std::string error;

  bool ok() const { return code == PYGRPC_OK; }
};

// What every function promises, whatever it is given: a code that its documentation names
// (`documented`, negative ones; the others are given by the handle it makes), an error if and only
// if the code is negative, whose message is one line of UTF-8 and whose JSON repeats it. Frees the
// error and the text. `text` is NULL for functions that give none.
Outcome Take(const char* function, int32_t code, pygrpc_error* error, char** text, size_t size,
             std::initializer_list<int32_t> documented);

// Calls `call(pygrpc_error**)`.
template <typename Call>
Outcome Run(const char* function, std::initializer_list<int32_t> documented, const Call& call) {
  pygrpc_error* error = nullptr;
  const int32_t code = call(&error);
  return Take(function, code, error, nullptr, 0, documented);
}

// Calls `call(char**, size_t*, pygrpc_error**)`.
template <typename Call>
Outcome RunText(const char* function, std::initializer_list<int32_t> documented, const Call& call) {
  pygrpc_error* error = nullptr;
  char* text = const_cast<char*>("what was there before");
  size_t size = 1;
  const int32_t code = call(&text, &size, &error);
  return Take(function, code, error, &text, size, documented);
}

// Ends the process unless the outcome is PYGRPC_OK.
const Outcome& Must(const char* what, const Outcome& outcome);

bool IsJson(std::string_view text);
void CheckIsJson(const char* what, std::string_view text);
// The texts of an array that a JSON object may have under a key.
std::vector<std::string> TextsIn(std::string_view json_object, const char* key);
std::string Base64(std::string_view bytes);
// "text" with its quotes, or nothing if it is not UTF-8.
std::string JsonText(std::string_view text);

// A client, freed at the end of its scope.
class Client {
 public:
  Client() = default;
  Client(const char* target, const char* options);  // which must do
  ~Client() { pygrpc_client_free(client_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  operator pygrpc_client*() const { return client_; }  // NOLINT: it is one
  pygrpc_client** out() { return &client_; }

 private:
  pygrpc_client* client_ = nullptr;
};

// Loads the messages and services of protos/.
void LoadTestSchema(pygrpc_client* client);

// What must hold for all that could be loaded: it is listed and exported, and what is exported is
// the same when it is loaded again. What reflection gives is built only when it is used: then a
// fault in it is PYGRPC_E_SCHEMA.
enum class Loaded { kFromText, kByReflection };
void CheckSchemaUse(pygrpc_client* client, Loaded loaded);
std::string ExportSet(pygrpc_client* client);

// The current directory of the process from now on: an empty one, for what an input may name. It
// is emptied from time to time, and removed at the end.
void UseEmptyDirectory();

// What no fuzzer is to do goes wrong from now on: connections to other than this process's own
// server, questions to name servers.
void StayOffline();

inline std::string_view View(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace pygrpc::fuzz

#endif  // PYGRPC_TESTS_FUZZ_ABI_CHECK_H_
