// SPDX-License-Identifier: Apache-2.0
#include "group/backends.h"

#include <array>
#include <string_view>

#include "boltloom/boltloom.hpp"

namespace boltloom {
namespace {

struct Backend {
  std::string_view name;
  bool in_this_build;
};

constexpr std::array<Backend, 5> kBackends{{
    {"ring", true},
    {"jaccl", false},
    {"jaccl-ring", false},
    {"nccl", false},
    {"mpi", false},
}};

}  // namespace

void check_backend(const std::string& name) {
  std::string names;
  for (const Backend& backend : kBackends) {
    if (backend.name == name && backend.in_this_build) return;
    if (backend.name == name) {
      throw Unavailable("backend \"" + name + "\" is not in this build of Boltloom; use BOLTLOOM_BACKEND=ring");
    }
    names += (names.empty() ? "" : ", ") + std::string(backend.name);
  }
  throw InvalidArgument("BOLTLOOM_BACKEND is \"" + name + "\": expected one of " + names);
}

}  // namespace boltloom
