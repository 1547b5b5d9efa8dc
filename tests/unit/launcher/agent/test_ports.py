# SPDX-License-Identifier: Apache-2.0
"""Ports that ranks will listen on: who holds one, and that two runs never share one."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from boltloom_launcher.agent import ports
from boltloom_launcher.agent.messages import Port
from boltloom_launcher.agent.port_holder import holder


@pytest.fixture(autouse=True)
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(ports, "LOCKS", str(tmp_path / "ports"))
    return tmp_path / "ports"


def test_a_port_in_use_names_who_holds_it() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        assert holder(port) == f"{Path('/proc/self/comm').read_text().strip()} (pid {os.getpid()})"
        problem = ports.port_problem("127.0.0.1", port, "choose another")
    assert problem is not None and f"(pid {os.getpid()}): end it, or choose another" in problem
    assert ports.port_problem("127.0.0.1", port, "choose another") is None


def test_a_lingering_connection_is_not_somebody_who_holds_the_port() -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = listener.accept()
            accepted.close()  # we close first, so this end stays in TIME_WAIT
    assert ports.port_problem("127.0.0.1", port, "x") is None


@pytest.mark.parametrize("address", ["203.0.113.7", "not-an-address"])
def test_an_address_of_somebody_else(address: str) -> None:
    assert ports.port_problem(address, 5000, "x") == (
        f"{address} is not an address of this host: plug its cable in, or configure the fabric again"
    )


ANY = Port("127.0.0.1", 0, "")


@pytest.fixture
def runs() -> Iterator[tuple[ports.Ports, ports.Ports]]:
    """Two runs on one host."""
    both = ports.Ports(), ports.Ports()
    yield both
    for each in both:
        each.release()


def test_two_runs_never_share_a_port(
    runs: tuple[ports.Ports, ports.Ports], locks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "_candidates", lambda: iter(range(19100, 19110)))
    first, _ = runs[0].take([ANY] * 4)
    second, _ = runs[1].take([ANY] * 4)
    assert len({*first, *second}) == 8
    assert {int(each.name) for each in locks.iterdir()} == {*first, *second}
    assert locks.stat().st_mode & 0o7777 == 0o1777
    runs[0].release()
    third, problems = runs[1].take([ANY] * 4)
    assert not problems and len({*second, *third}) == 8
    _, problems = runs[0].take([ANY] * 4)
    assert problems == ["no port of 127.0.0.1 is free"] * 2
    runs[0].release()
    runs[1].release()
    assert not locks.exists()


def test_a_port_that_was_asked_for_may_be_kept_for_another_run(runs: tuple[ports.Ports, ports.Ports]) -> None:
    (port,), _ = runs[0].take([ANY])
    _, problems = runs[1].take([Port("127.0.0.1", port, "choose another")])
    assert problems == [
        f"port {port} is kept for another run of boltloom (agent's pid {os.getpid()}): end it, or choose another"
    ]
    runs[0].release()
    assert runs[1].take([Port("127.0.0.1", port, "choose another")]) == ([port], [])


def test_what_a_killed_agent_left_is_swept_but_not_what_another_run_holds(
    runs: tuple[ports.Ports, ports.Ports], locks: Path
) -> None:
    (held,), _ = runs[0].take([ANY])
    (locks / "19105").write_text("4711")
    ports.sweep([19105, 19106, held])
    assert [path.name for path in locks.iterdir()] == [str(held)]
    assert runs[1].take([Port("127.0.0.1", held, "")])[1] != []


def test_what_a_killed_agent_left_behind_keeps_nobody_out(runs: tuple[ports.Ports, ports.Ports], locks: Path) -> None:
    locks.mkdir()
    for port in range(19100, 19110):
        (locks / str(port)).write_text("4711")
    assert runs[0].take([Port("127.0.0.1", 19100, "")]) == ([19100], [])


def test_a_host_without_a_place_for_locks_has_to_do_without(
    runs: tuple[ports.Ports, ports.Ports], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "LOCKS", "/proc/no-such/folder")
    (port,), problems = runs[0].take([ANY])
    assert port in ports.UNASSIGNED and not problems
