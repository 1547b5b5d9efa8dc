// SPDX-License-Identifier: Apache-2.0
// A Link over TCP: one connection per cable between the two ranks, used as rails.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "link/link.h"

namespace boltloom {

/// The stream goes over the rails in turn, a stripe of kStripe bytes each: byte p travels on rail (p / kStripe) %
/// rails. Both sides count bytes, so no stripe needs a header, and a rail can be filling while the receiver reads
/// another one.
class TcpLink final : public Link {
 public:
  static constexpr std::uint64_t kStripe = std::uint64_t{1} << 17;

  /// `rails`: connected, in the same order on both sides. `peer_name`: "rank 1 on host mac2".
  TcpLink(std::vector<Fd> rails, int peer, std::string host, std::string peer_name);
  ~TcpLink() override;

  std::size_t try_send(std::span<const iovec> parts) override;
  pollfd wait_to_send() const override;
  pollfd wait_to_receive() const override;
  int peer() const override { return peer_; }
  std::string path() const override { return path_; }

 protected:
  std::size_t receive_now(std::span<const iovec> parts) override;

 private:
  /// Where the stream stands in one direction.
  struct Position {
    std::uint64_t bytes = 0;
    std::size_t rail(std::size_t rails) const { return static_cast<std::size_t>(bytes / kStripe) % rails; }
    std::size_t left_in_stripe() const { return static_cast<std::size_t>(kStripe - bytes % kStripe); }
  };
  template <class Move>
  std::size_t move(Position& position, std::span<const iovec> parts, Move move_now);
  [[noreturn]] void broken(int error) const;

  std::vector<Fd> rails_;
  int peer_;
  std::string host_;
  std::string peer_name_;
  std::string path_;
  Position sent_;
  Position received_;
};

}  // namespace boltloom
