// SPDX-License-Identifier: Apache-2.0
// The two 16-bit floating point formats, as bits. Every function is free of branches, so that loops over it vectorise.
#pragma once

#include <bit>
#include <cstdint>

namespace boltloom {

/// IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits.
struct Float16 {
  std::uint16_t bits;
};

/// The upper half of a float32: 1 sign, 8 exponent, 7 fraction bits.
struct BFloat16 {
  std::uint16_t bits;
};

inline float to_float(BFloat16 value) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value.bits) << 16);
}

inline float to_float(Float16 value) {
  constexpr std::uint32_t kExponent = 0x7c00U << 13;  // the format's exponent field, moved to where float32 has its own
  constexpr std::uint32_t kRebias = (127U - 15U) << 23;
  constexpr std::uint32_t kLeastNormal = 113U << 23;  // 2^-14
  const std::uint32_t magnitude = (value.bits & 0x7fffU) << 13;
  const std::uint32_t exponent = magnitude & kExponent;
  const std::uint32_t normal = magnitude + kRebias;
  // Infinity and NaN have all exponent bits set, in float32 too.
  const std::uint32_t special = normal + kRebias;
  // A subnormal is fraction * 2^-24. Its bits under the exponent of 2^-14 read as 2^-14 + that; take 2^-14 off again.
  const float subnormal = std::bit_cast<float>(magnitude + kLeastNormal) - std::bit_cast<float>(kLeastNormal);
  std::uint32_t bits = exponent == kExponent ? special : normal;
  bits = exponent == 0 ? std::bit_cast<std::uint32_t>(subnormal) : bits;
  return std::bit_cast<float>(bits | (static_cast<std::uint32_t>(value.bits & 0x8000U) << 16));
}

/// Rounds to nearest, ties to even. NaN stays NaN.
inline BFloat16 to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t rounded = bits + 0x7fffU + ((bits >> 16) & 1U);
  const std::uint32_t quiet = bits | 0x00400000U;  // cutting a NaN's fraction off must not make it an infinity
  const bool nan = (bits & 0x7fffffffU) > 0x7f800000U;
  return {static_cast<std::uint16_t>((nan ? quiet : rounded) >> 16)};
}

/// Rounds to nearest, ties to even; what is too large becomes infinity. NaN stays NaN.
inline Float16 to_float16(float value) {
  constexpr std::uint32_t kInfinity = 0x7f800000U;
  constexpr std::uint32_t kTooLarge = (127U + 16U)
                                      << 23;  // 2^16; what lies just below is rounded up to infinity by itself
  constexpr std::uint32_t kLeastNormal = (127U - 14U) << 23;
  constexpr std::uint32_t kHalf = 126U << 23;  // 0.5: its last fraction bit is worth 2^-24, the step of the subnormals
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t magnitude = bits & 0x7fffffffU;
  // Adding 0.5 makes the float32 addition itself round to a multiple of 2^-24.
  const std::uint32_t subnormal = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) - kHalf;
  const std::uint32_t normal = (magnitude - ((127U - 15U) << 23) + 0x0fffU + ((magnitude >> 13) & 1U)) >> 13;
  std::uint32_t result = magnitude < kLeastNormal ? subnormal : normal;
  result = magnitude >= kTooLarge ? 0x7c00U : result;
  result = magnitude > kInfinity ? 0x7e00U : result;
  return {static_cast<std::uint16_t>(result | ((bits >> 16) & 0x8000U))};
}

}  // namespace boltloom
