// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "boltloom/boltloom.h"
#include "support/ranks.h"

namespace boltloom {
namespace {

struct Strings {
  std::string hosts;
  bl_config config;
};

/// The same as a C caller would fill it.
std::vector<Strings> c_configs(const std::vector<Config>& configs) {
  std::vector<Strings> result(configs.size());
  for (std::size_t rank = 0; rank < configs.size(); ++rank) {
    Strings& one = result[rank];
    for (const Host& host : configs[rank].hosts) {
      one.hosts += (one.hosts.empty() ? "" : ";") + host.name + "=" + host.ips[0];
    }
    bl_config_init(&one.config);
    one.config.rank = configs[rank].rank;
    one.config.size = configs[rank].size;
    one.config.coordinator = configs[rank].coordinator.c_str();
    one.config.token = configs[rank].token.c_str();
    one.config.timeout = 20;
    one.config.hosts = one.hosts.c_str();
  }
  return result;
}

TEST(CInterface, CarriesEveryCall) {
  const auto configs = testing::local_configs(2);
  auto c = c_configs(configs);
  testing::run_threads(2, [&](int rank) {
    bl_group* group = nullptr;
    ASSERT_EQ(bl_init(&c[static_cast<std::size_t>(rank)].config, &group), BL_OK) << bl_last_error();
    EXPECT_EQ(bl_rank(group), rank);
    EXPECT_EQ(bl_size(group), 2);
    EXPECT_STREQ(bl_host_name(group, 1), "host1");
    const float in = static_cast<float>(rank + 1);
    float sum = 0;
    float all[2] = {0, 0};
    EXPECT_EQ(bl_all_reduce(group, &in, &sum, 1, BL_FLOAT32, BL_SUM), BL_OK);
    EXPECT_EQ(sum, 3.0F);
    EXPECT_EQ(bl_all_gather(group, &in, all, 1, BL_FLOAT32), BL_OK);
    EXPECT_EQ(all[0] + 2 * all[1], 5.0F);
    EXPECT_EQ(bl_send(group, &in, 1, BL_FLOAT32, 1 - rank), BL_OK);
    EXPECT_EQ(bl_recv(group, &sum, 1, BL_FLOAT32, 1 - rank), BL_OK);
    EXPECT_EQ(sum, static_cast<float>(2 - rank));
    EXPECT_EQ(bl_barrier(group), BL_OK);
    EXPECT_EQ(bl_finalize(group), BL_OK);
  });
}

TEST(CInterface, KeepsTheLastErrorPerThread) {
  const auto configs = testing::local_configs(2);
  auto c = c_configs(configs);
  testing::run_threads(2, [&](int rank) {
    bl_group* group = nullptr;
    ASSERT_EQ(bl_init(&c[static_cast<std::size_t>(rank)].config, &group), BL_OK) << bl_last_error();
    if (rank == 1) {
      EXPECT_STREQ(bl_last_error(), "");
      bl_finalize(group);
      return;
    }
    EXPECT_EQ(bl_barrier(group), BL_EIO);
    EXPECT_EQ(bl_last_error_rank(), 1);
    EXPECT_STREQ(bl_last_error_host(), "host1");
    EXPECT_NE(std::string(bl_last_error()).find("rank 1 on host host1 left the group"), std::string::npos);
    bl_finalize(group);
  });
}

TEST(CInterface, RefusesWhatCannotBe) {
  bl_group* group = nullptr;
  bl_config config{};
  EXPECT_EQ(bl_init(&config, &group), BL_EINVAL) << "a config that bl_config_init has not seen";
  EXPECT_EQ(bl_init(nullptr, nullptr), BL_EINVAL);
  bl_config_init(&config);
  config.rank = 0;
  EXPECT_EQ(bl_init(&config, &group), BL_EINVAL);
  EXPECT_NE(std::string(bl_last_error()).find("BOLTLOOM_WORLD_SIZE is not set"), std::string::npos);
  EXPECT_EQ(group, nullptr);
  EXPECT_EQ(bl_rank(nullptr), -1);
  EXPECT_EQ(bl_host_name(nullptr, 0), nullptr);
  EXPECT_EQ(bl_all_reduce(nullptr, nullptr, nullptr, 0, BL_FLOAT32, BL_SUM), BL_EINVAL);
}

TEST(CInterface, PassesTheInterruption) {
  const auto configs = testing::local_configs(2);
  auto c = c_configs(configs);
  c[0].config.interrupted = [](void* user) { return ++*static_cast<int*>(user) > 1 ? 1 : 0; };
  int asked = 0;
  c[0].config.interrupted_user = &asked;
  bl_group* group = nullptr;
  EXPECT_EQ(bl_init(&c[0].config, &group), BL_EABORTED) << "rank 1 never comes";
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace boltloom
