// SPDX-License-Identifier: Apache-2.0
#include "base/address.h"

#include <gtest/gtest.h>

namespace boltloom {
namespace {

TEST(Address, ReadsWhatItWrites) {
  for (const char* text : {"10.77.0.1:32323", "127.0.0.1:0", "[::1]:41000", "[fd00::12]:1"}) {
    const auto address = Address::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->text(), text);
  }
}

TEST(Address, RefusesWhatIsNone) {
  for (const char* text : {"", "10.0.0.1", "10.0.0.1:", "10.0.0.1:x", "10.0.0.1:70000", "10.0.0.1:-1", "mac1:80",
                           "::1:80", "[::1]", ":80", "10.0.0.1:80 ", "10.0.0.256:80"}) {
    EXPECT_FALSE(Address::parse(text)) << text;
  }
}

TEST(Address, FindsTheEndOfTheCable) {
  const auto local = local_end_towards(*Address::from_ip("127.44.3.2", 0));
  ASSERT_TRUE(local);
  EXPECT_EQ(local->ip(), "127.0.0.1");
  EXPECT_FALSE(local_end_towards(*Address::from_ip("203.0.113.9", 0))) << "TEST-NET-3 is nobody's network";
}

}  // namespace
}  // namespace boltloom
