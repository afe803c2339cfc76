// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/json_to_wire_scalars.h"

#include <cmath>
#include <limits>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/text.h"

namespace pygrpc::transcode {
namespace {

// Copies `size` bytes. Returns false when there may be a backslash among them; never false when
// there is none within the next 15 bytes either. Reads and writes up to 15 bytes more than `size`.
bool CopyWithoutBackslash(const char* from, char* to, size_t size) {
#if defined(__SSE2__)
  const __m128i backslash = _mm_set1_epi8('\\');
  __m128i found = _mm_setzero_si128();
  for (size_t at = 0; at < size; at += 16) {
    __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at), block);
    found = _mm_or_si128(found, _mm_cmpeq_epi8(block, backslash));
  }
  return _mm_movemask_epi8(found) == 0;
#else
  std::memcpy(to, from, size);
  return std::memchr(from, '\\', size) == nullptr;
#endif
}

}  // namespace

JsonToWireConverter::Cursor JsonToWireConverter::String(Cursor cursor, char first) {
  if (first != '"') Fail(cursor.token, "a string");
  std::string_view raw = RawString(cursor.token);
  cursor.out = Room(cursor.out, raw.size() + kSlack);
  if (raw.size() < JsonTokens::kLongString) {
    char* content = PutVarint(cursor.out, raw.size());
    if (PYGRPC_LIKELY(CopyWithoutBackslash(raw.data(), content, raw.size()))) {
      cursor.out = content + raw.size();
      ++cursor.token;
      return cursor;
    }
  }
  if (std::memchr(raw.data(), '\\', raw.size()) != nullptr) return EscapedString(cursor, raw);
  cursor.out = PutVarint(cursor.out, raw.size());
  if (!raw.empty()) std::memcpy(cursor.out, raw.data(), raw.size());
  cursor.out += raw.size();
  ++cursor.token;
  return cursor;
}

JsonToWireConverter::Cursor JsonToWireConverter::EscapedString(Cursor cursor,
                                                               std::string_view raw) {
  char* content = PutVarint(cursor.out, raw.size());
  size_t fault;
  char* end = Unescape(raw, content, &fault);
  if (end == nullptr) FailEscape(cursor.token, fault);
  const auto size = static_cast<size_t>(end - content);
  char* begin = PutVarint(cursor.out, size);
  if (begin != content) std::memmove(begin, content, size);
  cursor.out = begin + size;
  ++cursor.token;
  return cursor;
}

JsonToWireConverter::Cursor JsonToWireConverter::Bytes(Cursor cursor, char first) {
  if (first != '"') Fail(cursor.token, "a string of base64");
  std::string_view text = StringText(cursor.token);
  cursor.out = Room(cursor.out, text.size() + kSlack);
  size_t digits = text.size();
  while (digits > 0 && text.size() - digits < 2 && text[digits - 1] == '=') --digits;
  char* content = PutVarint(cursor.out, digits / 4 * 3 + digits % 4 * 3 / 4);
  char* end = DecodeBase64(text, content);
  if (end == nullptr) Fail(cursor.token, "a string of base64");
  cursor.out = end;
  ++cursor.token;
  return cursor;
}

uint64_t JsonToWireConverter::IntegerSlowly(const uint32_t* token, char first, bool is_signed,
                                            int bits) {
  const char* end;
  uint64_t value = 0;
  NumberResult result;
  bool complete;
  if (first == '"') {
    std::string text(StringText(token));
    result = ParseIntegerSlowly(text.c_str(), &end, is_signed, bits, &value);
    complete = result == NumberResult::kOk && end == text.c_str() + text.size();
  } else {
    result = ParseIntegerSlowly(text_ + *token, &end, is_signed, bits, &value);
    complete = result == NumberResult::kOk && EndsScalar(*end);
  }
  if (complete) return value;
  if (result == NumberResult::kOk) result = NumberResult::kSyntax;
  FailNumber(
      token, result,
      is_signed ? (bits == 32 ? "an int32" : "an int64") : (bits == 32 ? "a uint32" : "a uint64"));
}

template <typename Float>
Float JsonToWireConverter::FloatingPointSlowly(const uint32_t* token, char first) {
  constexpr bool kIsDouble = std::is_same_v<Float, double>;
  auto parse = [](const char* at, const char** end, Float* value) {
    if constexpr (kIsDouble) {
      return ParseDouble(at, end, value);
    } else {
      return ParseFloat(at, end, value);
    }
  };
  const char* end;
  Float value = 0;
  NumberResult result;
  bool complete;
  if (first == '"') {
    std::string text(StringText(token));
    if (text == "NaN") return std::numeric_limits<Float>::quiet_NaN();
    if (text == "Infinity") return std::numeric_limits<Float>::infinity();
    if (text == "-Infinity") return -std::numeric_limits<Float>::infinity();
    const size_t size = text.size();
    text.append(8, '\0');  // parsing looks that far
    result = parse(text.c_str(), &end, &value);
    complete = result == NumberResult::kOk && end == text.c_str() + size;
  } else {
    result = parse(text_ + *token, &end, &value);
    complete = result == NumberResult::kOk && EndsScalar(*end);
  }
  if (complete) return value;
  if (result == NumberResult::kOk) result = NumberResult::kSyntax;
  FailNumber(token, result, kIsDouble ? "a double" : "a float");
}

template double JsonToWireConverter::FloatingPointSlowly<double>(const uint32_t*, char);
template float JsonToWireConverter::FloatingPointSlowly<float>(const uint32_t*, char);

