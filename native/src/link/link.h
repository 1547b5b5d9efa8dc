// SPDX-License-Identifier: Apache-2.0
// Link: what moves bytes to and from one neighbour. Every algorithm is written over it, every transport implements it.
#pragma once

#include <poll.h>
#include <sys/uio.h>

#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <vector>

namespace boltloom {

/// A reliable, ordered stream of bytes in both directions. Nothing in it blocks: who has to wait polls for what
/// wait_to_send() and wait_to_receive() name. A broken connection is a PeerFailed with the peer's rank.
class Link {
 public:
  Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  virtual ~Link() = default;

  /// Hands over as many of these bytes as fit; returns how many.
  virtual std::size_t try_send(std::span<const iovec> parts) = 0;
  /// Fills these buffers, which must not be empty, with what has come; returns how many bytes.
  std::size_t try_receive(std::span<const iovec> parts);
  /// Takes what has come into memory, for a later try_receive. A rank that waits to send does this, so that a neighbour
  /// who waits to send to it gets on. False when the link is at its end: then there is nothing more to wait for, and
  /// try_receive will tell why once it is called.
  bool absorb();

  virtual pollfd wait_to_send() const = 0;
  virtual pollfd wait_to_receive() const = 0;
  virtual int peer() const = 0;
  /// The cable or network between the two, in words for messages.
  virtual std::string path() const = 0;

 protected:
  virtual std::size_t receive_now(std::span<const iovec> parts) = 0;

 private:
  std::deque<std::vector<std::byte>> backlog_;
  std::size_t taken_ = 0;  // bytes of backlog_.front() that were given out
};

/// The parts without their first `skip` bytes, cut after `most` bytes. Parts that become empty are left out.
std::span<const iovec> slice(std::span<const iovec> parts, std::size_t skip, std::size_t most, std::span<iovec> room);

/// The sum of their lengths.
std::size_t bytes_in(std::span<const iovec> parts);

}  // namespace boltloom
