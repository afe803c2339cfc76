// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/random_wire.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/wire_format.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "transcode/random_message.h"

namespace pygrpc::differential {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormat;
using google::protobuf::internal::WireFormatLite;

// One field as it stands in a message.
struct Chunk {
  uint32_t number = 0;
  uint32_t wire_type = 0;
  uint64_t varint = 0;  // of wire type 0
  std::string payload;  // of the other types; of a group, what stands between its tags
};

uint64_t TakeVarint(const std::string& bytes, size_t* at) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.at((*at)++));
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw std::logic_error("a varint of more than ten bytes");
}

std::string Take(const std::string& bytes, size_t* at, size_t size) {
  std::string piece = bytes.substr(*at, size);
  if (piece.size() != size) throw std::logic_error("bytes that end too early");
  *at += size;
  return piece;
}

// Splits well-formed bytes; ends at the end, or behind the end of group `end_group`.
std::vector<Chunk> Split(const std::string& bytes, size_t* at, uint32_t end_group = 0) {
  std::vector<Chunk> chunks;
  while (*at < bytes.size()) {
    const uint64_t tag = TakeVarint(bytes, at);
    Chunk chunk;
    chunk.number = static_cast<uint32_t>(tag >> 3);
    chunk.wire_type = static_cast<uint32_t>(tag & 7);
    switch (chunk.wire_type) {
      case 0:
        chunk.varint = TakeVarint(bytes, at);
        break;
      case 1:
        chunk.payload = Take(bytes, at, 8);
        break;
      case 2:
        chunk.payload = Take(bytes, at, TakeVarint(bytes, at));
        break;
      case 3: {
        const size_t begin = *at;
        Split(bytes, at, chunk.number);
        // The tag of the end is as long as that of the beginning.
        size_t tag_size = 1;
        for (uint64_t rest = tag >> 7; rest > 0; rest >>= 7) ++tag_size;
        chunk.payload = bytes.substr(begin, *at - begin - tag_size);
        break;
      }
      case 4:
        if (chunk.number != end_group) throw std::logic_error("an end of no group");
        return chunks;
      default:
        chunk.payload = Take(bytes, at, 4);
    }
    chunks.push_back(std::move(chunk));
  }
  return chunks;
}

std::vector<Chunk> Split(const std::string& bytes) {
  size_t at = 0;
  return Split(bytes, &at);
}

class Scrambler {
 public:
  Scrambler(const DynamicSchema& schema, RandomSource* random)
      : schema_(schema), random_(*random) {}

  std::string Scramble(const Descriptor* type, const std::string& first,
                       const std::string& second) {
    std::vector<Chunk> chunks;
    for (const std::string* bytes : {&first, &second}) {
      for (Chunk& chunk : Split(*bytes)) {
        const FieldDescriptor* field = Find(type, chunk.number);
        if (field == nullptr) {
          chunks.push_back(std::move(chunk));
        } else {
          ScrambleField(field, std::move(chunk), &chunks);
        }
      }
    }
    if (random_.Chance(15)) chunks.push_back(Unknown(536000000));
    if (type->field_count() > 0 && random_.Chance(5)) {
      chunks.push_back(Mistyped(type->field(static_cast<int>(random_.Below(type->field_count())))));
    }
    if (random_.Chance(60)) random_.Shuffle(&chunks);
    std::string bytes;
    for (const Chunk& chunk : chunks) Append(chunk, &bytes);
    return bytes;
  }

 private:
  const FieldDescriptor* Find(const Descriptor* type, uint32_t number) const {
    const FieldDescriptor* field = type->FindFieldByNumber(static_cast<int>(number));
    if (field != nullptr) return field;
    return schema_.pool().FindExtensionByNumber(type, static_cast<int>(number));
  }

