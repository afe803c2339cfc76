// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// How fast JSON becomes wire format and back: this library's transcoder, protobuf's JSON utilities
// on DynamicMessage, and simdjson's DOM parse alone as the yardstick. All of them in one process,
// in turns: each round measures every contender, and a ratio is the median of the rounds' ratios,
// so that what disturbs the machine hits all alike.
//
// Usage: transcode [--tsv] [--once SIZE DIRECTION REPEATS]
//   --once  runs only this transcoder, for a profiler: DIRECTION is in or out

#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/json_util.h>
#include <malloc.h>
#include <simdjson.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "report.h"
#include "schema/type_resolver.h"
#include "transcode/transcoder.h"

namespace pygrpc::bench {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::Message;
using transcode::JsonOptions;
using transcode::MessagePlan;
using transcode::Transcoder;

constexpr char kSchema[] = R"pb(
  syntax = "proto3"
  ;
  package bench;
  import "google/protobuf/timestamp.proto";
  message Hello {
    string name = 1;
  }
  enum Kind {
    KIND_UNSPECIFIED = 0;
    KIND_BOOK = 1;
    KIND_TOOL = 2;
    KIND_GARMENT = 3;
  }
  message Location {
    double latitude = 1;
    double longitude = 2;
    string address = 3;
  }
  message Item {
    int64 item_id = 1;
    string name = 2;
    Kind kind = 3;
    bool available = 4;
    double price = 5;
    repeated string tags = 6;
    map<string, int32> stock = 7;
    Location location = 8;
    google.protobuf.Timestamp created = 9;
    bytes digest = 10;
    repeated uint32 ratings = 11;
    oneof contact {
      string email = 12;
      string phone = 13;
    }
  }
  message ItemList {
    repeated Item items = 1;
  }
  message Strings {
    repeated string values = 1;
  }
  message Doubles {
    repeated double values = 1;
  }
)pb";

class Schema : public schema::TypeResolver {
 public:
  Schema() {
    google::protobuf::FileDescriptorProto file;
    google::protobuf::Timestamp::descriptor()->file()->CopyTo(&file);
    pool_.BuildFile(file);
    google::protobuf::io::ArrayInputStream input(kSchema, sizeof kSchema - 1);
    google::protobuf::io::Tokenizer tokenizer(&input, nullptr);
    file.Clear();
    google::protobuf::compiler::Parser().Parse(&tokenizer, &file);
    file.set_name("bench.proto");
    if (pool_.BuildFile(file) == nullptr) throw std::logic_error("the schema is wrong");
  }
  const Descriptor* FindMessage(std::string_view name) const override {
    return pool_.FindMessageTypeByName(std::string(name));
  }
  std::vector<const google::protobuf::FieldDescriptor*> Extensions(
      const Descriptor*) const override {
    return {};
  }
  std::unique_ptr<Message> New(const Descriptor* type) const {
    return std::unique_ptr<Message>(factory_.GetPrototype(type)->New());
  }

 private:
  DescriptorPool pool_;
  mutable google::protobuf::DynamicMessageFactory factory_{&pool_};
};

// ---- The messages ------------------------------------------------------------------------------

// A small generator of its own, so that every machine measures the same texts.
class Numbers {
 public:
  uint64_t Next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return state_ >> 33;
  }
  uint64_t Below(uint64_t limit) { return Next() % limit; }

 private:
  uint64_t state_ = 20260101;
};

std::string Decimal(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.15g", value);
  return text;
}

