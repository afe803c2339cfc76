// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// An input may name any host of the world. The functions of the C library that lead there are
// replaced in these programs: what gRPC calls are then these.

#include <dlfcn.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <string_view>

#include "abi_check.h"

namespace {

std::atomic<bool> offline{false};

// The fuzzers' own server has an abstract name, which begins with a NUL, and this text.
bool IsOwnServer(const sockaddr* address, socklen_t size) {
  constexpr std::string_view kName = "pygrpc-fuzz-";
  if (size < offsetof(sockaddr_un, sun_path) + 1 + kName.size()) return false;
  if (address->sa_family != AF_UNIX) return false;
  const char* path = reinterpret_cast<const sockaddr_un*>(address)->sun_path;
  return path[0] == '\0' && std::string_view(path + 1, kName.size()) == kName;
}

template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" int connect(int fd, const sockaddr* address, socklen_t size) {
  if (offline && !IsOwnServer(address, size)) {
    errno = ECONNREFUSED;
    return -1;
  }
  static auto* const next = Next<int(int, const sockaddr*, socklen_t)>("connect");
  return next(fd, address, size);
}

extern "C" ssize_t sendto(int fd, const void* data, size_t size, int flags, const sockaddr* address,
                          socklen_t address_size) {
  if (offline && address != nullptr) {
    errno = ENETUNREACH;
    return -1;
  }
  static auto* const next =
      Next<ssize_t(int, const void*, size_t, int, const sockaddr*, socklen_t)>("sendto");
  return next(fd, data, size, flags, address, address_size);
}

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  if (offline) return EAI_FAIL;
  static auto* const next =
      Next<int(const char*, const char*, const addrinfo*, addrinfo**)>("getaddrinfo");
  return next(node, service, hints, result);
}

void pygrpc::fuzz::StayOffline() { offline = true; }

// Faults of what is below the library, which it can't mend: gRPC frees some objects of its
// balancing policies as others of another size, keeps the throttling of retries that was replaced,
// and forgets, as c-ares does, what belongs to a query that could not be sent.
extern "C" const char* __asan_default_options() {  // NOLINT: the sanitizer's name
  return "new_delete_type_mismatch=0";
}
extern "C" const char* __lsan_default_suppressions() {  // NOLINT: the sanitizer's name
  return "leak:libcares.so\nleak:grpc_ares_ev_driver_create_locked\nleak:ServerRetryThrottleMap\n";
}
