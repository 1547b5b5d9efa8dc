// SPDX-License-Identifier: Apache-2.0
#include "link/tcp/tcp_link.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/address.h"
#include "base/socket.h"
#include "base/text.h"
#include "boltloom/boltloom.hpp"

namespace boltloom {
namespace {

constexpr std::size_t kMaxParts = 8;
// A single call never moves more than this: some systems refuse calls of 2 GiB and more, and turns stay short.
constexpr std::size_t kMaxCall = std::size_t{1} << 22;

/// What a cable that was pulled looks like; a peer that died ends or resets its connections.
bool no_way_through(int error) {
  return error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH || error == ENETDOWN;
}

}  // namespace

TcpLink::TcpLink(std::vector<Fd> rails, int peer, std::string host, std::string peer_name)
    : rails_(std::move(rails)), peer_(peer), host_(std::move(host)), peer_name_(std::move(peer_name)) {
  for (const Fd& rail : rails_) {
    disable_nagle(rail.get());
    probe_when_idle(rail.get());
    path_ += (path_.empty() ? "" : ", ") + Address::of_socket(rail.get()).ip();
  }
}

TcpLink::~TcpLink() {
  for (const Fd& rail : rails_) end_sending(rail.get());
}

template <class Move>
std::size_t TcpLink::move(Position& position, std::span<const iovec> parts, Move move_now) {
  std::array<iovec, kMaxParts> room;
  std::size_t moved = 0;
  for (;;) {
    const std::size_t most = rails_.size() == 1 ? kMaxCall : position.left_in_stripe();
    const auto piece = slice(parts, moved, most, room);
    if (piece.empty()) return moved;
    const std::size_t wanted = bytes_in(piece);
    const Transfer transfer = move_now(rails_[position.rail(rails_.size())].get(), piece);
    position.bytes += transfer.bytes;
    moved += transfer.bytes;
    if (transfer.error != 0 || transfer.closed) {
      if (moved > 0) return moved;  // the next call meets the failure again
      broken(transfer.error);
    }
    if (transfer.bytes < wanted || rails_.size() == 1) return moved;
  }
}

std::size_t TcpLink::try_send(std::span<const iovec> parts) {
  return move(sent_, parts, send_now);
}

std::size_t TcpLink::receive_now(std::span<const iovec> parts) {
  return move(received_, parts, recv_now);
}

pollfd TcpLink::wait_to_send() const {
  return {.fd = rails_[sent_.rail(rails_.size())].get(), .events = POLLOUT, .revents = 0};
}

pollfd TcpLink::wait_to_receive() const {
  return {.fd = rails_[received_.rail(rails_.size())].get(), .events = POLLIN, .revents = 0};
}

void TcpLink::broken(int error) const {
  std::string what = "the connection to " + peer_name_ + " from " + path_;
  what += error == 0 ? " was ended by it" : " broke (" + reason_of(error) + ")";
  if (no_way_through(error)) what += "; check the cable between the two";
  throw PeerFailed(what, peer_, host_);
}

}  // namespace boltloom
