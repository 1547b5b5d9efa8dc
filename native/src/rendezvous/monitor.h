// SPDX-License-Identifier: Apache-2.0
// The thread that notices deaths. It holds the connections of the rendezvous: each rank's to rank 0, and rank 0 passes
// on what it learns, so that every rank hears of every failure within milliseconds, whether it is a neighbour or not.
#pragma once

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/health.h"
#include "rendezvous/message.h"

namespace boltloom {

class Monitor {
 public:
  /// `channels` as in Meeting. Writes what it learns into `health`, which must outlive it.
  Monitor(int rank, std::vector<Channel> channels, Health& health);
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;
  ~Monitor();

  /// Poisons the group here and everywhere, unless it is already.
  void report(const Failure& failure);
  /// Stops watching, and tells the others that this rank leaves in order, after what they do not know yet.
  void leave(std::uint64_t completed);

 private:
  struct Line {
    Channel channel;
    int peer;
    bool left = false;  // the peer has taken its leave: the end of the connection is no news
  };
  void stop();
  void watch();
  void watch_until_stopped();
  void listen_to(Line& line);
  void take(const Message& message, Line& line);
  void pass_on(const Message& message, int except);
  /// Poisons this rank, and tells the others before anything else is said to them; nothing when it is poisoned already.
  void spread(const Failure& known_here, const Failure& told, int except);
  void lost(const Line& line);

  const int rank_;
  Health& health_;
  std::mutex sending_;  // the user's thread sends in report() and leave(), the monitor's whatever it passes on
  std::vector<Line> lines_;
  std::atomic<bool> stop_{false};
  WakeFlag wake_;
  std::thread thread_;
};

}  // namespace boltloom
