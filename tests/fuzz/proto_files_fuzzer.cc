// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Several .proto files by pygrpc_load_proto(), under any names and in any order. An input is a file
// with lines "=== name" before each text. A load that is refused leaves the schema as it was; what
// was loaded is exported, as a set and as text, and is the same when it is loaded again.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "abi_check.h"

namespace pygrpc::fuzz {
namespace {

constexpr std::string_view kMark = "=== ";
constexpr size_t kMaxFiles = 8;

struct File {
  std::string name;
  std::string text;
};

std::vector<File> Split(std::string_view input) {
  std::vector<File> files;
  while (!input.empty() && files.size() < kMaxFiles) {
    std::string name = "a.proto";
    if (input.substr(0, kMark.size()) == kMark) {
      const size_t end = input.find('\n');
      name = input.substr(kMark.size(), end - kMark.size());
      if (end == std::string_view::npos) break;
      input.remove_prefix(end + 1);
    }
    const size_t next = input.find("\n=== ");
    files.push_back({name, std::string(input.substr(0, next))});
    input.remove_prefix(next == std::string_view::npos ? input.size() : next + 1);
  }
  return files;
}

Outcome LoadProto(pygrpc_client* client, const File& file) {
  return Run("pygrpc_load_proto", {PYGRPC_E_ARGUMENT, PYGRPC_E_SCHEMA}, [&](pygrpc_error** error) {
    return pygrpc_load_proto(client, file.name.c_str(), file.text.data(), file.text.size(), error);
  });
}

// A file that waits for its imports joins the schema only with another load, which then may change
// more than its own file; one that fails changes nothing.
void LoadAll(pygrpc_client* client, const std::vector<File>& files) {
  std::string before = ExportSet(client);
  for (const File& file : files) {
    const Outcome loaded = LoadProto(client, file);
    std::string after = ExportSet(client);
    if (!loaded.ok() && before != after) Fail("a load that failed changed the schema");
    if (loaded.ok() && !LoadProto(client, file).ok()) Fail("the same is not taken a second time");
    before = std::move(after);
  }
}

}  // namespace
}  // namespace pygrpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pygrpc::fuzz;  // NOLINT: this is theirs
  StayOffline();
  UseEmptyDirectory();  // where imports are looked for
  const std::vector<File> files = Split(View(data, size));
  for (const File& file : files) {
    // An import may name a file of this machine.
    if (file.text.find("..") != std::string::npos || file.text.find("\"/") != std::string::npos ||
        file.text.find("'/") != std::string::npos) {
      return 0;
    }
  }
  Client client(nullptr, nullptr);
  LoadAll(client, files);
  if (ExportSet(client).empty()) return 0;
  CheckSchemaUse(client, Loaded::kFromText);
  return 0;
}
