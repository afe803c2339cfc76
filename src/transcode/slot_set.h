// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_TRANSCODE_SLOT_SET_H_
#define PYGRPC_TRANSCODE_SLOT_SET_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "transcode/wire_reader.h"

namespace pygrpc::transcode {

// Which slots (fields, oneofs) of one message have been met. The first 64 are held in place; the
// words for more come from a stack that the messages in progress share. Close() gives them back.
class SlotSet {
 public:
  SlotSet(uint32_t slot_count, std::vector<uint64_t>* stack) : stack_(stack) {
    if (PYGRPC_UNLIKELY(slot_count > 64)) {
      base_ = stack->size();
      stack->resize(base_ + (slot_count - 1) / 64);
      large_ = true;
    }
  }

  // False if the slot was there already.
  PYGRPC_ALWAYS_INLINE bool Add(uint32_t slot) {
    uint64_t* word = slot < 64 ? &first_ : More(slot);
    uint64_t bit = uint64_t{1} << (slot & 63);
    if ((*word & bit) != 0) return false;
    *word |= bit;
    return true;
  }
  void Remove(uint32_t slot) {
    uint64_t* word = slot < 64 ? &first_ : More(slot);
    *word &= ~(uint64_t{1} << (slot & 63));
  }
  bool Contains(uint32_t slot) const {
    uint64_t word = slot < 64 ? first_ : *More(slot);
    return (word >> (slot & 63) & 1) != 0;
  }
  void Close() {
    if (PYGRPC_UNLIKELY(large_)) stack_->resize(base_);
  }

 private:
  uint64_t* More(uint32_t slot) const { return &(*stack_)[base_ + slot / 64 - 1]; }

  uint64_t first_ = 0;
  std::vector<uint64_t>* stack_;
  size_t base_ = 0;
  bool large_ = false;
};

}  // namespace pygrpc::transcode

#endif  // PYGRPC_TRANSCODE_SLOT_SET_H_
