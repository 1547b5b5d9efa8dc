# SPDX-License-Identifier: Apache-2.0
"""Whatever is killed, stopped or cut: every run ends by itself, with the right status, and leaves nobody on any host.

Each rank has helpers, one of them detached. A hundred runs in a row, and what takes a minute of silence to be noticed,
are the campaign's.
"""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from fleet.fleet import Fleet
from fleet.pytest_plugin import BringUp
from launcher.running import BOLTLOOM, DEADLINE, read_lines

pytestmark = [pytest.mark.fleet, pytest.mark.minutes(1)]

MARK = "sleep 98765"
SCRIPT = f"setsid {MARK} & (setsid {MARK} &) ; {MARK} & echo up; exec {MARK}"
HOSTS = ("mac1", "mac2")


@pytest.fixture(scope="module")
def pair(bring_up: BringUp) -> Fleet:
    """Two Macs and a control node."""
    return bring_up("pair")


@dataclass
class Run:
    """A run across both hosts, and where its parts are."""

    fleet: Fleet
    process: subprocess.Popen[bytes]

    def kill(self, number: int, host: str, what: str) -> None:
        """Signal the oldest process of a host whose command line matches; there has to be one."""
        argv = ["pkill", f"-{number}", "-o", "-f", "--", what]
        assert self.fleet.run(host, argv, root=True).returncode == 0, (host, what)

    def signal_launcher(self, number: int) -> None:
        """Signal the launcher itself."""
        self.kill(number, "control", "boltloom_launcher launch")


@pytest.fixture
def run(pair: Fleet) -> Iterator[Callable[..., Run]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(*options: str, script: str = SCRIPT) -> Run:
        argv = [*BOLTLOOM, "launch", "--grace", "1", "--hosts", ",".join(HOSTS), *options, "--", "sh", "-c", script]
        process = pair.popen("control", argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        started.append(process)
        assert read_lines(process, 2) == ["up", "up"]
        return Run(pair, process)

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=DEADLINE)


def nobody_is_left(fleet: Fleet, within: float) -> None:
    """No process of a rank, no agent and no guard, on any host."""
    deadline = time.monotonic() + within
    for host in HOSTS:
        while fleet.run(host, ["pgrep", "-f", f"{MARK}|zlib.decompress"], root=True).returncode == 0:
            left = fleet.run(host, ["ps", "ax"], root=True).stdout
            assert time.monotonic() < deadline, f"{host}: {left}"
            time.sleep(0.05)


@dataclass(frozen=True)
class Fault:
    """What happens to a run on mac1 and mac2, and how that ends."""

    name: str
    happens: Callable[[Run], None]
    status: int
    says: str  # of the first line on stderr


AGENT = "-I -S -c import os,sys,zlib"  # its guard has the same command line, and is younger
FAULTS = [
    Fault(
        "a rank is killed", lambda run: run.kill(9, "mac2", f"^{MARK}"), 137, "rank 1 on mac2 .* was killed by SIGKILL"
    ),
    Fault("a rank is told to end", lambda run: run.kill(15, "mac1", f"^{MARK}"), 143, "rank 0 on mac1 .* by SIGTERM"),
    Fault(
        "an agent is killed", lambda run: run.kill(9, "mac2", AGENT), 3, "rank 1 on mac2 .* was lost: the connection"
    ),
    Fault(
        "an agent is told to end", lambda run: run.kill(15, "mac2", AGENT), 3, "the agent on mac2 was ended by SIGTERM"
    ),
    Fault(
        "ssh is killed", lambda run: run.kill(9, "control", "ssh -T .*mac2"), 3, "rank 1 on mac2 .* was lost: the conn"
    ),
    Fault(
        "sshd is killed", lambda run: run.kill(9, "mac2", "sshd: .*@notty"), 3, "rank 1 on mac2 .* was lost: the conn"
    ),
    Fault("the launcher is told to end", lambda run: run.signal_launcher(15), 143, "ending 2 ranks, up to 1 s"),
    Fault("the launcher is interrupted", lambda run: run.signal_launcher(2), 130, "ending 2 ranks, up to 1 s"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_it_ends_and_leaves_nobody(run: Callable[..., Run], pair: Fleet, fault: Fault) -> None:
    started = run()
    fault.happens(started)
    _, said = started.process.communicate(timeout=DEADLINE)
    lines = said.decode().splitlines()
    assert started.process.returncode == fault.status, lines
    assert re.match(f"boltloom: {fault.says}", lines[0]), lines
    nobody_is_left(pair, within=10)


def test_a_killed_launcher_leaves_nobody(run: Callable[..., Run], pair: Fleet) -> None:
    run().signal_launcher(signal.SIGKILL)
    nobody_is_left(pair, within=10)


def test_two_hundred_descendants_some_of_them_detached(run: Callable[..., Run], pair: Fleet) -> None:
    many = f"i=0; while [ $i -lt 100 ]; do {MARK} & setsid {MARK} & i=$((i+1)); done; echo up; exec {MARK}"
    started = run(script=many)
    started.signal_launcher(signal.SIGTERM)
    started.process.communicate(timeout=DEADLINE)
    assert started.process.returncode == 143
    nobody_is_left(pair, within=10)


def test_a_stopped_rank_is_ended_too(run: Callable[..., Run], pair: Fleet) -> None:
    started = run()
    started.kill(signal.SIGSTOP, "mac2", f"^{MARK}")
    started.signal_launcher(signal.SIGTERM)
    _, said = started.process.communicate(timeout=DEADLINE)
    assert (started.process.returncode, b"(1 by SIGKILL)" in said) == (143, True), said
    nobody_is_left(pair, within=10)


@pytest.mark.campaign  # a minute of silence
@pytest.mark.parametrize("stopped", ["agent", "network"])
def test_who_is_silent_is_given_up(run: Callable[..., Run], pair: Fleet, stopped: str) -> None:
    started = run()
    if stopped == "agent":
        started.kill(signal.SIGSTOP, "mac2", AGENT)
    else:
        pair.run("mac2", ["ifconfig", "en0", "down"], root=True, check=True)
    try:
        _, said = started.process.communicate(timeout=180)
    finally:
        if stopped == "network":
            pair.run("mac2", ["ifconfig", "en0", "up"], root=True, check=True)
    assert started.process.returncode == 3
    assert re.match(rb"boltloom: rank 1 on mac2 .* was lost: ", said)
    if stopped == "agent":
        started.kill(signal.SIGCONT, "mac2", AGENT)
    nobody_is_left(pair, within=90)


@pytest.mark.campaign
def test_a_hundred_runs_in_a_row_leave_nothing(pair: Fleet) -> None:
    before = {host: pair.run(host, ["sh", "-c", "ls -A /tmp; ps -A -o comm= | sort"]).stdout for host in HOSTS}
    for number in range(100):
        script = f"(setsid {MARK} &) ; [ $RANK = {number % 2} ] && exit {number % 3}; exec {MARK}"
        argv = [*BOLTLOOM, "launch", "--hosts", ",".join(HOSTS), "--deadline", "20", "--", "sh", "-c", script]
        expected = number % 3
        if expected == 0:
            argv[-1] = f"(setsid {MARK} &) ; exit 0"
        assert pair.run("control", argv, timeout=DEADLINE).returncode == expected
    nobody_is_left(pair, within=10)
    after = {host: pair.run(host, ["sh", "-c", "ls -A /tmp; ps -A -o comm= | sort"]).stdout for host in HOSTS}
    assert after == before
