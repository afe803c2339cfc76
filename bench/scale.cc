// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Many calls open at once: what they take of memory, threads and file descriptors, and how many
// messages go over all of them, through the asynchronous half of the C header and through the
// generated C++ stub with its completion queue. Each case runs in a process of its own, for memory
// that was once in use does not come back; all of them call one server. The two sides take turns;
// what is reported are medians.
//
// usage: scale [--tsv] [--rounds N]

#include <dirent.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/empty.pb.h>
#include <grpcpp/grpcpp.h>
#include <pygrpc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pygrpc_test/scale.grpc.pb.h"
#include "report.h"
#include "server_process.h"

namespace pygrpc::bench {
namespace {

using Clock = std::chrono::steady_clock;
using pygrpc::test::ScaleMessage;

constexpr int kStreamCounts[] = {1, 10, 100, 1000, 10000};
constexpr int kClientCounts[] = {1, 10, 100};
constexpr int kStreamsOfClients = 1000;  // of all clients together

// A measurement takes at least this long, and this many rounds of each stream on the average.
constexpr double kSeconds = 0.5;
constexpr int64_t kRounds = 3;

// Clients of one target share a connection, unless told otherwise: these are to have their own.
constexpr char kOwnConnection[] = "grpc.use_local_subchannel_pool";

void Check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "%s failed\n", what);
  std::exit(1);
}

struct Usage {
  double bytes = 0;
  double threads = 0;
  double files = 0;
};

// User and system time of this process.
double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return time.tv_sec + time.tv_usec * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double Entries(const char* directory) {
  DIR* entries = opendir(directory);
  double count = -2;  // "." and ".."
  while (readdir(entries) != nullptr) ++count;
  closedir(entries);
  return count;
}

Usage UsageNow() {
  int64_t pages = 0;
  int64_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return {static_cast<double>(resident * sysconf(_SC_PAGESIZE)), Entries("/proc/self/task"),
          Entries("/proc/self/fd")};
}

// Streams that exchange messages, one at a time each. A round of a stream is a message written and
// its echo read.
class Streams {
 public:
  virtual ~Streams() = default;
  // Opens clients, and makes a call on each, so that they are connected.
  virtual void Connect(int clients) = 0;
  // Opens one more stream, on the clients in turn, and begins its first round.
  virtual void Open() = 0;
  // Begins the next round of a stream.
  virtual void BeginRound(int stream) = 0;
  // Waits for what has completed; calls `over` with each stream whose round is over.
  virtual void Poll(const std::function<void(int)>& over) = 0;
};

class LibraryStreams : public Streams {
 public:
  explicit LibraryStreams(std::string target) : target_(std::move(target)) {
    Must(pygrpc_queue_new(&queue_, &error_));
  }

  void Connect(int clients) override {
    google::protobuf::FileDescriptorSet files;
    google::protobuf::Empty::descriptor()->file()->CopyTo(files.add_file());
    ScaleMessage::descriptor()->file()->CopyTo(files.add_file());
    const std::string bytes = files.SerializeAsString();
    const std::string options =
        std::string(R"({"channel_arguments": {")") + kOwnConnection + R"(": 1}})";
    for (int i = 0; i < clients; ++i) {
      pygrpc_client* client = nullptr;
      Must(pygrpc_client_new(target_.c_str(), options.c_str(), &client, &error_));
      if (i == 0) {
        Must(pygrpc_load_descriptor_set(client, bytes.data(), bytes.size(), &error_));
      } else {
        Must(pygrpc_load_client(client, clients_[0], &error_));
      }
      char* reply = nullptr;
      Must(pygrpc_unary_unary(client, "WhoAmI", "{}", PYGRPC_NUL_TERMINATED, nullptr, &reply,
                              nullptr, &error_));
      pygrpc_free(reply);
      clients_.push_back(client);
    }
  }

  void Open() override {
    pygrpc_stream* stream = nullptr;
    pygrpc_client* client = clients_[streams_.size() % clients_.size()];
    Must(pygrpc_stream_open(client, "Exchange", PYGRPC_STREAM_STREAM, nullptr, 0, nullptr, queue_,
                            &stream, &error_));
    streams_.push_back({stream, 0});
    BeginRound(static_cast<int>(streams_.size()) - 1);
  }

  void BeginRound(int stream) override {
    constexpr char kMessage[] = R"({"number": 12345})";
    Stream& entry = streams_[stream];
    entry.in_flight = 2;
    Must(pygrpc_stream_write_async(entry.handle, kMessage, sizeof(kMessage) - 1, stream, &error_));
    Must(pygrpc_stream_read_async(entry.handle, stream, &error_));
  }

  void Poll(const std::function<void(int)>& over) override {
    pygrpc_event* events[64];
    size_t count = 0;
    Must(pygrpc_queue_poll(queue_, -1, events, 64, &count, &error_));
    for (size_t i = 0; i < count; ++i) {
      int stream = static_cast<int>(pygrpc_event_tag(events[i]));
      Check(pygrpc_event_code(events[i]) == PYGRPC_OK, "an event");
      pygrpc_event_free(events[i]);
      if (--streams_[stream].in_flight == 0) over(stream);
    }
  }

 private:
  struct Stream {
    pygrpc_stream* handle;
    int in_flight;
  };

  void Must(int32_t code) {
    if (code >= 0) return;
    std::fprintf(stderr, "%s\n", pygrpc_error_message(error_));
    std::exit(1);
  }

  const std::string target_;
  pygrpc_error* error_ = nullptr;
  pygrpc_queue* queue_ = nullptr;
  std::vector<pygrpc_client*> clients_;
  std::vector<Stream> streams_;
};

class StubStreams : public Streams {
 public:
  explicit StubStreams(std::string target) : target_(std::move(target)) {}

