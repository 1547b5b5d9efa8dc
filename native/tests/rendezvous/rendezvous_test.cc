// SPDX-License-Identifier: Apache-2.0
#include "rendezvous/rendezvous.h"

#include <gtest/gtest.h>

#include <array>
#include <future>
#include <latch>
#include <thread>

#include "base/address.h"
#include "base/socket.h"
#include "support/ranks.h"

namespace boltloom {
namespace {

using testing::Outcome;
using testing::run_threads;

class Rendezvous : public ::testing::Test {
 protected:
  Appointment appointment(int rank, int size) const {
    Appointment result{.self = {.token = "secret",
                                .rank = rank,
                                .size = size,
                                .backend = "ring",
                                .run_id = "run",
                                .member = {.host = "host" + std::to_string(rank), .endpoints = {std::to_string(rank)}}},
                       .coordinator = "127.0.0.1:" + std::to_string(port_),
                       .hosts = {}};
    for (int i = 0; i < size; ++i) result.hosts.push_back("host" + std::to_string(i));
    return result;
  }
  static Patience patience(double seconds) {
    return {.deadline = Deadline::after(std::chrono::duration<double>(seconds))};
  }
  /// A connection to rank 0, made as soon as it listens.
  Fd stranger() const {
    const auto address = *Address::from_ip("127.0.0.1", static_cast<std::uint16_t>(port_));
    const auto deadline = Deadline::after(std::chrono::seconds(10));
    while (!deadline.passed()) {
      Fd fd = begin_connect(address, std::nullopt);
      std::array<pollfd, 1> fds{{{.fd = fd.get(), .events = POLLOUT, .revents = 0}}};
      (void)wait_ready(fds, Patience{.deadline = deadline});
      if (connect_result(fd.get()) == 0) return fd;
      std::this_thread::yield();
    }
    ADD_FAILURE() << "rank 0 does not listen";
    return {};
  }
  void expect_everywhere(const std::vector<Outcome>& outcomes, Code code, const std::string& words) const {
    for (const Outcome& outcome : outcomes) {
      EXPECT_EQ(outcome.code, code) << outcome.error;
      EXPECT_NE(outcome.error.find(words), std::string::npos) << outcome.error;
    }
  }

  const int port_ = testing::free_port();
};

TEST_F(Rendezvous, TellsEveryRankWhereTheOthersAre) {
  constexpr int size = 5;
  const auto outcomes = run_threads(size, [&](int rank) {
    const Meeting meeting = meet(appointment(rank, size), patience(20));
    ASSERT_EQ(meeting.roster.size(), 5U);
    for (int i = 0; i < size; ++i) {
      EXPECT_EQ(meeting.roster[static_cast<std::size_t>(i)].host, "host" + std::to_string(i));
      EXPECT_EQ(meeting.roster[static_cast<std::size_t>(i)].endpoints[0], std::to_string(i));
    }
  });
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome.error, "");
}

TEST_F(Rendezvous, NamesWhoIsMissingOnEveryRank) {
  const auto outcomes = run_threads(2, [&](int rank) { meet(appointment(rank, 4), patience(0.5)); });
  expect_everywhere(outcomes, Code::unavailable, "rank 2 on host host2 and rank 3 on host host3 did not come");
  EXPECT_EQ(outcomes[0].peer, 2);
}

TEST_F(Rendezvous, NamesRankZeroWhenNobodyListens) {
  const auto outcomes = run_threads(1, [&](int) { meet(appointment(1, 2), patience(0.3)); });
  expect_everywhere(outcomes, Code::unavailable, "cannot reach rank 0 on host host0 at 127.0.0.1:");
}

TEST_F(Rendezvous, RefusesAnotherRunsTokenAndGoesOn) {
  std::latch refused(1);
  const auto outcomes = run_threads(3, [&](int thread) {
    if (thread == 0) meet(appointment(0, 2), patience(20));
    if (thread == 1) {
      Appointment wrong = appointment(1, 2);
      wrong.self.token = "guess";
      try {
        meet(wrong, patience(20));
      } catch (...) {
        refused.count_down();
        throw;
      }
    }
    if (thread == 2) {
      refused.wait();
      meet(appointment(1, 2), patience(20));
    }
  });
  EXPECT_EQ(outcomes[0].error, "");
  EXPECT_EQ(outcomes[1].code, Code::invalid);
  EXPECT_NE(outcomes[1].error.find("BOLTLOOM_TOKEN"), std::string::npos);
  EXPECT_EQ(outcomes[2].error, "");
}

TEST_F(Rendezvous, IsNotDisturbedByStrangers) {
  std::latch disturbed(1);
  const auto outcomes = run_threads(3, [&](int thread) {
    if (thread == 0) meet(appointment(0, 2), patience(20));
    if (thread == 1) {
      const Fd silent = stranger();
      const Fd gone = stranger();
      const Fd talker = stranger();
      std::string garbage = "GET / HTTP/1.1\r\nHost: there\r\n\r\n";
      const std::array<iovec, 1> part{{{.iov_base = garbage.data(), .iov_len = garbage.size()}}};
      EXPECT_EQ(send_now(talker.get(), part).bytes, garbage.size());
      // Rank 0 has dealt with it when it has hung up.
      std::array<pollfd, 1> fds{{{.fd = talker.get(), .events = POLLIN, .revents = 0}}};
      EXPECT_TRUE(wait_ready(fds, patience(10)));
      disturbed.count_down();
    }
    if (thread == 2) {
      disturbed.wait();
      meet(appointment(1, 2), patience(20));
    }
  });
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome.error, "");
}

