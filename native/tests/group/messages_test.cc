// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <numeric>

#include "support/ranks.h"

namespace boltloom {
namespace {

using testing::expect_group;

constexpr std::size_t kLarge = 3 << 20;  // more int32 than any socket buffer holds

std::vector<std::int32_t> numbers(std::size_t count, int from) {
  std::vector<std::int32_t> result(count);
  std::iota(result.begin(), result.end(), from);
  return result;
}

TEST(Messages, AllMaySendBeforeTheyReceiveWhateverTheSize) {
  for (const int size : {2, 3, 4}) {
    expect_group(size, [](Group& group) {
      const int next = (group.rank() + 1) % group.size();
      const int prev = (group.rank() + group.size() - 1) % group.size();
      for (const std::size_t count : {std::size_t{0}, std::size_t{1}, kLarge}) {
        const auto sent = numbers(count, group.rank());
        std::vector<std::int32_t> got(count);
        group.send(sent.data(), count, DType::int32, next);
        group.recv(got.data(), count, DType::int32, prev);
        EXPECT_TRUE(got == numbers(count, prev)) << count;
      }
    });
  }
}

TEST(Messages, GoAgainstTheRingToo) {
  expect_group(4, [](Group& group) {
    const int next = (group.rank() + 1) % group.size();
    const int prev = (group.rank() + group.size() - 1) % group.size();
    std::int64_t got = -1;
    const std::int64_t own = group.rank();
    group.send(&own, 1, DType::int64, prev);
    group.recv(&got, 1, DType::int64, next);
    EXPECT_EQ(got, next);
  });
}

TEST(Messages, KeepTheirOrderAndMixWithCollectives) {
  expect_group(2, [](Group& group) {
    const int other = 1 - group.rank();
    for (int round = 0; round < 50; ++round) {
      const int own = 100 * group.rank() + round;
      int got = 0;
      if (group.rank() == 0) {
        group.send(&own, 1, DType::int32, other);
        group.recv(&got, 1, DType::int32, other);
      } else {
        group.recv(&got, 1, DType::int32, other);
        group.send(&own, 1, DType::int32, other);
      }
      EXPECT_EQ(got, 100 * other + round);
      int sum = 0;
      group.all_reduce(&own, &sum, 1, Op::sum);
      EXPECT_EQ(sum, 100 + 2 * round);
    }
  });
}

TEST(Messages, ReachNeighboursOnly) {
  expect_group(5, [](Group& group) {
    if (group.rank() == 0) {
      int value = 0;
      try {
        group.send(&value, 1, DType::int32, 2);
        ADD_FAILURE() << "a rank that is no neighbour was accepted";
      } catch (const InvalidArgument& error) {
        EXPECT_STREQ(
            error.what(),
            "rank 2 is no neighbour of rank 0: in a ring it can send to and receive from rank 4 and rank 1 only");
      }
      EXPECT_THROW(group.recv(&value, 1, DType::int32, 7), InvalidArgument);
      EXPECT_THROW(group.recv(&value, 1, DType::int32, 0), InvalidArgument);
    }
    group.barrier();  // a refused argument does not poison
  });
}

TEST(Messages, MustMatch) {
  const auto outcomes = testing::run_group(testing::local_configs(2), [](Group& group) {
    std::vector<float> buffer(8);
    if (group.rank() == 0) group.send(buffer.data(), 8, DType::float32, 1);
    if (group.rank() == 1) group.recv(buffer.data(), 7, DType::float32, 0);
    group.barrier();
  });
  EXPECT_EQ(outcomes[1].code, Code::invalid);
  EXPECT_NE(outcomes[1].error.find("sent message of 8 float32, but its neighbour expects message of 7 float32"),
            std::string::npos)
      << outcomes[1].error;
  EXPECT_EQ(outcomes[0].code, Code::invalid) << outcomes[0].error;
}

}  // namespace
}  // namespace boltloom
