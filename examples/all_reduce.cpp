// SPDX-License-Identifier: Apache-2.0
// Sums an array over all ranks with the C++ interface.
//
//     boltloom launch -n 4 -- ./all_reduce_cpp
#include <algorithm>
#include <boltloom/boltloom.hpp>
#include <iostream>
#include <string>
#include <vector>

namespace {

int sum_and_check(boltloom::Group& group) {
  std::vector<float> values(1000, static_cast<float>(group.rank() + 1));
  group.all_reduce(values.data(), values.data(), values.size(), boltloom::Op::sum);
  const int right_sum = group.size() * (group.size() + 1) / 2;
  const auto right = static_cast<float>(right_sum);
  const auto wrong = std::find_if(values.begin(), values.end(), [=](float value) { return value != right; });
  const auto where =
      "rank " + std::to_string(group.rank()) + " on " + group.hosts()[static_cast<std::size_t>(group.rank())].name;
  if (wrong != values.end()) {
    std::cerr << where << ": an element is " << *wrong << " and should be " << right << '\n';
    return 1;
  }
  std::cout << where << ": the sum over " << group.size() << " ranks is " << right << " ok\n";
  return 0;
}

}  // namespace

int main() {
  try {
    auto group = boltloom::Group::from_environment();
    return sum_and_check(group);
  } catch (const boltloom::Error& error) {
    std::cerr << "all_reduce: " << error.what() << '\n';
    return 1;
  }
}
