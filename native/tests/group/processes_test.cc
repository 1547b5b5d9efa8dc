// SPDX-License-Identifier: Apache-2.0
// Ranks as real processes: what only a process can do is to die without a word, and to be stopped.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "base/fd.h"
#include "base/wait.h"
#include "support/ranks.h"

namespace boltloom {
namespace {

using Clock = std::chrono::steady_clock;

/// A process of rank_program, and what it prints.
class Process {
 public:
  Process(const Config& config, const std::string& rounds, const std::string& count) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    output_ = Fd(ends[0]);
    const Fd write_end(ends[1]);
    std::vector<std::string> variables = environment(config);
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::dup2(write_end.get(), STDOUT_FILENO);
    std::vector<char*> pointers;
    for (auto& variable : variables) pointers.push_back(variable.data());
    pointers.push_back(nullptr);
    ::execle(RANK_PROGRAM, "rank_program", rounds.c_str(), count.c_str(), nullptr, pointers.data());
    ::_exit(127);
  }
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)), output_(std::move(other.output_)) {}
  Process& operator=(Process&&) = delete;
  ~Process() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  void signal(int number) const { ::kill(pid_, number); }

  /// Everything that it prints up to its end, or what it has printed when `until` occurs in it.
  std::string read(const std::string& until = "") {
    const Patience patience{.deadline = Deadline::after(std::chrono::seconds(30))};
    for (;;) {
      if (!until.empty() && text_.find(until) != std::string::npos) return text_;
      std::array<pollfd, 1> fds{{{.fd = output_.get(), .events = POLLIN, .revents = 0}}};
      if (!wait_ready(fds, patience)) return text_ + " [and then nothing for 30 s]";
      std::array<char, 512> room{};
      const auto got = ::read(output_.get(), room.data(), room.size());
      if (got <= 0) return text_;
      text_.append(room.data(), static_cast<std::size_t>(got));
    }
  }

 private:
  static std::vector<std::string> environment(const Config& config) {
    std::string hosts;
    for (const Host& host : config.hosts) hosts += (hosts.empty() ? "" : ";") + host.name + "=" + host.ips[0];
    return {"BOLTLOOM_RANK=" + std::to_string(config.rank),
            "BOLTLOOM_WORLD_SIZE=" + std::to_string(config.size),
            "BOLTLOOM_HOSTS=" + hosts,
            "BOLTLOOM_COORDINATOR=" + config.coordinator,
            "BOLTLOOM_TOKEN=" + config.token,
            "BOLTLOOM_TIMEOUT=60"};
  }
  pid_t pid_ = -1;
  Fd output_;
  std::string text_;
};

std::vector<Process> start(int size, const std::string& rounds, const std::string& count) {
  std::vector<Process> processes;
  for (const Config& config : testing::local_configs(size)) processes.emplace_back(config, rounds, count);
  for (Process& process : processes) EXPECT_EQ(process.read("ready"), "ready\n");
  return processes;
}

void expect_named(const std::string& output, int victim) {
  const std::string number = std::to_string(victim);
  EXPECT_NE(output.find("error 3 " + number + " host" + number + " rank " + number + " on host host" + number),
            std::string::npos)
      << output;
}

TEST(Processes, EveryRankNamesTheKilledOneWithinASecond) {
  for (const int victim : {0, 2}) {
    SCOPED_TRACE("rank " + std::to_string(victim) + " is killed");
    // Rank 2 has neighbours 1 and 3 of 5: ranks 0 and 4 hear of it through the monitor only.
    auto processes = start(5, "0", "100000");
    const auto begin = Clock::now();
    processes[static_cast<std::size_t>(victim)].signal(SIGKILL);
    for (int rank = 0; rank < 5; ++rank) {
      if (rank == victim) continue;
      expect_named(processes[static_cast<std::size_t>(rank)].read(), victim);
      EXPECT_LT(Clock::now() - begin, std::chrono::seconds(1)) << "rank " << rank;
    }
  }
}

TEST(Processes, ARankThatIsStoppedAndResumedIsNoFailure) {
  auto processes = start(3, "400", "20000");
  processes[1].signal(SIGSTOP);
  std::this_thread::sleep_for(std::chrono::seconds(2));  // how long it is stopped is what is tested
  processes[1].signal(SIGCONT);
  for (Process& process : processes) EXPECT_EQ(process.read(), "ready\ndone\n");
}

TEST(Processes, AMessageMayBeLargerThanTwoGibibytes) {
  const long pages = ::sysconf(_SC_AVPHYS_PAGES);
  const std::size_t free_bytes = static_cast<std::size_t>(pages) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  constexpr std::size_t count = (std::size_t{1} << 31) + 5;
  if (free_bytes < 3 * count) GTEST_SKIP() << "needs " << 3 * count << " bytes of free memory";
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "too slow under a sanitizer";
#endif
  testing::expect_group(2, [](Group& group) {
    std::vector<std::uint8_t> buffer(count, static_cast<std::uint8_t>(group.rank() + 1));
    group.all_reduce(buffer.data(), buffer.data(), count, Op::sum);
    EXPECT_EQ(std::count(buffer.begin(), buffer.end(), 3), static_cast<std::ptrdiff_t>(count));
  });
}

}  // namespace
}  // namespace boltloom
