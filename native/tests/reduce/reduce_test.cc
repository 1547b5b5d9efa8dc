// SPDX-License-Identifier: Apache-2.0
#include "reduce/reduce.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "reduce/half.h"

namespace boltloom {
namespace {

template <class T>
std::vector<T> reduced(DType dtype, Op op, const std::vector<T>& a, const std::vector<T>& b) {
  std::vector<T> out(a.size());
  reduction_for(dtype, op)(reinterpret_cast<std::byte*>(out.data()), reinterpret_cast<const std::byte*>(a.data()),
                           reinterpret_cast<const std::byte*>(b.data()), a.size());
  return out;
}

// Long enough for the vectorised part of the loop and the rest behind it.
constexpr std::size_t kCount = 1027;

template <class T>
void check_arithmetic() {
  const DType dtype = dtype_of<T>();
  std::vector<T> a(kCount);
  std::vector<T> b(kCount);
  for (std::size_t i = 0; i < kCount; ++i) {
    a[i] = static_cast<T>(static_cast<int>(i * 7 % 61) - 20);
    b[i] = static_cast<T>(static_cast<int>(i * 11 % 53) - 20);
  }
  const auto sum = reduced(dtype, Op::sum, a, b);
  const auto least = reduced(dtype, Op::min, a, b);
  const auto most = reduced(dtype, Op::max, a, b);
  for (std::size_t i = 0; i < kCount; ++i) {
    ASSERT_EQ(sum[i], static_cast<T>(a[i] + b[i])) << name_of(dtype);
    ASSERT_EQ(least[i], std::min(a[i], b[i])) << name_of(dtype);
    ASSERT_EQ(most[i], std::max(a[i], b[i])) << name_of(dtype);
  }
}

TEST(Reduce, DoesTheArithmeticOfEveryType) {
  check_arithmetic<std::int8_t>();
  check_arithmetic<std::int16_t>();
  check_arithmetic<std::int32_t>();
  check_arithmetic<std::int64_t>();
  check_arithmetic<std::uint8_t>();
  check_arithmetic<std::uint16_t>();
  check_arithmetic<std::uint32_t>();
  check_arithmetic<std::uint64_t>();
  check_arithmetic<float>();
  check_arithmetic<double>();
}

template <class T>
void check_wrap() {
  constexpr T most = std::numeric_limits<T>::max();
  constexpr T least = std::numeric_limits<T>::min();
  EXPECT_EQ(reduced<T>(dtype_of<T>(), Op::sum, {most, least}, {1, static_cast<T>(-1)}), (std::vector<T>{least, most}));
}

TEST(Reduce, WrapsIntegerSums) {
  check_wrap<std::int8_t>();
  check_wrap<std::int16_t>();
  check_wrap<std::int32_t>();
  check_wrap<std::int64_t>();
  check_wrap<std::uint8_t>();
  check_wrap<std::uint64_t>();
}

template <class T>
void check_nan() {
  constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  for (const Op op : {Op::sum, Op::min, Op::max}) {
    const auto out = reduced<T>(dtype_of<T>(), op, {nan, 1, nan, 2}, {1, nan, nan, 2});
    EXPECT_TRUE(std::isnan(out[0]) && std::isnan(out[1]) && std::isnan(out[2])) << name_of(op);
    EXPECT_FALSE(std::isnan(out[3]));
  }
}

TEST(Reduce, PassesNanOn) {
  check_nan<float>();
  check_nan<double>();
  const std::uint16_t nan16 = 0x7e01;
  const std::uint16_t one16 = 0x3c00;
  for (const Op op : {Op::sum, Op::min, Op::max}) {
    const auto out = reduced<std::uint16_t>(DType::float16, op, {nan16, one16}, {one16, nan16});
    EXPECT_TRUE(std::isnan(to_float(Float16{out[0]})) && std::isnan(to_float(Float16{out[1]})));
  }
}

TEST(Reduce, RoundsHalvesOnceToNearestEven) {
  // 2048 + 1 lies between 2048 and 2050; 2048 is even. 256 + 1 in bfloat16 likewise.
  EXPECT_EQ(reduced<std::uint16_t>(DType::float16, Op::sum, {to_float16(2048).bits}, {to_float16(1).bits})[0],
            to_float16(2048).bits);
  EXPECT_EQ(reduced<std::uint16_t>(DType::bfloat16, Op::sum, {to_bfloat16(256).bits}, {to_bfloat16(1).bits})[0],
            to_bfloat16(256).bits);
  EXPECT_EQ(reduced<std::uint16_t>(DType::bfloat16, Op::max, {to_bfloat16(-3).bits}, {to_bfloat16(-2).bits})[0],
            to_bfloat16(-2).bits);
}

TEST(Reduce, TakesBooleansAsOrAndAnd) {
  const std::vector<std::uint8_t> a{0, 0, 1, 1};
  const std::vector<std::uint8_t> b{0, 1, 0, 1};
  EXPECT_EQ(reduced(DType::boolean, Op::sum, a, b), (std::vector<std::uint8_t>{0, 1, 1, 1}));
  EXPECT_EQ(reduced(DType::boolean, Op::max, a, b), (std::vector<std::uint8_t>{0, 1, 1, 1}));
  EXPECT_EQ(reduced(DType::boolean, Op::min, a, b), (std::vector<std::uint8_t>{0, 0, 0, 1}));
}

TEST(Reduce, WorksInPlaceAndUnaligned) {
  std::vector<std::byte> storage(kCount * sizeof(double) + 1);
  std::byte* a = storage.data() + 1;
  std::vector<double> b(kCount, 0.5);
  for (std::size_t i = 0; i < kCount; ++i) {
    const auto value = static_cast<double>(i);
    std::memcpy(a + i * sizeof(double), &value, sizeof(double));
  }
  reduction_for(DType::float64, Op::sum)(a, a, reinterpret_cast<const std::byte*>(b.data()), kCount);
  for (std::size_t i = 0; i < kCount; ++i) {
    double value = 0;
    std::memcpy(&value, a + i * sizeof(double), sizeof(double));
    ASSERT_EQ(value, static_cast<double>(i) + 0.5);
  }
}

TEST(Reduce, RefusesUnknownTypesAndOps) {
  EXPECT_THROW(reduction_for(static_cast<DType>(13), Op::sum), InvalidArgument);
  EXPECT_THROW(reduction_for(DType::float32, static_cast<Op>(3)), InvalidArgument);
}

}  // namespace
}  // namespace boltloom
