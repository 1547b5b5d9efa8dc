// SPDX-License-Identifier: Apache-2.0
#include "link/tcp/join_ring.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/address.h"
#include "base/socket.h"
#include "base/text.h"
#include "base/token.h"
#include "base/wire.h"
#include "link/tcp/tcp_link.h"

namespace boltloom {
namespace {

constexpr std::uint32_t kMagic = 0x474e5242;  // "BRNG"

/// The first bytes on a cable: who connects, and over which of its cables. Its length is fixed by the token's.
struct Introduction {
  std::string token;
  std::uint32_t rank;
  std::uint32_t rail;

  std::vector<std::byte> encode() const {
    WireWriter writer;
    writer.number(kMagic);
    writer.text(token);
    writer.number(rank);
    writer.number(rail);
    return writer.bytes();
  }
  /// None when the bytes are something else, or their token is another one.
  static std::optional<Introduction> decode(const std::vector<std::byte>& bytes, const std::string& token) {
    WireReader reader(bytes.data(), bytes.size());
    const auto magic = reader.number<std::uint32_t>();
    Introduction found{.token = reader.text(), .rank = 0, .rail = 0};
    found.rank = reader.number<std::uint32_t>();
    found.rail = reader.number<std::uint32_t>();
    if (!reader.complete() || magic != kMagic || !same_token(found.token, token)) return std::nullopt;
    return found;
  }
};

/// Waits for the descriptors, and for news about the group. False when the deadline has passed.
bool wait_or_fail(std::vector<pollfd>& fds, Health& health, const Patience& patience) {
  fds.push_back({.fd = health.fd(), .events = POLLIN, .revents = 0});
  const bool ready = wait_ready(fds, patience);
  fds.pop_back();
  health.check(std::nullopt);
  return ready;
}

class Connecting {
 public:
  Connecting(const RingPlace& place, Health& health, const Patience& patience)
      : place_(place), next_((place.rank + 1) % place.size), health_(health), patience_(patience) {}

  Fd connect(const std::string& endpoint, std::uint32_t rail) const {
    const auto address = Address::parse(endpoint);
    if (!address) throw std::logic_error("the rendezvous gave a bad endpoint: " + endpoint);
    const auto source = local_end_towards(*address);
    Fd fd = reach(*address, source);
    introduce(fd.get(), rail);
    return fd;
  }

 private:
  [[noreturn]] void unreachable(const Address& address, const std::optional<Address>& source,
                                const std::string& why) const {
    throw Unavailable(health_.name(place_.rank) + " cannot reach " + health_.name(next_) + " at " + address.ip() +
                          (source ? " from " + source->ip() : "") + ": " + why +
                          "; check the cable between the two, its addresses and the firewall",
                      next_, health_.host(next_));
  }

  Fd reach(const Address& address, const std::optional<Address>& source) const {
    Fd fd;
    try {
      fd = begin_connect(address, source);
    } catch (const Unavailable& error) {
      unreachable(address, source, error.what());
    }
    std::vector<pollfd> fds{{.fd = fd.get(), .events = POLLOUT, .revents = 0}};
    while (fds[0].revents == 0) {
      if (!wait_or_fail(fds, health_, patience_)) unreachable(address, source, "no answer");
    }
    if (const int error = connect_result(fd.get()); error != 0) unreachable(address, source, reason_of(error));
    return fd;
  }

  void introduce(int fd, std::uint32_t rail) const {
    const auto bytes =
        Introduction{.token = place_.token, .rank = static_cast<std::uint32_t>(place_.rank), .rail = rail}.encode();
    const std::array<iovec, 1> part{{{.iov_base = const_cast<std::byte*>(bytes.data()), .iov_len = bytes.size()}}};
    // A few hundred bytes always fit into a fresh connection's buffer.
    if (send_now(fd, part).bytes != bytes.size()) {
      throw PeerFailed(health_.name(next_) + " ended the connection at once", next_, health_.host(next_));
    }
  }

  const RingPlace& place_;
  int next_;
  Health& health_;
  const Patience& patience_;
};

/// Accepts until each cable from the rank before has introduced itself.
class Accepting {
 public:
  Accepting(const RingPlace& place, const RingDoor& door, Health& health, const Patience& patience)
      : place_(place),
        prev_((place.rank + place.size - 1) % place.size),
        door_(door),
        health_(health),
        patience_(patience),
        expected_(Introduction{.token = place.token, .rank = 0, .rail = 0}.encode().size()),
        rails_(door.listeners().size()) {}

