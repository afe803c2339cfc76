// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Takes directories of .proto files through all that a schema can do, and complains of what is not
// as it should be:
// - every file loads, from text; every symbol is described;
// - every message has a template that transcodes, there and back;
// - the export as a descriptor set and as .proto text loads again with equal descriptors; the texts
//   are left in a directory, for protoc;
// - JSON Schemas, tool definitions, and JSON that a validator is to accept or to refuse, go to a
//   file for validate.mjs: a sample of the messages, or all of them.
//
// Usage: schema-proof [--every N] [--proto-path DIRECTORY] --output DIRECTORY SOURCE...
//        schema-proof --each [--proto-path DIRECTORY] [--refused FILE] DIRECTORY
//        schema-proof --same SET SET
//   --every    describe one in N symbols, and make the JSON Schema of one in N messages (1: of all)
//   --each     only load, describe and export each file by itself, for those that do not go
//              together; a file that is named as refused must be
//   --same     only compare two descriptor sets
// Prints one line of counts, and a line for each fault; ends with 1 if there was one.

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/buffer.h"
#include "base/error.h"
#include "schema/file_compare.h"
#include "schema/introspect.h"
#include "schema/schema.h"
#include "schema/schema_file.h"
#include "transcode/random_message.h"
#include "transcode/random_schema.h"
#include "transcode/random_source.h"
#include "transcode/transcoder.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using transcode::JsonOptions;
using transcode::Transcoder;
using Json = nlohmann::ordered_json;

constexpr size_t kMaxFaultsShown = 50;
constexpr int kRandomMessages = 3;

// What is wrong, from all threads.
class Faults {
 public:
  void Add(const std::string& fault) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (++count_ <= kMaxFaultsShown) std::cout << "fault: " << fault << std::endl;
  }
  size_t count() const { return count_; }

 private:
  std::mutex mutex_;
  size_t count_ = 0;
};

