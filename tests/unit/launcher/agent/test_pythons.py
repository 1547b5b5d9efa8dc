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
from boltloom_launcher.agent.frames import MAGIC, FrameReader, pack
from boltloom_launcher.agent.messages import (
    Attempt,
    Command,
    Connect,
    Connected,
    Endpoint,
    Exited,
    Hello,
    Inspect,
    Inspected,
    Message,
    Output,
    Ping,
    Pong,
    Port,
    Prepare,
    Prepared,
    RankOrder,
    Start,
    Stdin,
    Terminal,
)
from launcher.running import free_port

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
    wanted, env = Command(["sh", "-c", script], "", module=False, checked=True), {"A": "b"}
    ranks = [
        RankOrder(7, {"RANK": "7"}, {"FILE": "in a file"}, stdin=True),
        RankOrder(8, {"RANK": "8"}, {"FILE": "in another"}, stdin=True),
    ]
    orders = [
        Prepare(wanted, env, ["HOME"], "/", True, [Port("127.0.0.1", 0, "")] * 2, True, 5.0, 60.0),
        Start(env, ["HOME"], ranks),
        Ping(),
        Stdin(8, b"other "),
        Stdin(7, b"typed "),
        Stdin(7, b""),
        Stdin(8, b""),
    ]
    assert agent.stdin is not None
    agent.stdin.write(bootstrap.agent_bytes() + b"".join(map(pack, orders)))
    agent.stdin.flush()
    news = _until(agent, Exited, 2)
    agent.stdin.close()
    assert agent.wait(timeout=DEADLINE) == 0  # the sleeper that left the group is gone, or it would wait for it

    kinds = [type(each) for each in news]
    assert kinds[:2] == [Hello, Prepared] and Pong in kinds
    assert [each.problems for each in news if isinstance(each, Prepared)] == [[]]
    ends = sorted(each for each in news if isinstance(each, Exited))
    assert [(each.rank, each.code, each.signal, each.by_us, each.oom_kill) for each in ends] == [
        (rank, 3, None, False, False) for rank in (7, 8)
    ]
    assert all(1 << 20 < each.peak_bytes < 1 << 30 for each in ends)
    written = {(rank, stream): b"" for rank in (7, 8) for stream in (1, 2)}
    for each in news:
        if isinstance(each, Output):
            written[each.rank, each.stream] += each.data
    assert written == {
        (7, 1): b"out\ntyped in a file",
        (8, 1): b"out\nother in another",
        (7, 2): b"err\n",
        (8, 2): b"err\n",
    }


def test_it_asks_a_python_like_itself(agent: subprocess.Popen[bytes]) -> None:
    assert agent.stdin is not None and isinstance(agent.args, list)
    wanted, target = (
        Command([agent.args[0], "-c", "1"], "", module=False, checked=True),
        Endpoint("127.0.0.1", free_port()),
    )
    orders = [
        Prepare(wanted, {}, [], "/", True, [], False, 5.0, 60.0),
        Inspect(["no-such-distribution"], [target], "0123456789abcdef", rdma=True),
    ]
    agent.stdin.write(bootstrap.agent_bytes() + b"".join(map(pack, orders)))
    agent.stdin.flush()
    news = _until(agent, Inspected, 1)[-1]
    assert isinstance(news, Inspected)
    assert (news.python, news.problem, news.deaf) == (agent.args[0], "", "")
    agent.stdin.write(pack(Connect([target])))
    agent.stdin.flush()
    assert _more(agent, Connected, 1) == [Connected([Attempt(*target, "127.0.0.1", "", others_may=False)])]
    agent.stdin.close()
    assert agent.wait(timeout=DEADLINE) == 0


def test_a_rank_on_a_terminal(agent: subprocess.Popen[bytes]) -> None:
    script = "stty size; stty -a | grep -cw -e -echo; read x; stty size; cat; echo err >&2"
    wanted = Command(["sh", "-c", script], "", module=False, checked=True)
    orders = [
        Prepare(wanted, {}, [], "/", True, [], False, 5.0, None),
        Terminal(90, 30, False),
        Start({}, [], [RankOrder(0, {}, {}, stdin=True)]),
        Terminal(91, 31, False),
        Stdin(0, b"typed\nmore"),
        Stdin(0, b""),
    ]
    assert agent.stdin is not None
    agent.stdin.write(bootstrap.agent_bytes() + b"".join(map(pack, orders[:3])))
    agent.stdin.flush()
    news = _until(agent, Output, 1)
    agent.stdin.write(b"".join(map(pack, orders[3:])))
    agent.stdin.flush()
    news += _more(agent, Exited, 1)
    agent.stdin.close()
    assert agent.wait(timeout=DEADLINE) == 0
    written = [each for each in news if isinstance(each, Output)]
    assert {each.stream for each in written} == {1}
    assert b"".join(each.data for each in written) == b"30 90\r\n1\r\n31 91\r\nmoreerr\r\n"


def _until(agent: subprocess.Popen[bytes], kind: type, times: int) -> list[Message]:
    assert agent.stdout is not None
    before = b""
    while not before.endswith(MAGIC):
        piece = agent.stdout.read(1)
        assert piece, agent.stderr and agent.stderr.read().decode()
        before += piece
    return _more(agent, kind, times)


def _more(agent: subprocess.Popen[bytes], kind: type, times: int) -> list[Message]:
    assert agent.stdout is not None
    reader, news = FrameReader(), []
    while sum(isinstance(each, kind) for each in news) < times:
        piece = agent.stdout.read1()  # type: ignore[attr-defined]
        assert piece, agent.stderr and agent.stderr.read().decode()
        news += list(reader.feed(piece))
    return news


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
