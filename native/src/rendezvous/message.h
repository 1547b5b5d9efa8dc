// SPDX-License-Identifier: Apache-2.0
// What ranks say to each other over the management network, and the connection on which they say it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/health.h"
#include "base/wait.h"

namespace boltloom {

/// Changes whenever any message between ranks does, on this connection or on the links.
constexpr std::uint32_t kProtocolVersion = 1;

enum class MessageKind : std::uint8_t {
  hello = 1,    ///< rank -> rank 0: Hello
  roster = 2,   ///< rank 0 -> all, once all have come: Roster
  failure = 3,  ///< anybody -> rank 0 -> all: why the group is poisoned, or why there will be none
  left = 4,     ///< anybody -> rank 0 -> all: Departure
};

/// On the wire: u32 length of what follows, u8 kind, body.
struct Message {
  MessageKind kind;
  std::vector<std::byte> body;
};

/// One rank of the group, as it describes itself.
struct Member {
  std::string host;
  std::vector<std::string> endpoints;  ///< where the rank before it shall connect, one per cable
};
using Roster = std::vector<Member>;

struct Hello {
  std::string token;
  std::uint32_t version = kProtocolVersion;
  int rank = 0;
  int size = 0;
  std::string backend;
  std::string run_id;
  Member member;
};

struct Departure {
  int rank = 0;
  std::uint64_t completed = 0;  ///< collectives
};

Message encode(const Hello& hello);
Message encode(const Roster& roster);
Message encode(const Failure& failure);
Message encode(const Departure& departure);
// None when the body is not of that kind or is cut short.
std::optional<Hello> decode_hello(const Message& message);
std::optional<Roster> decode_roster(const Message& message);
std::optional<Failure> decode_failure(const Message& message);
std::optional<Departure> decode_departure(const Message& message);

/// A connection that carries messages. Movable; knows when its peer has ended it.
class Channel {
 public:
  explicit Channel(Fd fd);
  int fd() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }

  /// Sends a message wholly, waiting if need be. False when the peer is gone or does not read until the deadline.
  bool send(const Message& message, const Patience& patience);
  /// The next message that has come wholly; none when there is none yet or the channel has ended.
  std::optional<Message> receive();
  /// The peer has ended the connection, or sent what is no message, and all messages before that were received.
  bool ended() const { return ended_; }
  /// How it ended, in words.
  const std::string& end_reason() const { return end_reason_; }
  void close() { fd_.reset(); }
  /// Says that nothing more will be sent.
  void finish();

 private:
  void read_more();
  Fd fd_;
  std::vector<std::byte> heard_;
  bool ended_ = false;
  bool no_more_ = false;
  std::string end_reason_;
};

}  // namespace boltloom
