// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_BASE_THREAD_KEPT_H_
#define PYGRPC_BASE_THREAD_KEPT_H_

namespace pygrpc {

// A T that a thread makes when it first asks for it, and keeps until it ends.
//
// A thread_local T would not do: what runs at the end of a thread or of the process (functions
// given to atexit(), destructors of others) may call the library when its thread_locals are gone
// already.
template <typename T>
class ThreadKept {
 public:
  // This thread's; nullptr where it keeps none any more, because it is ending.
  static T* Get() { return kept != nullptr ? kept : Make(); }

 private:
  struct Keeper {
    ~Keeper() {
      ended = true;
      delete kept;
      kept = nullptr;
    }
  };

  static T* Make() {
    if (ended) return nullptr;
    kept = new T;
    DeleteWithThread();
    return kept;
  }

  static void DeleteWithThread() {
    thread_local Keeper keeper;
    (void)keeper;
  }

  // Without destructors, these stay as they are to the very end.
  static inline thread_local T* kept = nullptr;
  static inline thread_local bool ended = false;
};

}  // namespace pygrpc

#endif  // PYGRPC_BASE_THREAD_KEPT_H_
