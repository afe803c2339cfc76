// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_BINDINGS_CPP_CONTRACT_H_
#define PYGRPC_BINDINGS_CPP_CONTRACT_H_

#include <functional>
#include <nlohmann/json.hpp>
#include <pygrpc.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace contract {

using Json = nlohmann::json;

// A test that does not apply, and why.
class Inapplicable : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Test {
  std::string name;
  std::function<void()> run;  // throws if it fails
};

std::vector<Test> Scenarios();      // of scenarios.json
std::vector<Test> ContractTests();  // of contract.json

// What a program of its own does, by the name after --child; returns its exit code.
int RunChild(const std::string& name);

// The environment's value; throws if there is none.
std::string Environment(const char* name);
void Expect(bool condition, const std::string& what);

// A client of the test server that has loaded what the scenarios need.
pygrpc::Client Connect(const Json& options = Json::object());
// A text for x-call-tag, each time another.
std::string NewTag();
// Until the server has seen so many calls with the tag.
void ExpectStarted(pygrpc::Client& client, const std::string& tag, int calls);
// Until the server has seen the call with the tag cancelled.
void ExpectCancelled(pygrpc::Client& client, const std::string& tag);

}  // namespace contract

#endif  // PYGRPC_BINDINGS_CPP_CONTRACT_H_
