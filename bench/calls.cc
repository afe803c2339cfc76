// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Calls through the C header beside the same calls through the generated C++ stub: one process, one
// run, one server. The two take turns in short rounds, and what is compared are the two halves of a
// round, so that a machine that gets slower or faster does so for both.
//
// usage: calls [--tsv] [--rounds N]

#include <grpcpp/grpcpp.h>
#include <pygrpc.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "allocations.h"
#include "helloworld.grpc.pb.h"
#include "pygrpc_test/test.grpc.pb.h"
#include "report.h"
#include "server_process.h"

namespace pygrpc::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kUnaryCalls = 1000;
constexpr int kAsyncCalls = 8192;
constexpr int kStreamMessages = 20000;
constexpr int kBidiMessages = 1000;
constexpr int kBodySize = 32;

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

// User and system time of this process.
double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& time) { return time.tv_sec + time.tv_usec * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void Check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "%s failed\n", what);
  std::exit(1);
}

// The generated stub, as its users write it.
class Stub {
 public:
  explicit Stub(const std::string& target)
      : channel_(grpc::CreateChannel(target, grpc::InsecureChannelCredentials())),
        greeter_(helloworld::Greeter::NewStub(channel_)),
        test_(pygrpc::test::Test::NewStub(channel_)) {}

  void Unary() {
    grpc::ClientContext context;
    helloworld::HelloRequest request;
    helloworld::HelloReply reply;
    request.set_name("you");
    Check(greeter_->SayHello(&context, request, &reply).ok(), "stub: SayHello");
    Check(reply.message() == "Hello, you!", "stub: the reply of SayHello");
  }

  // `calls` calls, of which up to `in_flight` are in progress at a time.
  void AsyncUnary(int calls, int in_flight) {
    struct Call {
      grpc::ClientContext context;
      helloworld::HelloReply reply;
      grpc::Status status;
      std::unique_ptr<grpc::ClientAsyncResponseReader<helloworld::HelloReply>> reader;
    };
    grpc::CompletionQueue queue;
    int started = 0;
    auto start = [&] {
      helloworld::HelloRequest request;
      request.set_name("you");
      auto* call = new Call;
      call->reader = greeter_->AsyncSayHello(&call->context, request, &queue);
      call->reader->Finish(&call->reply, &call->status, call);
      ++started;
    };
    while (started < std::min(calls, in_flight)) start();
    void* tag;
    bool ok;
    for (int done = 0; done < calls; ++done) {
      Check(queue.Next(&tag, &ok) && ok, "stub: a completion");
      std::unique_ptr<Call> call(static_cast<Call*>(tag));
      Check(call->status.ok() && call->reply.message() == "Hello, you!", "stub: AsyncSayHello");
      if (started < calls) start();
    }
  }

  void ServerStream(int messages) { ReadStream(messages, /*gathered=*/true); }
  void ServerStreamOfWrites(int messages) { ReadStream(messages, /*gathered=*/false); }

  void ReadStream(int messages, bool gathered) {
    grpc::ClientContext context;
    pygrpc::test::PayloadStreamRequest request;
    request.set_messages(messages);
    request.set_size(kBodySize);
    request.set_buffer_hint(gathered);
    auto reader = test_->StreamPayloads(&context, request);
    pygrpc::test::Payload payload;
    int count = 0;
    while (reader->Read(&payload)) ++count;
    Check(reader->Finish().ok() && count == messages, "stub: StreamPayloads");
  }

  void ClientStream(int messages) {
    grpc::ClientContext context;
    pygrpc::test::PayloadSummary summary;
    pygrpc::test::Payload payload;
    payload.set_body(std::string(kBodySize, 'x'));
    auto writer = test_->SinkPayloads(&context, &summary);
    for (int i = 0; i < messages; ++i) Check(writer->Write(payload), "stub: Write");
    writer->WritesDone();
    Check(writer->Finish().ok() && summary.messages() == messages, "stub: SinkPayloads");
  }

