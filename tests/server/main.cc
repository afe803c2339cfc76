// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "greeter_service.h"
#include "options.h"
#include "reflection_faults.h"
#include "reflection_service.h"
#include "route_guide_service.h"
#include "scale_service.h"
#include "small_services.h"
#include "test_service.h"

namespace pygrpc::testserver {
namespace {

// Calls that are still open this long after the signal are cancelled. Together with what the
// handlers need to notice it, that keeps the exit within a second.
constexpr std::chrono::milliseconds kShutdownGrace(200);

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw std::runtime_error("cannot read " + path);
  return text.str();
}

std::shared_ptr<grpc::ServerCredentials> MakeCredentials(const Options& options) {
  if (options.tls_cert.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions tls(
      options.tls_client_ca.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                    : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  tls.pem_key_cert_pairs.push_back({ReadFile(options.tls_key), ReadFile(options.tls_cert)});
  if (!options.tls_client_ca.empty()) tls.pem_root_certs = ReadFile(options.tls_client_ca);
  return grpc::SslServerCredentials(tls);
}

std::string TcpAddress(const Options& options) {
  const bool ipv6 = options.bind.find(':') != std::string::npos;
  const std::string host = ipv6 ? "[" + options.bind + "]" : options.bind;
  return host + ":" + std::to_string(options.port);
}

// Blocks the stop signals before gRPC starts its threads, which inherit the mask, and returns a
// descriptor that becomes readable when one arrives.
int OpenStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const int fd = signalfd(-1, &signals, SFD_CLOEXEC);
  if (fd < 0) throw std::runtime_error(std::string("signalfd: ") + std::strerror(errno));
  return fd;
}

// "serving SERVICE" and "not_serving SERVICE" say what the health service tells of it.
void ObeyCommand(const std::string& line, grpc::HealthCheckServiceInterface* health) {
  const size_t space = line.find(' ');
  const std::string command = line.substr(0, space);
  if (health == nullptr || space == std::string::npos ||
      (command != "serving" && command != "not_serving")) {
    std::cerr << "pygrpc-test-server: cannot do '" << line << "'" << std::endl;
    return;
  }
  health->SetServingStatus(line.substr(space + 1), command == "serving");
}

// Returns when a stop signal arrives or, if watched, the standard input ends; until then its lines
// are commands.
void WaitForStop(int signal_fd, bool watch_stdin, grpc::HealthCheckServiceInterface* health) {
  std::string input;
  pollfd fds[] = {{signal_fd, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  for (;;) {
    if (poll(fds, watch_stdin ? 2 : 1, -1) < 0) {
      if (errno == EINTR) continue;
      throw std::runtime_error(std::string("poll: ") + std::strerror(errno));
    }
    if (fds[0].revents != 0) return;
    if (fds[1].revents == 0) continue;
    char bytes[256];
    const ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
    if (count <= 0) return;
    input.append(bytes, static_cast<size_t>(count));
    for (size_t end; (end = input.find('\n')) != std::string::npos; input.erase(0, end + 1)) {
      ObeyCommand(input.substr(0, end), health);
    }
  }
}

void Configure(const Options& options, grpc::ServerBuilder* builder) {
  // Two servers on one port would share its connections at random.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Tests ping more often than a server out there would put up with.
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  if (options.max_receive_size != -2) builder->SetMaxReceiveMessageSize(options.max_receive_size);
}

// The services that reflection lists. The health service is left out, as grpc++ has it built in
// without a descriptor that reflection could answer with.
std::vector<std::string> ServiceNames(const Options& options) {
  std::vector<std::string> names = {
      helloworld::Greeter::service_full_name(), routeguide::RouteGuide::service_full_name(),
      test::Test::service_full_name(), test::Proto2Test::service_full_name(),
      NoPackage::service_full_name()};
  if (options.reflection_v1) {
    names.push_back(grpc::reflection::v1::ServerReflection::service_full_name());
  }
  if (options.reflection_v1alpha) {
    names.push_back(grpc::reflection::v1alpha::ServerReflection::service_full_name());
  }
  return names;
}

int Run(const Options& options) {
  if (options.die_with_parent) {
    const pid_t parent = getppid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) return 1;  // it ended before the kernel watched it
  }
  const int stop_signals = OpenStopSignals();

  grpc::EnableDefaultHealthCheckService(options.health);
  GreeterService greeter;
  RouteGuideService route_guide;
  TestService test_service;
  Proto2Service proto2;
  NoPackageService no_package;
  ScaleService scale(options.fail_status);
  const Reflection reflection(ServiceNames(options), options.reflection_with_imports);
  const ReflectionFaults faults(reflection, options.reflection_fault, options.reflection_metadata);
  ReflectionV1Service reflection_v1(faults);
  ReflectionV1AlphaService reflection_v1alpha(faults);

  grpc::ServerBuilder builder;
  Configure(options, &builder);
  const auto credentials = MakeCredentials(options);
  int port = 0;
  if (options.listen_tcp) builder.AddListeningPort(TcpAddress(options), credentials, &port);
  if (!options.unix_path.empty()) {
    const bool abstract = options.unix_path[0] == '@';
    builder.AddListeningPort(
        abstract ? "unix-abstract:" + options.unix_path.substr(1) : "unix:" + options.unix_path,
        credentials);
  }
  builder.RegisterService(&greeter);
  builder.RegisterService(&route_guide);
  builder.RegisterService(&test_service);
  builder.RegisterService(&proto2);
  builder.RegisterService(&no_package);
  builder.RegisterService(&scale);
  if (options.reflection_v1) builder.RegisterService(&reflection_v1);
  if (options.reflection_v1alpha) builder.RegisterService(&reflection_v1alpha);

  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    throw std::runtime_error("cannot listen on " + (options.listen_tcp ? TcpAddress(options) : "") +
                             (options.unix_path.empty() ? "" : " unix:" + options.unix_path));
  }
  grpc::HealthCheckServiceInterface* health = server->GetHealthCheckService();
  for (const std::string& name : ServiceNames(options)) {
    if (health != nullptr) health->SetServingStatus(name, true);
  }
  std::cout << port << std::endl;

  WaitForStop(stop_signals, options.exit_on_stdin_eof, health);
  server->Shutdown(std::chrono::system_clock::now() + kShutdownGrace);
  return 0;
}

}  // namespace
}  // namespace pygrpc::testserver

int main(int argc, char** argv) {
  using pygrpc::testserver::kUsage;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--help") == 0) {
      std::fputs(kUsage, stdout);
      return 0;
    }
  }
  try {
    return pygrpc::testserver::Run(pygrpc::testserver::ParseOptions(argc, argv));
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "pygrpc-test-server: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pygrpc-test-server: %s\n", error.what());
    return 1;
  }
}