  void ScrambleField(const FieldDescriptor* field, Chunk chunk, std::vector<Chunk>* out) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      return ScrambleMessage(field, std::move(chunk), out);
    }
    if (field->is_packable() && chunk.wire_type == 2) {
      return Unpack(field, chunk, out);
    }
    if (chunk.wire_type == 0) chunk.varint = OtherVarint(field, chunk.varint);
    if (field->is_packable() && random_.Chance(30)) return Pack({chunk}, out);
    out->push_back(std::move(chunk));
  }

  void ScrambleMessage(const FieldDescriptor* field, Chunk chunk, std::vector<Chunk>* out) {
    const Descriptor* type = field->message_type();
    // Merged at random, these seldom have a JSON form.
    const std::string& name = type->full_name();
    const bool delicate = name == "google.protobuf.Any" || name == "google.protobuf.Timestamp" ||
                          name == "google.protobuf.Duration";
    if (!field->is_repeated() && !delicate && random_.Chance(40)) {
      std::vector<Chunk> parts = Split(chunk.payload);
      Chunk other = chunk;
      chunk.payload.clear();
      other.payload.clear();
      for (const Chunk& part : parts) {
        Append(part, random_.Chance(50) ? &chunk.payload : &other.payload);
      }
      chunk.payload = Scramble(type, chunk.payload, "");
      other.payload = Scramble(type, other.payload, "");
      out->push_back(std::move(chunk));
      out->push_back(std::move(other));
      return;
    }
    chunk.payload = Scramble(type, chunk.payload, "");
    out->push_back(std::move(chunk));
  }

  void Unpack(const FieldDescriptor* field, const Chunk& packed, std::vector<Chunk>* out) {
    const uint32_t wire_type = WireFormat::WireTypeForFieldType(field->type());
    std::vector<Chunk> run;
    size_t at = 0;
    while (at < packed.payload.size()) {
      Chunk chunk;
      chunk.number = packed.number;
      chunk.wire_type = wire_type;
      if (wire_type == 0) {
        chunk.varint = OtherVarint(field, TakeVarint(packed.payload, &at));
      } else {
        chunk.payload = Take(packed.payload, &at, wire_type == 1 ? 8 : 4);
      }
      if (random_.Chance(20)) {
        out->push_back(std::move(chunk));
      } else {
        run.push_back(std::move(chunk));
      }
      if (random_.Chance(10)) Pack(std::exchange(run, {}), out);
    }
    Pack(run, out);
  }

  void Pack(const std::vector<Chunk>& run, std::vector<Chunk>* out) {
    if (run.empty()) return;
    Chunk packed;
    packed.number = run[0].number;
    packed.wire_type = 2;
    for (const Chunk& chunk : run) AppendValue(chunk, &packed.payload);
    out->push_back(std::move(packed));
  }

  // Another number that reads as the same value, or, for a closed enum, maybe as none.
  uint64_t OtherVarint(const FieldDescriptor* field, uint64_t value) {
    switch (field->type()) {
      case FieldDescriptor::TYPE_BOOL:
        return value != 0 && random_.Chance(20) ? 1 + random_.Below(1000) : value;
      case FieldDescriptor::TYPE_ENUM:
        // As the value of a map, the entry would be unknown as a whole.
        if (field->containing_type()->options().map_entry()) return value;
        return random_.Chance(10) ? 123456 : value;
      case FieldDescriptor::TYPE_INT32:
      case FieldDescriptor::TYPE_UINT32:
      case FieldDescriptor::TYPE_SINT32:
        return random_.Chance(10) ? value ^ (random_.Bits() << 32) : value;
      default:
        return value;
    }
  }

  Chunk Unknown(uint32_t number) {
    Chunk chunk;
    chunk.number = number;
    static const auto* wire_types = new std::vector<uint32_t>{0, 1, 2, 3, 5};
    chunk.wire_type = random_.Pick(*wire_types);
    if (chunk.wire_type == 1) chunk.payload = "12345678";
    if (chunk.wire_type == 2) chunk.payload = "any bytes";
    if (chunk.wire_type == 3) Append(Unknown(number - 1), &chunk.payload);
    if (chunk.wire_type == 5) chunk.payload = "1234";
    return chunk;
  }

  // A known number with a wire type that the field does not have: an unknown field.
  static Chunk Mistyped(const FieldDescriptor* field) {
    Chunk chunk;
    chunk.number = static_cast<uint32_t>(field->number());
    const bool fixed64 =
        WireFormat::WireTypeForFieldType(field->type()) == WireFormatLite::WIRETYPE_FIXED64;
    chunk.wire_type = fixed64 ? 5 : 1;
    chunk.payload = fixed64 ? "1234" : "12345678";
    return chunk;
  }

  void AppendVarint(uint64_t value, std::string* out) {
    size_t size = 1;
    for (; value >= 0x80; value >>= 7, ++size) *out += static_cast<char>(value | 0x80);
    // Zeros behind the last bits make it longer, up to ten bytes in all.
    size_t zeros = random_.Chance(5) ? random_.Below(11 - size) : 0;
    if (zeros > 0) {
      *out += static_cast<char>(value | 0x80);
      while (--zeros > 0) *out += static_cast<char>(0x80);
      value = 0;
    }
    *out += static_cast<char>(value);
  }

  static void AppendTag(const Chunk& chunk, uint32_t wire_type, std::string* out) {
    uint64_t tag = static_cast<uint64_t>(chunk.number) << 3 | wire_type;
    for (; tag >= 0x80; tag >>= 7) *out += static_cast<char>(tag | 0x80);
    *out += static_cast<char>(tag);
  }

  void AppendValue(const Chunk& chunk, std::string* out) {
    if (chunk.wire_type == 0) {
      AppendVarint(chunk.varint, out);
    } else {
      *out += chunk.payload;
    }
  }

  void Append(const Chunk& chunk, std::string* out) {
    AppendTag(chunk, chunk.wire_type, out);
    if (chunk.wire_type == 2) AppendVarint32(chunk.payload.size(), out);
    AppendValue(chunk, out);
    if (chunk.wire_type == 3) AppendTag(chunk, 4, out);
  }

  // A length; parsers may limit those to five bytes.
  static void AppendVarint32(size_t value, std::string* out) {
    for (; value >= 0x80; value >>= 7) *out += static_cast<char>(value | 0x80);
    *out += static_cast<char>(value);
  }

  const DynamicSchema& schema_;
  RandomSource& random_;
};

}  // namespace

std::string ScrambledWire(const DynamicSchema& schema, RandomSource* random,
                          const google::protobuf::Message& first,
                          const google::protobuf::Message& second) {
  const Descriptor* type = first.GetDescriptor();
  return Scrambler(schema, random).Scramble(type, Serialize(first), Serialize(second));
}

}  // namespace pygrpc::differential
