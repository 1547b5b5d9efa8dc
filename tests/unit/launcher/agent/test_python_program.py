# SPDX-License-Identifier: Apache-2.0
"""Which Python a command runs under, and which script it reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from boltloom_launcher.agent.python_program import PythonProgram, absent, python_program


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "train": "#!/usr/bin/env -S python3 -u\nimport torch\n",
        "own": "#!/opt/python/bin/python3.12\n",
        "shell": "#!/bin/sh\n",
        "program": "\x7fELF",
        "venv/bin/python": "",
        "venv/bin/mlx_lm.chat": "#!/venv/bin/python\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("argv", "script", "text", "module"),
    [
        ("python3 a.py --flag", "a.py", "", ""),
        ("python3.12 -uW ignore -X importtime a.py -c x", "a.py", "", ""),
        ("python --check-hash-based-pycs never a.py", "a.py", "", ""),
        ("pypy3 -Bc print(1) a.py", "", "print(1)", ""),
        ("python -m mlx_lm.chat -c x", "", "", "mlx_lm.chat"),
        ("python -um mlx_lm.chat", "", "", "mlx_lm.chat"),
        ("python -mmlx_lm", "", "", "mlx_lm"),
        ("python - a.py", "", "", ""),
        ("python -c", "", "", ""),
        ("python", "", "", ""),
    ],
)
def test_the_words_behind_a_python(argv: str, script: str, text: str, module: str) -> None:
    words = argv.split()
    path = f"/work/{script}" if script else ""
    assert python_program(words, "/work", {}) == PythonProgram(words[0], path, text, module)


def test_a_script_names_its_python_in_its_first_line(folder: Path) -> None:
    cwd = str(folder)
    assert python_program(["./train"], cwd, {}) == PythonProgram("python3", f"{cwd}/./train")
    assert python_program([f"{cwd}/own"], "/", {}) == PythonProgram("/opt/python/bin/python3.12", f"{cwd}/own")
    chat = PythonProgram("/venv/bin/python", f"{cwd}/venv/bin/mlx_lm.chat", installed=True)
    assert python_program(["venv/bin/mlx_lm.chat"], cwd, {}) == chat
    assert python_program(["mlx_lm.chat"], "/", {"PATH": f"{cwd}/venv/bin"}) == chat


@pytest.mark.parametrize("name", ["./shell", "./program", "./nothing", "true", "no-such-command", "."])
def test_what_is_no_program_of_pythons(folder: Path, name: str) -> None:
    assert python_program([name], str(folder), {"PATH": "/usr/bin:/bin"}) == PythonProgram()


def test_a_script_that_is_not_there(tmp_path: Path) -> None:
    argv = ["python3", "train.py"]
    assert absent(python_program(argv, str(tmp_path), {})) == [
        f"{tmp_path}/train.py does not exist: copy it to this host, or give another --cwd"
    ]
    (tmp_path / "train.py").touch()
    assert absent(python_program(argv, str(tmp_path), {})) == []
    assert absent(python_program(["python3", "-c", "train.py"], str(tmp_path), {})) == []
