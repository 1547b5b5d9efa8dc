// SPDX-License-Identifier: Apache-2.0
// The collectives of a group whose ranks form a ring: each chooses a schedule and has it executed.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/health.h"
#include "collective/executor.h"
#include "link/link.h"

namespace boltloom {

class RingCollectives {
 public:
  struct Links {
    std::unique_ptr<Link> next;
    std::unique_ptr<Link> prev;
  };
  struct Options {
    int rank;
    int size;
    std::chrono::duration<double> timeout;
    const std::function<bool()>* interrupted;
    std::chrono::microseconds spin;
  };
  RingCollectives(const Options& options, Links links, Health& health);

  void all_reduce(const std::byte* in, std::byte* out, std::size_t count, DType dtype, Op op);
  void all_gather(const std::byte* in, std::byte* out, std::size_t count, DType dtype);
  void barrier();
  void send(const std::byte* buffer, std::size_t count, DType dtype, int dst);
  void recv(std::byte* buffer, std::size_t count, DType dtype, int src);

  /// Collectives that this rank has completed.
  std::uint64_t completed() const { return completed_; }

 private:
  void reduce_by_gathering(const Job& job);
  void gather(const std::byte* own, std::byte* all, std::size_t count, const Call& call);
  void run_collective(const Schedule& schedule, const Job& job);
  void run_message(const Schedule& schedule, const Job& job, bool absorb);
  Side side_of(int peer, Side preferred) const;
  Ring ring();
  Limits limits() const;

  Options options_;
  Links links_;
  Health& health_;
  std::vector<std::byte> staging_;
  std::vector<std::byte> scratch_;
  Schedule reduce_one_way_;
  Schedule reduce_both_ways_;
  Schedule gather_;
  std::uint64_t completed_ = 0;
  std::uint64_t sent_[2] = {0, 0};  // messages, by Side
  std::uint64_t received_[2] = {0, 0};
};

}  // namespace boltloom