  std::vector<Fd> accept_all() {
    while (std::any_of(rails_.begin(), rails_.end(), [](const Fd& fd) { return !fd; })) {
      std::vector<pollfd> fds = watched();
      if (!wait_or_fail(fds, health_, patience_)) give_up();
      for (std::size_t i = 0; i < visitors_.size(); ++i) {
        if (fds[i].revents != 0) hear(visitors_[i]);
      }
      std::erase_if(visitors_, [](const Visitor& visitor) { return !visitor.fd; });
      for (const Fd& listener : door_.listeners()) {
        if (Fd fd = accept_from(listener.get()); fd) visitors_.push_back({.fd = std::move(fd), .heard = {}});
      }
    }
    return std::move(rails_);
  }

 private:
  struct Visitor {
    Fd fd;
    std::vector<std::byte> heard;
  };

  std::vector<pollfd> watched() const {
    std::vector<pollfd> fds;
    for (const Visitor& visitor : visitors_) fds.push_back({.fd = visitor.fd.get(), .events = POLLIN, .revents = 0});
    for (const Fd& listener : door_.listeners()) {
      fds.push_back({.fd = listener.get(), .events = POLLIN, .revents = 0});
    }
    return fds;
  }

  /// Reads on. A visitor who is done, or who is not one of us, leaves its Fd empty.
  void hear(Visitor& visitor) {
    std::vector<std::byte> more(expected_ - visitor.heard.size());
    const std::array<iovec, 1> part{{{.iov_base = more.data(), .iov_len = more.size()}}};
    const Transfer transfer = recv_now(visitor.fd.get(), part);
    visitor.heard.insert(visitor.heard.end(), more.begin(), more.begin() + static_cast<std::ptrdiff_t>(transfer.bytes));
    if (transfer.closed || transfer.error != 0) visitor.fd.reset();
    if (visitor.heard.size() < expected_) return;
    const auto found = Introduction::decode(visitor.heard, place_.token);
    if (found && static_cast<int>(found->rank) == prev_ && found->rail < rails_.size() && !rails_[found->rail]) {
      rails_[found->rail] = std::move(visitor.fd);
    }
    visitor.fd.reset();
  }

  [[noreturn]] void give_up() const {
    throw TimedOut(health_.name(prev_) + " did not connect to " + health_.name(place_.rank) + " at " +
                       enumerate(door_.endpoints()) + " in time; check the cable between the two",
                   prev_, health_.host(prev_));
  }

  const RingPlace& place_;
  int prev_;
  const RingDoor& door_;
  Health& health_;
  const Patience& patience_;
  std::size_t expected_;
  std::vector<Visitor> visitors_;
  std::vector<Fd> rails_;
};

}  // namespace

RingDoor::RingDoor(const std::vector<std::string>& ips) {
  for (const std::string& ip : ips) {
    const auto address = Address::from_ip(ip, 0);
    if (!address) throw InvalidArgument("\"" + ip + "\" is not an IP address");
    listeners_.push_back(listen_on(*address));
    endpoints_.push_back(Address::of_socket(listeners_.back().get()).text());
  }
}

RingLinks join_ring(const RingPlace& place, const RingDoor& door, const std::vector<std::string>& next_endpoints,
                    Health& health, const Patience& patience) {
  const int next = (place.rank + 1) % place.size;
  const int prev = (place.rank + place.size - 1) % place.size;
  std::vector<Fd> rails;
  const Connecting connecting(place, health, patience);
  for (const std::string& endpoint : next_endpoints) {
    rails.push_back(connecting.connect(endpoint, static_cast<std::uint32_t>(rails.size())));
  }
  // The system completes the other side's connections while they wait in the queue, so connecting first cannot
  // deadlock.
  auto accepted = Accepting(place, door, health, patience).accept_all();
  return {.next = std::make_unique<TcpLink>(std::move(rails), next, health.host(next), health.name(next)),
          .prev = std::make_unique<TcpLink>(std::move(accepted), prev, health.host(prev), health.name(prev))};
}

}  // namespace boltloom
