// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Runs bindings/scenarios.json; bindings/README.md says what its keys mean.

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <memory>
#include <optional>

#include "contract.h"

namespace contract {
namespace {

// What an action has come to.
struct Outcome {
  std::vector<Json> responses;
  Json headers = nullptr;
  Json trailers = nullptr;
  std::shared_ptr<pygrpc::Error> error;
  double milliseconds = 0;
};

std::string DecodeBase64(const std::string& text) {
  static const std::string kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (char digit : text) {
    if (digit == '=') break;
    bits = bits << 6 | static_cast<uint32_t>(kDigits.find(digit));
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xFF);
    }
  }
  return bytes;
}

std::string Repeated(const Json& content) {
  std::string text;
  for (int i = 0; i < content[1].get<int>(); ++i) text += content[0].get<std::string>();
  return text;
}

// A value of the file as C++ has it, where that is JSON: bytes are base64 there, and floats that
// JSON lacks are their names. An integer of the file is a number, however large.
Json Native(const Json& value) {
  if (value.is_array()) {
    Json list = Json::array();
    for (const Json& each : value) list.push_back(Native(each));
    return list;
  }
  if (!value.is_object()) return value;
  if (value.size() == 1) {
    const std::string key = value.begin().key();
    const Json& content = value.begin().value();
    if (key == "$bytes") return content;
    if (key == "$int") return Json::parse(content.get<std::string>());
    if (key == "$float") return content == "-0.0" ? Json(-0.0) : content;
    if (key == "$repeat") return Repeated(content);
  }
  Json object = Json::object();
  for (const auto& [key, each] : value.items()) object[key] = Native(each);
  return object;
}

bool MatchesSpecial(const std::string& key, const Json& content, const Json* found) {
  if (key == "$absent") return found == nullptr;
  if (found == nullptr) return false;
  if (key == "$any") return true;
  if (key == "$bytes") {
    return *found == content || *found == Json(DecodeBase64(content.get<std::string>()));
  }
  if (key == "$int") {
    return found->is_string() ? *found == content
                              : found->is_number_integer() && found->dump() == content;
  }
  if (key == "$float") {
    if (*found == content) return true;
    double number = std::strtod(content.get<std::string>().c_str(), nullptr);
    return found->is_number() && found->get<double>() == number &&
           std::signbit(found->get<double>()) == std::signbit(number);
  }
  return key == "$repeat" && *found == Json(Repeated(content));
}

bool Matches(const Json& expected, const Json* found) {
  if (expected.is_object()) {
    if (expected.size() == 1 && expected.begin().key()[0] == '$') {
      return MatchesSpecial(expected.begin().key(), expected.begin().value(), found);
    }
    if (found == nullptr || !found->is_object()) return false;
    for (const auto& [key, each] : expected.items()) {
      if (!Matches(each, found->contains(key) ? &(*found)[key] : nullptr)) return false;
    }
    return true;
  }
  if (found == nullptr) return false;
  if (expected.is_array()) {
    if (!found->is_array() || found->size() != expected.size()) return false;
    for (size_t i = 0; i < expected.size(); ++i) {
      if (!Matches(expected[i], &(*found)[i])) return false;
    }
    return true;
  }
  if (expected.is_number() && found->is_string()) {
    const std::string text = found->get<std::string>();
    return !text.empty() && std::strtod(text.c_str(), nullptr) == expected.get<double>();
  }
  return *found == expected;
}

void Compare(const std::string& what, const Json& expected, const Json* found) {
  if (Matches(expected, found)) return;
  throw std::runtime_error(what + ": expected " + expected.dump() + ", found " +
                           (found == nullptr ? "nothing" : found->dump()));
}

void Load(pygrpc::Client& client, const Json& source, const Json& options) {
  if (source.is_string()) {
    client.load(source.get<std::string>(), options);
  } else if (source.contains("proto")) {
    client.load_proto(source["proto"], source["text"].get<std::string>());
  } else {
    client.load_descriptor_set(DecodeBase64(source["descriptor_set"]["$bytes"]));
  }
}