std::string ItemJson(Numbers* numbers) {
  static const char* const kKinds[] = {"KIND_BOOK", "KIND_TOOL", "KIND_GARMENT"};
  const uint64_t id = numbers->Next();
  std::string digest;
  for (int i = 0; i < 20; ++i) digest += static_cast<char>(numbers->Next());
  char created[40];
  std::snprintf(created, sizeof created, "20%02d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                static_cast<int>(10 + numbers->Below(15)), static_cast<int>(1 + numbers->Below(12)),
                static_cast<int>(1 + numbers->Below(28)), static_cast<int>(numbers->Below(24)),
                static_cast<int>(numbers->Below(60)), static_cast<int>(numbers->Below(60)),
                static_cast<int>(1 + numbers->Below(999)));
  std::string json =
      "{\"itemId\":\"" + std::to_string(id) + "\",\"name\":\"Item no. " +
      std::to_string(id % 10000) + ", \\\"large\\\" caf\xc3\xa9\",\"kind\":\"" +
      kKinds[numbers->Below(3)] + "\",\"available\":true,\"price\":" +
      Decimal(static_cast<double>(numbers->Below(100000)) / 100) + ",\"tags\":[\"new\",\"tag" +
      std::to_string(numbers->Below(100)) +
      "\",\"garden\"],\"stock\":{\"berlin\":" + std::to_string(numbers->Below(500)) +
      ",\"oslo\":" + std::to_string(1 + numbers->Below(500)) +
      "},\"location\":{\"latitude\":" + Decimal(static_cast<double>(numbers->Next()) / 1e9 * 40) +
      ",\"longitude\":" + Decimal(-static_cast<double>(numbers->Next()) / 1e9 * 80) +
      ",\"address\":\"12 Long Street\"},\"created\":\"" + created + "\",\"digest\":\"" +
      Base64Encode(digest) + "\",\"ratings\":[5,4,3," + std::to_string(1 + numbers->Below(5)) +
      "],";
  json += id % 2 == 0 ? "\"email\":\"someone@example.com\"}" : "\"phone\":\"+49 30 1234567\"}";
  return json;
}

// The elements that `next` gives, in an array, until the text has about `size` bytes.
std::string ArrayJson(const std::string& name, size_t size,
                      const std::function<std::string()>& next) {
  std::string json = "{\"" + name + "\":[" + next();
  while (json.size() < size) json += "," + next();
  return json + "]}";
}

struct Subject {
  std::string size;  // as it stands in the names of the results
  const Descriptor* type;
  std::string json;
  std::string wire;
  int rounds;
};

std::vector<Subject> MakeSubjects(const Schema& schema) {
  Numbers numbers;
  auto item = [&] { return ItemJson(&numbers); };
  auto text = [&] {
    std::string value = "\"";
    for (uint64_t words = 3 + numbers.Below(12); words > 0; --words) value += "word and ";
    return value + "\"";
  };
  auto number = [&] {
    return Decimal(static_cast<double>(numbers.Next()) / static_cast<double>(1 + numbers.Next()));
  };
  const Descriptor* list = schema.FindMessage("bench.ItemList");
  std::vector<Subject> subjects = {
      {"15B", schema.FindMessage("bench.Hello"), "{\"name\":\"Anna\"}", "", 21},
      {"400B", schema.FindMessage("bench.Item"), item(), "", 21},
      {"4K", list, ArrayJson("items", 4000, item), "", 21},
      {"370K", list, ArrayJson("items", 370000, item), "", 15},
      {"20M", list, ArrayJson("items", 20000000, item), "", 3},
      {"strings", schema.FindMessage("bench.Strings"), ArrayJson("values", 100000, text), "", 15},
      {"doubles", schema.FindMessage("bench.Doubles"), ArrayJson("values", 100000, number), "", 15},
  };
  return subjects;
}

void SetWire(const Schema& schema, Subject* subject) {
  std::unique_ptr<Message> message = schema.New(subject->type);
  const auto status = google::protobuf::util::JsonStringToMessage(subject->json, message.get());
  if (!status.ok()) throw std::runtime_error(status.ToString());
  subject->wire = message->SerializeAsString();
}

// ---- The contenders ----------------------------------------------------------------------------

class Contenders {
 public:
  Contenders(const Schema& schema, const Transcoder& transcoder, const Subject& subject)
      : schema_(schema),
        transcoder_(transcoder),
        subject_(subject),
        plan_(transcoder.Plan(subject.type)),
        padded_(subject.json) {}

  // Each does its work once and returns a size, so that none of it can be left out.

