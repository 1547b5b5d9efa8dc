# SPDX-License-Identifier: Apache-2.0
"""The library, and programs that use it, compile and link for macOS on Apple silicon: Macs are what they are for.

The compiler is zig's, from PyPI. Nothing here can run the result; that takes a Mac.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import nanobind
import pytest

from native import macho

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build/native-macos"
OF_CPP = re.compile(r"__Z(T[ITVS])?(NK?)?(St|10__cxxabiv1)|__Z(n|d|S[aoist])|___cxa_|___gxx_|___dynamic_cast")
HEADER = ROOT / "native/include/boltloom/boltloom.h"

# The first time, zig builds its C library for macOS first. Its C++ library would take minutes, and a Mac has its own.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200), pytest.mark.minutes(4)]


@pytest.fixture(scope="module")
def build() -> Path:
    """The examples, with the library under them, built for macOS; only what changed is built again."""
    toolchain = ROOT / "native/cmake/aarch64-macos.cmake"
    # CMake keeps the compiler that a build folder was made with, so it has to be a path that stays.
    configure = ["cmake", "-G", "Ninja", "-S", "examples", "-B", str(BUILD), f"-DBOLTLOOM_ZIG_PYTHON={sys.executable}"]
    _run([*configure, "-DBOLTLOOM_ZIG_LIBCXX=OFF", "--toolchain", str(toolchain)])
    _run(["cmake", "--build", str(BUILD), "-j", "2"])
    return BUILD


def _run(argv: list[str]) -> None:
    environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(ROOT / ".build/zig-cache")}
    done = subprocess.run(argv, cwd=ROOT, env=environment, text=True, capture_output=True, timeout=560, check=False)
    assert done.returncode == 0, f"{' '.join(argv)}\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}"


def test_library_is_for_apple_silicon_and_exports_the_c_interface(build: Path) -> None:
    library = macho.read(build / "boltloom/libboltloom.dylib")
    assert (library.magic, library.processor, library.file_type) == (
        macho.MAGIC_64,
        macho.ARM64,
        macho.SHARED_LIBRARY,
    )
    declared = set(re.findall(r"^BL_API [^;]*?\b(bl_\w+)\(", HEADER.read_text(), re.MULTILINE))
    assert "bl_init" in declared
    assert {f"_{name}" for name in declared} <= library.exports
    assert library.open and not [name for name in library.open if not OF_CPP.match(name)]


@pytest.mark.parametrize("name", ["all_reduce_c", "all_reduce_cpp"])
def test_programs_link_against_it(build: Path, name: str) -> None:
    program = macho.read(build / name)
    assert (program.magic, program.processor, program.file_type) == (macho.MAGIC_64, macho.ARM64, macho.EXECUTABLE)
    assert "_main" in program.exports


@pytest.mark.parametrize("source", sorted((ROOT / "native/python/src").glob("*.cc")), ids=lambda path: path.name)
def test_the_python_extension_compiles(source: Path, tmp_path: Path) -> None:
    """With this system's Python headers, which differ from a Mac's in what they found at configuration only."""
    headers = [nanobind.include_dir(), sysconfig.get_paths()["include"]]
    include = [word for folder in headers for word in ("-isystem", folder)] + ["-I", str(ROOT / "native/include")]
    target = ["-target", "aarch64-macos", "-std=c++20", "-Wall", "-Wextra", "-Werror"]
    made = tmp_path / "made.o"
    _run([sys.executable, "-m", "ziglang", "c++", *target, *include, "-c", str(source), "-o", str(made)])
    assert macho.read(made).processor == macho.ARM64
