// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <locale>
#include <sstream>

#include "base/address.h"

namespace boltloom {
namespace {

constexpr const char* kRank = "BOLTLOOM_RANK";
constexpr const char* kSize = "BOLTLOOM_WORLD_SIZE";
constexpr const char* kLocalRank = "BOLTLOOM_LOCAL_RANK";
constexpr const char* kLocalSize = "BOLTLOOM_LOCAL_SIZE";
constexpr const char* kHosts = "BOLTLOOM_HOSTS";
constexpr const char* kBackend = "BOLTLOOM_BACKEND";
constexpr const char* kCoordinator = "BOLTLOOM_COORDINATOR";
constexpr const char* kToken = "BOLTLOOM_TOKEN";
constexpr const char* kRunId = "BOLTLOOM_RUN_ID";
constexpr const char* kTimeout = "BOLTLOOM_TIMEOUT";
constexpr int kMaxSize = 65536;  // bounds what a typing error can make us allocate

[[noreturn]] void refuse(const std::string& variable, const std::string& what) {
  throw InvalidArgument(variable + " " + what);
}

std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}

int read_number(const std::string& variable, const std::string& text, int least, int most) {
  int value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || value < least || value > most) {
    refuse(variable,
           "is " + quoted(text) + ": expected a number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return value;
}

std::chrono::duration<double> read_seconds(const std::string& variable, const std::string& text) {
  std::istringstream stream(text);
  stream.imbue(std::locale::classic());  // the point is the decimal sign, whatever the user's language
  double value = 0;
  if (!(stream >> value) || !stream.eof() || !(value > 0)) {
    refuse(variable, "is " + quoted(text) + ": expected seconds, more than 0, for example 300 or 12.5");
  }
  return std::chrono::duration<double>(value);
}

std::string own_host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  if (text.empty() || text.back() == separator) parts.emplace_back();
  return parts;
}

std::string without_brackets(const std::string& ip) {
  const bool bracketed = ip.size() > 2 && ip.front() == '[' && ip.back() == ']';
  return bracketed ? ip.substr(1, ip.size() - 2) : ip;
}

Host parse_host(const std::string& entry, std::size_t rank) {
  const std::string where = "entry " + std::to_string(rank) + " " + quoted(entry);
  const auto equals = entry.find('=');
  if (equals == std::string::npos || equals == 0) refuse(kHosts, where + ": expected NAME=IP[,IP...]");
  Host host{.name = entry.substr(0, equals), .ips = {}};
  for (const auto& text : split(entry.substr(equals + 1), ',')) {
    const std::string ip = without_brackets(text);
    if (!Address::from_ip(ip, 0)) refuse(kHosts, where + ": " + quoted(text) + " is not an IP address");
    host.ips.push_back(ip);
  }
  return host;
}

/// Ranks are on one host when their entries have one name.
void count_local_ranks(Config& config) {
  const auto& own = config.hosts[static_cast<std::size_t>(config.rank)].name;
  const auto here = [&](const Host& host) { return host.name == own; };
  const auto begin = config.hosts.begin();
  config.local_size = static_cast<int>(std::count_if(begin, config.hosts.end(), here));
  config.local_rank = static_cast<int>(std::count_if(begin, begin + config.rank, here));
}

/// A lookup that knows which variables must be there, for one message about the first that is not.
class Variables {
 public:
  explicit Variables(const Config::Lookup& lookup) : lookup_(lookup) {}
  std::optional<std::string> find(const std::string& name) const { return lookup_(name); }
  std::string need(const std::string& name) const {
    auto value = lookup_(name);
    if (!value) {
      refuse(name,
             "is not set, but other variables of a group are; start the program with `boltloom launch`, or unset "
             "all BOLTLOOM_ variables to run it alone");
    }
    return *value;
  }
  void number(const std::string& name, int least, int most, int& field) const {
    if (const auto value = find(name)) field = read_number(name, *value, least, most);
  }

 private:
  const Config::Lookup& lookup_;
};

void read_place(const Variables& variables, Config& config) {
  config.size = read_number(kSize, variables.need(kSize), 1, kMaxSize);
  config.rank = read_number(kRank, variables.need(kRank), 0, config.size - 1);
  config.coordinator = variables.need(kCoordinator);
  const bool alone = config.size == 1;
  const auto hosts = alone ? variables.find(kHosts) : variables.need(kHosts);
  if (hosts) config.hosts = parse_hosts(*hosts);
  const auto token = alone ? variables.find(kToken) : variables.need(kToken);
  if (token) config.token = *token;
  if (config.hosts.size() == static_cast<std::size_t>(config.size)) count_local_ranks(config);
  variables.number(kLocalSize, 1, kMaxSize, config.local_size);
  variables.number(kLocalRank, 0, kMaxSize - 1, config.local_rank);
}

}  // namespace

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): POSIX lets readers run side by side
  if (value == nullptr) return std::nullopt;
  return value;
}

std::vector<Host> parse_hosts(const std::string& text) {
  std::vector<Host> hosts;
  for (const auto& entry : split(text, ';')) hosts.push_back(parse_host(entry, hosts.size()));
  return hosts;
}

Config Config::from_environment() {
  return from_variables(environment_variable);
}

Config Config::from_variables(const Lookup& lookup) {
  const Variables variables(lookup);
  Config config;
  if (variables.find(kRank) || variables.find(kSize) || variables.find(kCoordinator)) read_place(variables, config);
  if (const auto backend = variables.find(kBackend)) config.backend = *backend;
  if (const auto run_id = variables.find(kRunId)) config.run_id = *run_id;
  if (const auto timeout = variables.find(kTimeout)) config.timeout = read_seconds(kTimeout, *timeout);
  if (config.hosts.empty() && config.size == 1) config.hosts = {Host{.name = own_host_name(), .ips = {"127.0.0.1"}}};
  validate(config);
  return config;
}

void validate(const Config& config) {
  if (config.size < 1 || config.size > kMaxSize) refuse(kSize, "is " + std::to_string(config.size));
  const auto within = " (it counts from 0, and the size is ";
  if (config.rank < 0 || config.rank >= config.size) {
    refuse(kRank, "is " + std::to_string(config.rank) + within + std::to_string(config.size) + ")");
  }
  if (config.local_rank < 0 || config.local_rank >= config.local_size) {
    refuse(kLocalRank, "is " + std::to_string(config.local_rank) + within + std::to_string(config.local_size) + ")");
  }
  if (!(config.timeout.count() > 0)) refuse(kTimeout, "must be more than 0 seconds");
  if (config.size == 1) return;
  if (config.hosts.size() != static_cast<std::size_t>(config.size)) {
    refuse(kHosts, "has " + std::to_string(config.hosts.size()) + " entries, but " + kSize + " is " +
                       std::to_string(config.size) + ": it needs one entry per rank");
  }
  if (!Address::parse(config.coordinator)) {
    refuse(kCoordinator, "is " + quoted(config.coordinator) + ": expected IP:PORT or [IPv6]:PORT");
  }
  if (config.token.empty() || config.token.size() > 256) refuse(kToken, "must have 1 to 256 characters");
}

}  // namespace boltloom
