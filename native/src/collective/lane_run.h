// SPDX-License-Identifier: Apache-2.0
// One lane of a schedule under way: two streams, each with a cursor.
#pragma once

#include <cstddef>
#include <span>

#include "collective/executor.h"

namespace boltloom {

class LaneRun {
 public:
  LaneRun(const Lane& lane, const Job& job, const Ring& ring, std::span<std::byte> staging);

  /// Each moves what can be moved without waiting; returns whether that was anything.
  bool send_some();
  bool receive_some();

  bool sends_done() const { return lane_.sends.empty() || (header_sent_ == kCallBytes && send_ == lane_.sends.size()); }
  bool receives_done() const {
    return lane_.receives.empty() || (header_received_ == kCallBytes && receive_ == lane_.receives.size());
  }
  bool done() const { return sends_done() && receives_done(); }
  /// There is something that could leave now, if the link took it.
  bool has_something_to_send() const;
  Link& out() const { return out_; }
  Link& in() const { return in_; }

 private:
  std::size_t ready_bytes(const Send& send) const;
  void advance_sends(std::size_t bytes);
  void advance_receives(std::size_t bytes);
  iovec landing_place() const;
  void reduce_staged();
  void check_header() const;

  const Lane& lane_;
  const Job& job_;
  Health& health_;
  Link& out_;
  Link& in_;
  std::span<std::byte> staging_;

  CallBytes header_;
  std::size_t header_sent_ = 0;
  std::size_t send_ = 0;         // index of the send under way
  std::size_t send_offset_ = 0;  // bytes of it that have left

  CallBytes header_in_{};
  std::size_t header_received_ = 0;
  std::size_t receive_ = 0;         // index of the receive under way
  std::size_t receive_offset_ = 0;  // bytes of it that are in the result
  std::size_t staged_ = 0;          // bytes that have come and are not reduced yet
};

}  // namespace boltloom
