# SPDX-License-Identifier: Apache-2.0
"""What the ranks run, and where, as an agent finds it on its host; and what is wrong with it there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from boltloom_launcher.agent.command import find, through_sh
from boltloom_launcher.agent.directory import working_directory
from boltloom_launcher.agent.messages import Command


def test_a_directory_that_need_not_exist_falls_back_to_the_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert working_directory("/no/such", required=False) == (str(tmp_path), None)
    assert working_directory("/usr", required=False) == ("/usr", None)


def test_a_directory_that_was_asked_for_must_exist(tmp_path: Path) -> None:
    _, problem = working_directory("/no/such", required=True)
    assert problem == "the working directory /no/such does not exist: make it, or give another --cwd"
    (tmp_path / "file").touch()
    _, problem = working_directory(f"{tmp_path}/file", required=True)
    assert problem == f"the working directory {tmp_path}/file is no directory: give another --cwd"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder of programs, all executable but those whose name begins with "dead"."""
    for name, text in {
        "tool": "#!/bin/sh\n",
        "dead": "#!/bin/sh\n",
        "train.py": "#!/usr/bin/env python3\n",
        "dead.py": "print(1)\n",
        "old": "#! /no/such/interp -x\n",
        "plain": "echo $0\n",
        "empty": "#!\n",
    }.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o644 if name.startswith("dead") else 0o755)
    (tmp_path / "folder").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("tool a", "tool a"),
        ("./tool a", "./tool a"),
        ("dead.py a", "PYTHON ./dead.py a"),
        ("./dead.py", "PYTHON ./dead.py"),
        ("train.py", "train.py"),
        ("empty", "empty"),
        ("plain", "plain"),
    ],
)
def test_what_is_found_on_the_path_or_in_the_working_directory(tools: Path, given: str, found: str) -> None:
    def words(env: dict[str, str]) -> str:
        answer = find(Command(given.split(), sys.executable, module=False, checked=True), str(tools), env)
        assert not answer.problem
        return " ".join(answer.argv).replace(sys.executable, "PYTHON")

    assert words({"PATH": str(tools)}) == found
    alone = found if "/" in found else f"./{found}"
    assert words({"PATH": "/nowhere"}) == alone


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("nothing", "command not found: nothing: give its path, or set PATH with --env"),
        ("./nothing", "command not found: ./nothing: give a path that exists there"),
        ("./dead", "permission denied: ./dead is not executable: chmod +x ./dead"),
        ("dead", "permission denied: dead is not executable: chmod +x dead"),
        ("./folder", "./folder is a directory: give a program"),
        ("/tmp", "/tmp is a directory: give a program"),
        ("./old", "./old wants the interpreter /no/such/interp, which is not there: correct its first line"),
    ],
)
def test_what_cannot_be_run_is_explained(tools: Path, given: str, problem: str) -> None:
    wanted = Command([given], sys.executable, module=False, checked=True)
    assert find(wanted, str(tools), {"PATH": "/nowhere"}) == ([], problem)


def test_a_module_runs_under_the_launchers_python_where_it_exists() -> None:
    wanted = Command(["mlx_lm.chat", "-x"], "/no/such/python", module=True, checked=True)
    assert find(wanted, "/", {}).argv == [sys.executable, "-m", "mlx_lm.chat", "-x"]
    assert find(wanted._replace(python="/bin/sh"), "/", {}).argv[0] == "/bin/sh"


def test_a_script_that_names_no_interpreter_is_given_to_sh(tools: Path) -> None:
    env = {"PATH": str(tools)}
    assert through_sh(["plain", "a"], "/", env) == ["/bin/sh", f"{tools}/plain", "a"]
    assert through_sh(["./plain"], str(tools), env) == ["/bin/sh", f"{tools}/./plain"]