  size_t OwnJsonToWire() {
    Buffer out;
    transcoder_.JsonToWire(plan_, subject_.json, JsonOptions(), &out);
    return out.size();
  }

  size_t OwnWireToJson() {
    Buffer out;
    const std::string_view wire = subject_.wire;
    transcoder_.WireToJson(plan_, &wire, 1, JsonOptions(), &out);
    return out.size();
  }

  size_t ProtobufJsonToWire() {
    std::unique_ptr<Message> message = schema_.New(subject_.type);
    const auto status = google::protobuf::util::JsonStringToMessage(subject_.json, message.get());
    if (!status.ok()) throw std::runtime_error(status.ToString());
    return message->SerializeAsString().size();
  }

  size_t ProtobufWireToJson() {
    std::unique_ptr<Message> message = schema_.New(subject_.type);
    if (!message->ParseFromString(subject_.wire)) throw std::runtime_error("bad bytes");
    std::string json;
    const auto status = google::protobuf::util::MessageToJsonString(*message, &json);
    if (!status.ok()) throw std::runtime_error(status.ToString());
    return json.size();
  }

  size_t SimdjsonParse() {
    simdjson::dom::element root;
    if (parser_.parse(padded_).get(root) != simdjson::SUCCESS) throw std::runtime_error("not JSON");
    return root.get_object().size();
  }

 private:
  const Schema& schema_;
  const Transcoder& transcoder_;
  const Subject& subject_;
  const MessagePlan* plan_;
  simdjson::padded_string padded_;
  simdjson::dom::parser parser_;
};

// Keeps the compiler from leaving out what is measured.
volatile size_t g_sink;

// The time that this thread has had the processor: what else runs on the machine does not count.
double CpuNs() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

struct Measured {
  std::string name;
  std::function<size_t()> work;
  int repeats = 1;
  std::vector<double> ns = {};  // of one execution, a value a round

  double Run(int times) {
    const double begin = CpuNs();
    for (int i = 0; i < times; ++i) g_sink = work();
    return (CpuNs() - begin) / times;
  }
};

// Chooses how often to repeat so that a measurement is much longer than the clock's grain.
void Calibrate(Measured* measured) {
  constexpr double kBatchNs = 4e6;
  double ns = measured->Run(1);  // fills the caches, compiles the plans
  ns = std::min(ns, measured->Run(1));
  if (ns < kBatchNs / 20) ns = measured->Run(20);
  measured->repeats = std::max(1, static_cast<int>(kBatchNs / ns));
}

double MedianRatio(const Measured& slower, const Measured& faster) {
  std::vector<double> ratios;
  for (size_t i = 0; i < slower.ns.size(); ++i) ratios.push_back(slower.ns[i] / faster.ns[i]);
  return Median(ratios);
}

void MeasureSubject(const Schema& schema, const Transcoder& transcoder, const Subject& subject,
                    const Report& report) {
  Contenders contenders(schema, transcoder, subject);
  Measured all[] = {
      {"json_to_wire", [&] { return contenders.OwnJsonToWire(); }},
      {"json_to_wire_protobuf", [&] { return contenders.ProtobufJsonToWire(); }},
      {"simdjson_parse", [&] { return contenders.SimdjsonParse(); }},
      {"wire_to_json", [&] { return contenders.OwnWireToJson(); }},
      {"wire_to_json_protobuf", [&] { return contenders.ProtobufWireToJson(); }},
  };
  for (Measured& measured : all) Calibrate(&measured);
  for (int round = 0; round < subject.rounds; ++round) {
    for (Measured& measured : all) measured.ns.push_back(measured.Run(measured.repeats));
  }
  report.Heading(subject.size + ": " + std::to_string(subject.json.size()) + " B of JSON, " +
                 std::to_string(subject.wire.size()) + " B of wire format");
  report.Add("json_to_wire_vs_protobuf/" + subject.size, MedianRatio(all[1], all[0]), "x");
  report.Add("json_to_wire_vs_simdjson/" + subject.size, MedianRatio(all[2], all[0]), "x");
  report.Add("wire_to_json_vs_protobuf/" + subject.size, MedianRatio(all[4], all[3]), "x");
  for (const Measured& measured : all) {
    const double ns = Median(measured.ns);
    report.Add(measured.name + "_time/" + subject.size, ns, "ns");
    report.Add(measured.name + "_rate/" + subject.size,
               static_cast<double>(subject.json.size()) / ns * 1e3, "MB/s");
  }
}