// The requests of a scenario, lazily: some repeat the last for ever.
class Requests {
 public:
  // `bytes`: they go out as they are.
  Requests(const Json& scenario, bool bytes) {
    for (const Json& each : scenario["requests"]) {
      texts_.push_back(bytes ? DecodeBase64(each["$bytes"]) : Native(each).dump());
    }
    if (scenario.value("repeat_last", false)) limit_ = std::numeric_limits<size_t>::max();
    if (limit_ == 0) limit_ = texts_.size();
  }
  class Iterator {
   public:
    Iterator(const Requests* requests, size_t at) : requests_(requests), at_(at) {}
    const std::string& operator*() const {
      return requests_->texts_[std::min(at_, requests_->texts_.size() - 1)];
    }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    const Requests* requests_;
    size_t at_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, limit_}; }

 private:
  std::vector<std::string> texts_;
  size_t limit_ = 0;
};

class Runner {
 public:
  Runner() : default_(Connect()) {}

  void Run(const Json& scenario) {
    const Json& wanted = scenario["expect"];
    Json options = Native(scenario.value("options", Json::object()));
    std::string tag;
    if (wanted.value("cancelled", false)) {
      tag = NewTag();
      options["metadata"]["x-call-tag"] = tag;
    }
    Outcome outcome;
    auto began = std::chrono::steady_clock::now();
    Try([&] { Act(scenario, options, &outcome); }, &outcome);
    outcome.milliseconds =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
    Check(wanted, outcome);
    if (!tag.empty()) ExpectCancelled(default_, tag);
  }

 private:
  // Keeps an error as what it is.
  template <typename Body>
  static void Try(const Body& body, Outcome* outcome) {
    try {
      body();
    } catch (const pygrpc::RpcError& error) {
      outcome->error = std::make_shared<pygrpc::RpcError>(error);
    } catch (const pygrpc::Error& error) {
      outcome->error = std::make_shared<pygrpc::Error>(error);
    }
  }

  void Act(const Json& scenario, const Json& options, Outcome* outcome) {
    if (!scenario.contains("client") && !scenario.contains("target") &&
        !scenario.contains("load")) {
      ActOn(default_, scenario, options, outcome);
      return;
    }
    Json client_options = Native(scenario.value("client", Json::object()));
    bool none = scenario.contains("target") && scenario["target"].is_null();
    std::string target = none ? "" : scenario.value("target", Environment("PYGRPC_TEST_TARGET"));
    pygrpc::Client client = none ? pygrpc::Client::WithoutTarget(client_options)
                                 : pygrpc::Client(target, client_options);
    auto close_first = [&] {
      if (!scenario.value("close_first", false)) return;
      client.close();
      client.close();
    };
    const std::string action = scenario["action"];
    if (action == "new_client") return;
    bool loads = action == "load";
    if (loads) close_first();
    if (scenario.contains("load")) {
      for (const Json& source : scenario["load"]) {
        Load(client, source, loads ? options : Json::object());
      }
    } else {
      client.load(default_);
    }
    if (loads) return;
    close_first();
    ActOn(client, scenario, options, outcome);
  }

  void ActOn(pygrpc::Client& client, const Json& scenario, const Json& options, Outcome* outcome) {
    const std::string action = scenario["action"];
    const std::string method = scenario["method"];
    const bool bytes =
        action == "binary_to_json" || options.value("codec", "json") == "binary" ||
        Native(scenario.value("client", Json::object())).value("codec", "json") == "binary";
    const Json given = scenario.value("request", Json());
    const std::string request =
        bytes && given.is_object() ? DecodeBase64(given["$bytes"]) : Native(given).dump();
    std::optional<Requests> requests;
    if (scenario.contains("requests")) requests.emplace(scenario, bytes);
    auto keep = [&](const pygrpc::Message& message) {
      bool text = !bytes && action != "json_to_binary";
      outcome->responses.push_back(text || action == "binary_to_json" ? message.as<Json>()
                                                                      : Json(message.str()));
    };
    if (action == "json_to_binary") {
      keep(client.json_to_binary(method, request, options));
    } else if (action == "binary_to_json") {
      keep(client.binary_to_json(method, request, options));
    } else if (action == "cardinality") {
      static const char* const kNames[] = {"ANY", "UNARY_UNARY", "UNARY_STREAM", "STREAM_UNARY",
                                           "STREAM_STREAM"};
      outcome->responses.push_back(kNames[static_cast<int>(client.cardinality(method))]);
    } else if (action == "unary_unary") {
      keep(client.unary_unary(method, request, options));
    } else if (action == "stream_unary") {
      keep(client.stream_unary(method, *requests, options));
    } else if (action == "conversation") {
      Converse(client.open(method, pygrpc::Cardinality::kStreamStream, nullptr, options), *requests,
               keep);
    } else {
      pygrpc::Call call = action == "unary_stream" ? client.unary_stream(method, request, options)
                          : action == "stream_stream"
                              ? client.stream_stream(method, *requests, options)
                          : requests.has_value() ? client.request_from(method, *requests, options)
                                                 : client.request(method, request, options);
      bool whole = action == "call";
      bool cancel_at_once = scenario.value("cancel_after", -1) == 0;
      if (whole && !cancel_at_once) outcome->headers = call.headers().as<Json>();
      if (cancel_at_once) call.cancel();
      int count = 0;
      for (const pygrpc::Message& response : call) {
        keep(response);
        ++count;
        if (count == scenario.value("leave_after", -1)) break;
        if (count == scenario.value("cancel_after", -1)) call.cancel();
      }
      if (whole) outcome->trailers = call.trailers().as<Json>();
    }
  }

