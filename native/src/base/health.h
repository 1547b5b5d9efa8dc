// SPDX-License-Identifier: Apache-2.0
// What this rank knows about the state of its group. The monitor thread writes it, every wait watches it.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/wait.h"
#include "boltloom/boltloom.hpp"

namespace boltloom {

/// The cause for which a group is poisoned: an Error as a value that can be sent to other ranks.
struct Failure {
  Code code = Code::io;
  int peer = -1;
  std::string host;
  std::string message;
};

Failure failure_of(const Error& error);
[[noreturn]] void raise(const Failure& failure);

class Health {
 public:
  /// `hosts`: the host name of each rank.
  explicit Health(std::vector<std::string> hosts) : hosts_(std::move(hosts)) {}

  /// Poisons the group. The first cause stays; returns whether this was it.
  bool fail(const Failure& failure);
  /// Notes that a rank left in order, after it had completed so many collectives.
  void leave(int rank, std::uint64_t completed);

  /// The cause, if the group is poisoned.
  std::optional<Failure> cause() const;
  /// Throws the cause if the group is poisoned, and PeerFailed if a rank left before completing this collective
  /// (counted from 0; none: no collective is under way). Otherwise makes fd() quiet again.
  void check(std::optional<std::uint64_t> collective);
  /// Whether check() might find something new. Costs next to nothing.
  bool alarmed() const noexcept { return alarmed_.load(std::memory_order_acquire); }
  /// Becomes readable together with alarmed().
  int fd() const { return wake_.fd(); }

  /// Waits until it is known why the connection to `peer` broke during a collective (none: a message): the group is
  /// poisoned, the peer left, or another rank left whom both needed. The monitor hears of a death over a connection of
  /// its own, and knows the first cause where a neighbour sees a consequence. Returns the cause, none at the deadline.
  std::optional<Failure> explain(int peer, std::optional<std::uint64_t> collective, const Deadline& deadline);

  int size() const { return static_cast<int>(hosts_.size()); }
  const std::string& host(int rank) const { return hosts_[static_cast<std::size_t>(rank)]; }
  /// "rank 1 on host mac2"
  std::string name(int rank) const;

 private:
  Failure departure(int rank) const;
  /// A rank that left before completing this collective. With mutex_ held.
  std::optional<int> deserter(std::optional<std::uint64_t> collective) const;
  void alarm();

  const std::vector<std::string> hosts_;
  mutable std::mutex mutex_;
  std::optional<Failure> cause_;
  std::map<int, std::uint64_t> left_;  // rank -> collectives that it had completed
  std::atomic<bool> alarmed_{false};
  WakeFlag wake_;
};

}  // namespace boltloom
