// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "transcode/map_keys.h"

#include <chrono>
#include <utility>

namespace pygrpc::transcode {
namespace {

// Unknown to senders: it depends on where the library is loaded and when it is first used.
uint64_t Seed() {
  static const char kPlace = 0;
  static const uint64_t kSeed =
      reinterpret_cast<uintptr_t>(&kPlace) * 0x9E3779B97F4A7C15u ^
      static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  return kSeed;
}

// Multiplies to 128 bits and folds the halves.
uint64_t Mix(uint64_t left, uint64_t right) {
  __extension__ using Wide = unsigned __int128;
  Wide product = static_cast<Wide>(left) * right;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace

uint32_t HashKey(const MapKey& key) {
  uint64_t hash = Mix(key.value ^ Seed(), 0xA0761D6478BD642Fu);
  if (key.text != nullptr && key.value > 0) {
    size_t at = 0;
    uint64_t word = 0;
    for (; key.value - at >= sizeof(word); at += sizeof(word)) {
      std::memcpy(&word, key.text + at, sizeof(word));
      hash = Mix(word ^ 0xE7037ED1A0B428DBu, hash ^ Seed());
    }
    word = 0;
    std::memcpy(&word, key.text + at, key.value - at);
    hash = Mix(word ^ 0x8EBC6AF09C88C6E3u, hash ^ Seed());
  }
  return static_cast<uint32_t>(hash ^ hash >> 32);
}

size_t MapKeys::InsertHashed(const MapKey& key) {
  if (size_ * 4 >= table_.size() * 3) Rehash(table_.empty() ? kFew * 4 : table_.size() * 2);
  uint32_t hash = HashKey(key);
  Slot* slot = FindSlot(key, hash);
  if (slot->position != 0) return slot->position - 1;
  *slot = {key, hash, static_cast<uint32_t>(size_ + 1)};
  return size_++;
}

void MapKeys::Rehash(size_t slots) {
  std::vector<Slot> old = std::exchange(table_, std::vector<Slot>(slots));
  if (old.empty()) {
    for (size_t i = 0; i < size_; ++i) {
      uint32_t hash = HashKey(few_[i]);
      *FindSlot(few_[i], hash) = {few_[i], hash, static_cast<uint32_t>(i + 1)};
    }
  }
  for (const Slot& slot : old) {
    if (slot.position != 0) *FindSlot(slot.key, slot.hash) = slot;
  }
}

// Where `key` is, or the free slot for it.
MapKeys::Slot* MapKeys::FindSlot(const MapKey& key, uint32_t hash) {
  size_t mask = table_.size() - 1;
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    Slot* slot = &table_[at];
    if (slot->position == 0 || (slot->hash == hash && slot->key == key)) return slot;
  }
}

}  // namespace pygrpc::transcode
