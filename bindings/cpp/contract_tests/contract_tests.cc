// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// The tests of bindings/contract.json, by the names it has.

#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "contract.h"

namespace contract {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

double Since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// The first of ten attempts, which give seconds, that stays below the limit: the machine may be
// busy.
void FastEnough(double limit, const std::function<double()>& attempt) {
  double best = std::numeric_limits<double>::max();
  for (int i = 0; i < 10 && best >= limit; ++i) best = std::min(best, attempt());
  Expect(best < limit,
         "it took " + std::to_string(best) + " s, more than " + std::to_string(limit));
}

std::string ReadAll(std::istream& in) {
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  Expect(file.is_open(), "cannot read " + path);
  return ReadAll(file);
}

int64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  int64_t total = 0;
  int64_t resident = 0;
  file >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

int CountEntries(const char* folder) {
  std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder), &closedir);
  int count = 0;
  while (dir != nullptr && readdir(dir.get()) != nullptr) ++count;
  return count;
}

// What a shell command prints on both of its outputs; its exit code behind it.
std::pair<std::string, int> Shell(const std::string& command) {
  std::FILE* pipe = popen(("(" + command + ") 2>&1").c_str(), "r");
  std::string output;
  char chunk[4096];
  size_t count = 0;
  while ((count = std::fread(chunk, 1, sizeof(chunk), pipe)) > 0) output.append(chunk, count);
  int status = pclose(pipe);
  return {output, WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

std::string Quoted(const std::string& text) { return "'" + text + "'"; }

// This program again, as a child that does one thing.
std::string OwnPath() {
  char path[4096];
  ssize_t size = readlink("/proc/self/exe", path, sizeof(path));
  return std::string(path, static_cast<size_t>(std::max<ssize_t>(size, 0)));
}

std::string ChildPrints(const std::string& name, const std::string& environment = "") {
  auto [printed, code] =
      Shell(environment + " timeout 240 " + Quoted(OwnPath()) + " --child " + name);
  Expect(code == 0, name + " ended with " + std::to_string(code) + ": " + printed);
  return printed;
}

void ExpectChild(const std::string& name, const std::string& environment = "") {
  const std::string printed = ChildPrints(name, environment);
  Expect(printed.empty(), name + " printed " + printed);
}

// What a body throws, which has to be of a class.
template <typename Expected, typename Body>
std::string Thrown(const Body& body) {
  try {
    body();
  } catch (const Expected& error) {
    return error.what();
  } catch (const std::exception& error) {
    throw std::runtime_error(std::string("another class of error: ") + error.what());
  }
  throw std::runtime_error("nothing was thrown");
}

void ExpectPart(const std::string& text, const std::string& part) {
  Expect(text.find(part) != std::string::npos, part + " is not in: " + text);
}

std::string Megabyte() { return R"({"body":")" + std::string(1000000, 'a') + R"("})"; }

// Requests without end; counts those that were taken.
class Endless {
 public:
  Endless(std::string text, std::shared_ptr<std::atomic<int>> taken)
      : text_(std::move(text)), taken_(std::move(taken)) {}
  struct End {};
  class Iterator {
   public:
    explicit Iterator(const Endless* requests) : requests_(requests) {}
    const std::string& operator*() const {
      ++*requests_->taken_;
      return requests_->text_;
    }
    Iterator& operator++() { return *this; }
    bool operator==(const Iterator& other) const { return requests_ == other.requests_; }
    bool operator!=(const Iterator& other) const { return requests_ != other.requests_; }

   private:
    const Endless* requests_;
  };
  Iterator begin() const { return Iterator(this); }
  Iterator end() const { return Iterator(nullptr); }

 private:
  std::string text_;
  std::shared_ptr<std::atomic<int>> taken_;
};

// ---- 2, 3: the library

void LibraryTooOld() {
  ExpectChild("too_old", "LD_PRELOAD=" + Quoted(Environment("PYGRPC_OLD_LIBRARY")));
}

void LibraryLoadedLocally() {
  Connect().unary_unary("SayHello", R"({"name":"you"})");
  std::istringstream maps(ReadFile("/proc/self/maps"));
  std::set<std::string> libraries;
  for (std::string line; std::getline(maps, line);) {
    size_t at = line.find('/');
    if (line.find("libpygrpc") != std::string::npos) libraries.insert(line.substr(at));
  }
  Expect(libraries.size() == 1, std::to_string(libraries.size()) + " libraries are mapped");
}

// ---- 6, 17, 18: values

void WrongNativeValue() {
  pygrpc::Client client = Connect();
  auto echo = [&](const Json& message) {
    return Thrown<pygrpc::JsonError>([&] { client.unary_unary("Echo", message); });
  };
  ExpectPart(echo({{"repeatedString", {"a", 1}}}), "$.repeatedString[1]");
  ExpectPart(echo({{"int32Value", std::nan("")}}), "$.int32Value");
  ExpectPart(echo({{"repeatedInt32", {1, 1.5}}}), "$.repeatedInt32[1]");
  ExpectPart(echo({{"stringValue", Json::object()}}), "$.stringValue");
}

void NativeValues() {
  pygrpc::Client client = Connect();
  Json request = {{"int64Value", std::numeric_limits<int64_t>::min()},
                  {"uint64Value", std::numeric_limits<uint64_t>::max()},
                  {"optionalDouble", std::nan("")},
                  {"floatValue", -std::numeric_limits<float>::infinity()},
                  {"doubleValue", -0.0},
                  {"mapInt64Int64", {{"9007199254740993", 9007199254740993}}},
                  {"repeatedInt32", std::vector<int>{1, 2}},
                  {"boolValue", true}};
  Json text = client.unary_unary("Echo", request).as<Json>();
  Json numbers = client.unary_unary("Echo", request, R"({"int64_numbers":true})").as<Json>();
  Expect(text["int64Value"] == "-9223372036854775808", text.dump());
  Expect(numbers["int64Value"] == std::numeric_limits<int64_t>::min(), numbers.dump());
  Expect(numbers["uint64Value"] == std::numeric_limits<uint64_t>::max(), numbers.dump());
  Expect(numbers["mapInt64Int64"]["9007199254740993"] == 9007199254740993, numbers.dump());
  Expect(text["optionalDouble"] == "NaN" && text["floatValue"] == "-Infinity", text.dump());
  Expect(std::signbit(text["doubleValue"].get<double>()), text.dump());
  Expect(text["repeatedInt32"] == Json({1, 2}) && text["boolValue"] == true, text.dump());
}

void InvalidUtf8() {
  pygrpc::Client client = Connect();
  const std::string bad = "\xff";
  ExpectPart(Thrown<pygrpc::Error>(
                 [&] { client.unary_unary("Echo", R"({"stringValue":")" + bad + R"("})"); }),
             "$.stringValue");
  ExpectPart(Thrown<pygrpc::Error>([&] { client.unary_unary("SayHello" + bad, "{}"); }), "method");
  ExpectPart(Thrown<pygrpc::Error>([&] { client.load("hello" + bad); }), "source");
  ExpectPart(Thrown<pygrpc::Error>([&] {
               client.unary_unary("SayHello", "{}", R"({"metadata":{"x-key":")" + bad + R"("}})");
             }),
             "options");
  ExpectPart(Thrown<pygrpc::Error>([&] { pygrpc::Client("local" + bad); }), "target");
}

// ---- 7, 8: streams

void RequestsAreLazy() {
  pygrpc::Client client = Connect();
  auto taken = std::make_shared<std::atomic<int>>(0);
  pygrpc::Call call =
      client.request_from("NeverRead", Endless(Megabyte(), taken), R"({"timeout":5})");
  int last = -1;
  for (int i = 0; i < 50 && (taken->load() == 0 || taken->load() != last); ++i) {
    last = taken->load();
    std::this_thread::sleep_for(milliseconds(500));
  }
  Expect(taken->load() > 0 && taken->load() < 100, std::to_string(taken->load()) + " were taken");
  try {
    call.next();
    throw std::runtime_error("nothing was thrown");
  } catch (const pygrpc::RpcError& error) {
    Expect(error.condition() == std::errc::timed_out, error.what());
  }
}

class OwnError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// One request, and then, once the server has seen the call, a fault of whoever makes them.
struct Failing {
  struct Iterator {
    const Failing* requests;
    std::string operator*() const { return R"({"body":"YQ=="})"; }
    Iterator& operator++() {
      ExpectStarted(*requests->observer, requests->tag, 1);
      throw OwnError("no more requests");
    }
    bool operator==(const Iterator& other) const { return requests == other.requests; }
    bool operator!=(const Iterator& other) const { return requests != other.requests; }
  };
  Iterator begin() const { return {this}; }
  Iterator end() const { return {nullptr}; }

  pygrpc::Client* observer;
  std::string tag;
};

void RequestsThatFail() {
  pygrpc::Client observer = Connect();
  for (const char* method : {"NeverAnswerBidi", "SinkPayloads"}) {
    const std::string tag = NewTag();
    const Json options = {{"metadata", {{"x-call-tag", tag}}}};
    Thrown<OwnError>([&] {
      if (method == std::string("SinkPayloads")) {
        observer.stream_unary(method, Failing{&observer, tag}, options);
      } else {
        const Failing requests{&observer, tag};
        for (const pygrpc::Message& each : observer.stream_stream(method, requests, options)) {
          static_cast<void>(each);
        }
      }
    });
    ExpectCancelled(observer, tag);
  }
}

void LeaveEarly() {
  pygrpc::Client client = Connect();
  const std::vector<std::function<void(pygrpc::Call)>> ways = {
      [](pygrpc::Call call) {
        for (const pygrpc::Message& each : call) {
          static_cast<void>(each);
          break;
        }
      },
      [](pygrpc::Call call) { call.next(); },
      [](pygrpc::Call call) {
        call.next();
        call.cancel();
      },
      [](pygrpc::Call call) {
        try {
          for (const pygrpc::Message& each : call) throw OwnError(each.str());
        } catch (const OwnError&) {
        }
      },
      [&](pygrpc::Call call) {
        call.next();
        call = client.unary_stream("SayHelloStreamReply", R"({"name":"you"})");
      },
  };
  for (const auto& leave : ways) {
    const std::string tag = NewTag();
    const Json options = {{"metadata", {{"x-call-tag", tag}}}};
    leave(client.unary_stream("CountForever", R"({"interval":"0.01s"})", options));
    ExpectCancelled(client, tag);
  }
}

// ---- 11, 12: cancellation and waits

void CancelFromElsewhere() {
  pygrpc::Client client = Connect();
  for (const char* method : {"NeverAnswer", "CountForever"}) {
    FastEnough(0.1, [&] {
      bool unary = method == std::string("NeverAnswer");
      const std::string tag = NewTag();
      const Json options = {{"metadata", {{"x-call-tag", tag}}}};
      pygrpc::Call call = client.request(method, unary ? "{}" : R"({"interval":"3600s"})", options);
      Clock::time_point cancelled;
      std::string missed;
      std::thread canceller([&] {
        try {
          ExpectStarted(client, tag, 1);
        } catch (const std::exception& error) {
          missed = error.what();
        }
        std::this_thread::sleep_for(milliseconds(50));
        cancelled = Clock::now();
        call.cancel();
      });
      double took = 0;
      std::string fault = "nothing was thrown";
      try {
        call.next();
      } catch (const pygrpc::RpcError& error) {
        took = Since(cancelled);
        fault = error.condition() == std::errc::operation_canceled ? "" : error.what();
      }
      canceller.join();
      Expect(fault.empty() && missed.empty(), fault + missed);
      return took;
    });
  }
}

void OthersRunMeanwhile() {
  pygrpc::Client client = Connect();
  int steps = 0;
  // Where the machine is too busy for 100 steps of 1 ms in half a second, in a longer call.
  for (int attempt = 1; attempt <= 10 && steps < 100; ++attempt) {
    std::atomic<bool> done{false};
    steps = 0;
    std::thread counter([&] {
      for (; !done; ++steps) std::this_thread::sleep_for(milliseconds(1));
    });
    client.unary_unary("Sleep", Json{{"delay", std::to_string(0.5 * attempt) + "s"}});
    done = true;
    counter.join();
  }
  Expect(steps >= 100, std::to_string(steps) + " steps");
}

// ---- 13, 14, 15: asynchronous

void AsyncCalls() {
  pygrpc::Client client = Connect();
  pygrpc::Queue queue;
  const pygrpc::Payload you(R"({"name":"you"})");
  const pygrpc::Payload payload(R"({"body":"YQ=="})");
  auto open = [&](const char* method, const pygrpc::Payload* request) {
    return client.open(method, pygrpc::Cardinality::kAny, request, {}, &queue);
  };
  // Reads and writes until the call has ended, and returns how many messages came.
  auto run = [&](pygrpc::Call call, int writes) {
    constexpr uint64_t kRead = 1;
    constexpr uint64_t kWrite = 2;
    int messages = 0;
    call.read_async(kRead);
    if (writes > 0) call.write_async(payload, kWrite);
    while (true) {
      for (const pygrpc::Event& event : queue.poll()) {
        event.check();
        if (event.tag() == kRead && event.code() == PYGRPC_END) return messages;
        if (event.tag() == kRead) {
          ++messages;
          call.read_async(kRead);
        } else if (--writes > 0) {
          call.write_async(payload, kWrite);
        } else {
          call.half_close();
        }
      }
    }
  };
  Expect(run(open("SayHello", &you), 0) == 1, "unary_unary");
  Expect(run(open("SayHelloStreamReply", &you), 0) == 5, "unary_stream");
  Expect(run(open("SinkPayloads", nullptr), 3) == 1, "stream_unary");
  Expect(run(open("EchoPayloads", nullptr), 3) == 3, "stream_stream");
}

void TenThousandCompletions() {
  constexpr size_t kCalls = 10000;
  constexpr size_t kInFlight = 128;
  pygrpc::Client client = Connect();
  int fds[2];
  Expect(pipe(fds) == 0, "pipe");
  std::vector<pygrpc::Call> calls;
  size_t right = 0;
  {
    pygrpc::Queue queue;
    queue.set_fd(fds[1]);
    calls.reserve(kCalls);
    auto start = [&] {
      const std::string number = std::to_string(calls.size());
      const std::string request = R"({"name":")" + number + R"("})";
      const pygrpc::Payload payload(request);
      calls.push_back(
          client.open("SayHello", pygrpc::Cardinality::kUnaryUnary, &payload, {}, &queue));
      calls.back().read_async(calls.size() - 1);
    };
    while (calls.size() < kInFlight) start();
    size_t done = 0;
    while (done < kCalls) {
      char bytes[64];
      Expect(read(fds[0], bytes, sizeof(bytes)) > 0, "the pipe");
      for (auto events = queue.poll(milliseconds(0)); !events.empty();
           events = queue.poll(milliseconds(0))) {
        for (const pygrpc::Event& event : events) {
          ++done;
          right +=
              event.message() == R"({"message":"Hello, )" + std::to_string(event.tag()) + R"(!"})";
          if (calls.size() < kCalls) start();
        }
      }
    }
    queue.set_fd(-1);
  }
  close(fds[0]);
  close(fds[1]);
  Expect(right == kCalls, std::to_string(right) + " answers are right");
}

void SlowConsumer() {
  pygrpc::Client client = Connect();
  pygrpc::Call call = client.unary_stream("StreamPayloads", R"({"messages":10000,"size":65536})");
  for (int i = 0; i < 10; ++i) call.next();
  const int64_t before = ResidentBytes();
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const int64_t grown = ResidentBytes() - before;
  Expect(grown < 64 * 1024 * 1024, std::to_string(grown) + " bytes more");
  Expect(call.next().has_value(), "the next message");
  Expect(call.info().as<Json>()["messagesReceived"] == 11, call.info().str());
}

// ---- 16, 19, 20, 21, 22

void NativeErrorTypes() {
  pygrpc::Client client = Connect();
  auto condition = [&](const char* method, const char* request, const char* options) {
    try {
      client.unary_unary(method, request, options);
    } catch (const pygrpc::RpcError& error) {
      return error.condition();
    }
    throw std::runtime_error("nothing was thrown");
  };
  Expect(condition("NeverAnswer", "{}", R"({"timeout":0.1})") == std::errc::timed_out,
         "a deadline");
  Expect(condition("ReturnStatus", R"({"code":1})", nullptr) == std::errc::operation_canceled,
         "a cancellation");
  Expect(condition("ReturnStatus", R"({"code":5})", nullptr) != std::errc::timed_out, "NOT_FOUND");
}

// No status but the two that have an errno compares with one, whatever their numbers are.
void ConditionsOfStatuses() {
  pygrpc::Client client = Connect();
  for (int status = 1; status <= 16; ++status) {
    const Json request = {{"code", status}};
    std::error_condition condition;
    std::string name;
    try {
      client.unary_unary("ReturnStatus", request);
    } catch (const pygrpc::RpcError& error) {
      condition = error.condition();
      name = error.status_name();
    }
    std::set<std::error_condition> equal;
    for (int number = 1; number < 200; ++number) {
      const std::error_condition other = static_cast<std::errc>(number);
      if (condition == other) equal.insert(other);
    }
    if (status == 1 || status == 4) {
      const auto same = status == 1 ? std::errc::operation_canceled : std::errc::timed_out;
      Expect(equal == std::set<std::error_condition>{same}, name);
    } else {
      Expect(equal.empty() && condition.value() == status && condition.message() == name &&
                 condition.category().name() == std::string("grpc"),
             name + " is " + condition.message());
      Expect(condition == std::error_condition(status, pygrpc::status_category()), name);
    }
  }
}

// How long it takes.
double ClosingWithCallsInFlight() {
  const std::string tag = NewTag();
  pygrpc::Client observer = Connect();
  pygrpc::Client client = Connect({{"metadata", {{"x-call-tag", tag}}}});
  const std::vector<std::function<void()>> works = {
      [&] { client.unary_unary("NeverAnswer", "{}", R"({"timeout":300})"); },
      [&] {
        pygrpc::Call call = client.unary_stream("CountForever", R"({"interval":"3600s"})");
        while (call.next()) {
        }
      },
      [&] {
        pygrpc::Call call = client.stream_stream("NeverAnswerBidi", std::vector<std::string>{"{}"});
        while (call.next()) {
        }
      },
      [&] {
        client.stream_unary("NeverRead",
                            Endless(Megabyte(), std::make_shared<std::atomic<int>>(0)));
      },
  };
  std::atomic<int> closed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      try {
        works[static_cast<size_t>(i) % works.size()]();
      } catch (const pygrpc::ClosedError&) {
        ++closed;
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
      }
    });
  }
  std::string missed;
  try {
    ExpectStarted(observer, tag, 8);
  } catch (const std::exception& error) {
    missed = error.what();
  }
  std::this_thread::sleep_for(milliseconds(200));
  const Clock::time_point began = Clock::now();
  client.close();
  client.close();
  for (std::thread& thread : threads) thread.join();
  const double took = Since(began);
  Expect(missed.empty(), missed);
  Expect(closed == 8, std::to_string(closed.load()) + " ended with ClosedError");
  return took;
}

