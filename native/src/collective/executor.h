// SPDX-License-Identifier: Apache-2.0
// Runs a schedule over links. The loop that sends, receives and reduces exists here and nowhere else.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

#include "base/health.h"
#include "base/wait.h"
#include "collective/blocks.h"
#include "collective/call.h"
#include "link/link.h"
#include "reduce/reduce.h"
#include "schedule/schedule.h"

namespace boltloom {

/// Bytes that are received before they are reduced: enough to make a system call worth it, few enough to stay in the
/// cache.
constexpr std::size_t kStagingBytes = std::size_t{1} << 17;

/// What an execution works on.
struct Job {
  Blocks blocks;
  Reduction reduction;  // null when the schedule has no Action::reduce
  Call call;
};

/// What it works with.
struct Ring {
  Link& next;
  Link& prev;
  Health& health;
  std::span<std::byte> staging;  // kStagingBytes for each lane
  /// How long to ask again and again before going to sleep: waking up costs more than a short wait.
  std::chrono::microseconds spin;
};

/// How long the execution may take, and what it has to watch.
struct Limits {
  Patience patience;
  std::chrono::duration<double> timeout;    // for the message
  std::optional<std::uint64_t> collective;  // its number; none for a message between two ranks
  bool absorb = false;                      // while waiting to send, take into memory what comes
};

/// Returns when everything has been received and handed over for sending.
/// Throws PeerFailed, TimedOut, the group's failure, or InvalidArgument when the peer's call is another one.
void execute(const Schedule& schedule, const Job& job, const Ring& ring, const Limits& limits);

}  // namespace boltloom
