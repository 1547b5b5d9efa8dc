// SPDX-License-Identifier: Apache-2.0
// Groups for tests: each rank is a thread of this process, the sockets are real.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "boltloom/boltloom.hpp"

namespace boltloom::testing {

/// A port that was free a moment ago.
int free_port();

/// The configurations of `size` ranks on this computer, one per rank. Ranks are on hosts named "host0", "host1", ...
/// `cables`: how many addresses each has (127.0.0.1, 127.0.0.2, ...).
std::vector<Config> local_configs(int size, int cables = 1);

/// Runs the body for each rank in a thread of its own. The outcome of rank r is at place r: the text of what it threw,
/// "" if nothing.
struct Outcome {
  std::string error;
  Code code{};  // of a boltloom::Error
  int peer = -1;
  std::string host;
  std::chrono::steady_clock::time_point when;
};
std::vector<Outcome> run_threads(int size, const std::function<void(int rank)>& body);

/// Makes a group of these configurations and runs the body on each rank; outcomes as above.
std::vector<Outcome> run_group(const std::vector<Config>& configs, const std::function<void(Group&)>& body);

/// The same for a group of `size`, where every rank has to succeed: reports a test failure with the texts otherwise.
void expect_group(int size, const std::function<void(Group&)>& body, int cables = 1);

}  // namespace boltloom::testing
