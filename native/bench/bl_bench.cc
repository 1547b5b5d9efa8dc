// SPDX-License-Identifier: Apache-2.0
// Times all_reduce per size, and prints the bus bandwidth: 2 (n - 1) / n * bytes / time, which does not depend on n for
// an ideal network.
//
//     boltloom launch --hostfile hosts.json -- bl_bench       on the ranks that the launcher starts
//     bl_bench --ranks 2                                      on so many ranks of this computer, started by itself
//
// Options: --sizes 8,4K,1M (bytes), --seconds 0.3 (time per size and rank), --json (one object per line, for `make
// bench`).
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "boltloom/boltloom.hpp"

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  int ranks = 0;  // 0: what the environment says
  std::vector<std::size_t> sizes{8, 4096, 65536, 1 << 20, 16 << 20, 64 << 20};
  double seconds = 0.3;
  bool json = false;
};

std::size_t parse_size(const std::string& text) {
  std::size_t used = 0;
  const std::size_t number = std::stoull(text, &used);
  const std::string unit = text.substr(used);
  if (unit.empty()) return number;
  if (unit == "K") return number << 10;
  if (unit == "M") return number << 20;
  if (unit == "G") return number << 30;
  throw std::invalid_argument("size " + text + ": expected a number of bytes, or one with K, M or G");
}

std::vector<std::size_t> parse_sizes(const std::string& text) {
  std::vector<std::size_t> sizes;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    sizes.push_back(parse_size(text.substr(at, comma - at)));
    at = comma + 1;
  }
  return sizes;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto value = [&]() -> std::string {
      if (i + 1 == argc) throw std::invalid_argument(name + " needs a value");
      return argv[++i];
    };
    if (name == "--ranks") {
      options.ranks = std::stoi(value());
    } else if (name == "--sizes") {
      options.sizes = parse_sizes(value());
    } else if (name == "--seconds") {
      options.seconds = std::stod(value());
    } else if (name == "--json") {
      options.json = true;
    } else {
      throw std::invalid_argument("unknown option " + name + "; see the head of bl_bench.cc");
    }
  }
  return options;
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Rank 0 decides how often, so that all ranks do it equally often.
std::size_t agree_on_rounds(boltloom::Group& group, double wanted, double once) {
  auto rounds = static_cast<std::int64_t>(std::clamp(wanted / once, 1.0, 1e6));
  if (group.rank() != 0) rounds = 0;
  group.all_reduce(&rounds, &rounds, 1, boltloom::Op::max);
  return static_cast<std::size_t>(rounds);
}

double time_all_reduce(boltloom::Group& group, std::vector<float>& in, std::vector<float>& out, double wanted) {
  const auto once = [&] { group.all_reduce(in.data(), out.data(), in.size(), boltloom::Op::sum); };
  once();
  auto begin = Clock::now();
  once();
  const std::size_t rounds = agree_on_rounds(group, wanted, seconds_since(begin));
  group.barrier();
  begin = Clock::now();
  for (std::size_t i = 0; i < rounds; ++i) once();
  return seconds_since(begin) / static_cast<double>(rounds);
}

void check(const std::vector<float>& out, int size) {
  const float expected = static_cast<float>(size * (size + 1)) / 2;
  for (const float value : out) {
    if (value != expected) throw std::logic_error("wrong sum: " + std::to_string(value));
  }
}

void run(const Options& options, const boltloom::Config& config) {
  boltloom::Group group(config);
  const double share = 2.0 * (group.size() - 1) / group.size();
  if (group.rank() == 0 && !options.json) std::printf("%12s %14s %14s\n", "bytes", "time (us)", "bus (GB/s)");
  for (const std::size_t bytes : options.sizes) {
    std::vector<float> in(std::max<std::size_t>(bytes / sizeof(float), 1), static_cast<float>(group.rank() + 1));
    std::vector<float> out(in.size());
    const double time = time_all_reduce(group, in, out, options.seconds);
    check(out, group.size());
    if (group.rank() != 0) continue;
    const double bus = share * static_cast<double>(in.size() * sizeof(float)) / time / 1e9;
    if (options.json) {
      std::printf("{\"ranks\": %d, \"bytes\": %zu, \"us\": %.3f, \"bus_gb_s\": %.4f}\n", group.size(),
                  in.size() * sizeof(float), time * 1e6, bus);
    } else {
      std::printf("%12zu %14.1f %14.3f\n", in.size() * sizeof(float), time * 1e6, bus);
    }
    std::fflush(stdout);
  }
}

/// A port that nobody listens on, below the range from which the system gives out ports by itself.
int free_port() {
  std::random_device random;
  for (;;) {
    const auto port = static_cast<std::uint16_t>(12000 + random() % 20000);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const bool free = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    ::close(fd);
    if (free) return port;
  }
}

boltloom::Config local_config(int rank, int ranks, int port) {
  boltloom::Config config;
  config.rank = config.local_rank = rank;
  config.size = config.local_size = ranks;
  config.hosts.assign(static_cast<std::size_t>(ranks), {.name = "localhost", .ips = {"127.0.0.1"}});
  config.coordinator = "127.0.0.1:" + std::to_string(port);
  config.token = "bl_bench-on-this-computer-" + std::to_string(port);
  config.timeout = std::chrono::seconds(60);
  return config;
}

int guarded_run(const Options& options, const boltloom::Config& config) {
  try {
    run(options, config);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bl_bench: rank %d: %s\n", config.rank, error.what());
    return 1;
  }
}

int run_local(const Options& options) {
  const int port = free_port();
  std::vector<pid_t> children;
  for (int rank = 0; rank < options.ranks; ++rank) {
    const pid_t child = ::fork();
    if (child == 0) std::exit(guarded_run(options, local_config(rank, options.ranks, port)));
    children.push_back(child);
  }
  int worst = 0;
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0) worst = 1;
  }
  return worst;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Options options = parse(argc, argv);
    return options.ranks > 0 ? run_local(options) : guarded_run(options, boltloom::Config::from_environment());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bl_bench: %s\n", error.what());
    return 2;
  }
}
