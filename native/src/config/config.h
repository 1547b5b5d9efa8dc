// SPDX-License-Identifier: Apache-2.0
// The one place that reads the environment.
#pragma once

#include <string>
#include <vector>

#include "boltloom/boltloom.hpp"

namespace boltloom {

/// Reads the form of BOLTLOOM_HOSTS: "NAME=IP[,IP...];NAME=IP[,IP...]". Throws InvalidArgument.
std::vector<Host> parse_hosts(const std::string& text);

/// Throws InvalidArgument when the fields do not fit together, naming the variable. Groups of one need no addresses.
void validate(const Config& config);

/// The value of a variable of this process, none when it is not set.
std::optional<std::string> environment_variable(const std::string& name);

}  // namespace boltloom