TEST_F(Rendezvous, RefusesARankThatComesTwice) {
  const auto outcomes = run_threads(3, [&](int thread) { meet(appointment(thread == 0 ? 0 : 1, 3), patience(20)); });
  expect_everywhere(outcomes, Code::invalid, "rank 1 came twice: from host host1 and from host host1");
}

TEST_F(Rendezvous, RefusesRanksThatWereStartedDifferently) {
  struct Case {
    std::string words;
    std::function<void(Hello&)> change;
  };
  const std::vector<Case> cases{
      {"BOLTLOOM_WORLD_SIZE 3, but rank 0 on host host0 has 2", [](Hello& hello) { hello.size = 3; }},
      {"BOLTLOOM_BACKEND jaccl", [](Hello& hello) { hello.backend = "jaccl"; }},
      {"BOLTLOOM_RUN_ID other", [](Hello& hello) { hello.run_id = "other"; }},
      {"protocol version 2", [](Hello& hello) { hello.version = 2; }},
      {"rank 5 on host host1 came, but rank 0 expects ranks 1 to 1", [](Hello& hello) { hello.rank = 5; }},
  };
  for (const Case& one : cases) {
    const auto outcomes = run_threads(2, [&](int rank) {
      Appointment changed = appointment(rank, 2);
      if (rank == 1) one.change(changed.self);
      meet(changed, patience(20));
    });
    expect_everywhere(outcomes, Code::invalid, one.words);
  }
}

TEST_F(Rendezvous, NamesARankThatEndsDuringStartUp) {
  std::promise<void> connected;
  const auto outcomes = run_threads(2, [&](int thread) {
    if (thread == 0) meet(appointment(0, 3), patience(20));
    if (thread == 1) {
      Channel channel(stranger());
      channel.send(encode(appointment(1, 3).self), patience(5));
    }
  });
  EXPECT_EQ(outcomes[0].code, Code::io);
  EXPECT_EQ(outcomes[0].error, "rank 1 on host host1 ended during start-up; see its output");
}

TEST_F(Rendezvous, SaysWhatToDoWhenThePortIsInUse) {
  const Fd squatter = listen_on(*Address::from_ip("127.0.0.1", static_cast<std::uint16_t>(port_)));
  const auto outcomes = run_threads(1, [&](int) { meet(appointment(0, 2), patience(1)); });
  expect_everywhere(outcomes, Code::unavailable,
                    "cannot listen on 127.0.0.1:" + std::to_string(port_) + ": Address already in use");
}

TEST_F(Rendezvous, CanBeInterrupted) {
  const std::function<bool()> interrupted = [] { return true; };
  const auto outcomes = run_threads(2, [&](int rank) {
    const Patience impatient{.deadline = Deadline::after(std::chrono::seconds(20)), .interrupted = &interrupted};
    meet(appointment(rank, 3), impatient);
  });
  expect_everywhere(outcomes, Code::aborted, "interrupted");
}

}  // namespace
}  // namespace boltloom
