# SPDX-License-Identifier: Apache-2.0
"""The native library builds, and passes its own tests, with each preset of native/CMakePresets.json.

Builds are incremental in .build/native-<preset>, so a second run takes as long as the tests themselves.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NATIVE = Path(__file__).resolve().parents[2] / "native"
BUILD_DEADLINE = 900
TEST_DEADLINE = 600

pytestmark = [
    pytest.mark.minutes(8),
    pytest.mark.slow,
    pytest.mark.timeout(BUILD_DEADLINE + TEST_DEADLINE + 60),
    pytest.mark.skipif(shutil.which("cmake") is None or shutil.which("ninja") is None, reason="needs cmake and ninja"),
]


def run(*argv: str, deadline: float) -> str:
    """The command's output; the test fails with it when the command does."""
    done = subprocess.run(
        argv, cwd=NATIVE, timeout=deadline, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    assert done.returncode == 0, f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout[-20000:]}"
    return done.stdout


def build(preset: str) -> None:
    run("cmake", "--preset", preset, deadline=60)
    run("cmake", "--build", "--preset", preset, "-j2", deadline=BUILD_DEADLINE)


# Another clang compiles it all for macOS in any case.
@pytest.mark.parametrize("preset", ["dev", pytest.param("clang", marks=pytest.mark.campaign), "asan", "tsan"])
def test_builds_and_passes_its_tests(preset: str) -> None:
    if preset == "clang" and shutil.which("clang++") is None:
        pytest.skip("needs clang++")
    build(preset)
    output = run("ctest", "--preset", preset, "-j2", deadline=TEST_DEADLINE)
    summary = re.search(r"100% tests passed, 0 tests failed out of (\d+)", output)
    assert summary is not None, output[-5000:]
    assert int(summary[1]) >= 100, f"ctest found {summary[1]} tests only"


def test_breaking_the_import_law_does_not_compile(tmp_path: Path) -> None:
    """A copy of the library in which `link` includes a header of `collective`, which stands above it."""
    copy = tmp_path / "native"
    shutil.copytree(NATIVE, copy, ignore=shutil.ignore_patterns("python", "tests", "bench"))
    source = copy / "src" / "link" / "link.cc"
    source.write_text('#include "collective/executor.h"\n' + source.read_text())
    configure = ["cmake", "-G", "Ninja", "-S", str(copy), "-B", str(tmp_path / "build")]
    subprocess.run(configure, check=True, capture_output=True, timeout=120)
    done = subprocess.run(
        ["cmake", "--build", str(tmp_path / "build"), "--target", "bl_link"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode != 0
    assert "collective/executor.h: No such file or directory" in done.stdout or "file not found" in done.stdout


def sources() -> list[str]:
    folders = ["include", "src", "tests", "bench"]
    return sorted(
        str(path)
        for folder in folders
        for path in (NATIVE / folder).rglob("*")
        if path.suffix in {".cc", ".h", ".hpp", ".c"}
    )


def test_is_formatted() -> None:
    run(str(NATIVE.parent / "tools/clang-format-check"), deadline=120)


def test_has_no_complaints_of_clang_tidy() -> None:
    clang_tidy = shutil.which("clang-tidy", path=venv_path())
    if clang_tidy is None:
        pytest.skip("needs clang-tidy")
    build("dev")  # for the compile commands and the rooms' doors
    compiled = [path for path in sources() if path.endswith(".cc") and "/src/" in path]
    run(clang_tidy, "-p", str(NATIVE.parent / ".build" / "native-dev"), "--quiet", *compiled, deadline=BUILD_DEADLINE)


def test_files_stay_readable() -> None:
    lengths = {path: len(Path(path).read_text().splitlines()) for path in sources()}
    assert not {path: length for path, length in lengths.items() if length > 500}


def venv_path() -> str:
    """Where the tools are: beside the interpreter that runs this first, then wherever the user has them."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
