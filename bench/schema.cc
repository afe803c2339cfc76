// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// What a large schema costs: a descriptor set of 5,000 files and 50,000 messages, loaded by this
// library, which builds what is used of it, beside protobuf's full build of the same set. Each
// measurement runs in a process of its own, so that all start alike; the rounds alternate, and a
// ratio is the median of the rounds' ratios. Times are CPU time, and begin
// with the bytes of the set.
//
// Usage: schema [--tsv]

#include "schema/schema.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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
#include "report.h"
#include "transcode/transcoder.h"

namespace pygrpc::bench {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;

constexpr int kFiles = 5000;
constexpr int kMessagesPerFile = 10;
constexpr int kRounds = 5;
// The files whose methods a lookup benchmark asks for: they are in all of its schemas, and
// each needs as many others.
constexpr int kFirstNamed = 64;
constexpr int kLastNamed = 99;

// ---- The schema --------------------------------------------------------------------------------

std::string FileName(int file) { return "bench/area" + std::to_string(file) + "/types.proto"; }
std::string Package(int file) { return "bench.area" + std::to_string(file); }
std::string MethodName(int file) {
  return Package(file) + ".Service" + std::to_string(file) + "/Get" + std::to_string(file);
}

void AddField(DescriptorProto* message, const std::string& name, FieldDescriptorProto::Type type,
              const std::string& type_name = "") {
  FieldDescriptorProto* field = message->add_field();
  field->set_name(name);
  field->set_number(message->field_size());
  field->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
  field->set_type(type);
  if (!type_name.empty()) field->set_type_name("." + type_name);
}

// The messages of a file refer to each other and to those of the files that it imports: the one at
// half its number, and so on, so that a file needs as many others as its number has binary digits.
FileDescriptorProto MakeFile(int number) {
  FileDescriptorProto file;
  file.set_name(FileName(number));
  file.set_package(Package(number));
  file.set_syntax("proto3");
  if (number > 0) file.add_dependency(FileName(number / 2));
  const auto message_name = [](int of_file, int message) {
    return Package(of_file) + ".Message" + std::to_string(message);
  };
  for (int i = 0; i < kMessagesPerFile; ++i) {
    DescriptorProto* message = file.add_message_type();
    message->set_name("Message" + std::to_string(i));
    AddField(message, "name", FieldDescriptorProto::TYPE_STRING);
    AddField(message, "number", FieldDescriptorProto::TYPE_INT64);
    AddField(message, "is_ready", FieldDescriptorProto::TYPE_BOOL);
    AddField(message, "amount", FieldDescriptorProto::TYPE_DOUBLE);
    AddField(message, "content", FieldDescriptorProto::TYPE_BYTES);
    AddField(message, "kind", FieldDescriptorProto::TYPE_ENUM, Package(number) + ".Kind");
    if (i > 0) {
      AddField(message, "inner", FieldDescriptorProto::TYPE_MESSAGE, message_name(number, i - 1));
    }
    if (number > 0) {
      AddField(message, "other", FieldDescriptorProto::TYPE_MESSAGE, message_name(number / 2, i));
    }
  }
  auto* kind = file.add_enum_type();
  kind->set_name("Kind");
  for (int i = 0; i < 3; ++i) {
    auto* value = kind->add_value();
    value->set_name("KIND_" + std::to_string(i));
    value->set_number(i);
  }
  auto* service = file.add_service();
  service->set_name("Service" + std::to_string(number));
  auto* method = service->add_method();
  method->set_name("Get" + std::to_string(number));
  method->set_input_type("." + message_name(number, 0));
  method->set_output_type("." + message_name(number, kMessagesPerFile - 1));
  return file;
}

std::string MakeSet(int files) {
  FileDescriptorSet set;
  for (int i = 0; i < files; ++i) *set.add_file() = MakeFile(i);
  return set.SerializeAsString();
}

// ---- A process for each measurement ------------------------------------------------------------

using Numbers = std::array<double, 3>;

double CpuSeconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// What the process holds now, in bytes.
double ResidentBytes() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.compare(0, 6, "VmRSS:") == 0) return std::atof(line.c_str() + 6) * 1024;
  }
  throw std::runtime_error("no VmRSS in /proc/self/status");
}

