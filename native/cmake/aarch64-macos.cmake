# SPDX-License-Identifier: Apache-2.0
# Cross-compiles and links for macOS on Apple silicon, from any system, with the clang, the headers and the libSystem
# stubs that the PyPI package `ziglang` carries:
#   cmake -S native -B build --toolchain cmake/aarch64-macos.cmake -DBOLTLOOM_ZIG_PYTHON=/a/python/with/ziglang
# It shows that the code compiles and links there; only a Mac can run it.
set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR arm64)

set(BOLTLOOM_ZIG_PYTHON python3 CACHE STRING "A Python that has the package ziglang")
set(BOLTLOOM_ZIG_LIBCXX ON CACHE BOOL "Link zig's own C++ library, which it compiles first (minutes)")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BOLTLOOM_ZIG_PYTHON BOLTLOOM_ZIG_LIBCXX)
set(CMAKE_C_COMPILER ${BOLTLOOM_ZIG_PYTHON} -m ziglang cc)
set(CMAKE_CXX_COMPILER ${BOLTLOOM_ZIG_PYTHON} -m ziglang c++)
set(CMAKE_C_COMPILER_TARGET aarch64-macos)
set(CMAKE_CXX_COMPILER_TARGET aarch64-macos)

# The target says all of this; CMake would add Apple's own spellings, which zig does not take.
set(CMAKE_OSX_ARCHITECTURES "" CACHE STRING "")
set(CMAKE_OSX_SYSROOT "" CACHE STRING "")
set(CMAKE_OSX_DEPLOYMENT_TARGET "" CACHE STRING "")

# Apple's binary tools are not here. Archives are made by zig; install names are written by the linker at once.
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
set(CMAKE_INSTALL_NAME_TOOL true CACHE STRING "")
foreach(language C CXX)
  set(CMAKE_${language}_ARCHIVE_CREATE "${BOLTLOOM_ZIG_PYTHON} -m ziglang ar qcs <TARGET> <OBJECTS>")
  set(CMAKE_${language}_ARCHIVE_APPEND "${BOLTLOOM_ZIG_PYTHON} -m ziglang ar qs <TARGET> <OBJECTS>")
  set(CMAKE_${language}_ARCHIVE_FINISH "")
endforeach()

# Without it, what is C++'s own is left open, as it is where the Mac's libc++ is linked.
if(NOT BOLTLOOM_ZIG_LIBCXX)
  set(CMAKE_USER_MAKE_RULES_OVERRIDE_CXX ${CMAKE_CURRENT_LIST_DIR}/zig-without-libcxx.cmake)
endif()
