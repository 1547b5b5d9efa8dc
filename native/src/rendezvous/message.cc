// SPDX-License-Identifier: Apache-2.0
#include "rendezvous/message.h"

#include <array>

#include "base/socket.h"
#include "base/text.h"
#include "base/wire.h"

namespace boltloom {
namespace {

constexpr std::uint32_t kMagic = 0x4d4c5442;  // "BTLM"
constexpr std::size_t kMaxMessage = std::size_t{1}
                                    << 22;  // a roster of thousands of ranks; bounds what garbage can claim
constexpr std::size_t kLengthBytes = 4;

void write(WireWriter& writer, const Member& member) {
  writer.text(member.host);
  writer.number(static_cast<std::uint32_t>(member.endpoints.size()));
  for (const auto& endpoint : member.endpoints) writer.text(endpoint);
}

Member read_member(WireReader& reader) {
  Member member{.host = reader.text(), .endpoints = {}};
  const auto count = reader.number<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) member.endpoints.push_back(reader.text());
  return member;
}

WireReader reader_of(const Message& message) {
  return {message.body.data(), message.body.size()};
}

bool known(Code code) {
  switch (code) {
    case Code::invalid:
    case Code::unavailable:
    case Code::io:
    case Code::timeout:
    case Code::aborted:
      return true;
  }
  return false;
}

}  // namespace

Message encode(const Hello& hello) {
  WireWriter writer;
  writer.number(kMagic);
  writer.number(hello.version);
  writer.text(hello.token);
  writer.number(hello.rank);
  writer.number(hello.size);
  writer.text(hello.backend);
  writer.text(hello.run_id);
  write(writer, hello.member);
  return {.kind = MessageKind::hello, .body = writer.bytes()};
}

std::optional<Hello> decode_hello(const Message& message) {
  WireReader reader = reader_of(message);
  if (message.kind != MessageKind::hello || reader.number<std::uint32_t>() != kMagic) return std::nullopt;
  Hello hello;
  hello.version = reader.number<std::uint32_t>();
  hello.token = reader.text();
  if (!reader.ok()) return std::nullopt;
  // What follows the token may differ in another version: the caller has to look at the version first.
  hello.rank = reader.number<std::int32_t>();
  hello.size = reader.number<std::int32_t>();
  hello.backend = reader.text();
  hello.run_id = reader.text();
  hello.member = read_member(reader);
  if (hello.version == kProtocolVersion && !reader.complete()) return std::nullopt;
  return hello;
}

Message encode(const Roster& roster) {
  WireWriter writer;
  writer.number(static_cast<std::uint32_t>(roster.size()));
  for (const auto& member : roster) write(writer, member);
  return {.kind = MessageKind::roster, .body = writer.bytes()};
}

std::optional<Roster> decode_roster(const Message& message) {
  WireReader reader = reader_of(message);
  const auto count = reader.number<std::uint32_t>();
  Roster roster;
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) roster.push_back(read_member(reader));
  if (message.kind != MessageKind::roster || !reader.complete()) return std::nullopt;
  return roster;
}

Message encode(const Failure& failure) {
  WireWriter writer;
  writer.number(static_cast<std::uint8_t>(failure.code));
  writer.number(failure.peer);
  writer.text(failure.host);
  writer.text(failure.message);
  return {.kind = MessageKind::failure, .body = writer.bytes()};
}

std::optional<Failure> decode_failure(const Message& message) {
  WireReader reader = reader_of(message);
  Failure failure;
  failure.code = static_cast<Code>(reader.number<std::uint8_t>());
  failure.peer = reader.number<std::int32_t>();
  failure.host = reader.text();
  failure.message = reader.text();
  if (message.kind != MessageKind::failure || !reader.complete() || !known(failure.code)) return std::nullopt;
  return failure;
}

Message encode(const Departure& departure) {
  WireWriter writer;
  writer.number(departure.rank);
  writer.number(departure.completed);
  return {.kind = MessageKind::left, .body = writer.bytes()};
}

std::optional<Departure> decode_departure(const Message& message) {
  WireReader reader = reader_of(message);
  Departure departure;
  departure.rank = reader.number<std::int32_t>();
  departure.completed = reader.number<std::uint64_t>();
  if (message.kind != MessageKind::left || !reader.complete()) return std::nullopt;
  return departure;
}

Channel::Channel(Fd fd) : fd_(std::move(fd)) {
  disable_nagle(fd_.get());
  probe_when_idle(fd_.get());
  limit_unacknowledged(fd_.get());
}

bool Channel::send(const Message& message, const Patience& patience) {
  if (!fd_) return false;
  WireWriter head;
  head.number(static_cast<std::uint32_t>(message.body.size() + 1));
  head.number(static_cast<std::uint8_t>(message.kind));
  std::vector<std::byte> bytes = head.bytes();
  bytes.insert(bytes.end(), message.body.begin(), message.body.end());
  for (std::size_t sent = 0; sent < bytes.size();) {
    const std::array<iovec, 1> part{{{.iov_base = bytes.data() + sent, .iov_len = bytes.size() - sent}}};
    const Transfer transfer = send_now(fd_.get(), part);
    if (transfer.error != 0) return false;
    sent += transfer.bytes;
    if (transfer.bytes > 0) continue;
    std::array<pollfd, 1> fds{{{.fd = fd_.get(), .events = POLLOUT, .revents = 0}}};
    if (!wait_ready(fds, patience)) return false;
  }
  return true;
}

void Channel::read_more() {
  std::array<std::byte, 4096> room;
  while (!no_more_) {
    const std::array<iovec, 1> part{{{.iov_base = room.data(), .iov_len = room.size()}}};
    const Transfer transfer = recv_now(fd_.get(), part);
    heard_.insert(heard_.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(transfer.bytes));
    if (transfer.closed || transfer.error != 0) {
      no_more_ = true;
      end_reason_ = transfer.closed ? "it was closed" : reason_of(transfer.error);
    }
    if (transfer.bytes < room.size()) return;
  }
}

std::optional<Message> Channel::receive() {
  if (!fd_ || ended_) return std::nullopt;
  read_more();
  WireReader reader(heard_.data(), heard_.size());
  const auto length = reader.number<std::uint32_t>();
  if (reader.ok() && (length == 0 || length > kMaxMessage)) {
    ended_ = true;
    end_reason_ = "it carried something that is no message of Boltloom";
    return std::nullopt;
  }
  if (!reader.ok() || heard_.size() < kLengthBytes + length) {
    ended_ = no_more_;
    return std::nullopt;
  }
  const auto begin = heard_.begin() + kLengthBytes;
  Message message{.kind = static_cast<MessageKind>(*begin), .body = {begin + 1, begin + length}};
  heard_.erase(heard_.begin(), begin + length);
  return message;
}

void Channel::finish() {
  if (fd_) end_sending(fd_.get());
}

}  // namespace boltloom
