// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstring>
#include <functional>
#include <limits>
#include <thread>

#include "base/health.h"
#include "base/text.h"
#include "boltloom/boltloom.hpp"
#include "collective/ring_collectives.h"
#include "config/config.h"
#include "group/arguments.h"
#include "group/backends.h"
#include "link/tcp/join_ring.h"
#include "reduce/reduce.h"
#include "rendezvous/monitor.h"
#include "rendezvous/rendezvous.h"

namespace boltloom {
namespace {

// The news of a death come over another connection than the neighbour's end; this is how far they may be behind.
constexpr std::chrono::milliseconds kNewsDelay{500};
constexpr std::chrono::microseconds kSpin{50};

std::vector<std::string> names_of(const std::vector<Host>& hosts) {
  std::vector<std::string> names;
  for (const Host& host : hosts) names.push_back(host.name);
  return names;
}

/// Asking again and again helps only while every rank of this computer can have a core to itself.
std::chrono::microseconds spin_for(const Config& config) {
  const bool room = std::thread::hardware_concurrency() >= static_cast<unsigned>(config.local_size);
  return room ? kSpin : std::chrono::microseconds{0};
}

/// Holds a group while a call is under way.
class Turn {
 public:
  explicit Turn(std::atomic<bool>& taken) : taken_(taken) {
    if (taken_.exchange(true)) {
      throw InvalidArgument("another thread is inside a call on this group: one thread at a time may use it");
    }
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { taken_ = false; }

 private:
  std::atomic<bool>& taken_;
};

const std::byte* bytes(const void* data) {
  return static_cast<const std::byte*>(data);
}
std::byte* bytes(void* data) {
  return static_cast<std::byte*>(data);
}

}  // namespace

class Group::State {
 public:
  explicit State(const Config& config) : config_(config), health_(names_of(config_.hosts)) {
    if (config_.size > 1) join();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (monitor_) monitor_->leave(collectives_ ? collectives_->completed() : 0);
  }

  const Config& config() const { return config_; }
  bool alone() const { return config_.size == 1; }
  RingCollectives& ring() { return *collectives_; }

  /// The one way into a call: keeps others out, fails at once when the group is poisoned, and poisons it when the call
  /// fails in a way that leaves the ranks with different ideas of what has been done.
  void call(const std::function<void()>& body) {
    const Turn turn(taken_);
    if (const auto cause = health_.cause()) raise(*cause);
    guard(body);
  }

  void report(const Failure& failure) {
    if (monitor_) {
      monitor_->report(failure);
    } else {
      health_.fail(failure);
    }
  }

  Failure aborted(const std::string& reason) const {
    return {.code = Code::aborted, .peer = config_.rank, .host = health_.host(config_.rank), .message = reason};
  }

 private:
  void join() {
    const Patience patience{.deadline = Deadline::after(config_.timeout), .interrupted = &config_.interrupted};
    RingDoor door(config_.hosts[static_cast<std::size_t>(config_.rank)].ips);
    Meeting meeting = meet(appointment(door), patience);
    monitor_ = std::make_unique<Monitor>(config_.rank, std::move(meeting.channels), health_);
    guard([&] {
      const auto next = static_cast<std::size_t>((config_.rank + 1) % config_.size);
      const RingPlace place{.rank = config_.rank, .size = config_.size, .token = config_.token};
      auto links = join_ring(place, door, meeting.roster[next].endpoints, health_, patience);
      collectives_ = std::make_unique<RingCollectives>(
          RingCollectives::Options{.rank = config_.rank,
                                   .size = config_.size,
                                   .timeout = config_.timeout,
                                   .interrupted = &config_.interrupted,
                                   .spin = spin_for(config_)},
          RingCollectives::Links{.next = std::move(links.next), .prev = std::move(links.prev)}, health_);
      collectives_->barrier();  // a group that exists has carried data over every link
    });
  }

  Appointment appointment(const RingDoor& door) const {
    const auto names = names_of(config_.hosts);
    return {.self = {.token = config_.token,
                     .rank = config_.rank,
                     .size = config_.size,
                     .backend = config_.backend,
                     .run_id = config_.run_id,
                     .member = {.host = names[static_cast<std::size_t>(config_.rank)], .endpoints = door.endpoints()}},
            .coordinator = config_.coordinator,
            .hosts = names};
  }

