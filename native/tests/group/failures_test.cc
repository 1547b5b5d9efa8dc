// SPDX-License-Identifier: Apache-2.0
// What goes wrong, goes wrong on every rank, soon, and with a reason.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>

#include "support/ranks.h"

namespace boltloom {
namespace {

using testing::local_configs;
using testing::Outcome;
using testing::run_group;
using Clock = std::chrono::steady_clock;

bool says(const Outcome& outcome, const std::string& words) {
  return outcome.error.find(words) != std::string::npos;
}

void expect_everywhere(const std::vector<Outcome>& outcomes, Code code, const std::string& words) {
  for (std::size_t rank = 0; rank < outcomes.size(); ++rank) {
    EXPECT_EQ(outcomes[rank].code, code) << "rank " << rank << ": " << outcomes[rank].error;
    EXPECT_TRUE(says(outcomes[rank], words)) << "rank " << rank << ": " << outcomes[rank].error;
  }
}

struct Disagreement {
  const char* name;
  std::function<void(Group&)> odd;  // what rank 1 calls while the others reduce 100 float32
  const char* words;
};

void reduce(Group& group, std::size_t count, DType dtype, Op op) {
  std::vector<std::byte> buffer(count * 8);
  group.all_reduce(buffer.data(), buffer.data(), count, dtype, op);
}

TEST(Disagreement, IsAnErrorEverywhere) {
  const std::vector<Disagreement> cases{
      {"count", [](Group& g) { reduce(g, 99, DType::float32, Op::sum); }, "all_reduce of 99 float32 (sum)"},
      {"count 0", [](Group& g) { reduce(g, 0, DType::float32, Op::sum); }, "all_reduce of 0 float32 (sum)"},
      {"large count", [](Group& g) { reduce(g, 500000, DType::float32, Op::sum); }, "all_reduce of 500000 float32"},
      {"dtype", [](Group& g) { reduce(g, 100, DType::int32, Op::sum); }, "all_reduce of 100 int32 (sum)"},
      {"op", [](Group& g) { reduce(g, 100, DType::float32, Op::max); }, "all_reduce of 100 float32 (max)"},
      {"kind", [](Group& g) { g.barrier(); }, "barrier"},
  };
  for (const int size : {2, 4}) {
    for (const auto& one : cases) {
      SCOPED_TRACE(std::string(one.name) + " with " + std::to_string(size) + " ranks");
      const auto outcomes = run_group(local_configs(size), [&](Group& group) {
        group.rank() == 1 ? one.odd(group) : reduce(group, 100, DType::float32, Op::sum);
        group.barrier();
      });
      expect_everywhere(outcomes, Code::invalid, one.words);
      expect_everywhere(outcomes, Code::invalid, "all_reduce of 100 float32 (sum)");
    }
  }
}

TEST(Poison, StaysWithTheFirstCause) {
  std::latch joined(3);  // else the failure can reach a rank while it is still joining
  const auto outcomes = run_group(local_configs(3), [&](Group& group) {
    joined.arrive_and_wait();
    std::string first;
    try {
      group.rank() == 1 ? group.barrier() : reduce(group, 10, DType::float32, Op::sum);
    } catch (const InvalidArgument& error) {
      first = error.what();
    }
    EXPECT_NE(first, "");
    for (int again = 0; again < 2; ++again) {
      const auto begin = Clock::now();
      try {
        group.barrier();
        ADD_FAILURE() << "a poisoned group went on";
      } catch (const Error& error) {
        EXPECT_EQ(error.what(), first);
      }
      EXPECT_LT(Clock::now() - begin, std::chrono::milliseconds(100));
    }
  });
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome.error, "");
}

TEST(Leaving, IsNoFailureForThoseWhoAreDone) {
  // Rank 1 leaves as soon as it can, while others may still be in the last collective.
  for (int round = 0; round < 10; ++round) {
    const auto outcomes =
        run_group(local_configs(4), [](Group& group) { reduce(group, 200000, DType::float32, Op::sum); });
    for (const auto& outcome : outcomes) EXPECT_EQ(outcome.error, "");
  }
}

TEST(Leaving, IsAnErrorForThoseWhoStillNeedTheRank) {
  for (const int leaver : {0, 2}) {
    SCOPED_TRACE(leaver);
    const auto outcomes = run_group(local_configs(5), [&](Group& group) {
      group.barrier();
      if (group.rank() != leaver) group.barrier();
    });
    for (int rank = 0; rank < 5; ++rank) {
      const Outcome& outcome = outcomes[static_cast<std::size_t>(rank)];
      if (rank == leaver) {
        EXPECT_EQ(outcome.error, "");
        continue;
      }
      EXPECT_EQ(outcome.code, Code::io) << outcome.error;
      EXPECT_TRUE(says(outcome,
                       "rank " + std::to_string(leaver) + " on host host" + std::to_string(leaver) + " left the group"))
          << outcome.error;
      EXPECT_EQ(outcome.peer, leaver);
    }
  }
}

TEST(Deadline, EndsAnOperationThatARankDoesNotJoin) {
  auto configs = local_configs(4);
  for (auto& config : configs) config.timeout = std::chrono::milliseconds(700);
  std::latch done(3);
  const auto begin = Clock::now();
  const auto outcomes = run_group(configs, [&](Group& group) {
    if (group.rank() == 2) {
      done.wait();
      group.barrier();  // poisoned by then
    }
    try {
      group.barrier();
    } catch (...) {
      done.count_down();
      throw;
    }
  });
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(5));
  expect_everywhere(outcomes, Code::timeout, "barrier took longer than 0.7 s: no more data came from rank ");
  expect_everywhere(outcomes, Code::timeout, "BOLTLOOM_TIMEOUT");
}

