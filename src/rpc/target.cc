// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "rpc/target.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "base/text.h"

namespace pygrpc::rpc {
namespace {

constexpr std::string_view kSchemes[] = {
    "dns", "ipv4", "ipv6", "unix", "unix-abstract", "xds", "google-c2p-experimental"};
constexpr char kSchemesText[] = "dns:, ipv4:, ipv6:, unix:, unix-abstract: or xds:";

[[noreturn]] void Fault(const std::string& target, const std::string& what) {
  throw Error(Code::kArgument, "the target " + Quote(target) + " " + what);
}

bool IsKnownScheme(std::string_view name) {
  return std::find(std::begin(kSchemes), std::end(kSchemes), name) != std::end(kSchemes);
}

bool IsPortNumber(std::string_view text) {
  if (text.empty() || text.size() > 5) return false;
  int port = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    port = port * 10 + (c - '0');
  }
  return port >= 1 && port <= 65535;
}

bool IsPort(std::string_view text) {
  return text == "http" || text == "https" || IsPortNumber(text);  // names that gRPC knows
}

bool IsAddress(int family, std::string_view text) {
  unsigned char address[sizeof(in6_addr)];
  std::string without_zone(text.substr(0, family == AF_INET6 ? text.find('%') : text.npos));
  return inet_pton(family, without_zone.c_str(), address) == 1;
}

void CheckPort(const std::string& target, std::string_view port) {
  if (!IsPort(port)) {
    Fault(target,
          "has the port " + Quote(std::string(port)) + ", which is no number of 1 to 65535");
  }
}

// "host", "host:port", "[address]", "[address]:port", or an IPv6 address without a port.
void CheckHost(const std::string& target, std::string_view text) {
  if (text.empty()) Fault(target, "names no host");
  if (text[0] == '[') {
    size_t end = text.find(']');
    if (end == std::string_view::npos) Fault(target, "has a '[' without a ']'");
    if (!IsAddress(AF_INET6, text.substr(1, end - 1))) {
      Fault(target, "has no IPv6 address between '[' and ']'");
    }
    std::string_view rest = text.substr(end + 1);
    if (rest.empty()) return;
    if (rest[0] != ':') Fault(target, "goes on after the ']' with something other than a port");
    CheckPort(target, rest.substr(1));
    return;
  }
  size_t colon = text.find(':');
  if (colon == 0 && text.find(':', 1) == std::string_view::npos) Fault(target, "names no host");
  if (colon == std::string_view::npos) return;
  if (text.find(':', colon + 1) == std::string_view::npos) {
    CheckPort(target, text.substr(colon + 1));
  } else if (!IsAddress(AF_INET6, text)) {
    Fault(target, "has several colons and is no IPv6 address; one with a port is \"[::1]:50051\"");
  }
}

// "10.0.0.1:50051,10.0.0.2:50051"; of IPv6 "[::1]:50051,[::2]:50051".
void CheckAddresses(const std::string& target, int family, std::string_view list) {
  const char* example = family == AF_INET ? "ipv4:10.0.0.1:50051,10.0.0.2:50051"
                                          : "ipv6:[2001:db8::1]:50051,[2001:db8::2]:50051";
  while (true) {
    size_t comma = list.find(',');
    std::string_view item = list.substr(0, comma);
    size_t colon = item.rfind(':');
    std::string_view host = item.substr(0, colon == std::string_view::npos ? item.size() : colon);
    bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (family == AF_INET6) host = bracketed ? host.substr(1, host.size() - 2) : "";
    if (colon == std::string_view::npos || !IsAddress(family, host)) {
      Fault(target, "has " + Quote(std::string(item)) +
                        " where an address and a port have to be, as in \"" + example + "\"");
    }
    CheckPort(target, item.substr(colon + 1));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

void CheckUnix(const std::string& target, std::string_view path, bool abstract) {
  // The path ends in a NUL, an abstract name begins with one.
  constexpr size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
  if (path.empty()) {
    Fault(target, abstract ? "names no socket" : "names no socket, as \"unix:/run/socket\" does");
  }
  if (path.size() > kLongest) {
    Fault(target, "names a socket by " + std::to_string(path.size()) + " bytes; " +
                      std::to_string(kLongest) + " is the limit of the system");
  }
}

// What follows "scheme:", split at "//authority/".
struct Parts {
  std::string_view authority;
  std::string_view path;
};

Parts Split(std::string_view rest) {
  if (rest.substr(0, 2) != "//") return {"", rest};
  size_t slash = rest.find('/', 2);
  if (slash == std::string_view::npos) return {rest.substr(2), ""};
  return {rest.substr(2, slash - 2), rest.substr(slash)};
}

std::string_view WithoutSlash(std::string_view path) {
  return !path.empty() && path[0] == '/' ? path.substr(1) : path;
}

void CheckScheme(const std::string& target, std::string_view scheme, std::string_view rest) {
  Parts parts = Split(rest);
  if (!parts.authority.empty() && scheme != "dns" && scheme != "xds") {
    Fault(target, "has " + Quote(std::string(parts.authority)) +
                      " between \"//\" and \"/\", where " + std::string(scheme) +
                      ": takes nothing");
  }
  if (scheme == "dns") CheckHost(target, WithoutSlash(parts.path));
  if (scheme == "ipv4") CheckAddresses(target, AF_INET, WithoutSlash(parts.path));
  if (scheme == "ipv6") CheckAddresses(target, AF_INET6, WithoutSlash(parts.path));
  if (scheme == "unix") CheckUnix(target, parts.path, false);
  if (scheme == "unix-abstract") CheckUnix(target, parts.path, true);
  if (scheme == "xds" && WithoutSlash(parts.path).empty()) {
    Fault(target, "names no service, as \"xds:///service\" does");
  }
}

// Of what CheckHost() takes.
struct HostAndPort {
  std::string_view host;  // without brackets
  std::string_view port;  // empty: none
};

HostAndPort SplitHost(std::string_view text) {
  if (!text.empty() && text[0] == '[') {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return {text, ""};
    const std::string_view rest = text.substr(end + 1);
    return {text.substr(1, end - 1), rest.substr(0, 1) == ":" ? rest.substr(1) : ""};
  }
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
    return {text, ""};
  }
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::string WithPort(const std::string& target) {
  constexpr std::string_view kDns = "dns:";
  const std::string_view text = target;
  std::string_view place = text;
  if (text.substr(0, kDns.size()) == kDns && !IsPort(text.substr(kDns.size()))) {
    place = WithoutSlash(Split(text.substr(kDns.size())).path);
  }
  const auto [host, port] = SplitHost(place);
  const bool is_ipv6 = IsAddress(AF_INET6, host);
  if (IsPortNumber(port) || !(is_ipv6 || IsAddress(AF_INET, host))) return target;
  const std::string address = is_ipv6 ? "[" + std::string(host) + "]" : std::string(host);
  return target.substr(0, target.size() - place.size()) + address +
         (port == "http" ? ":80" : ":443");
}

}  // namespace

bool IsUriText(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

bool IsHostAndPort(std::string_view text) {
  const auto [host, port] = SplitHost(text);
  if (!IsPortNumber(port)) return false;
  if (text[0] == '[') return host.find('%') == host.npos && IsAddress(AF_INET6, host);
  return !host.empty() && IsUriText(host, "-._");
}

void CheckTarget(const std::string& target) {
  if (target.empty()) throw Error(Code::kArgument, "the target is empty");
  for (char c : target) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7F) {
      Fault(target, "holds a space or a control character");
    }
  }
  std::string_view text = target;
  size_t colon = text.find(':');
  std::string_view scheme = text.substr(0, colon == std::string_view::npos ? 0 : colon);
  std::string_view rest = text.substr(scheme.empty() ? 0 : colon + 1);
  // A host may be called "dns", too.
  if (IsKnownScheme(scheme) && !IsPort(rest)) return CheckScheme(target, scheme, rest);
  if (!scheme.empty() && rest.substr(0, 1) == "/") {
    Fault(target, "begins with " + Quote(std::string(scheme) + ":") + ", which is none of " +
                      kSchemesText + "; a host and its port are \"localhost:50051\"");
  }
  if (text.find('/') != std::string_view::npos) {
    Fault(target, "holds a '/', which no host has; a socket's path is \"unix:/run/socket\"");
  }
  CheckHost(target, text);
}

std::string ForGrpc(const std::string& target) {
  constexpr std::string_view kIpv4 = "ipv4:";
  constexpr std::string_view kUnix = "unix:";
  const std::string_view text = target;
  if (text.substr(0, kIpv4.size()) == kIpv4 && text.substr(kIpv4.size(), 1) != "/") {
    return "ipv4:///" + target.substr(kIpv4.size());
  }
  if (text.substr(0, kUnix.size()) == kUnix && text.substr(kUnix.size(), 1) == "/" &&
      text.substr(kUnix.size(), 2) != "//") {
    return "unix://" + target.substr(kUnix.size());
  }
  return WithPort(target);
}

}  // namespace pygrpc::rpc
