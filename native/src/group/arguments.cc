// SPDX-License-Identifier: Apache-2.0
#include "group/arguments.h"

#include <cstdint>
#include <functional>
#include <string>

namespace boltloom {

std::size_t checked_bytes(std::size_t count, DType dtype, int times) {
  const std::size_t element = size_of(dtype);
  if (element == 0) throw InvalidArgument("dtype " + std::to_string(static_cast<int>(dtype)) + " does not exist");
  if (count > PTRDIFF_MAX / element / static_cast<std::size_t>(times)) {
    throw InvalidArgument("count " + std::to_string(count) + " is more than memory can hold; was it negative?");
  }
  return count * element * static_cast<std::size_t>(times);
}

void check_buffers(const Buffer& first, const Buffer& second) {
  if ((first.bytes > 0 && first.data == nullptr) || (second.bytes > 0 && second.data == nullptr)) {
    throw InvalidArgument("a buffer is NULL though count is not 0");
  }
}

void check_apart(const Buffer& in, const Buffer& out) {
  const auto* in_begin = static_cast<const std::byte*>(in.data);
  const auto* out_begin = static_cast<const std::byte*>(out.data);
  const std::less<> before;  // the only order that holds between pointers into different objects
  const bool apart = in.bytes == 0 || out.bytes == 0 || !before(in_begin, out_begin + out.bytes) ||
                     !before(out_begin, in_begin + in.bytes);
  if (!apart) throw InvalidArgument("the buffers in and out overlap in part; they must be the same or apart");
}

void check_peer(int peer, int rank, int size) {
  if (peer >= 0 && peer < size && peer != rank) return;
  throw InvalidArgument("rank " + std::to_string(peer) + " is not another rank of this group, which has ranks 0 to " +
                        std::to_string(size - 1) + " and is used by rank " + std::to_string(rank));
}

}  // namespace boltloom