  void guard(const std::function<void()>& body) {
    try {
      body();
    } catch (const PeerFailed& error) {
      const auto cause = health_.explain(error.peer(), under_way(), Deadline::after(kNewsDelay));
      poison(cause ? *cause : failure_of(error));
    } catch (const InvalidArgument& error) {
      if (error.peer() < 0) throw;  // refused before anything was sent
      poison(failure_of(error));
    } catch (const Error& error) {
      poison(failure_of(error));
    } catch (...) {  // from Config::interrupted, or a bug: the others must not wait for this rank
      report(aborted(health_.name(config_.rank) + " broke off in the middle of a call"));
      throw;
    }
  }

  /// The collective that this rank is in, or would be in next.
  std::optional<std::uint64_t> under_way() const {
    if (!collectives_) return std::nullopt;
    return collectives_->completed();
  }

  [[noreturn]] void poison(const Failure& failure) {
    report(failure);
    raise(health_.cause().value_or(failure));
  }

  const Config config_;
  std::atomic<bool> taken_{false};
  Health health_;
  std::unique_ptr<Monitor> monitor_;
  std::unique_ptr<RingCollectives> collectives_;
};

Group::Group(const Config& config) {
  validate(config);
  check_backend(config.backend);
  Config own = config;
  if (own.hosts.empty()) own.hosts.resize(static_cast<std::size_t>(own.size));
  state_ = std::make_unique<State>(own);
}

Group Group::from_environment() {
  return Group(Config::from_environment());
}
Group::Group(Group&&) noexcept = default;
Group& Group::operator=(Group&&) noexcept = default;
Group::~Group() = default;

int Group::rank() const noexcept {
  return state_->config().rank;
}
int Group::size() const noexcept {
  return state_->config().size;
}
int Group::local_rank() const noexcept {
  return state_->config().local_rank;
}
int Group::local_size() const noexcept {
  return state_->config().local_size;
}
const std::string& Group::backend() const noexcept {
  return state_->config().backend;
}
const std::vector<Host>& Group::hosts() const noexcept {
  return state_->config().hosts;
}

void Group::all_reduce(const void* in, void* out, std::size_t count, DType dtype, Op op) {
  (void)reduction_for(dtype, op);
  const std::size_t size = checked_bytes(count, dtype, 1);
  check_buffers({.data = in, .bytes = size}, {.data = out, .bytes = size});
  if (in != out) check_apart({.data = in, .bytes = size}, {.data = out, .bytes = size});
  state_->call([&] {
    if (!state_->alone()) return state_->ring().all_reduce(bytes(in), bytes(out), count, dtype, op);
    if (size > 0 && in != out) std::memcpy(out, in, size);
  });
}

void Group::all_gather(const void* in, void* out, std::size_t count, DType dtype) {
  const std::size_t size = checked_bytes(count, dtype, 1);
  const std::size_t all = checked_bytes(count, dtype, this->size());
  check_buffers({.data = in, .bytes = size}, {.data = out, .bytes = all});
  const void* own_place = size == 0 ? in : bytes(out) + size * static_cast<std::size_t>(rank());
  if (in != own_place) check_apart({.data = in, .bytes = size}, {.data = out, .bytes = all});
  state_->call([&] {
    if (!state_->alone()) return state_->ring().all_gather(bytes(in), bytes(out), count, dtype);
    if (size > 0 && in != own_place) std::memcpy(out, in, size);
  });
}

void Group::send(const void* buffer, std::size_t count, DType dtype, int dst) {
  check_buffers({.data = buffer, .bytes = checked_bytes(count, dtype, 1)}, {});
  check_peer(dst, rank(), size());
  state_->call([&] { state_->ring().send(bytes(buffer), count, dtype, dst); });
}

void Group::recv(void* buffer, std::size_t count, DType dtype, int src) {
  check_buffers({.data = buffer, .bytes = checked_bytes(count, dtype, 1)}, {});
  check_peer(src, rank(), size());
  state_->call([&] { state_->ring().recv(bytes(buffer), count, dtype, src); });
}

void Group::barrier() {
  state_->call([&] {
    if (!state_->alone()) state_->ring().barrier();
  });
}

void Group::abort(const std::string& reason) noexcept {
  try {
    state_->report(state_->aborted(reason.empty() ? "the group was aborted" : reason));
    // Out of memory: the others will learn of it when this rank ends. NOLINTNEXTLINE(bugprone-empty-catch)
  } catch (...) {
  }
}

}  // namespace boltloom
