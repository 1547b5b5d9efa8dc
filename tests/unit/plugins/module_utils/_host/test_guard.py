# SPDX-License-Identifier: Apache-2.0
"""The process that takes a change back by itself, and the lock that keeps two runs apart. With real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._host import (
    guard,
    interrupts,
    journal,
    lock,
    state,
    whole_file,
)
from ansible_collections.boltloom.cluster.plugins.module_utils._host.commands import HostError
from ansible_collections.boltloom.cluster.plugins.module_utils._host.state import State


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "PAUSE", 0.05)
    place = State("linux", str(tmp_path))
    yield place
    whole_file.remove(place.journal)
    until(lambda: not guard.stands(place))


def until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def begin(place, owner="ada@laptop, process 7"):
    return journal.begin(place, owner, "boot 1", ["give en3 an address"], {"thing:x": 1})


def leaves(path, *left):
    """What takes a change back: it leaves a file, and in words what it could not do."""

    def take_back(found):
        path.write_text(f"{found.run} {os.getsid(0) == os.getpid()} {os.getcwd()}")
        return list(left)

    return take_back


def test_nobody_confirms_and_the_change_is_taken_back(place, tmp_path):
    found = begin(place)
    guard.start(place, found.run, 0.2, leaves(tmp_path / "taken"))
    assert guard.stands(place)
    until(lambda: not os.path.exists(place.journal))
    assert (tmp_path / "taken").read_text() == f"{found.run} False /"  # not the leader of its session: no terminal
    until(lambda: state.read_outcome(place))
    words = state.read_outcome(place)
    assert words.startswith("a change by ada@laptop, process 7, begun at ")
    assert words.endswith("was not confirmed within 0.2 s, and the host took it back by itself")
    until(lambda: not guard.stands(place))


def test_a_confirmed_change_is_left_alone(place, tmp_path):
    found = begin(place)
    guard.start(place, found.run, 0.5, leaves(tmp_path / "taken"))
    journal.confirm(place, found)
    until(lambda: not guard.stands(place))
    assert not (tmp_path / "taken").exists()


def test_the_change_of_another_run_is_left_alone(place, tmp_path):
    guard.start(place, begin(place).run, 0.5, leaves(tmp_path / "taken"))
    begin(place, "bob@desk, process 8")
    until(lambda: not guard.stands(place))
    assert not (tmp_path / "taken").exists() and os.path.exists(place.journal)


def test_what_could_not_be_taken_back_is_kept_and_said(place, tmp_path):
    guard.start(place, begin(place).run, 0.1, leaves(tmp_path / "taken", "bridge bridge0 is not there"))
    until(lambda: state.read_outcome(place))
    assert "could not take it back: bridge bridge0 is not there" in state.read_outcome(place)
    assert os.path.exists(place.journal)


def test_it_outlives_the_process_that_started_it_and_holds_none_of_its_pipes(place, tmp_path):
    """As ssh sees it: the module has ended as soon as its output is closed."""
    program = (
        "import sys; from ansible_collections.boltloom.cluster.plugins.module_utils._host import guard, journal\n"
        "from ansible_collections.boltloom.cluster.plugins.module_utils._host.state import State\n"
        "place = State('linux', sys.argv[1]); guard.PAUSE = 0.05\n"
        "found = journal.begin(place, 'o', 'b', [], {})\n"
        "guard.start(place, found.run, 1.0, lambda found: [open(sys.argv[1] + '/taken', 'w').close()][:0])\n"
    )
    started = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, timeout=30)
    assert (started.returncode, started.stderr) == (0, b"")
    assert guard.stands(place)
    until(lambda: (tmp_path / "taken").exists())


def test_a_module_that_is_late_is_asked_to_end_first(place, tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "GRACE_SECONDS", 0.3)
    found = begin(place)
    child = os.fork()
    if child == 0:
        try:
            with lock.held(place, "late"), interrupts.raised():
                time.sleep(30)
        except interrupts.Interrupted:
            os._exit(7)
        os._exit(1)
    until(lambda: lock.is_held(place.lock))
    guard.start(place, found.run, 0.1, leaves(tmp_path / "taken"))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7 if hasattr(os, "waitstatus_to_exitcode") else True
    until(lambda: (tmp_path / "taken").exists())


def test_one_at_a_time_and_the_second_is_told_who_the_first_is(place):
    with lock.held(place, "ada@laptop, process 7"), pytest.raises(lock.Busy) as caught, lock.held(place, "bob"):
        pass
    assert f"ada@laptop, process 7 (process {os.getpid()} here), since " in caught.value.message
    assert caught.value.message.endswith(" s ago")
    assert caught.value.details == {"busy_owner": "ada@laptop, process 7"}
    with lock.held(place, "bob"):
        assert lock.holder_of(place.lock).owner == "bob"
    assert not lock.is_held(place.lock)


def test_the_lock_of_a_process_that_died_holds_nobody_up(place):
    child = os.fork()
    if child == 0:
        with lock.held(place, "dead"):
            os._exit(0)
    os.waitpid(child, 0)
    with lock.held(place, "alive"):
        pass


def test_a_guard_that_does_not_stand_is_an_error(place, monkeypatch):
    monkeypatch.setattr(guard, "READY_SECONDS", 0.2)
    state.write_json(place.applied, {})
    with open(place.guard, "w", encoding="ascii") as other:
        import fcntl

        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(HostError, match="does not start.*|nothing was changed"):
            guard.start(place, "x", 0.1, lambda found: [])


@pytest.mark.parametrize("number", interrupts.CAUGHT)
def test_a_signal_becomes_an_exception_once(number):
    before = signal.getsignal(number)
    with interrupts.raised():
        with pytest.raises(interrupts.Interrupted, match=signal.Signals(number).name):
            os.kill(os.getpid(), number)
            time.sleep(1)
        os.kill(os.getpid(), number)  # what is undone now is not interrupted
    assert signal.getsignal(number) == before
