// SPDX-License-Identifier: Apache-2.0
#include "collective/lane_run.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace boltloom {
namespace {

constexpr std::size_t kMaxParts = 8;

Link& link_at(const Ring& ring, Side side) {
  return side == Side::next ? ring.next : ring.prev;
}

iovec part_of(const std::byte* data, std::size_t size) {
  return {.iov_base = const_cast<std::byte*>(data), .iov_len = size};
}

}  // namespace

LaneRun::LaneRun(const Lane& lane, const Job& job, const Ring& ring, std::span<std::byte> staging)
    : lane_(lane),
      job_(job),
      health_(ring.health),
      out_(link_at(ring, lane.out)),
      in_(link_at(ring, lane.in)),
      staging_(staging),
      header_(encode(job.call)) {}

std::size_t LaneRun::ready_bytes(const Send& send) const {
  const std::size_t all = job_.blocks.bytes(send.block);
  if (!send.after) return all;
  const auto after = static_cast<std::size_t>(*send.after);
  if (after < receive_) return all;
  return after == receive_ ? receive_offset_ : 0;
}

bool LaneRun::has_something_to_send() const {
  if (sends_done()) return false;
  if (header_sent_ < kCallBytes) return true;
  return ready_bytes(lane_.sends[send_]) > send_offset_;
}

bool LaneRun::send_some() {
  if (sends_done()) return false;
  std::array<iovec, kMaxParts> parts;
  std::size_t used = 0;
  if (header_sent_ < kCallBytes) parts[used++] = part_of(header_.data() + header_sent_, kCallBytes - header_sent_);
  std::size_t offset = send_offset_;
  for (std::size_t i = send_; i < lane_.sends.size() && used < parts.size(); ++i) {
    const Send& send = lane_.sends[i];
    const std::size_t ready = ready_bytes(send);
    const std::byte* data =
        send.source == Source::input ? job_.blocks.input(send.block) : job_.blocks.output(send.block);
    if (ready > offset) parts[used++] = part_of(data + offset, ready - offset);
    if (ready < job_.blocks.bytes(send.block)) break;
    offset = 0;
  }
  const std::size_t sent = used == 0 ? 0 : out_.try_send(std::span(parts).first(used));
  const std::size_t before = send_;
  advance_sends(sent);
  return sent > 0 || send_ != before;
}

void LaneRun::advance_sends(std::size_t bytes) {
  const std::size_t of_header = std::min(bytes, kCallBytes - header_sent_);
  header_sent_ += of_header;
  bytes -= of_header;
  while (header_sent_ == kCallBytes && send_ < lane_.sends.size()) {
    const Send& send = lane_.sends[send_];
    const std::size_t all = job_.blocks.bytes(send.block);
    const std::size_t step = std::min(bytes, all - send_offset_);
    send_offset_ += step;
    bytes -= step;
    if (send_offset_ < all) return;
    // An empty block keeps its place in the order as well: what it waits for must have come.
    if (send.after && static_cast<std::size_t>(*send.after) >= receive_) return;
    ++send_;
    send_offset_ = 0;
  }
}

/// Where the next bytes of the receive under way go; empty when there is none.
iovec LaneRun::landing_place() const {
  if (receive_ == lane_.receives.size()) return {.iov_base = nullptr, .iov_len = 0};
  const Receive& receive = lane_.receives[receive_];
  const std::size_t missing = job_.blocks.bytes(receive.block) - receive_offset_;
  if (receive.action == Action::copy) {
    return missing == 0 ? iovec{} : part_of(job_.blocks.output(receive.block) + receive_offset_, missing);
  }
  return part_of(staging_.data() + staged_, std::min(missing, staging_.size()) - staged_);
}

bool LaneRun::receive_some() {
  if (receives_done()) return false;
  std::array<iovec, 2> parts;
  std::size_t used = 0;
  if (header_received_ < kCallBytes) {
    parts[used++] = part_of(header_in_.data() + header_received_, kCallBytes - header_received_);
  }
  const iovec landing = landing_place();
  if (landing.iov_len > 0) parts[used++] = landing;
  const std::size_t got = used == 0 ? 0 : in_.try_receive(std::span(parts).first(used));
  const std::size_t before = receive_;
  advance_receives(got);
  return got > 0 || receive_ != before;
}

void LaneRun::advance_receives(std::size_t bytes) {
  if (header_received_ < kCallBytes) {
    const std::size_t of_header = std::min(bytes, kCallBytes - header_received_);
    header_received_ += of_header;
    bytes -= of_header;
    if (header_received_ < kCallBytes) return;
    check_header();
  }
  if (receive_ < lane_.receives.size() && bytes > 0) {
    if (lane_.receives[receive_].action == Action::copy) {
      receive_offset_ += bytes;
    } else {
      staged_ += bytes;
      reduce_staged();
    }
  }
  while (receive_ < lane_.receives.size() && receive_offset_ == job_.blocks.bytes(lane_.receives[receive_].block)) {
    ++receive_;
    receive_offset_ = 0;
  }
}

void LaneRun::reduce_staged() {
  const Receive& receive = lane_.receives[receive_];
  const std::size_t count = staged_ / job_.blocks.element;
  const std::size_t whole = count * job_.blocks.element;
  job_.reduction(job_.blocks.output(receive.block) + receive_offset_,
                 job_.blocks.input(receive.block) + receive_offset_, staging_.data(), count);
  receive_offset_ += whole;
  staged_ -= whole;
  std::memmove(staging_.data(), staging_.data() + whole,
               staged_);  // the first bytes of an element that is still coming
}

void LaneRun::check_header() const {
  const int peer = in_.peer();
  const auto theirs = decode_call(header_in_);
  if (!theirs) {
    throw PeerFailed(health_.name(peer) + " sent something that is no call of Boltloom; does it run another version?",
                     peer, health_.host(peer));
  }
  if (*theirs == job_.call) return;
  const bool same_text = theirs->text() == job_.call.text();
  const auto number = [&](const Call& call) {
    return same_text ? " number " + std::to_string(call.sequence) : std::string();
  };
  const bool sent = theirs->kind == Call::Kind::message;
  const bool expected = job_.call.kind == Call::Kind::message;
  throw InvalidArgument(health_.name(peer) + (sent ? " sent " : " called ") + theirs->text() + number(*theirs) +
                            ", but its neighbour " + (expected ? "expects " : "called ") + job_.call.text() +
                            number(job_.call) + "; all ranks must make the same calls in the same order",
                        peer, health_.host(peer));
}

}  // namespace boltloom
