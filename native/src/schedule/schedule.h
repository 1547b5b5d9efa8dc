// SPDX-License-Identifier: Apache-2.0
// Schedules: who sends which block at which step, as data.
//
// A collective cuts its buffer into blocks. A lane is one direction around the ring: everything that it sends leaves
// through one link and everything that it receives comes from the other. Its sends happen in their order, and so do its
// receives; the two run side by side, except that a send waits for the receive that completes its bytes. The executor
// streams: byte i of a send may leave as soon as byte i of the receive that it waits for is there.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace boltloom {

/// The two neighbours in the ring: rank + 1 and rank - 1, modulo size. They are one and the same rank when size is 2,
/// and are still reached by a link each.
enum class Side : std::uint8_t { next, prev };

enum class Source : std::uint8_t {
  input,   ///< what the caller gave
  output,  ///< what earlier steps have left in the result
};

enum class Action : std::uint8_t {
  copy,    ///< result block = what came
  reduce,  ///< result block = input block op what came
};

struct Send {
  int block;
  Source source;
  std::optional<int> after;  ///< index of the receive of this lane whose bytes these are; none: there from the start
};

struct Receive {
  int block;
  Action action;
};

struct Lane {
  Side out;
  Side in;
  std::vector<Send> sends;
  std::vector<Receive> receives;
};

struct Schedule {
  int blocks;
  std::vector<Lane> lanes;
};

/// How many ways around the ring are used at once. Two use both directions of every cable; that pays for large
/// messages, and only where the neighbours are two different ranks.
enum class Directions : std::uint8_t { one = 1, two = 2 };

/// Every rank ends with all blocks reduced. Each block travels around the ring once to be reduced, and once to be told.
Schedule ring_all_reduce(int rank, int size, Directions directions);

/// Block r of the result is rank r's. The input is that one block; its place in the result is not written.
Schedule ring_all_gather(int rank, int size);

}  // namespace boltloom
