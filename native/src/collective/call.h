// SPDX-License-Identifier: Apache-2.0
// What one rank calls, as the other end of a link hears of it: it goes ahead of the data in every direction that a call
// uses, so that ranks that disagree find out before they take each other's bytes for something else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "boltloom/boltloom.hpp"

namespace boltloom {

struct Call {
  enum class Kind : std::uint8_t { all_reduce = 1, all_gather = 2, barrier = 3, message = 4 };
  Kind kind = Kind::barrier;
  DType dtype = DType::uint8;
  Op op = Op::sum;             // of all_reduce
  std::uint64_t sequence = 0;  // of the collectives of the group, or of the messages in one direction, counted from 0
  std::uint64_t count = 0;     // elements

  bool operator==(const Call&) const = default;
  /// "all_reduce of 10 float32 (sum)"
  std::string text() const;
};

constexpr std::size_t kCallBytes = 24;
using CallBytes = std::array<std::byte, kCallBytes>;

/// Little-endian: u32 magic, u8 kind, u8 dtype, u8 op, u8 zero, u64 sequence, u64 count.
CallBytes encode(const Call& call);
/// None when these are not the bytes of a call.
std::optional<Call> decode_call(const CallBytes& bytes);

}  // namespace boltloom