Numbers InChild(const std::function<Numbers()>& work) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("pipe failed");
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    Numbers numbers = {-1, -1, -1};
    try {
      malloc_trim(0);  // memory that is free already would hide what is taken
      numbers = work();
    } catch (const std::exception& error) {
      std::cerr << "schema: " << error.what() << "\n";
    }
    _exit(write(ends[1], &numbers, sizeof numbers) == sizeof numbers ? 0 : 1);
  }
  close(ends[1]);
  Numbers numbers = {-1, -1, -1};
  const bool read_all = read(ends[0], &numbers, sizeof numbers) == sizeof numbers;
  close(ends[0]);
  waitpid(child, nullptr, 0);
  if (!read_all || numbers[0] < 0) throw std::runtime_error("a measurement failed");
  return numbers;
}

// ---- The contenders ----------------------------------------------------------------------------

// The last method of the schema, as a first call uses it: found, planned, its request made from
// JSON and a response turned into JSON.
void Call(const schema::Schema& schema, const transcode::Transcoder& transcoder) {
  const auto* method = schema.Method(MethodName(kFiles - 1));
  Buffer request;
  transcoder.JsonToWire(transcoder.Plan(method->input_type()), R"({"name":"x","number":"5"})", {},
                        &request);
  const std::string_view response = request.view();
  Buffer json;
  transcoder.WireToJson(transcoder.Plan(method->output_type()), &response, 1, {}, &json);
  if (json.view() != R"({"name":"x","number":"5"})") throw std::runtime_error("wrong JSON");
}

// Seconds until the set is loaded, seconds until the first call is done, bytes taken by both.
Numbers OwnFirstCall(const std::string& set) {
  const double memory = ResidentBytes();
  const double start = CpuSeconds();
  schema::SchemaStore store;
  store.LoadDescriptorSet(set);
  const double loaded = CpuSeconds();
  const auto schema = store.current();
  const transcode::Transcoder transcoder(schema.get());
  Call(*schema, transcoder);
  const double called = CpuSeconds();
  return {loaded - start, called - start, ResidentBytes() - memory};
}

// Seconds for the full build, and bytes taken.
Numbers ProtobufBuild(const std::string& bytes) {
  const double memory = ResidentBytes();
  const double start = CpuSeconds();
  auto set = std::make_unique<FileDescriptorSet>();
  if (!set->ParseFromString(bytes)) throw std::runtime_error("the set cannot be parsed");
  DescriptorPool pool;
  for (const FileDescriptorProto& file : set->file()) {
    if (pool.BuildFile(file) == nullptr) throw std::runtime_error("a file cannot be built");
  }
  set.reset();
  const double built = CpuSeconds();
  malloc_trim(0);  // the parsed set is not counted
  return {built - start, built - start, ResidentBytes() - memory};
}

// Seconds to find a method whose file is built already; to find one, and build its file and those
// that this needs, for the first time; and to find one by its unqualified name for the first time.
Numbers Lookups(const std::string& set) {
  schema::SchemaStore store;
  store.LoadDescriptorSet(set);
  const auto schema = store.current();
  std::vector<std::string> full_names;
  std::vector<std::string> short_names;
  for (int file = kFirstNamed; file <= kLastNamed; ++file) {
    full_names.push_back(MethodName(file));
    short_names.push_back("Get" + std::to_string(file));
  }
  const auto count = static_cast<double>(full_names.size());
  double start = CpuSeconds();
  for (const std::string& name : full_names) schema->Method(name);
  const double first = (CpuSeconds() - start) / count;
  schema->Method("Get0");  // the index of unqualified names is made when one is asked for
  start = CpuSeconds();
  for (const std::string& name : short_names) schema->Method(name);
  const double unqualified = (CpuSeconds() - start) / count;
  constexpr int kRepeats = 3000;
  start = CpuSeconds();
  for (int i = 0; i < kRepeats; ++i) {
    for (const std::string& name : full_names) schema->Method(name);
  }
  const double known = (CpuSeconds() - start) / kRepeats / count;
  return {known, first, unqualified};
}

