// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

namespace boltloom {
namespace {

using Variables = std::map<std::string, std::string>;

Config read(const Variables& variables) {
  return Config::from_variables([&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

std::string refusal(const Variables& variables) {
  try {
    read(variables);
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "accepted";
}

const Variables kGood{{"BOLTLOOM_RANK", "1"},
                      {"BOLTLOOM_WORLD_SIZE", "2"},
                      {"BOLTLOOM_HOSTS", "mac1=10.0.0.1;mac2=10.0.0.2"},
                      {"BOLTLOOM_COORDINATOR", "10.0.0.1:41000"},
                      {"BOLTLOOM_TOKEN", "secret"}};

Variables with(const std::string& name, const std::string& value) {
  Variables variables = kGood;
  variables[name] = value;
  return variables;
}

std::vector<Host> hosts_of(const nlohmann::json& launch) {
  std::vector<Host> hosts;
  for (const auto& host : launch["hosts"]) {
    const std::string destination = host["ssh"];
    const auto at = destination.find('@');  // a user name is not part of what people call the host
    hosts.push_back({.name = at == std::string::npos ? destination : destination.substr(at + 1), .ips = host["ips"]});
  }
  return hosts;
}

void check_vector(const nlohmann::json& vector) {
  const auto& launch = vector["launch"];
  const auto expected_hosts = hosts_of(launch);
  int rank = 0;
  for (const auto& one : vector["ranks"]) {
    const Config config = read(one["env"].get<Variables>());
    EXPECT_EQ(config.rank, rank);
    EXPECT_EQ(config.size, static_cast<int>(vector["ranks"].size()));
    EXPECT_EQ(std::to_string(config.local_rank), one["env"]["LOCAL_RANK"]);
    EXPECT_EQ(std::to_string(config.local_size), one["env"]["LOCAL_WORLD_SIZE"]);
    EXPECT_EQ(config.backend, launch["backend"]);
    EXPECT_EQ(config.coordinator, launch["coordinator"]);
    EXPECT_EQ(config.token, launch["token"]);
    EXPECT_EQ(config.run_id, launch["run_id"]);
    EXPECT_DOUBLE_EQ(config.timeout.count(), launch["timeout"].get<double>());
    ASSERT_EQ(config.hosts.size(), expected_hosts.size());
    for (std::size_t i = 0; i < expected_hosts.size(); ++i) {
      EXPECT_EQ(config.hosts[i].name, expected_hosts[i].name);
      EXPECT_EQ(config.hosts[i].ips, expected_hosts[i].ips);
    }
    ++rank;
  }
}

TEST(Config, ReadsEveryVectorOfTheContract) {
  int vectors = 0;
  for (const auto& entry : std::filesystem::directory_iterator(CONTRACTS "/rank_env")) {
    if (entry.path().extension() != ".json") continue;
    const auto vector = nlohmann::json::parse(std::ifstream(entry.path()));
    if (vector["launch"]["backend"] != "ring") continue;  // other backends' ips mean something else
    SCOPED_TRACE(entry.path().string());
    check_vector(vector);
    ++vectors;
  }
  EXPECT_GE(vectors, 2);
}

TEST(Config, IsAGroupOfOneWithoutVariables) {
  const Config config = read({});
  EXPECT_EQ(config.rank, 0);
  EXPECT_EQ(config.size, 1);
  ASSERT_EQ(config.hosts.size(), 1U);
  EXPECT_NE(config.hosts[0].name, "");
}

TEST(Config, NamesTheMissingVariable) {
  for (const auto& [name, value] : kGood) {
    Variables variables = kGood;
    variables.erase(name);
    EXPECT_EQ(refusal(variables).substr(0, name.size() + 11), name + " is not set") << value;
  }
}

TEST(Config, NamesTheWrongVariable) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"BOLTLOOM_RANK", "2"},
      {"BOLTLOOM_RANK", "-1"},
      {"BOLTLOOM_RANK", "one"},
      {"BOLTLOOM_WORLD_SIZE", "0"},
      {"BOLTLOOM_WORLD_SIZE", "99999999999"},
      {"BOLTLOOM_LOCAL_SIZE", "0"},
      {"BOLTLOOM_LOCAL_RANK", "1"},
      {"BOLTLOOM_HOSTS", ""},
      {"BOLTLOOM_HOSTS", "mac1=10.0.0.1"},
      {"BOLTLOOM_HOSTS", "mac1=10.0.0.1;mac2"},
      {"BOLTLOOM_HOSTS", "mac1=10.0.0.1;=10.0.0.2"},
      {"BOLTLOOM_HOSTS", "mac1=10.0.0.1;mac2="},
      {"BOLTLOOM_HOSTS", "mac1=10.0.0.1;mac2=10.0.0.2,"},
      {"BOLTLOOM_HOSTS", "mac1=10.0.0.1;mac2=mac2.local"},
      {"BOLTLOOM_HOSTS", "mac1=10.0.0.1;mac2=10.0.0.2;"},
      {"BOLTLOOM_COORDINATOR", "mac1:41000"},
      {"BOLTLOOM_COORDINATOR", "10.0.0.1"},
      {"BOLTLOOM_TOKEN", ""},
      {"BOLTLOOM_TIMEOUT", "0"},
      {"BOLTLOOM_TIMEOUT", "-3"},
      {"BOLTLOOM_TIMEOUT", "5s"},
      {"BOLTLOOM_TIMEOUT", ""},
      {"BOLTLOOM_TIMEOUT", "nan"},
  };
  for (const auto& [name, value] : wrong) {
    EXPECT_EQ(refusal(with(name, value)).substr(0, name.size() + 1), name + " ") << name << "=" << value;
  }
}

TEST(Config, CountsLocalRanksByHostName) {
  Variables variables = with("BOLTLOOM_WORLD_SIZE", "3");
  variables["BOLTLOOM_HOSTS"] = "a=10.0.0.1;b=10.0.0.2;a=10.0.0.1";
  variables["BOLTLOOM_RANK"] = "2";
  const Config config = read(variables);
  EXPECT_EQ(config.local_rank, 1);
  EXPECT_EQ(config.local_size, 2);
}

TEST(Config, ReadsIpv6InBrackets) {
  const auto hosts = parse_hosts("a=[fd00::1],10.0.0.1");
  EXPECT_EQ(hosts[0].ips, (std::vector<std::string>{"fd00::1", "10.0.0.1"}));
}

}  // namespace
}  // namespace boltloom
