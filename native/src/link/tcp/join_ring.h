// SPDX-License-Identifier: Apache-2.0
// How the ranks of a ring find each other's sockets: each listens for the rank before it and connects to the rank after
// it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/health.h"
#include "base/wait.h"
#include "boltloom/boltloom.hpp"
#include "link/link.h"

namespace boltloom {

/// Sockets that listen for the rank before this one: one per cable, on ports that the system picked.
class RingDoor {
 public:
  /// Listens on each of these addresses of this computer. Throws Unavailable.
  explicit RingDoor(const std::vector<std::string>& ips);
  /// Where the rank before this one shall connect, as Address::parse reads it.
  const std::vector<std::string>& endpoints() const { return endpoints_; }
  const std::vector<Fd>& listeners() const { return listeners_; }

 private:
  std::vector<Fd> listeners_;
  std::vector<std::string> endpoints_;
};

/// The links to the two neighbours.
struct RingLinks {
  std::unique_ptr<Link> next;
  std::unique_ptr<Link> prev;
};

/// What the two ends of a cable must agree about.
struct RingPlace {
  int rank;
  int size;
  std::string token;
};

/// Connects to the next rank's endpoints and accepts the rank before. Each connection leaves from the cable that leads
/// to the endpoint, and introduces itself with the token; whoever does not is turned away and does not count. Throws
/// the group's failure, Unavailable or TimedOut.
RingLinks join_ring(const RingPlace& place, const RingDoor& door, const std::vector<std::string>& next_endpoints,
                    Health& health, const Patience& patience);

}  // namespace boltloom
