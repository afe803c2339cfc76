// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_FUZZ_FUZZ_ORACLE_H_
#define PYGRPC_TESTS_FUZZ_FUZZ_ORACLE_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/type_resolver.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "transcode/random_schema.h"
#include "transcode/transcoder.h"

namespace pygrpc::differential {

// The schema of protos/pygrpc_test: every field type of proto3 and of proto2, extensions, groups
// and well-known types.
class FixedSchema : public DynamicSchema {
 public:
  FixedSchema();

 private:
  void AddFile(const std::string& name);
};

// One fuzzer's input, taken apart: its first byte, a digit in the corpus, chooses the type; the
// rest is the text or the bytes.
struct Input {
  const google::protobuf::Descriptor* type = nullptr;
  std::string_view content;
};

// The transcoder and what it is compared with. What is wrong is printed, and ends the process.
class Oracle {
 public:
  Oracle();

  static const Oracle& Get();

  // nothing for inputs that are too short.
  std::optional<Input> Take(const uint8_t* data, size_t size) const;

  // The transcoder's answers; nothing when it refuses, with the reason in `refusal`.
  std::optional<std::string> JsonToWire(const Input& input, std::string* refusal) const;
  std::optional<std::string> WireToJson(const Input& input, std::string* refusal) const;

  // google::protobuf::util's answer; nothing when it refuses, or is known to be wrong.
  std::optional<std::string> UtilJsonToWire(const Input& input) const;

  // The message in the bytes, normalized; null if protobuf does not take them.
  std::unique_ptr<google::protobuf::Message> Parse(const google::protobuf::Descriptor* type,
                                                   std::string_view bytes) const;

  // The JSON that a message should have; nothing, with the reason, for one without JSON form.
  std::optional<std::string> ExpectedJson(const google::protobuf::Message& message,
                                          std::string* reason) const;

  // Whether a message holds, at any depth, what JSON has but cannot give back: an Any of a type
  // that the schema does not know, or a NullValue of another number than its only one.
  bool LosesInJson(const google::protobuf::Message& message) const;

  // Whether a message holds, at any depth, a map whose values are of a closed enum. Where one is a
  // number that the enum lacks, generated code and this library count the entry as unknown;
  // DynamicMessage of 3.21 keeps it, with the default value.
  bool HasMapOfClosedEnum(const google::protobuf::Message& message) const;

  // How deep objects and arrays nest in a text; brackets within strings do not count.
  static int Nesting(std::string_view json);

  static void CheckSameJson(const std::string& expected, const std::string& ours);
  static void CheckSameMessage(const google::protobuf::Message& expected,
                               const google::protobuf::Message& ours);
  [[noreturn]] static void Fail(const std::string& what);

 private:
  bool AnyWithin(const google::protobuf::Message& message,
                 const std::function<bool(const google::protobuf::Message*)>& is_such) const;

  FixedSchema schema_;
  transcode::Transcoder transcoder_;
  std::unique_ptr<google::protobuf::util::TypeResolver> util_resolver_;
};

}  // namespace pygrpc::differential

#endif  // PYGRPC_TESTS_FUZZ_FUZZ_ORACLE_H_
