// SPDX-License-Identifier: Apache-2.0
// Element-wise arithmetic.
#pragma once

#include <cstddef>

#include "boltloom/boltloom.hpp"

namespace boltloom {

/// out[i] = a[i] op b[i]. out may be a or b, but may not overlap them otherwise. No alignment is needed.
using Reduction = void (*)(std::byte* out, const std::byte* a, const std::byte* b, std::size_t count);

/// Throws InvalidArgument when dtype or op is none that the library knows.
Reduction reduction_for(DType dtype, Op op);

}  // namespace boltloom