// Calls `work` for 0 to `size` - 1, on all cores.
void ForEach(size_t size, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next{0};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i) {
    threads.emplace_back([&] {
      for (size_t index = next++; index < size; index = next++) work(index);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// What is loaded, for the generator of random messages.
class LoadedSchema : public differential::DynamicSchema {
 public:
  void AddAll(const FileDescriptorSet& set) {
    for (const FileDescriptorProto& file : set.file()) {
      if (pool().FindFileByName(file.name()) == nullptr) Add(file);
    }
  }
};

// Complains where the files of `set` are not in `other` with the same descriptors; `how` says what
// that came from.
void Compare(const FileDescriptorSet& set, const std::string& other, Faults* faults,
             const std::string& how) {
  FileDescriptorSet other_set;
  if (!other_set.ParseFromString(other)) faults->Add(how + ": no descriptor set");
  std::map<std::string, const FileDescriptorProto*> by_name;
  for (const FileDescriptorProto& file : other_set.file()) by_name[file.name()] = &file;
  ForEach(static_cast<size_t>(set.file_size()), [&](size_t i) {
    const FileDescriptorProto& file = set.file(static_cast<int>(i));
    const auto found = by_name.find(file.name());
    if (found == by_name.end()) {
      faults->Add(how + ": " + file.name() + " is lost");
    } else if (!SameContent(*MakeFile(file, "one"), *MakeFile(*found->second, "other"), false)) {
      faults->Add(how + ": " + file.name() + " has other descriptors");
    }
  });
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool AreSame(const std::string& path, const std::string& other_path) {
  Faults faults;
  FileDescriptorSet set;
  if (!set.ParseFromString(ReadFile(path)) || set.file_size() == 0) {
    faults.Add(path + ": no descriptor set");
  }
  Compare(set, ReadFile(other_path), &faults, other_path);
  return faults.count() == 0;
}

class Proof {
 public:
  Proof(std::string output, size_t every) : output_(std::move(output)), every_(every) {}

  void Load(const std::string& source, const std::vector<std::string>& proto_path) {
    try {
      store_.Load(source, LoadOptions{proto_path});
    } catch (const Error& error) {
      for (const auto& location : error.locations) {
        faults_.Add(location.file + ":" + std::to_string(location.line) + ": " + location.text);
      }
      faults_.Add("load " + source + ": " + error.message);
    }
  }

  // Returns the number of faults.
  size_t Run() {
    schema_ = store_.current();
    set_bytes_ = ExportDescriptorSet(*schema_, {});
    if (!set_.ParseFromString(set_bytes_)) faults_.Add("the exported set cannot be parsed");
    for (const FileDescriptorProto& file : set_.file()) AddNames(file);
    described_ = (symbols_.size() + every_ - 1) / every_;
    ForEach(described_, [this](size_t i) { Describe(symbols_[i * every_]); });
    transcoder_ = std::make_unique<Transcoder>(schema_.get());
    ForEach(messages_.size(), [this](size_t i) { Template(messages_[i]); });
    ReloadSet();
    ReloadText();
    WriteCases();
    std::printf(
        "%d files, %zu messages; described %zu of %zu symbols; %zu messages and %zu methods "
        "to validate\n",
        set_.file_size(), messages_.size(), described_, symbols_.size(), validated_messages_,
        validated_methods_);
    return faults_.count();
  }

 private:
  void AddMessage(const DescriptorProto& message, const std::string& scope) {
    if (message.options().map_entry()) return;
    const std::string name = scope + message.name();
    messages_.push_back(name);
    symbols_.push_back(name);
    const std::string inner = name + ".";
    for (const auto& field : message.field()) symbols_.push_back(inner + field.name());
    for (const auto& field : message.extension()) symbols_.push_back(inner + field.name());
    for (const auto& oneof : message.oneof_decl()) symbols_.push_back(inner + oneof.name());
    for (const auto& type : message.enum_type()) {
      symbols_.push_back(inner + type.name());
      for (const auto& value : type.value()) symbols_.push_back(inner + value.name());
    }
    for (const auto& nested : message.nested_type()) AddMessage(nested, inner);
  }

  void AddNames(const FileDescriptorProto& file) {
    const std::string scope = file.package().empty() ? "" : file.package() + ".";
    symbols_.push_back(file.name());
    for (const auto& message : file.message_type()) AddMessage(message, scope);
    for (const auto& field : file.extension()) symbols_.push_back(scope + field.name());
    for (const auto& type : file.enum_type()) {
      symbols_.push_back(scope + type.name());
      for (const auto& value : type.value()) symbols_.push_back(scope + value.name());
    }
    for (const auto& service : file.service()) {
      symbols_.push_back(scope + service.name());
      for (const auto& method : service.method()) {
        methods_.push_back(scope + service.name() + "/" + method.name());
        symbols_.push_back(methods_.back());
      }
    }
  }

  void Describe(const std::string& name) {
    try {
      const Json description = Json::parse(DescribeJson(*schema_, name));
      if (description.value("declaration", "").empty()) faults_.Add(name + ": no declaration");
    } catch (const Error& error) {
      faults_.Add("describe " + name + ": " + error.message);
    }
  }

  void Template(const std::string& name) {
    std::string text;
    try {
      text = TemplateJson(*schema_, name);
      const auto* plan = transcoder_->Plan(schema_->Message(name));
      const std::string again = ToJson(plan, ToWire(plan, text), {});
      if (Json::parse(again).size() > Json::parse(text).size()) {
        faults_.Add("template " + name + ": " + text + " became " + again);
      }
    } catch (const Error& error) {
      faults_.Add("template " + name + ": " + error.message + ": " + text.substr(0, 500));
    }
  }

  std::string ToWire(const transcode::MessagePlan* plan, std::string_view json) const {
    Buffer wire;
    transcoder_->JsonToWire(plan, json, {}, &wire);
    return std::string(wire.view());
  }
  std::string ToJson(const transcode::MessagePlan* plan, std::string_view wire,
                     const JsonOptions& options) const {
    Buffer json;
    transcoder_->WireToJson(plan, &wire, 1, options, &json);
    return std::string(json.view());
  }

  void ReloadSet() {
    SchemaStore again;
    try {
      again.LoadDescriptorSet(set_bytes_);
    } catch (const Error& error) {
      faults_.Add("reload of the exported set: " + error.message);
    }
    Compare(set_, ExportDescriptorSet(*again.current(), {}), &faults_,
            "reload of the exported set");
  }

  void ReloadText() {
    const Json texts = Json::parse(ExportProtoText(*schema_, {}));
    const std::filesystem::path directory = std::filesystem::path(output_) / "text";
    std::filesystem::remove_all(directory);
    for (const auto& [name, text] : texts.items()) {
      std::filesystem::create_directories((directory / name).parent_path());
      std::ofstream(directory / name) << text.get<std::string>();
    }
    SchemaStore again;
    try {
      again.Load(directory.string(), LoadOptions{{directory.string()}});
    } catch (const Error& error) {
      faults_.Add("reload of the exported text: " + error.message);
    }
    Compare(set_, ExportDescriptorSet(*again.current(), {}), &faults_,
            "reload of the exported text");
    std::ofstream(std::filesystem::path(output_) / "set.pb") << set_bytes_;
  }

  // ---- for the validator --------------------------------------------------------------------

  void WriteCases() {
    loaded_.AddAll(set_);
    std::ofstream cases(std::filesystem::path(output_) / "cases.jsonl");
    std::mutex mutex;
    const auto write = [&](const Json& json) {
      const std::string line = json.dump(-1, ' ', false, Json::error_handler_t::replace);
      std::lock_guard<std::mutex> lock(mutex);
      cases << line << '\n';
    };
    const size_t messages = (messages_.size() + every_ - 1) / every_;
    ForEach(messages, [&](size_t i) { write(CaseOf(messages_[i * every_], i)); });
    const size_t methods = (methods_.size() + every_ - 1) / every_;
    ForEach(methods, [&](size_t i) { write(ToolCaseOf(methods_[i * every_])); });
    validated_messages_ = messages;
    validated_methods_ = methods;
  }

  // A message's schema, JSON that it must accept (as texts) and JSON that it must refuse.
  Json CaseOf(const std::string& name, size_t index) {
    JsonOptions printed;
    printed.proto_names = index % 4 == 1;
    printed.enum_numbers = index % 4 == 2;
    printed.int64_numbers = index % 4 == 3;
    printed.print_defaults = index % 8 >= 4;
    JsonSchemaOptions options;
    options.proto_names = printed.proto_names;
    options.enum_numbers = printed.enum_numbers;
    options.int64_as_number = printed.int64_numbers;
    Json result = {{"name", name}, {"good", Json::array()}, {"bad", Json::array()}};
    try {
      result["schema"] = Json::parse(JsonSchemaJson(*schema_, name, options));
      const auto* type = schema_->Message(name);
      const auto* plan = transcoder_->Plan(type);
      const std::string example = TemplateJson(*schema_, name);
      // The template is in the names and forms of the default options.
      result["good"].push_back(index % 4 == 0 ? example
                                              : ToJson(plan, ToWire(plan, example), printed));
      AddRandom(name, plan, printed, index, &result["good"]);
      if (index % 4 == 0) AddBad(type, plan, example, &result["bad"]);
    } catch (const Error& error) {
      faults_.Add("JSON Schema of " + name + ": " + error.message);
    }
    return result;
  }

  void AddRandom(const std::string& name, const transcode::MessagePlan* plan,
                 const JsonOptions& options, size_t index, Json* good) {
    const Descriptor* type = loaded_.pool().FindMessageTypeByName(name);
    for (int i = 0; i < kRandomMessages; ++i) {
      differential::RandomSource random(index * kRandomMessages + static_cast<size_t>(i));
      std::unique_ptr<google::protobuf::Message> message;
      {
        // The factory makes types as they are asked for.
        std::lock_guard<std::mutex> lock(random_mutex_);
        message = loaded_.New(type);
        differential::FillRandomly(loaded_, &random, message.get());
      }
      const std::string wire = differential::Serialize(*message);
      good->push_back(ToJson(plan, wire, options));
    }
  }

  // The template with one thing changed, such that the transcoder refuses it.
  void AddBad(const Descriptor* type, const transcode::MessagePlan* plan,
              const std::string& example, Json* bad) {
    const Json good = Json::parse(example);
    if (!good.is_object()) return;
    const auto add = [&](const Json& json) {
      const std::string text = json.dump();
      try {
        ToWire(plan, text);
      } catch (const Error&) {
        bad->push_back(text);
      }
    };
    if (type->full_name() == "google.protobuf.Struct") return;  // takes all objects
    if (type->full_name() == "google.protobuf.Any") return;     // the schema knows no types
    add(Json::array());
    add("text");
    add(1);
    Json more = good;
    more["noFieldIsCalledThat"] = 1;
    add(more);
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      for (const char* wrong :
           {"{\"a\":{}}", "[[]]", "\"no such thing\"", "true", "1.5", "1e300"}) {
        if (!IsObvious(field, wrong)) continue;
        Json changed = good;
        changed[field->json_name()] = Json::parse(wrong);
        add(changed);
      }
      if (field->real_containing_oneof() == nullptr) continue;
      const Json value = ExampleOf(field);
      if (good.contains(field->json_name()) || value.is_null()) continue;
      Json both = good;
      both[field->json_name()] = value;
      add(both);
    }
  }

  // Whether a schema can be expected to know better: Value, Struct, ListValue and Any take nearly
  // everything, and a FieldMask or bytes any string.
  static bool IsObvious(const FieldDescriptor* field, std::string_view wrong) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      return field->type() != FieldDescriptor::TYPE_BYTES || wrong.front() != '"';
    }
    const std::string& name = field->message_type()->full_name();
    if (name == "google.protobuf.Any" || name == "google.protobuf.Struct" ||
        name == "google.protobuf.ListValue" || name == "google.protobuf.Value") {
      return wrong == "1.5" && name != "google.protobuf.Value";
    }
    const bool takes_text =
        name == "google.protobuf.FieldMask" || name == "google.protobuf.BytesValue";
    return !takes_text || wrong.front() != '"';
  }

  // A value of a scalar member of a oneof; null for others.
  static Json ExampleOf(const FieldDescriptor* field) {
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
      case FieldDescriptor::CPPTYPE_UINT32:
        return 1;
      case FieldDescriptor::CPPTYPE_BOOL:
        return true;
      case FieldDescriptor::CPPTYPE_STRING:
        return "YQ==";
      default:
        return nullptr;
    }
  }

  Json ToolCaseOf(const std::string& method) {
    Json result = {{"name", method}, {"good", Json::array()}, {"bad", Json::array()}};
    try {
      result["tool"] = Json::parse(JsonSchemaJson(*schema_, method));
      const std::string example = TemplateJson(*schema_, method);
      const bool streams = result["tool"].value("cardinality", "").compare(0, 7, "stream_") == 0;
      // What is no object by itself is the one property of one.
      const bool wraps = !streams && example.front() != '{';
      result["good"].push_back(streams ? "{\"requests\":[" + example + "]}"
                               : wraps ? "{\"request\":" + example + "}"
                                       : example);
      result["bad"].push_back("[]");
      result["bad"].push_back(streams || wraps ? "{}" : "\"text\"");
    } catch (const Error& error) {
      faults_.Add("tool " + method + ": " + error.message);
    }
    return result;
  }

  const std::string output_;
  const size_t every_;
  SchemaStore store_;
  Faults faults_;
  std::shared_ptr<const Schema> schema_;
  std::unique_ptr<Transcoder> transcoder_;
  std::string set_bytes_;
  FileDescriptorSet set_;
  std::vector<std::string> symbols_;
  std::vector<std::string> messages_;
  std::vector<std::string> methods_;
  LoadedSchema loaded_;
  std::mutex random_mutex_;
  size_t described_ = 0;
  size_t validated_messages_ = 0;
  size_t validated_methods_ = 0;
};