// ---- Memory ------------------------------------------------------------------------------------

// A line of /proc/self/status, in bytes.
double StatusBytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.compare(0, key.size(), key) == 0) return std::atof(line.c_str() + key.size()) * 1024;
  }
  throw std::runtime_error("no " + key + " in /proc/self/status");
}

// The most memory that `work` takes at any moment, in bytes, in a process of its own.
double PeakMemory(const std::function<size_t()>& work) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("pipe failed");
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    double peak = -1;
    try {
      malloc_trim(0);  // memory that is free already would hide what is taken
      std::ofstream("/proc/self/clear_refs") << 5;  // the high-water mark begins anew
      const double before = StatusBytes("VmRSS:");
      g_sink = work();
      peak = StatusBytes("VmHWM:") - before;
    } catch (const std::exception& error) {
      std::cerr << error.what() << "\n";
    }
    _exit(write(ends[1], &peak, sizeof peak) == sizeof peak ? 0 : 1);
  }
  close(ends[1]);
  double peak = -1;
  const bool read_all = read(ends[0], &peak, sizeof peak) == sizeof peak;
  close(ends[0]);
  waitpid(child, nullptr, 0);
  if (!read_all || peak < 0) throw std::runtime_error("the memory was not measured");
  return peak;
}

// What the conversion holds at its peak, its input included, as a multiple of the JSON's size.
void MeasureMemory(const Schema& schema, const Transcoder& transcoder, const Subject& subject,
                   const Report& report) {
  Contenders contenders(schema, transcoder, subject);
  const auto json_size = static_cast<double>(subject.json.size());
  const auto wire_size = static_cast<double>(subject.wire.size());
  report.Heading("Peak memory with the input, as a multiple of the size of the JSON");
  report.Add("json_to_wire_peak_memory/" + subject.size,
             (json_size + PeakMemory([&] { return contenders.OwnJsonToWire(); })) / json_size, "x");
  report.Add("wire_to_json_peak_memory/" + subject.size,
             (wire_size + PeakMemory([&] { return contenders.OwnWireToJson(); })) / json_size, "x");
}

// ------------------------------------------------------------------------------------------------

int Main(int argc, char** argv) {
  const Report report(&argc, argv);
  const Schema schema;
  std::vector<Subject> subjects = MakeSubjects(schema);
  const Transcoder transcoder(&schema);

  if (argc == 5 && std::string_view(argv[1]) == "--once") {
    for (Subject& subject : subjects) {
      if (subject.size != argv[2]) continue;
      SetWire(schema, &subject);
      Contenders contenders(schema, transcoder, subject);
      for (int i = std::atoi(argv[4]); i > 0; --i) {
        g_sink = std::string_view(argv[3]) == "in" ? contenders.OwnJsonToWire()
                                                   : contenders.OwnWireToJson();
      }
    }
    return 0;
  }
  if (argc != 1) {
    std::cerr << "usage: transcode [--tsv] [--once SIZE in|out REPEATS]\n";
    return 2;
  }
  for (Subject& subject : subjects) SetWire(schema, &subject);
  for (const Subject& subject : subjects) {
    if (subject.size == "20M") MeasureMemory(schema, transcoder, subject, report);
  }
  for (const Subject& subject : subjects) MeasureSubject(schema, transcoder, subject, report);
  return 0;
}

}  // namespace
}  // namespace pygrpc::bench

int main(int argc, char** argv) {
  try {
    return pygrpc::bench::Main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "transcode: " << error.what() << "\n";
    return 1;
  }
}