  void BidiStream(int messages) {
    grpc::ClientContext context;
    pygrpc::test::Payload payload;
    payload.set_body(std::string(kBodySize, 'x'));
    auto stream = test_->EchoPayloads(&context);
    for (int i = 0; i < messages; ++i) {
      Check(stream->Write(payload) && stream->Read(&payload), "stub: EchoPayloads");
    }
    stream->WritesDone();
    Check(stream->Finish().ok(), "stub: EchoPayloads");
  }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<helloworld::Greeter::Stub> greeter_;
  std::unique_ptr<pygrpc::test::Test::Stub> test_;
};

// The same calls through the C header, JSON in and JSON out.
class Library {
 public:
  explicit Library(const std::string& target) {
    // No deadline, for the stub sets none: it is work for gRPC on both ends.
    Must(pygrpc_client_new(target.c_str(), R"({"timeout":"none"})", &client_, &error_));
    Must(pygrpc_load(client_, "reflection", nullptr, &error_));
  }
  ~Library() { pygrpc_client_free(client_); }

  void Unary() {
    char* reply = nullptr;
    Must(pygrpc_unary_unary(client_, "helloworld.Greeter/SayHello", R"({"name":"you"})",
                            PYGRPC_NUL_TERMINATED, nullptr, &reply, nullptr, &error_));
    Check(std::strcmp(reply, R"({"message":"Hello, you!"})") == 0, "the reply of SayHello");
    pygrpc_free(reply);
  }

  void AsyncUnary(int calls, int in_flight) {
    pygrpc_queue* queue = nullptr;
    Must(pygrpc_queue_new(&queue, &error_));
    int started = 0;
    auto start = [&] {
      pygrpc_stream* stream = nullptr;
      Must(pygrpc_stream_open(client_, "helloworld.Greeter/SayHello", PYGRPC_UNARY_UNARY,
                              R"({"name":"you"})", PYGRPC_NUL_TERMINATED, nullptr, queue, &stream,
                              &error_));
      Must(pygrpc_stream_read_async(stream, reinterpret_cast<uintptr_t>(stream), &error_));
      ++started;
    };
    while (started < std::min(calls, in_flight)) start();
    pygrpc_event* events[64];
    for (int done = 0; done < calls;) {
      size_t count = 0;
      Must(pygrpc_queue_poll(queue, -1, events, 64, &count, &error_));
      for (size_t i = 0; i < count; ++i) {
        const char* reply = pygrpc_event_message(events[i], nullptr);
        Check(reply != nullptr && std::strcmp(reply, R"({"message":"Hello, you!"})") == 0,
              "the reply of an asynchronous SayHello");
        pygrpc_stream_free(reinterpret_cast<pygrpc_stream*>(pygrpc_event_tag(events[i])));
        pygrpc_event_free(events[i]);
        if (started < calls) start();
      }
      done += static_cast<int>(count);
    }
    pygrpc_queue_free(queue);
  }

  void ServerStream(int messages) { ReadStream(messages, /*gathered=*/true); }
  void ServerStreamOfWrites(int messages) { ReadStream(messages, /*gathered=*/false); }

  void ReadStream(int messages, bool gathered) {
    std::string request = R"({"messages":)" + std::to_string(messages) + R"(,"size":)" +
                          std::to_string(kBodySize) + R"(,"bufferHint":)" +
                          (gathered ? "true}" : "false}");
    pygrpc_stream* stream = nullptr;
    Must(pygrpc_unary_stream(client_, "StreamPayloads", request.data(), request.size(), nullptr,
                             &stream, &error_));
    char* message = nullptr;
    int count = 0;
    while (Must(pygrpc_stream_read(stream, -1, &message, nullptr, &error_)) == PYGRPC_OK) {
      ++count;
      pygrpc_free(message);
    }
    Check(count == messages, "StreamPayloads");
    pygrpc_stream_free(stream);
  }