void CloseWithCallsInFlight() { FastEnough(1, ClosingWithCallsInFlight); }

void EightThreads() {
  pygrpc::Client client = Connect();
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < 8; ++number) {
    threads.emplace_back([&, number] {
      for (int i = 0; i < 200; ++i) {
        const std::string name = std::to_string(number) + "-" + std::to_string(i);
        right += client.unary_unary("SayHello", R"({"name":")" + name + R"("})").view() ==
                 R"({"message":"Hello, )" + name + R"(!"})";
      }
      for (int i = 0; i < 20; ++i) {
        pygrpc::Call call = client.unary_stream("SayHelloStreamReply", R"({"name":"a"})");
        right += std::distance(call.begin(), call.end()) == 5;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Expect(right == 8 * 220, std::to_string(right.load()) + " answers are right");
}

// ---- 20 to 24: processes of their own

int TooOld() {
  const std::string message = Thrown<pygrpc::InternalError>([] { pygrpc::Client("localhost:1"); });
  ExpectPart(message, "0");
  ExpectPart(message, std::to_string(PYGRPC_ABI_VERSION));
  return 0;
}

int StartsNothing() {
  Expect(CountEntries("/proc/self/task") == 3, "there are threads");  // ".", ".." and one
  return 0;
}

int NoLeak() {
  pygrpc::Client client = Connect();
  const std::string request = R"({"name":")" + std::string(1000, 'x') + R"("})";
  auto work = [&](int rounds) {
    for (int i = 0; i < rounds; ++i) {
      client.unary_unary("SayHello", request);
      if (i % 10 == 0) client.unary_stream("SayHelloStreamReply", request).next();
    }
  };
  work(2000);
  const int64_t before = ResidentBytes();
  const int fds = CountEntries("/proc/self/fd");
  work(8000);
  Expect(ResidentBytes() - before < 20 * 1024 * 1024, "memory has grown");
  Expect(CountEntries("/proc/self/fd") - fds < 10, "there are more files");
  return 0;
}

// With nothing closed: not a single destructor runs.
int ExitWithOpenStream() {
  auto* client = new pygrpc::Client(Connect());
  auto* idle = new pygrpc::Call(client->unary_stream("CountForever", "{}"));
  idle->next();
  auto* read = new pygrpc::Call(client->unary_stream("CountForever", R"({"interval":"60s"})"));
  std::thread([read] {
    while (read->next()) {
    }
  }).detach();
  new pygrpc::Call(client->request_from(
      "NeverRead", Endless(Megabyte(), std::make_shared<std::atomic<int>>(0))));
  std::this_thread::sleep_for(milliseconds(200));
  std::exit(0);
}

// A server that takes connections and says nothing.
class Silent {
 public:
  Silent() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    Expect(bind(listener_, generic, size) == 0 && listen(listener_, 8) == 0 &&
               getsockname(listener_, generic, &size) == 0,
           "a listening socket");
    target_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~Silent() { Leave(); }
  const std::string& target() const { return target_; }
  // Until somebody has connected.
  void Accept() {
    pollfd readable = {listener_, POLLIN, 0};
    if (poll(&readable, 1, 60000) == 1) connection_ = accept(listener_, nullptr, nullptr);
    Expect(connection_ >= 0, "a connection");
  }
  // Who waits for an answer gets none.
  void Leave() {
    for (int* fd : {&listener_, &connection_}) {
      if (*fd >= 0) ::close(std::exchange(*fd, -1));
    }
  }

 private:
  int listener_;
  int connection_ = -1;
  std::string target_;
};

// close() returns while another thread waits in a function of the client that cannot be waited for
// in slices; the program would be stopped before the function's time is over.
void CloseWhile(const std::function<void(pygrpc::Client&)>& wait) {
  Silent server;
  pygrpc::Client client(server.target(), R"({"timeout":3600,"reflection_timeout":3600})");
  std::thread waiter([&] {
    try {
      wait(client);
      std::printf("the wait ended well\n");
    } catch (const pygrpc::RpcError&) {  // the connection broke
    } catch (const pygrpc::Error& error) {
      std::printf("%s\n", error.what());
    }
  });
  server.Accept();
  client.close();
  client.close();
  Thrown<pygrpc::ClosedError>([&] { client.state(); });
  server.Leave();
  waiter.join();
}

int CloseWhileWaiting() {
  CloseWhile([](pygrpc::Client& client) { client.health(); });
  CloseWhile([](pygrpc::Client& client) { client.load("reflection"); });
  CloseWhile([](pygrpc::Client& client) { client.unary_stream("CountForever", "{}"); });
  // A wait for the connection ends by itself.
  Silent server;
  pygrpc::Client client(server.target());
  std::thread waiter([&] {
    try {
      client.wait_ready();
      std::printf("it is ready\n");
    } catch (const pygrpc::ClosedError&) {
    }
  });
  server.Accept();
  client.close();
  waiter.join();
  return 0;
}

int LoadThenFork() {
  pygrpc::Client client = Connect();
  auto hello = [&] { return client.unary_unary("SayHello", R"({"name":"you"})").str(); };
  const pid_t child = fork();
  if (child == 0) _exit(hello() == R"({"message":"Hello, you!"})" ? 0 : 1);
  int status = -1;
  waitpid(child, &status, 0);
  Expect(status == 0, "the child ended with " + std::to_string(status));
  Expect(hello() == R"({"message":"Hello, you!"})", "the parent's answer");
  return 0;
}

int UseThenFork() {
  pygrpc::Client client = Connect();
  client.unary_unary("SayHello", R"({"name":"you"})");
  pygrpc::Call call = client.unary_stream("CountForever", "{}");
  call.next();
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    const Clock::time_point began = Clock::now();
    Thrown<pygrpc::ForkedError>([&] { client.unary_unary("SayHello", "{}"); });
    Thrown<pygrpc::ForkedError>([&] { call.next(); });
    std::printf("%f", Since(began));
    std::exit(0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  Expect(status == 0, "the child ended with " + std::to_string(status));
  client.unary_unary("SayHello", R"({"name":"you"})");
  return 0;
}

const std::vector<std::pair<std::string, std::function<int()>>>& Children() {
  static const std::vector<std::pair<std::string, std::function<int()>>> children = {
      {"too_old", TooOld},
      {"starts_nothing", StartsNothing},
      {"no_leak", NoLeak},
      {"exit_with_open_stream", ExitWithOpenStream},
      {"close_while_waiting", CloseWhileWaiting},
      {"load_then_fork", LoadThenFork},
      {"use_then_fork", UseThenFork},
  };
  return children;
}

// Builds a program in a folder outside of the checkout, with nothing but the installed package.
std::string Build(const std::string& name, const std::string& source,
                  const std::string& flags = "-Wall -Wextra -Werror",
                  const std::string& packages = "pygrpc") {
  const std::string folder = Environment("TMPDIR") + "/" + name;
  Expect(Shell("mkdir -p " + Quoted(folder)).second == 0, "mkdir");
  std::ofstream(folder + "/main.cc") << source;
  auto [output, code] =
      Shell("cd " + Quoted(folder) + " && c++ -std=c++17 " + flags +
            " main.cc -o program $(pkg-config --cflags --libs " + packages + ") -pthread");
  Expect(code == 0, output);
  return folder + "/program";
}

std::string RunWithLibrary(const std::string& program, const std::string& arguments = "") {
  auto [output, code] =
      Shell("LD_LIBRARY_PATH=\"$(pkg-config --variable=libdir pygrpc)\" timeout 240 " +
            Quoted(program) + " " + arguments);
  Expect(code == 0, program + " ended with " + std::to_string(code) + ": " + output);
  return output;
}

void ExpectExit() {
  FastEnough(2 + 0.5, [] {  // half a second of it is the setting up
    const Clock::time_point began = Clock::now();
    ExpectChild("exit_with_open_stream");
    return Since(began);
  });
}

// How long the child of the child takes to be told.
void ExpectForked() {
  FastEnough(1, [] { return std::stod(ChildPrints("use_then_fork")); });
}

void Coexist(bool ours_first) {
  const std::string folder = Environment("PYGRPC_CPP_BINDING") + "/contract_tests";
  static const std::string program =
      Build("coexist", ReadFile(folder + "/coexist.cc"), "-O0", "pygrpc grpc++ protobuf");
  const std::string output = RunWithLibrary(program, ours_first ? "ours" : "theirs");
  Expect(output == "Hello, you!\nHello, you!\n", output);
}

void ReadmeExample() {
  const std::string readme = ReadFile(Environment("PYGRPC_CPP_BINDING") + "/README.md");
  std::smatch found;
  const std::regex block("```cpp\n([^`]*)```");
  Expect(std::regex_search(readme, found, block), "README.md has no example");
  std::string source = found[1];
  Expect(std::count(source.begin(), source.end(), '\n') <= 15, "the example is too long");
  source =
      std::regex_replace(source, std::regex("localhost:50051"), Environment("PYGRPC_TEST_TARGET"));
  const std::string output = RunWithLibrary(Build("readme", source));
  Expect(output == "Greeter client received: Hello, you!\n", output);
}

// As the users of a package build with it.
void Package() {
  const std::string folder = Environment("TMPDIR") + "/package";
  Expect(Shell("mkdir -p " + Quoted(folder)).second == 0, "mkdir");
  std::ofstream(folder + "/CMakeLists.txt")
      << "cmake_minimum_required(VERSION 3.18)\nproject(user LANGUAGES CXX)\n"
         "find_package(pygrpc REQUIRED)\nadd_executable(user main.cc)\n"
         "target_compile_features(user PRIVATE cxx_std_17)\n"
         "target_link_libraries(user PRIVATE pygrpc::pygrpc)\n";
  std::ofstream(folder + "/main.cc")
      << "#include <pygrpc.hpp>\n#include <iostream>\nint main(int, char** arguments) {\n"
         "  pygrpc::Client client(arguments[1]);\n"
         "  std::cout << client.unary_unary(\"helloworld.Greeter/SayHello\", \"{\\\"name\\\":"
         "\\\"you\\\"}\");\n}\n";
  auto [output, code] =
      Shell("cd " + Quoted(folder) + " && cmake -S . -B build && cmake --build build");
  Expect(code == 0, output);
  const std::string printed =
      RunWithLibrary(folder + "/build/user", Environment("PYGRPC_TEST_TARGET"));
  Expect(printed == R"({"message":"Hello, you!"})", printed);
}

std::function<void()> Skip(const std::string& reason) {
  return [reason] { throw Inapplicable(reason); };
}

}  // namespace

int RunChild(const std::string& name) {
  for (const auto& [known, run] : Children()) {
    if (known != name) continue;
    try {
      return run();
    } catch (const std::exception& error) {
      std::printf("%s\n", error.what());
      return 1;
    }
  }
  return 2;
}

std::vector<Test> ContractTests() {
  const std::string linked = "a C++ program is linked to the library: the dynamic linker finds it";
  auto child = [](const char* name) { return [name] { ExpectChild(name); }; };
  return {
      {"library_from_path", Skip(linked)},
      {"library_from_environment", Skip(linked)},
      {"library_not_found", Skip(linked + ", or says what it lacks before main()")},
      {"library_is_another", Skip(linked)},
      {"library_too_old", LibraryTooOld},
      {"library_loaded_locally", LibraryLoadedLocally},
      {"import_starts_nothing", child("starts_nothing")},
      {"wrong_native_value", WrongNativeValue},
      {"requests_are_lazy", RequestsAreLazy},
      {"requests_that_fail", RequestsThatFail},
      {"leave_early", LeaveEarly},
      {"cancel_from_elsewhere", CancelFromElsewhere},
      {"cancel_natively", Skip("C++17 has no means of its own; Call::cancel() is tested as "
                               "cancel_from_elsewhere")},
      {"interrupt", Skip("a signal runs the program's own handler, or ends it; waits can be given "
                         "a time")},
      {"others_run_meanwhile", OthersRunMeanwhile},
      {"async_calls", AsyncCalls},
      {"ten_thousand_completions", TenThousandCompletions},
      {"slow_consumer", SlowConsumer},
      {"native_error_types", NativeErrorTypes},
      {"conditions_of_statuses", ConditionsOfStatuses},
      {"native_values", NativeValues},
      {"invalid_utf8", InvalidUtf8},
      {"close_with_calls_in_flight", CloseWithCallsInFlight},
      {"close_while_waiting", child("close_while_waiting")},
      {"no_leak", child("no_leak")},
      {"exit_with_open_stream", ExpectExit},
      {"load_then_fork", child("load_then_fork")},
      {"use_then_fork", ExpectForked},
      {"eight_threads", EightThreads},
      {"coexist_theirs_first", [] { Coexist(false); }},
      {"coexist_ours_first", [] { Coexist(true); }},
      {"readme_example", ReadmeExample},
      {"types", Skip("the compiler checks them: everything here is built with -Wall -Wextra "
                     "-Wpedantic -Werror")},
      {"package", Package},
  };
}

}  // namespace contract
