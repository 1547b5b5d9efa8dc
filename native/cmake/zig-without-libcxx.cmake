# SPDX-License-Identifier: Apache-2.0
# Links C++ as if it were C: zig's C++ library stays out, and a Mac looks its own up when it loads the result.
set(link "${BOLTLOOM_ZIG_PYTHON} -m ziglang cc -target aarch64-macos -Wl,-undefined,dynamic_lookup")
set(CMAKE_CXX_LINK_EXECUTABLE "${link} <FLAGS> <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>")
set(CMAKE_CXX_CREATE_SHARED_LIBRARY
  "${link} <LANGUAGE_COMPILE_FLAGS> <CMAKE_SHARED_LIBRARY_CREATE_CXX_FLAGS> <LINK_FLAGS> <SONAME_FLAG> <TARGET_INSTALLNAME_DIR><TARGET_SONAME> -o <TARGET> <OBJECTS> <LINK_LIBRARIES>")
