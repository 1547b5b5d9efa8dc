// SPDX-License-Identifier: Apache-2.0
#include "collective/ring_collectives.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace boltloom {
namespace {

// Up to this many bytes an all_reduce gathers everybody's input and reduces it here: it moves more bytes in half the
// steps.
constexpr std::size_t kGatherLimit = std::size_t{1} << 14;
// From this many bytes on, both directions of the cables are worth the second lane.
constexpr std::size_t kBothWaysFrom = std::size_t{1} << 18;

std::size_t index_of(Side side) {
  return static_cast<std::size_t>(side);
}

}  // namespace

RingCollectives::RingCollectives(const Options& options, Links links, Health& health)
    : options_(options),
      links_(std::move(links)),
      health_(health),
      staging_(2 * kStagingBytes),
      reduce_one_way_(ring_all_reduce(options.rank, options.size, Directions::one)),
      reduce_both_ways_(ring_all_reduce(options.rank, options.size, Directions::two)),
      gather_(ring_all_gather(options.rank, options.size)) {}

Ring RingCollectives::ring() {
  return {.next = *links_.next, .prev = *links_.prev, .health = health_, .staging = staging_, .spin = options_.spin};
}

Limits RingCollectives::limits() const {
  return {.patience = {.deadline = Deadline::after(options_.timeout), .interrupted = options_.interrupted},
          .timeout = options_.timeout,
          .collective = std::nullopt};
}

void RingCollectives::run_collective(const Schedule& schedule, const Job& job) {
  Limits limits = this->limits();
  limits.collective = completed_;
  health_.check(completed_);
  execute(schedule, job, ring(), limits);
  ++completed_;
}

void RingCollectives::all_reduce(const std::byte* in, std::byte* out, std::size_t count, DType dtype, Op op) {
  Job job{.blocks = {.in = in, .out = out, .count = count, .element = size_of(dtype), .blocks = 1},
          .reduction = reduction_for(dtype, op),
          .call = {.kind = Call::Kind::all_reduce, .dtype = dtype, .op = op, .sequence = completed_, .count = count}};
  const std::size_t bytes = count * job.blocks.element;
  if (bytes <= kGatherLimit) return reduce_by_gathering(job);
  const bool both_ways = options_.size > 2 && bytes >= kBothWaysFrom;
  const Schedule& schedule = both_ways ? reduce_both_ways_ : reduce_one_way_;
  job.blocks.blocks = schedule.blocks;
  run_collective(schedule, job);
}

void RingCollectives::reduce_by_gathering(const Job& job) {
  const Blocks& blocks = job.blocks;
  const std::size_t bytes = blocks.count * blocks.element;
  scratch_.resize(std::max(scratch_.size(), bytes * static_cast<std::size_t>(options_.size)));
  gather(blocks.in, scratch_.data(), blocks.count, job.call);
  if (bytes == 0) return;
  // In the order of the ranks on every rank: the results are the same bit for bit.
  const std::byte* sum = scratch_.data();
  for (int rank = 1; rank < options_.size; ++rank) {
    job.reduction(blocks.out, sum, scratch_.data() + bytes * static_cast<std::size_t>(rank), blocks.count);
    sum = blocks.out;
  }
}

void RingCollectives::gather(const std::byte* own, std::byte* all, std::size_t count, const Call& call) {
  const auto size = static_cast<std::size_t>(options_.size);
  const Blocks blocks{.in = own,
                      .out = all,
                      .count = count * size,
                      .element = size_of(call.dtype),
                      .blocks = options_.size,
                      .in_is_own_block = true};
  run_collective(gather_, Job{.blocks = blocks, .reduction = nullptr, .call = call});
  std::byte* place = blocks.output(options_.rank);
  if (count > 0 && place != own) std::memcpy(place, own, count * blocks.element);
}

void RingCollectives::all_gather(const std::byte* in, std::byte* out, std::size_t count, DType dtype) {
  gather(in, out, count,
         {.kind = Call::Kind::all_gather, .dtype = dtype, .op = Op::sum, .sequence = completed_, .count = count});
}

void RingCollectives::barrier() {
  // Who has gathered a byte of everybody knows that everybody has come.
  const std::byte own{1};
  scratch_.resize(std::max(scratch_.size(), static_cast<std::size_t>(options_.size)));
  gather(&own, scratch_.data(), 1,
         {.kind = Call::Kind::barrier, .dtype = DType::uint8, .op = Op::sum, .sequence = completed_, .count = 1});
}

Side RingCollectives::side_of(int peer, Side preferred) const {
  const int next = (options_.rank + 1) % options_.size;
  const int prev = (options_.rank + options_.size - 1) % options_.size;
  if (peer == next && peer == prev) return preferred;
  if (peer == next) return Side::next;
  if (peer == prev) return Side::prev;
  throw InvalidArgument("rank " + std::to_string(peer) + " is no neighbour of rank " + std::to_string(options_.rank) +
                        ": in a ring it can send to and receive from rank " + std::to_string(prev) + " and rank " +
                        std::to_string(next) + " only");
}

void RingCollectives::run_message(const Schedule& schedule, const Job& job, bool absorb) {
  Limits limits = this->limits();
  limits.absorb = absorb;
  health_.check(std::nullopt);
  execute(schedule, job, ring(), limits);
}

void RingCollectives::send(const std::byte* buffer, std::size_t count, DType dtype, int dst) {
  // Of two ranks, each sends over the link that it opened and receives over the other.
  const Side side = side_of(dst, Side::next);
  const Schedule schedule{
      .blocks = 1,
      .lanes = {
          {.out = side, .in = side, .sends = {{.block = 0, .source = Source::input, .after = {}}}, .receives = {}}}};
  const Job job{
      .blocks = {.in = buffer, .out = nullptr, .count = count, .element = size_of(dtype), .blocks = 1},
      .reduction = nullptr,
      .call = {.kind = Call::Kind::message, .dtype = dtype, .sequence = sent_[index_of(side)], .count = count}};
  run_message(schedule, job, true);
  ++sent_[index_of(side)];
}

void RingCollectives::recv(std::byte* buffer, std::size_t count, DType dtype, int src) {
  const Side side = side_of(src, Side::prev);
  const Schedule schedule{
      .blocks = 1,
      .lanes = {{.out = side, .in = side, .sends = {}, .receives = {{.block = 0, .action = Action::copy}}}}};
  const Job job{
      .blocks = {.in = nullptr, .out = buffer, .count = count, .element = size_of(dtype), .blocks = 1},
      .reduction = nullptr,
      .call = {.kind = Call::Kind::message, .dtype = dtype, .sequence = received_[index_of(side)], .count = count}};
  run_message(schedule, job, false);
  ++received_[index_of(side)];
}

}  // namespace boltloom
