// SPDX-License-Identifier: Apache-2.0
// TCP sockets, non-blocking and closed on exec from birth; the differences between Linux and macOS end here.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <optional>
#include <span>

#include "base/address.h"
#include "base/fd.h"
#include "base/wait.h"

namespace boltloom {

/// Listens on an address (port 0: the system picks one). Throws Unavailable.
Fd listen_on(const Address& address);

/// Accepts one connection; an empty Fd when none is waiting.
Fd accept_from(int listener);

/// Begins to connect, from `source` if given. connect_result() tells how it went once the socket is writable.
/// Throws Unavailable when it cannot even begin (no route, address not on this computer).
Fd begin_connect(const Address& peer, const std::optional<Address>& source);

/// 0, or the errno of a connect that has ended.
int connect_result(int fd);

/// How a transfer on a non-blocking socket went.
struct Transfer {
  std::size_t bytes = 0;
  int error = 0;        // an errno; 0 when all went well, also when nothing could be moved now
  bool closed = false;  // the peer has ended the connection (recv only)
};

/// Moves what can be moved at once. Never raises SIGPIPE.
Transfer send_now(int fd, std::span<const iovec> parts);
Transfer recv_now(int fd, std::span<const iovec> parts);

/// Small messages leave at once.
void disable_nagle(int fd);

/// Makes the system probe an idle connection, so that a computer that vanished, or a cable that was cut, becomes an
/// error after about ten seconds. A stopped process is no failure: its system answers the probes.
void probe_when_idle(int fd);

/// Makes unacknowledged data an error after about ten seconds. For connections whose peer always reads: a receiver
/// that is merely stopped while its buffer is full would be taken for dead.
void limit_unacknowledged(int fd);

/// Ends this side of the conversation; what was sent still arrives.
void end_sending(int fd);

}  // namespace boltloom
