// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "reduce/half.h"
#include "support/ranks.h"

namespace boltloom {
namespace {

using testing::expect_group;

// Empty, single, odd, fewer than ranks, around the change from gathering to the ring, many stagings, both directions.
const std::vector<std::size_t> kCounts{0, 1, 3, 5, 1000, 4096, 4097, 100003, 400001};

/// Small enough to be exact in every type, different for each rank and place.
int value_at(int rank, std::size_t i) {
  return static_cast<int>((i * 5 + static_cast<std::size_t>(rank) * 3) % 11);
}

int expected_at(int size, std::size_t i, Op op) {
  int result = value_at(0, i);
  for (int rank = 1; rank < size; ++rank) {
    const int value = value_at(rank, i);
    result = op == Op::sum ? result + value : op == Op::min ? std::min(result, value) : std::max(result, value);
  }
  return result;
}

template <class T>
struct Plain {
  using Stored = T;
  static constexpr DType dtype = dtype_of<T>();
  static T make(int value) { return static_cast<T>(value); }
};
struct Half {
  using Stored = std::uint16_t;
  static constexpr DType dtype = DType::float16;
  static Stored make(int value) { return to_float16(static_cast<float>(value)).bits; }
};
struct Brain {
  using Stored = std::uint16_t;
  static constexpr DType dtype = DType::bfloat16;
  static Stored make(int value) { return to_bfloat16(static_cast<float>(value)).bits; }
};

template <class Type>
void check_all_reduce(Group& group, std::size_t count, Op op, bool in_place) {
  using Stored = typename Type::Stored;
  std::vector<Stored> in(count);
  for (std::size_t i = 0; i < count; ++i) in[i] = Type::make(value_at(group.rank(), i));
  std::vector<Stored> out(count);
  std::vector<Stored>& result = in_place ? in : out;
  group.all_reduce(in.data(), result.data(), count, Type::dtype, op);
  std::vector<Stored> expected(count);
  for (std::size_t i = 0; i < count; ++i) expected[i] = Type::make(expected_at(group.size(), i, op));
  EXPECT_TRUE(result == expected) << name_of(Type::dtype) << " " << name_of(op) << " of " << count << " on rank "
                                  << group.rank() << " of " << group.size() << (in_place ? ", in place" : "");
}

class Sizes : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Ranks, Sizes, ::testing::Values(1, 2, 3, 4, 5));

TEST_P(Sizes, AllReduceOfEveryCount) {
  expect_group(GetParam(), [](Group& group) {
    for (const std::size_t count : kCounts) {
      for (const bool in_place : {false, true}) check_all_reduce<Plain<float>>(group, count, Op::sum, in_place);
    }
  });
}

TEST_P(Sizes, AllReduceOfEveryTypeAndOp) {
  expect_group(GetParam(), [](Group& group) {
    for (const Op op : {Op::sum, Op::min, Op::max}) {
      for (const std::size_t count : {7, 9001}) {
        check_all_reduce<Plain<std::int8_t>>(group, count, op, false);
        check_all_reduce<Plain<std::int16_t>>(group, count, op, false);
        check_all_reduce<Plain<std::int32_t>>(group, count, op, true);
        check_all_reduce<Plain<std::int64_t>>(group, count, op, false);
        check_all_reduce<Plain<std::uint8_t>>(group, count, op, true);
        check_all_reduce<Plain<std::uint16_t>>(group, count, op, false);
        check_all_reduce<Plain<std::uint32_t>>(group, count, op, false);
        check_all_reduce<Plain<std::uint64_t>>(group, count, op, true);
        check_all_reduce<Plain<double>>(group, count, op, false);
        check_all_reduce<Half>(group, count, op, false);
        check_all_reduce<Brain>(group, count, op, true);
      }
    }
  });
}

TEST_P(Sizes, AllReduceIsTheSameBitForBitEverywhere) {
  const int size = GetParam();
  for (const std::size_t count : {std::size_t{100}, std::size_t{50001}}) {
    std::vector<std::vector<float>> results(static_cast<std::size_t>(size), std::vector<float>(count));
    expect_group(size, [&](Group& group) {
      std::vector<float> in(count);
      for (std::size_t i = 0; i < count; ++i) in[i] = 1.0F / static_cast<float>(i + 3 + 17 * group.rank());
      group.all_reduce(in.data(), results[static_cast<std::size_t>(group.rank())].data(), count, Op::sum);
    });
    for (const auto& result : results) {
      EXPECT_EQ(std::memcmp(result.data(), results[0].data(), count * sizeof(float)), 0);
    }
  }
}

TEST_P(Sizes, AllGather) {
  expect_group(GetParam(), [](Group& group) {
    const auto size = static_cast<std::size_t>(group.size());
    for (const std::size_t count : {0, 1, 5, 70001}) {
      std::vector<std::int32_t> expected;
      for (int rank = 0; rank < group.size(); ++rank) {
        for (std::size_t i = 0; i < count; ++i) expected.push_back(rank * 1000000 + static_cast<int>(i));
      }
      const auto* own = expected.data() + static_cast<std::size_t>(group.rank()) * count;
      std::vector<std::int32_t> in(own, own + count);
      std::vector<std::int32_t> out(size * count, -1);
      group.all_gather(in.data(), out.data(), count);
      EXPECT_TRUE(out == expected) << count;
      std::vector<std::int32_t> in_place(size * count, -1);
      auto* place = in_place.data() + static_cast<std::size_t>(group.rank()) * count;
      std::copy(in.begin(), in.end(), place);
      group.all_gather(place, in_place.data(), count);
      EXPECT_TRUE(in_place == expected) << count << ", in place";
    }
  });
}

TEST_P(Sizes, BarrierWaitsForEverybody) {
  const int size = GetParam();
  std::atomic<int> arrived{0};
  expect_group(size, [&](Group& group) {
    for (int round = 1; round <= 20; ++round) {
      ++arrived;
      group.barrier();
      EXPECT_GE(arrived.load(), round * size);
      group.barrier();
    }
  });
}

TEST_P(Sizes, CollectivesOfAnyKindFollowEachOther) {
  // Ranks get out of step when one has more to do between its calls.
  expect_group(GetParam(), [](Group& group) {
    for (int round = 0; round < 60; ++round) {
      std::vector<double> busy(round % group.size() == group.rank() ? 20000 : 10, 1.0);
      for (std::size_t i = 1; i < busy.size(); ++i) busy[i] = busy[i - 1] * 0.999;
      check_all_reduce<Plain<float>>(group, static_cast<std::size_t>(round * round * 7), Op::sum, round % 2 == 0);
      if (round % 3 == 0) group.barrier();
      float own = static_cast<float>(group.rank());
      std::vector<float> all(static_cast<std::size_t>(group.size()));
      group.all_gather(&own, all.data(), 1);
      EXPECT_EQ(all.back(), static_cast<float>(group.size() - 1));
    }
  });
}

TEST(Cables, CarryCollectivesTogether) {
  for (const int size : {2, 3}) {
    expect_group(
        size,
        [](Group& group) {
          for (const std::size_t count : kCounts) check_all_reduce<Plain<float>>(group, count, Op::sum, false);
        },
        3);
  }
}

TEST(Start, MayBeSkewed) {
  const auto configs = testing::local_configs(3);
  const auto outcomes = testing::run_threads(3, [&](int rank) {
    // Rank 0, where the others must come to, is the last.
    std::this_thread::sleep_for(std::chrono::milliseconds(150 * (2 - rank)));
    Group group(configs[static_cast<std::size_t>(rank)]);
    group.barrier();
  });
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome.error, "");
}

TEST(GroupOfOne, NeedsNoNetwork) {
  Group group{Config{}};
  EXPECT_EQ(group.size(), 1);
  float value = 3;
  float out = 0;
  group.all_reduce(&value, &out, 1, Op::sum);
  EXPECT_EQ(out, 3);
  group.barrier();
  EXPECT_THROW(group.send(&value, 1, DType::float32, 0), InvalidArgument);
  Group moved = std::move(group);
  EXPECT_EQ(moved.hosts().size(), 1U);
}

}  // namespace
}  // namespace boltloom
