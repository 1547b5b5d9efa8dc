// SPDX-License-Identifier: Apache-2.0
#include "rendezvous/rendezvous.h"

#include <algorithm>
#include <array>

#include "base/address.h"
#include "base/socket.h"
#include "base/text.h"
#include "rendezvous/hub.h"

namespace boltloom {
namespace {

constexpr std::chrono::milliseconds kFirstRetry{10};
constexpr std::chrono::milliseconds kLongestRetry{200};
// Rank 0 began to wait at another moment. Its answer, which names who is missing, is worth waiting for a little longer.
constexpr std::chrono::milliseconds kGrace{3000};
constexpr std::chrono::seconds kGoodbye{1};  // what telling rank 0 why this rank gives up may take

/// A rank other than 0.
class Visitor {
 public:
  Visitor(const Appointment& appointment, const Patience& patience) : appointment_(appointment), patience_(patience) {}

  Meeting visit() {
    Channel channel(connect());
    if (!channel.send(encode(appointment_.self), patience_)) gone("it does not read");
    try {
      return listen(channel);
    } catch (const Error& error) {
      say(channel, failure_of(error));
      throw;
    } catch (...) {  // from Config::interrupted
      const Hello& self = appointment_.self;
      const std::string who = rank_on_host(self.rank, self.member.host);
      say(channel,
          {.code = Code::aborted, .peer = self.rank, .host = self.member.host, .message = who + " was interrupted"});
      throw;
    }
  }

 private:
  static void say(Channel& channel, const Failure& failure) {
    (void)channel.send(encode(failure), Patience{.deadline = Deadline::after(kGoodbye)});
  }

  Meeting listen(Channel& channel) const {
    const Patience longer{.deadline = patience_.deadline.plus(kGrace), .interrupted = patience_.interrupted};
    for (;;) {
      if (const auto message = channel.receive()) {
        if (const auto failure = decode_failure(*message)) raise(*failure);
        auto roster = decode_roster(*message);
        if (!roster || roster->size() != appointment_.hosts.size()) gone("it answered with something unknown");
        Meeting meeting{.roster = std::move(*roster), .channels = {}};
        meeting.channels.push_back(std::move(channel));
        return meeting;
      }
      if (channel.ended()) gone(channel.end_reason());
      std::array<pollfd, 1> fds{{{.fd = channel.fd(), .events = POLLIN, .revents = 0}}};
      if (!wait_ready(fds, longer)) gone("it did not answer in time");
    }
  }

  std::string rank_zero() const { return rank_on_host(0, appointment_.hosts[0]) + " at " + appointment_.coordinator; }

  [[noreturn]] void gone(const std::string& why) const {
    throw Unavailable("lost " + rank_zero() + " during start-up: " + why + "; see the output of rank 0", 0,
                      appointment_.hosts[0]);
  }

  /// Tries again until rank 0 listens: ranks start in any order.
  Fd connect() const {
    const auto address = Address::parse(appointment_.coordinator);
    if (!address) throw InvalidArgument("BOLTLOOM_COORDINATOR is \"" + appointment_.coordinator + "\"");
    std::string why;
    for (auto pause = kFirstRetry;; pause = std::min(2 * pause, kLongestRetry)) {
      if (Fd fd = attempt(*address, why)) return fd;
      const auto end_of_pause = Deadline::after(std::min(pause, patience_.deadline.left()));
      (void)wait_ready({}, Patience{.deadline = end_of_pause, .interrupted = patience_.interrupted});
      if (patience_.deadline.passed()) {
        throw Unavailable("cannot reach " + rank_zero() + ": " + why +
                              "; see the output of rank 0, and check that the address can be reached from here",
                          0, appointment_.hosts[0]);
      }
    }
  }

  Fd attempt(const Address& address, std::string& why) const {
    Fd fd;
    try {
      fd = begin_connect(address, std::nullopt);
    } catch (const Unavailable& error) {
      why = error.what();
      return {};
    }
    std::array<pollfd, 1> fds{{{.fd = fd.get(), .events = POLLOUT, .revents = 0}}};
    if (!wait_ready(fds, patience_)) {
      why = "no answer";
      return {};
    }
    if (const int error = connect_result(fd.get()); error != 0) {
      why = reason_of(error);
      return {};
    }
    // When nobody listens on a port that the system also hands out, a socket can be connected to itself.
    if (Address::of_socket(fd.get()).text() == address.text()) {
      why = "nobody listens";
      return {};
    }
    return fd;
  }

  const Appointment& appointment_;
  const Patience& patience_;
};

}  // namespace

Meeting meet(const Appointment& appointment, const Patience& patience) {
  if (appointment.self.rank == 0) return Hub(appointment, patience).receive_all();
  return Visitor(appointment, patience).visit();
}

}  // namespace boltloom
