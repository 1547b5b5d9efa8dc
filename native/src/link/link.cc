// SPDX-License-Identifier: Apache-2.0
#include "link/link.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "boltloom/boltloom.hpp"

namespace boltloom {
namespace {

constexpr std::size_t kAbsorbed = std::size_t{1} << 18;  // bytes that one piece of the backlog holds

}  // namespace

std::size_t Link::try_receive(std::span<const iovec> parts) {
  if (backlog_.empty()) return receive_now(parts);
  const auto& piece = backlog_.front();
  std::size_t given = 0;
  for (const iovec& part : parts) {
    const std::size_t count = std::min(part.iov_len, piece.size() - taken_);
    if (count == 0) continue;
    std::memcpy(part.iov_base, piece.data() + taken_, count);
    taken_ += count;
    given += count;
  }
  if (taken_ == piece.size()) {
    backlog_.pop_front();
    taken_ = 0;
  }
  return given;
}

bool Link::absorb() {
  std::vector<std::byte> piece(kAbsorbed);
  const std::array<iovec, 1> room{{{.iov_base = piece.data(), .iov_len = piece.size()}}};
  std::size_t got = 0;
  try {
    got = receive_now(room);
  } catch (const PeerFailed&) {
    return false;
  }
  if (got == 0) return true;
  piece.resize(got);
  piece.shrink_to_fit();
  backlog_.push_back(std::move(piece));
  return true;
}

std::span<const iovec> slice(std::span<const iovec> parts, std::size_t skip, std::size_t most, std::span<iovec> room) {
  std::size_t used = 0;
  for (const iovec& part : parts) {
    const std::size_t skipped = std::min(skip, part.iov_len);
    const std::size_t length = std::min(part.iov_len - skipped, most);
    skip -= skipped;
    if (length == 0) continue;
    if (used == room.size()) break;
    room[used++] = {.iov_base = static_cast<std::byte*>(part.iov_base) + skipped, .iov_len = length};
    most -= length;
  }
  return room.first(used);
}

std::size_t bytes_in(std::span<const iovec> parts) {
  std::size_t sum = 0;
  for (const iovec& part : parts) sum += part.iov_len;
  return sum;
}

}  // namespace boltloom
