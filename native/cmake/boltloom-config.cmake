# SPDX-License-Identifier: Apache-2.0
# What find_package(boltloom) reads: it gives the target boltloom::boltloom.
include(CMakeFindDependencyMacro)
find_dependency(Threads) # a static libboltloom needs it at link time
include(${CMAKE_CURRENT_LIST_DIR}/boltloom-targets.cmake)
