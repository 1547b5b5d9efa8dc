// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <sstream>
#include <system_error>

namespace boltloom {

std::string reason_of(int error) {
  return std::generic_category().message(error);
}

std::string rank_on_host(int rank, std::string_view host) {
  return "rank " + std::to_string(rank) + " on host " + std::string(host);
}

std::string seconds(std::chrono::duration<double> duration) {
  std::ostringstream text;
  text << duration.count() << " s";
  return text.str();
}

std::string enumerate(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i + 1 == items.size() ? " and " : ", ";
    text += items[i];
  }
  return text;
}

}  // namespace boltloom
