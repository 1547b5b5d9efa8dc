# SPDX-License-Identifier: Apache-2.0
"""`pip install ./native` from a clean checkout into a clean virtual environment, as a user would do it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.minutes(3.5)]


def _run(argv: list[str | Path], folder: Path) -> str:
    """Runs a command in `folder`, away from the checkout; its output, or a failure that shows it."""
    done = subprocess.run(argv, cwd=folder, text=True, capture_output=True, timeout=500, check=False)
    assert done.returncode == 0, f"{argv}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built in isolation from a copy of what git knows: a stray file of the checkout cannot help."""
    folder = tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "native"], cwd=ROOT, text=True, stdout=-1)
    for name in listed.stdout.split():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    _run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, "./native"], folder)
    return next(folder.glob("boltloom-*.whl"))


@pytest.fixture(scope="module")
def clean_python(wheel: Path) -> Path:
    """A Python that has this wheel and nothing else, NumPy neither."""
    folder = wheel.parent / "venv"
    venv.create(folder, with_pip=True)
    python = folder / "bin/python"
    _run([python, "-m", "pip", "install", "-q", "--no-index", wheel], wheel.parent)
    return python


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"boltloom", f"{'-'.join(wheel.stem.split('-')[:2])}.dist-info"}
    package = {name for name in names if name.startswith("boltloom/")}
    assert {"boltloom/py.typed", "boltloom/_native.pyi", "boltloom/__init__.py"} <= package
    assert {Path(name).suffix for name in package} == {".py", ".pyi", ".typed", ".so"}


def test_one_wheel_serves_python_3_12_and_later(wheel: Path) -> None:
    """Older Pythons have no stable ABI that the binding can use, so theirs is for them alone."""
    python_tag, abi_tag, _ = wheel.stem.split("-")[2:]
    own = f"cp{sys.version_info.major}{sys.version_info.minor}"
    assert (python_tag, abi_tag) == (("cp312", "abi3") if sys.version_info >= (3, 12) else (own, own))


def test_it_needs_nothing_else(clean_python: Path) -> None:
    source = """if True:
        import boltloom, array
        with boltloom.init() as group:
            print(group.all_reduce(array.array("f", [1, 2])).tolist(), group.all_gather(b"ab"))
    """
    assert _run([clean_python, "-I", "-c", source], clean_python.parent) == "[1.0, 2.0] b'ab'\n"
    assert "Requires: \n" in _run([clean_python, "-m", "pip", "show", "boltloom"], clean_python.parent) + "\n"


TYPED_PROGRAM = """
from typing import assert_type
import boltloom

with boltloom.init() as group:
    assert_type(group.all_reduce(bytearray(8), "max"), bytearray)
    assert_type(group.all_gather(b"a"), bytes)
    assert_type(group.all_reduce(b"a", out=bytearray(1)), bytearray)
    assert_type(group.recv(b"a", 0, out=bytearray(1)), bytearray)
    assert_type(group.hosts, tuple[str, ...])
"""


def test_types_are_complete_and_precise(tmp_path: Path) -> None:
    """A type checker sees the package (py.typed) and what its functions return; ours finds nothing to say about it."""
    program = tmp_path / "program.py"
    program.write_text(TYPED_PROGRAM)
    mypy = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", ROOT / ".build/mypy-python"]
    _run([*mypy, "-p", "boltloom"], ROOT / "native/python")
    _run([*mypy, program], tmp_path)  # here it finds the installed package
