// SPDX-License-Identifier: Apache-2.0
// File descriptors with an owner.
#pragma once

#include <type_traits>
#include <utility>

namespace boltloom {

/// Owns a file descriptor and closes it. Empty after a move.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int value) : value_(value) {}
  Fd(Fd&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      value_ = std::exchange(other.value_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return value_; }
  explicit operator bool() const { return value_ >= 0; }
  void reset();

 private:
  int value_ = -1;
};
static_assert(!std::is_copy_constructible_v<Fd> && std::is_nothrow_move_constructible_v<Fd>);

/// Makes a descriptor non-blocking and closed on exec. Throws Unavailable.
void make_nonblocking(int fd);

/// A level-triggered flag that poll() can wait for: set() makes fd() readable until clear().
class WakeFlag {
 public:
  WakeFlag();
  int fd() const { return read_end_.get(); }
  void set() noexcept;
  void clear() noexcept;

 private:
  Fd read_end_;
  Fd write_end_;
};

}  // namespace boltloom
