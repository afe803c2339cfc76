// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_BENCH_SERVER_PROCESS_H_
#define PYGRPC_BENCH_SERVER_PROCESS_H_

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace pygrpc::bench {

// The test server as a process of its own, on a free port; stopped when this is destroyed, or when
// the benchmark dies. Start it before anything of gRPC.
class ServerProcess {
 public:
  // `program` is the benchmark's own path, beside which the build puts the server, unless
  // PYGRPC_TEST_SERVER says where it is.
  explicit ServerProcess(const std::string& program) {
    const char* given = std::getenv("PYGRPC_TEST_SERVER");
    std::string folder = program.substr(0, program.rfind('/') + 1);
    std::string path = given != nullptr ? given : folder + "../tests/server/pygrpc-test-server";
    int out[2];
    if (pipe(out) != 0) Fail("cannot make a pipe");
    process_ = fork();
    if (process_ < 0) Fail("cannot fork");
    if (process_ == 0) {
      dup2(out[1], STDOUT_FILENO);
      close(out[0]);
      close(out[1]);
      execl(path.c_str(), path.c_str(), "--port", "0", "--die-with-parent",
            static_cast<char*>(nullptr));
      _exit(127);
    }
    close(out[1]);
    std::FILE* lines = fdopen(out[0], "r");
    if (std::fscanf(lines, "%d", &port_) != 1) Fail("cannot start " + path);
    std::fclose(lines);
  }
  ~ServerProcess() {
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  std::string target() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  [[noreturn]] static void Fail(const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::exit(1);
  }

  pid_t process_ = -1;
  int port_ = 0;
};

}  // namespace pygrpc::bench

#endif  // PYGRPC_BENCH_SERVER_PROCESS_H_
