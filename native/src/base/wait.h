// SPDX-License-Identifier: Apache-2.0
// Waiting: always with an end.
#pragma once

#include <poll.h>

#include <chrono>
#include <functional>
#include <span>

namespace boltloom {

/// A point on the monotonic clock by which something has to be done.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;
  static Deadline after(std::chrono::duration<double> duration);
  bool passed() const { return Clock::now() >= end_; }
  /// Zero once it has passed.
  std::chrono::milliseconds left() const;
  /// A deadline that is later by so much.
  Deadline plus(std::chrono::milliseconds grace) const { return Deadline(end_ + grace); }

 private:
  explicit Deadline(Clock::time_point end) : end_(end) {}
  Clock::time_point end_;
};

/// How long a wait may last, and who may end it before.
struct Patience {
  Deadline deadline;
  /// Config::interrupted; asked about ten times a second. May be null or empty.
  const std::function<bool()>* interrupted = nullptr;
};

/// Waits until one of the descriptors is ready (true) or the deadline has passed (false).
/// Throws Aborted when the user interrupts, and lets through what `interrupted` throws.
bool wait_ready(std::span<pollfd> fds, const Patience& patience);

}  // namespace boltloom
