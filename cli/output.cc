// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "output.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "errors.h"
#include "terminal.h"

namespace pygrpc::cli {
namespace {

bool WantsColor(const Settings& settings, bool terminal) {
  if (settings.color == "always") return true;
  if (settings.color == "never") return false;
  if (!settings.color.empty() && settings.color != "auto") {
    throw UsageError("--color takes always, never or auto");
  }
  const char* no_color = std::getenv("NO_COLOR");
  return terminal && UnderstandsEscapes() && (no_color == nullptr || *no_color == '\0');
}

}  // namespace

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      // Whoever made the pipe, or has the terminal, too, wants it so.
      pollfd writable = {fd, POLLOUT, 0};
      if (poll(&writable, 1, -1) < 0 && errno != EINTR) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

void WriteOutput(std::string_view bytes) {
  HideSpinner();
  if (WriteAll(STDOUT_FILENO, bytes)) return;
  if (errno == EPIPE) throw BrokenPipe();
  throw CommandError(std::string("cannot write to standard output: ") + std::strerror(errno));
}

Output::Output(const Settings& settings) {
  if (settings.pretty && settings.compact) {
    throw UsageError("--pretty and --compact contradict each other");
  }
  bool terminal = IsTerminal(STDOUT_FILENO);
  style_.pretty = settings.pretty || (terminal && !settings.compact);
  style_.color = WantsColor(settings, terminal);
  style_.escape = terminal;
}

void Output::Add(std::string_view json) {
  // Past this it is better written than kept.
  constexpr size_t kMuch = 64 * 1024;
  // Messages are on one line already; what describes them may be on several.
  if (style_.IsPlain() && json.find('\n') == std::string_view::npos) {
    pending_.append(json);
  } else {
    pending_ += Restyle(json, style_);
  }
  pending_ += '\n';
  if (pending_.size() > kMuch) Flush();
}

void Output::PrintLong(std::string_view json) {
  if (IsTerminal(STDOUT_FILENO)) {
    Page(Restyle(json, style_) + "\n");
  } else {
    Print(json);
  }
}

void Output::Flush() {
  std::string bytes = std::move(pending_);
  pending_.clear();
  if (!bytes.empty()) WriteOutput(bytes);
}

}  // namespace pygrpc::cli
