// SPDX-License-Identifier: Apache-2.0
// How the ranks of a group meet: all of them come to rank 0, say who they are, and learn who the others are.
#pragma once

#include <string>
#include <vector>

#include "base/wait.h"
#include "rendezvous/message.h"

namespace boltloom {

struct Meeting {
  Roster roster;
  /// The connections stay open as long as the group: their end is how a death is noticed.
  /// Rank 0: one per rank, its own without a descriptor. Other ranks: the one to rank 0.
  std::vector<Channel> channels;
};

/// Who comes, and where to.
struct Appointment {
  Hello self;
  std::string coordinator;         ///< "IP:PORT", where rank 0 listens
  std::vector<std::string> hosts;  ///< by rank, to name who is missing
};

/// Returns when all ranks have come. Throws on every rank that came: Unavailable with the names of those that are
/// missing at the deadline, InvalidArgument when ranks contradict each other.
Meeting meet(const Appointment& appointment, const Patience& patience);

}  // namespace boltloom
