// SPDX-License-Identifier: Apache-2.0
// IP addresses with a port.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

namespace boltloom {

class Address {
 public:
  /// None when `ip` is no numeric IPv4 or IPv6 address (without brackets).
  static std::optional<Address> from_ip(const std::string& ip, std::uint16_t port);
  /// Reads "IP:PORT" or "[IPv6]:PORT".
  static std::optional<Address> parse(const std::string& text);
  /// Where a socket is bound. Throws Unavailable.
  static Address of_socket(int fd);

  /// "10.0.0.1:80", "[fe80::1%en2]:80": what parse() reads.
  std::string text() const;
  /// Without the port and brackets.
  std::string ip() const;
  std::uint16_t port() const;
  void set_port(std::uint16_t port);
  int family() const { return storage_.ss_family; }
  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }

 private:
  Address() = default;
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

/// This computer's address on the network that `peer` is in (longest prefix): the end of the cable that leads there.
/// None when no interface is directly on that network.
std::optional<Address> local_end_towards(const Address& peer);

}  // namespace boltloom