// One file, in a schema of its own.
void CheckAlone(const std::string& path, const std::vector<std::string>& proto_path,
                bool is_refused, Faults* faults) {
  SchemaStore store;
  try {
    store.Load(path, LoadOptions{proto_path});
  } catch (const Error& error) {
    if (!is_refused) faults->Add(error.message);
    return;
  }
  if (is_refused) faults->Add(path + " is not refused");
  try {
    const std::string bytes = ExportDescriptorSet(*store.current(), {});
    FileDescriptorSet set;
    if (!set.ParseFromString(bytes)) faults->Add(path + ": no descriptor set");
    for (const FileDescriptorProto& file : set.file()) DescribeJson(*store.current(), file.name());
    SchemaStore again;
    again.LoadDescriptorSet(bytes);
    Compare(set, ExportDescriptorSet(*again.current(), {}), faults, path + " as a set");
    SchemaStore of_text;
    const Json texts = Json::parse(ExportProtoText(*store.current(), {}));
    for (const auto& [name, text] : texts.items()) {
      of_text.LoadProto(name, text.get<std::string>());
    }
    Compare(set, ExportDescriptorSet(*of_text.current(), {}), faults, path + " as text");
  } catch (const Error& error) {
    faults->Add(path + ": " + error.message);
  }
}

