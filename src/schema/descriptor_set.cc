// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "schema/descriptor_set.h"

#include <zlib.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/error.h"
#include "schema/wire_scan.h"

namespace pygrpc::schema {
namespace {

// protobuf itself takes no message larger than 2 GiB; a set a quarter of that is a mistake or an
// attack.
constexpr size_t kMaxInflatedSize = size_t{512} << 20;

bool IsGzip(std::string_view bytes) {
  return bytes.size() > 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b';
}

class Inflater {
 public:
  Inflater() {
    constexpr int kGzipFormat = 16;
    if (inflateInit2(&stream_, MAX_WBITS + kGzipFormat) != Z_OK) throw std::bad_alloc();
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream_); }

  // All members: one gzip file after the other is a gzip file.
  std::string Run(std::string_view bytes, const std::string& origin) {
    std::string output;
    std::vector<char> piece(256 * 1024);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    size_t left = bytes.size();
    for (;;) {
      uInt given = static_cast<uInt>(std::min<size_t>(left, 1u << 30));
      stream_.avail_in = given;
      stream_.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream_.avail_out = static_cast<uInt>(piece.size());
      int result = inflate(&stream_, Z_NO_FLUSH);
      left -= given - stream_.avail_in;
      output.append(piece.data(), piece.size() - stream_.avail_out);
      if (output.size() > kMaxInflatedSize) {
        throw Error(Code::kSchema, origin + ": the descriptor set inflates to more than 512 MiB");
      }
      if (result == Z_STREAM_END) {
        if (left == 0) return output;
        inflateReset(&stream_);
      } else if (result != Z_OK || (left == 0 && stream_.avail_out > 0)) {
        throw Error(Code::kSchema, origin + ": the gzipped descriptor set is damaged or cut off");
      }
    }
  }

 private:
  z_stream stream_ = {};
};

// A set has its files in field 1 and nothing else; a single file has its name there, and more.
enum class Form { kNeither, kSet, kFile };

Form FormOf(std::string_view bytes) {
  WireScanner scanner(bytes);
  bool only_files = true;
  bool any_file = false;
  bool has_name = false;
  while (scanner.Next()) {
    if (scanner.field() != 1) {
      only_files = false;
      continue;
    }
    if (!scanner.is_bytes()) return Form::kNeither;
    has_name = true;
    FileOutline outline;
    bool is_file = ScanFile(scanner.bytes(), &outline) && !outline.name.empty();
    any_file = any_file || is_file;
    only_files = only_files && is_file;
  }
  if (!scanner.ok() || !has_name) return Form::kNeither;
  if (only_files) return Form::kSet;
  FileOutline outline;
  bool is_file = ScanFile(bytes, &outline) && outline.name.size() > 6 &&
                 outline.name.substr(outline.name.size() - 6) == ".proto";
  if (is_file) return Form::kFile;
  return any_file ? Form::kSet : Form::kNeither;
}

}  // namespace

bool IsDescriptorSet(std::string_view bytes) {
  return IsGzip(bytes) || FormOf(bytes) != Form::kNeither;
}

std::vector<FilePtr> SplitDescriptorSet(std::string_view bytes, const std::string& origin) {
  auto storage = std::make_shared<const std::string>(IsGzip(bytes) ? Inflater().Run(bytes, origin)
                                                                   : std::string(bytes));
  std::vector<FilePtr> files;
  switch (FormOf(*storage)) {
    case Form::kNeither:
      throw Error(Code::kSchema,
                  origin +
                      ": not a descriptor set (google.protobuf.FileDescriptorSet, as protoc "
                      "--descriptor_set_out and buf build make it)");
    case Form::kFile:
      files.push_back(MakeFile(storage, *storage, origin));
      break;
    case Form::kSet:
      for (std::string_view file : FindAllBytes(*storage, 1)) {
        files.push_back(MakeFile(storage, file, origin));
      }
      break;
  }
  return files;
}

}  // namespace pygrpc::schema
