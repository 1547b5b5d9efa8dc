// SPDX-License-Identifier: Apache-2.0
#include "rendezvous/hub.h"

#include <algorithm>

#include "base/address.h"
#include "base/socket.h"
#include "base/text.h"
#include "base/token.h"

namespace boltloom {
namespace {

constexpr std::size_t kMaxVisitors = 1024;   // strangers who connect and say nothing must not use up all descriptors
constexpr std::chrono::seconds kBadNews{1};  // what telling somebody bad news may take

Fd listen_at(const std::string& coordinator) {
  const auto address = Address::parse(coordinator);
  if (!address) throw InvalidArgument("BOLTLOOM_COORDINATOR is \"" + coordinator + "\": expected IP:PORT");
  return listen_on(*address);
}

void say_why(Channel& channel, const Failure& failure) {
  (void)channel.send(encode(failure), Patience{.deadline = Deadline::after(kBadNews)});
  channel.finish();
}

}  // namespace

Hub::Hub(const Appointment& appointment, const Patience& patience)
    : appointment_(appointment),
      patience_(patience),
      listener_(listen_at(appointment.coordinator)),
      guests_(static_cast<std::size_t>(appointment.self.size)) {}

Meeting Hub::receive_all() {
  try {
    receive_guests();
    tell_all(encode(roster()));
  } catch (const Error& error) {
    tell_all(encode(failure_of(error)));
    throw;
  } catch (...) {  // from Config::interrupted
    tell_all(encode(Failure{.code = Code::aborted,
                            .peer = 0,
                            .host = appointment_.hosts[0],
                            .message = rank_on_host(0, appointment_.hosts[0]) + " was interrupted during start-up"}));
    throw;
  }
  Meeting meeting{.roster = roster(), .channels = {}};
  for (auto& guest : guests_) meeting.channels.push_back(guest ? std::move(guest->channel) : Channel(Fd{}));
  return meeting;
}

void Hub::receive_guests() {
  while (!complete()) {
    std::vector<pollfd> fds = watched();
    if (!wait_ready(fds, patience_)) give_up();
    for (Channel& visitor : visitors_) listen_to(visitor);
    std::erase_if(visitors_, [](const Channel& visitor) { return !visitor; });
    check_presence();
    for (;;) {
      Fd fd = accept_from(listener_.get());
      if (!fd) break;
      if (visitors_.size() < kMaxVisitors) visitors_.emplace_back(std::move(fd));
    }
  }
}

std::vector<pollfd> Hub::watched() const {
  std::vector<pollfd> fds{{.fd = listener_.get(), .events = POLLIN, .revents = 0}};
  for (const Channel& visitor : visitors_) fds.push_back({.fd = visitor.fd(), .events = POLLIN, .revents = 0});
  for (const auto& guest : guests_) {
    if (guest) fds.push_back({.fd = guest->channel.fd(), .events = POLLIN, .revents = 0});
  }
  return fds;
}

void Hub::listen_to(Channel& visitor) {
  const auto message = visitor.receive();
  if (!message) {
    if (visitor.ended()) visitor.close();
    return;
  }
  const auto hello = decode_hello(*message);
  if (hello && same_token(hello->token, appointment_.self.token)) return admit(*hello, std::move(visitor));
  if (hello) {
    const std::string what = "rank 0 refused this rank: its BOLTLOOM_TOKEN is that of another run";
    say_why(visitor, {.code = Code::invalid, .peer = 0, .host = appointment_.hosts[0], .message = what});
  }
  visitor.close();
}

void Hub::admit(const Hello& hello, Channel channel) {
  const std::string who = "rank " + std::to_string(hello.rank) + " on host " + hello.member.host;
  try {
    if (hello.rank <= 0 || hello.rank >= appointment_.self.size) {
      throw InvalidArgument(who + " came, but rank 0 expects ranks 1 to " + std::to_string(appointment_.self.size - 1));
    }
    check_agreement(hello);
    auto& place = guests_[static_cast<std::size_t>(hello.rank)];
    if (place) {
      throw InvalidArgument("rank " + std::to_string(hello.rank) + " came twice: from host " +
                                place->hello.member.host + " and from host " + hello.member.host +
                                "; each rank must be started once",
                            hello.rank, hello.member.host);
    }
    place.emplace(Guest{.hello = hello, .channel = std::move(channel)});
  } catch (const Error& error) {
    say_why(channel, failure_of(error));
    throw;
  }
}

void Hub::check_agreement(const Hello& hello) const {
  const Hello& own = appointment_.self;
  const auto differ = [&](const std::string& what, const std::string& theirs, const std::string& ours) {
    throw InvalidArgument(rank_on_host(hello.rank, hello.member.host) + " has " + what + " " + theirs + ", but " +
                              rank_on_host(0, own.member.host) + " has " + ours + "; start all ranks alike",
                          hello.rank, hello.member.host);
  };
  if (hello.version != own.version) {
    differ("protocol version", std::to_string(hello.version), std::to_string(own.version));
  }
  if (hello.size != own.size) differ("BOLTLOOM_WORLD_SIZE", std::to_string(hello.size), std::to_string(own.size));
  if (hello.backend != own.backend) differ("BOLTLOOM_BACKEND", hello.backend, own.backend);
  if (hello.run_id != own.run_id) differ("BOLTLOOM_RUN_ID", hello.run_id, own.run_id);
}

void Hub::check_presence() {
  for (auto& guest : guests_) {
    if (!guest) continue;
    // A guest has nothing to say before the roster, unless it has to go.
    const auto message = guest->channel.receive();
    if (const auto failure = message ? decode_failure(*message) : std::nullopt) raise(*failure);
    if (!guest->channel.ended()) continue;
    throw PeerFailed(
        rank_on_host(guest->hello.rank, guest->hello.member.host) + " ended during start-up; see its output",
        guest->hello.rank, guest->hello.member.host);
  }
}

bool Hub::complete() const {
  return std::all_of(guests_.begin() + 1, guests_.end(), [](const auto& guest) { return guest.has_value(); });
}

void Hub::give_up() const {
  std::vector<std::string> missing;
  int first = -1;
  for (int rank = 1; rank < appointment_.self.size; ++rank) {
    const auto place = static_cast<std::size_t>(rank);
    if (guests_[place]) continue;
    if (first < 0) first = rank;
    missing.push_back(rank_on_host(rank, appointment_.hosts[place]));
  }
  throw Unavailable(enumerate(missing) + " did not come to the rendezvous at " + appointment_.coordinator +
                        " in time; see their output, and check that the address can be reached from there",
                    first, appointment_.hosts[static_cast<std::size_t>(first)]);
}

void Hub::tell_all(const Message& message) {
  for (auto& guest : guests_) {
    if (guest) (void)guest->channel.send(message, Patience{.deadline = Deadline::after(kBadNews)});
  }
}

Roster Hub::roster() const {
  Roster roster{appointment_.self.member};
  for (const auto& guest : guests_) {
    if (guest) roster.push_back(guest->hello.member);
  }
  return roster;
}

}  // namespace boltloom
