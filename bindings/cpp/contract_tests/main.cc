// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Runs the scenarios and the tests of the contract, and prints TAP.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "contract.h"

namespace contract {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
  return value;
}

void Expect(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error(what);
}

pygrpc::Client Connect(const Json& options) {
  pygrpc::Client client(Environment("PYGRPC_TEST_TARGET"), options);
  for (const char* file : {"helloworld.proto", "route_guide.proto", "pygrpc_test/test.proto",
                           "pygrpc_test/proto2.proto"}) {
    client.load(file);
  }
  return client;
}

std::string NewTag() {
  static int count = 0;
  return "cpp-" + std::to_string(getpid()) + "-" + std::to_string(++count);
}

void ExpectStarted(pygrpc::Client& client, const std::string& tag, int calls) {
  Json request = {{"tag", tag}, {"waitForStarted", calls}, {"waitAtMost", "60s"}};
  Json counts = client.unary_unary("GetCallCounts", request, R"({"timeout":90})").as<Json>();
  Expect(counts.value("started", "0") == std::to_string(calls), "the server saw " + counts.dump());
}

void ExpectCancelled(pygrpc::Client& client, const std::string& tag) {
  Json request = {{"tag", tag}, {"waitForCancelled", "1"}, {"waitAtMost", "60s"}};
  Json counts = client.unary_unary("GetCallCounts", request, R"({"timeout":90})").as<Json>();
  Expect(counts.value("cancelled", "0") == "1", "the server saw " + counts.dump());
}

namespace {

int Main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--child") return RunChild(argv[2]);
  std::vector<Test> tests = Scenarios();
  std::vector<Test> others = ContractTests();
  tests.insert(tests.end(), others.begin(), others.end());
  const std::vector<std::string> wanted(argv + 1, argv + argc);
  if (!wanted.empty()) {
    tests.erase(std::remove_if(tests.begin(), tests.end(),
                               [&](const Test& test) {
                                 return std::find(wanted.begin(), wanted.end(), test.name) ==
                                        wanted.end();
                               }),
                tests.end());
  }
  std::printf("1..%zu\n", tests.size());
  int number = 0;
  bool failed = false;
  for (const Test& test : tests) {
    ++number;
    try {
      test.run();
      std::printf("ok %d - %s\n", number, test.name.c_str());
    } catch (const Inapplicable& reason) {
      std::printf("ok %d - %s # SKIP %s\n", number, test.name.c_str(), reason.what());
    } catch (const std::exception& error) {
      failed = true;
      std::printf("not ok %d - %s\n# %s\n", number, test.name.c_str(), error.what());
    }
    std::fflush(stdout);
  }
  return failed ? 1 : 0;
}

}  // namespace
}  // namespace contract

int main(int argc, char** argv) { return contract::Main(argc, argv); }
