// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "base/intrusive_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace pygrpc {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

struct Item : Listed<Item> {
  explicit Item(int given) : number(given) {}
  int number;
};

std::vector<int> NumbersIn(const IntrusiveList<Item>& list) {
  std::vector<int> numbers;
  list.ForEach([&](Item* item) { numbers.push_back(item->number); });
  return numbers;
}

TEST(IntrusiveListTest, ItemsCanBeRemovedFromEveryPlace) {
  for (int removed = 1; removed <= 3; ++removed) {
    IntrusiveList<Item> list;
    Item items[] = {Item(1), Item(2), Item(3)};
    for (Item& item : items) list.Add(&item);
    EXPECT_THAT(NumbersIn(list), UnorderedElementsAre(1, 2, 3));
    list.Remove(&items[removed - 1]);
    EXPECT_THAT(NumbersIn(list), UnorderedElementsAre(removed % 3 + 1, (removed + 1) % 3 + 1));
    list.Add(&items[removed - 1]);
    EXPECT_THAT(NumbersIn(list), UnorderedElementsAre(1, 2, 3));
    for (Item& item : items) list.Remove(&item);
    EXPECT_TRUE(list.empty());
  }
}

TEST(IntrusiveListTest, RemovingWhatIsNotThereDoesNothing) {
  IntrusiveList<Item> list;
  Item in(1);
  Item out(2);
  list.Remove(&out);
  EXPECT_THAT(NumbersIn(list), IsEmpty());
  list.Add(&in);
  list.Remove(&out);
  EXPECT_THAT(NumbersIn(list), UnorderedElementsAre(1));
  list.Remove(&in);
  list.Remove(&in);
  EXPECT_TRUE(list.empty());
}

}  // namespace
}  // namespace pygrpc