bool JsonToWireConverter::EnumNumber(const uint32_t* token, char first, const EnumPlan& plan,
                                     int32_t* number) {
  if (first != '"') {
    if (first == 'n' && plan.is_null_value && IsLiteral(token, "null")) {
      *number = 0;
      return true;
    }
    if (first != '-' && (first < '0' || first > '9')) Fail(token, "an enum's name or number");
    *number = static_cast<int32_t>(Integer<true, 32>(token, first));
    return true;
  }
  const int32_t* found = plan.numbers.Find(RawString(token));
  if (found == nullptr) {
    std::string_view name = StringText(token);
    found = plan.numbers.Find(name);
    if (found == nullptr) {
      if (!ignore_unknown_) FailUnknownEnum(token, plan, name);
      dropped_ = true;
      return false;
    }
  }
  *number = *found;
  return true;
}

// --- Faults ---

void JsonToWireConverter::Fail(const uint32_t* token, const char* expected) {
  throw JsonFault(tokens_.json(), OffsetOf(token), expected);
}

void JsonToWireConverter::FailSeparator(const uint32_t* token, char close) {
  Fail(token, close == '}' ? "\",\" or \"}\"" : "\",\" or \"]\"");
}

void JsonToWireConverter::FailOpen(const uint32_t* token, char first, char open) {
  if (first != open) Fail(token, open == '{' ? "an object" : "an array");
  FailWithMessage(token, "nested deeper than " + std::to_string(max_depth_) +
                             " levels, the option \"max_depth\"");
}

void JsonToWireConverter::FailWithMessage(const uint32_t* token, const std::string& message) {
  throw JsonFaultWithMessage(tokens_.json(), OffsetOf(token), message);
}

void JsonToWireConverter::FailAt(size_t offset, const std::string& message) {
  throw JsonFaultWithMessage(tokens_.json(), offset, message);
}

void JsonToWireConverter::FailEscape(const uint32_t* token, size_t fault) {
  const size_t offset = OffsetOf(token) + 1 + fault;
  std::string escape(tokens_.json().substr(offset, 6));
  if (escape.size() > 1 && escape[1] != 'u') escape.resize(2);
  Error error = JsonFaultWithMessage(
      tokens_.json(), OffsetOf(token),
      (escape.size() > 1 && escape[1] == 'u' ? "half of a surrogate pair, or a bad escape, "
                                             : "no such escape as ") +
          Quote(escape));
  error.byte_offset = static_cast<int64_t>(offset);
  error.expected = "a string with valid escapes";
  error.found = escape;
  throw error;
}

void JsonToWireConverter::FailNumber(const uint32_t* token, NumberResult result, const char* type) {
  std::string wanted = type;
  if (result == NumberResult::kRange) wanted += " within its range";
  if (result == NumberResult::kNotInteger) wanted += " without a fraction";
  Fail(token, wanted.c_str());
}

namespace {

std::string DidYouMean(const std::vector<std::string>& near_names) {
  return near_names.empty() ? std::string()
                            : "; did you mean " + JoinAlternatives(near_names) + "?";
}

}  // namespace

void JsonToWireConverter::FailUnknownField(const uint32_t* token, const MessagePlan& plan,
                                           std::string_view name) {
  std::vector<std::string> near_names = NearNames(name, plan.names.Names());
  Error error = JsonFaultWithMessage(
      tokens_.json(), OffsetOf(token),
      "no field " + Quote(name) + " in " + plan.full_name + DidYouMean(near_names));
  error.expected = "a field of " + plan.full_name;
  error.near_names = std::move(near_names);
  throw error;
}

void JsonToWireConverter::FailUnknownEnum(const uint32_t* token, const EnumPlan& plan,
                                          std::string_view name) {
  const std::string type(plan.descriptor->full_name());
  std::vector<std::string> near_names = NearNames(name, plan.numbers.Names());
  Error error =
      JsonFaultWithMessage(tokens_.json(), OffsetOf(token),
                           "no value " + Quote(name) + " in " + type + DidYouMean(near_names));
  error.expected = "a value of " + type;
  error.near_names = std::move(near_names);
  throw error;
}

void JsonToWireConverter::FailDuplicate(const uint32_t* token, const FieldPlan& field,
                                        const MessagePlan& plan) {
  std::string what = "the field is given twice";
  if (field.oneof >= 0) {
    what = "a member of oneof " +
           Quote(std::string(plan.descriptor->oneof_decl(field.oneof)->name())) +
           " is already given";
  }
  FailWithMessage(token, what);
}

void JsonToWireConverter::FailSize() {
  throw Error(Code::kJson, "the message would be larger than 2 GiB");
}

void JsonToWireConverter::TokenFault() {
  const size_t offset = tokens_.fault_offset();
  switch (tokens_.fault()) {
    case JsonTokens::Fault::kUtf8:
      throw JsonFaultWithMessage(tokens_.json(), offset, "the text is not valid UTF-8");
    case JsonTokens::Fault::kControlCharacter:
      throw JsonFaultWithMessage(tokens_.json(), offset,
                                 "a control character has to be escaped in a string");
    case JsonTokens::Fault::kUnclosedString:
      throw JsonFaultWithMessage(tokens_.json(), offset, "the string is not closed");
    case JsonTokens::Fault::kTooLong:
    case JsonTokens::Fault::kNone:
      break;
  }
  throw JsonFaultWithMessage(tokens_.json(), offset, "a single value of more than 2 GiB");
}

}  // namespace pygrpc::transcode
