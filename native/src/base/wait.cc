// SPDX-License-Identifier: Apache-2.0
#include "base/wait.h"

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "boltloom/boltloom.hpp"

namespace boltloom {
namespace {

constexpr std::chrono::milliseconds kInterruptPeriod{100};
constexpr std::chrono::hours kForever{24 * 365};  // beyond any timeout, and far from the clock's overflow

}  // namespace

Deadline Deadline::after(std::chrono::duration<double> duration) {
  const auto bounded = std::min<std::chrono::duration<double>>(duration, kForever);
  return Deadline(Clock::now() + std::chrono::duration_cast<Clock::duration>(bounded));
}

std::chrono::milliseconds Deadline::left() const {
  // Rounded up, so that a wait for what is left does not end just before the deadline.
  const auto rest = std::chrono::ceil<std::chrono::milliseconds>(end_ - Clock::now());
  return std::max(rest, std::chrono::milliseconds{0});
}

bool wait_ready(std::span<pollfd> fds, const Patience& patience) {
  const bool asks = patience.interrupted != nullptr && *patience.interrupted;
  for (;;) {
    const auto left = patience.deadline.left();
    const auto slice = std::min<std::chrono::milliseconds>(left, asks ? kInterruptPeriod : kForever / 24);
    const int ready = ::poll(fds.data(), static_cast<nfds_t>(fds.size()), static_cast<int>(slice.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) throw Unavailable("cannot wait for sockets: " + reason_of(errno));
    if (asks && (*patience.interrupted)()) throw Aborted("interrupted on this rank");
    if (patience.deadline.passed()) return false;
  }
}

}  // namespace boltloom