  void Connect(int clients) override {
    grpc::ChannelArguments arguments;
    arguments.SetInt(kOwnConnection, 1);
    for (int i = 0; i < clients; ++i) {
      stubs_.push_back(test::Scale::NewStub(
          grpc::CreateCustomChannel(target_, grpc::InsecureChannelCredentials(), arguments)));
      grpc::ClientContext context;
      test::Identity reply;
      Check(stubs_.back()->WhoAmI(&context, {}, &reply).ok(), "stub: WhoAmI");
    }
  }

  void Open() override {
    int index = static_cast<int>(streams_.size());
    streams_.push_back(std::make_unique<Stream>());
    Stream& entry = *streams_.back();
    entry.call = stubs_[index % stubs_.size()]->PrepareAsyncExchange(&entry.context, &queue_);
    // The stub takes a write only when the start has completed.
    entry.in_flight = 1;
    entry.call->StartCall(Tag(index));
  }

  void BeginRound(int stream) override {
    Stream& entry = *streams_[stream];
    entry.request.set_number(12345);
    entry.in_flight = 2;
    entry.call->Write(entry.request, Tag(stream));
    entry.call->Read(&entry.reply, Tag(stream));
  }

  void Poll(const std::function<void(int)>& over) override {
    void* tag = nullptr;
    bool ok = false;
    Check(queue_.Next(&tag, &ok) && ok, "stub: a completion");
    int stream = static_cast<int>(reinterpret_cast<uintptr_t>(tag));
    Stream& entry = *streams_[stream];
    if (--entry.in_flight > 0) return;
    if (!entry.started) {
      entry.started = true;
      BeginRound(stream);
    } else {
      over(stream);
    }
  }

 private:
  struct Stream {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientAsyncReaderWriter<ScaleMessage, ScaleMessage>> call;
    ScaleMessage request;
    ScaleMessage reply;
    int in_flight = 0;
    bool started = false;
  };

  static void* Tag(int stream) { return reinterpret_cast<void*>(static_cast<uintptr_t>(stream)); }

  const std::string target_;
  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<test::Scale::Stub>> stubs_;
  std::vector<std::unique_ptr<Stream>> streams_;
};

struct Figures {
  double bytes = 0;  // more than before the streams; of clients, more than with one
  double threads = 0;
  double files = 0;
  double rate = 0;  // messages a second, both ways together
  double cpu = 0;   // seconds of this process for one of them
};

// What a process of its own does: prints the figures of one case.
int Work(const std::string& side, int streams, int clients, const std::string& target) {
  std::unique_ptr<Streams> calls;
  if (side == "ours") {
    calls = std::make_unique<LibraryStreams>(target);
  } else {
    calls = std::make_unique<StubStreams>(target);
  }
  // The first client brings in code and tables, which are no matter of how many there are.
  if (clients > 1) calls->Connect(1);
  Usage before;
  if (clients > 1) before = UsageNow();
  calls->Connect(clients > 1 ? clients - 1 : 1);
  if (clients == 1) before = UsageNow();
  for (int i = 0; i < streams; ++i) calls->Open();
  for (int open = 0; open < streams;) {
    calls->Poll([&](int) { ++open; });
  }
  const Usage with_streams = UsageNow();

  int64_t rounds = 0;
  const auto next_round = [&](int stream) {
    ++rounds;
    calls->BeginRound(stream);
  };
  for (int i = 0; i < streams; ++i) calls->BeginRound(i);
  while (rounds < streams) calls->Poll(next_round);  // all are under way
  rounds = 0;
  const double cpu = CpuSeconds();
  const auto start = Clock::now();
  while (rounds < kRounds * streams ||
         Clock::now() - start < std::chrono::duration<double>(kSeconds)) {
    calls->Poll(next_round);
  }
  const double taken = std::chrono::duration<double>(Clock::now() - start).count();
  const double messages = 2 * static_cast<double>(rounds);
  std::printf("%.0f %.0f %.0f %.3f %.9f\n", with_streams.bytes - before.bytes, with_streams.threads,
              with_streams.files, messages / taken, (CpuSeconds() - cpu) / messages);
  std::fflush(stdout);
  _exit(0);  // calls in progress end with the process
}

class Cases {
 public:
  Cases(std::string program, std::string target, int rounds, const Report& report)
      : program_(std::move(program)),
        target_(std::move(target)),
        rounds_(rounds),
        report_(report) {}

