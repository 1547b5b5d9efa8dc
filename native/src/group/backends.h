// SPDX-License-Identifier: Apache-2.0
// The table of backends: what BOLTLOOM_BACKEND may say.
#pragma once

#include <string>

namespace boltloom {

/// Throws InvalidArgument for a name that does not exist, Unavailable for one that this build cannot do.
void check_backend(const std::string& name);

}  // namespace boltloom
