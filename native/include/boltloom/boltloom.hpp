// SPDX-License-Identifier: Apache-2.0
// Boltloom's C++ interface: a Group of ranks, and the collectives that they run.
//
//     auto group = boltloom::Group::from_environment();
//     float sum;
//     group.all_reduce(&mine, &sum, 1, boltloom::Op::sum);
//
// Each function ends within the group's timeout, or throws. After PeerFailed, TimedOut, Aborted, or an InvalidArgument
// because two ranks disagreed about a collective, the group is poisoned on every rank: each later call throws the first
// cause at once. Counts are in elements. One thread at a time may use a group (abort() excepted).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "boltloom/boltloom.h"

namespace boltloom {

/// What kind of failure an Error is. The values are those of bl_status.
enum class Code {
  invalid = BL_EINVAL,
  unavailable = BL_EUNAVAIL,
  io = BL_EIO,
  timeout = BL_ETIMEDOUT,
  aborted = BL_EABORTED,
};

/// A failure that is not a bug. what() is one line: what failed, where, and what to do next.
/// (A bug is a std::logic_error.)
class BL_API Error : public std::runtime_error {
 public:
  Error(Code code, const std::string& message, int peer = -1, std::string host = {});
  ~Error() override;
  Code code() const noexcept { return code_; }
  /// The rank that the error is about, -1 if it is about none.
  int peer() const noexcept { return peer_; }
  /// The name of that rank's host, empty if it is about none.
  const std::string& host() const noexcept { return host_; }

 private:
  Code code_;
  int peer_;
  std::string host_;
};

/// An argument or a variable of the environment is wrong, or ranks disagree about a collective.
class BL_API InvalidArgument : public Error {
 public:
  explicit InvalidArgument(const std::string& message, int peer = -1, std::string host = {});
  ~InvalidArgument() override;
};

/// The environment is not fit: port in use, rank missing at start-up, backend not in this build.
class BL_API Unavailable : public Error {
 public:
  explicit Unavailable(const std::string& message, int peer = -1, std::string host = {});
  ~Unavailable() override;
};

/// A peer died, left while it was needed, or its connection broke.
class BL_API PeerFailed : public Error {
 public:
  explicit PeerFailed(const std::string& message, int peer = -1, std::string host = {});
  ~PeerFailed() override;
};

/// The deadline passed.
class BL_API TimedOut : public Error {
 public:
  explicit TimedOut(const std::string& message, int peer = -1, std::string host = {});
  ~TimedOut() override;
};

/// abort() or Config::interrupted stopped it, here or on another rank.
class BL_API Aborted : public Error {
 public:
  explicit Aborted(const std::string& message, int peer = -1, std::string host = {});
  ~Aborted() override;
};

/// Element types. float16 and bfloat16 are reduced in float32, rounded to nearest even after each step. Sums of
/// integers wrap. boolean is a byte that is 0 or 1: sum and max are "or", min is "and".
enum class DType : std::uint8_t {
  boolean = BL_BOOL,
  int8 = BL_INT8,
  int16 = BL_INT16,
  int32 = BL_INT32,
  int64 = BL_INT64,
  uint8 = BL_UINT8,
  uint16 = BL_UINT16,
  uint32 = BL_UINT32,
  uint64 = BL_UINT64,
  float16 = BL_FLOAT16,
  bfloat16 = BL_BFLOAT16,
  float32 = BL_FLOAT32,
  float64 = BL_FLOAT64,
};

/// Reductions. min and max of floating point values are NaN where any rank has NaN.
enum class Op : std::uint8_t { sum = BL_SUM, min = BL_MIN, max = BL_MAX };

/// Bytes of one element.
BL_API std::size_t size_of(DType dtype);
/// "float32", "bool", ...
BL_API std::string_view name_of(DType dtype);
/// "sum", "min", "max"
BL_API std::string_view name_of(Op op);

/// The DType of a C++ arithmetic type.
template <class T>
constexpr DType dtype_of();

/// A host of the group: one entry of BOLTLOOM_HOSTS, that is, one rank's.
struct Host {
  std::string name;              ///< what people call it
  std::vector<std::string> ips;  ///< where the rank accepts its ring neighbour, one per cable
};

/// What a rank must know to join its group.
struct Config {
  int rank = 0;                                ///< BOLTLOOM_RANK
  int size = 1;                                ///< BOLTLOOM_WORLD_SIZE
  int local_rank = 0;                          ///< BOLTLOOM_LOCAL_RANK
  int local_size = 1;                          ///< BOLTLOOM_LOCAL_SIZE
  std::vector<Host> hosts;                     ///< BOLTLOOM_HOSTS, one per rank
  std::string backend = "ring";                ///< BOLTLOOM_BACKEND
  std::string coordinator;                     ///< BOLTLOOM_COORDINATOR, "IP:PORT" or "[IPv6]:PORT"
  std::string token;                           ///< BOLTLOOM_TOKEN
  std::string run_id;                          ///< BOLTLOOM_RUN_ID
  std::chrono::duration<double> timeout{300};  ///< BOLTLOOM_TIMEOUT: how long any single operation may take

