// SPDX-License-Identifier: Apache-2.0
#include "reduce/reduce.h"

#include <array>
#include <cmath>
#include <cstring>
#include <string>

#include "reduce/half.h"

// The buffers of a reduction are the same or apart, so no iteration depends on another one. Compilers cannot see that.
#if defined(__clang__)
#define BL_INDEPENDENT_ITERATIONS _Pragma("clang loop vectorize(assume_safety)")
#else
#define BL_INDEPENDENT_ITERATIONS _Pragma("GCC ivdep")
#endif

namespace boltloom {
namespace {

/// How a dtype is kept (T) and computed with: unsigned arithmetic lets integer sums wrap without undefined behaviour.
template <class T>
struct Sum {
  static T apply(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      using U = std::make_unsigned_t<T>;
      return static_cast<T>(static_cast<U>(static_cast<U>(a) + static_cast<U>(b)));
    } else {
      return a + b;
    }
  }
};
template <>
struct Sum<Float16> {
  static Float16 apply(Float16 a, Float16 b) { return to_float16(to_float(a) + to_float(b)); }
};
template <>
struct Sum<BFloat16> {
  static BFloat16 apply(BFloat16 a, BFloat16 b) { return to_bfloat16(to_float(a) + to_float(b)); }
};

template <class T>
T comparable(T value) {
  return value;
}
inline float comparable(Float16 value) {
  return to_float(value);
}
inline float comparable(BFloat16 value) {
  return to_float(value);
}

template <class T>
bool is_nan(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::isnan(value);
  } else {
    return false;
  }
}

/// A NaN in `a` is taken because it is one, a NaN in `b` because no comparison with it is true.
template <class T>
struct Min {
  static T apply(T a, T b) {
    const auto x = comparable(a);
    const auto y = comparable(b);
    return ((x < y) | is_nan(x)) ? a : b;
  }
};
template <class T>
struct Max {
  static T apply(T a, T b) {
    const auto x = comparable(a);
    const auto y = comparable(b);
    return ((x > y) | is_nan(x)) ? a : b;
  }
};

template <class T, template <class> class Operation>
void reduce(std::byte* out, const std::byte* a, const std::byte* b, std::size_t count) {
  // memcpy instead of a cast: buffers of the user need not be aligned, and it compiles to plain loads and stores.
  BL_INDEPENDENT_ITERATIONS
  for (std::size_t i = 0; i < count; ++i) {
    T x;
    T y;
    std::memcpy(&x, a + i * sizeof(T), sizeof(T));
    std::memcpy(&y, b + i * sizeof(T), sizeof(T));
    const T result = Operation<T>::apply(x, y);
    std::memcpy(out + i * sizeof(T), &result, sizeof(T));
  }
}

using Row = std::array<Reduction, 3>;

template <class T>
constexpr Row row() {
  return {reduce<T, Sum>, reduce<T, Min>, reduce<T, Max>};
}

// In the order of DType's values. For bytes that are 0 or 1, "or" is max and "and" is min.
constexpr std::array<Row, 13> kReductions{
    Row{reduce<std::uint8_t, Max>, reduce<std::uint8_t, Min>, reduce<std::uint8_t, Max>},
    row<std::int8_t>(),
    row<std::int16_t>(),
    row<std::int32_t>(),
    row<std::int64_t>(),
    row<std::uint8_t>(),
    row<std::uint16_t>(),
    row<std::uint32_t>(),
    row<std::uint64_t>(),
    row<Float16>(),
    row<BFloat16>(),
    row<float>(),
    row<double>(),
};

}  // namespace

Reduction reduction_for(DType dtype, Op op) {
  const auto type = static_cast<std::size_t>(dtype);
  const auto operation = static_cast<std::size_t>(op);
  if (type >= kReductions.size()) throw InvalidArgument("dtype " + std::to_string(type) + " does not exist");
  if (operation >= kReductions[type].size())
    throw InvalidArgument("op " + std::to_string(operation) + " does not exist");
  return kReductions[type][operation];
}

}  // namespace boltloom
