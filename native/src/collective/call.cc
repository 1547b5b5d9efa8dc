// SPDX-License-Identifier: Apache-2.0
#include "collective/call.h"

#include <algorithm>

#include "base/wire.h"

namespace boltloom {
namespace {

constexpr std::uint32_t kMagic = 0x4c4c4342;  // "BCLL"

template <class T>
void put(CallBytes& bytes, std::size_t at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes[at + i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
}

}  // namespace

std::string Call::text() const {
  const std::string what = std::to_string(count) + " " + std::string(name_of(dtype));
  switch (kind) {
    case Kind::all_reduce:
      return "all_reduce of " + what + " (" + std::string(name_of(op)) + ")";
    case Kind::all_gather:
      return "all_gather of " + what;
    case Kind::message:
      return "message of " + what;
    case Kind::barrier:
      break;
  }
  return "barrier";
}

CallBytes encode(const Call& call) {
  CallBytes bytes{};
  put(bytes, 0, kMagic);
  bytes[4] = static_cast<std::byte>(call.kind);
  bytes[5] = static_cast<std::byte>(call.dtype);
  bytes[6] = static_cast<std::byte>(call.op);
  put(bytes, 8, call.sequence);
  put(bytes, 16, call.count);
  return bytes;
}

std::optional<Call> decode_call(const CallBytes& bytes) {
  WireReader reader(bytes.data(), bytes.size());
  const auto magic = reader.number<std::uint32_t>();
  Call call;
  call.kind = static_cast<Call::Kind>(reader.number<std::uint8_t>());
  call.dtype = static_cast<DType>(reader.number<std::uint8_t>());
  call.op = static_cast<Op>(reader.number<std::uint8_t>());
  (void)reader.number<std::uint8_t>();
  call.sequence = reader.number<std::uint64_t>();
  call.count = reader.number<std::uint64_t>();
  const bool known = call.kind >= Call::Kind::all_reduce && call.kind <= Call::Kind::message;
  if (magic != kMagic || !known || size_of(call.dtype) == 0 || call.op > Op::max) return std::nullopt;
  return call;
}

}  // namespace boltloom
