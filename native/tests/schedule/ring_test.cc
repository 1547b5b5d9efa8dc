// SPDX-License-Identifier: Apache-2.0
// Schedules are run on symbols: a block is the set of ranks whose input is in it.
#include <gtest/gtest.h>

#include <deque>
#include <set>

#include "schedule/schedule.h"

namespace boltloom {
namespace {

using Symbol = std::multiset<int>;  // a rank that is counted twice would show

struct RankState {
  Schedule schedule;
  std::vector<Symbol> input;
  std::vector<Symbol> output;
  std::vector<std::size_t> sent;      // per lane
  std::vector<std::size_t> received;  // per lane
};

class Simulation {
 public:
  explicit Simulation(std::vector<Schedule> schedules) {
    const int size = static_cast<int>(schedules.size());
    for (int rank = 0; rank < size; ++rank) {
      auto& schedule = schedules[static_cast<std::size_t>(rank)];
      const auto blocks = static_cast<std::size_t>(schedule.blocks);
      const auto lanes = schedule.lanes.size();
      wires_.emplace_back(lanes);
      ranks_.push_back({schedule, std::vector<Symbol>(blocks, Symbol{rank}), std::vector<Symbol>(blocks),
                        std::vector<std::size_t>(lanes), std::vector<std::size_t>(lanes)});
    }
  }

  /// Moves blocks until nothing moves any more; the order of the ranks should not matter, so it is turned each round.
  void run() {
    for (std::size_t idle = 0, turn = 0; idle < 2 * ranks_.size(); ++turn) {
      idle = advance(turn % ranks_.size()) ? 0 : idle + 1;
    }
  }

  bool finished(std::size_t rank) const {
    const RankState& state = ranks_[rank];
    for (std::size_t lane = 0; lane < state.schedule.lanes.size(); ++lane) {
      if (state.sent[lane] != state.schedule.lanes[lane].sends.size()) return false;
      if (state.received[lane] != state.schedule.lanes[lane].receives.size()) return false;
      if (!wires_[rank][lane].empty()) return false;
    }
    return true;
  }
  const RankState& rank(std::size_t rank) const { return ranks_[rank]; }

 private:
  std::size_t neighbour(std::size_t rank, Side side) const {
    const std::size_t size = ranks_.size();
    return side == Side::next ? (rank + 1) % size : (rank + size - 1) % size;
  }

  bool advance(std::size_t rank) {
    bool moved = false;
    RankState& state = ranks_[rank];
    for (std::size_t lane = 0; lane < state.schedule.lanes.size(); ++lane) {
      moved |= send_one(rank, lane);
      moved |= receive_one(state, lane, wires_[rank][lane]);
    }
    return moved;
  }

  bool send_one(std::size_t rank, std::size_t lane) {
    RankState& state = ranks_[rank];
    const Lane& plan = state.schedule.lanes[lane];
    if (state.sent[lane] == plan.sends.size()) return false;
    const Send& send = plan.sends[state.sent[lane]];
    if (send.after && static_cast<std::size_t>(*send.after) >= state.received[lane]) return false;
    const auto block = static_cast<std::size_t>(send.block);
    const Symbol& symbol = send.source == Source::input ? state.input[block] : state.output[block];
    EXPECT_FALSE(symbol.empty()) << "rank " << rank << " sends a block that it does not have";
    wires_[neighbour(rank, plan.out)][lane].push_back({send.block, symbol});
    ++state.sent[lane];
    return true;
  }

  static bool receive_one(RankState& state, std::size_t lane, std::deque<std::pair<int, Symbol>>& wire) {
    const Lane& plan = state.schedule.lanes[lane];
    if (wire.empty() || state.received[lane] == plan.receives.size()) return false;
    const Receive& receive = plan.receives[state.received[lane]];
    const auto [sent_block, symbol] = wire.front();
    wire.pop_front();
    EXPECT_EQ(sent_block, receive.block) << "the two ends must mean the same block";
    const auto block = static_cast<std::size_t>(receive.block);
    state.output[block] = symbol;
    if (receive.action == Action::reduce) state.output[block].merge(Symbol(state.input[block]));
    ++state.received[lane];
    return true;
  }

  std::vector<RankState> ranks_;
  std::vector<std::vector<std::deque<std::pair<int, Symbol>>>> wires_;  // towards rank, by lane
};

template <class Make>
Simulation simulate(int size, Make make) {
  std::vector<Schedule> schedules;
  for (int rank = 0; rank < size; ++rank) schedules.push_back(make(rank));
  Simulation simulation(schedules);
  simulation.run();
  return simulation;
}

TEST(RingSchedule, AllReduceBringsEveryRankOnceIntoEveryBlock) {
  for (const Directions directions : {Directions::one, Directions::two}) {
    for (int size = 2; size <= 9; ++size) {
      const auto simulation = simulate(size, [&](int rank) { return ring_all_reduce(rank, size, directions); });
      Symbol everybody;
      for (int rank = 0; rank < size; ++rank) everybody.insert(rank);
      for (std::size_t rank = 0; rank < static_cast<std::size_t>(size); ++rank) {
        EXPECT_TRUE(simulation.finished(rank)) << rank << " of " << size;
        for (const Symbol& block : simulation.rank(rank).output) EXPECT_EQ(block, everybody) << rank << " of " << size;
      }
    }
  }
}

TEST(RingSchedule, AllReduceSendsTheLeastThatIsPossible) {
  for (int size = 2; size <= 9; ++size) {
    const Schedule schedule = ring_all_reduce(0, size, Directions::one);
    EXPECT_EQ(schedule.blocks, size);
    EXPECT_EQ(schedule.lanes[0].sends.size(), static_cast<std::size_t>(2 * (size - 1)));
  }
}

TEST(RingSchedule, TwoDirectionsUseBothSides) {
  const Schedule schedule = ring_all_reduce(1, 4, Directions::two);
  ASSERT_EQ(schedule.lanes.size(), 2U);
  EXPECT_EQ(schedule.lanes[0].out, Side::next);
  EXPECT_EQ(schedule.lanes[1].out, Side::prev);
}

TEST(RingSchedule, AllGatherBringsEveryBlockEverywhere) {
  for (int size = 2; size <= 9; ++size) {
    const auto simulation = simulate(size, [&](int rank) { return ring_all_gather(rank, size); });
    for (int rank = 0; rank < size; ++rank) {
      const auto place = static_cast<std::size_t>(rank);
      EXPECT_TRUE(simulation.finished(place));
      for (int block = 0; block < size; ++block) {
        const Symbol expected = block == rank ? Symbol{} : Symbol{block};
        EXPECT_EQ(simulation.rank(place).output[static_cast<std::size_t>(block)], expected);
      }
    }
  }
}

TEST(RingSchedule, OneRankHasNothingToDo) {
  EXPECT_TRUE(ring_all_reduce(0, 1, Directions::two).lanes.empty());
  EXPECT_TRUE(ring_all_gather(0, 1).lanes.empty());
}

}  // namespace
}  // namespace boltloom