  void ClientStream(int messages) {
    pygrpc_stream* stream = nullptr;
    Must(pygrpc_stream_unary(client_, "SinkPayloads", nullptr, &stream, &error_));
    for (int i = 0; i < messages; ++i) Write(stream);
    pygrpc_stream_half_close(stream, nullptr);
    char* message = nullptr;
    Must(pygrpc_stream_read(stream, -1, &message, nullptr, &error_));
    std::string expected = R"({"messages":")" + std::to_string(messages) + '"';
    Check(std::strncmp(message, expected.c_str(), expected.size()) == 0, "SinkPayloads");
    pygrpc_free(message);
    pygrpc_stream_free(stream);
  }

  void BidiStream(int messages) {
    pygrpc_stream* stream = nullptr;
    Must(pygrpc_stream_stream(client_, "EchoPayloads", nullptr, &stream, &error_));
    char* message = nullptr;
    for (int i = 0; i < messages; ++i) {
      Write(stream);
      Must(pygrpc_stream_read(stream, -1, &message, nullptr, &error_));
      pygrpc_free(message);
    }
    pygrpc_stream_half_close(stream, nullptr);
    Check(Must(pygrpc_stream_read(stream, -1, &message, nullptr, &error_)) == PYGRPC_END,
          "the end of EchoPayloads");
    pygrpc_stream_free(stream);
  }

 private:
  // 32 bytes of 'x' in base64.
  static constexpr char kPayload[] = R"({"body":"eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg="})";

  void Write(pygrpc_stream* stream) {
    Check(
        Must(pygrpc_stream_write(stream, kPayload, sizeof(kPayload) - 1, -1, &error_)) == PYGRPC_OK,
        "a write");
  }

  int32_t Must(int32_t code) {
    if (code >= 0) return code;
    std::fprintf(stderr, "%s\n", pygrpc_error_message(error_));
    std::exit(1);
  }

  pygrpc_client* client_ = nullptr;
  pygrpc_error* error_ = nullptr;
};

struct Sample {
  double p50 = 0;          // seconds a call
  double rate = 0;         // a second
  double cpu = 0;          // seconds each
  double allocations = 0;  // each
};

// What the process spends, from its making on.
class Meter {
 public:
  Sample Each(int count) const {
    Sample sample;
    sample.rate = count / Seconds(Clock::now() - begin_);
    sample.cpu = (CpuSeconds() - cpu_) / count;
    sample.allocations = static_cast<double>(Allocations() - allocations_) / count;
    return sample;
  }

 private:
  const uint64_t allocations_ = Allocations();
  const double cpu_ = CpuSeconds();
  const Clock::time_point begin_ = Clock::now();
};

Sample MeasureCalls(const std::function<void()>& call) {
  std::vector<double> times;
  times.reserve(kUnaryCalls);
  Meter meter;
  for (int i = 0; i < kUnaryCalls; ++i) {
    auto start = Clock::now();
    call();
    times.push_back(Seconds(Clock::now() - start));
  }
  Sample sample = meter.Each(kUnaryCalls);
  sample.p50 = Median(times);
  return sample;
}

Sample MeasureMany(int count, const std::function<void(int)>& run) {
  Meter meter;
  run(count);
  return meter.Each(count);
}

// Lets both take turns, changing who goes first, and keeps all samples.
class Duel {
 public:
  Duel(int rounds, const std::function<Sample()>& ours, const std::function<Sample()>& stub) {
    ours();  // warm-up
    stub();
    for (int i = 0; i < rounds; ++i) {
      if (i % 2 == 0) stub_.push_back(stub());
      ours_.push_back(ours());
      if (i % 2 == 1) stub_.push_back(stub());
    }
  }