TEST(Deadline, EndsAMessageThatNobodyTakes) {
  auto configs = local_configs(2);
  for (auto& config : configs) config.timeout = std::chrono::milliseconds(700);
  std::latch done(1);
  const auto outcomes = run_group(configs, [&](Group& group) {
    if (group.rank() == 1) return done.wait();
    std::vector<std::byte> large(std::size_t{64} << 20);
    try {
      group.send(large.data(), large.size(), DType::uint8, 1);
    } catch (...) {
      done.count_down();
      throw;
    }
  });
  EXPECT_EQ(outcomes[0].code, Code::timeout);
  EXPECT_TRUE(says(outcomes[0], "no more data was taken by rank 1 on host host1")) << outcomes[0].error;
}

TEST(Abort, WakesEveryRank) {
  std::atomic<int> waiting{0};
  const auto outcomes = run_group(local_configs(4), [&](Group& group) {
    if (group.rank() == 3) {
      while (waiting < 3) std::this_thread::yield();
      group.abort("the user has seen enough");
    }
    ++waiting;
    group.barrier();
  });
  expect_everywhere(outcomes, Code::aborted, "the user has seen enough");
}

TEST(Abort, WorksFromAnotherThreadWhileACallWaits) {
  std::latch aborted(1);
  const auto outcomes = run_group(local_configs(2), [&](Group& group) {
    if (group.rank() == 0) aborted.wait();
    const auto aborting = std::async(std::launch::async, [&] {
      if (group.rank() == 1) group.abort("stop");
    });
    try {
      group.barrier();  // rank 0 may still find in this one what rank 1 had sent before
      group.barrier();
    } catch (...) {
      if (group.rank() == 1) aborted.count_down();
      throw;
    }
  });
  expect_everywhere(outcomes, Code::aborted, "stop");
}

TEST(Interruption, EndsTheCallHereAndElsewhere) {
  auto configs = local_configs(3);
  std::atomic<bool> interrupt{false};
  std::latch interrupted(1);
  configs[1].interrupted = [&] { return interrupt.load(); };
  const auto outcomes = run_group(configs, [&](Group& group) {
    if (group.rank() == 0) {
      interrupt = true;
      interrupted.wait();
    }
    try {
      group.barrier();  // rank 0 may still find in this one what the others had sent before
      group.barrier();
    } catch (...) {
      if (group.rank() == 1) interrupted.count_down();
      throw;
    }
  });
  expect_everywhere(outcomes, Code::aborted, "interrupted");
  EXPECT_TRUE(says(outcomes[2], "rank 1 on host host1 reported: ")) << outcomes[2].error;
}

