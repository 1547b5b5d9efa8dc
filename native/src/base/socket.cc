// SPDX-License-Identifier: Apache-2.0
#include "base/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/text.h"
#include "boltloom/boltloom.hpp"

namespace boltloom {
namespace {

#ifdef __linux__
constexpr int kSocketFlags = SOCK_CLOEXEC | SOCK_NONBLOCK;
constexpr int kSendFlags = MSG_NOSIGNAL;
#else
constexpr int kSocketFlags = 0;
constexpr int kSendFlags = 0;
#endif
constexpr int kBacklog = 128;
constexpr int kProbeIdle = 4;      // seconds of silence before the first probe
constexpr int kProbeInterval = 2;  // seconds between probes
constexpr int kProbeCount = 3;     // unanswered probes that make an error
constexpr int kUnacknowledgedMs = 10000;

// An option that this system does not have is not worth failing for: each of them only makes things faster or sooner.
void set_option(int fd, int level, int name, int value) {
  (void)::setsockopt(fd, level, name, &value, sizeof(value));
}

void prepare(int fd) {
#ifndef __linux__
  make_nonblocking(fd);
#endif
#ifdef SO_NOSIGPIPE
  set_option(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
  (void)fd;
}

Fd open_socket(const Address& address) {
  Fd fd(::socket(address.family(), SOCK_STREAM | kSocketFlags, 0));
  if (!fd) throw Unavailable("cannot make a socket: " + reason_of(errno));
  prepare(fd.get());
  return fd;
}

msghdr message_of(std::span<const iovec> parts) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(parts.size());
  return message;
}

bool only_busy(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace

Fd listen_on(const Address& address) {
  Fd fd = open_socket(address);
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (::bind(fd.get(), address.data(), address.size()) != 0 || ::listen(fd.get(), kBacklog) != 0) {
    const int error = errno;
    std::string next;
    if (error == EADDRINUSE) next = "; another program holds the port: end it, or start the job with another port";
    if (error == EADDRNOTAVAIL)
      next = "; this computer does not have the address: is the right host first in the list?";
    throw Unavailable("cannot listen on " + address.text() + ": " + reason_of(error) + next);
  }
  return fd;
}

Fd accept_from(int listener) {
  for (;;) {
#ifdef __linux__
    Fd fd(::accept4(listener, nullptr, nullptr, kSocketFlags));
#else
    Fd fd(::accept(listener, nullptr, nullptr));
#endif
    if (fd) {
      prepare(fd.get());
      return fd;
    }
    if (only_busy(errno)) return {};
    // These are about one connection that died while it waited in the queue: take the next.
    if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO || errno == ENETDOWN) continue;
    throw Unavailable("cannot accept a connection: " + reason_of(errno));
  }
}

Fd begin_connect(const Address& peer, const std::optional<Address>& source) {
  Fd fd = open_socket(peer);
  if (source && ::bind(fd.get(), source->data(), source->size()) != 0) {
    throw Unavailable("cannot send from " + source->ip() + ": " + reason_of(errno));
  }
  if (::connect(fd.get(), peer.data(), peer.size()) != 0 && errno != EINPROGRESS && errno != EINTR) {
    throw Unavailable("cannot connect to " + peer.text() + ": " + reason_of(errno));
  }
  return fd;
}

int connect_result(int fd) {
  int error = 0;
  socklen_t size = sizeof(error);
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

Transfer send_now(int fd, std::span<const iovec> parts) {
  const msghdr message = message_of(parts);
  for (;;) {
    const auto sent = ::sendmsg(fd, &message, kSendFlags);
    if (sent >= 0) return {.bytes = static_cast<std::size_t>(sent)};
    if (errno == EINTR) continue;
    if (only_busy(errno) || errno == ENOBUFS) return {};
    return {.error = errno};
  }
}

Transfer recv_now(int fd, std::span<const iovec> parts) {
  msghdr message = message_of(parts);
  for (;;) {
    const auto got = ::recvmsg(fd, &message, 0);
    if (got > 0) return {.bytes = static_cast<std::size_t>(got)};
    if (got == 0) return {.closed = true};
    if (errno == EINTR) continue;
    if (only_busy(errno)) return {};
    return {.error = errno};
  }
}

void disable_nagle(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

void probe_when_idle(int fd) {
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef TCP_KEEPIDLE
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, kProbeIdle);
#elif defined(TCP_KEEPALIVE)
  set_option(fd, IPPROTO_TCP, TCP_KEEPALIVE, kProbeIdle);
#endif
#ifdef TCP_KEEPINTVL
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, kProbeInterval);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, kProbeCount);
#endif
}

void limit_unacknowledged(int fd) {
#if defined(TCP_USER_TIMEOUT)
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledgedMs);
#elif defined(TCP_RXT_CONNDROPTIME)
  set_option(fd, IPPROTO_TCP, TCP_RXT_CONNDROPTIME, kUnacknowledgedMs / 1000);
#endif
}

void end_sending(int fd) {
  (void)::shutdown(fd, SHUT_WR);
}

}  // namespace boltloom
