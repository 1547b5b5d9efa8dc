// SPDX-License-Identifier: Apache-2.0
// Words for messages.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace boltloom {

/// What the system says about an errno, for example "Connection refused".
std::string reason_of(int error);
/// "rank 1 on host mac2"
std::string rank_on_host(int rank, std::string_view host);
/// "12.5 s"
std::string seconds(std::chrono::duration<double> duration);
/// "a", "a and b", "a, b and c"
std::string enumerate(const std::vector<std::string>& items);

}  // namespace boltloom