TEST(Interruption, LetsTheCallersOwnExceptionThrough) {
  auto configs = local_configs(2);
  std::atomic<bool> interrupt{false};
  configs[1].interrupted = [&]() -> bool {
    if (interrupt) throw std::runtime_error("KeyboardInterrupt");
    return false;
  };
  const auto outcomes = run_group(configs, [&](Group& group) {
    interrupt = true;
    int value = 0;
    group.recv(&value, 1, DType::int32, 1 - group.rank());  // each waits for the other
  });
  EXPECT_EQ(outcomes[1].error, "not a boltloom::Error: KeyboardInterrupt");
  EXPECT_EQ(outcomes[0].code, Code::aborted) << outcomes[0].error;
  EXPECT_TRUE(says(outcomes[0], "rank 1 on host host1")) << outcomes[0].error;
}

TEST(Arguments, AreRefusedBeforeAnythingIsSent) {
  testing::expect_group(2, [](Group& group) {
    std::vector<float> buffer(100);
    const auto refused = [](const std::function<void()>& call) { EXPECT_THROW(call(), InvalidArgument); };
    refused([&] { group.all_reduce(buffer.data(), buffer.data() + 1, 50, Op::sum); });
    refused([&] { group.all_gather(buffer.data() + 1, buffer.data(), 50); });
    refused([&] { group.all_reduce<float>(nullptr, buffer.data(), 1, Op::sum); });
    refused([&] { group.all_reduce(buffer.data(), buffer.data(), 1, static_cast<DType>(77), Op::sum); });
    refused([&] { group.all_reduce(buffer.data(), buffer.data(), 1, DType::float32, static_cast<Op>(9)); });
    refused([&] { group.all_reduce(buffer.data(), buffer.data(), static_cast<std::size_t>(-1), Op::sum); });
    group.barrier();
  });
}

TEST(Arguments, OneThreadAtATime) {
  std::atomic<bool> inside{false};
  std::latch aborted(1);
  auto configs = local_configs(2);
  configs[0].interrupted = [&] {
    inside = true;
    return false;
  };
  const auto outcomes = run_group(configs, [&](Group& group) {
    int value = 0;
    if (group.rank() == 0) {
      auto waiting = std::async(std::launch::async, [&] { group.recv(&value, 1, DType::int32, 1); });
      while (!inside) std::this_thread::yield();
      EXPECT_THROW(group.recv(&value, 1, DType::int32, 1), InvalidArgument);
      group.abort("enough");
      EXPECT_THROW(waiting.get(), Aborted);
      aborted.count_down();
    } else {
      aborted.wait();
      EXPECT_THROW(group.barrier(), Aborted);
    }
  });
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome.error, "");
}

TEST(Start, NamesTheAddressThatIsNotHere) {
  auto configs = local_configs(2);
  for (auto& config : configs) {
    config.hosts[1].ips = {"203.0.113.7"};  // TEST-NET-3: no computer has it
    config.timeout = std::chrono::milliseconds(800);
  }
  const auto outcomes = run_group(configs, [](Group&) {});
  EXPECT_EQ(outcomes[1].code, Code::unavailable);
  EXPECT_TRUE(says(outcomes[1], "cannot listen on 203.0.113.7:0: Cannot assign requested address"))
      << outcomes[1].error;
  EXPECT_TRUE(says(outcomes[0], "rank 1 on host host1 did not come")) << outcomes[0].error;
}

TEST(Start, RefusesBackendsThatThisBuildDoesNotHave) {
  Config config;
  config.backend = "jaccl";
  EXPECT_THROW(Group{config}, Unavailable);
  config.backend = "smoke-signals";
  EXPECT_THROW(Group{config}, InvalidArgument);
}

}  // namespace
}  // namespace boltloom
