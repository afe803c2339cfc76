// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "base/error.h"
#include "base/text.h"

namespace pygrpc {
namespace {

constexpr size_t kLongestValue = 4096;

const char* LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kOff:
      return "off";
    case LogLevel::kError:
      return "error";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kDebug:
      return "debug";
  }
  return "";
}

// RFC 3339, in UTC, to the microsecond.
std::string TimeNow() {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts = {};
  gmtime_r(&now.tv_sec, &parts);
  char date[32];
  char text[64];
  std::strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text, sizeof(text), "%s.%06ldZ", date, now.tv_nsec / 1000);
  return text;
}

bool IsPlain(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    return c > ' ' && c < 0x7F && c != '"' && c != '=' && c != '\\';
  });
}

}  // namespace

bool ParseLogLevel(std::string_view text, LogLevel* level) {
  for (LogLevel known : {LogLevel::kOff, LogLevel::kError, LogLevel::kInfo, LogLevel::kDebug}) {
    if (text == LevelName(known)) {
      *level = known;
      return true;
    }
  }
  return false;
}

LogSettings ParseLogSettings(std::string_view text, const std::string& source) {
  LogSettings settings;
  size_t colon = text.find(':');
  if (!ParseLogLevel(text.substr(0, colon), &settings.level)) {
    throw Error(Code::kOption, source +
                                   " takes \"off\", \"error\", \"info\" or \"debug\", and after a "
                                   "colon the path of a file, not " +
                                   Quote(text, kLongestValue));
  }
  if (colon != std::string_view::npos) settings.file = text.substr(colon + 1);
  return settings;
}

std::shared_ptr<const Log> Log::Open(const LogSettings& settings, const std::string& source) {
  if (settings.level == LogLevel::kOff) return nullptr;
  int fd = STDERR_FILENO;
  if (!settings.file.empty()) {
    fd = open(settings.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
      throw Error(Code::kOption, source + ": cannot write to the file " +
                                     Quote(settings.file, kLongestValue) + ": " +
                                     std::strerror(errno));
    }
  }
  return std::make_shared<const Log>(settings.level, fd);
}

Log::~Log() {
  if (fd_ != STDERR_FILENO) close(fd_);
}

void Log::Write(std::string_view line) const noexcept {
  while (!line.empty()) {
    ssize_t written = write(fd_, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    line.remove_prefix(static_cast<size_t>(written));
  }
}

LogLine::LogLine(const Log* log, LogLevel level, const char* event)
    : log_(log != nullptr && log->Takes(level) ? log : nullptr) {
  if (!wanted()) return;
  Add("time", TimeNow());
  Add("level", LevelName(level));
  Add("event", event);
}

LogLine::~LogLine() {
  if (!wanted()) return;
  line_.back() = '\n';
  log_->Write(line_);
}

LogLine& LogLine::Add(const char* key, std::string_view value) {
  if (!wanted() || value.empty()) return *this;
  line_ += key;
  line_ += '=';
  if (IsPlain(value)) {
    line_ += value.substr(0, kLongestValue);
  } else {
    line_ += Quote(value, kLongestValue);
  }
  line_ += ' ';
  return *this;
}

LogLine& LogLine::Add(const char* key, uint64_t value) {
  return wanted() ? Add(key, std::to_string(value)) : *this;
}

LogLine& LogLine::AddDuration(const char* key, int64_t nanoseconds) {
  if (!wanted()) return *this;
  int64_t microseconds = (nanoseconds + 500) / 1000;
  char text[32];
  std::snprintf(text, sizeof(text), "%lld.%03lld", static_cast<long long>(microseconds / 1000),
                static_cast<long long>(microseconds % 1000));
  return Add(key, text);
}

}  // namespace pygrpc
