# SPDX-License-Identifier: Apache-2.0
"""The agent, as it is sent, on the oldest and the newest Python that a host may have."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from boltloom_launcher import bootstrap
from boltloom_launcher.agent.frames import MAGIC, FrameReader, Header, pack

DEADLINE = 30.0


def interpreter(version: str) -> str:
    """A working Python of that version: from PATH, or one of pyenv's, whose commands in PATH may not work."""
    found = [shutil.which(f"python{version}")]
    if shutil.which("pyenv"):
        root = subprocess.run(["pyenv", "root"], capture_output=True, text=True, timeout=DEADLINE).stdout.strip()
        found += map(str, sorted(Path(root).glob(f"versions/{version}.*/bin/python")))
    for path in filter(None, found):
        if subprocess.run([path, "-c", "pass"], capture_output=True, timeout=DEADLINE).returncode == 0:
            return path
    pytest.skip(f"no python{version} here")


@pytest.fixture(params=["3.8", "3.9", "3.12", "3.13"])
def agent(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    """An agent that has been started, and waits for its source."""
    argv = [interpreter(request.param), *bootstrap.local_argv()[1:]]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        yield process  # leaving closes its stdin, so it takes its rank along


def test_a_whole_life(agent: subprocess.Popen[bytes]) -> None:
    script = "echo out; echo err >&2; cat; cat $FILE; setsid sleep 300 & exit 3"
    common = {"argv": ["sh", "-c", script], "env": {"A": "b"}, "drop": ["HOME"], "cwd": "/"}
    free = {"address": "127.0.0.1", "count": 2}
    checks = {"cwd_required": True, "ports": [], "free": free, "grace": 5, "silence": 60}
    rank = {"rank": 7, "env": {"RANK": "7"}, "files": {"FILE": "in a file"}, "stdin": True}
    orders = [
        pack({"do": "prepare", **common, **checks}),
        pack({"do": "start", **common, "ranks": [rank]}),
        pack({"do": "ping"}),
        pack({"do": "stdin"}, b"typed "),
        pack({"do": "stdin"}),
    ]
    assert agent.stdin is not None
    agent.stdin.write(bootstrap.agent_bytes() + b"".join(orders))
    agent.stdin.flush()
    frames = _until(agent, "exited")
    agent.stdin.close()
    assert agent.wait(timeout=DEADLINE) == 0  # the sleeper that left the group is gone, or it would wait for it

    kinds = [header["is"] for header, _ in frames]
    assert kinds[:2] == ["hello", "prepared"] and "pong" in kinds
    assert next(h for h, _ in frames if h["is"] == "prepared")["problems"] == []
    exited = next(h for h, _ in frames if h["is"] == "exited")
    assert (exited["rank"], exited["code"], exited["signal"], exited["ended"]) == (7, 3, None, False)
    streams = {1: b"", 2: b""}
    for header, payload in frames:
        if header["is"] == "output":
            streams[header["stream"]] += payload
    assert streams == {1: b"out\ntyped in a file", 2: b"err\n"}


def _until(agent: subprocess.Popen[bytes], kind: str) -> list[tuple[Header, bytes]]:
    assert agent.stdout is not None
    reader, frames, before = FrameReader(), [], b""
    while not before.endswith(MAGIC):
        piece = agent.stdout.read(1)
        assert piece, agent.stderr and agent.stderr.read().decode()
        before += piece
    while not any(header["is"] == kind for header, _ in frames):
        piece = agent.stdout.read1()  # type: ignore[attr-defined]
        assert piece, agent.stderr and agent.stderr.read().decode()
        frames += list(reader.feed(piece))
    return frames


def test_the_agent_imports_nothing_but_the_standard_library() -> None:
    """It is loaded without site-packages, so anything else would fail on the first host."""
    for path in (Path(bootstrap.__file__).parent / "agent").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                top = name.split(".")[0]
                assert top in sys.stdlib_module_names or name.startswith("boltloom_launcher.agent"), f"{path}: {name}"


def test_every_module_of_the_agent_is_sent() -> None:
    modules = {path.stem for path in (Path(bootstrap.__file__).parent / "agent").glob("*.py")} - {"__init__"}
    assert set(bootstrap._MODULES) == modules