  void ReportRate(const Report& report, const std::string& name) const {
    report.Add(name + "_rate_vs_stub", Ratio(&Sample::rate), "ratio");
    report.Add(name + "_rate", Middle(ours_, &Sample::rate), "1/s");
    report.Add(name + "_rate_stub", Middle(stub_, &Sample::rate), "1/s");
    report.Add(name + "_cpu_vs_stub", Ratio(&Sample::cpu), "ratio");
    report.Add(name + "_cpu", Middle(ours_, &Sample::cpu) * 1e6, "us");
    report.Add(name + "_cpu_stub", Middle(stub_, &Sample::cpu) * 1e6, "us");
    report.Add(name + "_allocations", Middle(ours_, &Sample::allocations), "each");
    report.Add(name + "_allocations_stub", Middle(stub_, &Sample::allocations), "each");
  }
  void ReportLatency(const Report& report, const std::string& name) const {
    report.Add(name + "_p50_vs_stub", Ratio(&Sample::p50), "ratio");
    report.Add(name + "_p50", Middle(ours_, &Sample::p50) * 1e6, "us");
    report.Add(name + "_p50_stub", Middle(stub_, &Sample::p50) * 1e6, "us");
  }

 private:
  double Ratio(double Sample::*value) const {
    std::vector<double> ratios;
    for (size_t i = 0; i < ours_.size(); ++i) ratios.push_back(ours_[i].*value / stub_[i].*value);
    return Median(ratios);
  }
  static double Middle(const std::vector<Sample>& samples, double Sample::*value) {
    std::vector<double> values;
    for (const Sample& sample : samples) values.push_back(sample.*value);
    return Median(values);
  }

  std::vector<Sample> ours_;
  std::vector<Sample> stub_;
};

int Main(int argc, char** argv) {
  Report report(&argc, argv);
  int rounds = 21;
  if (argc == 3 && std::strcmp(argv[1], "--rounds") == 0) {
    rounds = std::atoi(argv[2]);
  } else if (argc != 1) {
    std::fprintf(stderr, "usage: calls [--tsv] [--rounds N]\n");
    return 2;
  }
  ServerProcess server(argv[0]);
  Stub stub(server.target());
  Library library(server.target());

  report.Heading("unary calls, one after the other");
  Duel unary(
      rounds, [&] { return MeasureCalls([&] { library.Unary(); }); },
      [&] { return MeasureCalls([&] { stub.Unary(); }); });
  unary.ReportLatency(report, "unary");
  unary.ReportRate(report, "unary");

  for (int in_flight : {1, 16, 256, 4096}) {
    report.Heading("asynchronous unary calls, " + std::to_string(in_flight) + " in flight");
    const int calls = in_flight == 1 ? kUnaryCalls : kAsyncCalls;
    Duel duel(
        rounds,
        [&] { return MeasureMany(calls, [&](int n) { library.AsyncUnary(n, in_flight); }); },
        [&] { return MeasureMany(calls, [&](int n) { stub.AsyncUnary(n, in_flight); }); });
    duel.ReportRate(report, "async_unary_" + std::to_string(in_flight));
  }

  struct Case {
    const char* name;
    const char* heading;
    int messages;
    void (Library::*ours)(int);
    void (Stub::*stub)(int);
  };
  const Case cases[] = {
      {"server_streaming", "messages of a response stream", kStreamMessages, &Library::ServerStream,
       &Stub::ServerStream},
      {"server_streaming_writes", "messages of a response stream, each written to the socket",
       kStreamMessages, &Library::ServerStreamOfWrites, &Stub::ServerStreamOfWrites},
      {"client_streaming", "messages of a request stream", kStreamMessages, &Library::ClientStream,
       &Stub::ClientStream},
      {"bidi_streaming", "messages there and back, one at a time", kBidiMessages,
       &Library::BidiStream, &Stub::BidiStream},
  };
  for (const Case& item : cases) {
    report.Heading(item.heading);
    Duel duel(
        rounds, [&] { return MeasureMany(item.messages, [&](int n) { (library.*item.ours)(n); }); },
        [&] { return MeasureMany(item.messages, [&](int n) { (stub.*item.stub)(n); }); });
    duel.ReportRate(report, item.name);
  }
  return 0;
}

}  // namespace
}  // namespace pygrpc::bench

int main(int argc, char** argv) { return pygrpc::bench::Main(argc, argv); }