  template <typename Keep>
  static void Converse(pygrpc::Call call, const Requests& requests, const Keep& keep) {
    for (const std::string& request : requests) {
      call.write(request);
      std::optional<pygrpc::Message> response = call.next();
      if (response.has_value()) keep(*response);
    }
    call.half_close();
    for (const pygrpc::Message& response : call) keep(response);
  }

  static void Check(const Json& wanted, const Outcome& outcome) {
    if (!wanted.contains("error") && outcome.error != nullptr) {
      throw std::runtime_error(outcome.error->what());
    }
    Json info = outcome.error == nullptr ? Json() : Json::parse(outcome.error->json());
    auto part = [&](const char* key) {
      return info.is_object() && info.contains(key) ? &info[key] : nullptr;
    };
    auto* rpc_error = dynamic_cast<pygrpc::RpcError*>(outcome.error.get());
    const Json responses = outcome.responses;
    const Json count = outcome.responses.size();
    const Json error = outcome.error == nullptr ? Json() : Json(outcome.error->name());
    const Json status = rpc_error == nullptr ? Json() : Json(rpc_error->status_name());
    for (const auto& [key, value] : wanted.items()) {
      if (key == "cancelled") continue;
      if (key == "message") {
        for (const Json& text : value) {
          const std::string message = outcome.error == nullptr ? "" : outcome.error->what();
          Expect(message.find(text.get<std::string>()) != std::string::npos,
                 text.dump() + " is not in the message: " + message);
        }
      } else if (key == "at_least_ms" || key == "at_most_ms") {
        bool fits = key == "at_least_ms" ? outcome.milliseconds >= value.get<double>()
                                         : outcome.milliseconds <= value.get<double>();
        Expect(fits,
               key + " " + value.dump() + ", but it took " + std::to_string(outcome.milliseconds));
      } else {
        const Json* found = key == "response"         ? count == 1 ? &responses[0] : nullptr
                            : key == "responses"      ? &responses
                            : key == "count"          ? &count
                            : key == "headers"        ? &outcome.headers
                            : key == "trailers"       ? &outcome.trailers
                            : key == "error"          ? &error
                            : key == "status"         ? &status
                            : key == "status_message" ? part("statusMessage")
                            : key == "details"        ? part("details")
                            : key == "error_trailers" ? part("trailers")
                            : key == "info"           ? &info
                                                      : nullptr;
        Compare(key, value, found);
      }
    }
  }

  pygrpc::Client default_;
};

}  // namespace

std::vector<Test> Scenarios() {
  std::ifstream file(Environment("PYGRPC_SCENARIOS"));
  const Json scenarios = Json::parse(file);
  auto runner = std::make_shared<std::unique_ptr<Runner>>();
  std::vector<Test> tests;
  for (const Json& scenario : scenarios) {
    tests.push_back({scenario["name"], [runner, scenario] {
                       if (*runner == nullptr) *runner = std::make_unique<Runner>();
                       (*runner)->Run(scenario);
                     }});
  }
  return tests;
}

}  // namespace contract
