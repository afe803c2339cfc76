// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/proto_parser.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/text.h"
#include "schema/edition_text.h"
#include "schema/editions.h"
#include "schema/limits.h"
#include "schema/pool.h"
#include "schema/quiet.h"

namespace pygrpc::schema {
namespace {

using google::protobuf::Message;

class SyntaxErrors : public google::protobuf::io::ErrorCollector {
 public:
  explicit SyntaxErrors(ParsedProto* parsed) : parsed_(parsed) {}

  void AddError(int line, int column, const std::string& message) override {
    parsed_->errors.push_back({parsed_->path, line + 1, column + 1, CleanMessage(message)});
  }

 private:
  ParsedProto* parsed_;
};

// Line and column, from 1, of an offset.
Error::Location LocationAt(std::string_view text, size_t offset, const std::string& path,
                           std::string message) {
  std::string_view before = text.substr(0, offset);
  size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  auto line = std::count(before.begin(), before.end(), '\n') + 1;
  return {path, static_cast<int>(line), static_cast<int>(offset - line_start) + 1,
          std::move(message)};
}

}  // namespace

Error::Location ParsedProto::ImportLocation(int index, std::string text) const {
  int line = -1;
  int column = -1;
  locations.FindImport(&proto, proto.dependency(index), &line, &column);
  return {path, line + 1, column + 1, std::move(text)};
}

bool ParsedProto::IsImportSound(int index) const {
  if (errors.empty()) return true;
  Error::Location import = ImportLocation(index, "");
  const Error::Location& first = errors.front();
  return std::make_pair(import.line, import.column) < std::make_pair(first.line, first.column);
}

std::unique_ptr<ParsedProto> ParseProto(std::string_view text, std::string path) {
  auto parsed = std::make_unique<ParsedProto>();
  parsed->path = std::move(path);
  auto fail_at = [&](size_t offset, std::string message) {
    parsed->errors.push_back(LocationAt(text, offset, parsed->path, std::move(message)));
  };
  if (text.size() > std::numeric_limits<int>::max()) {
    fail_at(0, "the file is larger than 2 GiB");
    return parsed;
  }
  if (size_t offset = FindInvalidUtf8(text); offset != std::string_view::npos) {
    fail_at(offset, "the file is not UTF-8 text");
    return parsed;
  }
  if (size_t offset = FindDeepNesting(text, TextStyle::kProto); offset != std::string_view::npos) {
    fail_at(offset, "nested more than " + std::to_string(kMaxNesting) + " deep");
    return parsed;
  }
  std::string proto3;
  auto edition = FindEditionStatement(text);
  if (edition && edition->edition != "2023" && edition->edition != "2024") {
    fail_at(edition->offset, "edition " + Quote(edition->edition) +
                                 " is not known: editions 2023 and 2024 are, proto2 and proto3");
    return parsed;
  }
  if (edition) text = proto3 = AsProto3Text(text, *edition);
  google::protobuf::io::ArrayInputStream input(text.data(), static_cast<int>(text.size()));
  SyntaxErrors errors(parsed.get());
  google::protobuf::io::Tokenizer tokenizer(&input, &errors);
  google::protobuf::compiler::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.RecordSourceLocationsTo(&parsed->locations);
  Quiet quiet;
  if (!parser.Parse(&tokenizer, &parsed->proto) && parsed->errors.empty()) {
    fail_at(0, "the file cannot be parsed");
  }
  if (!edition) return parsed;
  const int number = edition->edition == "2023" ? kEdition2023 : kEdition2024;
  if (parsed->errors.empty()) FinishEdition(number, parsed.get());
  return parsed;
}

void LinkErrors::AddError(const std::string&, const std::string& element, const Message* descriptor,
                          ErrorLocation location, const std::string& message) {
  int line = -1;
  int column = -1;
  for (ErrorLocation part : {location, NAME, OTHER}) {
    if (line < 0 && descriptor != nullptr) {
      parsed_->locations.Find(descriptor, part, &line, &column);
    }
  }
  std::string text = CleanMessage(message);
  if (IsSuggestion(text)) {
    // Of an error at the same place.
    for (Error::Location& error : parsed_->errors) {
      if (error.line != line + 1 || error.column != column + 1) continue;
      text.front() = 's';
      error.text += "; " + text;
      break;
    }
    return;
  }
  if (line < 0) text = element + ": " + text;
  parsed_->errors.push_back({parsed_->path, line + 1, column + 1, std::move(text)});
}

}  // namespace pygrpc::schema
