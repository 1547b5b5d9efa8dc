// SPDX-License-Identifier: Apache-2.0
// The conversions against references that are slow and obvious: exact values by ldexp, rounding by comparing distances.
#include "reduce/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace boltloom {
namespace {

/// The value of 1 sign, `exponent_bits` and `fraction_bits` bits, by the definition of IEEE 754.
double value_of(std::uint32_t bits, int exponent_bits, int fraction_bits) {
  const std::uint32_t fraction = bits & ((1U << fraction_bits) - 1);
  const std::uint32_t exponent = (bits >> fraction_bits) & ((1U << exponent_bits) - 1);
  const double sign = (bits >> (exponent_bits + fraction_bits)) != 0 ? -1 : 1;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  if (exponent == (1U << exponent_bits) - 1) {
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  }
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
  return sign * std::ldexp((1U << fraction_bits) + fraction, static_cast<int>(exponent) - bias - fraction_bits);
}

/// What both formats have in common: how to convert, and the shape of the bits.
struct Float16Format {
  static constexpr int exponent = 5;
  static constexpr int fraction = 10;
  static float widen(std::uint16_t bits) { return to_float(Float16{bits}); }
  static std::uint16_t narrow(float value) { return to_float16(value).bits; }
};
struct BFloat16Format {
  static constexpr int exponent = 8;
  static constexpr int fraction = 7;
  static float widen(std::uint16_t bits) { return to_float(BFloat16{bits}); }
  static std::uint16_t narrow(float value) { return to_bfloat16(value).bits; }
};

template <class Format>
class Half : public ::testing::Test {};
using Formats = ::testing::Types<Float16Format, BFloat16Format>;
TYPED_TEST_SUITE(Half, Formats);

TYPED_TEST(Half, WidensEveryValueExactly) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const double expected = value_of(bits, TypeParam::exponent, TypeParam::fraction);
    const float got = TypeParam::widen(static_cast<std::uint16_t>(bits));
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(got)) << bits;
    } else {
      ASSERT_EQ(static_cast<double>(got), expected) << bits;
      ASSERT_EQ(std::signbit(got), std::signbit(expected)) << bits;
    }
  }
}

TYPED_TEST(Half, NarrowsEveryValueBackToItself) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const float value = TypeParam::widen(static_cast<std::uint16_t>(bits));
    const std::uint16_t got = TypeParam::narrow(value);
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(TypeParam::widen(got))) << bits;
    } else {
      ASSERT_EQ(got, bits);
    }
  }
}

// Between two neighbours of the format lies a midpoint. It goes to the even one, what is below it down, what is above
// up. Beyond the largest finite value the next "neighbour" is infinity.
TYPED_TEST(Half, RoundsToNearestEvenBetweenAllNeighbours) {
  const std::uint32_t infinity = ((1U << TypeParam::exponent) - 1) << TypeParam::fraction;
  for (std::uint32_t low = 0; low < infinity; ++low) {
    const std::uint32_t high = low + 1;
    const double a = value_of(low, TypeParam::exponent, TypeParam::fraction);
    const double step = a - (low == 0 ? -value_of(1, TypeParam::exponent, TypeParam::fraction)
                                      : value_of(low - 1, TypeParam::exponent, TypeParam::fraction));
    const double b = high == infinity ? a + step : value_of(high, TypeParam::exponent, TypeParam::fraction);
    const auto middle = static_cast<float>((a + b) / 2);
    ASSERT_EQ(static_cast<double>(middle), (a + b) / 2) << "float32 holds every midpoint of a narrower format";
    const std::uint32_t even = (low & 1U) == 0 ? low : high;
    ASSERT_EQ(TypeParam::narrow(middle), even) << low;
    ASSERT_EQ(TypeParam::narrow(std::nextafter(middle, 0.0F)), low);
    ASSERT_EQ(TypeParam::narrow(std::nextafter(middle, std::numeric_limits<float>::infinity())), high);
    ASSERT_EQ(TypeParam::narrow(-middle), even | 0x8000U);
  }
}

TYPED_TEST(Half, KeepsSpecialValues) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(TypeParam::widen(TypeParam::narrow(infinity)), infinity);
  EXPECT_EQ(TypeParam::widen(TypeParam::narrow(-infinity)), -infinity);
  EXPECT_EQ(TypeParam::widen(TypeParam::narrow(std::numeric_limits<float>::max())), infinity);
  // A NaN whose payload is in the bits that are cut off only.
  const float nan = std::bit_cast<float>(0x7f800001U);
  EXPECT_TRUE(std::isnan(TypeParam::widen(TypeParam::narrow(nan))));
}

}  // namespace
}  // namespace boltloom
