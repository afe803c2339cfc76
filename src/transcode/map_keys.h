// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TRANSCODE_MAP_KEYS_H_
#define PYGRPC_TRANSCODE_MAP_KEYS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace pygrpc::transcode {

// The key of a map entry in wire bytes.
struct MapKey {
  const uint8_t* text = nullptr;  // of a string
  uint64_t value = 0;             // the size of a string; any other key itself

  bool operator==(const MapKey& other) const {
    if (value != other.value) return false;
    if (text == nullptr || other.text == nullptr || value == 0) return true;
    return std::memcmp(text, other.text, value) == 0;
  }
};

// With a seed that senders do not know.
uint32_t HashKey(const MapKey& key);

// The keys of one map, to find those that come twice. Linear in the size of the keys, whatever they
// are: a few are compared one by one, more are hashed with a seed that senders do not know.
class MapKeys {
 public:
  // The position of `key` in the order of insertion; size() before the call if it is new.
  size_t Insert(const MapKey& key) {
    if (size_ < kFew) {
      for (size_t i = 0; i < size_; ++i) {
        if (few_[i] == key) return i;
      }
      few_[size_] = key;
      return size_++;
    }
    return InsertHashed(key);
  }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kFew = 8;
  struct Slot {
    MapKey key;
    uint32_t hash = 0;
    uint32_t position = 0;  // plus 1; 0 for a free slot
  };

  size_t InsertHashed(const MapKey& key);
  void Rehash(size_t slots);
  Slot* FindSlot(const MapKey& key, uint32_t hash);

  MapKey few_[kFew];
  size_t size_ = 0;
  std::vector<Slot> table_;  // open addressing, a power of two
};

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TRANSCODE_MAP_KEYS_H_
