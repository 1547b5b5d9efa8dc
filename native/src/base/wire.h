// SPDX-License-Identifier: Apache-2.0
// Messages as bytes: fixed width, little-endian whatever the machine, strings with their length in front.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace boltloom {

class WireWriter {
 public:
  template <class T>
  void number(T value) {
    using U = std::make_unsigned_t<T>;
    auto rest = static_cast<std::uint64_t>(static_cast<U>(value));
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      bytes_.push_back(static_cast<std::byte>(rest & 0xff));
      rest >>= 8;
    }
  }
  void text(const std::string& value) {
    number(static_cast<std::uint32_t>(value.size()));
    for (const char c : value) bytes_.push_back(static_cast<std::byte>(c));
  }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

/// Reads what WireWriter wrote. Whatever the bytes are, it stays inside them; ok() tells whether they were enough.
class WireReader {
 public:
  WireReader(const std::byte* data, std::size_t size) : data_(data), size_(size) {}

  template <class T>
  T number() {
    std::uint64_t value = 0;
    if (!take(sizeof(T))) return T{};
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value |= std::to_integer<std::uint64_t>(data_[at_ - sizeof(T) + i]) << (8 * i);
    }
    return static_cast<T>(value);
  }
  std::string text() {
    const auto length = number<std::uint32_t>();
    if (!take(length)) return {};
    const auto* first = reinterpret_cast<const char*>(data_ + at_ - length);
    return {first, length};
  }
  /// Nothing was missing so far.
  bool ok() const { return ok_; }
  /// Nothing was missing, and nothing is left over.
  bool complete() const { return ok_ && at_ == size_; }

 private:
  bool take(std::size_t count) {
    if (!ok_ || size_ - at_ < count) {
      ok_ = false;
      return false;
    }
    at_ += count;
    return true;
  }
  const std::byte* data_;
  std::size_t size_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace boltloom
