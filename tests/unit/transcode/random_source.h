// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TESTS_UNIT_TRANSCODE_RANDOM_SOURCE_H_
#define PYGRPC_TESTS_UNIT_TRANSCODE_RANDOM_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace pygrpc::differential {

// Random decisions that a seed repeats on every machine (std::shuffle and the distributions of the
// standard library differ between implementations).
class RandomSource {
 public:
  explicit RandomSource(uint64_t seed) : engine_(seed) {}

  uint64_t Bits() { return engine_(); }
  // 0 to `limit` - 1.
  size_t Below(size_t limit) { return static_cast<size_t>(engine_() % limit); }
  bool Chance(unsigned percent) { return engine_() % 100 < percent; }
  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }
  template <typename T>
  void Shuffle(std::vector<T>* items) {
    for (size_t i = items->size(); i > 1; --i) std::swap((*items)[i - 1], (*items)[Below(i)]);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace pygrpc::differential

#endif  // PYGRPC_TESTS_UNIT_TRANSCODE_RANDOM_SOURCE_H_
