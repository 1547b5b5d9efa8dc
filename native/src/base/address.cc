// SPDX-License-Identifier: Apache-2.0
#include "base/address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

#include "base/text.h"
#include "boltloom/boltloom.hpp"

namespace boltloom {
namespace {

/// The bytes of an IP address in network order; empty for another family.
std::span<const std::byte> ip_bytes(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
    return std::as_bytes(std::span(&v4, 1));
  }
  if (address->sa_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    return std::as_bytes(std::span(&v6, 1));
  }
  return {};
}

/// Bits of the netmask if `peer` lies in the network of `own`, -1 if not.
int shared_prefix(const sockaddr* own, const sockaddr* mask, const sockaddr* peer) {
  const auto a = ip_bytes(own);
  const auto p = ip_bytes(peer);
  if (a.empty() || own->sa_family != peer->sa_family || mask == nullptr) return -1;
  // Some systems leave the family of a netmask empty; its layout is the address's.
  sockaddr_storage wide_mask{};
  std::memcpy(&wide_mask, mask, own->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  wide_mask.ss_family = own->sa_family;
  const auto m = ip_bytes(reinterpret_cast<const sockaddr*>(&wide_mask));
  int bits = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if ((a[i] & m[i]) != (p[i] & m[i])) return -1;
    for (auto byte = std::to_integer<unsigned>(m[i]); byte != 0; byte &= byte - 1) ++bits;
  }
  return bits;
}

}  // namespace

std::optional<Address> Address::from_ip(const std::string& ip, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (ip.empty() || ::getaddrinfo(ip.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return std::nullopt;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  Address address;
  std::memcpy(&address.storage_, found->ai_addr, found->ai_addrlen);
  address.size_ = found->ai_addrlen;
  return address;
}

std::optional<Address> Address::parse(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string ip = text.substr(0, colon);
  if (ip.size() >= 2 && ip.front() == '[' && ip.back() == ']') {
    ip = ip.substr(1, ip.size() - 2);
  } else if (ip.find(':') != std::string::npos) {
    return std::nullopt;  // IPv6 without brackets: where the port begins would be a guess
  }
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return from_ip(ip, port);
}

Address Address::of_socket(int fd) {
  Address address;
  address.size_ = sizeof(address.storage_);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage_), &address.size_) != 0) {
    throw Unavailable("cannot read a socket's address: " + reason_of(errno));
  }
  return address;
}

std::string Address::ip() const {
  std::array<char, NI_MAXHOST> host{};
  if (::getnameinfo(data(), size_, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) != 0) return "?";
  return host.data();
}

std::string Address::text() const {
  std::string host = ip();
  if (family() == AF_INET6) host = std::string(1, '[').append(host).append(1, ']');
  return host.append(1, ':').append(std::to_string(port()));
}

std::uint16_t Address::port() const {
  return family() == AF_INET6 ? ntohs(reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port)
                              : ntohs(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
}

void Address::set_port(std::uint16_t port) {
  if (family() == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(&storage_)->sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in*>(&storage_)->sin_port = htons(port);
  }
}

std::optional<Address> local_end_towards(const Address& peer) {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return std::nullopt;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(first, ::freeifaddrs);
  const ifaddrs* best = nullptr;
  int best_bits = 0;
  for (const ifaddrs* at = first; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) continue;
    const int bits = shared_prefix(at->ifa_addr, at->ifa_netmask, peer.data());
    if (bits > best_bits) {
      best = at;
      best_bits = bits;
    }
  }
  if (best == nullptr) return std::nullopt;
  std::array<char, NI_MAXHOST> host{};
  const auto size = static_cast<socklen_t>(peer.family() == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  if (::getnameinfo(best->ifa_addr, size, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) != 0) {
    return std::nullopt;
  }
  return Address::from_ip(host.data(), 0);
}

}  // namespace boltloom
