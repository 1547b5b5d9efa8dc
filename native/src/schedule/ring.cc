// SPDX-License-Identifier: Apache-2.0
#include "schedule/schedule.h"

namespace boltloom {
namespace {

int modulo(int value, int size) {
  return ((value % size) + size) % size;
}

/// A lane in the direction of rising ranks. `place` is the rank's number along the direction, blocks are numbered from
/// `first_block`. Step k < size - 1 sends on the partial result that step k - 1 received, starting with the own block;
/// after size - 1 steps the rank holds one finished block, and size - 1 more steps pass the finished blocks on.
Lane all_reduce_lane(int place, int size, int first_block, Side out, Side in) {
  Lane lane{.out = out, .in = in, .sends = {}, .receives = {}};
  const int turn = size - 1;
  for (int step = 0; step < 2 * turn; ++step) {
    const int sent = first_block + modulo(place - step, size);
    const int received = first_block + modulo(place - step - 1, size);
    if (step == 0) {
      lane.sends.push_back({.block = sent, .source = Source::input, .after = std::nullopt});
    } else {
      lane.sends.push_back({.block = sent, .source = Source::output, .after = step - 1});
    }
    lane.receives.push_back({.block = received, .action = step < turn ? Action::reduce : Action::copy});
  }
  return lane;
}

}  // namespace

Schedule ring_all_reduce(int rank, int size, Directions directions) {
  if (size == 1) return {.blocks = 1, .lanes = {}};
  Schedule schedule{.blocks = size * static_cast<int>(directions), .lanes = {}};
  schedule.lanes.push_back(all_reduce_lane(rank, size, 0, Side::next, Side::prev));
  // Seen in the other direction, the ranks are numbered backwards.
  if (directions == Directions::two) {
    schedule.lanes.push_back(all_reduce_lane(size - 1 - rank, size, size, Side::prev, Side::next));
  }
  return schedule;
}

Schedule ring_all_gather(int rank, int size) {
  if (size == 1) return {.blocks = 1, .lanes = {}};
  Lane lane{.out = Side::next, .in = Side::prev, .sends = {}, .receives = {}};
  for (int step = 0; step < size - 1; ++step) {
    const int sent = modulo(rank - step, size);
    if (step == 0) {
      lane.sends.push_back({.block = sent, .source = Source::input, .after = std::nullopt});
    } else {
      lane.sends.push_back({.block = sent, .source = Source::output, .after = step - 1});
    }
    lane.receives.push_back({.block = modulo(rank - step - 1, size), .action = Action::copy});
  }
  return {.blocks = size, .lanes = {lane}};
}

}  // namespace boltloom
