// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_BASE_BUFFER_H_
#define PYGRPC_BASE_BUFFER_H_

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

namespace pygrpc {

// Growing bytes from malloc(). The memory can be handed over whole, without a copy: to a C caller,
// who frees it with free(), or to a gRPC slice. Throws std::bad_alloc when memory runs out.
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  Buffer(Buffer&& other) noexcept
      : data_(other.data_), size_(other.size_), capacity_(other.capacity_) {
    other.Forget();
  }
  Buffer& operator=(Buffer&& other) noexcept {
    if (this != &other) {
      std::free(data_);
      data_ = other.data_;
      size_ = other.size_;
      capacity_ = other.capacity_;
      other.Forget();
    }
    return *this;
  }
  ~Buffer() { std::free(data_); }

  char* data() { return data_; }
  const char* data() const { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  std::string_view view() const { return {data_, size_}; }

  // Makes room for `extra` more bytes behind size() and returns where they begin. Grows by half,
  // so that a message takes at most 1.5 times its size.
  char* Reserve(size_t extra) {
    if (capacity_ - size_ < extra) Grow(extra);
    return data_ + size_;
  }
  // Declares that the bytes up to `end`, written into reserved room, are part of the content.
  void SetEnd(const char* end) { size_ = static_cast<size_t>(end - data_); }
  void SetSize(size_t size) { size_ = size; }
  void Append(std::string_view bytes) {
    char* at = Reserve(bytes.size());
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void Append(char byte) {
    *Reserve(1) = byte;
    ++size_;
  }
  void Clear() { size_ = 0; }

  // Gives the memory up to the caller, who calls free(); the buffer is empty after.
  char* Release() {
    char* data = data_;
    Forget();
    return data;
  }

 private:
  void Grow(size_t extra) {
    size_t wanted = size_ + extra;
    if (wanted < size_) throw std::bad_alloc();
    size_t grown = capacity_ + capacity_ / 2;
    if (grown < 64) grown = 64;
    if (grown < wanted) grown = wanted;
    void* moved = std::realloc(data_, grown);
    if (moved == nullptr) throw std::bad_alloc();
    data_ = static_cast<char*>(moved);
    capacity_ = grown;
  }
  void Forget() {
    data_ = nullptr;
    size_ = 0;
    capacity_ = 0;
  }

  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace pygrpc

#endif  // PYGRPC_BASE_BUFFER_H_
