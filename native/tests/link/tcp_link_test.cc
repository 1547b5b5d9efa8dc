// SPDX-License-Identifier: Apache-2.0
#include "link/tcp/tcp_link.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <numeric>

#include "base/socket.h"
#include "boltloom/boltloom.hpp"

namespace boltloom {
namespace {

struct Pair {
  std::unique_ptr<TcpLink> here;
  std::unique_ptr<TcpLink> there;
};

/// Two ends that are joined by so many connections over loopback.
Pair connected(int rails) {
  std::vector<Fd> here;
  std::vector<Fd> there;
  for (int rail = 0; rail < rails; ++rail) {
    const Fd listener = listen_on(*Address::from_ip("127.0.0.1", 0));
    here.push_back(begin_connect(Address::of_socket(listener.get()), std::nullopt));
    std::array<pollfd, 1> fds{{{.fd = listener.get(), .events = POLLIN, .revents = 0}}};
    EXPECT_TRUE(wait_ready(fds, {.deadline = Deadline::after(std::chrono::seconds(5))}));
    there.push_back(accept_from(listener.get()));
  }
  return {.here = std::make_unique<TcpLink>(std::move(here), 1, "mac2", "rank 1 on host mac2"),
          .there = std::make_unique<TcpLink>(std::move(there), 0, "mac1", "rank 0 on host mac1")};
}

iovec part(const std::vector<std::byte>& bytes, std::size_t from) {
  return {.iov_base = const_cast<std::byte*>(bytes.data()) + from, .iov_len = bytes.size() - from};
}

void wait(pollfd fd) {
  std::array<pollfd, 1> fds{fd};
  ASSERT_TRUE(wait_ready(fds, {.deadline = Deadline::after(std::chrono::seconds(5))}));
}

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((i * 2654435761U) >> 13);
  return bytes;
}

/// Sends everything one way, receiving in pieces of odd sizes.
void expect_carried(Pair& pair, std::size_t size) {
  const auto sent = pattern(size);
  std::vector<std::byte> got(size);
  std::size_t out = 0;
  std::size_t in = 0;
  while (in < size) {
    if (out < size) {
      const std::array<iovec, 1> parts{part(sent, out)};
      out += pair.here->try_send(parts);
    }
    const std::size_t piece = std::min<std::size_t>(size - in, 77777);
    const std::array<iovec, 2> parts{{{.iov_base = got.data() + in, .iov_len = piece / 2},
                                      {.iov_base = got.data() + in + piece / 2, .iov_len = piece - piece / 2}}};
    const std::size_t received = pair.there->try_receive(parts);
    in += received;
    if (received == 0) wait(pair.there->wait_to_receive());
  }
  EXPECT_EQ(sent, got);
}

TEST(TcpLink, KeepsTheOrderOfBytesOverAnyNumberOfRails) {
  for (const int rails : {1, 2, 3}) {
    Pair pair = connected(rails);
    expect_carried(pair, 3);
    expect_carried(pair, TcpLink::kStripe - 3);  // up to the end of a stripe
    expect_carried(pair, 5 * TcpLink::kStripe + 1);
  }
}

TEST(TcpLink, UsesEveryRail) {
  Pair pair = connected(2);
  const int first = pair.here->wait_to_send().fd;
  expect_carried(pair, TcpLink::kStripe);
  EXPECT_NE(pair.here->wait_to_send().fd, first);
}

TEST(TcpLink, GivesOutWhatItAbsorbed) {
  Pair pair = connected(1);
  const auto sent = pattern(1000);
  const std::array<iovec, 1> parts{part(sent, 0)};
  ASSERT_EQ(pair.here->try_send(parts), sent.size());
  wait(pair.there->wait_to_receive());
  EXPECT_TRUE(pair.there->absorb());
  std::vector<std::byte> got(1000);
  std::size_t in = 0;
  while (in < got.size()) {
    const std::array<iovec, 1> room{{{.iov_base = got.data() + in, .iov_len = std::min<std::size_t>(333, 1000 - in)}}};
    in += pair.there->try_receive(room);
  }
  EXPECT_EQ(got, sent);
}

TEST(TcpLink, NamesThePeerWhoEndedIt) {
  Pair pair = connected(1);
  pair.there.reset();
  wait(pair.here->wait_to_receive());
  std::byte byte{};
  const std::array<iovec, 1> room{{{.iov_base = &byte, .iov_len = 1}}};
  EXPECT_FALSE(pair.here->absorb()) << "the end is not lost when it is met while absorbing";
  try {
    pair.here->try_receive(room);
    FAIL() << "the end of the connection was not noticed";
  } catch (const PeerFailed& error) {
    EXPECT_EQ(error.peer(), 1);
    EXPECT_EQ(error.host(), "mac2");
    EXPECT_NE(std::string(error.what()).find("rank 1 on host mac2"), std::string::npos);
  }
}

}  // namespace
}  // namespace boltloom
