// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TRANSCODE_JSON_WELL_KNOWN_H_
#define PYGRPC_TRANSCODE_JSON_WELL_KNOWN_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace pygrpc::transcode {

// The texts that ProtoJSON has for some well-known types. Each returns nullptr, or what was
// expected of a text that does not fit.

// RFC 3339: "1972-01-01T10:00:20.021Z", with up to nine digits and any offset, years 0001 to 9999.
const char* ParseTimestamp(std::string_view text, int64_t* seconds, int32_t* nanos);

// "-1.5s"; at most 10,000 years either way.
const char* ParseDuration(std::string_view text, int64_t* seconds, int32_t* nanos);

// One path of a field mask: "user.displayName" becomes "user.display_name". Appends to `path`.
const char* ParseFieldMaskPath(std::string_view text, std::string* path);

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TRANSCODE_JSON_WELL_KNOWN_H_
