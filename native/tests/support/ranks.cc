// SPDX-License-Identifier: Apache-2.0
#include "support/ranks.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "base/address.h"
#include "base/socket.h"

namespace boltloom::testing {

int free_port() {
  // Below the range from which the system gives out ports: nobody gets this one by chance before the test listens on
  // it.
  constexpr int kFirst = 12000;
  constexpr int kCount = 20000;
  std::random_device random;
  for (;;) {
    const int port = kFirst + static_cast<int>(random() % kCount);
    try {
      (void)listen_on(*Address::from_ip("127.0.0.1", static_cast<std::uint16_t>(port)));
      return port;
    } catch (const Unavailable&) {
      continue;  // somebody has it
    }
  }
}

std::vector<Config> local_configs(int size, int cables) {
  const int port = free_port();
  Config config;
  config.size = size;
  config.coordinator = "127.0.0.1:" + std::to_string(port);
  config.token = "00112233445566778899aabbccddeeff";
  config.run_id = "test-run";
  config.timeout = std::chrono::seconds(60);
  for (int rank = 0; rank < size; ++rank) {
    Host host{.name = "host" + std::to_string(rank), .ips = {}};
    for (int cable = 0; cable < cables; ++cable) host.ips.push_back("127.0.0." + std::to_string(cable + 1));
    config.hosts.push_back(host);
  }
  std::vector<Config> configs(static_cast<std::size_t>(size), config);
  for (int rank = 0; rank < size; ++rank) configs[static_cast<std::size_t>(rank)].rank = rank;
  return configs;
}

std::vector<Outcome> run_threads(int size, const std::function<void(int rank)>& body) {
  std::vector<Outcome> outcomes(static_cast<std::size_t>(size));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      Outcome& outcome = outcomes[static_cast<std::size_t>(rank)];
      try {
        body(rank);
      } catch (const Error& error) {
        outcome = {.error = error.what(), .code = error.code(), .peer = error.peer(), .host = error.host(), .when = {}};
      } catch (const std::exception& error) {
        outcome.error = std::string("not a boltloom::Error: ") + error.what();
      }
      outcome.when = std::chrono::steady_clock::now();
    });
  }
  for (auto& thread : threads) thread.join();
  return outcomes;
}

std::vector<Outcome> run_group(const std::vector<Config>& configs, const std::function<void(Group&)>& body) {
  return run_threads(static_cast<int>(configs.size()), [&](int rank) {
    Group group(configs[static_cast<std::size_t>(rank)]);
    body(group);
  });
}

void expect_group(int size, const std::function<void(Group&)>& body, int cables) {
  const auto outcomes = run_group(local_configs(size, cables), body);
  for (std::size_t rank = 0; rank < outcomes.size(); ++rank) {
    EXPECT_EQ(outcomes[rank].error, "") << "rank " << rank << " of " << size;
  }
}

}  // namespace boltloom::testing
