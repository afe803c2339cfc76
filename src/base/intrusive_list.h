// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef PYGRPC_BASE_INTRUSIVE_LIST_H_
#define PYGRPC_BASE_INTRUSIVE_LIST_H_

namespace pygrpc {

template <typename T>
class IntrusiveList;

// What an object has in it to be in one list of its kind, which takes no memory: T derives from
// Listed<T>.
template <typename T>
class Listed {
 protected:
  Listed() = default;
  ~Listed() = default;
  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;

 private:
  friend class IntrusiveList<T>;

  T* next_ = nullptr;
  T* previous_ = nullptr;
  bool listed_ = false;
};

// Objects that others own, each in at most one such list, in no particular order. Whoever uses the
// list has a lock for it.
template <typename T>
class IntrusiveList {
 public:
  bool empty() const { return first_ == nullptr; }
  T* first() const { return first_; }

  void Add(T* item) noexcept {
    Listed<T>& links = *item;
    links.next_ = first_;
    links.previous_ = nullptr;
    links.listed_ = true;
    if (first_ != nullptr) LinksOf(first_).previous_ = item;
    first_ = item;
  }

  // Does nothing to one that is not in the list.
  void Remove(T* item) noexcept {
    Listed<T>& links = *item;
    if (!links.listed_) return;
    (links.previous_ != nullptr ? LinksOf(links.previous_).next_ : first_) = links.next_;
    if (links.next_ != nullptr) LinksOf(links.next_).previous_ = links.previous_;
    links.listed_ = false;
  }

  // `visit` neither adds nor removes.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    for (T* item = first_; item != nullptr; item = LinksOf(item).next_) visit(item);
  }

 private:
  static Listed<T>& LinksOf(T* item) { return *item; }

  T* first_ = nullptr;
};

}  // namespace pygrpc

#endif  // PYGRPC_BASE_INTRUSIVE_LIST_H_
