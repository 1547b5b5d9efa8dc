// SPDX-License-Identifier: Apache-2.0
// One rank for the tests with real processes. Arguments: how many all_reduces (0: until something fails) of how many
// floats. Prints "ready" after the first, then "done", or the error's code, peer, host and text in one line.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "boltloom/boltloom.hpp"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const long rounds = std::strtol(argv[1], nullptr, 10);
  const auto count = static_cast<std::size_t>(std::strtol(argv[2], nullptr, 10));
  try {
    auto group = boltloom::Group::from_environment();
    std::vector<float> in(count, 1.0F);
    std::vector<float> out(count);
    for (long round = 0; rounds == 0 || round < rounds; ++round) {
      group.all_reduce(in.data(), out.data(), count, boltloom::Op::sum);
      if (out.back() != static_cast<float>(group.size())) return 4;
      if (round == 0) std::puts("ready");
      std::fflush(stdout);
    }
    std::puts("done");
    return 0;
  } catch (const boltloom::Error& error) {
    std::printf("error %d %d %s %s\n", static_cast<int>(error.code()), error.peer(), error.host().c_str(),
                error.what());
    return 3;
  }
}
