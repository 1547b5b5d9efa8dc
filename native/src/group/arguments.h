// SPDX-License-Identifier: Apache-2.0
// What can be wrong with the arguments of a call. Everything here throws InvalidArgument before anything is sent.
#pragma once

#include <cstddef>

#include "boltloom/boltloom.hpp"

namespace boltloom {

/// A stretch of the caller's memory.
struct Buffer {
  const void* data = nullptr;
  std::size_t bytes = 0;
};

/// count * size_of(dtype) * times, if that exists and can be memory.
std::size_t checked_bytes(std::size_t count, DType dtype, int times);

/// Buffers that hold something have an address.
void check_buffers(const Buffer& first, const Buffer& second);

/// They do not overlap.
void check_apart(const Buffer& in, const Buffer& out);

/// There is such a rank, and it is another one.
void check_peer(int peer, int rank, int size);

}  // namespace boltloom
