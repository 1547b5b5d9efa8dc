# SPDX-License-Identifier: Apache-2.0
"""The script of the ranks: the same or not, and what it imports."""

from __future__ import annotations

from pathlib import Path

import pytest
from boltloom_launcher.agent.python_program import python_program
from boltloom_launcher.agent.script import Script, script


def look(argv: list[str], cwd: Path) -> Script:
    return script(python_program(argv, str(cwd), {}), argv, str(cwd))


def test_the_place_of_its_interpreter_is_no_difference(tmp_path: Path) -> None:
    seen = {}
    for folder, text in {
        "a": "#!/a/python3\nx = 1\n",
        "b": "#!/b/python3\nx = 1\n",
        "c": "#!/a/python3\nx = 2\n",
    }.items():
        path = tmp_path / folder / "train"
        path.parent.mkdir()
        path.write_text(text)
        found = look(["./train"], path.parent)
        assert found.path == f"{path.parent}/./train"
        seen[folder] = found.digest
    assert seen["a"] == seen["b"] != seen["c"]
    assert all(len(digest) == 64 for digest in seen.values())


def test_other_languages_and_programs(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text("#!/bin/sh\npython train.py\n")
    (tmp_path / "program").write_bytes(b"\x7fELF")
    assert look(["./run.sh"], tmp_path).digest
    assert look(["./program"], tmp_path) == look(["true"], tmp_path) == Script("", "", [])


@pytest.mark.parametrize(
    ("text", "libraries"),
    [
        ("import mlx.core as mx\n", ["mlx"]),
        ("import os, torch.nn as nn, sys\n", ["torch"]),
        ("def f():\n    from mlx_lm.generate import main\n", ["mlx"]),
        ("import boltloom; import mlx\n", ["boltloom", "mlx"]),
        ("# import mlx\nprint('import torch')\nimport mlxtend, torchvision\n", []),
    ],
)
def test_the_libraries_that_it_names(tmp_path: Path, text: str, libraries: list[str]) -> None:
    (tmp_path / "a.py").write_text(text)
    assert look(["python", "a.py"], tmp_path).libraries == libraries
    assert look(["python", "-c", text], tmp_path).libraries == libraries


def test_a_module_names_its_library(tmp_path: Path) -> None:
    assert look(["python", "-m", "mlx_lm.chat"], tmp_path) == Script("", "", ["mlx"])


def test_what_an_installer_wrote_is_not_compared(tmp_path: Path) -> None:
    (tmp_path / "python").touch()
    (tmp_path / "mlx_lm.chat").write_text("#!/venv/bin/python\nfrom mlx_lm.chat import main\n")
    assert look([f"{tmp_path}/mlx_lm.chat"], tmp_path) == Script("", "", ["mlx"])
