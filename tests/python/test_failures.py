# SPDX-License-Identifier: Apache-2.0
"""What ranks see when another dies, stalls, disagrees or never comes, and when a person presses Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess

import pytest
from python.ranks import program, results, started

pytestmark = pytest.mark.slow

# Ends with what was raised, when, and what the next call raises then.
LOOP = """
    import json, time, boltloom, numpy
    group = boltloom.init()
    x = numpy.ones(100_000, dtype=numpy.float32)
    print("ready", flush=True)
    def failure(call):
        try:
            call()
        except boltloom.Error as error:
            return [type(error).__name__, error.rank, error.host, str(error)]
    def forever():
        while True:
            group.all_reduce(x)
    first, at = failure(forever), time.monotonic()
    print(json.dumps([at, first, failure(group.barrier)]))
"""


@pytest.mark.parametrize("size", [2, 4])
def test_a_killed_rank_is_named_on_every_other_rank_within_a_second(size: int) -> None:
    with started(program(LOOP), size) as ranks:
        assert [rank.line() for rank in ranks] == ["ready"] * size
        killed = ranks[1].kill(signal.SIGKILL)
        for rank in (rank for rank in ranks if rank.number != 1):
            at, first, then = json.loads(rank.end()[1])
            assert first[:3] == ["PeerFailed", 1, "mac1"], first
            assert "rank 1" in first[3] and "mac1" in first[3] and "\n" not in first[3]
            assert then == first
            assert at - killed < 1.0


def test_a_stopped_rank_is_waited_for() -> None:
    """A process that hangs for a moment, under a debugger for instance, is no failure."""
    source = """
        import boltloom, sys
        with boltloom.init() as group:
            print("ready", flush=True)
            sys.stdin.readline()
            print(group.all_reduce(b"\\x01")[0])
    """
    with started(program(source), 2) as (stopped, other):
        assert [stopped.line(), other.line()] == ["ready", "ready"]
        stopped.kill(signal.SIGSTOP)
        stopped.say("go")
        other.say("go")
        with pytest.raises(subprocess.TimeoutExpired):
            other.process.wait(timeout=2)
        stopped.kill(signal.SIGCONT)
        assert [stopped.end(), other.end()] == [(0, "2\n"), (0, "2\n")]


# The second keeps the group alive to the very end of the program: a death would be told in other words than leaving.
LEAVING = {
    "closes the group": "group.close()",
    "just ends": "import ctypes; [ctypes.pythonapi.Py_IncRef(ctypes.py_object(o)) for o in (group, group._native)]",
}


@pytest.mark.parametrize("leave", LEAVING.values(), ids=LEAVING.keys())
def test_a_rank_that_left_in_order_is_an_error_for_who_still_needs_it(leave: str) -> None:
    source = f"""
        import json, boltloom
        group = boltloom.init()
        if group.rank == 1:
            {leave}
            print("null")
        else:
            try:
                group.barrier()
            except boltloom.PeerFailed as error:
                print(json.dumps([error.rank, str(error)]))
    """
    waited, _ = results(source, size=2)
    assert waited[0] == 1
    assert "left" in waited[1]


def test_a_late_rank_is_a_timeout() -> None:
    source = """
        import json, sys, time, boltloom
        group = boltloom.init(timeout=1)
        if group.rank == 1:
            sys.stdin.readline()
        begin = time.monotonic()
        try:
            group.barrier()
        except (boltloom.TimedOut, boltloom.PeerFailed) as error:
            print(json.dumps([type(error).__name__, isinstance(error, TimeoutError), time.monotonic() - begin]))
    """
    with started(program(source), 2) as (waits, late):
        name, is_timeout, seconds = json.loads(waits.end()[1])
        assert (name, is_timeout) == ("TimedOut", True)
        assert 0.9 < seconds < 30  # the other comes after it only
        late.say("go")
        late.end()


DISAGREEMENTS = {
    "dtype": ("numpy.zeros(4, ['f4', 'f8'][group.rank])", "'sum'", "float32"),
    "count": ("numpy.zeros(4 + group.rank)", "'sum'", "4"),
    "op": ("numpy.zeros(4)", "['min', 'max'][group.rank]", "max"),
}


@pytest.mark.parametrize(("array", "op", "says"), DISAGREEMENTS.values(), ids=DISAGREEMENTS)
def test_ranks_that_disagree_learn_it(array: str, op: str, says: str) -> None:
    source = f"""
        import json, boltloom, numpy
        group = boltloom.init()
        try:
            group.all_reduce({array}, {op})
        except boltloom.InvalidArgument as error:
            print(json.dumps(str(error)))
    """
    assert all(says in message for message in results(source, size=2))


def test_only_neighbours_can_send_to_each_other() -> None:
    source = """
        import json, boltloom
        with boltloom.init() as group:
            try:
                group.send(b"x", (group.rank + 2) % 4)
            except boltloom.InvalidArgument as error:
                print(json.dumps(str(error)))
            group.barrier()
    """
    for rank, message in enumerate(results(source, size=4)):
        assert all(str(neighbour) in message for neighbour in ((rank - 1) % 4, (rank + 1) % 4)), message


def test_a_missing_rank_is_named() -> None:
    source = """
        import json, os, boltloom
        if os.environ["BOLTLOOM_RANK"] == "2":
            print("null")
        else:
            try:
                boltloom.init(timeout=1)
            except boltloom.Unavailable as error:
                print(json.dumps(str(error)))
    """
    for message in results(source, size=3)[:2]:
        assert "rank 2" in message and "mac2" in message, message


# A person presses Ctrl-C a moment after the rank went into the call; prints how long the call took to end then.
PRESSES = """
    import json, os, signal, sys, threading, time, boltloom
    pressed = []
    def press():
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)
    def call_and_press(call):
        threading.Timer(0.3, press).start()
        try:
            call()
        except KeyboardInterrupt:
            print(json.dumps(time.monotonic() - pressed[0]))
"""


def test_ctrl_c_leaves_a_blocked_collective_within_a_second() -> None:
    source = """
    group = boltloom.init()
    print("ready", flush=True)
    if group.rank == 0:
        call_and_press(lambda: group.all_reduce(b"x"))
    else:
        sys.stdin.readline()
        try:
            group.all_reduce(b"x")
        except boltloom.Error as error:
            print(json.dumps([type(error).__name__, str(error)]))
    """
    with started(program(PRESSES + source), 2) as (presses, other):
        assert [presses.line(), other.line()] == ["ready", "ready"]
        assert json.loads(presses.end()[1]) < 1.0
        other.say("go")
        name, message = json.loads(other.end()[1])
        assert name == "Aborted", message
        assert "rank 0" in message


def test_ctrl_c_leaves_init() -> None:
    """The others never come: this rank waits for them until somebody has enough."""
    source = """
    if os.environ["BOLTLOOM_RANK"] == "0":
        call_and_press(boltloom.init)
    """
    with started(program(PRESSES + source), 2) as (presses, _):
        assert json.loads(presses.end()[1]) < 1.0


def test_closing_in_another_thread_ends_a_blocked_call() -> None:
    source = """
        import json, sys, threading, boltloom
        group = boltloom.init()
        if group.rank == 1:
            sys.stdin.readline()
            print("null")
        else:
            threading.Timer(0.3, group.close).start()
            try:
                group.barrier()
            except boltloom.Aborted as error:
                print(json.dumps(str(error)))
    """
    with started(program(source), 2) as (closes, other):
        assert "closed by another thread" in json.loads(closes.end()[1])
        other.say("go")
        assert other.end()[0] == 0
