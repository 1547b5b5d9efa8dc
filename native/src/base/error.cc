// SPDX-License-Identifier: Apache-2.0
#include "boltloom/boltloom.hpp"

namespace boltloom {

Error::Error(Code code, const std::string& message, int peer, std::string host)
    : std::runtime_error(message), code_(code), peer_(peer), host_(std::move(host)) {}
InvalidArgument::InvalidArgument(const std::string& message, int peer, std::string host)
    : Error(Code::invalid, message, peer, std::move(host)) {}
Unavailable::Unavailable(const std::string& message, int peer, std::string host)
    : Error(Code::unavailable, message, peer, std::move(host)) {}
PeerFailed::PeerFailed(const std::string& message, int peer, std::string host)
    : Error(Code::io, message, peer, std::move(host)) {}
TimedOut::TimedOut(const std::string& message, int peer, std::string host)
    : Error(Code::timeout, message, peer, std::move(host)) {}
Aborted::Aborted(const std::string& message, int peer, std::string host)
    : Error(Code::aborted, message, peer, std::move(host)) {}

// Defined here so that the types' identity, which catch compares, lives in this library alone.
Error::~Error() = default;
InvalidArgument::~InvalidArgument() = default;
Unavailable::~Unavailable() = default;
PeerFailed::~PeerFailed() = default;
TimedOut::~TimedOut() = default;
Aborted::~Aborted() = default;

}  // namespace boltloom