// ---- Reports -----------------------------------------------------------------------------------

double MedianOf(const std::vector<Numbers>& rounds, size_t index) {
  std::vector<double> values;
  for (const Numbers& round : rounds) values.push_back(round[index]);
  return Median(values);
}

double MedianRatio(const std::vector<Numbers>& ours, size_t index,
                   const std::vector<Numbers>& protobuf, size_t protobuf_index) {
  std::vector<double> ratios;
  for (size_t i = 0; i < ours.size(); ++i) {
    ratios.push_back(ours[i][index] / protobuf[i][protobuf_index]);
  }
  return Median(ratios);
}

void MeasureFirstCall(const Report& report) {
  const std::string set = MakeSet(kFiles);
  std::vector<Numbers> ours;
  std::vector<Numbers> protobuf;
  for (int round = 0; round < kRounds; ++round) {
    ours.push_back(InChild([&] { return OwnFirstCall(set); }));
    protobuf.push_back(InChild([&] { return ProtobufBuild(set); }));
  }
  report.Heading(std::to_string(kFiles) + " files, " + std::to_string(kFiles * kMessagesPerFile) +
                 " messages, " + std::to_string(set.size() >> 10) +
                 " KiB of descriptors, beside protobuf's full build");
  report.Add("schema_first_call_vs_protobuf", MedianRatio(ours, 1, protobuf, 1), "ratio");
  report.Add("schema_load_vs_protobuf", MedianRatio(ours, 0, protobuf, 1), "ratio");
  report.Add("schema_memory_vs_protobuf", MedianRatio(ours, 2, protobuf, 2), "ratio");
  report.Add("schema_load", MedianOf(ours, 0) * 1e3, "ms");
  report.Add("schema_first_call", MedianOf(ours, 1) * 1e3, "ms");
  report.Add("schema_build_protobuf", MedianOf(protobuf, 1) * 1e3, "ms");
  report.Add("schema_memory", MedianOf(ours, 2) / (1 << 20), "MiB");
  report.Add("schema_memory_protobuf", MedianOf(protobuf, 2) / (1 << 20), "MiB");
}

void MeasureLookups(const Report& report) {
  report.Heading("Names in schemas of different size");
  // Smaller sets are built as they are loaded.
  for (int files : {200, 1000, kFiles}) {
    const std::string set = MakeSet(files);
    std::vector<Numbers> rounds;
    for (int round = 0; round < kRounds; ++round) {
      rounds.push_back(InChild([&] { return Lookups(set); }));
    }
    const std::string size = "/" + std::to_string(files) + "_files";
    report.Add("schema_find_known_method" + size, MedianOf(rounds, 0) * 1e9, "ns");
    report.Add("schema_find_new_method" + size, MedianOf(rounds, 1) * 1e6, "us");
    report.Add("schema_find_unqualified_method" + size, MedianOf(rounds, 2) * 1e6, "us");
  }
}

int Main(int argc, char** argv) {
  const Report report(&argc, argv);
  if (argc != 1) {
    std::cerr << "usage: schema [--tsv]\n";
    return 2;
  }
  MeasureFirstCall(report);
  MeasureLookups(report);
  return 0;
}

}  // namespace
}  // namespace pygrpc::bench

int main(int argc, char** argv) {
  try {
    return pygrpc::bench::Main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "schema: " << error.what() << "\n";
    return 1;
  }
}
