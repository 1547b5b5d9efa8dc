// SPDX-License-Identifier: Apache-2.0
#include "base/health.h"

#include <array>

#include "base/text.h"

namespace boltloom {

Failure failure_of(const Error& error) {
  return {.code = error.code(), .peer = error.peer(), .host = error.host(), .message = error.what()};
}

void raise(const Failure& failure) {
  switch (failure.code) {
    case Code::invalid:
      throw InvalidArgument(failure.message, failure.peer, failure.host);
    case Code::unavailable:
      throw Unavailable(failure.message, failure.peer, failure.host);
    case Code::timeout:
      throw TimedOut(failure.message, failure.peer, failure.host);
    case Code::aborted:
      throw Aborted(failure.message, failure.peer, failure.host);
    case Code::io:
      break;
  }
  throw PeerFailed(failure.message, failure.peer, failure.host);
}

std::string Health::name(int rank) const {
  return rank_on_host(rank, host(rank));
}

Failure Health::departure(int rank) const {
  return {.code = Code::io,
          .peer = rank,
          .host = host(rank),
          .message = name(rank) + " left the group while this rank still needed it; do all ranks make the same calls?"};
}

void Health::alarm() {
  alarmed_.store(true, std::memory_order_release);
  wake_.set();
}

bool Health::fail(const Failure& failure) {
  const std::lock_guard lock(mutex_);
  if (cause_) return false;
  cause_ = failure;
  alarm();
  return true;
}

void Health::leave(int rank, std::uint64_t completed) {
  const std::lock_guard lock(mutex_);
  left_.emplace(rank, completed);
  alarm();
}

std::optional<Failure> Health::cause() const {
  const std::lock_guard lock(mutex_);
  return cause_;
}

void Health::check(std::optional<std::uint64_t> collective) {
  const std::lock_guard lock(mutex_);
  if (cause_) raise(*cause_);
  if (const auto rank = deserter(collective)) raise(departure(*rank));
  if (!alarmed()) return;  // this is on the way of every call: no system call without need
  alarmed_.store(false, std::memory_order_release);
  wake_.clear();
}

std::optional<int> Health::deserter(std::optional<std::uint64_t> collective) const {
  if (!collective) return std::nullopt;
  for (const auto& [rank, completed] : left_) {
    if (completed <= *collective) return rank;
  }
  return std::nullopt;
}

std::optional<Failure> Health::explain(int peer, std::optional<std::uint64_t> collective, const Deadline& deadline) {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (cause_) return cause_;
      if (const auto rank = deserter(collective)) return departure(*rank);
      if (left_.contains(peer)) return departure(peer);
      wake_.clear();
    }
    std::array<pollfd, 1> watched{{{.fd = fd(), .events = POLLIN, .revents = 0}}};
    if (!wait_ready(watched, Patience{.deadline = deadline})) return std::nullopt;
  }
}

}  // namespace boltloom
