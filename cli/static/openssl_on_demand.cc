// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// Loads OpenSSL when its first function is called: the dynamic linker needs more time for it than a
// whole call in plaintext does. See openssl_on_demand.S.

#include <dlfcn.h>
#include <openssl/opensslv.h>
#include <unistd.h>

#include <cstring>
#include <mutex>
#include <string>

#include "errors.h"

namespace pygrpc::cli {
namespace {

#define PYGRPC_TEXT(value) #value
#define PYGRPC_SONAME(version) "libssl.so." PYGRPC_TEXT(version)
constexpr char kLibrary[] = PYGRPC_SONAME(OPENSSL_SHLIB_VERSION);

// A caller of OpenSSL has no way to be told.
[[noreturn]] void Fail(const char* why) {
  Report(std::string("TLS needs OpenSSL, which cannot be loaded: ") + why);
  _exit(kFailure);
}

}  // namespace
}  // namespace pygrpc::cli

extern "C" {

// One for each name, in the same order.
extern void* pygrpc_openssl_slots[];
extern void* pygrpc_openssl_slots_end[];
extern const char pygrpc_openssl_names[];

void pygrpc_load_openssl() {
  static std::once_flag once;
  std::call_once(once, [] {
    using namespace pygrpc::cli;  // NOLINT(google-build-using-namespace): this is its code
    void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) Fail(dlerror());
    const char* name = pygrpc_openssl_names;
    for (void** slot = pygrpc_openssl_slots; slot != pygrpc_openssl_slots_end; ++slot) {
      void* function = dlsym(library, name);  // looks in libcrypto, too, which libssl needs
      if (function == nullptr) Fail(dlerror());
      // Other threads may call it at the same time: they find the old value or this one.
      __atomic_store_n(slot, function, __ATOMIC_RELEASE);
      name += std::strlen(name) + 1;
    }
  });
}

}  // extern "C"
