// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// The requests of a call, one after the other, from arguments, files and standard input.

#ifndef PYGRPC_CLI_REQUESTS_H_
#define PYGRPC_CLI_REQUESTS_H_

#include <atomic>
#include <string>
#include <vector>

#include "json_text.h"

namespace pygrpc::cli {

// An input that is read as it arrives; another thread may end that.
class Input {
 public:
  Input();
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  // Adds the next piece of what the descriptor gives. False at its end, or when this was stopped.
  // Throws CommandError, which names the source: "-" or "@FILE".
  bool Read(int fd, const std::string& source, std::string* piece);

  // Makes a Read() under way, and all that follow, give false. Any thread.
  void Stop();
  // Whether that is why Read() gave false.
  bool stopped() const { return stopped_; }

 private:
  int stop_ = -1;
  std::atomic<bool> stopped_ = false;
};

// All that an argument stands for: itself, or with @FILE or - what is in the file or on standard
// input. Throws CommandError.
std::string ContentsOf(const std::string& argument);

class Requests {
 public:
  // JSON texts, @FILE, - for standard input; or fields of one message. Throws UsageError.
  explicit Requests(const std::vector<std::string>& arguments);
  ~Requests();
  Requests(const Requests&) = delete;
  Requests& operator=(const Requests&) = delete;

  // The JSON text of the next request, as soon as it is complete; not checked. False if there is
  // none. Throws CommandError.
  bool Next(std::string* request);

  // The one request that there is. Throws UsageError if there is none, or another one.
  std::string Only();

  // Makes Next() give false, also where it waits. Any thread.
  void Stop() { input_.Stop(); }

  // Whether somebody types them.
  bool FromTerminal() const;

 private:
  // Turns to the next source. False if there is none.
  bool Advance();
  void CloseFile();

  Input input_;
  std::vector<std::string> sources_;
  size_t next_ = 0;
  bool open_ = false;
  int fd_ = -1;  // of the source; -1 for text, which the splitter has already
  JsonSplitter splitter_;
};

}  // namespace pygrpc::cli

#endif  // PYGRPC_CLI_REQUESTS_H_
