// SPDX-License-Identifier: Apache-2.0
#include "rendezvous/monitor.h"

#include <signal.h>  // NOLINT(modernize-deprecated-headers): pthread_sigmask is POSIX, not in <csignal>

#include <chrono>

namespace boltloom {
namespace {

// News are some hundred bytes, and the other side reads at once; who does not is stopped, and will find out.
constexpr std::chrono::milliseconds kSendTimeout{200};

/// The signals of a program belong to its own threads.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

Monitor::Monitor(int rank, std::vector<Channel> channels, Health& health) : rank_(rank), health_(health) {
  for (std::size_t i = 0; i < channels.size(); ++i) {
    if (channels[i]) lines_.push_back({.channel = std::move(channels[i]), .peer = rank == 0 ? static_cast<int>(i) : 0});
  }
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { watch(); });
}

Monitor::~Monitor() {
  stop();
}

void Monitor::stop() {
  if (!thread_.joinable()) return;
  stop_ = true;
  wake_.set();
  thread_.join();
}

void Monitor::report(const Failure& failure) {
  Failure told = failure;
  told.message = health_.name(rank_) + " reported: " + failure.message;
  spread(failure, told, rank_);
}

void Monitor::leave(std::uint64_t completed) {
  stop();
  // A failure that has come in and was not looked at yet would be lost with this rank.
  for (Line& line : lines_) listen_to(line);
  const std::lock_guard lock(sending_);
  pass_on(encode(Departure{.rank = rank_, .completed = completed}), rank_);
  for (Line& line : lines_) line.channel.finish();
}

void Monitor::watch() {
  try {
    watch_until_stopped();
  } catch (const std::exception& error) {
    health_.fail({.code = Code::io,
                  .peer = rank_,
                  .host = health_.host(rank_),
                  .message = health_.name(rank_) + " can no longer watch the other ranks: " + error.what()});
  }
}

void Monitor::watch_until_stopped() {
  std::vector<pollfd> fds;
  while (!stop_) {
    fds.assign(1, {.fd = wake_.fd(), .events = POLLIN, .revents = 0});
    for (const Line& line : lines_) {
      // poll() ignores negative descriptors: an ended line must not wake us again and again.
      fds.push_back({.fd = line.channel.ended() ? -1 : line.channel.fd(), .events = POLLIN, .revents = 0});
    }
    constexpr std::chrono::hours kUntilNews{24};
    if (!wait_ready(fds, Patience{.deadline = Deadline::after(kUntilNews)})) continue;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (fds[i + 1].revents != 0) listen_to(lines_[i]);
    }
  }
}

void Monitor::listen_to(Line& line) {
  while (const auto message = line.channel.receive()) take(*message, line);
  if (line.channel.ended() && !line.left) lost(line);
}

void Monitor::take(const Message& message, Line& line) {
  if (const auto failure = decode_failure(message)) {
    spread(*failure, *failure, line.peer);
  } else if (const auto departure = decode_departure(message)) {
    if (departure->rank < 0 || departure->rank >= health_.size()) return;
    health_.leave(departure->rank, departure->completed);
    if (departure->rank == line.peer) line.left = true;
    const std::lock_guard lock(sending_);
    pass_on(message, line.peer);
  }
}

void Monitor::lost(const Line& line) {
  const Failure failure{.code = Code::io,
                        .peer = line.peer,
                        .host = health_.host(line.peer),
                        .message = health_.name(line.peer) + " died or was cut off: its connection to " +
                                   health_.name(rank_) + " ended (" + line.channel.end_reason() +
                                   "); see the output of rank " + std::to_string(line.peer)};
  spread(failure, failure, line.peer);
}

void Monitor::spread(const Failure& known_here, const Failure& told, int except) {
  // Poisoning wakes the user's thread, which may leave the group at once: the cause has to be sent before its farewell.
  const std::lock_guard lock(sending_);
  if (health_.fail(known_here)) pass_on(encode(told), except);
}

/// With sending_ held.
void Monitor::pass_on(const Message& message, int except) {
  // Only rank 0 knows more than one other rank; from another one this reaches rank 0, who passes it on.
  for (Line& line : lines_) {
    if (line.peer == except) continue;
    (void)line.channel.send(message, Patience{.deadline = Deadline::after(kSendTimeout)});
  }
}

}  // namespace boltloom