int CheckEach(const std::vector<std::string>& arguments) {
  std::vector<std::string> proto_path;
  std::set<std::string> refused;
  std::vector<std::string> files;
  for (size_t i = 1; i < arguments.size(); ++i) {
    const bool has_value = i + 1 < arguments.size();
    if (arguments[i] == "--proto-path" && has_value) {
      proto_path.push_back(arguments[++i]);
    } else if (arguments[i] == "--refused" && has_value) {
      refused.insert(arguments[++i]);
    } else {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(arguments[i])) {
        if (entry.path().extension() == ".proto") files.push_back(entry.path().string());
      }
    }
  }
  std::sort(files.begin(), files.end());
  Faults faults;
  ForEach(files.size(), [&](size_t i) {
    const bool is_refused = refused.count(std::filesystem::path(files[i]).filename()) > 0;
    CheckAlone(files[i], proto_path, is_refused, &faults);
  });
  std::printf("%zu files, each by itself; of %zu it is known that they cannot be loaded\n",
              files.size(), refused.size());
  return faults.count() == 0 && !files.empty() ? 0 : 1;
}

int Main(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments[0] == "--each") return CheckEach(arguments);
  if (arguments.size() == 3 && arguments[0] == "--same") {
    return AreSame(arguments[1], arguments[2]) ? 0 : 1;
  }
  std::vector<std::string> sources;
  std::vector<std::string> proto_path;
  std::string output;
  size_t every = 1;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const bool has_value = i + 1 < arguments.size();
    if (arguments[i] == "--every" && has_value) {
      every = std::max<size_t>(1, std::strtoul(arguments[++i].c_str(), nullptr, 10));
    } else if (arguments[i] == "--output" && has_value) {
      output = arguments[++i];
    } else if (arguments[i] == "--proto-path" && has_value) {
      proto_path.push_back(arguments[++i]);
    } else {
      sources.push_back(arguments[i]);
    }
  }
  if (output.empty() || sources.empty()) {
    std::cerr << "usage: schema-proof [--every N] [--proto-path DIRECTORY] --output DIRECTORY "
                 "SOURCE...\n";
    return 2;
  }
  std::filesystem::create_directories(output);
  Proof proof(output, every);
  for (const std::string& source : sources) proof.Load(source, proto_path);
  return proof.Run() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace pygrpc::schema

int main(int argc, char** argv) {
  return pygrpc::schema::Main(std::vector<std::string>(argv + 1, argv + argc));
}
