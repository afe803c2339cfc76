// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// The pygrpc command: gRPC from a shell, written on pygrpc.h alone.

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <string_view>

#include "arguments.h"
#include "completion.h"
#include "errors.h"
#include "manual.h"
#include "output.h"
#include "terminal.h"
#include "watcher.h"

namespace {

using namespace pygrpc::cli;  // NOLINT(google-build-using-namespace): this is its main()

// A descriptor that is closed here would be given to the next connection, which would then get what
// is printed. Reading from the ones that take their place gives nothing, writing to 1 fails.
void OpenStandardDescriptors() {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) < 0) (void)!open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
}

// Before the constructors of libraries run, too: one of gRPC's opens a descriptor, which would be a
// standard one if that is closed, and leaves it open.
__attribute__((section(".preinit_array"), used)) void (*const kFirst)() = OpenStandardDescriptors;

int Run(int argc, char** argv) {
  if (argc > 1 && argv[1] == std::string_view("__complete")) {
    return Complete({argv + 2, argv + argc});
  }
  if (argc > 1 && argv[1] == std::string_view("__manual")) {
    WriteOutput(ManualPage());
    return kSuccess;
  }
  Parsed parsed = ParseArguments(argc, argv);
  if (parsed.command == nullptr) {
    WriteOutput(parsed.text);
    return kSuccess;
  }
  StartWatcher();
  return parsed.command->run(parsed.settings);
}

int RunAndReport(int argc, char** argv) {
  try {
    return Run(argc, argv);
  } catch (const UsageError& error) {
    Report(std::string(error.what()) + "; pygrpc --help, and pygrpc COMMAND --help, tell more");
    return kUsage;
  } catch (const LibraryError& error) {
    Report(error);
    return ExitStatusOf(error);
  } catch (const BrokenPipe&) {
    return kFailure;  // whoever closed it knows
  } catch (const std::exception& error) {
    Report(error.what());
    return kFailure;
  }
}

}  // namespace

int main(int argc, char** argv) {
#ifdef M_ARENA_MAX
  // Each of gRPC's seven threads would make a heap of its own, for a few allocations.
  mallopt(M_ARENA_MAX, 1);
#endif
  std::signal(SIGPIPE, SIG_IGN);
  int status = RunAndReport(argc, argv);
  HideSpinner();
  StopWatcher();
  return status;
}