  void Run(const std::string& name, int streams, int clients) const {
    std::vector<Figures> ours;
    std::vector<Figures> stub;
    for (int i = 0; i < rounds_; ++i) {
      if (i % 2 == 0) stub.push_back(RunIn("stub", streams, clients));
      ours.push_back(RunIn("ours", streams, clients));
      if (i % 2 == 1) stub.push_back(RunIn("stub", streams, clients));
    }
    Add(name + "_memory", ours, stub, &Figures::bytes, 1.0 / 1024, "KiB", false);
    if (streams >= 1000) {  // fewer take less than the system counts in
      Add(name + "_bytes_per_stream", ours, stub, &Figures::bytes, 1.0 / streams, "B", true);
    }
    Add(name + "_threads", ours, stub, &Figures::threads, 1, "", false);
    Add(name + "_fds", ours, stub, &Figures::files, 1, "", false);
    Add(name + "_messages", ours, stub, &Figures::rate, 1, "1/s", true);
    Add(name + "_cpu", ours, stub, &Figures::cpu, 1e6, "us", true);
  }

 private:
  void Add(const std::string& name, const std::vector<Figures>& ours,
           const std::vector<Figures>& stub, double Figures::*figure, double factor,
           const char* unit, bool with_ratio) const {
    std::vector<double> values[3];
    for (size_t i = 0; i < ours.size(); ++i) {
      values[0].push_back(ours[i].*figure * factor);
      values[1].push_back(stub[i].*figure * factor);
      values[2].push_back(ours[i].*figure / (stub[i].*figure));
    }
    report_.Add(name, Median(values[0]), unit);
    report_.Add(name + "_stub", Median(values[1]), unit);
    if (with_ratio) report_.Add(name + "_vs_stub", Median(values[2]), "ratio");
  }

  Figures RunIn(const std::string& side, int streams, int clients) const {
    const std::string command = "'" + program_ + "' --work " + side + " " +
                                std::to_string(streams) + " " + std::to_string(clients) + " " +
                                target_;
    std::FILE* output = popen(command.c_str(), "r");
    Figures figures;
    const bool complete =
        output != nullptr &&
        std::fscanf(output, "%lf %lf %lf %lf %lf", &figures.bytes, &figures.threads, &figures.files,
                    &figures.rate, &figures.cpu) == 5;
    const bool succeeded = output != nullptr && pclose(output) == 0;
    Check(complete && succeeded, command.c_str());
    return figures;
  }

  const std::string program_;
  const std::string target_;
  const int rounds_;
  const Report& report_;
};

int Main(int argc, char** argv) {
  if (argc == 6 && std::strcmp(argv[1], "--work") == 0) {
    return Work(argv[2], std::atoi(argv[3]), std::atoi(argv[4]), argv[5]);
  }
  Report report(&argc, argv);
  int rounds = 5;
  if (argc == 3 && std::strcmp(argv[1], "--rounds") == 0) {
    rounds = std::atoi(argv[2]);
  } else if (argc != 1) {
    std::fprintf(stderr, "usage: scale [--tsv] [--rounds N]\n");
    return 2;
  }
  ServerProcess server(argv[0]);
  const Cases cases(argv[0], server.target(), rounds, report);
  for (int streams : kStreamCounts) {
    report.Heading(std::to_string(streams) + " open streams of one client");
    cases.Run("streams_" + std::to_string(streams), streams, 1);
  }
  for (int clients : kClientCounts) {
    report.Heading(std::to_string(kStreamsOfClients) + " open streams of " +
                   std::to_string(clients) + " clients, each with a connection of its own");
    cases.Run("clients_" + std::to_string(clients), kStreamsOfClients, clients);
  }
  return 0;
}

}  // namespace
}  // namespace pygrpc::bench

int main(int argc, char** argv) { return pygrpc::bench::Main(argc, argv); }
