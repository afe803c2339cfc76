// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Messages with a JSON form of their own.

#include <cmath>
#include <cstring>
#include <string>
#include <string_view>

#include "base/text.h"
#include "transcode/wire_to_json_writer.h"

namespace pygrpc::transcode {
namespace {

constexpr int64_t kFirstSecond = -62135596800;      // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253402300799;       // 9999-12-31T23:59:59Z
constexpr int64_t kLongestDuration = 315576000000;  // seconds, about 10,000 years
constexpr int32_t kNanosPerSecond = 1000000000;

char* WriteLiteral(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

// A dot and 3, 6 or 9 digits, as few as will do; nothing for 0.
char* WriteFraction(char* out, uint32_t nanos) {
  if (nanos == 0) return out;
  *out++ = '.';
  WriteFourDigits(out, nanos / 100000);
  WriteFourDigits(out + 4, nanos / 10 % 10000);
  out[8] = static_cast<char>('0' + nanos % 10);
  if (nanos % 1000000 == 0) return out + 3;
  return nanos % 1000 == 0 ? out + 6 : out + 9;
}

struct Date {
  uint32_t year;
  uint32_t month;  // from 1
  uint32_t day;    // from 1
};

// Counts from March 1 of year 0, so that leap days end the years and 400 years are all alike.
Date DateOfDay(uint32_t days_since_march_0) {
  constexpr uint32_t kDaysIn400Years = 146097;
  constexpr uint32_t kDaysIn100Years = 36524;
  constexpr uint32_t kDaysIn4Years = 1461;
  uint32_t cycle = days_since_march_0 / kDaysIn400Years;
  uint32_t day = days_since_march_0 % kDaysIn400Years;
  // Leap days: one in 4 years, but none in 100 years, but one in 400.
  uint32_t year =
      (day - day / (kDaysIn4Years - 1) + day / kDaysIn100Years - day / (kDaysIn400Years - 1)) / 365;
  day -= year * 365 + year / 4 - year / 100;
  uint32_t month = (5 * day + 2) / 153;  // from March; five months have 153 days
  day -= (153 * month + 2) / 5;
  year += cycle * 400;
  return month < 10 ? Date{year, month + 3, day + 1} : Date{year + 1, month - 9, day + 1};
}

// lower_case to lowerCase. False if the way back would not lead to the same path.
bool AppendCamelCase(std::string_view path, std::string* text) {
  if (path.empty()) return false;
  for (size_t i = 0; i < path.size(); ++i) {
    char character = path[i];
    if ((character >= 'A' && character <= 'Z') || character == ',') return false;
    if (character == '_') {
      if (++i == path.size() || path[i] < 'a' || path[i] > 'z') return false;
      character = static_cast<char>(path[i] - 'a' + 'A');
    }
    text->push_back(character);
  }
  return true;
}

}  // namespace

// Calls `visit` with each known field, its tag, where its value begins and where the piece ends.
// It returns the place behind the value, or nullptr if that is malformed. Leaves have two fields at
// most.
template <typename Visit>
void WireToJsonWriter::VisitFields(const MessagePlan& plan, const Occurrence* pieces, size_t count,
                                   Visit visit) {
  uint32_t seen = 0;
  bool again = false;
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* const end = pieces[i].end();
    for (const uint8_t* at = pieces[i].begin; at < end;) {
      const uint8_t* const start = at;
      uint32_t tag;
      at = ReadTag(at, end, &tag);
      if (at == nullptr || TagWireType(tag) == WireType::kEndGroup) FailTag(start);
      const FieldPlan* field = plan.FindNumber(TagNumber(tag));
      if (field == nullptr || !Accepts(*field, TagWireType(tag))) {
        at = SkipUnknown(tag, at, end);
        continue;
      }
      const uint8_t* const value = at;
      at = visit(*field, tag, at, end);
      if (at == nullptr) FailValue(value, *field);
      again = again || (!field->repeated && (seen >> field->index & 1) != 0);
      seen |= uint32_t{1} << field->index;
    }
  }
  // What has been replaced must be well-formed too.
  for (size_t i = 0; again && i < count; ++i) Validate(plan, pieces[i].begin, pieces[i].end());
}

char* WireToJsonWriter::WriteWellKnown(const MessagePlan& plan, const uint8_t* begin,
                                       const uint8_t* end, char* out) {
  Cursor next{nullptr, out};
  const size_t before = output_.Offset(out);
  const uint32_t depth = depth_;
  switch (plan.well_known) {
    case WellKnown::kValue:
      next = WriteValue(plan, begin, end, out);
      break;
    case WellKnown::kStruct:
      next = WriteStruct(plan, begin, end, out);
      break;
    case WellKnown::kListValue:
      next = WriteListValue(plan, begin, end, out);
      break;
    default: {
      Occurrence piece = Piece(begin, end);
      return WriteLeaf(plan, &piece, 1, Way::kDirect, out);
    }
  }
  if (PYGRPC_LIKELY(next.at == end)) return next.out;
  depth_ = depth;
  CountInVain(begin, end);
  Validate(plan, begin, end);
  return MergePiece(plan, begin, end, output_.At(before));
}

char* WireToJsonWriter::MergeWellKnown(const MessagePlan& plan, size_t first, size_t count,
                                       char* out) {
  const size_t base = occurrences_.size();
  const uint8_t* const where = occurrences_[first].begin;
  switch (plan.well_known) {
    case WellKnown::kStruct:
    case WellKnown::kListValue: {
      const bool list = plan.well_known == WellKnown::kListValue;
      CollectKnown(plan, first, count, UnknownEnumerators::kDrop);
      if (occurrences_.size() == base) {
        Enter(where);
        Leave();
        return WriteLiteral(out, list ? "[]" : "{}");
      }
      out = list ? MergeRepeated(base, occurrences_.size(), out)
                 : MergeMap(base, occurrences_.size(), out);
      break;
    }
    case WellKnown::kValue: {
      CollectKnown(plan, first, count, UnknownEnumerators::kDrop);
      if (occurrences_.size() == base) FailJson(where, "google.protobuf.Value without a kind");
      const Occurrence value = occurrences_.back();
      out = value.field->kind == FieldKind::kDouble ? WriteNumberValue(value.begin, out)
                                                    : MergeValue(base, occurrences_.size(), out);
      break;
    }
    default:
      return WriteLeaf(plan, &occurrences_[first], count, Way::kMerge, out);
  }
  occurrences_.resize(base);
  return out;
}

char* WireToJsonWriter::WriteLeaf(const MessagePlan& plan, const Occurrence* pieces, size_t count,
                                  Way way, char* out) {
  switch (plan.well_known) {
    case WellKnown::kAny:
      out = WriteAny(plan, pieces, count, way, out);
      break;
    case WellKnown::kTimestamp:
      out = WriteTimestamp(plan, pieces, count, out);
      break;
    case WellKnown::kDuration:
      out = WriteDuration(plan, pieces, count, out);
      break;
    case WellKnown::kFieldMask:
      out = WriteFieldMask(plan, pieces, count, out);
      break;
    default:
      out = WriteWrapper(plan, pieces, count, out);
      break;
  }
  return output_.Ensure(out, 0);
}

void WireToJsonWriter::ReadSecondsAndNanos(const MessagePlan& plan, const Occurrence* pieces,
                                           size_t count, int64_t* seconds, int32_t* nanos) {
  *seconds = 0;
  *nanos = 0;
  VisitFields(plan, pieces, count,
              [&](const FieldPlan& field, uint32_t, const uint8_t* at, const uint8_t* end) {
                uint64_t value = 0;
                at = ReadVarint(at, end, &value);
                if (field.number == 1) {
                  *seconds = static_cast<int64_t>(value);
                } else {
                  *nanos = static_cast<int32_t>(value);
                }
                return at;
              });
}

char* WireToJsonWriter::WriteTimestamp(const MessagePlan& plan, const Occurrence* pieces,
                                       size_t count, char* out) {
  constexpr uint32_t kSecondsPerDay = 86400;
  constexpr uint32_t kDaysBeforeFirst = 306;  // from March 1 of year 0 to January 1 of year 1
  int64_t seconds;
  int32_t nanos;
  ReadSecondsAndNanos(plan, pieces, count, &seconds, &nanos);
  if (seconds < kFirstSecond || seconds > kLastSecond) {
    FailJson(pieces[0].begin, "Timestamp of " + std::to_string(seconds) +
                                  " seconds is outside of the years 0001 to 9999");
  }
  if (nanos < 0 || nanos >= kNanosPerSecond) {
    FailJson(pieces[0].begin,
             "Timestamp with " + std::to_string(nanos) + " nanos, not 0 to 999999999");
  }
  auto since_first = static_cast<uint64_t>(seconds - kFirstSecond);
  Date date = DateOfDay(static_cast<uint32_t>(since_first / kSecondsPerDay) + kDaysBeforeFirst);
  auto second = static_cast<uint32_t>(since_first % kSecondsPerDay);
  *out++ = '"';
  WriteFourDigits(out, date.year);
  out[4] = '-';
  WriteTwoDigits(out + 5, date.month);
  out[7] = '-';
  WriteTwoDigits(out + 8, date.day);
  out[10] = 'T';
  WriteTwoDigits(out + 11, second / 3600);
  out[13] = ':';
  WriteTwoDigits(out + 14, second / 60 % 60);
  out[16] = ':';
  WriteTwoDigits(out + 17, second % 60);
  out = WriteFraction(out + 19, static_cast<uint32_t>(nanos));
  return WriteLiteral(out, "Z\"");
}

char* WireToJsonWriter::WriteDuration(const MessagePlan& plan, const Occurrence* pieces,
                                      size_t count, char* out) {
  int64_t seconds;
  int32_t nanos;
  ReadSecondsAndNanos(plan, pieces, count, &seconds, &nanos);
  if (seconds < -kLongestDuration || seconds > kLongestDuration) {
    FailJson(pieces[0].begin,
             "Duration of " + std::to_string(seconds) + " seconds, beyond 315576000000 either way");
  }
  if (nanos <= -kNanosPerSecond || nanos >= kNanosPerSecond || (seconds > 0 && nanos < 0) ||
      (seconds < 0 && nanos > 0)) {
    FailJson(pieces[0].begin, "Duration of " + std::to_string(seconds) + " seconds and " +
                                  std::to_string(nanos) +
                                  " nanos; nanos need the same sign and at most nine digits");
  }
  *out++ = '"';
  if (seconds < 0 || nanos < 0) *out++ = '-';
  out = WriteUnsigned(out, static_cast<uint64_t>(std::abs(seconds)));
  out = WriteFraction(out, static_cast<uint32_t>(std::abs(nanos)));
  return WriteLiteral(out, "s\"");
}

char* WireToJsonWriter::WriteFieldMask(const MessagePlan& plan, const Occurrence* pieces,
                                       size_t count, char* out) {
  std::string text;
  VisitFields(plan, pieces, count,
              [&](const FieldPlan& field, uint32_t, const uint8_t* at, const uint8_t* end) {
                size_t size;
                at = ReadLength(at, end, &size);
                if (at == nullptr) return at;
                std::string_view path(reinterpret_cast<const char*>(at), size);
                if (FindInvalidUtf8(path) != std::string_view::npos) FailUtf8(at, size, field);
                if (!text.empty()) text.push_back(',');
                if (!AppendCamelCase(path, &text)) {
                  FailJson(at, "FieldMask path " + Quote(path) + " has no form in lowerCamelCase");
                }
                return at + size;
              });
  const auto* begin = reinterpret_cast<const uint8_t*>(text.data());
  return output_.WriteString(out, begin, text.size(), begin + text.size());
}

char* WireToJsonWriter::WriteWrapper(const MessagePlan& plan, const Occurrence* pieces,
                                     size_t count, char* out) {
  Occurrence last{nullptr, nullptr, 0, WireType::kVarint};
  VisitFields(plan, pieces, count,
              [&](const FieldPlan& field, uint32_t tag, const uint8_t* at, const uint8_t* end) {
                const uint8_t* next = SkipValue(tag, at, end, 0);
                if (next != nullptr) {
                  last = {&field, at, static_cast<uint32_t>(next - at), TagWireType(tag)};
                }
                return next;
              });
  if (last.field == nullptr) return WriteDefault(plan.fields[0], pieces[0].begin, out);
  uint64_t bits;
  return WriteAnyScalar(*last.field, last.begin, last.end(), out, &bits).out;
}

// Fields beside "@type", or "value" for types with a JSON form of their own. A type that the schema
// does not know is kept: its bytes stand as base64 in "value".
char* WireToJsonWriter::WriteAny(const MessagePlan& plan, const Occurrence* pieces, size_t count,
                                 Way way, char* out) {
  const uint8_t* const where = pieces[0].begin;
  const std::string_view all(reinterpret_cast<const char*>(where),
                             static_cast<size_t>(pieces[0].end() - where));
  std::string_view url = all.substr(0, 0);
  std::string_view value = url;
  VisitFields(plan, pieces, count,
              [&](const FieldPlan& field, uint32_t, const uint8_t* at, const uint8_t* end) {
                size_t size;
                at = ReadLength(at, end, &size);
                if (at == nullptr) return at;
                (field.number == 1 ? url : value) = {reinterpret_cast<const char*>(at), size};
                return at + size;
              });
  Enter(where);
  if (url.empty() && value.empty()) {
    Leave();
    return WriteLiteral(out, "{}");
  }
  out = WriteLiteral(out, "{\"@type\":");
  const auto* url_begin = reinterpret_cast<const uint8_t*>(url.data());
  out = output_.WriteString(out, url_begin, url.size(), end_);
  if (out == nullptr) FailUtf8(url_begin, url.size(), plan.fields[0]);
  *out++ = ',';
  const auto* begin = reinterpret_cast<const uint8_t*>(value.data());
  const uint8_t* end = begin + value.size();
  const size_t slash = url.rfind('/');
  const MessagePlan* type =
      slash == std::string_view::npos ? nullptr : plan.store->FindMessage(url.substr(slash + 1));
  if (type == nullptr) {
    out = output_.WriteBase64(WriteLiteral(out, "\"value\":"), begin, value.size());
  } else if (type->well_known != WellKnown::kNone) {
    out = WriteLiteral(out, "\"value\":");
    out = way == Way::kMerge ? MergePiece(*type, begin, end, out)
                             : WriteMessage(*type, begin, end, out);
  } else if (way == Way::kMerge) {
    const size_t first = occurrences_.size();
    occurrences_.push_back(Piece(begin, end));
    out = MergeFields(*type, first, 1, out);
    occurrences_.resize(first);
  } else {
    out = WriteFields(*type, begin, end, 0, out).out;
  }
  Leave();
  return Close(out, '}');
}

char* WireToJsonWriter::WriteNumberValue(const uint8_t* at, char* out) {
  uint64_t bits = LoadFixed64(at);
  double number;
  std::memcpy(&number, &bits, sizeof(number));
  if (!std::isfinite(number)) {
    FailJson(at, "google.protobuf.Value holds a number that JSON lacks: NaN or an infinity");
  }
  return WriteDouble(out, number);
}

// These three return another place than `end` if the message is not in its usual form.
WireToJsonWriter::Cursor WireToJsonWriter::WriteValue(const MessagePlan& plan, const uint8_t* begin,
                                                      const uint8_t* end, char* out) {
  if (begin == end) FailJson(begin, "google.protobuf.Value without a kind");
  const uint8_t* at = begin;
  uint32_t tag;
  at = ReadTag(at, end, &tag);
  if (at == nullptr) FailTag(begin);
  const FieldPlan* field = plan.FindNumber(TagNumber(tag));
  if (field == nullptr || !Accepts(*field, TagWireType(tag))) return {nullptr, out};
  if (field->kind == FieldKind::kMessage) {
    size_t size;
    const uint8_t* payload = ReadLength(at, end, &size);
    if (payload == nullptr) FailValue(at, *field);
    if (payload + size != end) return {nullptr, out};
    out = WriteWellKnown(field->message(), payload, end, out);
    return {end, out};
  }
  if (field->kind == FieldKind::kDouble) {
    if (end - at < 8) FailValue(at, *field);
    if (end - at > 8) return {nullptr, out};
    return {end, output_.Ensure(WriteNumberValue(at, out), 0)};
  }
  uint64_t bits;
  Cursor next = WriteAnyScalar(*field, at, end, out, &bits);
  return {next.at, output_.Ensure(next.out, 0)};
}

WireToJsonWriter::Cursor WireToJsonWriter::WriteStruct(const MessagePlan& plan,
                                                       const uint8_t* begin, const uint8_t* end,
                                                       char* out) {
  const FieldPlan& fields = plan.fields[0];
  if (begin == end) {
    Enter(begin);
    Leave();
    return {end, output_.Ensure(WriteLiteral(out, "{}"), 0)};
  }
  if (*begin != static_cast<uint8_t>(fields.tag[0])) return {nullptr, out};
  return WriteEntries(fields, *begin, begin + 1, end, output_.Ensure(out, 0));
}

WireToJsonWriter::Cursor WireToJsonWriter::WriteListValue(const MessagePlan& plan,
                                                          const uint8_t* begin, const uint8_t* end,
                                                          char* out) {
  const FieldPlan& values = plan.fields[0];
  Enter(begin);
  *out++ = '[';
  Cursor next{end, out};
  if (begin != end) {
    if (*begin != static_cast<uint8_t>(values.tag[0])) return {nullptr, out};
    next = WriteElements(values, *begin, begin + 1, end, out);
  }
  Leave();
  return {next.at, Close(next.out, ']')};
}

}  // namespace pygrpc::transcode