  /// Called by the thread that waits, about ten times a second while it waits. Returning true ends the call with
  /// Aborted on this rank and, through it, on all others. It may throw: then the group is aborted, and the exception
  /// goes through to the caller.
  std::function<bool()> interrupted;

  /// Looks a variable's value up; none when it is not set.
  using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

  /// Reads the environment of this process. With none of BOLTLOOM_RANK, BOLTLOOM_WORLD_SIZE, BOLTLOOM_COORDINATOR set
  /// it is a group of one. Throws InvalidArgument, which names the variable.
  BL_API static Config from_environment();
  /// The same from any source of variables.
  BL_API static Config from_variables(const Lookup& lookup);
};

/// Ranks that communicate. An object that exists has joined; destroying it leaves the group. Move-only.
class BL_API Group {
 public:
  /// Joins; returns when every rank has. Throws InvalidArgument or Unavailable.
  explicit Group(const Config& config);
  static Group from_environment();

  Group(Group&&) noexcept;
  Group& operator=(Group&&) noexcept;
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group();

  int rank() const noexcept;
  int size() const noexcept;
  int local_rank() const noexcept;
  int local_size() const noexcept;
  const std::string& backend() const noexcept;
  const std::vector<Host>& hosts() const noexcept;

  /// out[i] = op over all ranks of in[i]; bit for bit the same on every rank. in == out is allowed, a partial overlap
  /// not.
  void all_reduce(const void* in, void* out, std::size_t count, DType dtype, Op op);
  /// out[r * count + i] = in[i] of rank r. in may be this rank's own place in out.
  void all_gather(const void* in, void* out, std::size_t count, DType dtype);
  /// To and from a neighbour in the ring (rank - 1, rank + 1, modulo size). See bl_send.
  void send(const void* buffer, std::size_t count, DType dtype, int dst);
  void recv(void* buffer, std::size_t count, DType dtype, int src);
  /// Returns when every rank has called it.
  void barrier();

  /// Poisons the group on every rank with Aborted and wakes calls that wait; may be called from any thread at any time.
  void abort(const std::string& reason) noexcept;

  template <class T>
  void all_reduce(const T* in, T* out, std::size_t count, Op op) {
    all_reduce(in, out, count, dtype_of<T>(), op);
  }
  template <class T>
  void all_gather(const T* in, T* out, std::size_t count) {
    all_gather(in, out, count, dtype_of<T>());
  }

 private:
  class State;
  std::unique_ptr<State> state_;
};

/// "0.1.0"
BL_API std::string_view version() noexcept;

template <class T>
constexpr DType dtype_of() {
  using U = std::remove_cv_t<T>;
  static_assert(std::is_arithmetic_v<U> && sizeof(U) <= 8, "no DType for this type: pass the DType yourself");
  if constexpr (std::is_same_v<U, bool>) {
    return DType::boolean;
  } else if constexpr (std::is_floating_point_v<U>) {
    return sizeof(U) == 4 ? DType::float32 : DType::float64;
  } else {
    constexpr int first = std::is_signed_v<U> ? BL_INT8 : BL_UINT8;
    constexpr int log2 = sizeof(U) == 1 ? 0 : sizeof(U) == 2 ? 1 : sizeof(U) == 4 ? 2 : 3;
    return static_cast<DType>(first + log2);
  }
}

}  // namespace boltloom
