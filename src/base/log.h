// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_BASE_LOG_H_
#define PYGRPC_BASE_LOG_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace pygrpc {

// Each level has the lines of those before it.
enum class LogLevel { kOff, kError, kInfo, kDebug };

// What somebody asked for: how much, and where it goes.
struct LogSettings {
  LogLevel level = LogLevel::kOff;
  std::string file;  // empty: stderr
};

// Reads "info", or "info:/path/of/file". `source` names the text in an error. Throws
// Error(kOption).
LogSettings ParseLogSettings(std::string_view text, const std::string& source);

// "off", "error", "info" or "debug"; false for any other text.
bool ParseLogLevel(std::string_view text, LogLevel* level);

// Where lines go: stderr, or a file that they are added to. Thread-safe: each line is one write,
// also beside other processes. That a line cannot be written is no failure of what it tells of.
class Log {
 public:
  // nullptr where nothing is to be logged. Throws Error(kOption), which names `source`, if the file
  // cannot be opened.
  static std::shared_ptr<const Log> Open(const LogSettings& settings, const std::string& source);
  Log(LogLevel level, int fd) : level_(level), fd_(fd) {}
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  bool Takes(LogLevel level) const { return level <= level_; }

 private:
  friend class LogLine;
  void Write(std::string_view line) const noexcept;

  const LogLevel level_;
  const int fd_;
};

// One line: the time, the level, the event, and what is added, as key=value; written when it is
// destroyed. Does nothing if the log is nullptr or does not take the level.
class LogLine {
 public:
  LogLine(const Log* log, LogLevel level, const char* event);
  ~LogLine();
  LogLine(const LogLine&) = delete;
  LogLine& operator=(const LogLine&) = delete;

  bool wanted() const { return log_ != nullptr; }
  // Empty texts are left out; texts with spaces and the like are quoted.
  LogLine& Add(const char* key, std::string_view value);
  LogLine& Add(const char* key, uint64_t value);
  // As milliseconds.
  LogLine& AddDuration(const char* key, int64_t nanoseconds);

 private:
  const Log* const log_;
  std::string line_;
};

}  // namespace pygrpc

#endif  // PYGRPC_BASE_LOG_H_
