// SPDX-License-Identifier: Apache-2.0
// Where the blocks of a schedule lie in the caller's buffers.
#pragma once

#include <algorithm>
#include <cstddef>

namespace boltloom {

/// `count` elements of the result, cut into `blocks` blocks whose lengths differ by one element at most.
struct Blocks {
  const std::byte* in;
  std::byte* out;
  std::size_t count;    // elements of the result
  std::size_t element;  // bytes
  int blocks;
  bool in_is_own_block = false;  // `in` is the one block that this rank gives, not all of them

  std::size_t begin(int block) const {
    const auto number = static_cast<std::size_t>(block);
    const auto parts = static_cast<std::size_t>(blocks);
    return (count / parts * number + std::min(number, count % parts)) * element;
  }
  std::size_t bytes(int block) const { return begin(block + 1) - begin(block); }
  const std::byte* input(int block) const { return in_is_own_block || in == nullptr ? in : in + begin(block); }
  std::byte* output(int block) const { return out == nullptr ? out : out + begin(block); }
};

}  // namespace boltloom
