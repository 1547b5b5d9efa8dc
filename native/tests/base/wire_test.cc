// SPDX-License-Identifier: Apache-2.0
#include "base/wire.h"

#include <gtest/gtest.h>

#include "base/token.h"
#include "collective/call.h"
#include "rendezvous/message.h"

namespace boltloom {
namespace {

TEST(Wire, IsLittleEndian) {
  WireWriter writer;
  writer.number(std::uint32_t{0x01020304});
  writer.number(std::int16_t{-2});
  const std::vector<std::byte> expected{std::byte{4}, std::byte{3},    std::byte{2},
                                        std::byte{1}, std::byte{0xfe}, std::byte{0xff}};
  EXPECT_EQ(writer.bytes(), expected);
}

TEST(Wire, ReadsBack) {
  WireWriter writer;
  writer.number(std::int32_t{-7});
  writer.text("a\0b");
  writer.number(std::uint64_t{1} << 63);
  WireReader reader(writer.bytes().data(), writer.bytes().size());
  EXPECT_EQ(reader.number<std::int32_t>(), -7);
  EXPECT_EQ(reader.text(), "a\0b");
  EXPECT_EQ(reader.number<std::uint64_t>(), std::uint64_t{1} << 63);
  EXPECT_TRUE(reader.complete());
}

TEST(Wire, StaysInsideWhateverALengthClaims) {
  WireWriter writer;
  writer.number(std::uint32_t{0xffffffff});
  WireReader reader(writer.bytes().data(), writer.bytes().size());
  EXPECT_EQ(reader.text(), "");
  EXPECT_FALSE(reader.ok());
}

TEST(Wire, NoPrefixOfAMessageIsAMessage) {
  const Message whole = encode(Hello{.token = "t", .rank = 1, .size = 2, .member = {.host = "h", .endpoints = {"e"}}});
  ASSERT_TRUE(decode_hello(whole));
  for (std::size_t size = 0; size < whole.body.size(); ++size) {
    const Message cut{.kind = MessageKind::hello,
                      .body = {whole.body.begin(), whole.body.begin() + static_cast<std::ptrdiff_t>(size)}};
    EXPECT_FALSE(decode_hello(cut)) << size;
  }
}

TEST(Wire, CallsComeBack) {
  const Call call{.kind = Call::Kind::all_reduce,
                  .dtype = DType::bfloat16,
                  .op = Op::max,
                  .sequence = 7,
                  .count = std::uint64_t{1} << 40};
  CallBytes bytes = encode(call);
  EXPECT_EQ(decode_call(bytes), call);
  bytes[0] ^= std::byte{1};
  EXPECT_FALSE(decode_call(bytes));
}

TEST(Token, IsComparedWholly) {
  EXPECT_TRUE(same_token("abc", "abc"));
  EXPECT_FALSE(same_token("abd", "abc"));
  EXPECT_FALSE(same_token("ab", "abc"));
  EXPECT_FALSE(same_token("", "abc"));
}

}  // namespace
}  // namespace boltloom
