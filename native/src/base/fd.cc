// SPDX-License-Identifier: Apache-2.0
#include "base/fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/text.h"
#include "boltloom/boltloom.hpp"

namespace boltloom {

void Fd::reset() {
  if (value_ >= 0) ::close(value_);  // what close reports about a socket or pipe that we are done with helps nobody
  value_ = -1;
}

void make_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
    throw Unavailable("cannot make a descriptor non-blocking: " + reason_of(errno));
  }
}

WakeFlag::WakeFlag() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) throw Unavailable("cannot make a pipe: " + reason_of(errno));
  read_end_ = Fd(ends[0]);
  write_end_ = Fd(ends[1]);
  make_nonblocking(ends[0]);
  make_nonblocking(ends[1]);
}

void WakeFlag::set() noexcept {
  const char byte = 1;
  // A full pipe is already readable, which is all that is wanted.
  while (::write(write_end_.get(), &byte, 1) < 0 && errno == EINTR) {
  }
}

void WakeFlag::clear() noexcept {
  std::array<char, 64> bin{};
  for (;;) {
    const auto got = ::read(read_end_.get(), bin.data(), bin.size());
    if (got > 0 || (got < 0 && errno == EINTR)) continue;
    return;
  }
}

}  // namespace boltloom
