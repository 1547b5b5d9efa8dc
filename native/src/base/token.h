// SPDX-License-Identifier: Apache-2.0
// The run's secret.
#pragma once

#include <cstddef>
#include <string>

namespace boltloom {

/// Compares in a time that depends on the lengths alone, so that answers do not tell a guesser how far a guess was
/// right.
inline bool same_token(const std::string& offered, const std::string& own) {
  if (offered.size() != own.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < own.size(); ++i) {
    difference |= static_cast<unsigned char>(offered[i]) ^ static_cast<unsigned char>(own[i]);
  }
  return difference == 0;
}

}  // namespace boltloom
