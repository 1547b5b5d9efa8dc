// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "boltloom/boltloom.hpp"

namespace boltloom {
namespace {

struct Row {
  DType dtype;
  std::size_t size;
  std::string_view name;
};

constexpr std::array<Row, 13> kTypes{{
    {DType::boolean, 1, "bool"},
    {DType::int8, 1, "int8"},
    {DType::int16, 2, "int16"},
    {DType::int32, 4, "int32"},
    {DType::int64, 8, "int64"},
    {DType::uint8, 1, "uint8"},
    {DType::uint16, 2, "uint16"},
    {DType::uint32, 4, "uint32"},
    {DType::uint64, 8, "uint64"},
    {DType::float16, 2, "float16"},
    {DType::bfloat16, 2, "bfloat16"},
    {DType::float32, 4, "float32"},
    {DType::float64, 8, "float64"},
}};

constexpr bool in_order_of_values() {
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (static_cast<std::size_t>(kTypes[i].dtype) != i) return false;
  }
  return true;
}
static_assert(in_order_of_values(), "the rows are found by the value of their dtype");

constexpr std::array<std::string_view, 3> kOps{"sum", "min", "max"};

}  // namespace

std::size_t size_of(DType dtype) {
  const auto index = static_cast<std::size_t>(dtype);
  return index < kTypes.size() ? kTypes[index].size : 0;
}

std::string_view name_of(DType dtype) {
  const auto index = static_cast<std::size_t>(dtype);
  return index < kTypes.size() ? kTypes[index].name : "an unknown dtype";
}

std::string_view name_of(Op op) {
  const auto index = static_cast<std::size_t>(op);
  return index < kOps.size() ? kOps[index] : "an unknown op";
}

std::string_view version() noexcept {
  return BOLTLOOM_VERSION;
}

}  // namespace boltloom
