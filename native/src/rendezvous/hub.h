// SPDX-License-Identifier: Apache-2.0
// Rank 0's part in the rendezvous.
#pragma once

#include <optional>
#include <vector>

#include "base/fd.h"
#include "rendezvous/rendezvous.h"

namespace boltloom {

class Hub {
 public:
  /// Listens. Throws Unavailable.
  Hub(const Appointment& appointment, const Patience& patience);
  /// Receives all others; tells them all why when it fails.
  Meeting receive_all();

 private:
  struct Guest {
    Hello hello;
    Channel channel;
  };
  void receive_guests();
  void listen_to(Channel& visitor);
  void admit(const Hello& hello, Channel channel);
  void check_agreement(const Hello& hello) const;
  void check_presence();
  std::vector<pollfd> watched() const;
  bool complete() const;
  [[noreturn]] void give_up() const;
  void tell_all(const Message& message);
  Roster roster() const;

  const Appointment& appointment_;
  const Patience& patience_;
  Fd listener_;
  std::vector<Channel> visitors_;             // have not said who they are
  std::vector<std::optional<Guest>> guests_;  // by rank; none at 0
};

}  // namespace boltloom
