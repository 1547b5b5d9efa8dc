// SPDX-License-Identifier: Apache-2.0
#include "collective/executor.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "collective/lane_run.h"

namespace boltloom {
namespace {

class Execution {
 public:
  Execution(const Schedule& schedule, const Job& job, const Ring& ring, const Limits& limits)
      : job_(job), ring_(ring), limits_(limits) {
    lanes_.reserve(schedule.lanes.size());
    for (const Lane& lane : schedule.lanes) {
      lanes_.emplace_back(lane, job, ring, ring.staging.subspan(lanes_.size() * kStagingBytes, kStagingBytes));
    }
  }

  void run() {
    while (!done()) {
      if (!move_some()) wait();
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  bool done() const {
    return std::all_of(lanes_.begin(), lanes_.end(), [](const LaneRun& lane) { return lane.done(); });
  }

  bool move_some() {
    bool moved = false;
    for (LaneRun& lane : lanes_) {
      moved |= lane.send_some();
      moved |= lane.receive_some();
    }
    return moved;
  }

  /// Returns when it is worth trying to move something.
  void wait() {
    if (ring_.health.alarmed()) ring_.health.check(limits_.collective);
    if (spin()) return;
    collect();
    if (!wait_ready(fds_, limits_.patience)) give_up();
    if (fds_[0].revents != 0) ring_.health.check(limits_.collective);
    if (limits_.absorb) absorb();
  }

  /// Waits without sleeping; true when something was moved meanwhile.
  bool spin() {
    if (ring_.spin.count() == 0) return false;
    const auto end = Clock::now() + ring_.spin;
    do {
      if (move_some() || done()) return true;
    } while (!ring_.health.alarmed() && Clock::now() < end);
    return false;
  }

  void collect() {
    fds_.assign(1, {.fd = ring_.health.fd(), .events = POLLIN, .revents = 0});
    for (const LaneRun& lane : lanes_) {
      if (lane.has_something_to_send()) fds_.push_back(lane.out().wait_to_send());
      if (!lane.receives_done()) fds_.push_back(lane.in().wait_to_receive());
    }
    if (!limits_.absorb) return;
    absorbing_ = fds_.size();
    if (next_open_) fds_.push_back(ring_.next.wait_to_receive());
    if (prev_open_) fds_.push_back(ring_.prev.wait_to_receive());
  }

  void absorb() {
    std::size_t at = absorbing_;
    const bool next_ready = next_open_ && fds_[at++].revents != 0;
    const bool prev_ready = prev_open_ && fds_[at].revents != 0;
    if (next_ready) next_open_ = ring_.next.absorb();
    if (prev_ready) prev_open_ = ring_.prev.absorb();
  }

  [[noreturn]] void give_up() const {
    const auto waiting = std::find_if(lanes_.begin(), lanes_.end(), [](const LaneRun& lane) { return !lane.done(); });
    const bool receiving = !waiting->receives_done();
    const Link& link = receiving ? waiting->in() : waiting->out();
    throw TimedOut(job_.call.text() + " took longer than " + seconds(limits_.timeout) + ": " +
                       (receiving ? "no more data came from " : "no more data was taken by ") +
                       ring_.health.name(link.peer()) + " over " + link.path() +
                       "; it is stopped or late, or the cable is dead (BOLTLOOM_TIMEOUT sets the limit)",
                   link.peer(), ring_.health.host(link.peer()));
  }

  const Job& job_;
  const Ring& ring_;
  const Limits& limits_;
  std::vector<LaneRun> lanes_;
  std::vector<pollfd> fds_;
  std::size_t absorbing_ = 0;  // where in fds_ the links to absorb from begin
  bool next_open_ = true;
  bool prev_open_ = true;
};

}  // namespace

void execute(const Schedule& schedule, const Job& job, const Ring& ring, const Limits& limits) {
  Execution(schedule, job, ring, limits).run();
}

}  // namespace boltloom
