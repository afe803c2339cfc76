// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "output.h"
#include "watcher.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): unistd.h has it for GNU only

namespace pygrpc::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPatience(300);
constexpr std::chrono::milliseconds kFrame(100);

struct Spinner {
  std::mutex mutex;
  bool wanted = false;
  bool drawn = false;
  size_t frame = 0;
  Clock::time_point next;
  std::string what;
};

Spinner& TheSpinner() {
  // Leaked on purpose: the watcher's thread may outlive static destructors.
  static auto* spinner = new Spinner;
  return *spinner;
}

void WriteToTerminal(std::string_view text) {
  (void)!write(STDERR_FILENO, text.data(), text.size());
}

// Starts a pager with a pipe as its standard input. False if there is none.
bool StartPager(pid_t* pid, int* input) {
  const char* pager = std::getenv("PAGER");
  if (pager == nullptr || *pager == '\0') pager = "less";
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
  // This process blocks and ignores signals that the pager is to have.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  sigset_t broken_pipe = none;
  sigaddset(&broken_pipe, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &broken_pipe);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  // As git does: colours as they are, no pager for what fits, the screen left as it is.
  setenv("LESS", "FRX", 0);
  std::array<const char*, 4> arguments = {"sh", "-c", pager, nullptr};
  int failure = posix_spawn(pid, "/bin/sh", &actions, &attributes,
                            const_cast<char* const*>(arguments.data()), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[0]);
  if (failure != 0) {
    close(ends[1]);
    return false;
  }
  *input = ends[1];
  return true;
}

// Writes what the pager takes; it may be left, or SIGTERM come, before the end.
void WriteToPager(int input, std::string_view text, const Paging& paging) {
  if (fcntl(input, F_SETFL, O_NONBLOCK) != 0) return;
  std::array<pollfd, 2> fds = {pollfd{input, POLLOUT, 0}, pollfd{paging.terminated(), POLLIN, 0}};
  while (!text.empty()) {
    if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
    if (fds[1].revents != 0) return;
    ssize_t written = write(input, text.data(), text.size());
    if (written < 0 && errno != EAGAIN && errno != EINTR) return;
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
}

// Has a pager show it, and waits for its end. False if there is none.
bool ShowInPager(std::string_view text) {
  Paging paging;
  pid_t pid = 0;
  int input = -1;
  if (!StartPager(&pid, &input)) return false;
  WriteToPager(input, text, paging);
  close(input);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  // One that Ctrl-C ends was all that there was to end.
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) DieOf(SIGINT);
  // The shell has no such program, and has said so.
  constexpr int kNotFound = 127;
  return !WIFEXITED(status) || WEXITSTATUS(status) != kNotFound;
}

bool IsLong(std::string_view text) {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return false;
  return std::count(text.begin(), text.end(), '\n') >= size.ws_row;
}

}  // namespace

bool IsTerminal(int fd) { return isatty(fd) == 1; }

bool UnderstandsEscapes() {
  const char* terminal = std::getenv("TERM");
  return terminal != nullptr && std::string_view(terminal) != "dumb";
}

std::string Printable(std::string_view text) {
  std::string printable;
  for (size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters, too: C2 80 to C2 9F.
    bool c1 = byte == 0xc2 && i + 1 < text.size() &&
              (static_cast<unsigned char>(text[i + 1]) & 0xe0U) == 0x80;
    if (c1) byte = static_cast<unsigned char>(text[++i]);
    if (c1 || byte == 0x7f || (byte < 0x20 && byte != '\n' && byte != '\t')) {
      std::array<char, 5> escaped{};
      (void)std::snprintf(escaped.data(), escaped.size(), "\\x%02x", byte);
      printable += escaped.data();
    } else {
      printable += text[i];
    }
  }
  return printable;
}

void ShowSpinner(const std::string& what) {
  if (!IsTerminal(STDERR_FILENO) || !UnderstandsEscapes()) return;
  Spinner& spinner = TheSpinner();
  {
    std::lock_guard<std::mutex> lock(spinner.mutex);
    if (!spinner.wanted) spinner.next = Clock::now() + kPatience;
    spinner.wanted = true;
    spinner.what = Printable(what);
  }
  WakeWatcher();
}

void HideSpinner() {
  Spinner& spinner = TheSpinner();
  std::lock_guard<std::mutex> lock(spinner.mutex);
  spinner.wanted = false;
  if (spinner.drawn) WriteToTerminal("\r\x1b[K");
  spinner.drawn = false;
}

int TickSpinner() {
  constexpr std::array<const char*, 4> kFrames = {"|", "/", "-", "\\"};
  Spinner& spinner = TheSpinner();
  std::lock_guard<std::mutex> lock(spinner.mutex);
  if (!spinner.wanted) return -1;
  Clock::time_point now = Clock::now();
  if (now >= spinner.next) {
    WriteToTerminal(std::string("\r") + kFrames[spinner.frame++ % kFrames.size()] + " " +
                    spinner.what + "\x1b[K");
    spinner.drawn = true;
    spinner.next = now + kFrame;
  }
  auto wait = std::chrono::ceil<std::chrono::milliseconds>(spinner.next - now);
  return static_cast<int>(wait.count());
}

void Page(std::string_view text) {
  HideSpinner();
  if (!IsLong(text) || !ShowInPager(text)) WriteOutput(text);
}

}  // namespace pygrpc::cli
