// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "requests.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "errors.h"
#include "fields.h"
#include "terminal.h"

namespace pygrpc::cli {
namespace {

using Json = nlohmann::json;

bool IsStandardInput(const std::string& source) { return source == "-" || source == "@-"; }

// What an error calls it.
std::string NameOfSource(const std::string& source) {
  return IsStandardInput(source) ? "standard input" : source.substr(1);
}

// Standard input for -, an opened file for @FILE, -1 for anything else.
int OpenSource(const std::string& source) {
  if (IsStandardInput(source)) return STDIN_FILENO;
  if (source.empty() || source[0] != '@') return -1;
  std::string path = source.substr(1);
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw CommandError(path + ": " + std::strerror(errno));
  return fd;
}

}  // namespace

Input::Input() : stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (stop_ < 0) throw CommandError(std::string("cannot make an eventfd: ") + std::strerror(errno));
}

Input::~Input() { close(stop_); }

bool Input::Read(int fd, const std::string& source, std::string* piece) {
  std::array<pollfd, 2> fds = {pollfd{fd, POLLIN, 0}, pollfd{stop_, POLLIN, 0}};
  while (true) {
    if (poll(fds.data(), fds.size(), -1) < 0) {
      if (errno == EINTR) continue;
      break;
    }
    if ((fds[1].revents & POLLIN) != 0) return false;
    std::array<char, 65536> buffer;  // NOLINT(*-member-init): read() fills it
    ssize_t size = read(fd, buffer.data(), buffer.size());
    if (size >= 0) {
      piece->append(buffer.data(), static_cast<size_t>(size));
      return size > 0;
    }
    if (errno != EINTR && errno != EAGAIN) break;
  }
  throw CommandError("cannot read " + NameOfSource(source) + ": " + std::strerror(errno));
}

void Input::Stop() {
  stopped_ = true;
  uint64_t one = 1;
  (void)!write(stop_, &one, sizeof(one));
}

std::string ContentsOf(const std::string& argument) {
  int fd = OpenSource(argument);
  if (fd < 0) return argument;
  Input input;
  std::string contents;
  while (input.Read(fd, argument, &contents)) continue;
  if (fd != STDIN_FILENO) close(fd);
  return contents;
}

Requests::Requests(const std::vector<std::string>& arguments) : sources_(arguments) {
  auto fields = std::count_if(arguments.begin(), arguments.end(), IsField);
  if (fields == 0) return;
  if (static_cast<size_t>(fields) != arguments.size()) {
    throw UsageError("a request is fields (name=text), or JSON, @FILE and -; not both");
  }
  sources_ = {MessageOfFields(arguments)};
}

Requests::~Requests() { CloseFile(); }

void Requests::CloseFile() {
  if (fd_ > STDIN_FILENO) close(fd_);
  fd_ = -1;
}

bool Requests::Advance() {
  CloseFile();
  if (next_ == sources_.size()) return false;
  const std::string& source = sources_[next_++];
  fd_ = OpenSource(source);
  splitter_.Begin();
  if (fd_ < 0) splitter_.Add(source);
  open_ = true;
  return true;
}

bool Requests::Next(std::string* request) {
  while (!input_.stopped()) {
    if (splitter_.Next(request)) return true;
    std::string piece;
    if (open_ && fd_ >= 0 && input_.Read(fd_, sources_[next_ - 1], &piece)) {
      splitter_.Add(piece);
      continue;
    }
    // What was being read may have been half a value.
    if (input_.stopped()) break;
    // No value goes on in the next source.
    open_ = false;
    if (splitter_.Last(request)) return true;
    if (!Advance()) break;
  }
  return false;
}

std::string Requests::Only() {
  std::string request;
  if (!Next(&request)) throw UsageError("there is no JSON in what was given");
  std::string another;
  // What is no JSON is told by whoever reads it; then what seems to follow may be more of it.
  if (Next(&another) && Json::accept(request)) {
    throw UsageError("one message is wanted, and more were given");
  }
  return request;
}

bool Requests::FromTerminal() const {
  return IsTerminal(STDIN_FILENO) && std::any_of(sources_.begin(), sources_.end(), IsStandardInput);
}

}  // namespace pygrpc::cli
