// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// pygrpc export: a schema as files.

#include <fcntl.h>
#include <pygrpc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "connection.h"
#include "errors.h"
#include "library.h"
#include "output.h"
#include "run.h"
#include "terminal.h"

namespace pygrpc::cli {
namespace {

using Json = nlohmann::ordered_json;

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  File& operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int fd() const { return fd_; }

  // Throws CommandError.
  void Write(std::string_view bytes, const std::string& path) const {
    if (!WriteAll(fd_, bytes)) throw CommandError(path + ": " + std::strerror(errno));
  }

 private:
  int fd_;
};

// The parts of a file's name, which a server may have made up. Throws CommandError where it leads
// out of the directory.
std::vector<std::string> PartsOf(const std::string& name) {
  std::vector<std::string> parts;
  for (size_t start = 0, slash = 0; slash != std::string::npos; start = slash + 1) {
    slash = name.find('/', start);
    parts.push_back(name.substr(start, slash - start));
    const std::string& part = parts.back();
    if (part.empty() || part == "." || part == ".." || part.find('\0') != std::string::npos) {
      throw CommandError("the schema has a file named \"" + name +
                         "\", which leads out of the directory; nothing was written");
    }
  }
  return parts;
}

// Writes a file below the directory. Goes there step by step, and follows no symbolic link on the
// way: such a one, too, may lead out.
void WriteBelow(const std::string& directory, const std::string& name, const std::string& text) {
  std::string path = directory + "/" + name;
  auto fail = [&path](int error) {
    // Both of these are said of a symbolic link where none may be.
    throw CommandError(path + ": " +
                       (error == ELOOP || error == ENOTDIR
                            ? "a symbolic link, or no directory, is on the way"
                            : std::strerror(error)));
  };
  File place(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (place.fd() < 0) fail(errno);
  std::vector<std::string> parts = PartsOf(name);
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    if (mkdirat(place.fd(), parts[i].c_str(), 0777) != 0 && errno != EEXIST) fail(errno);
    place =
        File(openat(place.fd(), parts[i].c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (place.fd() < 0) fail(errno);
  }
  File file(openat(place.fd(), parts.back().c_str(),
                   O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (file.fd() < 0) fail(errno);
  file.Write(text, path);
}

void Fetch(const Connection& connection, const char* format, Text* text) {
  Json symbols = connection.arguments;
  std::string array = symbols.dump(-1, ' ', false, Json::error_handler_t::replace);
  Call(pygrpc_export, connection.client.get(), symbols.empty() ? nullptr : array.c_str(), format,
       text->data(), text->size());
}

void WriteDescriptorSet(const Connection& connection, const std::string& path) {
  Text bytes;
  Fetch(connection, "descriptor_set", &bytes);
  if (path == "-") {
    WriteOutput(bytes.view());
    return;
  }
  File file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.fd() < 0) throw CommandError(path + ": " + std::strerror(errno));
  file.Write(bytes.view(), path);
}

}  // namespace

int RunExport(const Settings& settings) {
  const std::string& set = settings.descriptor_set_out;
  if (set.empty() && settings.proto_out.empty()) {
    throw UsageError("export takes --descriptor-set-out FILE, or --proto-out DIRECTORY, or both");
  }
  if (set == "-" && IsTerminal(STDOUT_FILENO)) {
    throw UsageError("a terminal does not want bytes: redirect standard output");
  }
  Output output(settings);
  Connection connection = Connect(settings);
  ShowSchemaSpinner(connection);
  Text text;
  Fetch(connection, "proto", &text);
  Json files = Json::parse(text.view());
  Json names = Json::array();
  for (const auto& [name, contents] : files.items()) {
    names.push_back(name);
    if (!settings.proto_out.empty()) PartsOf(name);
  }
  if (!settings.proto_out.empty()) {
    std::error_code error;
    std::filesystem::create_directories(settings.proto_out, error);
    if (error) throw CommandError(settings.proto_out + ": " + error.message());
    for (const auto& [name, contents] : files.items()) {
      WriteBelow(settings.proto_out, name, contents.get<std::string>());
    }
  }
  if (!set.empty()) WriteDescriptorSet(connection, set);
  if (set != "-") output.Print(names.dump());
  return kSuccess;
}

}  // namespace pygrpc::cli
